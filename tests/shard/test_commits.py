"""The committer: what is grouped, what waits while the log takes nothing, and who hears of a claim's end."""

import asyncio
from dataclasses import replace

import pytest
from shard_house import simulated

from telex.core.events import FeedRetired
from telex.core.facts import Committed, LogPaused
from telex.core.model import FeedId, Publisher
from telex.errors import ClaimDied
from telex.shard.commit import Cargo, Committer
from telex.wire.cloudevents import records
from telex.wire.topics import Naming


def event(name, number=1):
    """An event of a feed as what is submitted of it."""
    retired = FeedRetired(FeedId(name), Publisher("news.example"), number, 1_700_000_000.0)
    cargo = Cargo(list(records(retired, Naming())))
    cargo.note(retired)
    return cargo


def commits(house):
    return [happening.commit for happening in house.broker.history if happening.kind == "commit"]


async def running(house, **settings):
    claim = await house.claim()
    house.settings = replace(house.settings, **settings)
    committer = Committer(claim, house.context())
    return claim, committer, asyncio.create_task(committer.run())


async def submitted(*submissions):
    """Tasks that have submitted, in this order."""
    tasks = [asyncio.ensure_future(each) for each in submissions]
    await asyncio.sleep(0)
    return tasks


@simulated
async def test_what_is_submitted_during_a_commit_lands_in_the_next_together(house):
    _, committer, _ = await running(house)
    names = "abcdef"
    first = await submitted(committer.submit(event("a"), {FeedId("a"): b"a"}))
    await asyncio.sleep(0)
    rest = [asyncio.ensure_future(committer.submit(event(n), {FeedId(n): n.encode()})) for n in names[1:]]
    await asyncio.gather(*first, *rest)
    assert [len(commit.memories) for commit in commits(house)] == [1, 5]
    assert [each["subject"] for each in house.events()] == list(names)
    assert sum(fact.records for fact in house.facts.of(Committed)) == len(names)


@simulated
async def test_a_commit_is_full_at_its_number_of_records_or_bytes_and_order_is_kept(house):
    _, committer, _ = await running(house, commit_records=3, commit_bytes=10_000)
    sizes = [1, 1, 1, 1, 6000, 6000, 20_000, 1]
    await asyncio.gather(
        *(committer.submit(event("f", n), {FeedId(f"m{n}"): b"x" * size}) for n, size in enumerate(sizes))
    )
    assert [len(commit.records) for commit in commits(house)] == [3, 2, 1, 1, 1]
    ordinals = [int(each["id"].rpartition(":")[2]) for each in house.events()]
    assert ordinals == list(range(len(sizes)))


@simulated
async def test_of_grouped_positions_and_schedules_the_last_counts(house):
    _, committer, _ = await running(house)
    await asyncio.gather(
        committer.submit(memories={FeedId("f"): b"old"}, inbox=1, schedule=b"one"),
        committer.submit(memories={FeedId("f"): b"new"}, inbox=2),
        committer.submit(schedule=b"two"),
        committer.submit(event("f")),
    )
    restored = house.broker.restore(0)
    assert (restored.inbox, restored.schedule, restored.memories) == (2, b"two", {"f": b"new"})
    assert len(commits(house)) == 1


@simulated
async def test_an_unavailable_log_pauses_once_loses_nothing_and_resumes(house):
    _, committer, _ = await running(house)
    house.broker.unavailable = "the disk is full"
    waiting = [asyncio.ensure_future(committer.submit(event(n))) for n in "abc"]
    await asyncio.sleep(40)
    assert house.facts.of(LogPaused) == [LogPaused(0, resumed=False, detail="the disk is full")]
    assert not any(task.done() for task in waiting)
    room = asyncio.ensure_future(committer.wait_room())
    await asyncio.sleep(1)
    assert not room.done()
    house.broker.unavailable = None
    began = asyncio.get_running_loop().time()
    await asyncio.gather(*waiting, room)
    assert asyncio.get_running_loop().time() - began <= 10, "it is tried again at least every ten seconds"
    assert house.facts.of(LogPaused)[1:] == [LogPaused(0, resumed=True, detail=None)]
    assert [each["subject"] for each in house.events()] == ["a", "b", "c"]


@simulated
async def test_too_much_that_waits_for_the_log_lets_nobody_fetch_more(house):
    _, committer, _ = await running(house, commit_bytes=1000)
    waiting = [asyncio.ensure_future(committer.submit(memories={FeedId(f"f{n}"): b"x" * 1000})) for n in range(6)]
    await asyncio.sleep(0)
    room = asyncio.ensure_future(committer.wait_room())
    await asyncio.sleep(0)
    assert not room.done()
    await asyncio.gather(*waiting, room)
    assert len(commits(house)) == 6


@simulated
async def test_a_claim_that_dies_is_heard_by_everybody_who_waits(house):
    claim, committer, run = await running(house)
    house.broker.unavailable = "locked"
    waiting = await submitted(*(committer.submit(event(n)) for n in "abc"))
    await asyncio.sleep(0.2)
    later = await submitted(committer.submit(event("d")))
    await house.log.close()
    house.broker.unavailable = None
    for task in (*waiting, *later, run):
        with pytest.raises(ClaimDied):
            await task
    assert house.events() == []
    assert claim.is_dead


@simulated
async def test_a_poll_that_was_cancelled_while_it_waited_harms_no_other(house):
    _, committer, _ = await running(house)
    house.broker.unavailable = "locked"
    one, two = await submitted(committer.submit(event("a")), committer.submit(event("b")))
    await asyncio.sleep(0.2)
    one.cancel()
    house.broker.unavailable = None
    await two
    assert [each["subject"] for each in house.events()] == ["a", "b"]
