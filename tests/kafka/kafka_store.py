"""A Kafka log as the contract's store: several members of one group in this process."""

import asyncio
import itertools
import os
from contextlib import suppress
from dataclasses import replace
from random import Random

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import MessageSizeTooLargeError
from aiokafka.protocol.group import LeaveGroupRequest
from aiokafka.protocol.transaction import EndTxnRequest

from telex.adapters.kafka import KafkaLog, KafkaSettings, KafkaTopics, clients
from telex.core.model import FeedId
from telex.core.records import Record
from telex.ports import Commit
from telex.testing.contracts import SHARDS, record

_numbers = itertools.count(1)

_MARKERS = 3.0
"""Seconds that a coordinator has for the markers of a transaction; after that one is open on purpose."""


def unique() -> str:
    """A prefix that no other test uses."""
    return f"t{os.getpid()}-{next(_numbers)}"


def settings(servers: str, **more) -> KafkaSettings:
    """Settings with topics and a group of their own."""
    name = unique()
    topics = KafkaTopics(
        state=f"{name}.state",
        inbox=f"{name}.inbox",
        events=f"{name}.events",
        articles="news.articles",
        feeds="news.feeds",
        feedlog="news.feedlog",
        deadletters="news.deadletters",
        articles_partitions=3,
    )
    chosen = {"session": 6.0, "heartbeat": 0.1, "request_timeout": 5.0, "transaction_timeout": 10.0, "backoff_max": 1.0}
    chosen |= {
        "start_timeout": 10.0,
        "batch_size": 256 << 10,
        "shards": SHARDS,
        "topics": topics,
        "group": name,
        "begin_anew": True,
    } | more
    return KafkaSettings(bootstrap=tuple(servers.split(",")), **chosen)


class KafkaStore:
    """The LogFactory of one group."""

    def __init__(self, servers: str, log_type: type[KafkaLog] = KafkaLog, **more) -> None:
        self.settings = settings(servers, **more)
        self.log_type = log_type
        self._gone: set[str] = set()
        self._opened: list[KafkaLog] = []
        self._lost = 0

    async def open(self, member: str, **more) -> KafkaLog:
        log = await self.log_type.open(replace(self.settings, client_id=member, **more), random=Random(member))
        self._opened.append(log)
        return log

    async def crash(self, log: KafkaLog) -> None:
        """Nothing is released, left, flushed or ended."""
        await self.stall(log)
        for task in (*log._owners.values(), *log._tasks):
            task.cancel()
        await asyncio.gather(*log._owners.values(), *log._tasks, return_exceptions=True)
        claims = list(log._live.values())
        await asyncio.gather(*(claim.transactor.drop() for claim in claims))
        await log.membership._drop()
        await log.inbox.close()
        await log.reader.close()

    async def stall(self, log: KafkaLog) -> None:
        """No answer of the group reaches the member, and no word of it the group. Its producers go on."""
        consumer = log.membership.consumer
        if consumer is not None and consumer._coordinator is not None:
            self._gone.add(consumer._coordinator.member_id)

            async def silence(*_, **__):
                await asyncio.get_running_loop().create_future()

            consumer._client.send = silence

    async def expire(self) -> None:
        """The coordinator forgets those that fell silent, as it would after their session."""
        admin = AIOKafkaAdminClient(bootstrap_servers=list(self.settings.bootstrap))
        await admin.start()
        try:
            node = await admin.find_coordinator(self.settings.group)
            for member in self._gone - {""}:
                await admin._send_request(LeaveGroupRequest(self.settings.group, member), node)
        finally:
            await admin.close()

    async def lose_answer(self, log: KafkaLog) -> None:
        """In turns: the next commit is never asked for, or it is made and its answer lost. Both end the connection."""
        self._lost += 1
        served = self._lost % 2 == 0
        for claim in log._live.values():
            self._lose(log, claim.transactor._producer, served=served)

    def _lose(self, log: KafkaLog, producer: AIOKafkaProducer, *, served: bool) -> None:
        send = producer.client.send

        async def lossy(node, request, **more):
            if isinstance(request, EndTxnRequest):
                if served:
                    await send(node, request, **more)
                for claim in log._live.values():
                    if claim.transactor._producer is producer:
                        asyncio.get_running_loop().create_task(clients.discard(producer))
                await asyncio.get_running_loop().create_future()
            return await send(node, request, **more)

        producer.client.send = lossy

    def unacceptable(self) -> Commit:
        fat = Record(record(2).topic, "fat", (), os.urandom(2 << 20))
        return Commit((record(2), fat), {FeedId("feed"): b"2"})

    async def close(self) -> None:
        for log in self._opened:
            with suppress(Exception):
                await log.close()


