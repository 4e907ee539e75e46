"""A SQLite file as the contract's store: several members of one file in this process."""

import queue
from pathlib import Path
from random import Random

import apsw

from telex.adapters.sqlite.log import SqliteLog, SqliteSettings
from telex.adapters.sqlite.tables import Lease
from telex.core.model import FeedId
from telex.core.records import Record
from telex.errors import AppendUnknown
from telex.ports import Commit
from telex.testing.contracts import SHARDS, record
from telex.testing.faulty_disk import Call, FaultyDisk, Operation


class WallClock:
    """Time that moves, a little at every look."""

    def __init__(self) -> None:
        self.instant = 1_700_000_000.0

    def now(self) -> float:
        self.instant += 0.001
        return self.instant


class SqliteStore:
    """The LogFactory of one file."""

    def __init__(self, folder: Path, log_type: type[SqliteLog] = SqliteLog) -> None:
        self.log_type = log_type
        self.path = folder / "telex.db"
        self.clock = WallClock()
        self._disks: dict[int, FaultyDisk] = {}
        self._gone: list[str] = []
        self._opened = 0
        self._lost = 0

    def settings(self, vfs: str | None = None) -> SqliteSettings:
        return SqliteSettings(
            self.path, shards=SHARDS, lease=3600.0, heartbeat=0.04, max_record_bytes=200_000, vfs=vfs, busy_timeout=10.0
        )

    async def open(self, member: str) -> SqliteLog:
        self._opened += 1
        disk = FaultyDisk(f"contract-{id(self)}-{self._opened}", lambda _: None)
        settings, random = self.settings(disk.name), Random(self._opened)
        log = await self.log_type.open(settings, clock=self.clock, random=random, member=member)
        self._disks[id(log)] = disk
        return log

    async def crash(self, log: SqliteLog) -> None:
        await self.stall(log)
        while True:  # what was not begun is never done
            try:
                log.writer._jobs.get_nowait()
            except queue.Empty:
                break
        await log.writer.close()
        await log.reader.close()

    async def stall(self, log: SqliteLog) -> None:
        self._gone.append(log._member)
        for task in log._tasks:
            task.cancel()
        log._tasks = {task for task in log._tasks if not task.done()}

    async def expire(self) -> None:
        db = apsw.Connection(str(self.path))
        db.set_busy_timeout(10_000)
        for name in self._gone:
            db.execute("UPDATE members SET renewed = -1e9 WHERE name = ?", (name,))
        db.close()

    async def lose_answer(self, log: SqliteLog) -> None:
        """In turns: the sync after the next write of an event fails, or that append is written but not confirmed."""
        self._lost += 1
        if self._lost % 2:
            self._fail_sync(log)
        else:
            self._swallow_success(log)

    def _swallow_success(self, log: SqliteLog) -> None:
        write = log.write_commit

        async def written(lease: Lease, commit: Commit) -> None:
            del log.write_commit
            await write(lease, commit)
            raise AppendUnknown("the answer was lost")

        log.write_commit = written

    def _fail_sync(self, log: SqliteLog) -> None:
        disk = self._disks[id(log)]
        armed = False

        def before(call: Call) -> None:
            nonlocal armed
            if call.operation is Operation.WRITE and b'"ce_subject"' in call.data and call.path.name.endswith("-wal"):
                armed = True
            elif call.operation is Operation.SYNC and armed:
                disk.before = lambda _: None
                raise apsw.IOError("the disk did not answer")

        disk.before = before

    def unacceptable(self) -> Commit:
        fat = Record(record(2).topic, "fat", (), b"x" * 200_001)
        return Commit((record(2), fat), {FeedId("feed"): b"2"})
