"""The topic of latest versions: a withdrawn article is there for a week, then no more."""

import asyncio

import shard_house
from shard_house import DAY, HOUR, House, simulated

from telex.wire.topics import Naming

CURRENT = Naming(current="news.articles.current")
SELDOM = {"interval_min": HOUR, "interval_max": HOUR}
NAMES = ("5", "4", "3", "2", "1")


def feed(name: str, publisher: str = "news.example"):
    """A feed that is polled so seldom that days pass in a moment."""
    return shard_house.feed(name, publisher, **SELDOM)


def latest(house: House):
    """What the compacted topic holds by key: version, or None for a tombstone; and how many records there were."""
    found = [each.record for each in house.broker.read(None, 0, 100_000) if each.record.topic == CURRENT.current]
    return {record.key: record.value for record in found}, len(found)


def tombstones(house: House) -> list[float]:
    return [each.at for each in house.broker.read(None, 0, 100_000) if each.record.value is None]


async def _withdraw(house: House, one, *names):
    house.naming = CURRENT
    house.web.shows(one.url, *NAMES)
    house.start(one)
    await asyncio.sleep(HOUR / 2)
    house.web.shows(one.url, *names)
    await asyncio.sleep(4 * HOUR)
    withdrawn = house.events("article.withdrawn")
    assert len(withdrawn) == 2  # in the topic of all articles, and in that of latest versions
    return withdrawn[0]["subject"]


@simulated
async def test_a_withdrawn_article_leaves_after_a_week_in_one_tombstone(house: House):
    article = await _withdraw(house, feed("a"), "5", "4", "2", "1")
    assert latest(house)[0][article] is not None
    await asyncio.sleep(7 * DAY - 5 * HOUR)
    assert tombstones(house) == []
    await asyncio.sleep(6 * HOUR)
    assert len(tombstones(house)) == 1
    found, count = latest(house)
    assert found[article] is None
    assert (len(found), count) == (5, 7)
    await house.crash()
    house.start()
    await asyncio.sleep(9 * DAY)
    assert latest(house)[1] == count


@simulated
async def test_a_tombstone_that_fell_due_while_nothing_ran_is_written_at_the_start(house: House):
    await _withdraw(house, feed("a"), "5", "4", "2", "1")
    await house.crash()
    await asyncio.sleep(8 * DAY)
    assert tombstones(house) == []
    house.start()
    await asyncio.sleep(5)
    assert len(tombstones(house)) == 1


@simulated
async def test_an_article_that_came_back_stays(house: House):
    one = feed("a")
    article = await _withdraw(house, one, "5", "4", "2", "1")
    await asyncio.sleep(6 * DAY)
    house.web.shows(one.url, *NAMES)
    await asyncio.sleep(10 * DAY)
    assert tombstones(house) == []
    assert latest(house)[0][article] is not None


@simulated
async def test_one_that_comes_back_after_its_tombstone_goes_on_with_its_versions(house: House):
    one = feed("a")
    article = await _withdraw(house, one, "5", "4", "2", "1")
    await asyncio.sleep(8 * DAY)
    house.web.shows(one.url, *NAMES)
    await asyncio.sleep(2 * HOUR)
    assert len(tombstones(house)) == 1
    assert b'"version":3' in latest(house)[0][article]


@simulated
async def test_a_feed_that_left_the_catalogue_still_takes_its_withdrawn_articles_out(house: House):
    goes, stays = feed("goes"), feed("stays", "other.example")
    house.web.shows(stays.url, "s")
    await _withdraw(house, goes, "5", "4", "2", "1")
    house.catalogue.set(stays)
    await asyncio.sleep(8 * DAY)
    assert len(tombstones(house)) == 1


@simulated
async def test_without_a_topic_of_latest_versions_nothing_is_removed(house: House):
    one = feed("a")
    house.web.shows(one.url, *NAMES)
    house.start(one)
    await asyncio.sleep(HOUR / 2)
    house.web.shows(one.url, "5", "4", "2", "1")
    await asyncio.sleep(8 * DAY)
    assert len(house.events("article.withdrawn")) == 1
    assert tombstones(house) == []
