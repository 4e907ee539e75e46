"""What the log refuses for good costs the feed that it came from, and no other."""

import asyncio

import pytest
from shard_house import HOUR, MINUTE, House, feed, simulated

from telex.core.facts import PollEnded, ShardLost
from telex.errors import AppendRefused

POISON = b"poison"


def refuses(house: House, reason: str, *, names: bool = True) -> None:
    """The broker refuses every record that holds the word; `names`: also when others share its commit."""
    send = house.broker.send

    def careful(member, shard, epoch, commit):
        if any(POISON in (record.value or b"") for record in commit.records if record.topic == "news.articles"):
            memories = tuple(commit.memories or {})
            raise AppendRefused(reason, "bad" if names else memories[0] if len(memories) == 1 else None)
        send(member, shard, epoch, commit)

    house.broker.send = careful


def letters(house: House) -> list[tuple[str, str]]:
    return [
        (event["data"]["reason"], event["data"]["detail"])
        for event in house.events()
        if event["type"] == "telex.deadletter"
    ]


@simulated
async def test_a_poison_entry_becomes_one_dead_letter_and_the_rest_goes_on(house: House):
    refuses(house, "too_large")
    bad, good = feed("bad", "bad.example"), feed("good", "good.example")
    house.web.shows(bad.url, "poison", "fine")
    house.web.shows(good.url, "g1")
    house.start(bad, good)
    await asyncio.sleep(2 * HOUR)
    assert letters(house) == [("refused", "too_large")]
    assert house.published() == ["g1"]
    lost = [fact.reason for fact in house.facts.of(ShardLost)]
    assert lost == ["refused"]
    house.web.shows(bad.url, "fine", "other")
    house.web.shows(good.url, "g1", "g2")
    await asyncio.sleep(7 * HOUR)
    assert sorted(house.published()) == ["fine", "g1", "g2", "other"]
    assert letters(house) == [("refused", "too_large")]


@simulated
async def test_where_nobody_is_named_polls_are_committed_alone_until_somebody_is(house: House):
    refuses(house, "invalid", names=False)
    feeds = [feed(f"f{n}", f"{n}.example") for n in range(4)]
    bad = feed("bad", "bad.example")
    for each in (*feeds, bad):
        house.web.shows(each.url, f"{each.id}-1" if each is not bad else "poison")
    house.start(*feeds, bad)
    await asyncio.sleep(HOUR)
    assert letters(house) == [("refused", "invalid")]
    assert sorted(house.published()) == ["f0-1", "f1-1", "f2-1", "f3-1"]


@pytest.mark.parametrize("reason", ["not_authorised", "unknown_topic", "clock"])
def test_what_an_operator_has_to_mend_is_laid_to_no_feed(reason):
    @simulated
    async def scenario(house: House):
        refuses(house, reason)
        bad = feed("bad")
        house.web.shows(bad.url, "poison")
        house.start(bad)
        await asyncio.sleep(MINUTE)
        assert letters(house) == []
        assert {fact.reason for fact in house.facts.of(ShardLost)} == {"refused"}
        assert all(fact.outcome != "refused" for fact in house.facts.of(PollEnded))

    scenario()
