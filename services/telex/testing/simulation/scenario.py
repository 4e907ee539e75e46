"""One seed's life: workers, operators and disasters over a few days, then calm, then the verdict."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass
from hashlib import blake2b

from telex.core.model import FeedId
from telex.ports import Command, CommandKind, Stored
from telex.testing.memory_broker import Broker
from telex.testing.memory_faults import LATE_NOTICE, FaultPlan
from telex.testing.memory_log import MemoryLog
from telex.testing.memory_values import Timing
from telex.testing.simulation.fleet import WORLD, Fleet
from telex.testing.simulation.loop import SimLoop, Stuck, quiet, simulated_loop
from telex.testing.simulation.run import Order, Run
from telex.testing.simulation.verdict import judge
from telex.testing.simulation.web import SimClock, Web
from telex.testing.simulation.world import INTERVAL_MAX, World

SHARDS = 3
DAYS = 2.0
CALM = 4 * 3600.0
"""The last hours: no faults and no news, and everything has to converge."""
TIMING = Timing(heartbeat=60.0, session=180.0, answer=15.0)
DISASTERS = ("kill", "stop", "move", "silence", "restart", "jump", "outage")
WEIGHTS = (30, 20, 15, 15, 10, 8, 2)


def prepare(loop: SimLoop, seed: int, days: float, log_type: type[MemoryLog] = MemoryLog) -> Run:
    """The world of a seed before it begins. The world's plan and each kind of faults have streams of their own."""
    end = days * 86400.0
    calm_from = end - CALM
    world = World(seed, calm_from, SHARDS)
    web = Web.drawn(loop, world, _stream(seed, "web"))
    faults = FaultPlan.drawn(_stream(seed, "log"))
    broker = Broker(SHARDS, clock=SimClock(loop), timing=TIMING, faults=faults)
    fleet = Fleet(loop, seed, broker, web, log_type)
    run = Run(seed, end, calm_from, loop, world, web, faults, broker, fleet)
    back = _stream(seed, "back")
    faults.killed = lambda name: fleet.kill(name, "kill inside append", back.uniform(1, 240))
    return run


def _stream(seed: int, name: str) -> random.Random:
    return random.Random(f"{seed}/{name}")  # noqa: S311 - a simulation's chance comes from its seed


async def live(run: Run) -> None:
    """Live through it: disasters, then calm."""
    rng = _stream(run.seed, "chaos")
    for name in ("a", "b", "c")[: rng.choice([2, 3])]:
        run.fleet.start(name, rng.uniform(-2, 2))
    operator = asyncio.create_task(_operate(run, _stream(run.seed, "operator")))
    pace = rng.choice([800.0, 1100.0])
    while (wait := rng.expovariate(1 / pace)) < run.calm_from - run.loop.time():
        await asyncio.sleep(wait)
        await _strike(run, rng)
    await asyncio.sleep(max(0.0, run.calm_from - run.loop.time()))
    run.loop.note("calm")
    run.web.healthy = run.faults.healthy = True
    run.loop.call_later(200.0, run.broker.rebalance, context=WORLD)
    await asyncio.sleep(run.end - run.loop.time())
    await operator


async def _strike(run: Run, rng: random.Random) -> None:
    kind = rng.choices(DISASTERS, WEIGHTS)[0]
    running = run.fleet.running()
    if kind == "move":
        run.fleet.count["move"] += 1
        run.loop.note("move")
        run.broker.rebalance(lambda _shard, names: rng.choice(names))
    elif kind == "outage":
        run.fleet.count["outage"] += 1
        for name in running:
            run.fleet.kill(name, "kill", rng.uniform(1, 600))
    elif running:
        name = rng.choice(running)
        match kind:
            case "kill":
                run.fleet.kill(name, "kill", rng.uniform(1, 240))
            case "stop":
                run.fleet.stop(name, rng.uniform(1, 400))
            case "silence":
                run.loop.note(f"silence {name}")
                run.faults.silence(name, run.loop.time() + rng.uniform(30, 1800))
            case "restart":
                await run.fleet.restart(name)
            case _:
                run.fleet.jump(name, rng.choice([-600.0, -30.0, 0.0, 30.0]))


