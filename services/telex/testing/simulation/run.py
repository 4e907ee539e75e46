"""What a verdict needs to know of a seed's life."""

from collections import Counter
from dataclasses import dataclass, field

from telex.ports import Command
from telex.testing.memory_broker import Broker
from telex.testing.memory_faults import FaultPlan
from telex.testing.simulation.fleet import Fleet
from telex.testing.simulation.loop import SimLoop
from telex.testing.simulation.web import Web
from telex.testing.simulation.world import World


@dataclass(frozen=True, slots=True)
class Order:
    """A command that was acknowledged at a moment of the loop."""

    at: float
    shard: int
    command: Command


@dataclass(slots=True)
class Run:
    """Everything that a verdict needs to know of a seed's life. `end` and `calm_from` are moments of the loop."""

    seed: int
    end: float
    calm_from: float
    loop: SimLoop
    world: World
    web: Web
    faults: FaultPlan
    broker: Broker
    fleet: Fleet
    orders: list[Order] = field(default_factory=list)

    def count(self) -> Counter[str]:
        """What happened, counted."""
        types = (dict(stored.record.headers)["ce_type"] for stored in self.broker.read(None, 0, 1_000_000))
        counted = self.fleet.count + self.faults.struck + self.web.struck + Counter(types)
        return counted + Counter(steps=self.loop.steps)

    def process_faults(self) -> int:
        """How often a process was struck."""
        kinds = ("kill", "kill inside append", "stop", "move", "silence", "restart", "outage", "fence")
        counted = self.count()
        return sum(counted[kind] for kind in kinds)
