"""Checks that every event log has to pass: small, named, and judged through the port alone.

A log is tested by a `LogFactory`, which opens several members of one store in this process and does to them what a
member cannot do to itself: die, fall silent, lose an answer. `CHECKS` holds the checks by name; a test runs each with
a fresh factory. A check fails with an AssertionError, or a TimeoutError where what is promised does not come.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from itertools import pairwise
from typing import Final, Protocol

from telex.core.model import FeedId
from telex.core.records import Record
from telex.errors import AppendRefused, AppendUnknown, ClaimDied, LogError
from telex.ports import Claim, Command, CommandKind, Commit, EventLog, LogReader, Stored

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


# What the checks are written with


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


# Claims


@check
async def the_only_member_claims_every_shard_with_nothing_restored(factory: LogFactory) -> None:
    """A fresh store remembers nothing."""
    async with store(factory) as s:
        a = await s.join("a")
        await a.wait(lambda shards: shards == frozenset(range(SHARDS)))
        assert a.log.shards == SHARDS
        for claim in a.won:
            assert (dict(claim.restored.memories), claim.restored.schedule, claim.restored.inbox) == ({}, None, 0)


@check
async def two_members_share_the_shards_fairly_and_never_own_one_both(factory: LogFactory) -> None:
    """A member that joins gets its half; a claim that had to go is dead, and those that live can append."""
    async with store(factory) as s:
        a = await s.join("a")
        await a.wait(lambda shards: len(shards) == SHARDS)
        first = list(a.won)
        b = await s.join("b")
        await b.wait(lambda shards: len(shards) == SHARDS // 2)
        await a.wait(lambda shards: len(shards) == SHARDS - SHARDS // 2)
        assert a.shards | b.shards == frozenset(range(SHARDS))
        for claim in first:
            if claim.shard in b.shards:
                assert await claim.wait_dead() == "revoked"
                await dies(claim, claim.append(commit(99)))
        for member in (a, b):
            for shard in member.shards:
                await (await member.claim(shard)).append(commit(shard, f"feed{shard}"))
        assert sorted(await keys(a.log)) == [f"a{shard}" for shard in range(SHARDS)]


@check
async def the_shards_of_a_member_that_closes_are_claimed_by_the_other(factory: LogFactory) -> None:
    """Without any time-out."""
    async with store(factory) as s:
        a = await s.join("a")
        claim = await a.claim()
        await claim.append(commit(1))
        b = await s.join("b")
        await b.wait(lambda shards: len(shards) == SHARDS // 2)
        await a.log.close()
        await b.wait(lambda shards: len(shards) == SHARDS)
        assert (await b.claim()).restored.memories == {"feed": b"1"}
        await dies(claim, claim.append(commit(2)))
        assert await keys(b.log) == ["a1"]


@check
async def a_released_shard_is_claimed_afresh_and_the_old_claim_stays_dead(factory: LogFactory) -> None:
    """Release never raises, and may be called again."""
    async with store(factory) as s:
        a = await s.join("a")
        old = await a.claim()
        await old.append(commit(1))
        await old.release()
        assert await old.wait_dead() == "released"
        new = await a.claim(not_=old)
        assert new.restored.memories == {"feed": b"1"}
        await dies(old, old.append(commit(2)))
        await dies(old, old.wait_inbox(0))
        await old.release()
        await new.append(commit(3))
        assert await keys(a.log) == ["a1", "a3"]


@check
async def the_shards_of_a_crashed_member_fall_to_another(factory: LogFactory) -> None:
    """With everything that it was told was written."""
    async with store(factory) as s:
        a = await s.join("a")
        claim = await a.claim()
        for number in range(5):
            await claim.append(commit(number))
        await s.crash(a)
        b = await s.join("b")
        assert (await b.claim()).restored.memories == {"feed": b"4"}
        assert await keys(b.log) == [f"a{number}" for number in range(5)]


@check
async def a_zombie_cannot_append_once_another_owns_its_shard(factory: LogFactory) -> None:
    """A stopped process learns of its loss at its next append, and that append writes nothing."""
    async with store(factory) as s:
        a = await s.join("a")
        zombie = await a.claim()
        await zombie.append(commit(1))
        await factory.stall(a.log)
        b = await s.join("b")
        await factory.expire()
        claim = await b.claim()
        await claim.append(commit(2))
        await dies(zombie, zombie.append(commit(3)))
        await dies(zombie, zombie.append(commit(3)))
        assert await keys(b.log) == ["a1", "a2"]
        await s.crash(b)
        c = await s.join("c")
        assert (await c.claim()).restored.memories == {"feed": b"2"}


@check
async def a_restore_holds_all_that_the_old_owner_could_still_append(factory: LogFactory) -> None:
    """Fence first, restore then: an owner that appends until it is fenced loses nothing."""
    async with store(factory) as s:
        a = await s.join("a")
        zombie = await a.claim()
        await factory.stall(a.log)
        written: list[int] = []

        async def append_until_fenced() -> None:
            with suppress(ClaimDied):
                while True:
                    await zombie.append(commit(len(written)))
                    written.append(len(written))
                    await asyncio.sleep(0)

        task = asyncio.create_task(append_until_fenced())
        b = await s.join("b")
        await factory.expire()
        claim = await b.claim()
        async with asyncio.timeout(PATIENCE):
            await task
        expected = {"feed": str(written[-1]).encode()} if written else {}
        assert claim.restored.memories == expected
        assert len(await keys(b.log)) == len(written)


@check
async def a_poll_in_flight_cannot_append_through_a_new_claim(factory: LogFactory) -> None:
    """The same member claims the shard again; what held the old claim is refused for ever."""
    async with store(factory) as s:
        a = await s.join("a")
        old = await a.claim()
        await factory.lose_answer(a.log)
        await unknown(old, commit(1))
        new = await a.claim(not_=old)
        await dies(old, old.append(commit(2)))
        await new.append(commit(3))
        await dies(old, old.append(commit(4)))
        await dies(old, old.wait_inbox(0))
        assert {"a2", "a4"}.isdisjoint(await keys(a.log))


# Append


async def unknown(claim: Claim, work: Commit) -> None:
    """Append, and assert that the outcome is unknown."""
    outcome = await ended(claim.append(work))
    assert isinstance(outcome, AppendUnknown), f"an append whose answer was lost gave {outcome!r}"
    assert await asyncio.wait_for(claim.wait_dead(), PATIENCE) == "unknown"


@check
async def records_are_read_as_they_were_written(factory: LogFactory) -> None:
    """Topic, key, headers with their order, value; positions grow, and the log's time is not in the past of its own."""
    async with store(factory) as s:
        a = await s.join("a")
        claim = await a.claim()
        records = (record(1), record(2, OTHER_TOPIC), record(3))
        await claim.append(Commit(records[:2]))
        await claim.append(Commit(records[2:]))
        stored = await everything(a.log)
        assert tuple(one.record for one in stored) == records
        assert all(left.position < right.position for left, right in pairwise(stored))
        assert all(left.at <= right.at for left, right in pairwise(stored))


