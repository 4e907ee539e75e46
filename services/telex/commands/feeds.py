"""`telex feeds import|export`: catalogues from and to YAML, CSV and OPML."""

import argparse
import sys
from collections.abc import Callable, Iterable

from telex.adapters.catalogue_export import to_csv, to_opml, to_yaml
from telex.adapters.catalogue_load import parse_feeds, read_feeds
from telex.commands.common import Exit, Subparsers, say
from telex.core.model import Feed

_WRITERS: dict[str, Callable[[Iterable[Feed]], str]] = {"yaml": to_yaml, "csv": to_csv, "opml": to_opml}


def add(parsers: Subparsers) -> None:
    """Declare the command."""
    parser = parsers.add_parser("feeds", help="import and export catalogues")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    importing = actions.add_parser("import", help="print any catalogue (YAML, CSV, OPML; perhaps gzipped) as YAML")
    importing.add_argument("source", nargs="+", metavar="FILE", help="files or directories; - is stdin")
    importing.add_argument(
        "--from", dest="kind", choices=sorted(_WRITERS), help="stdin's format, where it does not tell"
    )
    importing.set_defaults(run=run, to="yaml")
    exporting = actions.add_parser("export", help="print a catalogue as another format")
    exporting.add_argument("source", nargs="+", metavar="FILE", help="files or directories; - is stdin")
    exporting.add_argument("--to", choices=sorted(_WRITERS), required=True, help="the format to print")
    exporting.set_defaults(run=run, kind=None)


def run(arguments: argparse.Namespace) -> int:
    """Read, check and print."""
    if arguments.source == ["-"]:
        found = parse_feeds(sys.stdin.buffer.read(), "stdin", kind=arguments.kind)
    else:
        found = read_feeds(tuple(arguments.source))
    sys.stdout.write(_WRITERS[arguments.to](found))
    say(f"{len(found)} feeds")
    return Exit.DONE