def own_articles(store: KafkaStore, **more) -> None:
    """Give the store an articles topic that no other test changes."""
    name = f"{store.settings.group}.articles"
    topics = replace(store.settings.topics, articles=name)
    store.settings = replace(store.settings, topics=topics, **more)


def article(store: KafkaStore, number: int, value: bytes = b"{}") -> Record:
    """An event of the store's own articles topic."""
    return Record(store.settings.topics.articles, f"a{number}", (("ce_id", f"a{number}:1"),), value)


async def contents(servers: str, topic: str, partition: int = 0, *, isolation: str = "read_committed"):
    """The keys and values of a partition, in order.

    A commit is acknowledged before its markers stand in every partition: for a while this waits until nothing is open.
    """
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, isolation_level=isolation, fetch_max_wait_ms=10)
    place = TopicPartition(topic, partition)
    consumer.assign([place])
    await consumer.start()
    try:
        end = await _settled_end(consumer, place, isolation)
        consumer.seek(place, (await consumer.beginning_offsets([place]))[place])
        found = []
        while await consumer.position(place) < end:
            fetched = await consumer.getmany(timeout_ms=50)
            found += [(one.key, one.value) for one in fetched.get(place, ())]
        return found
    finally:
        await consumer.stop()


async def _settled_end(consumer: AIOKafkaConsumer, place: TopicPartition, isolation: str) -> int:
    async def ends(isolation: int) -> int:
        return await clients.retried(lambda: clients.list_offset(consumer, place, clients.LATEST, isolation), 10)

    with suppress(TimeoutError):
        async with asyncio.timeout(_MARKERS):
            while isolation == "read_committed" and await ends(clients.COMMITTED) < await ends(clients.UNCOMMITTED):
                await asyncio.sleep(0.02)
    return (await consumer.end_offsets([place]))[place]


class Member:
    """A member of the group, and every claim that it won."""

    def __init__(self, log: KafkaLog) -> None:
        self.log = log
        self.won = []
        self.error: Exception | None = None
        self._task = asyncio.create_task(self._collect())

    async def _collect(self) -> None:
        try:
            async for claim in self.log.claims():
                self.won.append(claim)
        except Exception as error:
            self.error = error

    @property
    def live(self) -> dict:
        """Its live claims by shard."""
        return {claim.shard: claim for claim in self.won if not claim.dead}

    async def claim(self, shard: int = 0, *, not_=None):
        """Its live claim of a shard that is not `not_`."""
        await until(lambda: self.live.get(shard) not in (None, not_))
        return self.live[shard]


async def until(condition, patience: float = 20.0) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(patience):
        while not condition():
            await asyncio.sleep(0.01)


async def records_of(log: KafkaLog) -> list[str]:
    """The keys of all that a reader of the log gets."""
    oldest, _ = await log.bounds()
    return [stored.record.key for stored in await log.read(None, oldest, 10_000)]


async def alter_topic(servers: str, topic: str, **config: str) -> None:
    """Set a topic's configuration; `_` for `.`."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        values = {key.replace("_", "."): value for key, value in config.items()}
        for response in await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, values)]):
            for code, message, *_ in response.resources:
                assert code == 0, message
    finally:
        await admin.close()


async def create_topic(servers: str, topic: str, partitions: int = 1, **config: str) -> None:
    """Make a topic; `_` for `.`."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        values = {key.replace("_", "."): value for key, value in config.items()}
        response = await admin.create_topics([NewTopic(topic, partitions, 1, topic_configs=values)])
        assert [code for _, code, _ in response.topic_errors] == [0], response
    finally:
        await admin.close()


async def limit_topic(servers: str, topic: str, size: int, partitions: int = 3) -> None:
    """Lower what a topic takes, and wait until every partition's leader refuses more."""
    await alter_topic(servers, topic, max_message_bytes=str(size))
    for partition in range(partitions):
        while not await _refuses(servers, topic, partition, size):
            await asyncio.sleep(0.02)


async def _refuses(servers: str, topic: str, partition: int, size: int) -> bool:
    """Whether a leader refuses a record above the limit; nothing of it becomes visible."""
    name = f"prober-{topic}"
    for probing in (True, False):
        producer = AIOKafkaProducer(bootstrap_servers=servers, transactional_id=name)
        await producer.start()  # the second one ends what the first left open
        try:
            if probing:
                await producer.begin_transaction()
                await producer.send_and_wait(topic, os.urandom(size + 1000), b"probe", partition=partition)
        except MessageSizeTooLargeError:
            refused = True
        else:
            refused = False if probing else refused
        finally:
            await clients.discard(producer)
    return refused
