"""What the checks are written with: the factory, a store with its members, and small helpers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final, Protocol

from telex.core.model import FeedId
from telex.core.records import Record
from telex.errors import AppendRefused, AppendUnknown, ClaimDied, LogError
from telex.ports import Claim, Commit, EventLog, LogReader, Stored

PATIENCE: Final = 10.0
"""Seconds that a check waits for what is promised. Only a broken log makes it wait that long."""
SHARDS: Final = 4
TOPIC: Final = "news.articles"
OTHER_TOPIC: Final = "news.feedlog"


class Log(EventLog, LogReader, Protocol):
    """One member's access to a store: it owns shards, appends, and reads."""


class LogFactory(Protocol):
    """One store with `SHARDS` shards, and power over its members."""

    async def open(self, member: str) -> Log:
        """A member, as a process of its own would open it. It owns nothing before `claims()` is iterated."""
        ...

    async def crash(self, log: Log) -> None:
        """The member's process dies: nothing is released, and nothing of it runs any more."""
        ...

    async def stall(self, log: Log) -> None:
        """The member falls silent and learns of nothing, as if stopped, but its claims can still be used."""
        ...

    async def expire(self) -> None:
        """Let the time pass after which crashed and stalled members lose their shards, without waiting for it."""
        ...

    async def lose_answer(self, log: Log) -> None:
        """The next append of this member ends with an unknown outcome; later ones work."""
        ...

    def unacceptable(self) -> Commit:
        """A commit that the log refuses for good, with an event and a memory that it would take alone."""
        ...


Check = Callable[[LogFactory], Awaitable[None]]
CHECKS: Final[dict[str, Check]] = {}


def check(function: Check) -> Check:
    """Add a check to the contract under its own name."""
    CHECKS[function.__name__] = function
    return function


class Member:
    """A member of the store, and every claim that it won."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.won: list[Claim] = []
        self._live: dict[int, Claim] = {}
        self._changed = asyncio.Event()
        self._tasks = {asyncio.create_task(self._collect())}

    async def _collect(self) -> None:
        async for claim in self.log.claims():
            self.won.append(claim)
            self._live[claim.shard] = claim
            self._tasks.add(asyncio.create_task(self._watch(claim)))
            self._changed.set()

    async def _watch(self, claim: Claim) -> None:
        await claim.wait_dead()
        if self._live.get(claim.shard) is claim:
            del self._live[claim.shard]
        self._changed.set()

    @property
    def shards(self) -> frozenset[int]:
        """The shards that it owns now."""
        return frozenset(self._live)

    async def wait(self, condition: Callable[[frozenset[int]], bool]) -> None:
        """Wait until what it owns fulfils `condition`."""
        async with asyncio.timeout(PATIENCE):
            while not condition(self.shards):
                self._changed.clear()
                await self._changed.wait()

    async def claim(self, shard: int = 0, *, not_: Claim | None = None) -> Claim:
        """Its live claim of `shard`, once there is one that is not `not_`."""
        await self.wait(lambda _: shard in self._live and self._live[shard] is not not_)
        return self._live[shard]

    async def forget(self) -> None:
        """Stop watching."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class Store:
    """The members of a check. Those that are still alive at its end are closed."""

    def __init__(self, factory: LogFactory, stack: AsyncExitStack) -> None:
        self.factory = factory
        self._stack = stack

    async def join(self, name: str) -> Member:
        """A member that claims."""
        member = Member(await self.open(name))
        self._stack.push_async_callback(member.forget)
        return member

    async def open(self, name: str) -> Log:
        """A member that only reads and puts."""
        log = await self.factory.open(name)
        self._stack.push_async_callback(log.close)
        return log

    async def crash(self, member: Member) -> None:
        """Kill the member, and let its shards fall to the others."""
        await self.factory.crash(member.log)
        await member.forget()
        await self.factory.expire()


@asynccontextmanager
async def store(factory: LogFactory) -> AsyncIterator[Store]:
    """The store of a check."""
    async with AsyncExitStack() as stack:
        yield Store(factory, stack)


def record(number: int, topic: str = TOPIC) -> Record:
    """A record that can be told from others."""
    headers = (("ce_id", f"a{number}:1"), ("ce_subject", "é\U0001f4f0"), ("ce_empty", ""))
    return Record(topic, f"a{number}", headers, f'{{"n":{number}}}'.encode() + b"\0\xff")


def commit(number: int, feed: str = "feed") -> Commit:
    """One record and one memory that belong together."""
    return Commit((record(number),), {FeedId(feed): str(number).encode()})


async def everything(log: LogReader) -> tuple[Stored, ...]:
    """All that is retained."""
    oldest, _ = await log.bounds()
    return await log.read(None, oldest, 10_000)


async def keys(log: LogReader) -> list[str]:
    """The keys of all records, in order."""
    return [stored.record.key for stored in await everything(log)]


async def ended(work: Awaitable[object]) -> object:
    """What `work` returns, or the error of the log that it raises."""
    try:
        return await asyncio.wait_for(work, PATIENCE)
    except LogError as error:
        return error


async def dies(claim: Claim, work: Awaitable[object]) -> None:
    """Assert that `work` fails because the claim is dead, for no other reason, and that the claim stays so."""
    outcome = await ended(work)
    assert isinstance(outcome, ClaimDied), f"a call on a dead claim gave {outcome!r}"
    assert not isinstance(outcome, (AppendRefused, AppendUnknown)), f"an old death was told as a new one: {outcome!r}"
    await asyncio.wait_for(claim.wait_dead(), PATIENCE)


async def unknown(claim: Claim, work: Commit) -> None:
    """Append, and assert that the outcome is unknown."""
    outcome = await ended(claim.append(work))
    assert isinstance(outcome, AppendUnknown), f"an append whose answer was lost gave {outcome!r}"
    assert await asyncio.wait_for(claim.wait_dead(), PATIENCE) == "unknown"
