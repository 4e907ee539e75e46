"""Reads the events in the one order in which every instance reads them: that of the merged topic's only partition.

A position is an offset + 1: it is the same for every instance and after every restart, and 0 is before everything.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from telex.adapters.kafka.clients import (
    COMMITTED,
    EARLIEST,
    LATEST,
    UNCOMMITTED,
    discard,
    list_offset,
    make_reader,
    retried,
    start,
)
from telex.adapters.kafka.config import KafkaSettings, check
from telex.adapters.kafka.faults import unavailable
from telex.adapters.kafka.parcels import TOPIC_HEADER
from telex.core.records import Record
from telex.errors import LogUnavailable
from telex.ports import Stored

_LOOK: Final = 0.1
"""Seconds between looks for what is newer."""
_SETTLE: Final = 1.0
"""Seconds that a read waits for transactions that were under way when it began: what their owners were told is written
becomes visible only a moment later."""
_SETTLE_LOOK: Final = 0.005
_READERS: Final = 4
_PAGE: Final = 500
_FETCH_WAIT: Final = 10
_TURN: Final = 20
"""Milliseconds until the position is looked at again: what passes a marker gives no record."""
_BACK: Final = 64
"""Offsets that are searched first for the last record before a place."""


@dataclass(slots=True)
class _Window:
    """A consumer, and the offset that it gives next; None where that is not known."""

    consumer: AIOKafkaConsumer
    next: int | None = None


class KafkaReader:
    """A LogReader. Any number of tasks may read at different places at a time."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._partition = TopicPartition(settings.topics.events, 0) if settings.topics.events is not None else None
        self._idle: list[_Window] = []
        self._turns = asyncio.Semaphore(_READERS)
        self._asker: AIOKafkaConsumer | None = None
        self._opening = asyncio.Lock()
        self._last = (0, 0)
        """An end of the log, and the position of the last record before it."""
        self._closed = False

    async def read(self, topics: frozenset[str] | None, after: int, limit: int) -> tuple[Stored, ...]:
        """At most `limit` records with a position greater than `after`, in order; None is every topic.

        Raises:
            LogUnavailable: they cannot be read now.
        """
        async with self._errors():
            begin, end = await self._bounds()
            offset = max(after, begin)
            found: list[Stored] = []

            def take(stored: Stored) -> bool:
                if topics is None or stored.record.topic in topics:
                    found.append(stored)
                return len(found) < limit

            if offset < end and limit > 0:
                async with self._window(offset) as window:
                    await self._scan(window, offset, end, take, limit if topics is None else _PAGE)
            return tuple(found)

    async def bounds(self) -> tuple[int, int]:
        """(oldest retained position - 1, newest position); equal where the log is empty.

        Raises:
            LogUnavailable: they cannot be read now.
        """
        async with self._errors():
            begin, end = await self._bounds()
            return begin, await self._last_before(end, begin)

    async def at(self, instant: float) -> int:
        """The greatest position whose record was stored before `instant`, or oldest - 1.

        Raises:
            LogUnavailable: it cannot be read now.
        """
        async with self._errors():
            begin, end = await self._bounds()
            # Kafka's times are whole milliseconds. A microsecond is what a float may be off.
            first = await self._offset(max(0, ceil(instant * 1000 - 0.001)), COMMITTED)
            return await self._last_before(min(first, end) if first >= 0 else end, begin)

    async def wait_newer(self, after: int) -> None:
        """Return once a position greater than `after` may exist.

        Raises:
            LogUnavailable: the log cannot be read now, or was closed.
        """
        async with self._errors():
            while not await self._has_newer(after):  # noqa: ASYNC110 - the event is another process's
                await asyncio.sleep(_LOOK)

    async def _has_newer(self, after: int) -> bool:
        end = await self._offset(LATEST, COMMITTED)
        return end > after and await self._last_before(end, await self._offset(EARLIEST, COMMITTED)) > after

    async def close(self) -> None:
        """Stop; who reads gets a LogUnavailable."""
        self._closed = True
        windows, self._idle = self._idle, []
        asker, self._asker = self._asker, None
        for consumer in (*(window.consumer for window in windows), *((asker,) if asker else ())):
            await discard(consumer)

    # Places

    @asynccontextmanager
    async def _errors(self) -> AsyncIterator[None]:
        try:
            yield
        except (KafkaError, OSError, TimeoutError) as error:
            raise unavailable(error, "reading the log") from error

    async def _bounds(self) -> tuple[int, int]:
        """The first offset, and the end of what is settled: everything that was acknowledged before is below it."""
        await self._ask()  # by one of us: where that fails, nobody goes on to open another
        begin, end = await asyncio.gather(self._offset(EARLIEST, COMMITTED), self._offset(LATEST, UNCOMMITTED))
        loop = asyncio.get_running_loop()
        until = loop.time() + _SETTLE
        stable = await self._offset(LATEST, COMMITTED)
        while stable < end and loop.time() < until:
            await asyncio.sleep(_SETTLE_LOOK)
            stable = await self._offset(LATEST, COMMITTED)
        if stable < self._last[0]:
            self._last = (0, 0)  # the topic was made anew
        return begin, stable

    async def _offset(self, which: int, isolation: int) -> int:
        consumer = await self._ask()
        partition = self._topic()
        return await retried(lambda: list_offset(consumer, partition, which, isolation), self._settings.request_timeout)

    async def _last_before(self, end: int, begin: int) -> int:
        """The position of the last record below the offset `end`; `begin` where there is none.

        Markers and aborted records take offsets, too: the end alone does not tell.
        """
        known_end, known = self._last
        if end == known_end:
            return max(known, begin)
        # What is known already is the bottom of the search, and what it gives where nothing came since.
        floor, last = (known_end, known) if begin < known_end < end else (begin, begin)
        low, step, seen = end, _BACK, list[int]()

        def note(stored: Stored) -> bool:
            seen[:] = [stored.position]
            return True

        while low > floor and not seen:
            top, low, step = low, max(floor, low - step), step * 8
            async with self._window(low) as window:
                await self._scan(window, low, top, note, _PAGE)
        last = max(seen[0] if seen else last, begin)
        if end > known_end:
            self._last = (end, last)
        return last

    # Records

    async def _scan(self, window: _Window, offset: int, end: int, take: Callable[[Stored], bool], page: int) -> None:
        """Hand over the records from an offset up to an end, until `take` has enough."""
        consumer, partition = window.consumer, self._topic()
        if window.next != offset:
            consumer.seek(partition, offset)
        window.next = None
        consumer.resume(partition)
        loop = asyncio.get_running_loop()
        position, moved = await consumer.position(partition), loop.time()
        while position < end:
            fetched = await consumer.getmany(partition, timeout_ms=_TURN, max_records=page)
            records = fetched.get(partition, ())
            for index, record in enumerate(records, 1):
                if record.offset >= end:
                    return
                if not take(_stored(record)):
                    # Where more was fetched than is taken, the consumer is beyond the place of the next reading.
                    window.next = record.offset + 1 if index == len(records) else None
                    return
            now = await consumer.position(partition)
            if now > position:
                position, moved = now, loop.time()
            elif loop.time() - moved > 2 * self._settings.request_timeout:
                raise LogUnavailable(f"reading the log: nothing comes after position {position}")
        window.next = position

    @asynccontextmanager
    async def _window(self, offset: int) -> AsyncIterator[_Window]:
        """A consumer for one reading; if possible the one that has just read up to there."""
        async with self._turns:
            window = await self._take(offset)
            try:
                yield window
                window.consumer.pause(self._topic())  # one that nobody uses fetches nothing
            except BaseException:
                await discard(window.consumer)
                raise
            if self._closed:
                await discard(window.consumer)
            else:
                self._idle.append(window)

    async def _take(self, offset: int) -> _Window:
        if self._closed:
            raise LogUnavailable("the log is closed")
        for index, window in enumerate(self._idle):
            if window.next == offset:
                return self._idle.pop(index)
        if len(self._idle) == _READERS:
            return self._idle.pop(0)
        return _Window(await self._open())

    async def _ask(self) -> AIOKafkaConsumer:
        """The consumer that offsets are asked with; it fetches nothing."""
        async with self._opening:
            if self._closed:
                raise LogUnavailable("the log is closed")
            if self._asker is None:
                asker = await self._open()
                if self._closed:  # meanwhile
                    await discard(asker)
                    raise LogUnavailable("the log is closed")
                self._asker = asker
            return self._asker

    async def _open(self) -> AIOKafkaConsumer:
        partition = self._topic()
        consumer = make_reader(self._settings, fetch_wait=_FETCH_WAIT)
        consumer.assign([partition])
        consumer.pause(partition)
        await start(consumer, self._settings, "reading the log")
        consumer.seek(partition, 0)
        return consumer

    def _topic(self) -> TopicPartition:
        if self._partition is None:
            raise LogUnavailable("no topic holds the events in one order: name one (kafka.topics.events)")
        return self._partition


def _stored(record: Any) -> Stored:
    headers = [(name, value.decode()) for name, value in record.headers]
    topic = next((value for name, value in headers if name == TOPIC_HEADER), record.topic)
    kept = tuple((name, value) for name, value in headers if name != TOPIC_HEADER)
    key = (record.key or b"").decode()
    return Stored(record.offset + 1, Record(topic, key, kept, record.value), record.timestamp / 1000)


async def open_reader(settings: KafkaSettings) -> KafkaReader:
    """Read a log that other processes write, or none at the moment.

    Raises:
        ConfigurationError: settings cannot work together.
        LogUnavailable: it cannot be reached.
    """
    check(settings)
    reader = KafkaReader(settings)
    try:
        await reader.bounds()
    except BaseException:
        await reader.close()
        raise
    return reader
