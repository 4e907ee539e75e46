"""The command line: `telex COMMAND`. Data goes to stdout, words to stderr; 0 done, 1 a problem found, 2 usage."""

import argparse
import io
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from telex import __version__
from telex.commands import check, demo, feeds, preview, run, schema, state, tag, tail, taxonomy
from telex.commands.common import Exit, report, say
from telex.errors import ConfigurationError, LogError

_COMMANDS = (run, demo, preview, tag, check, tail, feeds, schema, state, taxonomy)


class _Parser(argparse.ArgumentParser):
    """Takes options as they are called: what is abbreviated today may be ambiguous tomorrow."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"allow_abbrev": False, **options})

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """End, after `--help` reached its reader: `telex --help | head` is no error."""
        sys.stdout.flush()
        super().exit(status, message)


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    top = _Parser(
        prog="telex",
        description="Polls news feeds politely and publishes every article as typed events, exactly once.",
        epilog="exit codes: 0 done, 1 a problem was found, 2 wrong usage or configuration, 130 interrupted",
    )
    top.add_argument("--version", action="version", version=f"telex {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in _COMMANDS:
        command.add(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit code."""
    if not __debug__:
        say("telex: python -O removes the checks that its promises rest on; start python without -O")
        return Exit.USAGE
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A title that the locale's encoding lacks is shown as its code, and ends nothing.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        parsed = parser().parse_args(arguments)
        code: int = parsed.run(parsed)
        sys.stdout.flush()
    except ConfigurationError as error:
        return report(error)
    except LogError as error:
        say(f"telex: {error}")
        return Exit.PROBLEM
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        _forget_stdout()
        return Exit.DONE
    except OSError as error:
        say(f"telex: {error}")
        _forget_stdout()
        return Exit.PROBLEM
    else:
        return code


def _forget_stdout() -> None:
    """The reader went away, e.g. `telex tail | head`, or the disk is full: be quiet, also when Python closes stdout."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