@check
async def memories_schedule_and_inbox_position_are_restored_exactly(factory: LogFactory) -> None:
    """The latest value of each; None removes a memory, and leaves schedule and position as they are."""
    async with store(factory) as s:
        a = await s.join("a")
        claim, neighbour = await a.claim(0), await a.claim(1)
        fat, empty = bytes(range(256)) * 400, b""
        await claim.append(Commit((), {FeedId("x"): b"1", FeedId("y"): b"1", FeedId("é"): fat}, b"plan", 7))
        await claim.append(Commit((), {FeedId("x"): b"2", FeedId("y"): None, FeedId("z"): empty}))
        await claim.append(Commit((), {FeedId("never"): None}, schedule=b"plan 2"))
        await claim.append(Commit((), None, inbox=9))
        await claim.append(Commit())
        await neighbour.append(Commit((), {FeedId("x"): b"neighbour"}))
        await s.crash(a)
        b = await s.join("b")
        restored = (await b.claim(0)).restored
        assert dict(restored.memories) == {"x": b"2", "é": fat, "z": empty}
        assert (restored.schedule, restored.inbox) == (b"plan 2", 9)
        other = (await b.claim(1)).restored
        assert (dict(other.memories), other.schedule, other.inbox) == ({"x": b"neighbour"}, None, 0)


