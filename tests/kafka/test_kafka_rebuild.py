"""`telex state rebuild`: the state topic is lost, the events are kept, and nothing is published twice."""

import asyncio
import random
import sys
from asyncio.subprocess import PIPE
from dataclasses import replace

import orjson
import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete
from aiokafka.errors import KafkaError
from kafka_store import Member, contents, settings, until

from acceptance.origin import item, rss
from commands.command_line import environment
from telex.adapters.clock import SystemClock
from telex.adapters.kafka import KafkaLog, KafkaTopics, clients
from telex.adapters.kafka.admin import _describe
from telex.adapters.reading import InlineReader
from telex.commands.state import NotRebuiltError, rebuild
from telex.core.exchange import Fetched
from telex.core.identity import shard_of
from telex.core.model import Backfill, Feed, FeedId, Publisher
from telex.ports import Command, CommandKind, Commit
from telex.shard.context import Context, ShardSettings
from telex.shard.supervisor import Supervisor
from telex.testing.contracts import SHARDS
from telex.testing.scripted_fetcher import ScriptedFetcher
from telex.wire import memories
from telex.wire.topics import Naming

DATED = "<pubDate>Mon, 01 Jan 2024 {:02}:00:00 GMT</pubDate>"
BODY = '<content:encoded xmlns:content="http://purl.org/rss/1.0/modules/content/">{}</content:encoded>'


def feed(name: str, publisher: str = "news.example", **more) -> Feed:
    """A feed that is polled every second, and believed at once."""
    kept = {"interval_min": 1.0, "interval_max": 1.0, "withdraw_after": 0.0, **more}
    return Feed(FeedId(name), f"https://{publisher}/{name}.xml", Publisher(publisher), **kept)


