"""Checks of the inbox, and of reading what was committed."""

import asyncio

from telex.core.model import FeedId
from telex.ports import Claim, Command, CommandKind, Commit, Stored
from telex.testing.contracts import house
from telex.testing.contracts.house import (
    OTHER_TOPIC,
    SHARDS,
    TOPIC,
    LogFactory,
    check,
    commit,
    dies,
    everything,
    record,
    store,
)


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
        async with asyncio.timeout(house.PATIENCE):
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
        async with asyncio.timeout(house.PATIENCE):
            await claim.wait_inbox(0)
        await claim.append(Commit((record(1),), None, None, first))
        await s.crash(a)
        b = await s.join("b")
        again = await b.claim()
        assert again.restored.inbox == first
        async with asyncio.timeout(house.PATIENCE):
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
            async with asyncio.timeout(house.PATIENCE):
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

        async with asyncio.timeout(house.PATIENCE):
            await asyncio.gather(tail(), *map(fill, claims))
        assert tailed == list(await everything(reader))
