"""The examples for subscribers, each run as its reader would: what they print, and what they must not."""

import asyncio
import json
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from kafka_store import KafkaStore, Member

from support import kafka
from telex.adapters.kafka import clients
from telex.core.events import ArticlePublished, ArticleUpdated, ArticleWithdrawn
from telex.core.model import ArticleId
from telex.ports import Commit
from telex.wire.cloudevents import event_from_structured, parse_structured, records, type_of
from telex.wire.topics import Naming

EXAMPLES = kafka.ROOT / "deploy" / "examples"
SCHEMAS = kafka.ROOT / "schemas" / "examples"


def _example(name: str):
    return event_from_structured(parse_structured((SCHEMAS / f"{name}.json").read_bytes()))


LIFE = tuple(_example(f"telex.article.{word}") for word in ("published", "updated", "withdrawn"))
OTHER = replace(LIFE[0].article, id=ArticleId("ffffffffffffffffffffffff"), language="en", title="Quay — “open” 港")
BACK = replace(LIFE[1].article, version=4, title="De retour")


def line(event) -> str:
    """What is printed for an event."""
    article = event.article
    words = (type_of(event), article.id, article.version, article.language or "-", article.title or "-")
    return "\t".join(map(str, words))


def by_article(lines: list[str]) -> dict[str, list[str]]:
    """The lines of each article in their order; there is none between articles."""
    found: dict[str, list[str]] = {}
    for one in lines:
        found.setdefault(one.split("\t")[1], []).append(one)
    return found


@pytest.fixture(scope="session")
def go_binary(tmp_path_factory) -> Path:
    """The Go example, built from exactly the versions that go.sum knows."""
    if shutil.which("go") is None:
        pytest.skip("no Go: the example for Go was not run")
    binary = tmp_path_factory.mktemp("go") / "subscriber"
    command = ["go", "build", "-mod=readonly", "-o", str(binary), "."]
    done = subprocess.run(command, cwd=EXAMPLES / "go", capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return binary


@pytest.fixture(params=["python", "java", "go"])
def command(request) -> tuple[str, ...]:
    """How the example of a language is run."""
    match request.param:
        case "python":
            return sys.executable, str(EXAMPLES / "python" / "subscriber.py")
        case "go":
            return (str(request.getfixturevalue("go_binary")),)
        case _:
            try:
                jars = f"{kafka.libraries()}/*"
            except kafka.NoKafkaError as error:
                pytest.skip(f"{error}: the example for Java was not run")
            silent = "-Dorg.apache.logging.log4j.level=OFF"
            return *kafka.JAVA, "-Xmx128m", silent, "-cp", jars, str(EXAMPLES / "java" / "Subscriber.java")


@dataclass
class World:
    """Topics of their own, telex's log of them, and somebody else who writes there, too."""

    store: KafkaStore
    naming: Naming
    servers: str

    @property
    def flags(self) -> tuple[str, ...]:
        topics = f"{self.naming.articles},{self.naming.feeds}"
        return "--bootstrap", self.servers, "--topics", topics, "--group", f"{self.naming.articles}-readers"

    async def open(self) -> Member:
        return Member(await self.store.open("a"))

    def commit(self, *events) -> Commit:
        return Commit(tuple(record for event in events for record in records(event, self.naming)))

    def transactional(self, name: str) -> AIOKafkaProducer:
        return AIOKafkaProducer(bootstrap_servers=self.servers, transactional_id=f"{self.naming.articles}-{name}")

    async def begin(self, name: str, event) -> AIOKafkaProducer:
        """Send an event in a transaction that stays open."""
        producer = self.transactional(name)
        await producer.start()
        await producer.begin_transaction()
        await self.send(producer, event)
        return producer

    async def abort(self, name: str, producer: AIOKafkaProducer) -> None:
        """End an open transaction as the next owner does."""
        await clients.discard(producer)
        async with self.transactional(name):
            pass

    async def send(self, producer: AIOKafkaProducer, event, kind: str | None = None, **members) -> None:
        """Send an event as another program would: of another type, with members that nobody knows yet."""
        [record] = records(event, self.naming)
        headers = [(name, value.encode()) for name, value in record.headers]
        if kind is not None:
            headers = [(name, kind.encode() if name == "ce_type" else value) for name, value in headers]
        value = json.dumps(json.loads(record.value) | members).encode()
        await producer.send_and_wait(record.topic, value, record.key.encode(), headers=headers)


@pytest.fixture
async def world(make_store, servers):
    store = make_store()
    name = store.settings.group
    naming = Naming(articles=f"{name}.articles", feeds=f"{name}.feeds")
    topics = replace(store.settings.topics, articles=naming.articles, feeds=naming.feeds)
    store.settings = replace(store.settings, topics=topics)
    return World(store, naming, servers)


async def run(command: tuple[str, ...], enough: int | None) -> list[str]:
    """What it prints until it ends by itself; or until it is told to end once there are `enough` lines."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    lines: list[str] = []
    try:
        async with asyncio.timeout(90):
            complaints = asyncio.create_task(process.stderr.read())
            while read := await process.stdout.readline():
                lines.append(read.decode().rstrip("\n"))
                if len(lines) == enough:
                    process.send_signal(signal.SIGTERM)
            code = await process.wait()
            # Java ends by the signal after its hooks: 128 + 15.
            assert code in ({0} if enough is None else {0, 143}), (await complaints).decode()
            await complaints
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return lines


async def test_an_example_prints_each_event_once_and_goes_on_where_it_ended(command, world):
    owner = await world.open()
    claim = await owner.claim()
    never = ArticlePublished(replace(OTHER, id=LIFE[0].article.id, version=9, title="never published"))
    published, updated, withdrawn = LIFE
    await claim.append(world.commit(published, _example("telex.feed.status")))
    aborted = await world.begin("aborted", never)
    await world.abort("aborted", aborted)
    await claim.append(world.commit(updated, ArticlePublished(OTHER)))
    second = ArticleUpdated(replace(OTHER, version=2, title=None))
    async with AIOKafkaProducer(bootstrap_servers=world.servers) as foreign:
        await world.send(foreign, published, kind="telex.article.pinned")
        await world.send(foreign, updated)  # once more
        await foreign.send_and_wait(world.naming.articles, b"no event at all", b"key")
        await world.send(foreign, second, future={"deep": [1, {"x": None}]})
    await claim.append(world.commit(withdrawn))
    still_open = await world.begin("open", never)
    everything = [line(event) for event in (*LIFE, ArticlePublished(OTHER), second)]
    try:
        printed = await run((*command, *world.flags), enough=len(everything))
        assert by_article(printed) == by_article(everything)
    finally:
        await world.abort("open", still_open)
    back = ArticleUpdated(BACK)
    await claim.append(world.commit(back))
    assert await run((*command, *world.flags, "--until-idle", "3"), enough=None) == [line(back)]
    assert await run((*command, *world.flags, "--until-idle", "1"), enough=None) == []


def test_the_events_of_the_examples_are_of_every_kind_of_an_article():
    assert [type(event) for event in LIFE] == [ArticlePublished, ArticleUpdated, ArticleWithdrawn]
    assert [event.article.version for event in LIFE] == [1, 2, 3]
    assert len({event.article.id for event in LIFE}) == 1
