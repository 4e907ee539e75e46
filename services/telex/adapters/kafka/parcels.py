"""A commit as the records that a transaction sends: where each goes, and whether it may. Pure."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Final

from aiokafka.record.default_records import DefaultRecordBatchBuilder

from telex.adapters.kafka import state
from telex.adapters.kafka.topics import Limits
from telex.core.model import FeedId
from telex.core.records import Record
from telex.errors import AppendRefused
from telex.ports import Commit

Headers = tuple[tuple[str, bytes], ...]

TOPIC_HEADER: Final = "telex_topic"
"""On the copy of an event in the merged topic: the topic of the original."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One record to send. `partition` None: the key decides, as Kafka's default partitioner does it (murmur2).

    `culprit` is the feed to blame where it is refused.
    """

    topic: str
    partition: int | None
    key: bytes
    value: bytes | None
    headers: Headers = ()
    culprit: str | None = None

    @property
    def size(self) -> int:
        """Bytes of a batch with this record alone, not compressed: the most that a broker can see of it."""
        return int(DefaultRecordBatchBuilder.estimate_size_in_bytes(self.key, self.value, list(self.headers)))


@dataclass(frozen=True, slots=True)
class Places:
    """Where the parts of a commit go. `merged` holds each event once: what stands in `derived` repeats others."""

    state: str
    merged: str | None
    compacted: frozenset[str]
    derived: frozenset[str] = frozenset()


def pack(
    commit: Commit, shard: int, places: Places, limits: Limits, *, with_format: bool
) -> Generator[None, None, tuple[Parcel, ...]]:
    """The records of a commit, one a step; none where it says nothing.

    `with_format`: the shard's partition names no format yet.

    Raises:
        AppendRefused: something in it can never be stored.
    """
    memories = commit.memories or {}
    parcels: list[Parcel] = []
    try:
        for record in commit.records:
            made = _events(record, places, _culprit(record, memories))
            check_sizes(made, limits, places.merged)
            parcels.extend(made)
            yield
        kept = [
            Parcel(places.state, shard, key, value, (), None if key.startswith(state.OURS) else key.decode())
            for key, value in state.records(commit, with_format=False)
        ]
        if kept and with_format:
            kept = [Parcel(places.state, shard, *next(state.records(Commit(), with_format=True))), *kept]
    except UnicodeEncodeError as error:  # lone surrogates are no text
        raise AppendRefused("invalid", detail="text that is no Unicode (a lone surrogate)") from error
    check_sizes(tuple(kept), limits, places.merged)
    return (*parcels, *kept)


def _events(record: Record, places: Places, culprit: str | None) -> tuple[Parcel, ...]:
    if record.value is None and record.topic not in places.compacted:
        raise AppendRefused("invalid", culprit, detail=f"a record without a value for {record.topic}")
    key = record.key.encode()
    headers = tuple((name, value.encode()) for name, value in record.headers)
    original = Parcel(record.topic, None, key, record.value, headers, culprit)
    if places.merged is None or record.topic in places.derived:
        return (original,)
    named = (*headers, (TOPIC_HEADER, record.topic.encode()))
    return original, Parcel(places.merged, 0, key, record.value, named, culprit)


def _culprit(record: Record, memories: Mapping[FeedId, bytes | None]) -> str | None:
    # A feed's own events have its id as key; an article's record can be laid only to the one feed of its commit.
    if record.key in memories:
        return record.key
    return next(iter(memories)) if len(memories) == 1 else None


def check_sizes(parcels: tuple[Parcel, ...], limits: Limits, merged: str | None = None) -> None:
    """Refuse what a topic would: before anything is sent. `merged`: the topic of the copies, to name it.

    Raises:
        AppendRefused: a record is too large, or its topic is none of ours.
    """
    for parcel in parcels:
        limit = limits.records.get(parcel.topic)
        if limit is None:
            raise AppendRefused("unknown_topic", parcel.culprit, detail=f"{parcel.topic} is no topic of the settings")
        if parcel.size > limit:
            raise AppendRefused("too_large", parcel.culprit, detail=_too_large(parcel, limit, limits, merged))


def _too_large(parcel: Parcel, limit: int, limits: Limits, merged: str | None) -> str:
    what = f"a record of {parcel.size:,} bytes for {parcel.topic}, which takes {limit:,} before compression"
    # The limit of a topic whose events are copied is never above that of the merged topic.
    where = f"its max.message.bytes, that of {merged}" if merged and limits.records.get(merged) == limit else None
    return f"{what}: raise {where or 'its max.message.bytes'} or kafka.max_request_size, whichever is the least"
