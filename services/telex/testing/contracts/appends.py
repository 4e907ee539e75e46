"""Checks of appends: all or nothing, remembered exactly, and honest about what is unknown."""

import asyncio
from itertools import pairwise

from telex.core.model import FeedId
from telex.errors import AppendRefused
from telex.ports import Claim, Commit
from telex.testing.contracts import house
from telex.testing.contracts.house import (
    OTHER_TOPIC,
    SHARDS,
    LogFactory,
    check,
    commit,
    dies,
    ended,
    everything,
    keys,
    record,
    store,
    unknown,
)


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
        async with asyncio.timeout(house.PATIENCE):
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
        assert await asyncio.wait_for(old.wait_dead(), house.PATIENCE) == "refused"
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
