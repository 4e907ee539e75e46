"""Reads the SQLite log: for subscribers in the process that writes it, and for `telex tail` in another."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

import apsw

from telex.adapters.sqlite import queries
from telex.adapters.sqlite.schema import connect_reader
from telex.adapters.sqlite.threads import Worker
from telex.ports import Stored

POLL: Final = 0.25
"""Seconds between looks for what other processes wrote."""


class SqliteReader:
    """The LogReader of a file. What the process itself writes wakes it at once, the rest within `POLL` seconds."""

    def __init__(self, connect: Callable[[], apsw.Connection], path: Path, first: apsw.Connection) -> None:
        self.worker = Worker(connect, path, "telex-log-reader", first)
        self._poked = asyncio.Event()
        self._poked.set()
        self._known = (0, 0)
        self._waiting = 0
        self._look: asyncio.Task[None] | None = None

    async def read(self, topics: frozenset[str] | None, after: int, limit: int) -> tuple[Stored, ...]:
        """At most `limit` records with a position greater than `after`, in order; None is every topic."""
        return await self.worker.run(partial(queries.read, topics=topics, after=after, limit=limit))

    async def bounds(self) -> tuple[int, int]:
        """(oldest retained position - 1, newest position); equal where the log is empty."""
        return await self.worker.run(queries.bounds)

    async def at(self, instant: float) -> int:
        """The greatest position whose record was stored before `instant`, or oldest - 1."""
        return await self.worker.run(partial(queries.at, instant=instant))

    async def wait_newer(self, after: int) -> None:
        """Return once a position greater than `after` may exist.

        Raises:
            LogError: the log cannot be read, or was closed meanwhile.
        """
        await self._wait(0, after)

    async def wait_newer_command(self, after: int) -> None:
        """The same for the inbox."""
        await self._wait(1, after)

    def poke(self) -> None:
        """Look now: this process wrote something."""
        self._poked.set()

    async def close(self) -> None:
        """End the thread; who waits gets a LogError."""
        await self.worker.close()
        self.poke()
        if self._look is not None:
            await asyncio.gather(self._look, return_exceptions=True)

    async def _wait(self, which: int, after: int) -> None:
        self._waiting += 1
        try:
            while self._known[which] <= after:
                if self._look is None or self._look.done():
                    self._look = asyncio.create_task(self._look_for_news())
                    self._look.add_done_callback(_retrieve)  # those who waited may be gone
                await asyncio.shield(self._look)
        finally:
            self._waiting -= 1

    async def _look_for_news(self) -> None:
        """One look serves all who wait: it ends with something new, or when nobody waits any more."""
        found = self._known
        while found == self._known and self._waiting:
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL):
                    await self._poked.wait()
            self._poked.clear()
            found = await self.worker.run(queries.newest)
        self._known = found


def _retrieve(task: asyncio.Task[None]) -> None:
    if not task.cancelled():
        task.exception()


async def open_reader(path: Path) -> SqliteReader:
    """Read a log that other processes write, or none at the moment.

    Raises:
        ConfigurationError: there is no such file, or it cannot be read, or it is of a newer telex.
        LogCorrupt: it is damaged or of another program.
        LogUnavailable: another process keeps it locked.
    """
    connect = partial(connect_reader, path)
    return SqliteReader(connect, path, await asyncio.to_thread(connect))
