"""The event log in memory: members of a `Broker`, with the claims, fences and doubts of a real one."""

import asyncio
import contextvars
import random
from collections.abc import AsyncGenerator

from telex.errors import AppendRefused, AppendUnknown, ClaimDied
from telex.ports import Command, Commit, Restored, Stored
from telex.testing.memory_broker import Broker
from telex.testing.memory_values import MAX_RECORD, Fenced, Link, NoAnswer

STEADY = 60.0
"""A claim that lived this long, in seconds, resets the wait before the next one."""


class MemoryClaim:
    """One epoch of one shard. Whatever goes wrong in an append ends it: the next claim's restore tells the truth."""

    def __init__(self, log: "MemoryLog", shard: int, epoch: int, restored: Restored) -> None:
        self._log = log
        self._shard = shard
        self._epoch = epoch
        self._restored = restored
        self._appending = False
        self._dead: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    @property
    def shard(self) -> int:
        """Which shard, from 0."""
        return self._shard

    @property
    def is_dead(self) -> bool:
        """Whether every further call raises."""
        return self._dead.done()

    @property
    def restored(self) -> Restored:
        """What the shard remembered at the claim."""
        return self._restored

    @property
    def record_limit(self) -> int:
        """What the broker takes."""
        return MAX_RECORD

    async def append(self, commit: Commit) -> None:
        """Make all of the commit visible, or none (see `telex.ports.Claim.append`)."""
        self._check_alive()
        if self._appending:
            raise RuntimeError("one append at a time per claim")
        self._appending = True
        try:
            await self._transact(commit)
        except Fenced as error:
            self.die("fenced")
            raise ClaimDied(str(error)) from error
        except AppendRefused:
            self.die("refused")
            raise
        except NoAnswer as error:
            self.die("unknown")
            raise AppendUnknown(str(error)) from error
        except asyncio.CancelledError:
            self.die("unknown")  # the commit goes on without us
            raise
        finally:
            self._appending = False
        if self._log.broker.asked_twice():
            self.die("unknown")  # this commit is in; a late copy of its request could act on the next

    async def _transact(self, commit: Commit) -> None:
        await self._send(commit)
        await self._commit()

    async def _send(self, commit: Commit) -> None:
        broker, member = self._log.broker, self._log.member
        await broker.call(lambda: broker.send(member, self._shard, self._epoch, commit))

    async def _commit(self) -> None:
        broker, member = self._log.broker, self._log.member
        await broker.call(lambda: broker.commit(member, self._shard, self._epoch))
        if self._log.loses_answer:
            self._log.loses_answer = False
            raise NoAnswer("lost, as a test wished")

    async def wait_inbox(self, after: int) -> tuple[tuple[int, Command], ...]:
        """Wait for commands past `after`, oldest first, each with its position."""
        broker = self._log.broker
        while True:
            self._check_alive()
            grown = self._log.inbox_grown(self._shard)
            try:
                commands = await broker.call(lambda: broker.commands(self._shard, after))
            except NoAnswer:
                continue
            self._check_alive()
            if commands:
                return commands
            await asyncio.wait((grown, self._dead), return_when=asyncio.FIRST_COMPLETED)

    async def wait_dead(self) -> str:
        """Wait until the claim is dead; gives the reason."""
        return await asyncio.shield(self._dead)

    async def release(self) -> None:
        """Give the shard back so that another can claim it at once."""
        if not self._dead.done():
            self.die("released")
            await self._log.give_back(self._shard)

    def die(self, reason: str) -> None:
        """End this claim. The first reason stays."""
        if not self._dead.done():
            self._dead.set_result(reason)

    def _check_alive(self) -> None:
        if self._dead.done():
            raise ClaimDied(f"the claim of shard {self._shard} is dead: {self._dead.result()}")


