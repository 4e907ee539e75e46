"""What a topic holds: a record, as Kafka has them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a topic: CloudEvents headers, a key, a value. `value` None is a tombstone (compacted topics only)."""

    topic: str
    key: str
    headers: tuple[tuple[str, str], ...]
    value: bytes | None
