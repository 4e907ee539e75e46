"""`telex schema NAME`: print a schema that events follow, or name them all."""

import argparse

from telex.commands.common import Exit, Subparsers, emit, say
from telex.wire import schemas


def add(parsers: Subparsers) -> None:
    """Declare the command."""
    parser = parsers.add_parser("schema", help="print a JSON Schema; without NAME, list them")
    parser.add_argument("name", nargs="?", metavar="NAME", help="e.g. article/1")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the schema as it is served."""
    if arguments.name is None:
        emit("\n".join(schemas.schema_names()).encode())
        return Exit.DONE
    try:
        schema = schemas.load(arguments.name.removesuffix(".json"))
    except KeyError:
        say(f"telex schema: there is no schema {arguments.name!r}; there are: {', '.join(schemas.schema_names())}")
        return Exit.USAGE
    emit(schema.rstrip())
    return Exit.DONE
