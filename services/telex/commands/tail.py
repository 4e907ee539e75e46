"""`telex tail`: print what the log holds, and what comes."""

import argparse
import asyncio
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import Enum
from typing import NamedTuple

import orjson

from telex.adapters.clock import SystemClock
from telex.adapters.logs import quiet
from telex.commands.common import (
    Exit,
    Subparsers,
    config_argument,
    emit,
    is_terminal,
    run_async,
    say,
    settings,
    until,
)
from telex.commands.lines import Titles, line_of
from telex.eventlogs import naming_of, open_reader
from telex.ports import LogReader, Stored
from telex.settings import Config
from telex.wire.cloudevents import structured

_BATCH = 500
_LAST = re.compile(r"-([0-9]{1,18})")


class _From(Enum):
    EARLIEST = "earliest"
    LATEST = "latest"
    LAST = "the last so many"
    TIME = "a time"


class _Start(NamedTuple):
    """Where to begin; `number` is a count of events, or seconds since 1970."""

    kind: _From
    number: float = 0


def add(parsers: Subparsers) -> None:
    """Declare the command."""
    parser = parsers.add_parser("tail", help="print events of the log, and those that come")
    parser.add_argument("--topic", action="append", metavar="T", help="only this topic; may be repeated")
    parser.add_argument(
        "--from",
        dest="start",
        type=_start,
        default="-10",
        metavar="P",
        help="earliest, latest, -N (the last N), or a time (ISO 8601; UTC where it names no zone); default -10",
    )
    parser.add_argument("--count", type=_count, metavar="N", help="stop after N events")
    parser.add_argument("--exit-at-end", action="store_true", help="stop at the newest event")
    parser.add_argument("--json", action="store_true", help="structured CloudEvents, one a line")
    config_argument(parser)
    parser.set_defaults(run=run)


def _start(text: str) -> _Start:
    if text in {"earliest", "latest"}:
        return _Start(_From(text))
    if last := _LAST.fullmatch(text):
        return _Start(_From.LAST, int(last[1]))
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
        return _Start(_From.TIME, moment.timestamp())
    except (ValueError, OverflowError):
        words = f"{text!r} is no position; use earliest, latest, -N or a time like 2026-05-01T12:00Z"
        raise argparse.ArgumentTypeError(words) from None


def _count(text: str) -> int:
    if not text.isdecimal() or len(text) > 18 or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of events; use 1 or more")
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    """Print until the end, the count, or Ctrl-C."""
    config = settings(arguments)
    quiet()

    async def work(stop: asyncio.Event) -> int:
        reader = await open_reader(config)
        try:
            _doubt_topics(config, arguments.topic or ())
            done = await until(stop, _Tail(reader, arguments).run())
        finally:
            await reader.close()
        return Exit.INTERRUPTED if done is None else done

    return run_async(work)


def _doubt_topics(config: Config, topics: Iterable[str]) -> None:
    """A topic that the settings do not name may be in the log all the same: of other settings, of a later telex."""
    naming = naming_of(config)
    known = naming.topics()
    for topic in topics:
        if topic in naming.derived():
            say(f"telex tail: {topic} repeats events of {naming.articles}: they are shown under that name alone")
        elif topic not in known:
            say(f"telex tail: the settings name no topic {topic!r}, only {', '.join(known)}; reading on all the same")


class _Tail:
    def __init__(self, reader: LogReader, arguments: argparse.Namespace) -> None:
        self._reader = reader
        self._topics = frozenset(arguments.topic) if arguments.topic else None
        self._start: _Start = arguments.start
        self._left: int | None = arguments.count
        self._exit_at_end: bool = arguments.exit_at_end
        self._json: bool = arguments.json
        self._titles = Titles()

    async def run(self) -> int:
        after = await self._position()
        while True:
            # Asked before reading: what lands in between is read next time.
            _, newest = await self._reader.bounds()
            batch = await self._reader.read(self._topics, after, _BATCH)
            for stored in batch:
                after = stored.position
                if stored.record.value is not None and self._print(stored):
                    return Exit.DONE
            if not batch:
                if self._exit_at_end:
                    return Exit.DONE
                after = max(after, newest)
                await self._reader.wait_newer(after)

    def _print(self, stored: Stored) -> bool:
        """Print an event; whether it was the last that was asked for."""
        event = structured(stored.record)
        if not self._json:
            now = SystemClock().now()
            event = line_of(orjson.loads(event), now, titles=self._titles, colour=is_terminal(), dated=True).encode()
        emit(event)
        self._left = None if self._left is None else self._left - 1
        return self._left == 0

    async def _position(self) -> int:
        """The position after which to begin."""
        oldest, newest = await self._reader.bounds()
        match self._start.kind:
            case _From.EARLIEST:
                return oldest
            case _From.LATEST:
                return newest
            case _From.LAST:
                return await self._last(int(self._start.number), oldest, newest)
            case _From.TIME:
                return await self._reader.at(self._start.number)

    async def _last(self, count: int, oldest: int, newest: int) -> int:
        """The position after which `count` events of these topics follow: looked for in ever longer stretches."""
        if count == 0:
            return newest
        stretch = count
        while True:
            at = after = max(oldest, newest - stretch)
            found: list[int] = []
            while at < newest and (batch := await self._reader.read(self._topics, at, _BATCH)):
                found += [stored.position for stored in batch if stored.record.value is not None]
                at = batch[-1].position
            if len(found) >= count:
                return found[-count] - 1
            if after == oldest:
                return oldest
            stretch *= 4
