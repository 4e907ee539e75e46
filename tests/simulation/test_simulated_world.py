"""The simulated publishers and the web between: the truth does not depend on who asks, or when."""

import asyncio
import random

import pytest

from telex.core.exchange import Fetched, NotModified, Refused, Request
from telex.core.model import FeedDocument
from telex.documents.reader import read_feed
from telex.ports import ReadRequest
from telex.testing.simulation import writing
from telex.testing.simulation.loop import quiet, simulated_loop
from telex.testing.simulation.web import FAULTS, SimClock, SimFetcher, Web
from telex.testing.simulation.world import WINDOW, World

DAY = 86400.0


def state(world):
    return [(site.stories, [channel.snapshots for channel in site.channels]) for site in world.sites.values()]


def test_the_news_do_not_depend_on_when_they_are_asked_for():
    often, once = World(7, DAY, 4), World(7, DAY, 4)
    rng = random.Random(1)
    for moment in sorted(rng.uniform(0, 2 * DAY) for _ in range(200)):
        rng.choice(list(often.sites.values())).advance(moment)
    often.advance(2 * DAY)
    once.advance(2 * DAY)
    assert state(often) == state(once)
    assert state(once) != state(World(8, DAY, 4))


def test_publishers_fall_silent_when_they_are_told_to():
    world = World(3, DAY, 4)
    world.advance(DAY)
    before = repr(state(world))
    world.advance(10 * DAY)
    assert repr(state(world)) == before


def test_windows_and_ledger_agree():
    world = World(5, 5 * DAY, 4)
    world.advance(5 * DAY)
    for site in world.sites.values():
        for channel in site.channels:
            standing = [
                s.number for s in site.stories if any(p.feed == channel.feed.id and p.until is None for p in s.spells)
            ]
            assert sorted(channel.window) == standing
            assert len(channel.window) <= WINDOW
        ended = [spell for story in site.stories for spell in story.spells if spell.until is not None]
        assert all(spell.since <= spell.until for spell in ended)


@pytest.mark.parametrize("rss", [False, True])
def test_documents_are_read_by_the_real_reader(rss):
    items = ((3, 2, 1, 7200.0), (2, 1, 0, 3600.0), (1, 1, 0, 0.0))
    body = writing.document("paper.example", "http://paper.example/feed0", rss, False, items)
    document = read_feed(ReadRequest(body, writing.RSS if rss else writing.JSON_FEED, "http://paper.example/feed0"))
    assert isinstance(document, FeedDocument)
    assert document.complete
    assert [entry.guid for entry in document.slots] == [f"urn:report:paper.example/{n}" for n in (3, 2, 1)]
    assert document.slots[0].title.value == "Report 3, edition 2"
    assert "written 2 times" in document.slots[0].content.value


def web_of(loop, fault_rate):
    world = World(1, DAY, 4)
    return Web(loop, world, random.Random(2), fault_rate=fault_rate)


def first_feed(web):
    return next(iter(web.world.feeds.values()))


def test_a_feed_that_did_not_change_is_not_sent_twice():
    async def live(web):
        feed, fetcher = first_feed(web), SimFetcher(web, "a1", SimClock(web.loop))
        first = await fetcher.fetch(Request(feed.url, feed.publisher))
        second = await fetcher.fetch(Request(feed.url, feed.publisher, etag=first.etag))
        return first, second

    with quiet(), simulated_loop() as loop:
        web = web_of(loop, 0.0)
        first, second = loop.run_until_complete(live(web))
    assert isinstance(first, Fetched)
    assert isinstance(second, NotModified)
    assert [visit.answer for visit in web.visits] == ["fetched", "not_modified"]


def test_every_fault_of_the_web_strikes_and_no_exchange_raises():
    async def live(web):
        feed, clock = first_feed(web), SimClock(web.loop, -5.0)
        fetcher = SimFetcher(web, "a1", clock)
        answers = [await fetcher.fetch(Request(feed.url, feed.publisher, etag='"1"')) for _ in range(200)]
        return answers, clock.now()

    with quiet(), simulated_loop() as loop:
        web = web_of(loop, 0.9)
        answers, now = loop.run_until_complete(live(web))
    assert set(web.struck) == set(FAULTS)
    held = [answer.retry_at - answer.at for answer in answers if isinstance(answer, Refused) and answer.retry_at]
    assert held
    assert all(120 <= wait <= 1800 for wait in held)
    assert all(visit.calendar <= now for visit in web.visits)


def test_asking_a_publisher_twice_at_a_time_is_noted_for_each_process_apart():
    async def live(web):
        feed = first_feed(web)
        ask = Request(feed.url, feed.publisher)
        a, b = (SimFetcher(web, name, SimClock(web.loop)) for name in "ab")
        await asyncio.gather(a.fetch(ask), b.fetch(ask))
        polite = list(web.crowds)
        await asyncio.gather(a.fetch(ask), a.fetch(ask))
        return polite

    with quiet(), simulated_loop() as loop:
        web = web_of(loop, 0.0)
        assert loop.run_until_complete(live(web)) == []
    assert len(web.crowds) == 1
