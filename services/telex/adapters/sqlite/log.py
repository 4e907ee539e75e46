"""The embedded event log: one SQLite file, shared by the processes of one machine (design section 3, SQLite)."""

import asyncio
import os
from collections.abc import AsyncIterator, Coroutine
from contextlib import suppress
from functools import partial
from random import Random
from typing import Any, Final, Self

from telex.adapters.sqlite import queries, tables
from telex.adapters.sqlite.reader import SqliteReader, open_reader
from telex.adapters.sqlite.schema import SqliteSettings, boot_time, connect, connect_reader
from telex.adapters.sqlite.threads import Writer, WriterStatistics
from telex.errors import AppendRefused, AppendUnknown, ClaimDied, LogCorrupt, LogError, LogUnavailable
from telex.ports import Clock, Command, Commit, Restored, Stored

__all__ = ["SqliteClaim", "SqliteLog", "SqliteReader", "SqliteSettings", "open_reader"]

BACKOFF_MIN: Final = 0.2
BACKOFF_MAX: Final = 10.0
_SHORT_OF_SHARDS: Final = 0.25
"""A member that may own more than it does looks so many times as often: a released shard does not lie idle."""


class SqliteClaim:
    """The live ownership of one shard of a file."""

    def __init__(self, log: "SqliteLog", lease: tables.Lease, restored: Restored) -> None:
        self.lease = lease
        self._log = log
        self._restored = restored
        self._dead: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    @property
    def shard(self) -> int:
        """Which shard, from 0."""
        return self.lease.shard

    @property
    def restored(self) -> Restored:
        """What the shard remembered at the claim."""
        return self._restored

    @property
    def dead(self) -> bool:
        """Whether the claim is known to be dead."""
        return self._dead.done()

    def die(self, reason: str) -> None:
        """End the claim; the first reason stays."""
        if not self._dead.done():
            self._dead.set_result(reason)
            self._log.claim_died(self, reason)

    @property
    def record_limit(self) -> int:
        """As configured; nothing is added to a record here."""
        return self._log.record_limit

    async def append(self, commit: Commit) -> None:
        """Make all of the commit visible, or none. One append at a time per claim.

        Cancelled while it runs, its outcome is unknown: the claim dies.

        Raises:
            AppendRefused: it can never succeed; the claim is dead.
            AppendUnknown: it may or may not be visible; the claim is dead.
            ClaimDied: the claim was dead before; nothing was written.
            LogUnavailable: nothing was written, the claim lives: wait, then try the same commit again.
            LogCorrupt: nothing was written, the claim is dead, and an operator has to act.
        """
        self._check()
        try:
            await self._log.write_commit(self.lease, commit)
        except LogUnavailable:
            raise
        except AppendRefused:
            self.die("refused")
            raise
        except (AppendUnknown, asyncio.CancelledError):
            self.die("unknown")
            raise
        except ClaimDied:
            self.die("fenced")
            raise
        except LogCorrupt:
            self.die("failed")
            raise
        self._log.claim_works(self)

    async def wait_inbox(self, after: int) -> tuple[tuple[int, Command], ...]:
        """Wait for commands past `after`, oldest first, each with its position.

        Raises:
            ClaimDied: the claim is dead.
            LogUnavailable: the inbox cannot be read now: wait, then ask again.
        """
        while True:
            self._check()
            newest, found = await self._log.read_commands(self.shard, after)
            self._check()
            if found:
                return found
            news = asyncio.create_task(self._log.reader.wait_newer_command(newest))
            try:
                await asyncio.wait((news, self._dead), return_when=asyncio.FIRST_COMPLETED)
            finally:
                news.cancel()
            failed = news.exception() if news.done() else None
            self._check()
            if failed is not None:
                raise failed

    async def wait_dead(self) -> str:
        """Wait until the claim is dead; gives the reason: revoked, fenced, refused, unknown, released, failed."""
        return await asyncio.shield(self._dead)

    async def release(self) -> None:
        """Give the shard back so that another can claim it at once. The claim is dead afterwards. Never raises."""
        self.die("released")
        await self._log.give_back(self.lease)

    def _check(self) -> None:
        if self._dead.done():
            raise ClaimDied(f"shard {self.shard}: the claim is dead ({self._dead.result()})")


