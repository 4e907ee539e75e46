"""Reads whole topics: for work on a log that nobody else uses meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from telex.adapters.kafka.clients import (
    COMMITTED,
    EARLIEST,
    LATEST,
    UNCOMMITTED,
    discard,
    list_offset,
    make_reader,
    partitions_of,
    retried,
    start,
)
from telex.adapters.kafka.config import KafkaSettings
from telex.adapters.kafka.faults import unavailable
from telex.core.records import Record
from telex.errors import LogUnavailable

_TURN: Final = 100
_PAGE: Final = 500
_LOOK: Final = 0.1
_SWEEP: Final = 10.0
"""So often a broker looks for transactions that took too long."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A record of a topic. `is_first`: earlier ones of its partition were deleted; None where that was all of them."""

    record: Record | None
    is_first: bool


async def inbox_ends(settings: KafkaSettings) -> dict[int, int]:
    """The position of the last command in each shard's inbox, 0 where there is none.

    Raises:
        LogUnavailable: it cannot be said now.
    """
    async with _reader(settings, "reading the inbox") as consumer:
        places = [TopicPartition(settings.topics.inbox, shard) for shard in range(settings.shards)]
        ends = [await _offset(consumer, settings, place, LATEST, UNCOMMITTED) for place in places]
        return {place.partition: end for place, end in zip(places, ends, strict=True)}


async def kept(settings: KafkaSettings, topic: str) -> AsyncIterator[Kept]:
    """Everything that was committed to a topic before this began, each partition in its order.

    Raises:
        LogUnavailable: it cannot be read now, or a transaction in it stays open.
    """
    async with _reader(settings, f"reading {topic}") as consumer:
        places = [TopicPartition(topic, partition) for partition in await partitions_of(consumer, topic)]
        consumer.assign(places)
        ends = {place: await _wait_stable(consumer, settings, place) for place in places}
        begins = {place: await _offset(consumer, settings, place, EARLIEST, COMMITTED) for place in places}
        async for record in _read(consumer, settings, begins, ends):
            yield record


async def _read(
    consumer: AIOKafkaConsumer,
    settings: KafkaSettings,
    begins: dict[TopicPartition, int],
    ends: dict[TopicPartition, int],
) -> AsyncIterator[Kept]:
    for place, begin in begins.items():
        consumer.seek(place, begin)
    cut = {place for place, begin in begins.items() if begin > 0}
    left = {place for place, begin in begins.items() if begin < ends[place]}
    consumer.pause(*(begins.keys() - left))
    loop = asyncio.get_running_loop()
    moved, before = loop.time(), dict(begins)
    while left:
        fetched = await consumer.getmany(timeout_ms=_TURN, max_records=_PAGE)
        for place, records in fetched.items():
            for record in records:
                if record.offset < ends[place]:
                    yield Kept(_record(record), is_first=place in cut)
                    cut.discard(place)
        for place in tuple(left):
            now = await consumer.position(place)
            if now > before[place]:
                before[place], moved = now, loop.time()
            if now >= ends[place]:
                left.discard(place)
                consumer.pause(place)
        if left and loop.time() - moved > 2 * settings.request_timeout:
            place = next(iter(left))
            raise LogUnavailable(f"nothing comes from {place.topic}-{place.partition} after offset {before[place]}")
    for _ in cut:
        yield Kept(None, is_first=True)


def _record(record: Any) -> Record:
    headers = tuple((name, value.decode("utf-8", "replace")) for name, value in record.headers)
    return Record(record.topic, (record.key or b"").decode("utf-8", "replace"), headers, record.value)


async def _wait_stable(consumer: AIOKafkaConsumer, settings: KafkaSettings, place: TopicPartition) -> int:
    """The end of a partition, once every transaction before it is over."""
    loop = asyncio.get_running_loop()
    until = loop.time() + settings.transaction_timeout + _SWEEP
    end = await _offset(consumer, settings, place, LATEST, UNCOMMITTED)
    while (stable := await _offset(consumer, settings, place, LATEST, COMMITTED)) < end:
        if loop.time() > until:
            raise LogUnavailable(f"{place.topic}-{place.partition}: a transaction is open since offset {stable}")
        await asyncio.sleep(_LOOK)
    return end


async def _offset(
    consumer: AIOKafkaConsumer, settings: KafkaSettings, place: TopicPartition, which: int, isolation: int
) -> int:
    return await retried(lambda: list_offset(consumer, place, which, isolation), settings.request_timeout)


@asynccontextmanager
async def _reader(settings: KafkaSettings, doing: str) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = make_reader(settings, fetch_wait=_TURN)
    try:
        await start(consumer, settings, doing)
        yield consumer
    except (KafkaError, OSError, TimeoutError) as error:
        raise unavailable(error, doing) from error
    finally:
        await discard(consumer)