async def _operate(run: Run, rng: random.Random) -> None:
    """Commands now and then; whatever was paused is resumed before the calm, and in the calm one of each is given."""
    log = MemoryLog(run.broker, "operator", rng)
    feeds = sorted(run.world.feeds)

    async def give(kind: CommandKind, feed: FeedId) -> None:
        shard = run.world.shard[run.world.feeds[feed].publisher]
        command = Command(f"{kind}-{len(run.orders)}", kind, feed)
        run.loop.note(f"order {kind} {feed}")
        await log.put(shard, command)
        run.orders.append(Order(run.loop.time(), shard, command))

    while (wait := rng.expovariate(1 / 5400.0)) < run.calm_from - 7200 - run.loop.time():
        await asyncio.sleep(wait)
        feed = rng.choice(feeds)
        if rng.random() < 0.5:
            await give(CommandKind.POLL, feed)
        else:
            await give(CommandKind.PAUSE, feed)
            await asyncio.sleep(rng.uniform(60, 3600))
            await give(CommandKind.RESUME, feed)
    await asyncio.sleep(run.calm_from + LATE_NOTICE + 600 - run.loop.time())  # by then everybody knows what is whose
    polled, paused = rng.sample(feeds, 2)
    await give(CommandKind.POLL, polled)
    await give(CommandKind.PAUSE, paused)
    await asyncio.sleep(INTERVAL_MAX)
    await give(CommandKind.RESUME, paused)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a seed ended: what was wrong (nothing, if all is well), and what happened, counted.

    `story` and its digest `trace` are told where something was wrong, or on request.
    """

    seed: int
    wrong: tuple[str, ...]
    count: Counter[str]
    process_faults: int
    story: tuple[str, ...] = ()
    trace: str = ""


def simulate(seed: int, days: float = DAYS, log_type: type[MemoryLog] = MemoryLog, *, story: bool = False) -> Outcome:
    """Simulate a seed and judge it. The same arguments give the same outcome, whatever else the process did."""
    with quiet():
        return _simulate(seed, days, log_type, story=story)


def _simulate(seed: int, days: float, log_type: type[MemoryLog], *, story: bool) -> Outcome:
    with simulated_loop() as loop:
        run = prepare(loop, seed, days, log_type)
        try:
            loop.run_until_complete(live(run))
        except Stuck as stuck:
            wrong = [f"stuck: {stuck}"]
        else:
            wrong = judge(run)
        lines = _story(run) if story or wrong else ()
        trace = blake2b("\n".join(lines).encode(), digest_size=8).hexdigest() if lines else ""
        run.fleet.workers.clear()
        return Outcome(seed, tuple(wrong), run.count(), run.process_faults(), lines, trace)


def _story(run: Run) -> tuple[str, ...]:
    """Everything of note, in the order in which it happened; then what the log holds."""
    notes = [(note.at, note.step, str(note.what)) for note in run.loop.story]
    notes += [
        (happening.at, run.loop.steps, f"log: {happening.kind} {happening.shard} {happening.member} {happening.epoch}")
        for happening in run.broker.history
    ]
    notes.sort(key=lambda note: note[0])
    lines = [f"{at:.3f} {step} {what}" for at, step, what in notes]
    return (*lines, *(_line(stored) for stored in run.broker.read(None, 0, 1_000_000)))


def _line(stored: Stored) -> str:
    headers, value = dict(stored.record.headers), stored.record.value or b""
    said = blake2b(value, digest_size=4).hexdigest()
    return f"{stored.position} {headers['ce_type']} {headers['ce_id']} of {headers['ce_source']}: {said}"
