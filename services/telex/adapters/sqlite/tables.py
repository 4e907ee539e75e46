"""What the SQLite log does inside a transaction: appends, leases, inbox. Plain functions of an open transaction.

A lease is live while its owner's row in `members` is: one heartbeat renews all of a member's leases. `renewed` is
`boot_time()`; a value far in the future is of an earlier boot and counts as lapsed. What rules is the epoch: it grows
with every claim of a shard and is compared inside the transaction of every append.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import apsw
import orjson

from telex.core.model import FeedId
from telex.core.records import Record
from telex.errors import AppendRefused, ClaimDied
from telex.ports import Command, CommandKind, Commit, Restored

_STEP_BACK: Final = 3600.0
"""A clock that jumps back by less does not show in `stored_at`: records keep the order of time."""
_INSERT: Final = "INSERT INTO events (stored_at, topic, key, compacted, headers, value) VALUES (?, ?, ?, ?, ?, ?)"
_REMEMBER: Final = (
    "INSERT INTO memories (shard, feed, memory) VALUES (?, ?, ?) "
    "ON CONFLICT (shard, feed) DO UPDATE SET memory = excluded.memory"
)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to append to a shard, as long as the table says the same."""

    shard: int
    epoch: int
    owner: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How a member stands after a heartbeat: its epochs by shard, shards that nobody owns, and how many it may own."""

    mine: Mapping[int, int]
    free: tuple[int, ...]
    quota: int


# Appends


def refusal(commit: Commit, *, limit: int, compacted: frozenset[str]) -> AppendRefused | None:
    """Why the log will never take this commit, or None."""
    memories = commit.memories or {}
    for record in commit.records:
        culprit = _culprit(record, memories)
        if record.value is None and record.topic not in compacted:
            return AppendRefused("invalid", culprit)
        headers = sum(len(name) + len(value) for name, value in record.headers)
        if len(record.value or b"") + headers + len(record.key) > limit:
            return AppendRefused("too_large", culprit)
    for feed, memory in memories.items():
        if memory is not None and len(memory) > limit:
            return AppendRefused("too_large", feed)
    if len(commit.schedule or b"") > limit:
        return AppendRefused("too_large")
    return None


def _culprit(record: Record, memories: Mapping[FeedId, bytes | None]) -> str | None:
    # A feed's own events have its id as key; an article's record can be laid only to the one feed of its commit.
    if record.key in memories:
        return record.key
    return next(iter(memories)) if len(memories) == 1 else None


def append(db: apsw.Connection, lease: Lease, commit: Commit, now: float, compacted: frozenset[str]) -> None:
    """Write the whole commit if the lease still holds.

    Raises:
        ClaimDied: it does not; nothing was written.
        AppendRefused: text in it cannot be stored.
    """
    check_lease(db, lease)
    try:
        if commit.records:
            db.executemany(_INSERT, _rows(commit.records, _stored_at(db, now), compacted))
        for feed, memory in (commit.memories or {}).items():
            if memory is None:
                db.execute("DELETE FROM memories WHERE shard = ? AND feed = ?", (lease.shard, feed))
            else:
                db.execute(_REMEMBER, (lease.shard, feed, memory))
    except (UnicodeEncodeError, orjson.JSONEncodeError) as error:  # lone surrogates are no text
        raise AppendRefused("invalid") from error
    if commit.schedule is not None:
        db.execute("UPDATE states SET schedule = ? WHERE shard = ?", (commit.schedule, lease.shard))
    if commit.inbox is not None:
        db.execute("UPDATE states SET inbox = ? WHERE shard = ?", (commit.inbox, lease.shard))


def _rows(
    records: Iterable[Record], at: float, compacted: frozenset[str]
) -> Iterator[tuple[float | str | bytes | None, ...]]:
    for record in records:
        yield at, record.topic, record.key, record.topic in compacted, orjson.dumps(record.headers), record.value


def _stored_at(db: apsw.Connection, now: float) -> float:
    last = db.execute("SELECT stored_at FROM events ORDER BY id DESC LIMIT 1").get
    return float(last) if last is not None and now < last <= now + _STEP_BACK else now


# Leases


def check_lease(db: apsw.Connection, lease: Lease) -> None:
    """Raise ClaimDied unless the lease is the shard's current one."""
    row = db.execute("SELECT epoch, owner FROM leases WHERE shard = ?", (lease.shard,)).get
    if row != (lease.epoch, lease.owner):
        raise ClaimDied(f"shard {lease.shard}: the claim was fenced")


