"""What commands share: exit codes, words on stderr, settings, and a loop that ends well on Ctrl-C."""

import argparse
import asyncio
import os
import re
import signal
import sys
from collections.abc import Callable, Coroutine
from enum import IntEnum
from typing import Any, TypeVar

from telex.core.exchange import Gone, NotModified, Refusal, Refused
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

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""What could move a terminal's cursor or turn its text: a title is hostile input, and so is an error's detail."""


def clean(text: str) -> str:
    """The text on one line, harmless to a terminal."""
    return _CONTROL.sub(" ", text)


def say(*words: object) -> None:
    """One line of words for people: on stderr, data has stdout for itself."""
    print(clean(" ".join(map(str, words))), file=sys.stderr, flush=True)


def show(line: str) -> None:
    """One line for people on stdout, at once."""
    print(clean(line), flush=True)


def emit(line: bytes) -> None:
    """One line of data on stdout, at once."""
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """The number with its noun, in the plural where it has to be."""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"


def why(exchange: Refused | Gone | NotModified) -> str:
    """Why an exchange gave no document, and what to do where it is the operator's to do."""
    match exchange:
        case Refused(reason=Refusal.ADDRESS_FORBIDDEN):
            remedy = "name its network in TELEX_ALLOW_NETWORKS if it is yours"
            return f"{exchange.reason}: {exchange.detail}; {remedy}"
        case Refused():
            return f"{exchange.reason}: {exchange.detail}"
        case Gone():
            return "gone: 410 Gone"
        case NotModified():
            return "not modified, though nothing was known"


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
    """Run `work` on a loop of its own; the event is set by SIGINT, SIGTERM and SIGHUP, through the loop."""

    async def with_signals() -> T:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        # A terminal that is closed is an end in good order too, but not under nohup.
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            loop.add_signal_handler(signal.SIGHUP, stop.set)
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
