"""`telex tail`: print what the embedded log holds, and what comes."""

import argparse
import asyncio
from datetime import UTC, datetime

import orjson

from telex.adapters.clock import SystemClock
from telex.adapters.sqlite_reader import open_reader
from telex.commands.common import Exit, Subparsers, config_argument, emit, run_async, say, settings, until
from telex.commands.lines import line_of
from telex.ports import LogReader, Stored
from telex.wire.cloudevents import structured

_BATCH = 500


def add(parsers: Subparsers) -> None:
    """Declare the command."""
    parser = parsers.add_parser("tail", help="print events of the embedded log, and those that come")
    parser.add_argument("--topic", action="append", metavar="T", help="only this topic; may be repeated")
    parser.add_argument(
        "--from",
        dest="start",
        default="-10",
        metavar="P",
        help="earliest, latest, -N (the last N), or a time (ISO 8601); default -10",
    )
    parser.add_argument("--count", type=_count, metavar="N", help="stop after N events")
    parser.add_argument("--exit-at-end", action="store_true", help="stop at the newest event")
    parser.add_argument("--json", action="store_true", help="structured CloudEvents, one a line")
    config_argument(parser)
    parser.set_defaults(run=run)


def _count(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def run(arguments: argparse.Namespace) -> int:
    """Print until the end, the count, or Ctrl-C."""
    config = settings(arguments)

    async def work(stop: asyncio.Event) -> int:
        reader = await open_reader(config.log.path)
        try:
            done = await until(stop, _tail(reader, arguments))
        finally:
            await reader.close()
        return Exit.INTERRUPTED if done is None else done

    return run_async(work)


async def _tail(reader: LogReader, arguments: argparse.Namespace) -> int:
    topics = frozenset(arguments.topic) if arguments.topic else None
    try:
        after = await _position(reader, topics, arguments.start)
    except ValueError:
        say(
            f"telex tail: --from {arguments.start!r} is no position; use earliest, latest, -N or a time like 2026-05-01T12:00Z"
        )
        return Exit.USAGE
    left = arguments.count
    while True:
        batch = await reader.read(topics, after, _BATCH)
        for stored in batch:
            after = stored.position
            if stored.record.value is not None:
                _print(stored, as_json=arguments.json)
                left = left - 1 if left is not None else None
                if left == 0:
                    return Exit.DONE
        if not batch:
            if arguments.exit_at_end:
                return Exit.DONE
            after = max(after, (await reader.bounds())[1]) if topics is None else after
            await reader.wait_newer(max(after, (await reader.bounds())[1]))


async def _position(reader: LogReader, topics: frozenset[str] | None, start: str) -> int:
    oldest, newest = await reader.bounds()
    if start == "earliest":
        return oldest
    if start == "latest":
        return newest
    if start.startswith("-"):
        return await _last(reader, topics, int(start[1:]), oldest, newest)
    moment = datetime.fromisoformat(start)
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return await reader.at(moment.timestamp())


async def _last(reader: LogReader, topics: frozenset[str] | None, count: int, oldest: int, newest: int) -> int:
    """The position after which `count` events of these topics follow: looked for in ever longer stretches."""
    stretch = max(count, 1)
    while True:
        after = max(oldest, newest - stretch)
        found: list[int] = []
        at = after
        while batch := await reader.read(topics, at, _BATCH):
            found += [stored.position for stored in batch if stored.record.value is not None]
            at = batch[-1].position
        if len(found) >= count or after == oldest:
            return found[-count] - 1 if 0 < count <= len(found) else (newest if count == 0 else oldest)
        stretch *= 4


def _print(stored: Stored, *, as_json: bool) -> None:
    event = structured(stored.record)
    emit(event if as_json else line_of(orjson.loads(event), SystemClock().now()).encode())
