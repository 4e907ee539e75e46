"""Checks of claims: who owns what, who is a zombie, and what a new owner knows."""

import asyncio
from contextlib import suppress

from telex.errors import ClaimDied
from telex.testing.contracts import house
from telex.testing.contracts.house import (
    SHARDS,
    LogFactory,
    check,
    commit,
    dies,
    keys,
    store,
    unknown,
)


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
        async with asyncio.timeout(house.PATIENCE):
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
