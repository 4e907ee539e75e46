"""Faults that a review found in the shard: each asked a publisher too soon, never again, or told an article late or twice."""

import asyncio
from dataclasses import replace

import pytest
from shard_house import DAY, HOUR, MINUTE, House, feed, simulated

from telex.adapters.reading import InlineReader
from telex.core.exchange import Refusal
from telex.core.facts import PollEnded
from telex.core.model import PageDocument, PageRules, Unreadable
from telex.ports import CommandKind, Commit
from telex.testing.memory_log import MemoryClaim
from telex.testing.simulation.loop import quiet, simulated_loop

SENTENCES = " ".join(f"The {n}th sentence of the report tells what the council decided on Tuesday." for n in range(12))
PAGE = f"<html><body><article><h1>The report</h1><p>{SENTENCES}</p><p>{SENTENCES}</p></article></body></html>".encode()


def link(name: str) -> str:
    return f"http://news.example/{name}"


def serves_page(house: House, name: str, delay: float = 0.1) -> None:
    house.web.answer(link(name), house.web.body(PAGE, "text/html; charset=utf-8"))
    house.web.delays[link(name)] = delay


def told(house: House) -> list[tuple[str, int, str | None]]:
    """Kind, version and title of each article event, in order."""
    return [
        (event["type"].rpartition(".")[2], event["data"]["version"], event["data"]["title"])
        for event in house.events()
        if event["type"].startswith("telex.article")
    ]


FULL = feed("full", full_text=True, interval_min=HOUR, interval_max=HOUR)


@simulated
async def test_a_page_that_waited_for_its_turn_is_not_asked_of_a_publisher_that_asked_for_rest_meanwhile(house: House):
    other = feed("other")
    house.web.shows(FULL.url, "one")
    serves_page(house, "one")
    house.web.answer(other.url, house.web.refusal(Refusal.RATE_LIMITED, 429, HOUR / 2))
    house.web.delays[other.url] = 5.0
    house.start(FULL, other)
    await asyncio.sleep(HOUR / 2)
    assert house.web.times(link("one")) == []
    await asyncio.sleep(HOUR / 4)
    assert len(house.web.times(link("one"))) == 1


@simulated
async def test_a_hold_lasts_as_long_as_was_asked_though_the_calendar_jumps_back(house: House):
    quick = feed("quick")
    house.web.answer(quick.url, house.web.refusal(Refusal.RATE_LIMITED, 429, 10 * MINUTE))
    house.start(quick)
    await asyncio.sleep(MINUTE)
    house.clock.offset = -365 * DAY
    house.web.shows(quick.url, "q1")
    await asyncio.sleep(HOUR)
    assert house.published() == ["q1"]


@simulated
async def test_a_hold_lasts_as_long_as_was_asked_though_the_calendar_jumps_ahead(house: House):
    quick, other = feed("early"), feed("late")
    house.web.shows(quick.url, "q1")
    house.web.answer(other.url, house.web.refusal(Refusal.RATE_LIMITED, 429, HOUR))
    house.start(quick, other)
    await asyncio.sleep(MINUTE / 2)
    asked = len(house.web.asked)
    house.clock.offset = 365 * DAY
    await asyncio.sleep(HOUR / 2)
    assert len(house.web.asked) == asked


@simulated
async def test_a_hold_from_a_clock_that_ran_ahead_is_not_kept_for_ever(house: House):
    quick = feed("quick")
    house.clock.offset = 400 * DAY
    house.web.answer(quick.url, house.web.refusal(Refusal.RATE_LIMITED, 429, HOUR))
    house.start(quick)
    await asyncio.sleep(5 * MINUTE)
    assert await house.stop()
    house.clock.offset = 0.0
    house.web.shows(quick.url, "q1")
    house.start()
    await asyncio.sleep(10 * DAY)
    assert house.published() == ["q1"]


@simulated
async def test_a_calendar_that_slips_a_little_keeps_no_article_beyond_its_minute(house: House):
    house.web.shows(FULL.url, "one")
    serves_page(house, "one", delay=10 * MINUTE)
    house.start(FULL)
    await asyncio.sleep(MINUTE / 2)
    house.clock.offset = -0.05
    await asyncio.sleep(MINUTE / 2 + 5)
    assert told(house) == [("published", 1, "Title of one")]


@simulated
async def test_a_calendar_that_jumps_back_keeps_no_article_for_long(house: House):
    house.web.shows(FULL.url, "one")
    serves_page(house, "one", delay=30 * MINUTE)
    house.start(FULL)
    await asyncio.sleep(MINUTE / 2)
    house.clock.offset = -365 * DAY
    await asyncio.sleep(3 * MINUTE)
    assert told(house) == [("published", 1, "Title of one")]
    await asyncio.sleep(3 * HOUR)
    assert [version for _, version, _ in told(house)] == [1, 2]
    assert house.memory("full").wants == ()


