"""The two threads of the SQLite log: one writes and groups commits, one reads. The loop never waits for a disk."""

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import apsw

from telex.adapters.sqlite.schema import explain
from telex.errors import AppendUnknown, ConfigurationError, LogError, LogUnavailable

T = TypeVar("T")
Work = Callable[[apsw.Connection], T]
GROUP: Final = 64
"""At most so many pieces of work share a transaction."""
CHECKPOINT_PAGES: Final = 1_000
"""The write-ahead log is copied into the file when it is so long: 4 MiB."""
TRUNCATE_PAGES: Final = 16_000
"""Beyond this readers are waited for, so that it can start anew: 64 MiB."""
_FAULTS_OF_THE_WORK: Final = (
    apsw.BindingsError,
    apsw.ConstraintError,
    apsw.MismatchError,
    apsw.RangeError,
    apsw.SQLError,
    apsw.TooBigError,
)


@dataclass(slots=True)
class _Job:
    work: Work[Any]
    future: Future[Any]


@dataclass(frozen=True, slots=True)
class WriterStatistics:
    """Counts since the start: work done, the transactions it took, and connections made anew after an error."""

    jobs: int
    commits: int
    reopened: int


class Worker:
    """A thread with a connection of its own, which does one piece of work after the other."""

    def __init__(
        self, connect: Callable[[], apsw.Connection], path: Path, name: str, first: apsw.Connection | None = None
    ) -> None:
        self._connect = connect
        self._path = path
        self._db = first
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closed = False
        self._ended: Future[None] = Future()
        self._ended.set_running_or_notify_cancel()  # nobody who stops waiting for it can cancel it
        # A daemon: a process that ends without `close` is a crash, and a crash waits for nobody.
        threading.Thread(target=self._main, name=name, daemon=True).start()

    async def run(self, work: Work[T]) -> T:
        """Do the work in the thread. Cancelled before it began, it is never done; later, its outcome is not known.

        Raises:
            LogError: the log could not be used, as `sqlite_schema.explain` says, or it is closed.
        """
        if self._closed:
            raise LogUnavailable(f"{self._path}: the event log is closed")
        job = _Job(work, Future())
        self._jobs.put(job)
        return await asyncio.wrap_future(job.future)

    async def close(self) -> None:
        """Do what was asked for, then end the thread and the connection."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
        await asyncio.wrap_future(self._ended)

    def _main(self) -> None:
        try:
            self._live()
        finally:
            self._disconnect()
            self._ended.set_result(None)

    def _live(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._serve(job)

    def _serve(self, job: _Job) -> None:
        if not job.future.set_running_or_notify_cancel():
            return
        try:
            result = job.work(self._connection())
        except apsw.Error as error:
            self._disconnect()
            job.future.set_exception(explain(error, self._path))
        except BaseException as error:  # noqa: BLE001 - whoever awaits the work gets it
            job.future.set_exception(error)
        else:
            job.future.set_result(result)

    def _connection(self) -> apsw.Connection:
        if self._db is None:
            try:
                self._db = self._connect()
            except ConfigurationError as error:  # it was right when the log was opened: the file or its rights changed
                raise LogUnavailable(str(error)) from error
        return self._db

    def _disconnect(self) -> None:
        db, self._db = self._db, None
        if db is not None:
            with suppress(apsw.Error):
                db.close(True)


class Writer(Worker):
    """Does all work that waits at the same moment in one transaction, so that many shards pay for one sync.

    Each piece has a savepoint of its own: one that raises leaves no trace and harms no other. If the transaction
    fails as a whole, each gets LogUnavailable or LogCorrupt where certainly nothing was written, AppendUnknown where
    that is not certain.
    """

    def __init__(
        self, connect: Callable[[], apsw.Connection], path: Path, first: apsw.Connection, committed: Callable[[], None]
    ) -> None:
        self._committed = committed
        self._pages = 0
        self._done = self._commits = self._reopened = 0
        first.set_wal_hook(self._note_pages)
        super().__init__(connect, path, "telex-log-writer", first)

    def statistics(self) -> WriterStatistics:
        """What was done so far."""
        return WriterStatistics(self._done, self._commits, self._reopened)

    def _live(self) -> None:
        last = False
        while not last:
            waiting = [self._jobs.get()]
            with suppress(queue.Empty):
                while len(waiting) < GROUP:
                    waiting.append(self._jobs.get_nowait())
            last = None in waiting
            group = [job for job in waiting if job is not None and job.future.set_running_or_notify_cancel()]
            if group:
                self._transact(group)
                self._checkpoint()

    def _transact(self, group: list[_Job]) -> None:
        try:
            db = self._connection()
            db.execute("BEGIN IMMEDIATE")
            results = [self._attempt(db, job) for job in group]
        except apsw.Error as error:
            self._abandon(group, explain(error, self._path), error)
            return
        except Exception as error:  # noqa: BLE001 - the thread has to live on
            self._abandon(group, error if isinstance(error, LogError) else LogUnavailable(repr(error)), error)
            return
        try:
            db.execute("COMMIT")
        except (apsw.FullError, apsw.BusyError) as error:  # the record that would commit was not written whole
            self._abandon(group, explain(error, self._path), error)
            return
        except Exception as error:  # noqa: BLE001 - the thread has to live on
            what = f"{self._path}: it is not known whether a commit was written ({error})"
            self._abandon(group, AppendUnknown(what), error)
            return
        self._done += len(group)
        self._commits += 1
        self._committed()
        for job, result in zip(group, results, strict=True):
            _answer(job, result)

    def _attempt(self, db: apsw.Connection, job: _Job) -> object:
        """The work's result, or the exception with which it ended and left no trace."""
        db.execute("SAVEPOINT job")
        try:
            result = job.work(db)
        except apsw.FullError as error:
            if not db.in_transaction:
                raise
            result = explain(error, self._path)
        except Exception as error:
            if isinstance(error, apsw.Error) and not isinstance(error, _FAULTS_OF_THE_WORK):
                raise
            result = error
        if isinstance(result, Exception):
            db.execute("ROLLBACK TO job")
        db.execute("RELEASE job")
        return result

    def _abandon(self, group: list[_Job], told: LogError, error: Exception) -> None:
        db = self._db
        if db is not None and db.in_transaction:
            with suppress(apsw.Error):
                db.execute("ROLLBACK")
        if not isinstance(error, (apsw.BusyError, apsw.FullError)):
            # After an error of the disk a connection's view is not to be trusted: a new one reads the file again.
            self._disconnect()
            self._reopened += 1
        for job in group:
            _answer(job, type(told)(*told.args))  # each its own: a traceback belongs to one task

    def _connection(self) -> apsw.Connection:
        if self._db is None:
            super()._connection().set_wal_hook(self._note_pages)
        return super()._connection()

    def _note_pages(self, _db: apsw.Connection, _name: str, pages: int) -> int:
        self._pages = pages
        return apsw.SQLITE_OK

    def _checkpoint(self) -> None:
        if self._pages < CHECKPOINT_PAGES or self._db is None:
            return
        mode = apsw.SQLITE_CHECKPOINT_PASSIVE if self._pages < TRUNCATE_PAGES else apsw.SQLITE_CHECKPOINT_TRUNCATE
        self._pages = 0
        try:
            self._db.wal_checkpoint(mode=mode)
        except apsw.BusyError:
            pass  # another process reads or checkpoints: next time
        except apsw.Error:  # nothing is lost: what was not copied stays in the write-ahead log
            self._disconnect()
            self._reopened += 1


def _answer(job: _Job, result: object) -> None:
    if isinstance(result, Exception):
        job.future.set_exception(result)
    else:
        job.future.set_result(result)
