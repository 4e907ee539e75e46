"""Memories, packed: what the log keeps of a feed, at most 73 bytes a known entry.

Layout of format 1, little-endian: one byte format, one byte flags, the head, then the entries. Instants of entries are
whole seconds in 32 bits (0 is None): years 1970 to 2106; others are None.

The format of release n is readable by release n-1: fields are only added at the end of a part whose length is known.
"""

import struct
import zlib
from dataclasses import replace
from typing import Any

from telex.core.events import Health
from telex.core.memory import (
    NO_HINTS,
    PAST_DIGEST_SIZE,
    Departed,
    FeedState,
    Head,
    Known,
    Memory,
    Past,
    ScheduleRecord,
    Want,
)
from telex.core.model import Digest, FeedId, Hints, Publisher
from telex.wire import articles

FORMAT = 1
_ENTRY = struct.Struct("<8s12s8s20sIIB")
_HEAD = struct.Struct("<ddddI")
_HORIZON = struct.Struct("<d")
_HEALTH: tuple[Health | None, ...] = (None, *Health)
_U32 = 0xFFFFFFFF
_HAS_WANTS, _UNSETTLED, _AWAITS_REMOVAL = 1, 2, 4
_MISSING = 0x80


class UnreadableMemoryError(ValueError):
    """These bytes are no memory of a known format."""


def _varint(out: bytearray, number: int) -> None:
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)


def _instant(value: float | None) -> int:
    return int(value) if value is not None and 1 <= value <= _U32 else 0


def _text(out: bytearray, value: str | None) -> None:
    if value is None:
        out.append(0)
        return
    data = value.encode("utf-8", "surrogatepass")
    _varint(out, len(data) + 1)
    out += data


def _digest(out: bytearray, value: bytes | None) -> None:
    out.append(len(value or b""))
    out += value or b""


class _Source:
    """Reads what the functions above wrote; anything unexpected is an `UnreadableMemoryError`."""

    __slots__ = ("at", "data")

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data, self.at = data, at

    def take(self, size: int) -> bytes:
        end = self.at + size
        if end > len(self.data):
            raise UnreadableMemoryError("the packed memory is cut short")
        taken = self.data[self.at : end]
        self.at = end
        return taken

    def byte(self) -> int:
        if self.at >= len(self.data):
            raise UnreadableMemoryError("the packed memory is cut short")
        self.at += 1
        return self.data[self.at - 1]

    def varint(self) -> int:
        number = self.byte()
        if number < 0x80:  # nearly always
            return number
        number, shift = number & 0x7F, 7
        while True:
            byte = self.byte()
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return number
            shift += 7

    def text(self) -> str | None:
        size = self.varint()
        return self.take(size - 1).decode("utf-8", "surrogatepass") if size else None

    def digest(self) -> Digest | None:
        return Digest(taken) if (taken := self.take(self.byte())) else None


def _optional(value: float) -> float | None:
    return None if value != value else value  # noqa: PLR0124 - NaN stands for None


def _pack_head(head: Head) -> bytes:
    out = bytearray()
    nan = float("nan")
    out += _HEAD.pack(
        nan if head.accepted_at is None else head.accepted_at,
        head.rate,
        head.health_since,
        nan if head.retired_at is None else head.retired_at,
        head.ordinal & _U32,
    )
    out.append(_HEALTH.index(head.health))
    for digest in (head.asked, head.body, head.junk):
        _digest(out, digest)
    for text in (head.url, head.etag, head.last_modified, head.title, head.home_url, head.publisher):
        _text(out, text)
    _varint(out, 0 if head.hints.ttl is None else int(head.hints.ttl) + 1)
    _varint(out, sum(1 << hour for hour in head.hints.skip_hours))
    _varint(out, sum(1 << day for day in head.hints.skip_days))
    out.append(head.ids_repeat)
    if head.horizon is not None:
        out += _HORIZON.pack(head.horizon)
    return bytes(out)


