"""Memories built again from events: what is shown again is recognised, what is new is told, what is not known is said."""

import asyncio

import pytest
from shard_house import DAY, HOUR, MINUTE, TIMING, House, feed, simulated

from acceptance.origin import item, rss
from telex.core.model import Backfill
from telex.core.recall import forget, recalled
from telex.core.records import Record
from telex.documents import limits
from telex.ports import Commit
from telex.shard.rebuild import Counts, Rebuild
from telex.testing.memory_broker import Broker
from telex.testing.memory_log import MemoryClaim
from telex.wire import memories

LONG = " ".join(f"The {n}th sentence of the report tells what the council decided on Tuesday." for n in range(12))
PAGE = (
    '<html><head><title>The report</title><meta name="author" content="Awa Diop"></head>'
    f"<body><article><h1>The report</h1><p>{LONG}</p><p>{LONG}</p></article></body></html>"
)
CONTENT = '<content:encoded xmlns:content="http://purl.org/rss/1.0/modules/content/"><![CDATA[{}]]></content:encoded>'


def rebuilt(house: House, *feeds, horizon=None, limit=1 << 20):
    """What the events of the house's log tell."""
    told = Rebuild()
    for each in house.broker.read(None, 0, 100_000):
        told.take(each.record)
    return told.build(feeds, shards=1, now=house.clock.now(), horizon=horizon, limit=limit)


async def relive(house: House, *feeds, horizon=None) -> Counts:
    """The state is lost and built again; the log holds only what is published from now on."""
    await house.crash()
    built = rebuilt(house, *feeds, horizon=horizon)
    house.broker = Broker(1, clock=house.clock, timing=TIMING)
    claim = await house.claim()
    await claim.append(Commit(memories=dict(built.shards[0])))
    house.log.crash()
    house.broker.expire()
    house.start(*feeds)
    return built.counts


def told(house: House):
    """What was published: type, version and title of each article, and what else."""
    found = []
    for event in house.events():
        data = event["data"]
        kind = event["type"].removeprefix("telex.")
        found.append((kind, data["version"], data["title"]) if kind.startswith("article") else (kind, data["feed"]))
    return found


@simulated
async def test_entries_known_by_whatever_makes_them_are_recognised(house: House):
    one = feed("one")
    items = [
        item("guid", title="Guid"),
        "<item><title>Link</title><link>http://news.example/a b?q=é|x#top</link></item>",
        "<item><title>Permalink</title><guid>https://www.news.example/p/?utm_source=x</guid></item>",
        "<item><title>Text &amp; nothing else</title><description>Plain text.</description></item>",
        "<item><title>Authors</title><guid>a</guid><author>awa@example.org (Awa Diop)</author></item>",
        item("body", title="Body", more=CONTENT.format("<p>One <b>paragraph</b></p><p>two &amp; three</p>")),
        item("dated", title="Dated", more="<pubDate>Mon, 05 Feb 2024 10:00:00 GMT</pubDate>"),
    ]
    house.web.answer(one.url, house.web.body(rss(*items)))
    house.start(one)
    await asyncio.sleep(2 * MINUTE)
    assert len(house.published()) == 7
    counts = await relive(house, one)
    assert counts == Counts(feeds=1, articles=7)
    await asyncio.sleep(5 * MINUTE)
    assert told(house) == []
    items[0] = item("guid", title="Guid edited")
    house.web.answer(one.url, house.web.body(rss(item("new", title="New"), *items)))
    await asyncio.sleep(2 * MINUTE)
    assert told(house) == [("article.published", 1, "New"), ("article.updated", 2, "Guid edited")]


@simulated
async def test_an_entry_of_text_alone_that_cannot_be_recognised_is_counted(house: House):
    one = feed("one")
    house.web.answer(one.url, house.web.body(rss("<item><title>A <![CDATA[<b>bold</b>]]> word</title></item>")))
    house.start(one)
    await asyncio.sleep(2 * MINUTE)
    assert rebuilt(house, one).counts == Counts(feeds=1, articles=0, unknown=1)


@simulated
async def test_bodies_and_authors_that_a_page_brought_are_taken_for_told(house: House):
    one = feed("one", full_text=True)
    house.web.shows(one.url, "a", "b")
    for name in "ab":
        house.web.answer(f"http://news.example/{name}", house.web.body(PAGE.encode(), "text/html"))
    house.start(one)
    await asyncio.sleep(2 * MINUTE)
    assert all(event["data"]["body"] and event["data"]["authors"] for event in house.events("article.published"))
    await relive(house, one)
    await asyncio.sleep(5 * MINUTE)
    assert told(house) == []
    house.web.shows(one.url, "a", "b", a="A edited")
    await asyncio.sleep(5 * MINUTE)
    assert told(house) == [("article.updated", 2, "A edited")]


