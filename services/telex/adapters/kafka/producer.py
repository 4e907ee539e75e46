"""One transactional producer, used so that nothing is lost, torn or told wrongly.

A commit is: begin, send all, await every send's future, commit. Whatever is not exactly that ends the producer, and
with it its claim; the next producer's InitProducerId ends what was left open. aiokafka's own way to give a transaction
up is used nowhere: after some errors it ends nothing, and its records appear with the next commit. Nor are failed sends
its business: it confirms commits whose records were refused, and loses every later record of their partition.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

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
from telex.errors import AppendRefused, AppendUnknown

_PATIENCE: Final = 2
"""A commit that takes so many request time-outs is given up; only the claim ends, Kafka may still commit."""
_DOUBTFUL: Final = (AddPartitionsToTxnRequest, EndTxnRequest)
"""Sent again after no answer, the first copy may arrive late and act on the next transaction (KAFKA-17754)."""


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
        producer = self._producer
        futures: list[asyncio.Future[Any]] = []
        culprits: list[str | None] = []
        committing = False
        try:
            async with asyncio.timeout(_PATIENCE * self._settings.request_timeout):
                await producer.begin_transaction()
                for parcel in parcels:
                    culprits.append(parcel.culprit)
                    futures.append(
                        await producer.send(
                            parcel.topic,
                            parcel.value,
                            parcel.key,
                            partition=parcel.partition,
                            headers=list(parcel.headers),
                        )
                    )
                await asyncio.gather(*futures)
                committing = True
                await producer.commit_transaction()
        except Exception as error:
            self._ended = True
            raise self._told(error, committing, _guilty(futures, culprits)) from error
        except BaseException:  # cancelled: Kafka may go on and commit
            self._ended = True
            raise
        finally:
            for future in futures:
                future.add_done_callback(retrieve)

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


def _guilty(futures: Sequence["asyncio.Future[Any]"], culprits: Sequence[str | None]) -> str | None:
    """The feed whose record was refused, if one was; or that was about to be sent."""
    for future, culprit in zip(futures, culprits, strict=False):
        if future.done() and not future.cancelled() and future.exception() is not None:
            return culprit
    return culprits[-1] if len(culprits) > len(futures) else None
