"""A process that shares a SQLite log: it appends growing numbers to every shard that it owns, until it is told to end.

`sqlite_member.py FILE LEDGER` writes `ack SHARD NUMBER` to its ledger after each append, `won SHARD RESTORED` and
`died SHARD REASON` for its claims, and closes the log on SIGTERM.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from random import SystemRandom

from telex.adapters.sqlite.log import SqliteLog, SqliteSettings
from telex.core.model import FeedId
from telex.core.records import Record
from telex.errors import ClaimDied, LogUnavailable
from telex.ports import Commit

SHARDS = 4


class Calendar:
    def now(self) -> float:
        return 1_700_000_000.0


def settings(path: Path) -> SqliteSettings:
    return SqliteSettings(path, shards=SHARDS, lease=3.0, heartbeat=0.1, busy_timeout=0.5)


def commit(shard: int, number: int) -> Commit:
    record = Record("news.articles", f"{shard}:{number}", (), b"{}")
    return Commit((record,), {FeedId(f"feed{shard}"): str(number).encode()}, None, number)


async def own(claim, note) -> None:
    shard = claim.shard
    number = int(claim.restored.memories.get(FeedId(f"feed{shard}"), b"-1"))
    note("won", shard, number)
    try:
        while True:
            try:
                await claim.append(commit(shard, number + 1))
            except LogUnavailable:
                continue
            number += 1
            note("ack", shard, number)
            await asyncio.sleep(0.002)
    except ClaimDied:
        pass
    note("died", shard, await claim.wait_dead())


async def main(path: str, ledger: str) -> None:
    file = os.open(ledger, os.O_CREAT | os.O_APPEND | os.O_WRONLY)

    def note(*words: object) -> None:
        os.write(file, (" ".join(map(str, words)) + "\n").encode())

    log = await SqliteLog.open(settings(Path(path)), clock=Calendar(), random=SystemRandom())
    tasks = set()

    async def collect() -> None:
        async for claim in log.claims():
            tasks.add(asyncio.create_task(own(claim, note)))

    collector = asyncio.create_task(collect())
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    note("ready", 0, 0)
    await told.wait()
    await log.close()
    await asyncio.gather(collector, *tasks)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