def _read_head(source: _Source, flags: int, end: int) -> Head:
    accepted_at, rate, health_since, retired_at, ordinal = _HEAD.unpack(source.take(_HEAD.size))
    health = _HEALTH[source.byte()]
    asked, body, junk = source.digest(), source.digest(), source.digest()
    url, etag, last_modified, title, home_url, publisher = (source.text() for _ in range(6))
    ttl, hours, days = source.varint(), source.varint(), source.varint()
    ids_repeat = bool(source.byte())
    horizon = _HORIZON.unpack(source.take(_HORIZON.size))[0] if source.at < end else None
    return Head(
        asked=asked,
        url=url,
        etag=etag,
        last_modified=last_modified,
        body=body,
        accepted_at=_optional(accepted_at),
        rate=rate,
        health=health,
        health_since=health_since,
        ordinal=ordinal,
        junk=junk,
        title=title,
        home_url=home_url,
        hints=_hints(ttl, hours, days) if ttl or hours or days else NO_HINTS,
        publisher=Publisher(publisher) if publisher is not None else None,
        retired_at=_optional(retired_at),
        ids_repeat=ids_repeat,
        horizon=horizon,
        has_wants=bool(flags & _HAS_WANTS),
        unsettled=bool(flags & _UNSETTLED),
    )


def _hints(ttl: int, hours: int, days: int) -> Hints:
    return Hints(
        ttl=float(ttl - 1) if ttl else None,
        skip_hours=frozenset(hour for hour in range(24) if hours >> hour & 1),
        skip_days=frozenset(day for day in range(7) if days >> day & 1),
    )


def _pack_known(out: bytearray, known: Known) -> None:
    marks = known.marks | (_MISSING if known.missing_since is not None else 0)
    out += _ENTRY.pack(
        known.key,
        bytes.fromhex(known.article),
        known.raw,
        known.meaning,
        _instant(known.first_seen),
        _instant(known.published),
        marks,
    )
    _varint(out, known.version)
    _varint(out, known.reign)
    if known.missing_since is not None:
        out += struct.pack("<I", _instant(known.missing_since))


def _read_known(source: _Source) -> tuple[Any, ...]:
    """What `Known` is made of, in its order, but for the sketch."""
    key, article, raw, meaning, first_seen, published, marks = _ENTRY.unpack(source.take(_ENTRY.size))
    version, reign = source.varint(), source.varint()
    missing = float(struct.unpack("<I", source.take(4))[0]) if marks & _MISSING else None
    seen, dated = float(first_seen), float(published) if published else None
    return key, article.hex(), raw, meaning, version, seen, dated, reign, marks & ~_MISSING, missing


def _pack_past(out: bytearray, at: int, past: Past) -> None:
    _varint(out, at)
    out.append(len(past.texts))
    out += b"".join(past.texts) + past.newest + struct.pack("<I", _instant(past.held))


def _read_pasts(source: _Source) -> dict[int, Past]:
    """By place in the window."""
    pasts = {}
    for _ in range(source.varint() if source.at < len(source.data) else 0):
        at, count = source.varint(), source.byte()
        texts = tuple(source.take(PAST_DIGEST_SIZE) for _ in range(count))
        newest, held = source.take(PAST_DIGEST_SIZE), struct.unpack("<I", source.take(4))[0]
        pasts[at] = Past(texts, newest, float(held) if held else None)
    return pasts


def _pack_want(out: bytearray, want: Want) -> None:
    draft = zlib.compress(articles.to_json(want.draft), 1)
    out += want.key + struct.pack("<dd", want.deadline, want.expires)
    _digest(out, want.told)
    _varint(out, len(draft))
    out += draft


def _read_want(source: _Source) -> Want:
    key = Digest(source.take(8))
    deadline, expires = struct.unpack("<dd", source.take(16))
    told = source.digest() or b""
    draft = articles.from_json(zlib.decompress(source.take(source.varint())))
    return Want(key, draft, deadline, expires, told)


def pack(memory: Memory) -> bytes:
    """The memory as bytes. Instants of entries keep whole seconds."""
    flags = (_HAS_WANTS if memory.wants else 0) | (_UNSETTLED if memory.head.unsettled else 0)
    if any(left.awaits_removal for left in memory.departed):
        flags |= _AWAITS_REMOVAL
    head = _pack_head(memory.head)
    out = bytearray((FORMAT, flags))
    _varint(out, len(head))
    out += head
    _varint(out, len(memory.known))
    for known in memory.known:
        _pack_known(out, known)
    _varint(out, len(memory.departed))
    for left in memory.departed:
        _pack_known(out, left.known)
        out += struct.pack("<I", _instant(left.at))
    _varint(out, len(memory.wants))
    for want in memory.wants:
        _pack_want(out, want)
    # Behind all that a release without them knows, which looks no further.
    for known in memory.known:
        _digest(out, known.sketch)
    pasts = [(at, known.past) for at, known in enumerate(memory.known) if known.past]
    if pasts:
        _varint(out, len(pasts))
    for at, past in pasts:
        _pack_past(out, at, past)
    return bytes(out)


