"""Two real processes on one file, and signals for one of them: nothing twice, nothing lost."""

import asyncio
import signal
import sys
from pathlib import Path
from random import SystemRandom

import pytest
from sqlite_member import SHARDS, Calendar, settings

from telex.adapters.sqlite.log import SqliteLog, open_reader

MEMBER = Path(__file__).with_name("sqlite_member.py")
ALL = set(range(SHARDS))


class Process:
    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        self.ledger = folder / f"{name}.ledger"
        self.process = None

    async def start(self):
        arguments = map(str, (self.folder / "telex.db", self.ledger))
        self.process = await asyncio.create_subprocess_exec(sys.executable, "-W", "error", str(MEMBER), *arguments)

    def lines(self):
        whole = self.ledger.read_text().rpartition("\n")[0] if self.ledger.exists() else ""
        return [line.split() for line in whole.splitlines()]

    def acks(self):
        return {(int(shard), int(number)) for word, shard, number in self.lines() if word == "ack"}

    def owns(self):
        owned = set()
        for word, shard, _ in self.lines():
            (owned.add if word == "won" else owned.discard if word == "died" else lambda _: None)(int(shard))
        return owned

    def fenced(self):
        return {int(shard) for word, shard, why in self.lines() if (word, why) == ("died", "fenced")}

    async def until(self, condition):
        async with asyncio.timeout(60):
            while not condition(self):
                assert self.process.returncode is None, f"{self.name} ended by itself"
                await asyncio.sleep(0.02)

    async def works_on(self, shards):
        """Wait until it has appended to each of these shards after now."""
        before = self.acks()
        await self.until(lambda self: {shard for shard, _ in self.acks() - before} >= shards)

    async def end(self):
        self.process.terminate()
        async with asyncio.timeout(60):
            assert await self.process.wait() == 0


@pytest.fixture
async def two(tmp_path):
    """Two processes that share the shards and append; none is left at the end."""
    a, b = Process(tmp_path, "a"), Process(tmp_path, "b")
    await a.start()
    try:
        await a.until(lambda a: a.owns() == ALL)
        await a.works_on(ALL)
        await b.start()
        await b.until(lambda b: len(b.owns()) == SHARDS // 2)
        await a.until(lambda a: a.owns() == ALL - b.owns())
        await b.works_on(b.owns())
        yield a, b
    finally:
        for one in (a, b):
            if one.process is not None and one.process.returncode is None:
                one.process.kill()
                await one.process.wait()


async def judge(folder, *processes):
    """Every shard has every number once, in order; what any process was told is there, and told once."""
    reader = await open_reader(folder / "telex.db")
    keys = [tuple(map(int, stored.record.key.split(":"))) for stored in await reader.read(None, 0, 1_000_000)]
    await reader.close()
    for shard in range(SHARDS):
        mine = [number for owner, number in keys if owner == shard]
        assert mine == list(range(len(mine)))
    told = [ack for process in processes for ack in process.acks()]
    assert set(told) <= set(keys)
    assert len(told) == len(set(told))


async def test_two_processes_share_the_shards_and_write_everything_once(tmp_path, two):
    a, b = two
    await asyncio.gather(a.works_on(a.owns()), b.works_on(b.owns()))
    await a.end()
    await b.until(lambda b: b.owns() == ALL)
    await b.works_on(ALL)
    await b.end()
    await judge(tmp_path, a, b)


async def test_the_shards_of_a_killed_process_go_on_in_the_other(tmp_path, two):
    a, b = two
    a.process.kill()
    await a.process.wait()
    await b.until(lambda b: b.owns() == ALL)
    await b.works_on(ALL)
    await b.end()
    await judge(tmp_path, a, b)


async def test_a_stopped_process_that_goes_on_finds_its_claims_dead(tmp_path, two):
    a, b = two
    async with asyncio.timeout(60):
        while b.owns() != ALL:
            # A process stopped inside a transaction holds the file: nobody can write until it goes on.
            a.process.send_signal(signal.SIGCONT)
            await asyncio.sleep(0.01)
            a.process.send_signal(signal.SIGSTOP)
            for _ in range(200):
                await asyncio.sleep(0.02)
                if b.owns() == ALL:
                    break
    held = a.owns()
    await b.works_on(ALL)
    assert held
    a.process.send_signal(signal.SIGCONT)
    await a.until(lambda a: a.fenced() >= held)
    await a.until(lambda a: len(a.owns()) == SHARDS // 2)
    await asyncio.gather(a.works_on(a.owns()), b.works_on(ALL - a.owns()))
    await a.end()
    await b.end()
    await judge(tmp_path, a, b)


async def test_a_member_of_this_process_tails_what_others_write(tmp_path, two):
    a, b = two
    log = await SqliteLog.open(settings(tmp_path / "telex.db"), clock=Calendar(), random=SystemRandom())
    tailed, after = [], 0
    async with asyncio.timeout(60):
        while len(tailed) < 200:
            await log.wait_newer(after)
            page = await log.read(None, after, 50)
            tailed += page
            after = page[-1].position if page else after
    await asyncio.gather(a.end(), b.end())
    assert tailed == list(await log.read(None, 0, len(tailed)))
    await log.close()
