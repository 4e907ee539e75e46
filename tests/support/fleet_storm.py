"""A storm over a fleet on three brokers: kills, stops, restarts, access rules, slow and dead brokers, wrong clocks.

All chance comes from one seed. The processes' own timing does not: a seed repeats the story, not every microsecond.
Nobody helps recovery: what was killed or ended is started again, as any supervisor of processes does, and that is all.
"""

import contextlib
import math
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from support import kafka
from support.fleet import Fleet
from support.fleet_processes import Member
from support.verdict import ARTICLES, STATE

KILLS = (("telling", 30), ("inside", 20), ("committing", 8), ("committed", 8), ("before", 6), ("fenced", 6))
KILLS += (("restored", 6), ("", 16))
"""Where the killed are, with weights; "" is anywhere."""
STOPS = (("telling", 5), ("inside", 3), ("before", 2), ("committing", 1), ("committed", 1), ("", 2))
CLAIMING = frozenset({"fenced", "restored"})
SKEW = 2400.0
"""A process's calendar is wrong by up to so many seconds (Kafka refuses records from more than an hour ahead)."""
RESTARTS = (0.0, 0.0, 0.5, 2.0, 6.0)
"""Seconds until a killed process is started again: within and after its session."""
PAUSE = (0.5, 3.5)
CALM = (4.0, 12.0)
PATIENCE = 8.0


@dataclass
class Blow:
    """Something that befell the fleet: from when until when. Of a kill, whose."""

    kind: str
    begin: float
    end: float
    member: str | None = None


