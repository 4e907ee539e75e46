"""What is asked of the cluster at a start: are the topics there and right, may we do what we need to."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    KafkaError,
    NoError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
    for_code,
)
from aiokafka.protocol.metadata import MetadataRequest

from telex.adapters.kafka import access, topics
from telex.adapters.kafka.clients import (
    LATEST,
    UNCOMMITTED,
    discard,
    list_offset,
    make_producer,
    make_reader,
    partitions_of,
    start,
)
from telex.adapters.kafka.config import KafkaSettings, client_options, milliseconds
from telex.adapters.kafka.faults import UNUSABLE, unavailable, words
from telex.adapters.kafka.reach import knock
from telex.adapters.kafka.topics import Found, Limits, Wanted
from telex.errors import ConfigurationError, LogUnavailable, Problem

_PAUSE: Final = 0.5
_PROBE: Final = 0.2
"""Seconds that a fetch gets to be refused. A refusal comes at once, records are none of our business here."""


async def prepare(settings: KafkaSettings) -> Limits:
    """Reach the cluster, see to the topics, and try out the access rules; tried again until `start_timeout`.

    Raises:
        ConfigurationError: an operator has to mend something; it says what and how.
        LogUnavailable: no broker answered in all that time.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + settings.start_timeout
    while True:
        try:
            return await _prepare(settings)
        except (LogUnavailable, KafkaError, OSError, TimeoutError) as error:
            cause = error.__cause__ if isinstance(error, LogUnavailable) else error
            if isinstance(cause, UNUSABLE):
                raise _refused(cause) from error
            if loop.time() >= until:
                raise unavailable(error, f"reaching Kafka at {','.join(settings.bootstrap)}") from error
        await asyncio.sleep(_PAUSE)


def _refused(cause: BaseException) -> ConfigurationError:
    return ConfigurationError((Problem("kafka", None, None, "", words(cause), "then start telex again"),))


async def _prepare(settings: KafkaSettings) -> Limits:
    await knock(settings)
    async with _admin(settings) as admin:
        found = await _describe(admin, [topic.name for topic in topics.wanted(settings)])
        absent = [topic for topic in topics.wanted(settings) if topic.name not in found]
        if absent:
            topics.check_commit(
                settings,
                {topic.name: topic.partitions for topic in topics.wanted(settings)}
                | {name: topic.partitions for name, topic in found.items()},
            )
            await _create(admin, absent, settings)
            found = await _await_topics(admin, settings)
        topics.check(settings, found)
        await access.check(admin, settings)
    await asyncio.gather(_probe_transactions(settings), _probe_reading(settings))
    return topics.limits(settings, found)


async def read_limits(settings: KafkaSettings) -> Limits:
    """What the topics take now.

    Raises:
        LogUnavailable: it cannot be said now.
    """
    try:
        async with _admin(settings) as admin:
            found = await _describe(admin, [topic.name for topic in topics.wanted(settings)])
            return topics.limits(settings, found)
    except (KafkaError, OSError, TimeoutError, KeyError) as error:
        raise unavailable(error, "reading the topics' limits") from error


async def count_members(settings: KafkaSettings) -> int:
    """How many members the consumer group has now; one with a stable name counts until its session is over.

    Raises:
        LogUnavailable: it cannot be said now.
    """
    try:
        async with _admin(settings) as admin:
            return await access.count_members(admin, settings)
    except (KafkaError, OSError, TimeoutError) as error:
        raise unavailable(error, "asking for the consumer group") from error


@asynccontextmanager
async def _admin(settings: KafkaSettings) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(**client_options(settings))
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


async def _describe(admin: Any, names: list[str]) -> dict[str, Found]:
    """The topics that are there."""
    request = MetadataRequest(names, False)  # where the brokers create what is asked for, it would be all wrong
    response = (await admin._send_request(request)).to_object()  # noqa: SLF001 - `describe_topics` would create them
    partitions: dict[str, int] = {}
    for topic in response["topics"]:
        error = for_code(topic["error_code"])
        if error is TopicAuthorizationFailedError:
            raise error(topic["topic"])
        if error is NoError:
            partitions[topic["topic"]] = len(topic["partitions"])
        elif error is not UnknownTopicOrPartitionError:
            raise error(topic["topic"])
    configs = await _configs(admin, list(partitions)) if partitions else {}
    return {name: Found(count, configs[name]) for name, count in partitions.items() if name in configs}