def beat(db: apsw.Connection, member: str, now: float, lease: float) -> Standing:
    """Renew the member, forget those that lapsed, and tell how it stands."""
    db.execute("DELETE FROM members WHERE renewed > ?1 + lease OR renewed + lease <= ?1", (now,))
    db.execute(
        "INSERT INTO members (name, renewed, lease) VALUES (?, ?, ?) "
        "ON CONFLICT (name) DO UPDATE SET renewed = excluded.renewed, lease = excluded.lease",
        (member, now, lease),
    )
    members = [name for (name,) in db.execute("SELECT name FROM members ORDER BY id")]
    owners = list(db.execute("SELECT shard, epoch, owner FROM leases ORDER BY shard"))
    share, rest = divmod(len(owners), len(members))
    return Standing(
        mine={shard: epoch for shard, epoch, owner in owners if owner == member},
        free=tuple(shard for shard, _, owner in owners if owner not in members),
        quota=share + (members.index(member) < rest),
    )


def claim(db: apsw.Connection, shard: int, member: str) -> tuple[Lease, Restored] | None:
    """Fence the shard's former owner, then restore; None where a live member has come first."""
    query = "SELECT epoch, owner, owner IN (SELECT name FROM members) FROM leases WHERE shard = ?"
    epoch, owner, live = db.execute(query, (shard,)).get
    if live and owner != member:
        return None
    lease = Lease(shard, epoch + 1, member)
    db.execute("UPDATE leases SET epoch = ?, owner = ? WHERE shard = ?", (lease.epoch, member, shard))
    return lease, restore(db, shard)


def restore(db: apsw.Connection, shard: int) -> Restored:
    """What the shard remembers."""
    memories = dict(db.execute("SELECT feed, memory FROM memories WHERE shard = ?", (shard,)))
    inbox, schedule = db.execute("SELECT inbox, schedule FROM states WHERE shard = ?", (shard,)).get
    return Restored(memories, schedule, inbox)


def release(db: apsw.Connection, lease: Lease) -> None:
    """Give the shard up, if it is still held."""
    query = "UPDATE leases SET owner = NULL WHERE shard = ? AND epoch = ? AND owner = ?"
    db.execute(query, (lease.shard, lease.epoch, lease.owner))


def leave(db: apsw.Connection, member: str) -> None:
    """Give up all shards, and the membership."""
    db.execute("UPDATE leases SET owner = NULL WHERE owner = ?", (member,))
    db.execute("DELETE FROM members WHERE name = ?", (member,))


# Inbox


def put(db: apsw.Connection, shard: int, command: Command) -> int:
    """Add a command; its position."""
    query = "INSERT INTO inbox (shard, command, kind, feed) VALUES (?, ?, ?, ?)"
    db.execute(query, (shard, command.id, command.kind.value, command.feed))
    return db.last_insert_rowid()


def commands(db: apsw.Connection, shard: int, after: int) -> tuple[tuple[int, Command], ...]:
    """The shard's commands past `after`; those of a kind that only a newer telex knows are left out."""
    query = "SELECT id, command, kind, feed FROM inbox WHERE shard = ? AND id > ? ORDER BY id"
    known = frozenset(CommandKind)
    return tuple(
        (position, Command(name, CommandKind(kind), FeedId(feed)))
        for position, name, kind, feed in db.execute(query, (shard, after))
        if kind in known
    )
