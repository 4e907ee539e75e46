"""Writes what telex would remember of a `World` into its log, through the log's own append.

    scale_state.py FEEDS PUBLISHERS ENTRIES PORT INTERVAL DELAY       configured by TELEX_* variables

It prints the instant from which feeds are due: DELAY seconds after the last append, each within one INTERVAL.
"""

import asyncio
import random
import sys
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor

from scale_world import World, memory_of, read_memory

from telex.adapters.clock import SystemClock
from telex.core.memory import FeedState, ScheduleRecord
from telex.core.model import FeedId
from telex.core.schedule import Reason
from telex.eventlogs import open_log
from telex.ports import Claim, Commit
from telex.settings import load_settings
from telex.wire.memories import pack, pack_schedule

BATCH = 300


def packed(world: World, feeds: list[int], now: float) -> dict[FeedId, bytes]:
    """The memories of some feeds."""
    pattern = read_memory(world, 0, now)
    return {world.id(feed): pack(memory_of(world, feed, pattern)) for feed in feeds}


async def fill(claim: Claim, world: World, feeds: list[int], now: float, workers: ProcessPoolExecutor) -> None:
    """Append the memories of a shard's feeds."""
    loop = asyncio.get_running_loop()
    for first in range(0, len(feeds), BATCH):
        batch = await loop.run_in_executor(workers, packed, world, feeds[first : first + BATCH], now)
        await claim.append(Commit(memories=batch))


async def write(world: World, interval: float, delay: float) -> float:
    """Claim every shard and fill it; from when on feeds are due."""
    config, now = load_settings(), time.time()
    log = await open_log(config, SystemClock(), random.Random())
    feeds: defaultdict[int, list[int]] = defaultdict(list)
    for feed in range(world.feeds):
        feeds[world.shard(feed, log.shards)].append(feed)
    claims: list[Claim] = []
    with ProcessPoolExecutor(2) as workers:
        async with asyncio.TaskGroup() as group:
            async for claim in log.claims():
                claims.append(claim)
                group.create_task(fill(claim, world, feeds[claim.shard], now, workers))
                if len(claims) == log.shards:
                    break
    start = time.time() + delay
    for claim in claims:
        due = {world.id(feed): world.due(feed, start, interval) for feed in feeds[claim.shard]}
        states = {name: FeedState(at - interval, at, Reason.SLOWEST) for name, at in due.items()}
        await claim.append(Commit(schedule=pack_schedule(ScheduleRecord(states, {}))))
    await log.close()
    return start


def main() -> None:
    *numbers, interval, delay = sys.argv[1:]
    print(asyncio.run(write(World(*map(int, numbers)), float(interval), float(delay))))


if __name__ == "__main__":
    main()
