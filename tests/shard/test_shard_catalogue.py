"""Feeds that come and go under a running shard, their memories, and memories that cannot be read."""

import asyncio

import pytest
from shard_house import DAY, HOUR, MINUTE, House, feed, simulated

from support.schema_validation import assert_valid_event
from telex.core.facts import MemoryDropped, PollEnded, ShardLost
from telex.core.identity import digest
from telex.core.memory import RETIRED_AGE
from telex.ports import CommandKind, Commit
from telex.shard import poll as poll_module


def shows(house, *feeds):
    for each in feeds:
        house.web.shows(each.url, each.id)


@simulated
async def test_feeds_that_come_are_polled_and_those_that_leave_rest_and_are_told_once(house: House):
    stays, goes, comes = feed("stays"), feed("goes"), feed("comes")
    shows(house, stays, goes, comes)
    house.start(stays, goes)
    await asyncio.sleep(MINUTE / 2)
    house.catalogue.set(stays, comes)
    await asyncio.sleep(5)
    asked = len(house.web.times(goes.url))
    house.catalogue.set(stays, comes)
    await asyncio.sleep(10 * MINUTE)
    assert len(house.web.times(goes.url)) == asked
    assert sorted(house.published()) == ["comes", "goes", "stays"]
    await house.crash()
    house.start()
    await asyncio.sleep(MINUTE)
    assert [event["subject"] for event in house.events("feed.retired")] == ["goes"]
    assert house.health("goes") == ["ok", "retired"]
    for event in house.events():
        assert_valid_event(event)


@simulated
async def test_a_feed_that_left_while_nobody_ran_is_retired_at_the_start(house: House):
    stays, goes = feed("stays"), feed("goes")
    shows(house, stays, goes)
    house.start(stays, goes)
    await asyncio.sleep(MINUTE)
    await house.crash()
    house.start(stays)
    await asyncio.sleep(MINUTE)
    assert [event["subject"] for event in house.events("feed.retired")] == ["goes"]
    assert house.health("goes") == ["ok", "retired"]
    for event in house.events():
        assert_valid_event(event)


@simulated
async def test_a_feed_that_leaves_during_its_poll_stays_retired(house: House):
    stays, goes = feed("stays", "stays.example"), feed("goes")
    shows(house, stays, goes)
    house.start(stays, goes)
    await asyncio.sleep(MINUTE / 2)
    house.web.delays[goes.url] = 30.0
    house.web.shows(goes.url, "goes", "late")
    while len(house.web.times(goes.url)) < 2:
        await asyncio.sleep(1)
    house.catalogue.set(stays)
    await asyncio.sleep(5 * MINUTE)
    assert house.health("goes") == ["ok", "retired"]
    assert "late" not in house.published()
    house.catalogue.set(stays, feed("new"))
    await asyncio.sleep(MINUTE)
    assert len(house.events("feed.retired")) == 1


@simulated
async def test_a_feed_that_comes_back_knows_its_articles_also_where_it_left_paused(house: House):
    stays, goes = feed("stays"), feed("goes")
    shows(house, stays, goes)
    house.start(stays, goes)
    await asyncio.sleep(MINUTE / 2)
    await house.order(CommandKind.PAUSE, "goes")
    await asyncio.sleep(MINUTE)
    house.catalogue.set(stays)
    await asyncio.sleep(10 * MINUTE)
    house.web.shows(goes.url, "goes", "new")
    house.catalogue.set(stays, goes)
    await asyncio.sleep(5 * MINUTE)
    assert sorted(house.published()) == ["goes", "new", "stays"]
    assert house.health("goes") == ["ok", "paused", "retired", "ok"]


@simulated
async def test_a_retired_memory_becomes_a_tombstone_after_ninety_days_and_not_before(house: House):
    stays = feed("stays", interval_min=12 * HOUR, interval_max=12 * HOUR)
    goes = feed("goes")
    shows(house, stays, goes)
    house.start(stays, goes)
    await asyncio.sleep(MINUTE)
    house.catalogue.set(stays)
    await asyncio.sleep(RETIRED_AGE - DAY)
    assert house.memory("goes") is not None
    await asyncio.sleep(2 * DAY)  # nobody touches the catalogue and nothing restarts
    assert house.memory("goes") is None
    assert house.memory("stays") is not None
    house.web.shows(goes.url, "goes")
    house.catalogue.set(stays, goes)  # beyond the named horizon it is a new feed
    await asyncio.sleep(MINUTE)
    assert house.published().count("goes") == 2