class SqliteLog:
    """A member of the file: an EventLog and a LogReader."""

    claim_type = SqliteClaim

    def __init__(
        self, settings: SqliteSettings, member: str, clock: Clock, random: Random, writer: Writer, reader: SqliteReader
    ) -> None:
        self.reader = reader
        self.writer = writer
        self._settings = settings
        self._member = member
        self._clock = clock
        self._random = random
        self._held: dict[int, SqliteClaim] = {}
        self._failures: dict[int, int] = {}
        self._retry_at: dict[int, float] = {}
        self._won: asyncio.Queue[SqliteClaim | Exception | None] = asyncio.Queue()
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(cls, settings: SqliteSettings, *, clock: Clock, random: Random, member: str = "telex") -> Self:
        """Open the file, or make it. The member's name is new each time: what an earlier one held has to lapse.

        Raises:
            ConfigurationError: the file cannot be made or opened, has other shards, or is of a newer telex.
            LogCorrupt: it is damaged or of another program.
            LogUnavailable: another process keeps it locked.
        """
        loop = asyncio.get_running_loop()
        make = partial(connect, settings)
        first = await asyncio.to_thread(make)
        make_reader = partial(connect_reader, settings.path, vfs=settings.vfs, busy_timeout=settings.busy_timeout)
        try:
            reader = SqliteReader(make_reader, settings.path, await asyncio.to_thread(make_reader))
        except BaseException:
            first.close(True)
            raise

        def committed() -> None:
            with suppress(RuntimeError):  # the loop is gone: so is everybody who waited
                loop.call_soon_threadsafe(reader.poke)

        writer = Writer(make, settings.path, first, committed)
        name = f"{member}-{os.getpid()}-{random.getrandbits(64):016x}"
        return cls(settings, name, clock, random, writer, reader)

    @property
    def record_limit(self) -> int:
        """Bytes of the largest record."""
        return self._settings.max_record_bytes

    @property
    def shards(self) -> int:
        """How many shards there are: part of the log, checked at start."""
        return self._settings.shards

    def statistics(self) -> WriterStatistics:
        """What was written so far, and in how many transactions."""
        return self.writer.statistics()

    async def claims(self) -> AsyncIterator[SqliteClaim]:
        """Claims as they are won, until the log is closed; a shard whose claim died is claimed afresh while it is ours.

        Raises:
            LogCorrupt: an operator has to act; all claims are dead.
        """
        if not self._tasks:
            work = (self._supervise(), self._retain_for_ever())
            self._tasks = {asyncio.create_task(self._keep_up(part)) for part in work}
        while (won := await self._won.get()) is not None:
            if isinstance(won, Exception):
                raise won
            yield won

    async def put(self, shard: int, command: Command) -> int:
        """Put a command into a shard's inbox; its position. Any process may, owner or not.

        Raises:
            LogUnavailable: try again; the command may then arrive twice.
        """
        if not 0 <= shard < self.shards:
            raise ValueError(f"there is no shard {shard}: they are 0 to {self.shards - 1}")
        try:
            return await self.writer.run(partial(tables.put, shard=shard, command=command))
        except AppendUnknown as error:
            raise LogUnavailable(str(error)) from error

    async def close(self) -> None:
        """Release what is held and stop."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for claim in tuple(self._held.values()):
            claim.die("released")
        if self._tasks:
            with suppress(LogError):
                await self.writer.run(partial(tables.leave, member=self._member))
        self._won.put_nowait(None)
        # The writer last: whoever closes the file last copies the write-ahead log into it, which a reader cannot.
        await self.reader.close()
        await self.writer.close()

    # Reading

    async def read(self, topics: frozenset[str] | None, after: int, limit: int) -> tuple[Stored, ...]:
        """At most `limit` records with a position greater than `after`, in order; None is every topic."""
        return await self.reader.read(topics, after, limit)

    async def bounds(self) -> tuple[int, int]:
        """(oldest retained position - 1, newest position); equal where the log is empty."""
        return await self.reader.bounds()

    async def at(self, instant: float) -> int:
        """The greatest position whose record was stored before `instant`, or oldest - 1."""
        return await self.reader.at(instant)

    async def wait_newer(self, after: int) -> None:
        """Return once a position greater than `after` may exist."""
        await self.reader.wait_newer(after)

    # What claims need

    async def write_commit(self, lease: tables.Lease, commit: Commit) -> None:
        """Append, if the lease holds in the very transaction; errors as `SqliteClaim.append` tells them."""
        settings = self._settings
        refused = tables.refusal(commit, limit=settings.max_record_bytes, compacted=settings.compacted)
        if refused is not None:
            raise refused
        await self.writer.run(lambda db: tables.append(db, lease, commit, self._clock.now(), settings.compacted))

    async def read_commands(self, shard: int, after: int) -> tuple[int, tuple[tuple[int, Command], ...]]:
        """The newest position of the whole inbox, and the shard's commands past `after`."""
        return await self.reader.worker.run(
            lambda db: (queries.newest(db)[1], tables.commands(db, shard, after)),
        )

    async def give_back(self, lease: tables.Lease) -> None:
        """Make the shard free for others; where that fails the lease lapses by itself."""
        with suppress(LogError):
            await self.writer.run(partial(tables.release, lease=lease))

    def claim_died(self, claim: SqliteClaim, reason: str) -> None:
        """Plan when to claim the shard again."""
        shard = claim.shard
        if self._held.get(shard) is claim:
            del self._held[shard]
        if reason != "revoked":
            delay = min(BACKOFF_MIN * 2 ** self._failures.get(shard, 0), BACKOFF_MAX)
            self._failures[shard] = self._failures.get(shard, 0) + 1
            self._retry_at[shard] = asyncio.get_running_loop().time() + delay * self._random.uniform(0.75, 1.0)
        self._wake.set()

    def claim_works(self, claim: SqliteClaim) -> None:
        """An append succeeded: earlier failures of the shard are forgotten."""
        self._failures.pop(claim.shard, None)

    # Membership

    async def _keep_up(self, work: Coroutine[Any, Any, None]) -> None:
        """Where the work ends, so does everything: whoever iterates the claims gets the reason."""
        try:
            await work
        except Exception as error:  # noqa: BLE001 - it is raised by the iteration
            for claim in tuple(self._held.values()):
                claim.die("failed")
            self._won.put_nowait(error)

    async def _supervise(self) -> None:
        while True:
            standing = None
            with suppress(LogUnavailable, ClaimDied):  # not now, or it is not known: the next heartbeat tells
                standing = await self._stand()
            self._wake.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pause(standing)):
                    await self._wake.wait()

    async def _stand(self) -> tables.Standing:
        """One heartbeat: drop what was lost, give up what is too much, claim what may be claimed."""
        member, lease = self._member, self._settings.lease
        # The time is read inside: a transaction may have waited, and nobody's heartbeat may seem to be of the future.
        standing = await self.writer.run(lambda db: tables.beat(db, member, boot_time(), lease))
        for claim in tuple(self._held.values()):
            if standing.mine.get(claim.shard) != claim.lease.epoch:
                claim.die("fenced")
        given = await self._give_up(standing)
        idle = [shard for shard in standing.mine if shard not in self._held and shard not in given]
        room = max(0, standing.quota - len(standing.mine))
        free = [shard for shard in standing.free if self._may_claim(shard)][:room]
        await asyncio.gather(*(self._claim(shard) for shard in [*filter(self._may_claim, idle), *free]))
        return standing

    async def _give_up(self, standing: tables.Standing) -> frozenset[int]:
        """Release what exceeds the quota: appends that wait already are written first."""
        excess = max(0, len(standing.mine) - standing.quota)
        # Those without a live claim first: nobody works there.
        given = sorted(standing.mine, key=lambda shard: (shard in self._held, -shard))[:excess]
        for shard in given:
            if shard in self._held:
                self._held[shard].die("revoked")
        leases = [tables.Lease(shard, standing.mine[shard], self._member) for shard in given]
        await asyncio.gather(*map(self.give_back, leases))
        return frozenset(given)

    def _may_claim(self, shard: int) -> bool:
        return self._retry_at.get(shard, 0.0) <= asyncio.get_running_loop().time()

    async def _claim(self, shard: int) -> None:
        won = await self.writer.run(partial(tables.claim, shard=shard, member=self._member))
        if won is not None:
            claim = self.claim_type(self, *won)
            self._held[shard] = claim
            self._won.put_nowait(claim)

    def _pause(self, standing: tables.Standing | None) -> float:
        heartbeat = self._settings.heartbeat
        if standing is None or len(self._held) >= standing.quota:
            return heartbeat
        now = asyncio.get_running_loop().time()
        waits = [at - now for shard, at in self._retry_at.items() if shard not in self._held and at > now]
        return min(heartbeat * _SHORT_OF_SHARDS, *waits, heartbeat)

    async def _retain_for_ever(self) -> None:
        while True:
            with suppress(LogUnavailable, ClaimDied):
                while await self.retain():
                    pass
            await asyncio.sleep(self._settings.retention_interval)

    async def retain(self) -> bool:
        """Delete a slice of what need not be kept; True where there may be more. The log does so by itself."""
        age = self._settings.retention_age
        cutoff = None if age is None else self._clock.now() - age
        retention = queries.Retention(cutoff, self._settings.retention_bytes)
        return await self.writer.run(partial(queries.retain, retention=retention))
