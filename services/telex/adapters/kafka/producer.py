"""One transactional producer, used so that nothing is lost, torn or told wrongly.

A commit is: begin, send all in batches, await every batch's future, commit. Whatever is not exactly that ends the
producer, and with it its claim; the next producer's InitProducerId ends what was left open. aiokafka's own way to give a
transaction up is used nowhere: after some errors it ends nothing, and its records appear with the next commit. Nor are
failed sends its business: it confirms commits whose records were refused, and loses every later record of their partition.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.protocol.transaction import AddPartitionsToTxnRequest, EndTxnRequest

from telex.adapters.kafka.clients import (
    discard,
    make_producer,
    retrieve,
    start,
    stop,
    transaction_error,
    watch_requests,
)
from telex.adapters.kafka.config import KafkaSettings, milliseconds
from telex.adapters.kafka.faults import FENCES, Fenced, permanent, unavailable, words
from telex.adapters.kafka.parcels import Parcel
from telex.adapters.kafka.topics import Limits
from telex.core.identity import murmur2
from telex.errors import AppendRefused, AppendUnknown

_PATIENCE: Final = 2
"""A commit that takes so many request time-outs is given up; only the claim ends, Kafka may still commit."""
_DOUBTFUL: Final = (AddPartitionsToTxnRequest, EndTxnRequest)
"""Sent again after no answer, the first copy may arrive late and act on the next transaction (KAFKA-17754)."""
_SLICE: Final = 100
"""Records after which the loop takes a turn: half a millisecond."""


@dataclass(slots=True)
class _Sent:
    """A batch, and how it ends once it is handed over; `culprit` is the feed of its first record."""

    culprit: str | None
    future: "asyncio.Future[Any] | None" = None


class Transactor:
    """The producer of one claim. Only one task uses it."""

    def __init__(self, settings: KafkaSettings, shard: int, limits: Limits) -> None:
        self._settings = settings
        self._shard = shard
        self._topics = tuple(limits.records)
        self._producer = make_producer(
            settings,
            limits.batch,
            transactional_id=settings.transactional_id(shard),
            transaction_timeout_ms=milliseconds(settings.transaction_timeout),
        )
        self._doubtful = False
        self._ended = False
        watch_requests(self._producer.client, self._note_failed)

    @property
    def usable(self) -> bool:
        """Whether another transaction may go through it."""
        return not (self._doubtful or self._ended)

    def _note_failed(self, request: Any) -> None:
        if isinstance(request, _DOUBTFUL):
            self._doubtful = True

    async def start(self) -> None:
        """Fence every earlier producer of the shard, and end what it left open.

        Raises:
            LogUnavailable: it did not work now; whether others are fenced is not known.
        """
        try:
            await start(self._producer, self._settings, f"fencing the former owners of shard {self._shard}")
            # Known from now on, a topic that is unknown in a commit is one that was deleted, not one that a broker
            # which is away cannot tell of. And the first commit is as fast as the next.
            await asyncio.gather(*map(self._producer.partitions_for, self._topics))
        except KafkaError as error:
            await self.drop()
            raise unavailable(error, f"asking for the topics of shard {self._shard}") from error
        except BaseException:
            await self.drop()
            raise

    async def transact(self, parcels: Sequence[Parcel]) -> None:
        """Make all of the parcels visible, or none. Whatever it raises, the producer is never used again.

        Raises:
            AppendRefused: nothing is visible, nor will the same ever be.
            Fenced: nothing is visible: somebody else owns the shard, or it took longer than a transaction may.
            AppendUnknown: it may or may not be visible.
        """
        sent: list[_Sent] = []
        committing = False
        try:
            async with asyncio.timeout(_PATIENCE * self._settings.request_timeout):
                await self._producer.begin_transaction()
                for place, heap in (await self._sorted(parcels, sent)).items():
                    await self._send(place, heap, sent)
                await asyncio.gather(*(each.future for each in sent if each.future))
                committing = True
                await self._producer.commit_transaction()
        except Exception as error:
            self._ended = True
            raise self._told(error, committing, _guilty(sent)) from error
        except BaseException:  # cancelled: Kafka may go on and commit
            self._ended = True
            raise
        finally:
            for each in sent:
                if each.future:
                    each.future.add_done_callback(retrieve)

    async def _sorted(self, parcels: Sequence[Parcel], sent: list[_Sent]) -> dict[TopicPartition, list[Parcel]]:
        """The parcels by where they go, each place's in order."""
        sizes: dict[str, int] = {}
        hashes: dict[bytes, int] = {}
        heaps: dict[TopicPartition, list[Parcel]] = {}
        for parcel in parcels:
            partition = parcel.partition
            if partition is None:
                if parcel.topic not in sizes:
                    sent.append(_Sent(parcel.culprit))
                    sizes[parcel.topic] = len(await self._producer.partitions_for(parcel.topic))
                    sent.pop()
                if parcel.key not in hashes:
                    hashes[parcel.key] = murmur2(parcel.key) & 0x7FFFFFFF
                partition = hashes[parcel.key] % sizes[parcel.topic]
            heaps.setdefault(TopicPartition(parcel.topic, partition), []).append(parcel)
        return heaps

    async def _send(self, place: TopicPartition, heap: Sequence[Parcel], sent: list[_Sent]) -> None:
        """Hand the records of one partition over, in as few batches as hold them."""
        batch, culprit = self._producer.create_batch(), heap[0].culprit
        for number, parcel in enumerate(heap, 1):
            if not _add(batch, parcel):
                await self._hand_over(batch, place, culprit, sent)
                batch, culprit = self._producer.create_batch(), parcel.culprit
                _add(batch, parcel)  # a batch takes its first record, however large
            if number % _SLICE == 0:
                await asyncio.sleep(0)
        await self._hand_over(batch, place, culprit, sent)

    async def _hand_over(self, batch: Any, place: TopicPartition, culprit: str | None, sent: list[_Sent]) -> None:
        sent.append(_Sent(culprit))
        sent[-1].future = await self._producer.send_batch(batch, place.topic, partition=place.partition)

    def _told(self, error: Exception, committing: bool, culprit: str | None) -> AppendRefused | AppendUnknown | Fenced:
        # A fence is the answer to a commit that was asked for once. Asked for twice, the first may have been served.
        if isinstance(error, FENCES) and not (committing and self._doubtful):
            return Fenced(f"shard {self._shard}: a newer producer exists, or the transaction took too long")
        # A transaction that may not write to a topic fails its sends for another reason.
        reason = permanent(error) or permanent(transaction_error(self._producer))
        if reason is not None and not committing:
            return AppendRefused(reason, culprit)
        return AppendUnknown(f"shard {self._shard}: {words(error)}")

    async def close(self) -> None:
        """End the producer: in good order where nothing is under way, else without a last word."""
        if self.usable:
            self._ended = True
            await stop(self._producer)
        else:
            self._ended = True
            await discard(self._producer)

    async def drop(self) -> None:
        """End the producer without a last word."""
        self._ended = True
        await discard(self._producer)


def _add(batch: Any, parcel: Parcel) -> bool:
    # No time of ours: what a publisher or the calendar here says is nothing to Kafka.
    headers = list(parcel.headers)
    return batch.append(timestamp=None, key=parcel.key, value=parcel.value, headers=headers) is not None


def _guilty(sent: Sequence[_Sent]) -> str | None:
    """The feed of what was refused, or about to be sent: of a batch, that of its first record."""
    for each in sent:
        future = each.future
        if future is None or (future.done() and not future.cancelled() and future.exception() is not None):
            return each.culprit
    return None