@check
async def a_member_that_claims_a_shard_again_restores_what_others_appended(factory: LogFactory) -> None:
    """What it remembers from its own earlier claim is of no use."""
    async with store(factory) as s:
        a = await s.join("a")
        first = await a.claim()
        await first.append(Commit((record(1),), {FeedId("feed"): b"1", FeedId("gone"): b"1"}, b"1", 1))
        await factory.stall(a.log)
        b = await s.join("b")
        await factory.expire()
        claim = await b.claim()
        await claim.append(Commit((record(2),), {FeedId("feed"): b"2", FeedId("gone"): None}, b"2", 2))
        await s.crash(b)
        await dies(first, first.append(commit(3)))
        again = await s.join("a")
        restored = (await again.claim()).restored
        assert (dict(restored.memories), restored.schedule, restored.inbox) == ({"feed": b"2"}, b"2", 2)


@check
async def a_shard_that_comes_back_is_restored_anew(factory: LogFactory) -> None:
    """A member loses shards to another and gets them back: what it kept from before is stale."""
    async with store(factory) as s:
        a = await s.join("a")
        for shard in range(SHARDS):
            await (await a.claim(shard)).append(Commit((), {FeedId("feed"): b"1"}, b"1", 1))
        b = await s.join("b")
        await b.wait(lambda shards: len(shards) == SHARDS // 2)
        lent = b.shards
        for shard in lent:
            await (await b.claim(shard)).append(Commit((), {FeedId("feed"): b"2"}, b"2", 2))
        await b.log.close()
        await a.wait(lambda shards: len(shards) == SHARDS)
        for shard in lent:
            restored = (await a.claim(shard)).restored
            assert (dict(restored.memories), restored.schedule, restored.inbox) == ({"feed": b"2"}, b"2", 2)


@check
async def events_and_memories_are_visible_together_or_not_at_all(factory: LogFactory) -> None:
    """A member is killed as soon as its last event shows: the restore has that event's memory, and no later one."""
    async with store(factory) as s:
        a = await s.join("a")
        claim = await a.claim()
        reader = await s.open("reader")

        async def append_for_ever() -> None:
            for number in range(100_000):
                await claim.append(commit(number))

        task = asyncio.create_task(append_for_ever())
        async with asyncio.timeout(PATIENCE):
            while not await reader.read(None, 0, 1):
                await reader.wait_newer(0)
        await factory.crash(a.log)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await s.crash(a)
        b = await s.join("b")
        restored = (await b.claim()).restored
        last = (await everything(b.log))[-1].record.key
        assert f"a{restored.memories.get(FeedId('feed'), b' is lost').decode()}" == last


@check
async def after_an_unknown_outcome_the_restore_tells_the_truth(factory: LogFactory) -> None:
    """The event is there exactly if the memory, the schedule and the inbox position are."""
    async with store(factory) as s:
        a = await s.join("a")
        claim = await a.claim()
        await claim.append(Commit((record(0),), {FeedId("feed"): b"0"}, b"0", 1))
        for number in range(1, 4):
            await factory.lose_answer(a.log)
            await unknown(
                claim, Commit((record(number),), {FeedId("feed"): b"%d" % number}, b"%d" % number, number + 1)
            )
            claim = await a.claim(not_=claim)
            last = int((await keys(a.log))[-1][1:])
            restored = claim.restored
            assert (restored.memories, restored.schedule) == ({"feed": b"%d" % last}, b"%d" % last)
            assert restored.inbox == last + 1
            assert last in (number, number - 1)
            await claim.append(Commit((record(number),), {FeedId("feed"): b"%d" % number}, b"%d" % number, number + 1))


@check
async def a_refused_append_writes_nothing_and_the_shard_is_claimed_afresh(factory: LogFactory) -> None:
    """A permanent failure ends the claim; the rest goes on through a new one."""
    async with store(factory) as s:
        a = await s.join("a")
        old = await a.claim()
        await old.append(commit(1))
        outcome = await ended(old.append(factory.unacceptable()))
        assert isinstance(outcome, AppendRefused), f"an unacceptable commit gave {outcome!r}"
        assert outcome.reason in {"too_large", "not_authorised", "unknown_topic", "invalid"}
        assert await asyncio.wait_for(old.wait_dead(), PATIENCE) == "refused"
        await dies(old, old.append(commit(2)))
        new = await a.claim(not_=old)
        assert new.restored.memories == {"feed": b"1"}
        await new.append(commit(3))
        assert await keys(a.log) == ["a1", "a3"]


@check
async def shards_append_side_by_side_and_nothing_is_lost_or_mixed(factory: LogFactory) -> None:
    """Records of one commit keep their order; a shard's commits follow one another."""
    rounds = 15
    async with store(factory) as s:
        a = await s.join("a")
        claims = [await a.claim(shard) for shard in range(SHARDS)]

        async def fill(claim: Claim) -> None:
            base = claim.shard * 1000
            for turn in range(rounds):
                pair = (record(base + 2 * turn), record(base + 2 * turn + 1))
                await claim.append(Commit(pair, {FeedId(f"f{claim.shard}"): b"%d" % turn}))

        await asyncio.gather(*map(fill, claims))
        numbers = [int(key[1:]) for key in await keys(a.log)]
        for shard in range(SHARDS):
            mine = [number % 1000 for number in numbers if number // 1000 == shard]
            assert mine == list(range(2 * rounds))
        await s.crash(a)
        b = await s.join("b")
        for shard in range(SHARDS):
            assert (await b.claim(shard)).restored.memories == {f"f{shard}": b"%d" % (rounds - 1)}


# Inbox


def command(number: int) -> Command:
    """A command that can be told from others."""
    return Command(f"c{number}", CommandKind.POLL, FeedId(f"feed{number}"))


@check
async def commands_reach_the_owner_from_any_member_in_order(factory: LogFactory) -> None:
    """Waiting or not, those of other shards left out; positions grow and start above 0."""
    async with store(factory) as s:
        a, other = await s.join("a"), await s.open("other")
        claim = await a.claim(1)
        early = await other.put(1, command(1))
        await other.put(2, command(2))
        async with asyncio.timeout(PATIENCE):
            assert await claim.wait_inbox(0) == ((early, command(1)),)
            waiting = asyncio.create_task(claim.wait_inbox(early))
            await asyncio.sleep(0)
            late = await other.put(1, command(3))
            assert await waiting == ((late, command(3)),)
            own = await a.log.put(1, command(4))
            seen = [await claim.wait_inbox(0)]
            while len(seen[-1]) < 3:
                await asyncio.sleep(0.01)
                seen.append(await claim.wait_inbox(0))
        assert seen[-1] == ((early, command(1)), (late, command(3)), (own, command(4)))
        assert 0 < early < late < own


@check
async def a_command_comes_again_until_its_position_is_committed(factory: LogFactory) -> None:
    """At least once: an owner that dies between obeying and committing leaves the command to the next."""
    async with store(factory) as s:
        a = await s.join("a")
        claim = await a.claim()
        first, second = await a.log.put(0, command(1)), await a.log.put(0, command(2))
        async with asyncio.timeout(PATIENCE):
            await claim.wait_inbox(0)
        await claim.append(Commit((record(1),), None, None, first))
        await s.crash(a)
        b = await s.join("b")
        again = await b.claim()
        assert again.restored.inbox == first
        async with asyncio.timeout(PATIENCE):
            assert await again.wait_inbox(again.restored.inbox) == ((second, command(2)),)


@check
async def who_waits_for_commands_learns_that_the_claim_died(factory: LogFactory) -> None:
    """A wait does not outlive its claim."""
    async with store(factory) as s:
        a = await s.join("a")
        claim = await a.claim()
        waiting = asyncio.create_task(claim.wait_inbox(0))
        dead = asyncio.create_task(claim.wait_dead())
        await asyncio.sleep(0.01)
        assert not waiting.done()
        assert not dead.done()
        await claim.release()
        await dies(claim, waiting)
        assert await dead == "released"


# Reading


@check
async def reading_resumes_anywhere_and_filters_by_topic(factory: LogFactory) -> None:
    """Pages of any size, from any position, are parts of one sequence."""
    async with store(factory) as s:
        a, reader = await s.join("a"), await s.open("reader")
        claim = await a.claim()
        for number in range(10):
            await claim.append(Commit((record(number, OTHER_TOPIC if number % 3 == 0 else TOPIC),)))
        whole = await everything(reader)
        assert [one.record.key for one in whole] == [f"a{number}" for number in range(10)]
        for topics in (None, frozenset({TOPIC}), frozenset({OTHER_TOPIC, TOPIC}), frozenset({"unknown"})):
            wanted = [one for one in whole if topics is None or one.record.topic in topics]
            for limit in (1, 3, 100):
                for start in range(len(whole)):
                    after = whole[start].position
                    rest = [one for one in wanted if one.position > after][:limit]
                    assert list(await reader.read(topics, after, limit)) == rest
        assert await reader.read(None, whole[-1].position, 5) == ()


@check
async def bounds_and_instants_name_positions(factory: LogFactory) -> None:
    """An empty log's bounds are equal; an instant's position has all earlier records up to it and all later after it."""
    async with store(factory) as s:
        a = await s.join("a")
        oldest, newest = await a.log.bounds()
        assert oldest == newest == await a.log.at(1e12)
        claim = await a.claim()
        for number in range(3):
            await claim.append(commit(number))
        stored = await everything(a.log)
        assert await a.log.bounds() == (stored[0].position - 1, stored[-1].position)
        assert await a.log.at(stored[0].at - 1) == stored[0].position - 1
        assert await a.log.at(stored[-1].at + 1) == stored[-1].position
        earlier = [one.position for one in stored if one.at < stored[1].at]
        assert await a.log.at(stored[1].at) == (earlier[-1] if earlier else stored[0].position - 1)


@check
async def who_waits_for_newer_records_is_woken_by_any_member(factory: LogFactory) -> None:
    """And at once where there are some already."""
    async with store(factory) as s:
        a, reader = await s.join("a"), await s.open("reader")
        claim = await a.claim()
        for log in (a.log, reader):
            _, newest = await log.bounds()
            waiting = asyncio.create_task(log.wait_newer(newest))
            await asyncio.sleep(0.01)
            await claim.append(commit(newest))
            async with asyncio.timeout(PATIENCE):
                await waiting
                await log.wait_newer(newest)
                while not await log.read(None, newest, 1):
                    await log.wait_newer(newest)


@check
async def a_reader_never_sees_a_smaller_position_appear_later(factory: LogFactory) -> None:
    """Tailing while several shards append gives exactly what reading everything afterwards gives."""
    async with store(factory) as s:
        a, reader = await s.join("a"), await s.open("reader")
        claims = [await a.claim(shard) for shard in range(SHARDS)]
        total = SHARDS * 20
        tailed: list[Stored] = []

        async def tail() -> None:
            after = 0
            while len(tailed) < total:
                page = await reader.read(None, after, 7)
                tailed.extend(page)
                after = page[-1].position if page else after
                if not page:
                    await reader.wait_newer(after)

        async def fill(claim: Claim) -> None:
            for number in range(20):
                await claim.append(Commit((record(claim.shard * 100 + number),)))

        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(tail(), *map(fill, claims))
        assert tailed == list(await everything(reader))


CONTRACT: Final[Mapping[str, Check]] = CHECKS