@dataclass
class Storm:
    """Runs for `seconds`; the last part of them with one broker less."""

    made: Fleet
    seed: int
    seconds: float
    session: float
    counts: Counter[str] = field(default_factory=Counter)
    blows: list[Blow] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._rng = Random(f"{self.seed}:members")
        self._weather_rng = Random(f"{self.seed}:weather")
        self._due: dict[str, float] = {}
        self._thaw: dict[str, float] = {}
        self._wanted = set(self.made.members)
        self._options = {name: member.options for name, member in self.made.members.items()}
        self._over = threading.Event()
        self._failed: list[BaseException] = []

    @property
    def _members(self) -> list[Member]:
        return [self.made.members[name] for name in sorted(self._wanted)]

    def run(self) -> None:
        """Let it rage, and end with everything running but one broker."""
        weather = threading.Thread(target=self._weather, name="weather")
        end = time.monotonic() + self.seconds
        weather.start()
        try:
            while time.monotonic() < end and not self._failed:
                self._act()
                self._rest(self._rng.uniform(*PAUSE))
        finally:
            self._over.set()
            weather.join()
        if self._failed:
            raise self._failed[0]
        self._wanted = set(self.made.members)
        self._wait(lambda: all(member.alive and not member.frozen for member in self._members), 60)

    # The members

    def _act(self) -> None:
        standing = [member for member in self._members if member.alive and not member.frozen]
        if not standing:
            return
        member = self._rng.choice(standing)
        kinds: dict[Callable[[Member], None], int] = {
            self._kill: 70,
            self._stop: 20,
            self._restart: 5,
            self._come_and_go: 5,
        }
        self._rng.choices(list(kinds), list(kinds.values()))[0](member)

    def _kill(self, member: Member) -> None:
        point = _draw(self._rng, KILLS)
        self._due[member.name] = math.inf
        if point in CLAIMING:
            self._killed("anywhere", member.name, member.kill())
            member.aim(point, "KILL")
            self._start(member)
            self._due[member.name] = math.inf
        elif point:
            member.aim(point, "KILL", after=self._rng.randrange(3))
        hit = bool(point) and self._wait(lambda: not member.alive)
        member.miss()
        if member.alive:
            self._killed("anywhere", member.name, member.kill())
        elif hit and (done := member.done()) and done[-1].get("deed") == "KILL":
            self._killed(point, member.name, done[-1]["at"])
        else:
            self.counts["ended by themselves"] += 1
        self._due[member.name] = time.monotonic() + self._rng.choice(RESTARTS)

    def _killed(self, where: str, name: str, at: float) -> None:
        self.counts["kills"] += 1
        self.counts[f"kills {where}"] += 1
        self.blows.append(Blow("kill", at, at, name))

    def _stop(self, member: Member) -> None:
        point = _draw(self._rng, STOPS)
        self._thaw[member.name] = math.inf
        if point:
            member.aim(point, "STOP", after=self._rng.randrange(3))
        hit = bool(point) and self._wait(lambda: member.frozen)
        member.miss()
        if not member.alive:
            del self._thaw[member.name]
            return
        if not member.frozen:
            member.freeze()
        lasts = self.session + self._rng.uniform(0.5, 4)
        self.counts["stops"] += 1
        self.counts[f"stops {point if hit else 'anywhere'}"] += 1
        now = time.time()
        self.blows.append(Blow("stop", now, now + lasts + self.session, member.name))
        self._thaw[member.name] = time.monotonic() + lasts

    def _restart(self, member: Member) -> None:
        self.counts["restarts"] += 1
        begin = time.time()
        self._end(member)
        self._due[member.name] = 0.0
        self.blows.append(Blow("restart", begin, time.time() + 3, member.name))

    def _come_and_go(self, member: Member) -> None:
        if len(self._wanted) < len(self.made.members):
            self.counts["members added"] += 1
            self._wanted = set(self.made.members)
            return
        self.counts["members removed"] += 1
        begin = time.time()
        self._wanted.discard(member.name)
        self._end(member)
        self.blows.append(Blow("removal", begin, time.time() + 2 * self.session, member.name))

    def _end(self, member: Member) -> None:
        """In good order, but as any supervisor does: not for ever."""
        try:
            member.terminate(25)
        except (AssertionError, subprocess.TimeoutExpired):
            self.counts["ends that were not in good order"] += 1
            member.close()

    # As a supervisor of processes does

    def _supervise(self) -> None:
        now = time.monotonic()
        for member in self._members:
            if member.frozen and self._thaw.get(member.name, now) <= now:
                self._thaw.pop(member.name, None)
                member.thaw()
            elif not member.alive and self._due.get(member.name, now) <= now:
                if member.starts and member.name not in self._due:
                    self.counts["ended by themselves"] += 1
                self._start(member)

    def _start(self, member: Member) -> None:
        self._due.pop(member.name, None)
        skewed = self._rng.random() < 0.25
        if skewed:
            self.counts["starts with a wrong clock"] += 1
        clock = ("--clock", str(round(self._rng.uniform(-SKEW, SKEW)))) if skewed else ()
        member.options = (*self._options[member.name], *clock)
        member.start()

    def _wait(self, condition: Callable[[], bool], patience: float = PATIENCE) -> bool:
        end = time.monotonic() + patience
        while not (held := condition()) and time.monotonic() < end:
            self._supervise()
            time.sleep(0.05)
        return held

    def _rest(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._supervise()
            time.sleep(0.05)

    # The brokers, in a thread of their own

    def _weather(self) -> None:
        try:
            self._rage()
        except BaseException as error:
            self._failed.append(error)

    def _rage(self) -> None:
        end = time.monotonic() + self.seconds
        removed = False
        while not self._over.wait(self._weather_rng.uniform(*CALM)):
            begin = time.time()
            left = end - time.monotonic()
            if not removed and left < 0.15 * self.seconds:
                removed = True
                kind = "broker removed"
                self._weather_rng.choice(self.made.cluster.brokers).kill()
            else:
                kinds = {"access withdrawn": self._deny, "broker slow": self._slow, "leaders elected": self._elect}
                kinds |= {} if removed else {"broker killed": self._kill_broker}
                kind = self._weather_rng.choice(sorted(kinds))
                kinds[kind]()
            self.counts[kind] += 1
            self.blows.append(Blow(kind, begin, time.time() + 5))

    def _kill_broker(self) -> None:
        broker = self._weather_rng.choice(self.made.cluster.brokers)
        broker.kill()
        time.sleep(self._weather_rng.uniform(1, 8))
        broker.start()

    def _slow(self) -> None:
        broker = self._weather_rng.choice([one for one in self.made.cluster.brokers if one.process is not None])
        for _ in range(12):
            broker.stop()
            time.sleep(self._weather_rng.uniform(0.1, 0.6))
            broker.resume()
            time.sleep(0.1)

    def _elect(self) -> None:
        """Every partition's leader becomes the preferred one, from which kills had moved it."""
        with contextlib.suppress(RuntimeError, subprocess.TimeoutExpired):  # some may have theirs already, or be away
            self._tool("LeaderElectionCommand", "--election-type", "preferred", "--all-topic-partitions")

    def _deny(self) -> None:
        what = self._weather_rng.choice(
            [
                ("--topic", STATE, "--operation", "Write"),
                ("--topic", ARTICLES, "--operation", "Write"),
                ("--transactional-id", "telex", "--resource-pattern-type", "prefixed", "--operation", "Write"),
                ("--group", "telex", "--operation", "Read"),
            ]
        )
        rule = ("--force", "--deny-principal", f"User:{kafka.USER}", *what)
        try:
            self._tool("AclCommand", "--add", *rule)
            time.sleep(self._weather_rng.uniform(2, 8))
        finally:
            self._insist("AclCommand", "--remove", *rule)

    def _insist(self, *command: str) -> None:
        for _ in range(10):
            with contextlib.suppress(RuntimeError, subprocess.TimeoutExpired):
                self._tool(*command)
                return
        raise AssertionError(f"{command} fails again and again")

    def _tool(self, name: str, *arguments: str) -> None:
        servers = ("--bootstrap-server", self.made.cluster.servers)
        kafka.java(f"org.apache.kafka.tools.{name}", *servers, *arguments, timeout=60)

    # What came of it

    def back_times(self) -> tuple[list[float], list[float]]:
        """After each kill, seconds until all shards of the killed were claimed again; and of these, where nothing
        else happened meanwhile."""
        every, alone = [], []
        for blow in self.blows:
            if blow.kind == "kill":
                back = self.made.back_after(self.made.members[blow.member], blow.begin)
                every.append(back)
                if not any(self._overlaps(other, blow, back) for other in self.blows if other is not blow):
                    alone.append(back)
        return sorted(every), sorted(alone)

    @staticmethod
    def _overlaps(other: Blow, blow: Blow, back: float) -> bool:
        return other.begin < blow.begin + back and other.end > blow.begin - 1


def _draw(rng: Random, weighted: tuple[tuple[str, int], ...]) -> str:
    return rng.choices([name for name, _ in weighted], [weight for _, weight in weighted])[0]
