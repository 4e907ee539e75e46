"""What is asked of the shards: commands go into a topic of as many partitions, and each owner reads its own."""

import asyncio
from bisect import bisect_right
from contextlib import suppress
from typing import Any, Final

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from telex.adapters.kafka.clients import (
    LATEST,
    UNCOMMITTED,
    discard,
    list_offset,
    make_producer,
    make_reader,
    retried,
    start,
    stop,
)
from telex.adapters.kafka.config import KafkaSettings
from telex.adapters.kafka.faults import unavailable, words
from telex.core.model import FeedId
from telex.errors import LogUnavailable
from telex.ports import Command, CommandKind

_BATCH: Final = 16384
_TURN: Final = 1000
_AGAIN: Final = 0.5
_MANY: Final = 10_000
"""So many commands of a shard are kept; beyond, those that its owner has asked past are dropped."""


def encode(command: Command) -> bytes:
    """The value of a command's record."""
    return orjson.dumps({"id": command.id, "kind": command.kind.value, "feed": command.feed})


def decode(value: bytes | None) -> Command | None:
    """The command of a record; None where it is of a kind that only a newer telex knows, or of no telex at all."""
    try:
        fields = orjson.loads(value or b"")
        return Command(str(fields["id"]), CommandKind(fields["kind"]), FeedId(str(fields["feed"])))
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None


class _Shard:
    """The commands of one shard past `start`. Who asks for what is past `alias` means `start`."""

    def __init__(self, start: int, alias: int | None = None) -> None:
        self.start = start
        self.alias = start if alias is None else alias
        self.found: list[tuple[int, Command]] = []
        self.grown: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def add(self, position: int, command: Command) -> None:
        if position > (self.found[-1][0] if self.found else self.start):
            self.found.append((position, command))

    def tell(self) -> None:
        if not self.grown.done():
            self.grown.set_result(None)
        self.grown = asyncio.get_running_loop().create_future()

    def after(self, position: int) -> tuple[tuple[int, Command], ...]:
        index = bisect_right(self.found, position, key=lambda item: item[0])
        if len(self.found) > _MANY:
            self.start = max(self.start, position)
            del self.found[:index]
            index = 0
        return tuple(self.found[index:])


class Inbox:
    """Writes for every shard, reads for those that this process owns.

    A command's position is its offset + 1: positions start above 0.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self.trouble: str | None = None
        self._settings = settings
        self._topic = settings.topics.inbox
        self._owned: dict[int, _Shard] = {}
        self._consumer: AIOKafkaConsumer | None = None
        self._producer: AIOKafkaProducer | None = None
        self._putting = asyncio.Lock()
        self._open = asyncio.Event()

    # Writing

    async def put(self, shard: int, command: Command) -> int:
        """Put a command into a shard's inbox; its position.

        Raises:
            LogUnavailable: try again; the command may then arrive twice.
        """
        async with self._putting:
            if self._producer is None:
                producer = make_producer(self._settings, _BATCH)
                await start(producer, self._settings, "writing to the inbox")
                self._producer = producer
            producer = self._producer
            try:
                async with asyncio.timeout(2 * self._settings.request_timeout):
                    written = await producer.send_and_wait(
                        self._topic, encode(command), command.feed.encode(), partition=shard
                    )
            except BaseException as error:
                # After a failed send the producer loses every later record of the partition.
                self._producer = None
                await discard(producer)
                if isinstance(error, (KafkaError, OSError, TimeoutError, AssertionError)):
                    raise unavailable(error, "writing to the inbox") from error
                raise
        if written.offset < 0:  # the broker had it already, and no longer knows where
            raise LogUnavailable("the inbox: the command is there, its position is not known")
        return int(written.offset) + 1

    # Reading

    async def own(self, shard: int, after: int) -> None:
        """Read the shard's commands past `after` from now on.

        A position beyond the end is of an inbox that was made anew: everything in it is past it.

        Raises:
            LogUnavailable: the inbox cannot be read now.
        """
        partition = TopicPartition(self._topic, shard)
        try:
            async with asyncio.timeout(self._settings.request_timeout):
                await self._open.wait()
            consumer = self._consumer
            end = await retried(
                lambda: list_offset(consumer, partition, LATEST, UNCOMMITTED), self._settings.request_timeout
            )
        except (KafkaError, OSError, TimeoutError) as error:
            raise unavailable(error, "reading the inbox") from error
        owned = self._owned[shard] = _Shard(after if after <= end else 0, after)
        self._seek(consumer, shard, owned.start)

    def disown(self, shard: int) -> None:
        """Read no more for the shard."""
        self._owned.pop(shard, None)
        if self._consumer is not None:
            with suppress(Exception):
                self._consumer.pause(TopicPartition(self._topic, shard))

    def commands(self, shard: int, after: int) -> tuple[tuple[tuple[int, Command], ...], "asyncio.Future[None]"]:
        """What came past `after` so far, and a future that is done once more came."""
        owned = self._owned.get(shard)
        if owned is None:  # disowned: whoever asks waits for the end of its claim, too
            return (), asyncio.get_running_loop().create_future()
        after = owned.start if after == owned.alias else after
        if after < owned.start:
            owned.tell()
            owned = _Shard(after)
            self._owned[shard] = owned
            if self._consumer is not None:
                self._seek(self._consumer, shard, after)
        return owned.after(after), owned.grown

    def _seek(self, consumer: Any, shard: int, after: int) -> None:
        partition = TopicPartition(self._topic, shard)
        consumer.seek(partition, after)
        consumer.resume(partition)

    async def run(self) -> None:
        """Read for the owned shards until cancelled."""
        while True:
            try:
                await self._read()
            except Exception as error:  # noqa: BLE001 - a reader that failed is replaced
                self.trouble = f"the inbox: {words(error.__cause__ or error)}"
            await self._drop_consumer()
            await asyncio.sleep(_AGAIN)

    async def _read(self) -> None:
        consumer = make_reader(self._settings)
        partitions = [TopicPartition(self._topic, shard) for shard in range(self._settings.shards)]
        consumer.assign(partitions)
        consumer.pause(*partitions)
        await start(consumer, self._settings, "reading the inbox")
        self._consumer = consumer
        for partition in partitions:
            consumer.seek(partition, 0)
        for shard, owned in self._owned.items():
            self._seek(consumer, shard, owned.found[-1][0] if owned.found else owned.start)
        self.trouble = None
        self._open.set()
        while True:
            for partition, records in (await consumer.getmany(timeout_ms=_TURN)).items():
                self._take(partition.partition, records)

    def _take(self, shard: int, records: Any) -> None:
        owned = self._owned.get(shard)
        if owned is not None:
            for record in records:
                command = decode(record.value)
                if command is not None:
                    owned.add(record.offset + 1, command)
            owned.tell()

    async def _drop_consumer(self) -> None:
        self._open.clear()
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await discard(consumer)

    async def close(self) -> None:
        """Stop; `run` must have been cancelled."""
        await self._drop_consumer()
        producer, self._producer = self._producer, None
        if producer is not None:
            await stop(producer)