@simulated
async def test_what_the_log_had_to_cut_is_taken_for_told(house: House):
    one = feed("one")
    body = CONTENT.format("<p>" + "word " * 2_000 + "</p>")
    house.web.answer(one.url, house.web.body(rss(item("a", title="A", more=body), item("b"))))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MemoryClaim, "record_limit", 4000)
        house.start(one)
        await asyncio.sleep(2 * MINUTE)
        assert [event["data"]["truncated"] for event in house.events("article.published")] == [True, False]
        await relive(house, one)
        await asyncio.sleep(5 * MINUTE)
        assert told(house) == []


@simulated
async def test_an_article_of_several_feeds_is_told_by_none_of_them_again(house: House):
    a, b = feed("a"), feed("b")
    first, second = item("x", title="As A has it"), item("x", title="As B has it")
    house.web.answer(a.url, house.web.body(rss(first)))
    house.web.answer(b.url, house.web.body(rss(second)))
    house.start(a, b)
    await asyncio.sleep(2 * MINUTE)
    house.web.answer(a.url, house.web.body(rss(item("x", title="As A has it now"))))
    await asyncio.sleep(2 * MINUTE)
    assert [entry[1] for entry in told(house) if entry[0].startswith("article")] == [1, 2]
    counts = await relive(house, a, b)
    assert (counts.feeds, counts.articles) == (2, 1)
    await asyncio.sleep(5 * MINUTE)
    assert told(house) == []
    house.web.answer(a.url, house.web.body(rss(item("x", title="As A has it at last"))))
    await asyncio.sleep(2 * MINUTE)
    assert told(house) == [("article.updated", 3, "As A has it at last")]


@simulated
async def test_a_text_that_another_feed_told_is_not_that_feeds_edit(house: House):
    a, b = feed("a"), feed("b")
    house.web.answer(a.url, house.web.body(rss(item("x", title="X"))))
    house.web.answer(b.url, house.web.body(rss(item("other"))))
    house.start(a, b)
    await asyncio.sleep(2 * MINUTE)
    house.web.answer(b.url, house.web.body(rss(item("x", title="X", more=CONTENT.format("With a body.")))))
    await asyncio.sleep(2 * MINUTE)
    assert ("article.updated", 2, "X") in told(house)
    await relive(house, a, b)
    await asyncio.sleep(5 * MINUTE)
    assert told(house) == []


@simulated
async def test_a_withdrawn_article_stays_withdrawn_and_comes_back_with_its_next_version(house: House):
    one = feed("one")
    house.web.shows(one.url, *"54321")
    house.start(one)
    await asyncio.sleep(2 * MINUTE)
    house.web.shows(one.url, *"5421")
    await asyncio.sleep(5 * MINUTE)
    counts = await relive(house, one)
    assert (counts.articles, counts.withdrawn) == (5, 1)
    await asyncio.sleep(5 * MINUTE)
    assert told(house) == []
    house.web.shows(one.url, *"54321")
    await asyncio.sleep(2 * MINUTE)
    assert told(house) == [("article.updated", 3, "Title of 3")]


@simulated
async def test_more_entries_than_departed_ones_are_kept_are_recognised_also_after_a_failed_poll(house: House):
    one = feed("one")
    names = [str(number) for number in range(400)]
    house.web.shows(one.url, *names)
    house.start(one)
    await asyncio.sleep(2 * MINUTE)
    assert len(house.published()) == 400
    await house.crash()
    shown = house.web.document(*(item(name) for name in names))
    house.web.answer(one.url, *(house.web.body(b"<html></html>", "text/html") for _ in range(4)), shown)
    await relive(house, one)
    await asyncio.sleep(20 * HOUR)
    assert len(house.memory("one").known) == 400
    assert not any(entry[0].startswith("article") for entry in told(house))


@simulated
async def test_what_is_older_than_the_events_is_passed_over_once_and_what_is_newer_told(house: House):
    one = feed("one", interval_min=HOUR, interval_max=HOUR)
    dates = {"old": "Mon, 01 Jan 2024 00:00:00 GMT", "new": "Mon, 05 Feb 2024 00:00:00 GMT"}
    items = {name: item(name, more=f"<pubDate>{date}</pubDate>") for name, date in dates.items()}
    house.web.answer(one.url, house.web.body(rss(item("known"))))
    house.start(one)
    await asyncio.sleep(2 * HOUR)
    house.web.answer(one.url, house.web.body(rss(items["new"], item("known"), items["old"])))
    await relive(house, one, horizon=1_706_000_000.0)
    await asyncio.sleep(2 * HOUR)
    assert house.published() == ["new"]
    assert house.memory("one").head.horizon is None
    late = item("late", more=f"<pubDate>{dates['old']}</pubDate>")
    house.web.answer(one.url, house.web.body(rss(late, items["new"], item("known"), items["old"])))
    await asyncio.sleep(2 * HOUR)
    assert house.published() == ["new", "late"]


