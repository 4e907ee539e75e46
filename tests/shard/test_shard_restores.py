"""A shard with what its log restored: it starts evenly, and keeps nothing twice."""

import asyncio

import pytest
from shard_house import MINUTE, House, feed, simulated

from telex.core.events import Health
from telex.core.memory import FeedState, Head, Memory, ScheduleRecord
from telex.core.model import FeedId, Hints
from telex.core.schedule import Reason
from telex.ports import Commit
from telex.wire import memories


def feeds(count):
    return [feed(f"f{number}", f"p{number}.example") for number in range(count)]


@simulated
async def test_feeds_that_were_due_in_one_second_are_spread_over_it_and_none_is_early(house: House):
    known = feeds(40)
    for each in known:
        house.web.shows(each.url, "a")
    due = float(int(house.clock.now() + MINUTE))
    states = {each.id: FeedState(due - MINUTE, due, Reason.SLOWEST) for each in known}
    claim = await house.claim()
    await claim.append(Commit(schedule=memories.pack_schedule(ScheduleRecord(states, {}))))
    await house.crash()
    start = house.clock.now()
    zero = asyncio.get_running_loop().time()

    house.start(*known)
    await asyncio.sleep(1.5 * MINUTE)
    assert await house.stop()

    asked = [house.web.times(each.url)[0] - zero + start - due for each in known]
    assert min(asked) >= 0
    assert max(asked) <= 1
    assert len({int(10 * instant) for instant in asked}) >= 5


@simulated
async def test_what_was_restored_is_advanced_and_not_kept_beside_its_successor(house: House):
    house.web.shows("https://p0.example/f0.xml", "a")
    house.start(*feeds(1))
    await asyncio.sleep(MINUTE)
    assert await house.stop()
    before = house.memory("f0")
    house.web.shows("https://p0.example/f0.xml", "b", "a")

    shard, task, claim = await house.begin(*feeds(1))
    await asyncio.sleep(2 * MINUTE)
    shard.stop()
    await task

    after = memories.unpack(claim.restored.memories[FeedId("f0")])
    assert before is not None
    assert (len(before.known), len(after.known)) == (1, 2)
    assert after == house.memory("f0")


@pytest.mark.parametrize("health", [None, *Health])
@pytest.mark.parametrize("title", ["", "t" * 20_000])
def test_a_memorys_health_and_wants_can_be_told_without_unpacking_it(health, title):
    packed = memories.pack(Memory(Head(health=health, title=title, accepted_at=1.0)))
    assert memories.health_of(packed) is health
    assert not memories.has_wants(packed)
    assert memories.unpack_head(packed).health is health


def test_a_damaged_memory_has_no_health():
    packed = memories.pack(Memory(Head(health=Health.OK)))
    for size in range(30):
        with pytest.raises(memories.UnreadableMemoryError):
            memories.health_of(packed[:size])
    assert not memories.has_wants(packed[:1])


@pytest.mark.parametrize(
    "hints", [Hints(), Hints(ttl=0.0), Hints(skip_hours=frozenset({0, 23})), Hints(ttl=60.0, skip_days=frozenset({6}))]
)
def test_hints_are_remembered_as_they_were(hints):
    assert memories.unpack_head(memories.pack(Memory(Head(hints=hints)))).hints == hints
