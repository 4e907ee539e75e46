"""What operators ask of a shard: poll, pause, resume; obeyed once, also after a restart."""

import asyncio

import pytest
from shard_house import HOUR, MINUTE, House, feed, simulated

from telex.core.facts import PollEnded, ShardLost
from telex.core.model import FeedId
from telex.ports import Command, CommandKind
from telex.shard import poll as poll_module

SLOW = {"interval_min": HOUR, "interval_max": HOUR}


@simulated
async def test_a_feed_is_polled_when_it_is_asked_for(house: House):
    one = feed("one", **SLOW)
    house.web.shows(one.url, "1")
    house.start(one)
    await asyncio.sleep(MINUTE)
    house.web.shows(one.url, "1", "2")
    await house.order(CommandKind.POLL, "one")
    await asyncio.sleep(5)
    assert house.published() == ["1", "2"]
    await asyncio.sleep(MINUTE)
    assert len(house.web.times(one.url)) == 2
    assert house.broker.restore(0).inbox == 1


@simulated
async def test_a_paused_feed_rests_through_a_restart_until_it_is_resumed(house: House):
    one, two = feed("one"), feed("two", "two.example")
    for each in (one, two):
        house.web.shows(each.url, each.id)
    house.start(one, two)
    await asyncio.sleep(MINUTE / 2)
    await house.order(CommandKind.PAUSE, "one")
    await asyncio.sleep(5)
    asked = len(house.web.times(one.url))
    await house.order(CommandKind.PAUSE, "one", 2)  # again, by another hand: the same as once
    await house.order(CommandKind.POLL, "one", 3)  # a paused feed is paused
    await asyncio.sleep(10 * MINUTE)
    await house.crash()
    house.start()
    await asyncio.sleep(10 * MINUTE)
    assert len(house.web.times(one.url)) == asked
    assert len(house.web.times(two.url)) > 15
    house.web.shows(one.url, "one", "new")
    await house.order(CommandKind.RESUME, "one", 4)
    await asyncio.sleep(5)
    assert "new" in house.published()
    assert house.health("one") == ["ok", "paused", "ok"]
    await asyncio.sleep(5 * MINUTE)
    assert len(house.web.times(one.url)) >= asked + 4, "polling goes on"


@simulated
async def test_commands_that_came_while_nobody_ran_are_obeyed_once(house: House):
    one = feed("one", **SLOW)
    house.web.shows(one.url, "1")
    house.start(one)
    await asyncio.sleep(MINUTE)
    await house.crash()
    await house.member().put(0, Command("a-command", CommandKind.POLL, FeedId("one")))
    house.start()
    await asyncio.sleep(MINUTE)
    assert len(house.web.times(one.url)) == 2
    await house.crash()
    house.start()
    await asyncio.sleep(MINUTE)
    assert len(house.web.times(one.url)) == 2, "its position was committed"


@simulated
async def test_a_pause_during_a_poll_keeps_what_the_poll_brings_and_plans_no_other(house: House):
    one = feed("one")
    house.web.shows(one.url, "1")
    house.web.delays[one.url] = 20.0
    house.start(one)
    await asyncio.sleep(10)
    await house.order(CommandKind.PAUSE, "one")
    await asyncio.sleep(10 * MINUTE)
    assert house.published() == ["1"]
    assert len(house.web.times(one.url)) == 1
    assert house.health("one")[-1] == "paused"


@simulated
async def test_a_command_for_a_feed_that_is_not_here_is_passed_over(house: House):
    one = feed("one", **SLOW)
    house.web.shows(one.url, "1")
    house.start(one)
    for number, kind in enumerate(CommandKind):
        await house.order(kind, "unknown", number)
    await house.order(CommandKind.POLL, "one", 9)
    await asyncio.sleep(MINUTE)
    assert house.broker.restore(0).inbox == 4
    assert house.facts.of(ShardLost) == []
    assert house.events("feed.status")[0]["subject"] == "one"
    assert len(house.events("feed.status")) == 1


@simulated
async def test_a_command_that_meets_a_fault_of_ours_costs_its_feed_alone(house: House):
    real = poll_module.ingesting

    def ingesting(feed, *args):
        if feed.id == "bad":
            raise ZeroDivisionError("a fault")
        return real(feed, *args)

    for name in ("bad", "good"):
        house.web.shows(feed(name).url, name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(poll_module, "ingesting", ingesting)
        house.start(feed("bad"), feed("good"))
        await house.order(CommandKind.PAUSE, "bad")
        await house.order(CommandKind.POLL, "good", 2)
        await asyncio.sleep(10 * MINUTE)
    assert house.facts.of(ShardLost) == []
    assert house.broker.restore(0).inbox == 2
    assert "internal" in {fact.outcome for fact in house.facts.of(PollEnded) if fact.feed == "bad"}
    assert house.published() == ["good"]
