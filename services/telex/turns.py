"""Turns of the event loop: long work goes in slices, one at a time, and everybody else gets the loop in between."""

import asyncio
from collections.abc import Generator
from types import TracebackType
from typing import Final, TypeVar

_T = TypeVar("_T")

SLICE: Final = 0.005
"""Seconds of work after which the loop takes a turn: a tenth of the lag that it may have."""


class Turns:
    """Hands the loop to one piece of work after the other, in the order in which they asked.

    However many tasks have work at once, between any two pieces the loop takes a turn: heartbeats, answers and timers
    wait for one piece, not for all of them.
    """

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> None:
        """Wait for a turn. What is done with it is one piece of work, and awaits nothing."""
        await self._lock.acquire()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let the loop take its turn, then hand it on."""
        try:
            await asyncio.sleep(0)
        finally:
            self._lock.release()

    async def run(self, steps: Generator[None, None, _T]) -> _T:
        """Run steps to their end, as many a turn as fit into `SLICE`; gives what they return.

        Long work waits for its next turn behind everybody else's: it takes its time, and costs others none.
        """
        loop = asyncio.get_running_loop()
        while True:
            async with self:
                until = loop.time() + SLICE
                try:
                    next(steps)
                    while loop.time() < until:
                        next(steps)
                except StopIteration as done:
                    return done.value  # type: ignore[no-any-return] # a generator's return value has no type here
