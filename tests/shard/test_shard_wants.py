"""Articles that wait for their page: fetched, gone out without, and seen through after a restart."""

import asyncio

from shard_house import HOUR, MINUTE, House, feed, simulated

from support.schema_validation import assert_valid_event
from telex.core.exchange import Kind, Refusal
from telex.core.facts import ShardLost

SENTENCES = " ".join(f"The {n}th sentence of the report tells what the council decided on Tuesday." for n in range(12))
PAGE = f"<html><head><title>The report</title></head><body><article><h1>The report</h1><p>{SENTENCES}</p><p>{SENTENCES}</p></article></body></html>"


def link(name):
    return f"http://news.example/{name}"


def serves_page(house, name, **more):
    house.web.answer(link(name), house.web.body(PAGE.encode(), "text/html; charset=utf-8"))


def full(name="f", **more):
    return feed(name, full_text=True, interval_min=HOUR, interval_max=HOUR, **more)


def articles(house):
    return [
        (event["type"].rpartition(".")[2], event["data"]["version"], bool(event["data"]["body"]))
        for event in house.events()
        if event["type"].startswith("telex.article")
    ]


@simulated
async def test_an_article_goes_out_once_with_its_page(house: House):
    house.web.shows(full().url, "one", "two")
    for name in ("one", "two"):
        serves_page(house, name)
    house.start(full())
    await asyncio.sleep(MINUTE / 2)
    assert articles(house) == [("published", 1, True)] * 2
    assert {request.kind for request in house.web.requests if request.url != full().url} == {Kind.PAGE}
    assert not any(request.headers or request.credentials for request in house.web.requests)
    await asyncio.sleep(3 * HOUR)
    assert len(articles(house)) == 2
    assert house.memory("f").wants == ()
    assert house.web.most["news.example"] == 1
    for event in house.events():
        assert_valid_event(event)


@simulated
async def test_an_article_whose_page_is_late_goes_out_without_it_and_is_updated_once(house: House):
    house.web.shows(full().url, "one")
    serves_page(house, "one")
    house.web.delays[link("one")] = 5 * MINUTE
    house.start(full())
    await asyncio.sleep(50)
    assert articles(house) == []
    await asyncio.sleep(15)
    assert articles(house) == [("published", 1, False)]
    await asyncio.sleep(10 * MINUTE)
    assert articles(house) == [("published", 1, False), ("updated", 2, True)]
    assert house.memory("f").wants == ()


@simulated
async def test_an_article_whose_page_cannot_be_had_goes_out_without_it(house: House):
    house.web.shows(full().url, "one", "barred")
    house.web.answer(link("one"), house.web.refusal(Refusal.SERVER_ERROR, 500))
    house.web.answer(link("barred"), house.web.refusal(Refusal.ROBOTS, 200))
    house.start(full())
    await asyncio.sleep(4 * MINUTE)
    assert sorted(articles(house)) == [("published", 1, False)] * 2
    assert len(house.web.times(link("barred"))) == 1, "robots.txt is no fault to try again"
    assert 2 <= len(house.web.times(link("one"))) <= 3
    assert house.memory("f").wants == ()


@simulated
async def test_a_want_that_was_pending_at_a_crash_is_seen_through(house: House):
    house.web.shows(full().url, "one")
    serves_page(house, "one")
    house.web.delays[link("one")] = 10 * HOUR
    house.start(full())
    await asyncio.sleep(20)
    await house.crash()
    assert articles(house) == []
    assert len(house.memory("f").wants) == 1
    house.web.delays[link("one")] = 0.1
    house.start()
    await asyncio.sleep(20)
    assert articles(house) == [("published", 1, True)]
    assert len(house.web.times(full().url)) == 1, "the feed itself is not due"


@simulated
async def test_a_want_whose_deadline_passed_while_nothing_ran_goes_out_at_the_start(house: House):
    house.web.shows(full().url, "one")
    house.web.delays[link("one")] = 10 * HOUR
    serves_page(house, "one")
    house.start(full())
    await asyncio.sleep(20)
    assert await house.stop()
    await asyncio.sleep(10 * MINUTE)
    house.start()
    await asyncio.sleep(5)
    assert articles(house) == [("published", 1, False)]
    house.web.delays[link("one")] = 0.1
    await house.crash()
    house.start()
    await asyncio.sleep(MINUTE)
    assert articles(house) == [("published", 1, False), ("updated", 2, True)]


@simulated
async def test_a_page_that_never_comes_is_given_up_after_its_hour(house: House):
    house.web.shows(full().url, "one")
    house.web.delays[link("one")] = 10 * HOUR
    house.start(full())
    await asyncio.sleep(1.1 * HOUR)
    assert articles(house) == [("published", 1, False)]
    assert house.memory("f").wants == ()
    assert house.facts.of(ShardLost) == []


@simulated
async def test_a_page_keeps_no_other_publisher_waiting_and_its_own_hold_is_kept(house: House):
    house.web.shows(full().url, "one")
    held = house.web.refusal(Refusal.RATE_LIMITED, 429, 20 * MINUTE)
    house.web.answer(link("one"), held, house.web.body(PAGE.encode(), "text/html"))
    sister = feed("sister")
    other = feed("other", "other.example")
    for each in (sister, other):
        house.web.shows(each.url, each.id)
    house.start(full(), sister, other)
    await asyncio.sleep(15 * MINUTE)
    assert len(house.web.times(sister.url)) <= 1, "the page's Retry-After is the publisher's"
    assert len(house.web.times(other.url)) >= 12
    assert house.schedule().holds.keys() == {"news.example"}
    await asyncio.sleep(15 * MINUTE)
    assert len(house.web.times(sister.url)) >= 5


@simulated
async def test_stop_leaves_a_pending_want_to_the_next_run(house: House):
    house.web.shows(full().url, "one")
    house.web.delays[link("one")] = 40.0
    serves_page(house, "one")
    house.start(full())
    await asyncio.sleep(20)
    began = asyncio.get_running_loop().time()
    assert await house.stop()
    assert asyncio.get_running_loop().time() - began < 5
    assert articles(house) == []
    assert len(house.memory("f").wants) == 1


@simulated
async def test_no_more_pages_are_held_at_a_time_than_may_be(house: House):
    names = [f"n{number}" for number in range(40)]
    feeds = [full(name, publisher=f"{name}.example") for name in names]
    for one, name in zip(feeds, names, strict=True):
        house.web.shows(one.url, name)
        serves_page(house, name)
        house.web.delays[link(name)] = 5.0
    house.start(*feeds)
    await asyncio.sleep(50)
    asked = sorted(at for name in names for at in house.web.times(link(name)))
    assert len(asked) == 40
    assert max(sum(at <= other < at + 5.0 for other in asked) for at in asked) == 32
    assert articles(house) == [("published", 1, True)] * 40