class House:
    """A group with topics of its own, the web that it polls, and a process that comes and goes."""

    def __init__(self, servers: str, *feeds: Feed) -> None:
        self.servers = servers
        self.feeds = feeds
        self.web = ScriptedFetcher()
        self.asked: dict[str, int] = {}
        chosen = settings(servers)
        name = chosen.group
        self.naming = Naming(
            articles=f"{name}.articles", feeds=f"{name}.feeds", feedlog=f"{name}.feedlog", deadletters=f"{name}.dead"
        )
        ours = {each: f"{name}.{each}" for each in ("state", "inbox", "events")}
        self.settings = replace(chosen, topics=KafkaTopics.of(self.naming, articles_partitions=3, **ours))
        self.clock = SystemClock()
        self.log: KafkaLog | None = None
        self.said: list[str] = []

    @property
    def version(self) -> int:
        return 1

    def shard_feeds(self, shard: int):
        return {each.id: each for each in self.feeds if shard_of(each.publisher, SHARDS) == shard}

    async def wait_newer(self, version: int) -> None:
        await asyncio.get_running_loop().create_future()

    def shows(self, one: Feed, *items: str) -> None:
        """From now on the feed shows these."""

        def answer(request):
            self.asked[request.url] = self.asked.get(request.url, 0) + 1
            return Fetched(request.url, rss(*items), self.clock.now(), "application/rss+xml")

        self.web.answer(one.url, answer)

    async def start(self) -> None:
        """Start a process."""

        class Everything:
            version = 1
            feeds = staticmethod(self.shard_feeds)
            wait_newer = staticmethod(self.wait_newer)

        class Deaf:
            def observe(self, fact) -> None:
                pass

        self.log = await KafkaLog.open(self.settings, random=random.Random(1))
        quick = ShardSettings(schedule_every=0.5)
        context = Context(
            Everything(), self.web, InlineReader(), self.clock, random.Random(1), Deaf(), self.naming, quick
        )
        self.supervisor = Supervisor(self.log, context)
        self.task = asyncio.create_task(self.supervisor.run())

    async def stop(self) -> None:
        """End the process in good order."""
        log, self.log = self.log, None
        if log is not None:
            await self.supervisor.drain(10)
            self.task.cancel()
            await asyncio.wait([self.task])
            await log.close()

    async def polled(self, times: int = 3, *feeds: Feed) -> None:
        """Wait until every feed was asked for so many times more."""
        self.asked.clear()
        await until(lambda: all(self.asked.get(each.url, 0) >= times for each in feeds or self.feeds))

    async def events(self) -> list[dict]:
        """All events that were ever published, without their order over partitions."""
        found = []
        for topic, partitions in ((self.naming.articles, 3), (self.naming.feeds, 1), (self.naming.feedlog, 1)):
            for partition in range(partitions):
                found += [orjson.loads(value) for _, value in await contents(self.servers, topic, partition)]
        return found

    async def versions(self) -> dict[str, list[int]]:
        """The versions that were published of each article, by title as first told."""
        titles, versions = {}, {}
        for event in await self.events():
            if "version" in event:
                titles.setdefault(event["id"], event["title"])
                versions.setdefault(titles[event["id"]], []).append(event["version"])
        return versions

    async def lose_state(self) -> None:
        """The state topic is gone, and with it what was remembered."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.servers)
        try:
            await admin.start()
            await admin.delete_topics([self.settings.topics.state])
            async with asyncio.timeout(20):
                while await _describe(admin, [self.settings.topics.state]):
                    await asyncio.sleep(0.05)
        finally:
            await admin.close()

    async def rebuild(self, *, replace: bool = False):
        """What the command does."""
        return await rebuild(self.settings, self.feeds, self.clock, replacing=replace, tell=self.said.append)


@pytest.fixture
async def make_house(servers):
    made = []

    def make(*feeds):
        made.append(House(servers, *feeds))
        return made[-1]

    yield make
    for house in made:
        await house.stop()


async def test_after_a_rebuild_nothing_is_published_twice_and_an_edit_is_the_next_version(make_house):
    one, two, paper = feed("one"), feed("two"), feed("paper", "paper.example")
    house = make_house(one, two, paper)
    shared = item("shared", title="Shared", more=BODY.format("In the words of one."))
    shared_two = item("shared", title="Shared", more=BODY.format("In the words of two, which are others."))
    ones = [item(f"o{n}", title=f"O{n}", more=DATED.format(20 - n)) for n in range(6)]
    papers = [
        item("p1", title="P1", more=BODY.format("<p>Corps &amp; âme</p>")),
        "<item><title>Only text</title></item>",
    ]
    house.shows(one, shared, *ones)
    house.shows(two, shared_two, item("t1", title="T1"))
    house.shows(paper, *papers)
    await house.start()
    await house.polled(2)
    ones[1] = item("o1", title="O1 edited", more=DATED.format(19))
    del ones[3]
    house.shows(one, shared, *ones)
    await house.polled(4)
    await house.stop()
    before = await house.events()
    versions = await house.versions()
    assert (versions["O1"], versions["O3"], versions["Shared"]) == ([1, 2], [1, 2], [1])
    assert len(versions) == 10

    await house.lose_state()
    counts = await house.rebuild()
    assert (counts.feeds, counts.articles, counts.withdrawn, counts.unknown) == (3, 10, 1, 0)
    assert f"{house.naming.articles}: 12 records read" in house.said
    await house.start()
    await house.polled(3)
    assert await house.events() == before

    ones[1] = item("o1", title="O1 edited again", more=DATED.format(19))
    ones.insert(3, item("o3", title="O3", more=DATED.format(17)))
    house.shows(one, item("new", title="New"), shared, *ones)
    house.shows(paper, item("p1", title="P1", more=BODY.format("<p>Corps et âme</p>")), papers[1])
    await house.polled(3)
    versions = await house.versions()
    assert (versions["O1"], versions["O3"], versions["P1"]) == ([1, 2, 3], [1, 2, 3], [1, 2])
    assert (versions["New"], versions["Shared"], versions["Only text"]) == ([1], [1], [1])
    new = next(event for event in await house.events() if event.get("title") == "New")
    assert new["backfill"] is False


async def test_an_edit_that_nobody_saw_while_the_state_was_away_is_told(make_house):
    one = feed("one")
    house = make_house(one)
    house.shows(one, item("a", title="A"), item("b", title="B"))
    await house.start()
    await house.polled(2)
    await house.stop()
    await house.lose_state()
    await house.rebuild()
    house.shows(one, item("c", title="C"), item("a", title="A edited"), item("b", title="B"))
    await house.start()
    await house.polled(2)
    assert await house.versions() == {"A": [1, 2], "B": [1], "C": [1]}


async def test_what_is_told_of_feeds_is_known_again_and_what_waits_in_the_inbox_is_past(make_house):
    rests, junk, gone = feed("rests"), feed("junk", "junk.example"), feed("gone", "gone.example")
    house = make_house(rests, junk, gone)
    house.shows(rests, item("r", title="R"))
    house.shows(gone, item("g", title="G"))
    house.web.answer(junk.url, lambda request: Fetched(request.url, b"<html>no feed</html>", 0.0, "text/html"))
    await house.start()
    await house.polled(2, rests, gone)
    await house.log.put(shard_of(rests.publisher, SHARDS), Command("c1", CommandKind.PAUSE, rests.id))

    async def health(of: Feed):
        return [e["health"] for e in await house.events() if e.get("feed") == of.id and "health" in e]

    async with asyncio.timeout(20):
        while await health(rests) != ["ok", "paused"] or await health(junk) != ["failing"]:
            await asyncio.sleep(0.1)
    await house.stop()
    house.feeds = (rests, junk)
    await house.lose_state()
    counts = await house.rebuild()
    assert (counts.feeds, counts.left) == (3, 1)
    before = await house.events()
    dead = await contents(house.servers, house.naming.deadletters)
    await house.start()
    await until(lambda: bool(house.web.requests) and len([r for r in house.web.requests if r.url == junk.url]) > 6)

    async with asyncio.timeout(20):
        while await health(gone) != ["ok", "retired"]:
            await asyncio.sleep(0.1)
    fresh = [event for event in await house.events() if event not in before]
    assert {event["feed"] for event in fresh} == {"gone"}
    assert await health(rests) == ["ok", "paused"]
    assert await contents(house.servers, house.naming.deadletters) == dead
    ordinals = [event["ordinal"] for event in fresh]
    assert min(ordinals) > 1


async def test_a_state_that_is_not_empty_is_replaced_only_where_that_is_asked_for(make_house):
    one, other = feed("one"), feed("other", "other.example")
    house = make_house(one)
    house.shows(one, item("a", title="A"))
    await house.start()
    await house.polled(2)
    with pytest.raises(
        NotRebuiltError,
        match=r"has 1 member: stop every `telex run`.*wait 6 s .kafka.session.*or a rebuild, was killed",
    ):
        await house.rebuild()
    await house.stop()
    with pytest.raises(NotRebuiltError, match=r"is not empty: it remembers 1 feed; with --replace"):
        await house.rebuild()
    member = Member(await KafkaLog.open(house.settings, random=random.Random(2)))
    shard = shard_of(other.publisher, SHARDS)
    await (await member.claim(shard)).append(Commit(memories={other.id: b"\x01garbage"}))
    await member.log.close()
    await house.rebuild(replace=True)
    assert f"{house.settings.topics.state}: 2 memories will be replaced" in house.said
    member = Member(await KafkaLog.open(house.settings, random=random.Random(3)))
    found = {}
    for number in range(SHARDS):
        found |= (await member.claim(number)).restored.memories
    await member.log.close()
    assert found.keys() == {"one"}
    assert [left.known.version for left in memories.unpack(found["one"]).departed] == [1]
    await house.start()
    await house.polled(2)
    assert await house.versions() == {"A": [1]}


async def test_a_transaction_that_its_owner_left_open_is_ended_and_not_read(make_house):
    one = feed("one")
    house = make_house(one)
    house.shows(one, item("a", title="A"))
    await house.start()
    await house.polled(2)
    await house.stop()
    await house.lose_state()
    name = house.settings.transactional_id(shard_of(one.publisher, SHARDS))
    owner = AIOKafkaProducer(bootstrap_servers=house.servers, transactional_id=name)
    await owner.start()
    await owner.begin_transaction()
    half = [("ce_type", b"telex.article.published")]
    await owner.send_and_wait(house.naming.articles, b"{}", b"half", headers=half)
    counts = await house.rebuild()
    assert (counts.articles, counts.foreign) == (1, 0)
    with pytest.raises(KafkaError):
        await owner.commit_transaction()
    await clients.discard(owner)


async def test_entries_that_were_passed_over_or_are_older_than_the_events_stay_unpublished(make_house):
    skips, slow = feed("skips", backfill=Backfill.SKIP), feed("slow", "slow.example")
    house = make_house(skips, slow)
    house.shows(skips, item("s1", title="S1"))
    old = item("old", title="Old", more=DATED.format(1))
    house.shows(slow, item("new", title="New"), old)
    await house.start()
    await house.polled(2)
    house.shows(skips, item("s2", title="S2"), item("s1", title="S1"))
    await house.polled(2)
    await house.stop()
    assert await house.versions() == {"S2": [1], "New": [1], "Old": [1]}
    await _delete_events_of(house, "Old")
    await house.lose_state()
    await house.rebuild()
    await house.start()
    await house.polled(3)
    assert "S1" not in await house.versions()
    assert (await house.versions()).get("Old", []) == []


async def _delete_events_of(house: House, title: str) -> None:
    """What retention does to a topic's beginning: everything of the partition up to the article's event is gone."""
    admin = AIOKafkaAdminClient(bootstrap_servers=house.servers)
    await admin.start()
    for partition in range(3):
        found = await contents(house.servers, house.naming.articles, partition)
        if any(orjson.loads(value)["title"] == title for _, value in found):
            place = TopicPartition(house.naming.articles, partition)
            await admin.delete_records({place: RecordsToDelete(before_offset=len(found))})
    await admin.close()


async def test_the_command_prints_what_it_did_and_refuses_what_it_must(make_house, tmp_path):
    one = feed("one")
    house = make_house(one)
    house.shows(one, item("a", title="A"))
    await house.start()
    await house.polled(2)
    await house.stop()
    (tmp_path / "feeds.yaml").write_text(f"feeds: [{{id: one, url: '{one.url}'}}]\n")
    topics = house.settings.topics
    variables = {
        "TELEX_LOG__KIND": "kafka",
        "TELEX_LOG__SHARDS": str(SHARDS),
        "TELEX_KAFKA": house.servers,
        "TELEX_KAFKA__GROUP": house.settings.group,
        "TELEX_KAFKA__STATE_TOPIC": topics.state,
        "TELEX_KAFKA__INBOX_TOPIC": topics.inbox,
        "TELEX_KAFKA__EVENTS_TOPIC": topics.events,
        "TELEX_TOPICS__ARTICLES": topics.articles,
        "TELEX_TOPICS__FEEDS": topics.feeds,
        "TELEX_TOPICS__FEEDLOG": topics.feedlog,
        "TELEX_TOPICS__DEADLETTERS": topics.deadletters,
    }

    async def telex(*arguments: str):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "telex",
            *arguments,
            cwd=tmp_path,
            env=environment(**variables),
            stdout=PIPE,
            stderr=PIPE,
        )
        out, words = await process.communicate()
        return process.returncode, out.decode(), words.decode()

    code, out, words = await telex("state", "rebuild")
    assert (code, out) == (1, "")
    assert f"telex: {topics.state} is not empty: it remembers 1 feed; with --replace they are replaced" in words
    code, out, words = await telex("state", "rebuild", "--replace")
    assert (code, words) == (0, "")
    assert f"{topics.state}: 1 memory will be replaced" in out
    assert "rebuilt: 1 feed (0 not in the catalogue), 1 article (0 withdrawn)" in out
