"""The SQLite log's file: its settings and tables, how it is opened and checked, and what SQLite's errors mean."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import apsw

from telex.errors import ConfigurationError, LogCorrupt, LogError, LogUnavailable, Problem

APPLICATION_ID: Final = 0x74656C78  # "telx", at offset 68 of the file (https://sqlite.org/fileformat.html)
SCHEMA_VERSION: Final = 1
COMPACTED: Final = frozenset({"news.feeds", "news.articles.current"})
_SWITCH_RETRY: Final = 0.02

_TABLES: Final = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE events (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  stored_at REAL NOT NULL,
  topic TEXT NOT NULL,
  key TEXT NOT NULL,
  compacted INTEGER NOT NULL,
  headers BLOB NOT NULL,
  value BLOB
);
CREATE INDEX events_by_time ON events (stored_at);
CREATE INDEX events_by_topic ON events (topic);
CREATE INDEX events_latest ON events (topic, key) WHERE compacted;
CREATE INDEX events_tombstones ON events (stored_at) WHERE value IS NULL;
CREATE TABLE memories (
  id INTEGER PRIMARY KEY, shard INTEGER NOT NULL, feed TEXT NOT NULL, memory BLOB NOT NULL, UNIQUE (shard, feed)
);
CREATE TABLE states (shard INTEGER PRIMARY KEY, inbox INTEGER NOT NULL DEFAULT 0, schedule BLOB);
CREATE TABLE inbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  shard INTEGER NOT NULL,
  command TEXT NOT NULL,
  kind TEXT NOT NULL,
  feed TEXT NOT NULL
);
CREATE INDEX inbox_by_shard ON inbox (shard);
CREATE TABLE members (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, renewed REAL NOT NULL, lease REAL NOT NULL
);
CREATE TABLE leases (shard INTEGER PRIMARY KEY, epoch INTEGER NOT NULL DEFAULT 0, owner TEXT);
"""


@dataclass(frozen=True, slots=True)
class SqliteSettings:
    """How the embedded log is kept. Durations are seconds, sizes bytes.

    Attributes:
        path: the log's file; beside it SQLite keeps two more, with `-wal` and `-shm` added to its name.
        shards: fixed when the file is made, checked ever after.
        lease: a member that was not heard of for so long loses its shards; longer than `busy_timeout`.
        heartbeat: how often a member is heard of.
        retention_age: older records are deleted; None keeps them.
        retention_bytes: the oldest records are deleted while the file uses more; memories count and are never deleted.
        retention_interval: how often that is looked after.
        busy_timeout: how long another process may hold the file before an append gives up.
        max_record_bytes: a larger record or memory is refused.
        compacted: topics that keep the latest record of each key, whatever its age.
        vfs: the name of a SQLite VFS; None is the system's.
    """

    path: Path
    shards: int = 32
    lease: float = 8.0
    heartbeat: float = 1.0
    retention_age: float | None = 30 * 86400.0
    retention_bytes: int | None = None
    retention_interval: float = 60.0
    busy_timeout: float = 3.0
    max_record_bytes: int = 16 * 2**20
    compacted: frozenset[str] = COMPACTED
    vfs: str | None = None


