"""The command line: `telex COMMAND`. Data goes to stdout, words to stderr; 0 done, 1 a problem found, 2 usage."""

import argparse
import os
import sys
from collections.abc import Sequence

from telex import __version__
from telex.commands import check, demo, feeds, preview, run, schema, tail
from telex.commands.common import Exit, report, say
from telex.errors import ConfigurationError, LogError

_COMMANDS = (run, demo, preview, check, tail, feeds, schema)


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    top = argparse.ArgumentParser(
        prog="telex",
        description="Polls news feeds politely and publishes every article as typed events, exactly once.",
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
    parsed = parser().parse_args(arguments)
    try:
        code: int = parsed.run(parsed)
    except ConfigurationError as error:
        return report(error)
    except LogError as error:
        say(f"telex: {error}")
        return Exit.PROBLEM
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # The reader went away, e.g. `telex tail | head`: be quiet, also when Python closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.DONE
    else:
        return code
