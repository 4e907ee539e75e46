"""The worker processes of a simulation: started, killed, stopped, restarted. Each runs the real supervisor."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from contextvars import Context
from dataclasses import dataclass, field

from telex.core.facts import Fact, PollEnded
from telex.core.model import Feed, FeedId
from telex.shard.context import Context as ShardContext
from telex.shard.context import ShardSettings
from telex.shard.supervisor import Supervisor
from telex.testing.memory_broker import Broker
from telex.testing.memory_log import MemoryLog
from telex.testing.simulation.loop import Process, SimLoop
from telex.testing.simulation.web import SimClock, SimFetcher, SimReader, Web
from telex.testing.simulation.world import World
from telex.wire.topics import Naming

WORLD = Context()
"""The context of callbacks that belong to no process."""
SETTINGS = ShardSettings(backoff_cap=3600.0, schedule_every=300.0)
DRAIN = 20.0
"""Seconds that a restart in good order may take."""


class SimCatalogue:
    """The `Catalogue` of a world: it never changes."""

    def __init__(self, world: World) -> None:
        self._by_shard: dict[int, dict[FeedId, Feed]] = {}
        for feed in world.feeds.values():
            self._by_shard.setdefault(world.shard[feed.publisher], {})[feed.id] = feed

    @property
    def version(self) -> int:
        """Always the first."""
        return 1

    def feeds(self, shard: int) -> Mapping[FeedId, Feed]:
        """The feeds of this shard."""
        return self._by_shard.get(shard, {})

    async def wait_newer(self, version: int) -> None:
        """Wait for ever."""
        del version
        await asyncio.get_running_loop().create_future()


@dataclass(slots=True)
class SimObserver:
    """Counts facts, and puts those that are no poll into the story."""

    loop: SimLoop
    process: str
    count: Counter[str]

    def observe(self, fact: Fact) -> None:
        """Note what happened."""
        self.count[type(fact).__name__] += 1
        if isinstance(fact, PollEnded):
            self.count[f"poll {fact.outcome}"] += 1
        self.loop.note((self.process, fact))


@dataclass(slots=True)
class Worker:
    """One process and what the scenario needs of it."""

    process: Process
    clock: SimClock
    log: MemoryLog
    supervisor: Supervisor

    async def drain(self) -> None:
        """End in good order, as on SIGTERM."""
        await self.supervisor.drain(DRAIN)
        await self.log.close()


@dataclass(slots=True)
class Fleet:
    """All workers, by their member's name. `count` counts what was done to them and what they reported."""

    loop: SimLoop
    seed: int
    broker: Broker
    web: Web
    log_type: type[MemoryLog]
    workers: dict[str, Worker] = field(default_factory=dict)
    count: Counter[str] = field(default_factory=Counter)
    starts: Counter[str] = field(default_factory=Counter)

    def start(self, name: str, offset: float = 0.0) -> None:
        """A new process under this name, its clock off by `offset` seconds."""
        self.starts[name] += 1
        incarnation = f"{name}{self.starts[name]}"
        self.loop.note(f"{incarnation} starts")
        process = self.loop.process(incarnation)
        clock = SimClock(self.loop, offset)
        rng = random.Random(f"{self.seed}/{incarnation}")  # noqa: S311 - a simulation's chance comes from its seed
        log = process.run(lambda: self.log_type(self.broker, name, rng))
        supervisor = Supervisor(log, self._context(incarnation, clock, rng))
        self.workers[name] = Worker(process, clock, log, supervisor)
        process.spawn(self._main(supervisor, incarnation))

    def _context(self, incarnation: str, clock: SimClock, rng: random.Random) -> ShardContext:
        return ShardContext(
            catalogue=SimCatalogue(self.web.world),
            fetcher=SimFetcher(self.web, incarnation, clock),
            reader=SimReader(),
            clock=clock,
            rng=rng,
            observer=SimObserver(self.loop, incarnation, self.count),
            naming=Naming(),
            settings=SETTINGS,
        )

    async def _main(self, supervisor: Supervisor, incarnation: str) -> None:
        """A supervisor that comes to its end by itself is an error."""
        try:
            await supervisor.run()
        except Exception as error:  # noqa: BLE001 - the verdict tells it
            self.loop.errors.append(f"{incarnation} failed: {error!r}")

    def running(self) -> list[str]:
        """The names of the processes that are neither dead nor stopped."""
        return [name for name, worker in self.workers.items() if worker.process.runs]

    def kill(self, name: str, why: str, back_in: float) -> None:
        """End a process at whatever it awaits; another starts in its place after `back_in` seconds."""
        worker = self.workers[name]
        if not worker.process.alive:
            return
        self._done(why, name)
        worker.process.kill()
        self.later(back_in, name)

    def stop(self, name: str, seconds: float) -> None:
        """Stop a process for a time."""
        process = self.workers[name].process
        self._done("stop", name)
        process.stop()
        self.loop.call_later(seconds, self._resume, process, context=WORLD)

    def _resume(self, process: Process) -> None:
        if process.alive:
            self.loop.note(f"{process.name} resumes")
            process.resume()

    async def restart(self, name: str) -> None:
        """Drain a process, end it, start another: a rolling update."""
        worker = self.workers[name]
        self._done("restart", name)
        drained = worker.process.spawn(worker.drain())
        await asyncio.wait([drained], timeout=2 * DRAIN)
        if worker.process.alive:
            if drained.done() and drained.exception() is not None:
                self.loop.errors.append(f"{worker.process.name} drains: {drained.exception()!r}")
            self.loop.note(f"{worker.process.name} ends, drained: {drained.done()}")
            worker.process.kill()
            self.later(1.0, name)

    def jump(self, name: str, offset: float) -> None:
        """Set the clock of a process."""
        self._done("jump", name)
        self.workers[name].clock.jump(offset)

    def later(self, delay: float, name: str) -> None:
        """Start a process in a while, unless one runs under its name by then."""
        self.loop.call_later(delay, self._start_if_dead, name, context=WORLD)

    def _start_if_dead(self, name: str) -> None:
        worker = self.workers[name]
        if not worker.process.alive:
            self.start(name, worker.clock.offset)

    def _done(self, what: str, name: str) -> None:
        self.count[what] += 1
        self.loop.note(f"{what} {name}")
