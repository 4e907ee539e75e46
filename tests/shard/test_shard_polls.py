"""One shard at work: politeness, pauses of the log, faults of ours, Retry-After, restarts, and its end."""

import asyncio
import itertools

import pytest
from shard_house import DAY, HOUR, MINUTE, House, feed, simulated

from telex.core.exchange import Refusal
from telex.core.facts import LogPaused, PollEnded, ShardClaimed, ShardLost
from telex.core.model import Priority
from telex.errors import ClaimDied
from telex.shard import poll as poll_module
from telex.shard.context import ShardSettings


def url(name, publisher="news.example"):
    return f"https://{publisher}/{name}.xml"


@simulated
async def test_each_feed_is_polled_again_and_again_and_each_article_published_once(house: House):
    house.web.shows(url("a"), "a1", "a2")
    house.web.shows(url("b"), "b1")
    house.start(feed("a"), feed("b"))
    await asyncio.sleep(10.5 * MINUTE)
    assert 9 <= len(house.web.times(url("a"))) <= 12
    assert sorted(house.published()) == ["a1", "a2", "b1"]
    assert [fact.outcome for fact in house.facts.of(PollEnded)].count("unchanged") >= 16
    assert await house.stop()


@simulated
async def test_a_publisher_is_asked_one_thing_at_a_time_and_others_do_not_wait(house: House):
    for number in range(5):
        house.web.shows(url(f"a{number}"), f"a{number}-1")
        house.web.delays[url(f"a{number}")] = 20.0
        house.web.shows(url("b", f"p{number}.example"), f"b{number}")
        house.web.delays[url("b", f"p{number}.example")] = 5.0
    house.start(
        *(feed(f"a{number}") for number in range(5)),
        *(feed(f"b{n}", f"p{n}.example", url=url("b", f"p{n}.example")) for n in range(5)),
    )
    await asyncio.sleep(30)
    assert {fact.feed for fact in house.facts.of(PollEnded)} >= {"b0", "b1", "b2", "b3", "b4"}
    await asyncio.sleep(5 * MINUTE)
    assert set(house.web.most.values()) == {1}
    assert len(house.published()) == 10


@simulated
async def test_no_more_is_asked_at_a_time_than_the_process_may(house: House):
    house.settings = ShardSettings(concurrency=3)
    active = most = 0

    async def fetch(request, original=house.web.fetch):
        nonlocal active, most
        active += 1
        most = max(most, active)
        try:
            return await original(request)
        finally:
            active -= 1

    house.web.fetch = fetch
    feeds = [feed(f"f{n}", f"p{n}.example") for n in range(12)]
    for each in feeds:
        house.web.shows(each.url, each.id)
        house.web.delays[each.url] = 5.0
    house.start(*feeds)
    await asyncio.sleep(MINUTE)
    assert most == 3
    assert len(house.published()) == 12


@simulated
async def test_while_the_log_takes_nothing_polling_waits_and_nothing_is_lost(house: House):
    feeds = [feed(f"f{n}", f"p{n}.example") for n in range(4)]
    for each in feeds:
        house.web.shows(each.url, f"{each.id}-1")
    house.start(*feeds)
    await asyncio.sleep(MINUTE / 2)
    house.broker.unavailable = "the disk is full"
    for each in feeds:
        house.web.shows(each.url, f"{each.id}-1", f"{each.id}-2")
    await asyncio.sleep(2 * MINUTE)
    asked = len(house.web.asked)
    await asyncio.sleep(10 * MINUTE)
    assert len(house.web.asked) == asked, "nothing is fetched for which there is no room"
    house.broker.unavailable = None
    await asyncio.sleep(2 * MINUTE)
    assert [(fact.resumed, fact.detail) for fact in house.facts.of(LogPaused)] == [
        (False, "the disk is full"),
        (True, None),
    ]
    assert sorted(house.published()) == sorted(f"f{n}-{m}" for n in range(4) for m in (1, 2))
    assert len(house.web.asked) >= asked + 4
    assert house.facts.of(ShardLost) == []


