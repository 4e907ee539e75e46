"""The event log on Kafka: wins claims for the shards that the group assigns to this member, and keeps them."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from random import Random
from typing import Any, Self

from telex.adapters.kafka.admin import prepare, read_limits
from telex.adapters.kafka.claim import KafkaClaim
from telex.adapters.kafka.config import KafkaSettings, check
from telex.adapters.kafka.inbox import Inbox
from telex.adapters.kafka.membership import Assignment, Membership
from telex.adapters.kafka.parcels import Places
from telex.adapters.kafka.producer import Transactor
from telex.adapters.kafka.reader import KafkaReader
from telex.adapters.kafka.restore import Restorer
from telex.adapters.kafka.state import Remembered
from telex.adapters.kafka.topics import Limits, compacted_topics
from telex.errors import LogUnavailable
from telex.ports import Command, Stored
from telex.turns import Turns


class KafkaLog:
    """A member of the group: an EventLog and a LogReader.

    Every claim is won the same way: its producer fences all former owners, then the shard is restored. Whatever goes
    wrong ends a claim, and the next one's restore tells the truth.
    """

    claim_type = KafkaClaim
    transactor_type = Transactor

    def __init__(self, settings: KafkaSettings, limits: Limits, random: Random) -> None:
        topics = settings.topics
        self.places = Places(topics.state, topics.events, compacted_topics(settings), frozenset(topics.derived))
        self.inbox = Inbox(settings)
        self.turns = Turns()
        self.reader = KafkaReader(settings)
        self.membership = Membership(settings, self._on_assigned)
        self._settings = settings
        self._limits = limits
        self._stale_limits = False
        self._random = random
        self._restorer = Restorer(settings)
        self._live: dict[int, KafkaClaim] = {}
        self._assigned: frozenset[int] = frozenset()
        self._tenures: dict[int, int] = {}
        self._owners: dict[int, asyncio.Task[None]] = {}
        self._failures: dict[int, int] = {}
        self._troubles: dict[int, str] = {}
        self._won: asyncio.Queue[KafkaClaim | Exception | None] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(cls, settings: KafkaSettings, *, random: Random) -> Self:
        """Reach the cluster, see to the topics, try out the access rules. Nothing is owned before `claims()`.

        Raises:
            ConfigurationError: settings, topics or access rules have to be mended; it says how.
            LogUnavailable: no broker answered within `start_timeout`.
        """
        check(settings)
        return cls(settings, await prepare(settings), random)

    @property
    def shards(self) -> int:
        """How many shards there are: part of the log, checked at start."""
        return self._settings.shards

    @property
    def limits(self) -> Limits:
        """How large records may be, by topic."""
        return self._limits

    @property
    def trouble(self) -> str | None:
        """Why this member owns less than it could, where something is wrong."""
        return self.membership.trouble or next(iter(self._troubles.values()), None) or self.inbox.trouble

    async def claims(self) -> AsyncIterator[KafkaClaim]:
        """Join the group; claims as they are won, until the log is closed.

        Raises:
            LogCorrupt: the state topic cannot be read by this telex; an operator has to act.
        """
        if not self._tasks:
            self._tasks = {self._spawn(self.membership.run()), self._spawn(self.inbox.run())}
        while (won := await self._won.get()) is not None:
            if isinstance(won, Exception):
                raise won
            if not won.dead:
                yield won

    async def put(self, shard: int, command: Command) -> int:
        """Put a command into a shard's inbox; its position. Any process may, owner or not.

        Raises:
            LogUnavailable: try again; the command may then arrive twice.
        """
        if not 0 <= shard < self.shards:
            raise ValueError(f"there is no shard {shard}: they are 0 to {self.shards - 1}")
        return await self.inbox.put(shard, command)

    async def close(self) -> None:
        """Release what is held and stop. A member with a stable name keeps its shards for its next start."""
        for task in (*self._owners.values(), *self._tasks):
            task.cancel()
        await asyncio.gather(*self._owners.values(), *self._tasks, return_exceptions=True)
        claims = tuple(self._live.values())
        for claim in claims:
            claim.die("released")
        await asyncio.gather(*(claim.wait_retired() for claim in claims))
        await self.membership.close()
        await self.inbox.close()
        await self.reader.close()
        self._won.put_nowait(None)

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

    # What claims tell

    def claim_died(self, claim: KafkaClaim, reason: str) -> None:
        """The claim is over; its owner plans the next."""
        if self._live.get(claim.shard) is claim:
            del self._live[claim.shard]
            self.inbox.disown(claim.shard)
        self._stale_limits = self._stale_limits or reason == "refused"

    def claim_works(self, claim: KafkaClaim) -> None:
        """An append succeeded: earlier failures of the shard are forgotten."""
        self._failures.pop(claim.shard, None)
        self._troubles.pop(claim.shard, None)

    # What the group tells

    def _on_assigned(self, assignment: Assignment) -> None:
        gone = self._assigned if not assignment.kept else self._assigned - assignment.shards
        for shard in gone:
            self._tenures[shard] = self._tenures.get(shard, 0) + 1
            if shard in self._live:
                self._live[shard].die("revoked")
        self._assigned = assignment.shards
        for shard in sorted(assignment.shards):
            if shard not in self._owners:
                self._owners[shard] = self._spawn(self._own(shard))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        task.add_done_callback(self._note_end)
        return task

    def _note_end(self, task: asyncio.Task[None]) -> None:
        """Where such work ends by an error, so does everything: whoever iterates the claims gets it."""
        if not task.cancelled() and (error := task.exception()) is not None:
            for claim in tuple(self._live.values()):
                claim.die("failed")
            self._won.put_nowait(error if isinstance(error, Exception) else RuntimeError(repr(error)))

    # Owning a shard

    async def _own(self, shard: int) -> None:
        """Claim the shard afresh whenever its claim dies, as long as it is ours."""
        loop = asyncio.get_running_loop()
        try:
            while shard in self._assigned:
                reason = "unavailable"
                try:
                    reason = await self._claim_and_hold(shard)
                except LogUnavailable as error:
                    self._troubles[shard] = str(error)
                ended = loop.time()
                if reason != "revoked":
                    await asyncio.sleep(self._backoff(shard))
                if reason == "fenced":
                    # Two members that both believe in their right would take the shard from each other for ever.
                    await self.membership.wait_confirmed(ended)
        finally:
            del self._owners[shard]
            self._troubles.pop(shard, None)

    def _backoff(self, shard: int) -> float:
        settings = self._settings
        failures = self._failures.get(shard, 0)
        self._failures[shard] = failures + 1
        longest = min(settings.backoff_min * 2.0 ** min(failures, 16), settings.backoff_max)
        return longest * self._random.uniform(0.75, 1)

    async def _claim_and_hold(self, shard: int) -> str:
        tenure = self._tenures.get(shard, 0)
        transactor, remembered = await self._enter(shard)
        try:
            await self.inbox.own(shard, remembered.inbox)
        except BaseException:
            await transactor.drop()
            raise
        claim = self.claim_type(self, shard, transactor, remembered)
        self._live[shard] = claim
        self._troubles.pop(shard, None)
        if tenure != self._tenures.get(shard, 0):
            claim.die("revoked")
        self._won.put_nowait(claim)
        reason = await claim.wait_dead()
        await claim.wait_retired()
        return reason

    async def _enter(self, shard: int) -> tuple[Transactor, Remembered]:
        """Fence first, then restore: what the previous owner still commits is in what we read, or never lands."""
        transactor = await self._fence(shard)
        try:
            return transactor, await self._restore(shard)
        except BaseException:
            await transactor.drop()
            raise

    async def _fence(self, shard: int) -> Transactor:
        if self._stale_limits:
            self._limits = await read_limits(self._settings)
            self._stale_limits = False
        transactor = self.transactor_type(self._settings, shard, self._limits)
        await transactor.start()
        return transactor

    async def _restore(self, shard: int) -> Remembered:
        return await self._restorer.restore(shard)
