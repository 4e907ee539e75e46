"""What the SQLite log's readers ask, and what retention deletes. Plain functions of a connection."""

from dataclasses import dataclass
from typing import Final

import apsw
import orjson

from telex.core.records import Record
from telex.ports import Stored

_NEWEST: Final = "coalesce((SELECT seq FROM sqlite_sequence WHERE name = ?), 0)"

# Reading


def newest(db: apsw.Connection) -> tuple[int, int]:
    """The newest position of the events and of the inbox, also where their rows are gone."""
    row: tuple[int, int] = db.execute(f"SELECT {_NEWEST}, {_NEWEST}", ("events", "inbox")).get
    return row


def bounds(db: apsw.Connection) -> tuple[int, int]:
    """(oldest retained position - 1, newest position).

    Retention deletes up to the horizon; what is compacted away later leaves holes, which are no loss.
    """
    query = f"SELECT (SELECT value FROM meta WHERE key = 'horizon'), {_NEWEST}, EXISTS (SELECT 1 FROM events)"  # noqa: S608 - constants
    horizon, last, some = db.execute(query, ("events",)).get
    return (horizon if some else last), last


def at(db: apsw.Connection, instant: float) -> int:
    """The greatest position stored before `instant`, or the oldest - 1."""
    found = db.execute("SELECT max(id) FROM events WHERE stored_at < ?", (instant,)).get
    oldest, _ = bounds(db)
    return max(found or 0, oldest)


def read(db: apsw.Connection, topics: frozenset[str] | None, after: int, limit: int) -> tuple[Stored, ...]:
    """At most `limit` records past `after`, in order."""
    columns = "SELECT id, topic, key, headers, value, stored_at FROM events"
    if topics is None:
        return tuple(map(_stored, db.execute(f"{columns} WHERE id > ? ORDER BY id LIMIT ?", (after, limit))))
    # The index of each topic is in order of id already: merging them reads no record that is not asked for.
    query = "SELECT id FROM events WHERE topic = ? AND id > ? ORDER BY id LIMIT ?"
    found = sorted(row for topic in topics for (row,) in db.execute(query, (topic, after, limit)))[:limit]
    rows = (db.execute(f"{columns} WHERE id = ?", (row,)).get for row in found)
    return tuple(map(_stored, rows))


def _stored(row: tuple[int, str, str, bytes, bytes | None, float]) -> Stored:
    position, topic, key, headers, value, at_ = row
    pairs = tuple((name, text) for name, text in orjson.loads(headers))
    return Stored(position, Record(topic, key, pairs, value), at_)


# Retention


@dataclass(frozen=True, slots=True)
class Retention:
    """What is kept: nothing stored before `cutoff`, nothing beyond `limit` bytes of the file; None keeps all."""

    cutoff: float | None
    limit: int | None
    slice: int = 500


def retain(db: apsw.Connection, retention: Retention) -> bool:
    """Delete a slice of what need not be kept; True where there may be more.

    Positions are deleted from the oldest on and without gaps (compacted topics apart), whatever a clock that jumped
    wrote beside them, so that `bounds` says all about what is missing.
    """
    more = _expire(db, retention)
    more = _compact(db, retention) or more
    pruned = "SELECT i.id FROM inbox i JOIN states s ON s.shard = i.shard WHERE i.id <= s.inbox LIMIT ?"
    db.execute(f"DELETE FROM inbox WHERE id IN ({pruned})", (retention.slice,))  # noqa: S608 - a constant
    return db.changes() == retention.slice or more


def _expire(db: apsw.Connection, retention: Retention) -> bool:
    horizon: int = db.execute("SELECT value FROM meta WHERE key = 'horizon'").get
    target = horizon
    if retention.cutoff is not None:
        # The next slice first: the whole range of the index is walked only once the slice holds nothing old.
        query = "SELECT max(id) FROM events WHERE id > ? AND id <= ? AND stored_at < ?"
        found = db.execute(query, (horizon, horizon + retention.slice, retention.cutoff)).get
        found = found or db.execute("SELECT max(id) FROM events WHERE stored_at < ?", (retention.cutoff,)).get
        target = max(found or 0, horizon)
    if retention.limit is not None and _used_bytes(db) > retention.limit:
        target = max(target, min(horizon + retention.slice, newest(db)[0]))
    upto = min(target, horizon + retention.slice)
    if upto == horizon:
        return False
    db.execute("DELETE FROM events WHERE id > ? AND id <= ? AND NOT compacted", (horizon, upto))
    db.execute("UPDATE meta SET value = ? WHERE key = 'horizon'", (upto,))
    return True


def _used_bytes(db: apsw.Connection) -> int:
    pages: int = db.pragma("page_count") - db.pragma("freelist_count")
    return pages * int(db.pragma("page_size"))


def _compact(db: apsw.Connection, retention: Retention) -> bool:
    done: int = db.execute("SELECT value FROM meta WHERE key = 'compacted'").get
    last, _ = newest(db)
    upto = min(done + retention.slice, last)
    latest = "SELECT topic, key, max(id) FROM events WHERE compacted AND id > ? AND id <= ? GROUP BY topic, key"
    for topic, key, position in db.execute(latest, (done, upto)).fetchall():
        db.execute("DELETE FROM events WHERE compacted AND topic = ? AND key = ? AND id < ?", (topic, key, position))
    if retention.cutoff is not None:
        old = "SELECT id FROM events WHERE value IS NULL AND stored_at < ? AND id <= ? LIMIT ?"
        db.execute(f"DELETE FROM events WHERE id IN ({old})", (retention.cutoff, upto, retention.slice))  # noqa: S608 - a constant
    if upto > done:
        db.execute("UPDATE meta SET value = ? WHERE key = 'compacted'", (upto,))
    return upto < last
