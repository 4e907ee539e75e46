"""Breaks the disk under a SQLite log at its k-th operation, for every k, and looks at what is left.

Run as a program of its own (it forks, which a process with threads must not):
`sqlite_driver.py MODE FOLDER [mutant]` prints one JSON object: how many operations there were, how many runs, how
many of them ended early, and every violation in words.

Modes: `once` (the k-th operation fails), `dead` (it and all later ones), `full` (the k-th write finds no room), `kill`
(SIGKILL instead of the operation), `torn` (SIGKILL in the middle of a write), `power` (SIGKILL, and what was not
synced is gone).
"""

import asyncio
import dataclasses
import json
import os
import shutil
import signal
import sys
from pathlib import Path
from random import Random

import apsw

from telex.adapters.sqlite import log as sqlite
from telex.adapters.sqlite import schema as sqlite_schema
from telex.adapters.sqlite import tables as sqlite_tables
from telex.adapters.sqlite import threads as sqlite_threads
from telex.adapters.sqlite.log import SqliteLog, SqliteSettings
from telex.core.model import FeedId
from telex.core.records import Record
from telex.errors import AppendUnknown, ClaimDied, LogError, LogUnavailable
from telex.ports import Command, CommandKind, Commit
from telex.testing.faulty_disk import Call, FaultyDisk, Operation
from telex.testing.manual_clock import ManualClock

SHARDS = 2
ROUNDS = 3
FAT = b"." * 1500
sqlite_threads.CHECKPOINT_PAGES = 25
sqlite.BACKOFF_MIN = 0.005
FILE = "telex.db"