class MemoryLog:
    """One member's view of a broker: an EventLog and a LogReader.

    `rng` spreads the waits before a shard is claimed again. Where `loses_answer` is set, the next append is served and
    its answer lost.
    """

    claim_type = MemoryClaim

    def __init__(self, broker: Broker, member: str, rng: random.Random | None = None) -> None:
        self.broker = broker
        self.member = member
        self.live: dict[int, MemoryClaim] = {}
        self.loses_answer = False
        self._rng = rng or random.Random(member)  # noqa: S311 - spreads waits
        self._link = Link(member, self._on_assigned, self._on_inbox, contextvars.copy_context())
        self._assigned: frozenset[int] = frozenset()
        self._generation = self._joined = -1
        self._reassigned = asyncio.Event()
        self._owners: dict[int, asyncio.Task[None]] = {}
        self._grown: dict[int, asyncio.Future[None]] = {}
        self._won: asyncio.Queue[MemoryClaim] = asyncio.Queue()
        self._heart: asyncio.TimerHandle | None = None

    @property
    def shards(self) -> int:
        """How many shards there are."""
        return self.broker.shards

    async def claims(self) -> AsyncGenerator[MemoryClaim, None]:
        """Join the group; claims as they are won, for ever."""
        if self._heart is None:
            self._beat()
        while True:
            claim = await self._won.get()
            if not claim.is_dead:
                yield claim

    async def put(self, shard: int, command: Command) -> int:
        """Put a command into a shard's inbox: again until it is acknowledged, so it may be there twice."""
        while True:
            try:
                return await self.broker.call(lambda: self.broker.put(shard, command))
            except NoAnswer:
                await asyncio.sleep(self.broker.timing.backoff_min)

    async def close(self) -> None:
        """Release what is held and leave the group."""
        self.crash()
        for claim in list(self.live.values()):
            claim.die("released")
        try:
            await self.broker.call(lambda: self.broker.leave(self._link))
        except NoAnswer:
            return  # the session ends by itself

    def stall(self) -> None:
        """Fall silent and hear nothing, as a stopped process does; its claims can still be used, as a zombie's."""
        self._link.silent = True

    def crash(self) -> None:
        """Fall silent for ever without a word, as a killed process does."""
        self._link.silent = True
        self._assigned = frozenset()
        if self._heart is not None:
            self._heart.cancel()
        for owner in self._owners.values():
            owner.cancel()
        self._owners.clear()

    async def read(self, topics: frozenset[str] | None, after: int, limit: int) -> tuple[Stored, ...]:
        """At most `limit` records with a position greater than `after`, in order."""
        return self.broker.read(topics, after, limit)

    async def bounds(self) -> tuple[int, int]:
        """(oldest retained position - 1, newest position)."""
        return self.broker.oldest, self.broker.newest

    async def at(self, instant: float) -> int:
        """The greatest position whose record was stored before `instant`, or oldest - 1."""
        return self.broker.at(instant)

    async def wait_newer(self, after: int) -> None:
        """Return once a position greater than `after` exists."""
        await self.broker.wait_newer(after)

    # What a claim needs of its log.

    def inbox_grown(self, shard: int) -> "asyncio.Future[None]":
        """Done once a command was put into the shard's inbox after this call."""
        if shard not in self._grown or self._grown[shard].done():
            self._grown[shard] = asyncio.get_running_loop().create_future()
        return self._grown[shard]

    async def give_back(self, shard: int) -> None:
        """Ask the group for another owner; without an answer the shard comes back to us."""
        try:
            await self.broker.call(lambda: self.broker.release(self._link, shard))
        except NoAnswer:
            return

    # What the broker tells.

    def _on_assigned(self, generation: int, joined: int, shards: frozenset[int]) -> None:
        if self._link.silent or generation < self._generation:
            return  # closed, or overtaken on its way
        was_expelled, self._joined = joined != self._joined, joined
        self._generation, self._assigned = generation, shards
        for shard, claim in self.live.items():
            if shard not in shards or was_expelled:  # another may have owned it meanwhile
                claim.die("revoked")
        for shard in sorted(shards):
            if shard not in self._owners:
                self._owners[shard] = asyncio.get_running_loop().create_task(self._own(shard))
        self._reassigned.set()

    def _on_inbox(self, shard: int) -> None:
        grown = self._grown.get(shard)
        if grown is not None and not grown.done():
            grown.set_result(None)

    def _beat(self) -> None:
        self.broker.beat(self._link)
        self._heart = asyncio.get_running_loop().call_later(self.broker.timing.heartbeat, self._beat)

    # Owning a shard.

    async def _own(self, shard: int) -> None:
        """Claim the shard afresh whenever its claim dies, as long as it is ours."""
        timing, loop = self.broker.timing, asyncio.get_running_loop()
        backoff = timing.backoff_min
        while shard in self._assigned:
            since = loop.time()
            reason = await self._claim_and_hold(shard)
            if loop.time() - since > STEADY:
                backoff = timing.backoff_min
            backoff = await self._wait_confirmed(shard, reason, backoff)
        self._owners.pop(shard, None)

    async def _claim_and_hold(self, shard: int) -> str:
        try:
            epoch, restored = await self._enter(shard)
        except NoAnswer:
            return "unknown"
        claim = self.live[shard] = self.claim_type(self, shard, epoch, restored)
        if shard not in self._assigned:
            claim.die("revoked")
        self._won.put_nowait(claim)
        return await claim.wait_dead()

    async def _enter(self, shard: int) -> tuple[int, Restored]:
        """Fence first, then restore: what the previous owner still commits is in what we read, or never lands."""
        epoch = await self._fence(shard)
        return epoch, await self._restore(shard)

    async def _fence(self, shard: int) -> int:
        return await self.broker.call(lambda: self.broker.fence(self.member, shard))

    async def _restore(self, shard: int) -> Restored:
        return await self.broker.call(lambda: self.broker.restore(shard))

    async def _wait_confirmed(self, shard: int, reason: str, backoff: float) -> float:
        """Wait until a heartbeat later than the claim's end says that the shard is still ours, or no longer.

        Claiming at once would let two members that both believe in their right swap the shard for ever. Gives the
        next backoff in seconds.
        """
        del reason
        while shard in self._assigned:
            await asyncio.sleep(backoff * self._rng.uniform(0.5, 1))
            backoff = min(backoff * 2, self.broker.timing.backoff_max)
            try:
                generation, joined, shards = await self.broker.call(lambda: self.broker.confirm(self._link))
            except NoAnswer:
                continue
            self._on_assigned(generation, joined, shards)
            if shard in shards:
                break
        return backoff
