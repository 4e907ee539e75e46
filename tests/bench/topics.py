"""Topics of one round each, and what committed records they hold."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

GUID = re.compile(rb"urn:sim:(\d+):(\d+)")
"""The names that the simulator gives to items: the first one in a record says which item it is of."""
_PATIENCE = 10.0


class Articles:
    """What stands in a topic: how often each item, as (feed, number), and how many bytes."""

    def __init__(self) -> None:
        self.items: Counter[tuple[int, int]] = Counter()
        self.nameless = self.bytes = 0

    def add(self, value: bytes) -> None:
        """Count a record."""
        self.bytes += len(value)
        found = GUID.search(value)
        if found is None:
            self.nameless += 1
        else:
            self.items[int(found[1]), int(found[2])] += 1

    def complaint(self, feeds: int, newest: int) -> str | None:
        """Why this is not each item of each feed, from the first to the newest, exactly once; None if it is."""
        expected = Counter((feed, number) for feed in range(feeds) for number in range(1, newest + 1))
        if self.items == expected and not self.nameless:
            return None
        lost, more = expected - self.items, self.items - expected
        return f"{lost.total()} articles lost, {more.total()} too many, {self.nameless} records of no item"


class Topics:
    """Makes, reads and deletes topics."""

    def __init__(self, bootstrap: str, partitions: int) -> None:
        self._bootstrap, self._partitions = bootstrap, partitions

    async def __aenter__(self) -> Self:
        self._admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap)
        await self._admin.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._admin.close()

    @asynccontextmanager
    async def made(self, names: list[str]) -> AsyncIterator[None]:
        """Topics for as long as the block runs."""
        await self._admin.create_topics([NewTopic(name, self._partitions, 1) for name in names])
        try:
            yield
        finally:
            await self._admin.delete_topics(names)

    async def articles(self, name: str, expected: int) -> Articles:
        """All committed records. Fewer than expected are waited for, a little.

        A transaction is acknowledged when it is certain to be committed; readers see that some moments later.
        """
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            isolation_level="read_committed",
            enable_auto_commit=False,
            max_partition_fetch_bytes=8 << 20,
        )
        found, until = Articles(), time.monotonic() + _PATIENCE
        await consumer.start()
        try:
            partitions = [TopicPartition(name, number) for number in range(self._partitions)]
            consumer.assign(partitions)
            await consumer.seek_to_beginning(*partitions)
            await _read(consumer, partitions, found)
            while found.items.total() < expected and time.monotonic() < until:
                await asyncio.sleep(0.2)
                await _read(consumer, partitions, found)
        finally:
            await consumer.stop()
        return found


async def _read(consumer: AIOKafkaConsumer, partitions: list[TopicPartition], found: Articles) -> None:
    """To where the topic ends now."""
    for partition, end in (await consumer.end_offsets(partitions)).items():
        while await consumer.position(partition) < end:
            batches = await consumer.getmany(timeout_ms=1000)
            for records in batches.values():
                for record in records:
                    found.add(record.value or b"")