@simulated
async def test_a_dead_claim_ends_the_shard_and_its_polls(house: House):
    house.web.shows(url("a"), "a1")
    house.web.shows(url("slow", "slow.example"), "s1")
    house.web.delays[url("slow", "slow.example")] = 50.0
    house.broker.unavailable = "locked"
    _, run, claim = await house.begin(feed("a"), feed("slow", "slow.example"))
    await asyncio.sleep(5)
    claim.die("fenced")
    with pytest.raises(ClaimDied):
        await run
    asked = len(house.web.asked)
    house.broker.unavailable = None
    await asyncio.sleep(HOUR)
    assert len(house.web.asked) == asked, "nobody polls any more"
    assert house.events() == []


@simulated
async def test_a_claim_that_dies_is_followed_by_another_that_goes_on(house: House):
    house.web.shows(url("a"), "a1")
    house.start(feed("a"))
    await asyncio.sleep(MINUTE / 2)
    house.log.live[0].die("fenced")
    house.web.shows(url("a"), "a1", "a2")
    await asyncio.sleep(3 * MINUTE)
    assert [fact.reason for fact in house.facts.of(ShardLost)] == ["fenced"]
    assert len(house.facts.of(ShardClaimed)) == 2
    assert house.published() == ["a1", "a2"]