def boot_time() -> float:
    """Seconds since the machine started, sleep included: a clock that every process here shares and nobody sets."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


def misconfigured(path: Path, what: str, remedy: str) -> ConfigurationError:
    """The file cannot be used as it is configured."""
    return ConfigurationError((Problem(str(path), None, None, "", what, remedy),))


def corrupt(path: Path, what: str) -> LogCorrupt:
    """The file is damaged or of another program."""
    return LogCorrupt(
        f"{path}: {what}; stop every telex that uses it, then put a backup in its place, "
        f"or save what can be read with `sqlite3 {path} .recover`, or move it away to start with an empty log"
    )


def explain(error: apsw.Error, path: Path) -> LogError:
    """What an error of SQLite means where it is certain that nothing was written."""
    match error:
        case apsw.CorruptError() | apsw.NotADBError() | apsw.FormatError():
            return corrupt(path, f"the event log is damaged ({error})")
        case apsw.FullError():
            return LogUnavailable(f"{path}: no room left for the event log ({error}); free space on its disk")
        case apsw.BusyError() | apsw.LockedError():
            return LogUnavailable(f"{path}: another process holds the event log locked ({error}); end it, or wait")
        case apsw.ReadOnlyError() | apsw.PermissionsError() | apsw.AuthError():
            return LogUnavailable(
                f"{path}: the event log may not be written ({error}); check its and its disk's rights"
            )
        case _:
            return LogUnavailable(f"{path}: the event log cannot be used now ({error})")


def connect(settings: SqliteSettings) -> apsw.Connection:
    """The file, opened for writing, made if it is missing, and checked.

    Raises:
        ConfigurationError: it cannot be made or opened, has other shards, or is of a newer telex.
        LogCorrupt: it is damaged or of another program.
        LogUnavailable: another process keeps it locked.
    """
    path = settings.path
    _check_place(path)
    try:
        db = _open(settings, apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE)
    except (apsw.CantOpenError, apsw.PermissionsError) as error:
        raise misconfigured(
            path, f"the event log cannot be opened ({error})", "name a file that telex may write"
        ) from error
    except apsw.Error as error:
        raise explain(error, path) from error
    try:
        _prepare(db, settings)
        _check(db, path, settings.shards)
    except apsw.Error as error:
        db.close(True)
        raise explain(error, path) from error
    except BaseException:
        db.close(True)
        raise
    return db


def connect_reader(path: Path, *, vfs: str | None = None, busy_timeout: float = 3.0) -> apsw.Connection:
    """The file, opened for reading alone.

    Raises:
        ConfigurationError: there is no such file, or it cannot be read, or it is of a newer telex.
        LogCorrupt: it is damaged or of another program.
        LogUnavailable: another process keeps it locked.
    """
    settings = SqliteSettings(path, vfs=vfs, busy_timeout=busy_timeout)
    try:
        db = _open(settings, apsw.SQLITE_OPEN_READONLY)
    except (apsw.CantOpenError, apsw.PermissionsError) as error:
        what = "the event log cannot be read" if path.exists() else "there is no event log"
        raise misconfigured(path, what, "name the file that `telex run` writes") from error
    except apsw.Error as error:
        raise explain(error, path) from error
    try:
        _check(db, path, None)
    except apsw.Error as error:
        db.close(True)
        raise explain(error, path) from error
    except BaseException:
        db.close(True)
        raise
    return db


def _check_place(path: Path) -> None:
    folder = path.absolute().parent
    if not folder.is_dir():
        raise misconfigured(path, f"the directory {folder} does not exist", "make it, or name another file")
    if path.is_dir():
        raise misconfigured(path, "is a directory", "name a file in it")
    # SQLite makes and removes its -wal and -shm files beside the log.
    if not _may(folder, os.W_OK | os.X_OK):
        raise misconfigured(
            path, f"the directory {folder} is not writable", "grant telex the right, or name another file"
        )
    if path.exists() and not _may(path, os.R_OK | os.W_OK):
        raise misconfigured(path, "the file is not writable", "grant telex the right, or name another file")


def _may(path: Path, mode: int) -> bool:
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)


def _open(settings: SqliteSettings, flags: int) -> apsw.Connection:
    # Only through apsw: a second SQLite library in this process would drop the locks of the first on closing the file
    # (https://sqlite.org/howtocorrupt.html, section 2.2.1).
    db = apsw.Connection(str(settings.path), flags=flags, vfs=settings.vfs)
    db.set_busy_timeout(int(settings.busy_timeout * 1000))
    db.pragma("synchronous", "FULL")
    db.pragma("fullfsync", 1)  # where a mere fsync leaves data in the disk's cache
    db.wal_autocheckpoint(0)  # the writer does it after it has answered
    return db


def _prepare(db: apsw.Connection, settings: SqliteSettings) -> None:
    """Make the tables where the file is new; another process may be at the same."""
    if _is_empty(db):
        _use_wal(db, settings.busy_timeout)
        with_tables = f"{_TABLES}PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {SCHEMA_VERSION};"
        db.execute("BEGIN IMMEDIATE")
        if _is_empty(db):
            db.execute(with_tables)
            db.execute("INSERT INTO meta VALUES ('shards', ?), ('horizon', 0), ('compacted', 0)", (settings.shards,))
            for shard in range(settings.shards):
                db.execute("INSERT INTO leases (shard) VALUES (?)", (shard,))
                db.execute("INSERT INTO states (shard) VALUES (?)", (shard,))
        db.execute("COMMIT")
    elif db.pragma("application_id") == APPLICATION_ID:
        _use_wal(db, settings.busy_timeout)


def _is_empty(db: apsw.Connection) -> bool:
    tables = db.execute("SELECT count(*) FROM sqlite_schema").get
    return bool(tables == 0 and db.pragma("application_id") == 0)


def _use_wal(db: apsw.Connection, patience: float) -> None:
    # The switch needs the file for itself and does not always ask the busy handler.
    deadline = time.monotonic() + patience
    while True:
        try:
            mode = db.pragma("journal_mode", "wal")
        except apsw.BusyError:
            mode = None
        if mode == "wal":
            return
        if time.monotonic() > deadline:
            raise apsw.BusyError("the journal mode cannot be set")
        time.sleep(_SWITCH_RETRY)


def _check(db: apsw.Connection, path: Path, shards: int | None) -> None:
    if db.pragma("application_id") != APPLICATION_ID:
        raise LogCorrupt(f"{path}: this is no event log of telex, but a database of another program; name another file")
    version = db.pragma("user_version")
    if version > SCHEMA_VERSION:
        what = f"the event log was written by a newer telex (format {version}, this one knows {SCHEMA_VERSION})"
        raise misconfigured(path, what, "run that release, or name another file")
    found = db.execute("SELECT value FROM meta WHERE key = 'shards'").get
    if shards is not None and found != shards:
        remedy = f"set shards to {found}; their number is fixed when the file is made"
        raise misconfigured(path, f"the event log has {found} shards, not {shards}", remedy)