async def _configs(admin: Any, names: list[str]) -> dict[str, Mapping[str, str]]:
    asked = [ConfigResource(ConfigResourceType.TOPIC, name, dict.fromkeys(topics.READ)) for name in names]
    found: dict[str, Mapping[str, str]] = {}
    for response in await admin.describe_configs(asked):
        for code, _, _, name, entries in response.resources:
            error = for_code(code)
            if error is UnknownTopicOrPartitionError:
                continue  # deleted since the topics were asked for
            if error is not NoError:
                raise error(name)
            found[name] = {entry[0]: entry[1] for entry in entries}
    return found


async def _create(admin: Any, absent: Iterable[Wanted], settings: KafkaSettings) -> None:
    if not settings.topics.create:
        raise topics.missing(absent, settings, "and kafka.create_topics is off")
    copies = settings.topics.replication
    new = [
        NewTopic(
            topic.name,
            topic.partitions,
            -1 if copies is None else copies,
            {} if copies is None else None,
            topic.settings,
        )
        for topic in absent
    ]
    response = await admin.create_topics(new, timeout_ms=milliseconds(settings.request_timeout))
    failed = {
        name: (for_code(code), message or for_code(code).__name__)
        for name, code, message in response.topic_errors
        if for_code(code) not in {NoError, TopicAlreadyExistsError}  # another member was faster
    }
    if failed:
        why = "; ".join(sorted({message for _, message in failed.values()}))
        if any(getattr(error, "retriable", False) for error, _ in failed.values()):
            raise LogUnavailable(f"the topics cannot be created now: {why}")
        raise topics.missing((t for t in absent if t.name in failed), settings, f"and creating it failed: {why}")


async def _await_topics(admin: Any, settings: KafkaSettings) -> dict[str, Found]:
    """What was created is known to every broker only after a moment."""
    names = [topic.name for topic in topics.wanted(settings)]
    async with asyncio.timeout(settings.request_timeout):
        while True:
            try:
                found = await _describe(admin, names)
            except KafkaError as error:
                if not error.retriable:
                    raise
                found = {}
            if len(found) == len(names):
                return found
            await asyncio.sleep(0.05)


async def _probe_transactions(settings: KafkaSettings) -> None:
    """Ask for a producer id as a claim will; no shard has this name, so nobody is fenced."""
    name = f"{settings.topics.state}-probe"
    producer = make_producer(
        settings, 16384, transactional_id=name, transaction_timeout_ms=milliseconds(settings.transaction_timeout)
    )
    await start(producer, settings, f"starting a transactional producer {name}")
    await discard(producer)


async def _probe_reading(settings: KafkaSettings) -> None:
    names = [settings.topics.state, settings.topics.inbox, settings.topics.events]
    partitions = [TopicPartition(name, 0) for name in names if name is not None]
    consumer = make_reader(settings)
    consumer.assign(partitions)
    await start(consumer, settings, "reading the topics")
    try:
        await consumer.seek_to_end(*partitions)
        await consumer.getmany(timeout_ms=milliseconds(_PROBE))
        if not settings.begin_anew:
            await _refuse_lost_state(consumer, settings)
    finally:
        await discard(consumer)


async def _refuse_lost_state(consumer: Any, settings: KafkaSettings) -> None:
    """Refuse to begin where events are kept and nothing remembers them: all would be published again."""
    articles, state = settings.topics.articles, settings.topics.state
    there = [TopicPartition(articles, number) for number in await partitions_of(consumer, articles)]
    first, end = await consumer.beginning_offsets(there), await consumer.end_offsets(there)
    if all(end[each] <= first[each] for each in there):
        return
    # Asked for after the articles, and what is not committed counts: a commit writes both before either is visible.
    shards = [TopicPartition(state, shard) for shard in range(settings.shards)]
    if any(await asyncio.gather(*(list_offset(consumer, each, LATEST, UNCOMMITTED) for each in shards))):
        return
    what = f"is empty, and {articles} holds events: telex remembers nothing of them and would publish them again"
    remedy = "check kafka.state_topic; run `telex state rebuild`; or set kafka.begin_anew to publish them again"
    raise ConfigurationError((Problem("kafka", None, None, state, what, remedy),))
