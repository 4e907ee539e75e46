"""Logs that lack a protection, which several tests show the damage of; and what there is to see of it."""

import asyncio

from aiokafka import AIOKafkaProducer
from kafka_store import KafkaStore, contents

from telex.adapters.kafka import KafkaLog, clients, producer
from telex.adapters.kafka.claim import KafkaClaim
from telex.adapters.kafka.parcels import Parcel
from telex.adapters.kafka.topics import Limits
from telex.core.model import FeedId
from telex.errors import AppendRefused, AppendUnknown

FEED = FeedId("feed")


async def send(through: AIOKafkaProducer, parcel: Parcel) -> "asyncio.Future":
    """Hand one record over to a producer."""
    headers = list(parcel.headers)
    return await through.send(parcel.topic, parcel.value, parcel.key, partition=parcel.partition, headers=headers)


async def articles_of(servers: str, store: KafkaStore) -> list[str]:
    """The keys in the store's own articles topic, sorted."""
    parts = [await contents(servers, store.settings.topics.articles, partition) for partition in range(3)]
    return sorted(key.decode() for part in parts for key, _ in part)


async def memories_of(servers: str, store: KafkaStore) -> list[bytes]:
    """All that was remembered of the feed, in order."""
    return [value for key, value in await contents(servers, store.settings.topics.state) if key == b"feed"]


class Blind(KafkaLog):
    """It checks no sizes: what the broker refuses is found out by asking it. No mutant: its claims die as they should."""

    @property
    def limits(self):
        return Limits(dict.fromkeys(self._limits.records, 1 << 30), self._limits.batch)


class Unimpressed(KafkaClaim):
    """It goes on after whatever an append met."""

    def die(self, reason):
        if reason not in {"refused", "unknown", "failed"}:
            super().die(reason)


class _TrustsTheCommit(producer.Transactor):
    """It asks no send how it ended."""

    async def transact(self, parcels):
        await self._producer.begin_transaction()
        for parcel in parcels:
            (await send(self._producer, parcel)).add_done_callback(clients.retrieve)
        await self._producer.commit_transaction()


class Trusting(Blind):
    """Hazards 1, 2, 3 and 13."""

    transactor_type = _TrustsTheCommit


class Aborting(producer.Transactor):
    """It aborts what failed, and is used again."""

    async def transact(self, parcels):
        try:
            await super().transact(parcels)
        except (AppendRefused, AppendUnknown):
            await self._producer.abort_transaction()
            self._ended = False
            raise


class AbortsAndGoesOn(Blind):
    """Hazards 2 and 12."""

    transactor_type = Aborting
    claim_type = Unimpressed