@simulated
async def test_an_edit_that_renews_a_want_is_told_within_its_own_minute(house: House):
    quick = replace(FULL, interval_min=5 * MINUTE, interval_max=5 * MINUTE)
    house.settings = replace(house.settings, per_publisher=2)
    house.web.shows(quick.url, "one")
    serves_page(house, "one", delay=2 * HOUR)
    house.start(quick)
    await asyncio.sleep(2 * MINUTE)
    house.web.shows(quick.url, "one", one="Edited")
    await asyncio.sleep(6 * MINUTE)
    assert told(house) == [("published", 1, "Title of one"), ("updated", 2, "Edited")]


class Stumbles(InlineReader):
    """A reader with a fault of ours in it."""

    async def read_page(
        self, body: bytes, content_type: str | None, url: str, rules: PageRules | None = None
    ) -> PageDocument | Unreadable:
        raise ZeroDivisionError


@simulated
async def test_a_page_that_finds_a_fault_of_ours_costs_its_article_nothing(house: House):
    made = house.context
    house.context = lambda: replace(made(), reader=Stumbles())  # type: ignore[method-assign]
    house.web.shows(FULL.url, "one")
    serves_page(house, "one")
    house.start(FULL)
    await asyncio.sleep(2 * MINUTE)
    assert told(house) == [("published", 1, "Title of one")]
    assert not [fact for fact in house.facts.of(PollEnded) if fact.outcome == "internal"]


@simulated
async def test_a_paused_feeds_publisher_is_asked_for_no_pages_either(house: House):
    house.web.shows(FULL.url, "one", "two", "three")
    for name in ("one", "two", "three"):
        serves_page(house, name, delay=5.0)
    house.start(FULL)
    await asyncio.sleep(2.0)
    await house.order(CommandKind.PAUSE, "full")
    await asyncio.sleep(5 * MINUTE)
    pages = [url for _, url in house.web.asked if url != FULL.url]
    assert len(pages) == 1
    assert len(told(house)) == 3


@simulated
async def test_a_new_address_is_asked_at_once_and_an_answer_of_the_old_one_is_not_its(house: House):
    old, new = feed("moving"), replace(feed("moving"), url="https://news.example/new.xml")
    house.web.shows(old.url, "o1")
    house.web.delays[old.url] = 10.0
    house.web.shows(new.url, "n1")
    house.start(old)
    await asyncio.sleep(5.0)
    house.catalogue.set(new)
    await asyncio.sleep(MINUTE / 2)
    assert house.published() == ["n1"]


@simulated
async def test_a_failing_feed_whose_address_is_corrected_is_asked_at_once(house: House):
    wrong, right = feed("typo"), replace(feed("typo"), url="https://news.example/right.xml")
    house.web.answer(wrong.url, house.web.refusal(Refusal.CLIENT_ERROR, 404))
    house.web.shows(right.url, "r1")
    house.start(wrong)
    await asyncio.sleep(DAY)
    house.catalogue.set(right)
    await asyncio.sleep(5.0)
    assert house.published() == ["r1"]
    assert len(house.web.times(right.url)) == 1


@pytest.mark.parametrize("step", range(0, 40, 2))
def test_a_stop_at_any_moment_of_a_commit_publishes_nothing_twice(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    append = MemoryClaim.append

    async def take_time(claim: MemoryClaim, commit: Commit) -> None:
        await asyncio.sleep(0.1)
        await append(claim, commit)

    monkeypatch.setattr(MemoryClaim, "append", take_time)

    async def scenario() -> None:
        house = House()
        quick = feed("quick", full_text=True, interval_min=1.0, interval_max=1.0)
        house.web.shows(quick.url, "one")
        serves_page(house, "one", delay=2.0)
        house.web.delays[quick.url] = 0.01
        house.start(quick)
        while not house.web.times(link("one")):
            await asyncio.sleep(0.01)
        house.web.shows(quick.url, "one", "two")
        await asyncio.sleep(1.9 + step * 0.01)
        assert await house.stop()
        house.start()
        await asyncio.sleep(2 * MINUTE)
        versions: dict[str, list[int]] = {}
        for event in house.events("article.published", "article.updated"):
            versions.setdefault(event["data"]["guid"], []).append(event["data"]["version"])
        assert {name: found[0] for name, found in versions.items()} == {"one": 1, "two": 1}
        assert all(found == list(range(1, len(found) + 1)) for found in versions.values()), versions
        await house.crash()

    with quiet(), simulated_loop() as loop:
        loop.run_until_complete(scenario())
        assert loop.errors == []