@simulated
async def test_a_feed_that_comes_back_within_the_ninety_days_is_none_of_those_that_expire(house: House):
    stays = feed("stays", interval_min=12 * HOUR, interval_max=12 * HOUR)
    goes = feed("goes", interval_min=12 * HOUR, interval_max=12 * HOUR)
    shows(house, stays, goes)
    house.start(stays, goes)
    await asyncio.sleep(MINUTE)
    house.catalogue.set(stays)
    await asyncio.sleep(RETIRED_AGE - DAY)
    house.catalogue.set(stays, goes)
    await asyncio.sleep(10 * DAY)
    assert house.published().count("goes") == 1
    assert house.memory("goes") is not None


@simulated
async def test_what_a_feed_published_before_it_left_is_not_published_by_its_sister(house: House):
    stays, goes = feed("stays"), feed("goes")
    house.web.shows(goes.url, "shared")
    house.web.shows(stays.url, "other")
    house.start(stays, goes)
    await asyncio.sleep(MINUTE / 2)
    house.catalogue.set(stays)
    await asyncio.sleep(MINUTE)
    house.web.shows(stays.url, "other", "shared")
    await asyncio.sleep(3 * MINUTE)
    assert sorted(house.published()) == ["other", "shared"]


@simulated
async def test_a_retirement_that_meets_a_fault_of_ours_costs_nobody_else(house: House):
    real = poll_module.ingesting

    def ingesting(feed, *args):
        if feed.id == "bad":
            raise ZeroDivisionError("a fault")
        return real(feed, *args)

    stays, bad = feed("stays"), feed("bad")
    shows(house, stays, bad)
    house.start(stays, bad)
    await asyncio.sleep(MINUTE / 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(poll_module, "ingesting", ingesting)
        house.catalogue.set(stays)
        await asyncio.sleep(MINUTE)
        house.web.shows(stays.url, "stays", "new")
        await asyncio.sleep(3 * MINUTE)
        assert house.facts.of(ShardLost) == []
        assert "new" in house.published()
        assert {fact.feed for fact in house.facts.of(PollEnded) if fact.outcome == "internal"} == {"bad"}
        assert house.events("feed.retired") == []
    house.catalogue.set(stays, feed("more"))
    await asyncio.sleep(MINUTE)
    assert [event["subject"] for event in house.events("feed.retired")] == ["bad"]


@simulated
async def test_memories_that_cannot_be_read_are_given_up_and_told_and_cost_no_neighbour(house: House):
    names = ["ruined", "headless", "cut", "sister"]
    feeds = [feed(name) for name in names]
    shows(house, *feeds)
    house.start(*feeds)
    await asyncio.sleep(MINUTE)
    await house.crash()
    packed = house.broker.restore(0).memories
    ruined = {
        "ruined": digest(b"noise") * 20,
        "headless": b"",
        "cut": packed["cut"][: len(packed["cut"]) - 20],
    }
    claim = await house.claim()
    await claim.append(Commit(memories=ruined))
    await house.crash()
    house.start()
    await asyncio.sleep(5 * MINUTE)
    assert {fact.feed for fact in house.facts.of(MemoryDropped)} >= {"ruined", "cut"}
    assert house.facts.of(ShardLost) == []
    for each in feeds:
        house.web.shows(each.url, each.id, f"{each.id}-new")
    await asyncio.sleep(3 * MINUTE)
    assert {f"{name}-new" for name in names} <= set(house.published())
    assert house.published().count("sister") == 1
    assert "internal" not in {fact.outcome for fact in house.facts.of(PollEnded)}


@simulated
async def test_a_ruined_schedule_is_given_up_and_told(house: House):
    one = feed("one")
    shows(house, one)
    house.start(one)
    await asyncio.sleep(2 * MINUTE)
    await house.crash()
    claim = await house.claim()
    await claim.append(Commit(schedule=b"noise"))
    await house.crash()
    house.start()
    await asyncio.sleep(2 * MINUTE)
    assert "schedule of shard 0" in house.facts.of(MemoryDropped)[0].what
    assert house.schedule().feeds.keys() == {"one"}
    assert house.published() == ["one"]