@simulated
async def test_a_back_catalogue_that_was_passed_over_is_passed_over_again(house: House):
    one = feed("one", backfill=Backfill.SKIP)
    house.web.shows(one.url, "a", "b")
    house.start(one)
    await asyncio.sleep(2 * MINUTE)
    house.web.shows(one.url, "c", "a", "b")
    await asyncio.sleep(2 * MINUTE)
    assert house.published() == ["c"]
    await relive(house, one)
    await asyncio.sleep(2 * MINUTE)
    house.web.shows(one.url, "d", "c", "a", "b")
    await asyncio.sleep(2 * MINUTE)
    assert house.published() == ["d"]


@simulated
async def test_a_feed_that_left_is_remembered_for_its_articles_and_then_no_more(house: House):
    stays, goes = feed("stays", interval_min=DAY, interval_max=DAY), feed("goes")
    house.web.shows(stays.url, "other")
    house.web.shows(goes.url, "shared")
    house.start(stays, goes)
    await asyncio.sleep(2 * MINUTE)
    house.catalogue.set(stays)
    await asyncio.sleep(MINUTE)
    counts = await relive(house, stays)
    assert (counts.feeds, counts.left) == (2, 1)
    house.web.shows(stays.url, "other", "shared")
    await asyncio.sleep(2 * DAY)
    assert told(house) == []
    await asyncio.sleep(100 * DAY)
    assert house.memory("goes") is None


@simulated
async def test_a_feed_long_gone_is_not_remembered(house: House):
    stays, goes = feed("stays", interval_min=DAY, interval_max=DAY), feed("goes")
    house.web.shows(stays.url, "other")
    house.web.shows(goes.url, "gone")
    house.start(stays, goes)
    await asyncio.sleep(2 * MINUTE)
    house.catalogue.set(stays)
    await asyncio.sleep(100 * DAY)
    assert set(rebuilt(house, stays).shards[0]) == {"stays"}


@simulated
async def test_a_memory_keeps_the_latest_where_it_cannot_hold_all(house: House):
    one = feed("one")
    house.web.shows(one.url, *map(str, range(100)))
    house.start(one)
    await asyncio.sleep(2 * MINUTE)
    house.web.shows(one.url, "late", *map(str, range(100)))
    await asyncio.sleep(2 * MINUTE)
    built = rebuilt(house, one, limit=2000)
    packed = built.shards[0]["one"]
    departed = memories.unpack(packed).departed
    assert len(packed) <= 2000
    assert built.counts.given_up == 101 - len(departed) > 0
    assert rebuilt(house, one).counts.given_up == 0
    late = next(event for event in house.events("article.published") if event["data"]["guid"] == "late")
    assert departed[-1].known.article == late["subject"]


@simulated
async def test_no_more_is_kept_than_a_document_may_show(house: House):
    one = feed("one")
    house.web.shows(one.url, *map(str, range(30)))
    house.start(one)
    await asyncio.sleep(2 * MINUTE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "ENTRIES", 20)
        built = rebuilt(house, one)
    assert built.counts.given_up == 10
    assert len(memories.unpack(built.shards[0]["one"]).departed) == 20


def test_records_of_others_are_counted_and_tombstones_are_not():
    told = Rebuild()
    assert told.take(Record("news.articles", "k", (), None)) is None
    assert told.take(Record("news.articles", "k", (("ce_type", "com.example"),), b"{}")) is None
    built = told.build((), shards=3, now=0.0, horizon=None, limit=1000)
    assert built.counts == Counts(foreign=1)
    assert built.shards == ({}, {}, {})


def test_what_was_forgotten_is_recalled_by_what_is_shown():
    meaning = b"".join(bytes([n]) * 4 for n in range(1, 6))
    shown = b"".join(bytes([n]) * 4 for n in range(11, 16))
    gaps = forget(meaning, ("summary", "url"))
    assert recalled(gaps, shown) == meaning[:4] + shown[4:8] + meaning[8:16] + shown[16:]
    assert recalled(meaning, shown) is meaning
    assert forget(meaning, ()) == meaning
