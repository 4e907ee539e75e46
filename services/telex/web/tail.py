"""The live end of the log, read and encoded once for all readers, and the readers that catch up with it.

A reader begins with pages of its own. Once it has reached the end it joins the tail: from then on the tail hands it
every later event, while the reader itself fetches what lies between its own place and the place of the tail when it
joined. Positions decide what belongs to which part, so that nothing is missing and nothing comes twice.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from telex.errors import LogError
from telex.ports import LogReader
from telex.web.cursor import Cursor, Lost
from telex.web.filters import Wanted
from telex.web.frames import Frame, frame_of
from telex.web.positions import Start

_PAUSE: Final = 1.0
"""Seconds before a log that could not be read is read again."""
_BATCH: Final = 64 * 1024
"""Bytes that are handed out at once, or one event if that is larger."""

_LOGGER: Final = logging.getLogger("telex.web")

Item = Frame | Lost


class End(Enum):
    """Why a stream ends."""

    SLOW = "slow"
    FAILED = "failed"
    CLOSING = "closing"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is read and kept: `page` records a read, `events` and `size` bytes wait for one reader at most."""

    page: int = 64
    events: int = 1000
    size: int = 8 << 20


class Tail:
    """Reads on from where the first reader joined, as long as there is one."""

    def __init__(self, log: LogReader, limits: Limits) -> None:
        self._log = log
        self._limits = limits
        self._readers: dict[Reader, None] = {}
        self._cursor = Cursor(log, None, 0, 0)
        self._task: asyncio.Task[None] | None = None

    @property
    def position(self) -> int:
        """Every event up to here has been handed to the readers that were there."""
        return self._cursor.position

    def join(self, reader: "Reader", position: int) -> int:
        """Hand the reader every event after the position that this gives."""
        self._readers[reader] = None
        if self._task is None:
            self._cursor = Cursor(self._log, None, position, position)
            self._task = asyncio.create_task(self._run(), name="telex-events-tail")
        return self._cursor.position

    def leave(self, reader: "Reader") -> None:
        """Forget the reader; without readers nothing is read."""
        self._readers.pop(reader, None)
        if not self._readers and self._task is not None:
            self._task.cancel()
            self._task = None

    async def close(self) -> None:
        """Stop reading."""
        task, self._task = self._task, None
        self._readers.clear()
        if task is not None:
            task.cancel()
            await asyncio.wait({task})

    async def _run(self) -> None:
        try:
            await self._follow(self._cursor)
        except Exception:  # a fault of ours must not leave readers waiting for ever: they end, and come back
            _LOGGER.exception("the tail of the event log failed")
            for reader in tuple(self._readers):
                reader.end(End.FAILED)

    async def _follow(self, cursor: Cursor) -> None:
        while True:
            try:
                await self._log.wait_newer(cursor.position)
                page = await cursor.read(self._limits.page)
            except LogError:  # readers keep their place; /readyz says what is wrong with the log
                await asyncio.sleep(_PAUSE)
                continue
            items: list[Item] = [] if page.lost is None else [page.lost]
            items += (frame for stored in page.stored if (frame := frame_of(stored)) is not None)
            for reader in tuple(self._readers):
                reader.push(items)
            await asyncio.sleep(0)  # a log that answers at once must not keep the readers from their turn


class Reader:
    """One subscriber: its place, its filters, its buffer. Used by one task; `leave` ends it."""

    def __init__(self, log: LogReader, tail: Tail, wanted: Wanted, start: Start, limits: Limits) -> None:
        self.ended: asyncio.Future[End] = asyncio.get_running_loop().create_future()
        """Done once the reader gets nothing more: it was too slow, or the tail failed."""
        self._tail = tail
        self._wanted = wanted
        self._limits = limits
        self._cursor = Cursor(log, wanted.topics, start.after, start.newest)
        self._queue: deque[Item] = deque([] if start.lost is None else [start.lost])
        self._bytes = 0
        self._joined_at: int | None = None
        self._pushed_after = 0
        self._news = asyncio.Event()

    @property
    def is_live(self) -> bool:
        """Whether all that comes now comes from the tail."""
        return self._joined_at is not None and self._cursor.position >= self._joined_at

    @property
    def waiting(self) -> int:
        """How many events are in the buffer."""
        return len(self._queue)

    @property
    def position(self) -> int | None:
        """Everything wanted up to here has been handed out; None where something waits."""
        if self._queue:
            return None
        if not self.is_live:
            return self._cursor.position
        return max(self._pushed_after, self._tail.position)

    async def wait_batch(self) -> tuple[Item, ...]:
        """What comes next, in order: at least one item, about `_BATCH` bytes at most. Cancelled, nothing is lost."""
        if self._joined_at is None and self._queue:
            return self._take()  # what is lost before the start
        while not self.is_live:
            if batch := await self._catch_up():
                return batch
        while not self._queue:
            self._news.clear()
            await self._news.wait()
        return self._take()

    def leave(self) -> None:
        """End: nothing more is handed over."""
        self._tail.leave(self)

    def push(self, items: Iterable[Item]) -> None:
        """Take from the tail what is wanted. A buffer that overflows ends the reader."""
        for item in items:
            if isinstance(item, Lost):
                if item.resumed_after > self._pushed_after:
                    self._queue.append(item)
            elif item.position > self._pushed_after and self._wanted.matches(item):
                self._queue.append(item)
                self._bytes += item.size
        if self._queue:
            self._news.set()
        full = len(self._queue) > self._limits.events or (self._bytes > self._limits.size and len(self._queue) > 1)
        if full:
            self.end(End.SLOW)

    def end(self, why: End) -> None:
        """Leave, and say why. The first reason stays."""
        if not self.ended.done():
            self.ended.set_result(why)
        self.leave()

    async def _catch_up(self) -> tuple[Item, ...]:
        """One page of our own; empty where it holds nothing that is wanted."""
        await asyncio.sleep(0)  # see Tail: pages without anything wanted must not keep the others from their turn
        try:
            page = await self._cursor.read(self._limits.page)
        except LogError:
            await asyncio.sleep(_PAUSE)
            return ()
        upto = self._joined_at
        if upto is None and not page.full:
            self._join()
        items: list[Item] = []
        if page.lost is not None:
            items.append(page.lost if upto is None else Lost(page.lost.after, min(page.lost.resumed_after, upto)))
        frames = (frame_of(stored) for stored in page.stored if upto is None or stored.position <= upto)
        items += (frame for frame in frames if frame is not None and self._wanted.matches(frame))
        return tuple(items)

    def _join(self) -> None:
        """From here on there is no await between knowing our place and being handed what follows."""
        self._pushed_after = self._cursor.position  # the tail may be behind us
        self._joined_at = self._tail.join(self, self._pushed_after)

    def _take(self) -> tuple[Item, ...]:
        taken: list[Item] = []
        size = 0
        while self._queue and (not taken or size < _BATCH):
            item = self._queue.popleft()
            taken.append(item)
            size += 0 if isinstance(item, Lost) else item.size
        self._bytes -= size
        return tuple(taken)
