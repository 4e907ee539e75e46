"""Reads what a shard remembers. Only after its new owner has fenced all former ones: then nothing can be added."""

import asyncio
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
    retried,
    start,
)
from telex.adapters.kafka.config import KafkaSettings
from telex.adapters.kafka.faults import ForeignTransactionError, unavailable
from telex.adapters.kafka.state import Remembered
from telex.errors import LogCorrupt, LogUnavailable

_SWEEP: Final = 10.0
"""So often a broker looks for transactions that took too long."""
_FETCH_WAIT: Final = 10
_LOOK_LEAST, _LOOK_MOST = 0.005, 0.25
_TURN: Final = 20
"""Milliseconds until the position is looked at again: what passes a marker gives no record."""


class Restorer:
    """Restores shards, a few at a time."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._turns = asyncio.Semaphore(settings.restore_parallel)

    async def restore(self, shard: int) -> Remembered:
        """All that was committed to the shard's partition.

        Raises:
            ForeignTransactionError: a transaction that is none of ours stays open on the partition.
            LogUnavailable: it cannot be read now.
            LogCorrupt: it holds what telex did not write, or a rebuild that did not end.
        """
        partition = TopicPartition(self._settings.topics.state, shard)
        consumer = make_reader(self._settings, fetch_wait=_FETCH_WAIT)
        consumer.assign([partition])
        consumer.pause(partition)
        await start(consumer, self._settings, f"restoring shard {shard}")
        try:
            end = await self._wait_stable(consumer, partition)
            async with self._turns:
                remembered = await self._read(consumer, partition, end)
        except (KafkaError, OSError, TimeoutError) as error:
            raise unavailable(error, f"restoring shard {shard}") from error
        finally:
            await discard(consumer)
        if remembered.unfinished and not self._settings.begin_anew:
            raise LogCorrupt(f"{partition.topic}: a rebuild did not end: run `telex state rebuild --replace` first")
        return remembered

    async def _wait_stable(self, consumer: Any, partition: TopicPartition) -> int:
        """The end of the partition, once every transaction before it is over.

        Our own predecessor's was ended by the fence; its marker may be on its way.
        """
        loop = asyncio.get_running_loop()
        end = await self._offset(consumer, partition, LATEST, UNCOMMITTED)
        until = loop.time() + self._settings.transaction_timeout + _SWEEP
        pause = _LOOK_LEAST
        while True:
            stable = await self._offset(consumer, partition, LATEST, COMMITTED)
            if stable >= end:
                return end
            if loop.time() > until:
                where = f"{partition.topic}-{partition.partition}"
                raise ForeignTransactionError(
                    f"{where}: a transaction of another program is open since offset {stable}; "
                    f"see kafka-transactions.sh --bootstrap-server {self._settings.bootstrap[0]} "
                    f"find-hanging --topic {partition.topic} --partition {partition.partition}"
                )
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LOOK_MOST)

    async def _read(self, consumer: AIOKafkaConsumer, partition: TopicPartition, end: int) -> Remembered:
        """Read to `end`. The position passes markers and what compaction removed; records alone would not get there."""
        loop = asyncio.get_running_loop()
        remembered = Remembered()
        position = await self._offset(consumer, partition, EARLIEST, COMMITTED)
        consumer.seek(partition, position)
        consumer.resume(partition)
        moved = loop.time()
        while position < end:
            fetched = await consumer.getmany(partition, timeout_ms=_TURN)
            for record in fetched.get(partition, ()):
                remembered.take(record.key or b"", record.value)
            now = await consumer.position(partition)
            if now > position:
                position, moved = now, loop.time()
            elif loop.time() - moved > 2 * self._settings.request_timeout:
                raise LogUnavailable(f"restoring shard {partition.partition}: nothing comes after offset {position}")
        return remembered

    async def _offset(self, consumer: Any, partition: TopicPartition, which: int, isolation: int) -> int:
        patience = 2 * self._settings.request_timeout
        return await retried(lambda: list_offset(consumer, partition, which, isolation), patience)
