"""Two real processes on one file, and signals for one of them: nothing twice, nothing lost."""

import asyncio
import signal
import sys
from pathlib import Path
from random import SystemRandom

from sqlite_member import SHARDS, Calendar, settings

from telex.adapters.sqlite import SqliteLog, open_reader

MEMBER = Path(__file__).with_name("sqlite_member.py")


class Process:
    def __init__(self, folder, name, target):
        self.folder, self.name, self.target = folder, name, target
        self.ledger = folder / f"{name}.ledger"

    async def start(self):
        arguments = (self.folder / "telex.db", self.ledger, self.target)
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-W", "error", str(MEMBER), *map(str, arguments)
        )
        return self

    def lines(self):
        return [line.split() for line in self.ledger.read_text().splitlines()] if self.ledger.exists() else []

    def acks(self):
        return {(int(shard), int(number)) for word, shard, number in self.lines() if word == "ack"}

    def owns(self):
        owned = set()
        for word, shard, _ in self.lines():
            (owned.add if word == "won" else owned.discard if word == "died" else lambda _: None)(int(shard))
        return owned

    async def until(self, condition):
        async with asyncio.timeout(60):
            while not condition(self):
                assert self.process.returncode in (None, -signal.SIGKILL), f"{self.name} ended early"
                await asyncio.sleep(0.02)


async def finished(*processes):
    async with asyncio.timeout(90):
        for process in processes:
            assert await process.process.wait() == 0


async def judge(folder, target, *processes):
    """Every shard has every number once, in order; what any process was told is there."""
    reader = await open_reader(folder / "telex.db")
    keys = [tuple(map(int, stored.record.key.split(":"))) for stored in await reader.read(None, 0, 100_000)]
    await reader.close()
    for shard in range(SHARDS):
        assert [number for owner, number in keys if owner == shard] == list(range(target + 1))
    for process in processes:
        assert process.acks() <= set(keys)
    told = [ack for process in processes for ack in process.acks()]
    assert len(told) == len(set(told))


async def two(folder, target):
    a, b = await Process(folder, "a", target).start(), Process(folder, "b", target)
    await a.until(lambda a: len(a.owns()) == SHARDS and len(a.acks()) > 20)
    await b.start()
    await b.until(lambda b: len(b.owns()) == SHARDS // 2 and len(b.acks()) > 20)
    await a.until(lambda a: len(a.owns()) == SHARDS // 2)
    return a, b


async def test_two_processes_share_the_shards_and_write_everything_once(tmp_path):
    a, b = await two(tmp_path, 150)
    await finished(a, b)
    await judge(tmp_path, 150, a, b)


async def test_the_shards_of_a_killed_process_go_on_in_the_other(tmp_path):
    a, b = await two(tmp_path, 400)
    a.process.kill()
    await a.process.wait()
    await b.until(lambda b: len(b.owns()) == SHARDS)
    await finished(b)
    await judge(tmp_path, 400, a, b)


async def test_a_stopped_process_that_goes_on_finds_its_claims_dead(tmp_path):
    a, b = await two(tmp_path, 600)
    async with asyncio.timeout(60):
        while len(b.owns()) < SHARDS:
            # A process stopped inside a transaction holds the file: nobody can write until it goes on.
            a.process.send_signal(signal.SIGCONT)
            await asyncio.sleep(0.01)
            a.process.send_signal(signal.SIGSTOP)
            for _ in range(200):
                await asyncio.sleep(0.02)
                if len(b.owns()) == SHARDS:
                    break
    held = a.owns()
    assert held
    a.process.send_signal(signal.SIGCONT)
    await a.until(lambda a: {int(shard) for word, shard, why in a.lines() if (word, why) == ("died", "fenced")} >= held)
    await finished(a, b)
    await judge(tmp_path, 600, a, b)


async def test_a_reader_and_a_member_of_this_process_see_what_others_write(tmp_path):
    a, b = await two(tmp_path, 60)
    log = await SqliteLog.open(settings(tmp_path / "telex.db"), clock=Calendar(), random=SystemRandom())
    tailed, after = [], 0
    async with asyncio.timeout(60):
        while len(tailed) < SHARDS * 61:
            await log.wait_newer(after)
            page = await log.read(None, after, 50)
            tailed += page
            after = page[-1].position if page else after
    await finished(a, b)
    assert tailed == list(await log.read(None, 0, 10_000))
    await log.close()