def pack_within(memory: Memory, limit: int) -> bytes:
    """The memory as bytes, at most `limit` of them where giving up the oldest departed entries is enough for that.

    What is given up would be new again, should its feed show it once more after all.
    """
    packed = pack(memory)
    while len(packed) > limit and memory.departed:
        memory = replace(memory, departed=memory.departed[(len(memory.departed) + 1) // 2 :])
        packed = pack(memory)
    return packed


def _open(packed: bytes) -> tuple[_Source, Head]:
    source = _Source(packed)
    if (found := source.byte()) != FORMAT:
        raise UnreadableMemoryError(f"memory format {found} is not known, only {FORMAT}")
    flags, size = source.byte(), source.varint()
    end = source.at + size
    head = _read_head(source, flags, end)
    source.at = end
    return source, head


def awaits_removal(packed: bytes) -> bool:
    """Whether a departed entry does, told without unpacking."""
    return len(packed) > 1 and bool(packed[1] & _AWAITS_REMOVAL)


def has_wants(packed: bytes) -> bool:
    """Whether articles wait for their pages, told without unpacking."""
    return len(packed) > 1 and bool(packed[1] & _HAS_WANTS)


def health_of(packed: bytes) -> Health | None:
    """The feed's health, told without unpacking the rest of the head.

    Raises:
        UnreadableMemoryError: damaged.
    """
    source = _Source(packed, 2)
    source.varint()
    source.take(_HEAD.size)
    return _HEALTH[source.byte()]


def unpack_head(packed: bytes) -> Head:
    """The head alone.

    Raises:
        UnreadableMemoryError: of another format, or damaged.
    """
    return _open(packed)[1]


def unpack(packed: bytes) -> Memory:
    """The memory that `pack` packed.

    Raises:
        UnreadableMemoryError: of another format, or damaged.
    """
    try:
        source, head = _open(packed)
        window = [_read_known(source) for _ in range(source.varint())]
        departed = tuple(
            Departed(Known(*_read_known(source)), float(struct.unpack("<I", source.take(4))[0]))
            for _ in range(source.varint())
        )
        wants = tuple(_read_want(source) for _ in range(source.varint()))
        if source.at < len(source.data):
            known = tuple([Known(*(*one, source.digest() or b"")) for one in window])
            if pasts := _read_pasts(source):
                known = tuple([replace(one, past=pasts.get(at)) for at, one in enumerate(known)])
        else:
            known = tuple([Known(*one) for one in window])
    except (struct.error, zlib.error, IndexError, KeyError, TypeError, UnicodeDecodeError) as why:
        raise UnreadableMemoryError(f"the packed memory is damaged: {why}") from why
    return Memory(head, known, departed, wants)


def pack_schedule(record: ScheduleRecord) -> bytes:
    """A shard's schedule record as bytes; instants keep whole seconds."""
    out = bytearray((FORMAT,))
    reasons = sorted({state.reason for state in record.feeds.values()})
    _varint(out, len(reasons))
    for reason in reasons:
        _text(out, reason)
    index = {reason: number for number, reason in enumerate(reasons)}
    _varint(out, len(record.feeds))
    for feed, state in record.feeds.items():
        _text(out, feed)
        out += struct.pack("<II", _instant(state.last), _instant(state.due))
        _varint(out, index[state.reason])
        _varint(out, state.failures << 1 | state.paused)
    _varint(out, len(record.holds))
    for publisher, until in record.holds.items():
        _text(out, publisher)
        out += struct.pack("<I", _instant(until))
    return zlib.compress(bytes(out), 1)


def unpack_schedule(packed: bytes) -> ScheduleRecord:
    """The record that `pack_schedule` packed.

    Raises:
        UnreadableMemoryError: of another format, or damaged.
    """
    try:
        source = _Source(zlib.decompress(packed))
        if source.byte() != FORMAT:
            raise UnreadableMemoryError("schedule format is not known")
        reasons = [source.text() or "" for _ in range(source.varint())]
        feeds = {}
        for _ in range(source.varint()):
            feed = FeedId(source.text() or "")
            last, due = struct.unpack("<II", source.take(8))
            reason, rest = reasons[source.varint()], source.varint()
            feeds[feed] = FeedState(float(last) if last else None, float(due), reason, rest >> 1, bool(rest & 1))
        holds = {}
        for _ in range(source.varint()):
            publisher = source.text() or ""
            holds[publisher] = float(struct.unpack("<I", source.take(4))[0])
    except (zlib.error, struct.error, IndexError, UnicodeDecodeError) as why:
        raise UnreadableMemoryError(f"the schedule record is damaged: {why}") from why
    return ScheduleRecord(feeds, holds)
