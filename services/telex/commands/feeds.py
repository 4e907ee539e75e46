"""`telex feeds import|export`: catalogues from and to YAML, CSV and OPML."""

import argparse
import gzip
import io
import sys
import zlib
from collections.abc import Callable, Iterable

from telex.adapters.catalogue.export import to_csv, to_opml, to_yaml
from telex.adapters.catalogue.files import MAX_BYTES
from telex.adapters.catalogue.load import parse_feeds, read_feeds
from telex.commands.common import Exit, Subparsers, counted, say
from telex.core.model import Feed
from telex.errors import ConfigurationError, Problem

_WRITERS: dict[str, Callable[[Iterable[Feed]], str]] = {"yaml": to_yaml, "csv": to_csv, "opml": to_opml}


def add(parsers: Subparsers) -> None:
    """Declare the command."""
    parser = parsers.add_parser("feeds", help="import and export catalogues")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    importing = actions.add_parser("import", help="print any catalogue (YAML, CSV, OPML; perhaps gzipped) as YAML")
    exporting = actions.add_parser("export", help="print a catalogue as another format")
    exporting.add_argument("--to", choices=sorted(_WRITERS), required=True, help="the format to print")
    for action in (importing, exporting):
        action.add_argument("source", nargs="+", metavar="FILE", help="files or directories; - is stdin")
        action.add_argument(
            "--from", dest="kind", choices=sorted(_WRITERS), help="stdin's format, where it does not tell"
        )
    importing.set_defaults(run=run, to="yaml")
    exporting.set_defaults(run=run)


_LOST = {
    "yaml": "note: comments and the keys `source` and `confirmed`, which only document a feed, are not carried over",
    "csv": "note: comments and the keys `source` and `confirmed`, which only document a feed, are not carried over",
    "opml": "note: OPML holds names, addresses, languages and categories only; ids, publishers, intervals and the rest are lost",
}


def run(arguments: argparse.Namespace) -> int:
    """Read, check and print."""
    if "-" in arguments.source and len(arguments.source) > 1:
        say("telex feeds: - is stdin and stands alone; name files or -, not both")
        return Exit.USAGE
    if arguments.source == ["-"]:
        found = parse_feeds(_stdin(), "stdin", kind=arguments.kind)
    else:
        found = read_feeds(tuple(arguments.source))
    # A catalogue is UTF-8 in every locale.
    sys.stdout.buffer.write(_WRITERS[arguments.to](found).encode())
    sys.stdout.buffer.flush()
    say(counted(len(found), "feed"))
    say(_LOST[arguments.to])
    return Exit.DONE


def _stdin() -> bytes:
    """What stands on stdin, unpacked where it is gzipped.

    Raises:
        ConfigurationError: it is longer than a catalogue may be, or damaged.
    """
    data = sys.stdin.buffer.read(MAX_BYTES + 1)
    if data.startswith(b"\x1f\x8b"):
        try:
            data = gzip.GzipFile(fileobj=io.BytesIO(data)).read(MAX_BYTES + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise _unusable("is a damaged gzip file", "pack it again") from error
    if len(data) > MAX_BYTES:
        raise _unusable(f"is larger than {MAX_BYTES >> 20} MiB", "split it into files")
    return data


def _unusable(what: str, remedy: str) -> ConfigurationError:
    return ConfigurationError((Problem("stdin", None, None, "", what, remedy),))
