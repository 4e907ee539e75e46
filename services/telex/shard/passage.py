"""What a process has under way: how many polls ask and read at a time, and how much waits for its commit."""

import asyncio
from collections import deque
from types import TracebackType
from typing import Final, Self

LEAST: Final = 16 << 10
"""Bytes that any answer counts for, however short: what is decided of it takes memory, too."""
_LARGEST_SHARE: Final = 4


class Room:
    """Bytes to be shared; who asks for more than are free waits, in order. Nobody holds more than a share of them.

    What is larger than a share counts for one, and only one such is let in at a time: it never waits for all the rest
    to leave, nor does it keep the rest out.
    """

    def __init__(self, size: int) -> None:
        self._free = size
        self._share = size // _LARGEST_SHARE
        self._queue: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._large = asyncio.Lock()

    async def take(self, size: int) -> int:
        """Wait for room; how much was taken, to be given back."""
        if size <= self._share:
            return await self._take(size)
        await self._large.acquire()
        try:
            await self._take(self._share)
        except BaseException:
            self._large.release()
            raise
        return size

    async def _take(self, size: int) -> int:
        if size <= self._free and not self._queue:
            self._free -= size
            return size
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append((size, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._let_in()  # it stood before others, maybe, who are let in now
            else:
                self._give(size)
            raise
        return size

    def give(self, taken: int) -> None:
        """Give back what `take` gave."""
        if taken > self._share:
            self._large.release()
        self._give(min(taken, self._share))

    def _give(self, size: int) -> None:
        self._free += size
        self._let_in()

    def _let_in(self) -> None:
        while self._queue and (self._queue[0][1].cancelled() or self._queue[0][0] <= self._free):
            size, turn = self._queue.popleft()
            if not turn.cancelled():
                self._free -= size
                turn.set_result(None)


class Passage:
    """One poll's way through the process.

    It holds a slot while it asks and reads: a publisher that is slow, or a document that takes a worker's time, costs
    one slot of many. Then it changes the slot for room, which it holds until what was decided is committed. Slots wait
    for room, and room waits for nothing but commits: nobody waits in a circle.
    """

    def __init__(self, slots: asyncio.Semaphore, room: Room) -> None:
        self._slots = slots
        self._room = room
        self._has_slot = False
        self._taken = 0

    async def __aenter__(self) -> Self:
        """Nothing is held yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give back what is held."""
        self._free_slot()
        taken, self._taken = self._taken, 0
        if taken:
            self._room.give(taken)

    async def begin(self) -> None:
        """Wait for a slot."""
        await self._slots.acquire()
        self._has_slot = True

    async def admit(self, size: int) -> None:
        """Wait for room for what is decided of an answer of so many bytes; the slot is free from then on."""
        self._taken = await self._room.take(LEAST + size)
        self._free_slot()

    def _free_slot(self) -> None:
        if self._has_slot:
            self._has_slot = False
            self._slots.release()
