"""What commands share: exit codes, words on stderr, settings, and a loop that ends well on Ctrl-C."""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from enum import IntEnum
from typing import Any, TypeVar

from telex.errors import ConfigurationError
from telex.settings import Config, load_settings

T = TypeVar("T")


class Exit(IntEnum):
    """Exit codes of all commands."""

    DONE = 0
    PROBLEM = 1
    USAGE = 2
    INTERRUPTED = 130


Subparsers = Any
"""argparse's own type of a set of subcommands is private."""


def say(*words: object) -> None:
    """Words for people: on stderr, data has stdout for itself."""
    print(*words, file=sys.stderr, flush=True)


def emit(line: bytes) -> None:
    """One line of data on stdout, at once."""
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


def is_terminal() -> bool:
    """Whether stdout shows colours and moves: a terminal, and nobody asked for plain."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def config_argument(parser: argparse.ArgumentParser) -> None:
    """`--config FILE`, as every command that needs settings takes it."""
    parser.add_argument("--config", metavar="FILE", help="settings file (default: TELEX_CONFIG, else telex.yaml)")


def settings(arguments: argparse.Namespace, **flags: object) -> Config:
    """The settings; flags by their dotted name with `__` for the dot.

    Raises:
        ConfigurationError: something is wrong with them.
    """
    named = {name.replace("__", "."): value for name, value in flags.items() if value is not None}
    return load_settings(file=arguments.config, flags=named)


def run_async(work: Callable[[asyncio.Event], Coroutine[Any, Any, T]]) -> T:
    """Run `work` on a loop of its own; the event is set by SIGINT and SIGTERM, through the loop."""

    async def with_signals() -> T:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        return await work(stop)

    return asyncio.run(with_signals())


def report(error: ConfigurationError) -> int:
    """Print every problem; the exit code of a configuration error."""
    for problem in error.problems:
        say(problem)
    return Exit.USAGE


async def until(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """The work's result, or None where `stop` came first; then the work is cancelled."""
    task = asyncio.create_task(work)
    waiting = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        return None
    finally:
        for each in (task, waiting):
            each.cancel()
        await asyncio.gather(task, waiting, return_exceptions=True)
