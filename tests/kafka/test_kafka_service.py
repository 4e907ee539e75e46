"""`telex run` on Kafka, as its users run it."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections import Counter

import orjson
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from kafka_store import unique

from acceptance.origin import Origin, item, rss
from acceptance.service import Service, wait_for, write_catalogue
from telex.adapters.kafka import open_reader
from telex.errors import LogUnavailable
from telex.eventlogs import kafka_settings
from telex.settings import load_settings

TOPICS = ("articles", "feeds", "feedlog", "deadletters")

OWNED = 'telex_shards{state="claimed"}'


class KafkaService(Service):
    """The service on a Kafka log of its own; two may share one."""

    def __init__(self, folder, catalogue, servers, name, **more):
        names = {f"TELEX_TOPICS__{topic.upper()}": f"{name}.{topic}" for topic in TOPICS}
        ours = {f"TELEX_KAFKA__{topic.upper()}_TOPIC": f"{name}.{topic}" for topic in ("state", "inbox", "events")}
        kafka = {"TELEX_LOG__KIND": "kafka", "TELEX_KAFKA": servers, "TELEX_KAFKA__GROUP": name}
        quick = {"TELEX_LOG__SHARDS": "4", "TELEX_KAFKA__SESSION": "6", "TELEX_KAFKA__REQUEST_TIMEOUT": "4"}
        super().__init__(folder, catalogue, **names, **ours, **kafka, **quick, **more)
        self.environment = {name: value for name, value in self.environment.items() if name != "TELEX_LOG__LEASE"}

    @property
    def settings(self):
        return kafka_settings(load_settings(environ={k: v for k, v in self.environment.items() if "TELEX" in k}))

    async def stored(self):
        reader = await self._opened()
        try:
            found = []
            while batch := await reader.read(None, found[-1].position if found else 0, 5000):
                found += batch
            return found
        finally:
            await reader.close()

    async def _opened(self, tries=20):
        """A reader; brokers may take a while to know the topics that another connection has just made."""
        for _ in range(tries):
            try:
                return await open_reader(self.settings)
            except LogUnavailable:
                await asyncio.sleep(0.5)
        return await open_reader(self.settings)


@pytest.fixture
async def run(tmp_path, servers):
    """Makes services; what still runs at the end is killed."""
    made = []

    def make(name, file, *, folder=tmp_path, broker=servers):
        made.append(KafkaService(folder, file, broker, name))
        return made[-1]

    yield make
    for service in made:
        if service.process is not None and service.process.returncode is None:
            await service.kill()


def feed(origin, name, **more):
    return {"id": name, "url": origin.url(f"/{name}"), "publisher": f"{name}.example", **more}


async def published(service):
    """How often each article was published, by its guid."""
    return Counter(event["data"]["guid"] for event in await service.events("telex.article.published"))


async def test_two_processes_share_the_feeds_and_a_kill_costs_nothing(run, tmp_path):
    names = [f"feed{n}" for n in range(6)]
    name, file = unique(), tmp_path / "feeds.yaml"
    async with Origin({f"/{each}": rss(item(f"{each}-1"), item(f"{each}-2")) for each in names}) as origin:
        write_catalogue(file, *(feed(origin, each) for each in names))
        folders = [tmp_path / "one", tmp_path / "two"]
        for folder in folders:
            folder.mkdir()
        one, two = (run(name, file, folder=folder) for folder in folders)
        await one.start()
        await wait_for(lambda: has(one, 12), what="all articles")
        await two.start()

        async def shared():
            return await two.metric(OWNED) == 2 == await one.metric(OWNED)

        await wait_for(shared, what="the shards to be divided")
        for each in names:
            origin.paths[f"/{each}"] = rss(item(f"{each}-2"), item(f"{each}-3"))
        await one.kill()
        await wait_for(lambda: has(two, 18), what="what came meanwhile")
        assert (await two.get("/readyz"))[0] == 200
        lines = await two.get_lines("/events?type=telex.article.published", 18)
        assert await two.stop() == 0
    assert await published(two) == {f"{each}-{n}": 1 for each in names for n in (1, 2, 3)}
    assert len({orjson.loads(line.removeprefix("data:"))["id"] for line in lines}) == 18


async def has(service, count):
    return len(await published(service)) >= count


async def test_a_story_larger_than_a_record_is_cut_and_a_poison_entry_is_a_dead_letter(servers, run, tmp_path):
    name, file = unique(), tmp_path / "feeds.yaml"
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    small = {"max.message.bytes": "5000"}
    await admin.create_topics([NewTopic(f"{name}.articles", 1, 1, topic_configs=small)])
    await admin.close()
    long = item("long", more=f"<description>{'新闻报道说了很多。' * 10_000}</description>")
    poison = item("poison" + "x" * 3500)
    async with Origin({"/a": rss(long), "/b": rss(item("fine"), poison), "/c": rss(item("c1"))}) as origin:
        write_catalogue(file, *(feed(origin, each) for each in "abc"))
        service = run(name, file)
        await service.start()

        async def settled():
            return await service.events("telex.deadletter") and await has(service, 2)

        await wait_for(settled, what="the dead letter and the others' articles")
        origin.paths["/b"] = rss(item("fine"), item("later"))
        origin.paths["/c"] = rss(item("c1"), item("c2"))
        await wait_for(lambda: has(service, 5), what="what came later")
        assert await service.stop() == 0
        (letter,) = await service.events("telex.deadletter")
        assert (letter["data"]["feed"], letter["data"]["reason"]) == ("b", "refused")
        assert letter["data"]["detail"] == "too_large"
        stories = {event["data"]["guid"]: event["data"] for event in await service.events("telex.article.published")}
    assert stories.keys() == {"long", "c1", "c2", "fine", "later"}
    assert stories["long"]["truncated"]
    assert 500 < len(stories["long"]["summary"]) < 2000
    assert not stories["c1"]["truncated"]


async def test_a_broker_that_goes_away_pauses_polling_and_nothing_is_told_twice(own_broker, tmp_path, run):
    name, file = unique(), tmp_path / "feeds.yaml"
    async with Origin({"/a": rss(item("a1"))}) as origin:
        write_catalogue(file, feed(origin, "a"))
        service = run(name, file, broker=own_broker.address)
        await service.start()
        await wait_for(lambda: has(service, 1), what="the first article")
        own_broker.kill()
        origin.paths["/a"] = rss(item("a1"), item("a2"))

        async def unready():
            return (await service.get("/readyz"))[0] == 503

        await wait_for(unready, what="readiness to end")
        assert (await service.get("/livez"))[0] == 200
        own_broker.start()
        await wait_for(lambda: has(service, 2), what="the second article")

        async def ready():
            return (await service.get("/readyz"))[0] == 200

        await wait_for(ready, what="readiness")
        assert await service.stop() == 0
        assert await published(service) == {"a1": 1, "a2": 1}
    said = [orjson.loads(line) for line in service.said().splitlines()]
    assert any(line["event"] == "the log is in trouble" for line in said)
    assert not any("aiokafka" in line.get("logger", "") for line in said)


@pytest.mark.parametrize(
    ("settings", "code", "words"),
    [
        ({"TELEX_KAFKA": "127.0.0.1:9", "TELEX_KAFKA__START_TIMEOUT": "1"}, 1, "no broker answers"),
        ({"TELEX_KAFKA__CREATE_TOPICS": "false"}, 2, "kafka-topics.sh --bootstrap-server"),
        ({"TELEX_KAFKA__PASSWORD_FILE": "/nowhere", "TELEX_KAFKA__SASL": "plain"}, 2, "kafka.username"),
    ],
)
async def test_what_keeps_it_from_starting_is_said_with_its_remedy(run, tmp_path, settings, code, words):
    write_catalogue(tmp_path / "feeds.yaml")
    service = run(unique(), tmp_path / "feeds.yaml")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "telex", "run", stdout=PIPE, stderr=PIPE, env=service.environment | settings
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == code, err
    assert words in err.decode()
    assert "Traceback" not in err.decode()
    assert out == b""


async def test_tail_reads_the_log_from_outside(run, tmp_path):
    name, file = unique(), tmp_path / "feeds.yaml"
    async with Origin({"/a": rss(item("a1", title="One"), item("a2", title="Two"))}) as origin:
        write_catalogue(file, feed(origin, "a"))
        service = run(name, file)
        await service.start()
        await wait_for(lambda: has(service, 2), what="the articles")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "telex", "tail", "--json", "--from", "earliest", "--exit-at-end"),
            stdout=PIPE,
            env=service.environment,
        )
        out, _ = await asyncio.wait_for(process.communicate(), 60)
        assert await service.stop() == 0
    titles = [orjson.loads(line)["data"].get("title") for line in out.splitlines()]
    assert sorted(filter(None, titles)) == ["One", "Two"]