@simulated
async def test_a_fault_of_ours_costs_one_feed_and_heals_with_the_fault(house: House):
    real = poll_module.ingesting

    def ingesting(feed, *args):
        if feed.id == "bad":
            raise ZeroDivisionError(f"in {feed.url}?token=secret-of-the-feed")
        return real(feed, *args)

    for name in ("bad", "good"):
        house.web.shows(url(name), f"{name}-1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(poll_module, "ingesting", ingesting)
        house.start(feed("bad"), feed("good"))
        await asyncio.sleep(10 * MINUTE)
        broken = [fact for fact in house.facts.of(PollEnded) if fact.outcome == "internal"]
        assert {fact.feed for fact in broken} == {"bad"}
        assert [fact.changed for fact in broken] == [True] + [False] * (len(broken) - 1), "one line, not many"
        assert "ZeroDivisionError" in broken[0].detail
        assert "secret-of-the-feed" not in broken[0].detail
        waits = [fact.next_in for fact in broken]
        assert all(later > 1.4 * earlier for earlier, later in itertools.pairwise(waits)), "it backs off"
        assert house.published() == ["good-1"]
        assert len(house.web.times(url("good"))) >= 9
    await asyncio.sleep(HOUR)
    assert house.published() == ["good-1", "bad-1"]
    assert house.facts.of(ShardLost) == []


@simulated
async def test_retry_after_holds_every_feed_of_the_publisher_and_survives_a_restart(house: House):
    feeds = [feed("a"), feed("b"), feed("c"), feed("other", "other.example")]
    house.web.answer(url("a"), house.web.refusal(Refusal.RATE_LIMITED, 429, 2 * HOUR))
    for each in feeds[1:]:
        house.web.shows(each.url, each.id)
    house.web.delays[url("a")] = 0.0
    house.start(*feeds)
    await asyncio.sleep(5 * MINUTE)
    asked = [asked for _, asked in house.web.asked]
    assert asked.count(url("a")) == 1
    assert len([one for one in asked if "news.example" in one]) <= 2, "what was asked before the answer, no more"
    assert asked.count(url("other", "other.example")) >= 4
    assert house.schedule().holds.keys() == {"news.example"}
    await house.crash()
    house.web.answer(url("a"), house.web.document())
    before = len(house.web.asked)
    house.start()
    await asyncio.sleep(1.9 * HOUR)
    assert {asked for _, asked in house.web.asked[before:]} == {url("other", "other.example")}
    await asyncio.sleep(HOUR)
    assert {asked for _, asked in house.web.asked[before:]} == {each.url for each in feeds}


@simulated
async def test_after_a_restart_overdue_feeds_start_at_the_capped_rate_by_priority(house: House):
    house.settings = ShardSettings(release_rate=0.5)
    priorities = [Priority.LOW, Priority.NORMAL, Priority.HIGH]
    feeds = [feed(f"f{n}", f"p{n}.example", priority=priorities[n % 3]) for n in range(12)]
    for each in feeds:
        house.web.shows(each.url, each.id)
        house.web.delays[each.url] = 0.0
    house.start(*feeds)
    await asyncio.sleep(3 * MINUTE)
    assert await house.stop()
    await asyncio.sleep(HOUR)
    before = len(house.web.asked)
    house.start()
    await asyncio.sleep(40)
    starts = house.web.asked[before : before + 12]
    assert all(later - earlier >= 1.9 for (earlier, _), (later, _) in itertools.pairwise(starts))
    ranks = [priorities.index(next(each.priority for each in feeds if each.url == asked)) for _, asked in starts]
    assert ranks == sorted(ranks, reverse=True)


@simulated
async def test_a_restart_soon_polls_nobody_before_its_time(house: House):
    slow = feed("slow", interval_min=HOUR, interval_max=HOUR)
    house.web.shows(slow.url, "s1")
    house.start(slow)
    await asyncio.sleep(5 * MINUTE)
    assert await house.stop()
    house.start()
    await asyncio.sleep(30 * MINUTE)
    assert len(house.web.times(slow.url)) == 1
    await asyncio.sleep(45 * MINUTE)
    assert len(house.web.times(slow.url)) == 2


@simulated
async def test_a_wait_from_a_clock_that_ran_ahead_is_not_kept_for_ever(house: House):
    quick = feed("quick")
    house.web.shows(quick.url, "q1")
    house.clock.offset = 400 * DAY
    house.start(quick)
    await asyncio.sleep(5 * MINUTE)
    assert await house.stop()
    house.clock.offset = 0.0
    asked = len(house.web.asked)
    house.start()
    await asyncio.sleep(2 * HOUR)
    assert len(house.web.asked) > asked


@simulated
async def test_stop_ends_polls_commits_what_is_decided_and_records_the_schedule(house: House):
    house.settings = ShardSettings(schedule_every=DAY)  # so that the first to wait for the log is what was read
    quick, slow = feed("quick"), feed("slow", "slow.example")
    house.web.shows(quick.url, "q1")
    house.web.shows(slow.url, "s1")
    house.web.delays[slow.url] = 500.0
    house.start(quick, slow)
    await asyncio.sleep(5)
    house.broker.unavailable = "locked for a moment"
    house.web.shows(quick.url, "q1", "q2")
    await asyncio.sleep(1.5 * MINUTE)  # what is new was read, and waits for the log
    began = asyncio.get_running_loop().time()
    stopping = asyncio.ensure_future(house.stop())
    await asyncio.sleep(1)
    house.broker.unavailable = None
    assert await stopping
    assert asyncio.get_running_loop().time() - began < 15
    assert house.published() == ["q1", "q2"]
    assert house.schedule().feeds.keys() >= {"quick"}
    assert house.facts.of(ShardLost) == [ShardLost(0, "released", None)]
    asked = len(house.web.asked)
    await asyncio.sleep(HOUR)
    assert len(house.web.asked) == asked


@simulated
async def test_stop_waits_no_longer_than_it_may_for_a_log_that_takes_nothing(house: House):
    house.web.shows(url("a"), "a1")
    house.broker.unavailable = "full"
    house.start(feed("a"))
    await asyncio.sleep(MINUTE)
    began = asyncio.get_running_loop().time()
    assert not await house.stop(within=5)
    assert asyncio.get_running_loop().time() - began < 10
    house.broker.unavailable = None
    house.start()
    await asyncio.sleep(MINUTE)
    assert house.published() == ["a1"]