class Ledger:
    """What was acknowledged, on paper: a file that outlives the process."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def note(self, *words: object) -> None:
        with self._path.open("ab", buffering=0) as file:
            file.write((" ".join(map(str, words)) + "\n").encode())

    def lines(self) -> list[list[str]]:
        return [line.split() for line in self._path.read_text().splitlines()] if self._path.exists() else []


def commit(shard: int, number: int) -> Commit:
    records = tuple(
        Record("news.articles", f"{shard}:{number}:{part}", (("ce_id", "x"),), FAT if part else b"{}")
        for part in (0, 1)
    )
    memory = {FeedId(f"feed{shard}"): str(number).encode().ljust(1500)}
    return Commit(records, memory, str(number).encode(), number + 1)


class Scenario:
    """Two shards append side by side; one is released between; retention runs; a command is put."""

    def __init__(self, log: SqliteLog, clock: ManualClock, ledger: Ledger) -> None:
        self.log = log
        self.clock = clock
        self.ledger = ledger
        self.claims = [asyncio.Queue() for _ in range(SHARDS)]
        self.acked = [-1] * SHARDS
        self.open = [None] * SHARDS

    async def run(self) -> None:
        collector = asyncio.create_task(self.collect())
        await asyncio.gather(*(self.own(shard, range(ROUNDS)) for shard in range(SHARDS)))
        self.clock.advance(100)
        await asyncio.gather(*(self.own(shard, [ROUNDS]) for shard in range(SHARDS)))
        self.clock.advance(50)
        while await self.persist(self.log.retain):
            pass
        await self.persist(lambda: self.log.put(0, Command("c", CommandKind.POLL, FeedId("feed"))))
        self.ledger.note("put")
        await self.own(1, [ROUNDS + 1])
        await self.log.close()
        collector.cancel()

    async def persist(self, work):
        while True:
            try:
                return await work()
            except LogError:
                await asyncio.sleep(0.002)

    async def collect(self) -> None:
        async for claim in self.log.claims():
            self.claims[claim.shard].put_nowait(claim)

    async def claim(self, shard: int):
        """The next claim; what it restored has to be what was acknowledged, or the one commit that is in doubt."""
        claim = await self.claims[shard].get()
        memory = claim.restored.memories.get(FeedId(f"feed{shard}"))
        restored = int(memory) if memory else -1
        doubt = self.open[shard]
        if restored not in (self.acked[shard], doubt if doubt is not None else self.acked[shard]):
            self.ledger.note("violation", f"shard {shard} restored {restored}, acknowledged {self.acked[shard]}")
        return claim, restored

    async def own(self, shard: int, numbers) -> None:
        claim = getattr(self, f"claim{shard}", None)
        if claim is None:
            claim, _ = await self.claim(shard)
        for number in numbers:
            while self.acked[shard] < number:
                self.open[shard] = number
                try:
                    await claim.append(commit(shard, number))
                    self.ack(shard, number)
                except LogUnavailable:
                    self.open[shard] = None
                    await asyncio.sleep(0.002)
                except (AppendUnknown, ClaimDied) as error:
                    if not isinstance(error, AppendUnknown):
                        self.open[shard] = None
                    claim, restored = await self.claim(shard)
                    if restored == number:
                        self.ack(shard, number)
            if shard == 0 and number == 1:
                await claim.release()
                claim, _ = await self.claim(shard)
        setattr(self, f"claim{shard}", claim)

    def ack(self, shard: int, number: int) -> None:
        self.ledger.note("ack", shard, number)
        self.acked[shard] = number
        self.open[shard] = None


def settings(folder: Path, vfs: str | None = None) -> SqliteSettings:
    return SqliteSettings(
        folder / FILE, shards=SHARDS, lease=3600, heartbeat=0.1, retention_age=120, retention_interval=3600, vfs=vfs
    )


class Fault:
    """The mode's behaviour at operation k."""

    def __init__(self, mode: str, k: int, folder: Path) -> None:
        self.mode = mode
        self.k = k
        self.shadow = folder / "durable"
        self.hit = False
        self.seen: list[tuple[str, int]] = []

    def before(self, call: Call) -> None:
        if self.k < 0:
            self.seen.append((call.operation.value, len(call.data)))
        due = call.number == self.k or (self.mode == "dead" and call.number > self.k)
        if not due or self.k < 0:
            return
        if self.mode in {"kill", "power"} or (self.mode == "torn" and call.operation is not Operation.WRITE):
            os.kill(os.getpid(), signal.SIGKILL)
        if self.mode == "torn":
            with call.path.open("r+b") as file:  # the process dies before it could miss the locks that this drops
                file.seek(call.offset)
                file.write(call.data[: len(call.data) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        self.hit = True
        if self.mode == "full":
            if call.operation is Operation.WRITE:
                raise apsw.FullError("no room")
            return
        raise (apsw.CantOpenError if call.operation is Operation.OPEN else apsw.IOError)("broken")

    def after(self, call: Call) -> None:
        if self.mode != "power":
            return
        durable = self.shadow / call.path.name
        if call.operation is Operation.SYNC:
            durable.write_bytes(read_beside_locks(call.path))
        elif call.operation is Operation.DELETE:
            durable.unlink(missing_ok=True)


KEPT_OPEN: list[int] = []


def read_beside_locks(path: Path) -> bytes:
    """The file's bytes, through a descriptor that is never closed: closing it would drop SQLite's locks."""
    descriptor = os.open(path, os.O_RDONLY)
    KEPT_OPEN.append(descriptor)
    return os.pread(descriptor, path.stat().st_size, 0)


async def live(folder: Path, fault: Fault) -> None:
    clock = ManualClock()
    disk = FaultyDisk("faulty", fault.before, fault.after)
    while True:
        try:
            log = await SqliteLog.open(settings(folder, disk.name), clock=clock, random=Random(fault.k))
            break
        except Exception:
            if fault.mode == "dead" or not fault.hit:
                raise
    running = asyncio.create_task(Scenario(log, clock, Ledger(folder / "ledger")).run())
    while not running.done():
        await asyncio.wait({running}, timeout=0.02)
        if fault.mode == "dead" and fault.hit:
            await asyncio.wait({running}, timeout=0.02)
            return  # as if the process were killed now: nothing is closed
    await running


def child(folder: Path, mode: str, k: int) -> None:
    sys.stderr = (folder / "stderr").open("w")
    os.dup2(sys.stderr.fileno(), 2)
    signal.alarm(20)
    try:
        fault = Fault(mode, k, folder)
        asyncio.run(live(folder, fault))
        Ledger(folder / "ledger").note("done", json.dumps(fault.seen, separators=(",", ":")))
    except Exception as error:
        Ledger(folder / "ledger").note("error", repr(error))
    finally:
        os._exit(0)


def verdict(folder: Path, mode: str) -> list[str]:
    """Everything that is wrong with what is left."""
    lines = Ledger(folder / "ledger").lines()
    wrong = [" ".join(line) for line in lines if line[0] == "violation" or (line[0] == "error" and mode != "dead")]
    db = sqlite_schema.connect(settings(folder / "durable" if mode == "power" else folder))
    try:
        if (found := db.execute("PRAGMA integrity_check").get) != "ok":
            wrong.append(f"damaged: {found}")
        events = list(db.execute("SELECT id, key FROM events ORDER BY id"))
        horizon, newest = db.execute(
            "SELECT (SELECT value FROM meta WHERE key='horizon'), coalesce((SELECT seq FROM sqlite_sequence WHERE name='events'), 0)"
        ).get
        if [position for position, _ in events] != list(range(horizon + 1, newest + 1)):
            wrong.append(f"positions {[position for position, _ in events]} are not all from {horizon} to {newest}")
        for shard in range(SHARDS):
            wrong += judge(shard, lines, sqlite_tables.restore(db, shard), [key for _, key in events])
        if ["put"] in lines and not db.execute("SELECT count(*) FROM inbox").get:
            wrong.append("the command is lost")
    finally:
        db.close()
    return wrong


def judge(shard: int, lines: list[list[str]], restored, keys: list[str]) -> list[str]:
    acked = max((int(line[2]) for line in lines if line[:2] == ["ack", str(shard)]), default=-1)
    memory = int(restored.memories.get(FeedId(f"feed{shard}"), b"-1"))
    wrong = []
    if memory not in (acked, acked + 1):
        wrong.append(f"shard {shard}: acknowledged {acked}, remembered {memory}")
    if (int(restored.schedule or -1), restored.inbox - 1) != (memory, memory):
        wrong.append(f"shard {shard}: memory {memory}, schedule {restored.schedule}, inbox {restored.inbox}")
    mine = [key for key in keys if key.startswith(f"{shard}:")]
    whole = [f"{shard}:{number}:{part}" for number in range(memory + 1) for part in (0, 1)]
    if mine != whole[len(whole) - len(mine) :]:
        wrong.append(f"shard {shard}: memory {memory}, events {mine}")
    if len(mine) < len(whole) and len(keys) + 1 > 2 * SHARDS * ROUNDS:
        wrong.append(f"shard {shard}: events {mine} without retention")
    return wrong


def run(folder: Path, mode: str, k: int) -> tuple[list[str], list[list[str]]]:
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "durable").mkdir(parents=True)
    pid = os.fork()
    if pid == 0:
        child(folder, mode, k)
    _, status = os.waitpid(pid, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status)
    lines = Ledger(folder / "ledger").lines()
    wrong = [f"hung: {lines}"] if killed == signal.SIGALRM else []
    return wrong + verdict(folder, mode), lines


def targets(mode: str, calls: list[tuple[str, int]], mutant: str) -> list[int]:
    """The operations at which the mode can make a difference of its own."""
    if mutant:  # it acknowledges where the honest log would not: any place may show it, and the first ends the search
        return list(range(len(calls) // 4, len(calls), 3))
    if mode in {"full", "torn"}:
        return [k for k, (kind, size) in enumerate(calls) if kind == "write" and (mode == "full" or size > 32)]
    if mode == "power":  # between two syncs what is durable does not change
        return [k for k, (kind, _) in enumerate(calls) if kind != "write" or (k and calls[k - 1][0] != "write")]
    return list(range(len(calls)))


def main(mode: str, place: str, mutant: str = "") -> None:
    if mutant == "unsynced":
        whole = sqlite_schema._open

        def careless(*arguments):
            db = whole(*arguments)
            db.pragma("synchronous", "NORMAL")
            return db

        sqlite_schema._open = careless
    if mutant == "apart":
        write = SqliteLog.write_commit

        async def in_two(log, lease, commit):
            await write(log, lease, Commit(commit.records))
            await write(log, lease, dataclasses.replace(commit, records=()))

        SqliteLog.write_commit = in_two
    folder = Path(place)
    wrong, lines = run(folder / "calm", mode, -1)
    calls = json.loads(lines[-1][1])
    violations = [f"calm: {words}" for words in wrong]
    early = 0
    points = targets(mode, calls, mutant)
    for k in points:
        wrong, lines = run(folder / "run", mode, k)
        early += not (lines and lines[-1][0] == "done")
        violations += [f"{mode} at {k}: {words}" for words in wrong]
        if mutant and violations:
            break
    print(json.dumps({"operations": len(calls), "runs": len(points), "early": early, "violations": violations}))


if __name__ == "__main__":
    main(*sys.argv[1:])
