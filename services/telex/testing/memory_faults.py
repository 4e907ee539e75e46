"""What can go wrong between a member and the memory log: a plan drawn from its own stream of chance."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

LATE_NOTICE = 3600.0
"""How late a member may learn of its assignment, in seconds."""


def _nobody(_member: str) -> None:
    """No one to kill: members of a real loop do not die by a plan."""


@dataclass(slots=True)
class FaultPlan:
    """Rates of faults, each in [0, 1] per occasion, and the chance that decides.

    `lose` and `late` strike a message on its way; the others strike a request as it is served. `killed` is told the
    name of a member that dies right before or right after an effect. A `healthy` plan strikes nowhere, but messages
    keep taking their time. `struck` counts what happened.
    """

    rng: random.Random
    lose: float = 0.0
    late: float = 0.0
    refuse: float = 0.0
    unavailable: float = 0.0
    fence: float = 0.0
    deadly: float = 0.0
    unaware: float = 0.0
    resent: float = 0.0
    healthy: bool = False
    killed: Callable[[str], None] = _nobody
    struck: Counter[str] = field(default_factory=Counter)
    _silent: dict[str, float] = field(default_factory=dict)
    _unavailable_until: float = 0.0

    @classmethod
    def drawn(cls, rng: random.Random) -> "FaultPlan":
        """A plan whose rates are themselves drawn: seeds differ in what they are hard on."""
        return cls(
            rng,
            lose=rng.choice([0.0, 0.01, 0.05]),
            late=rng.choice([0.0, 0.01, 0.05]),
            refuse=rng.choice([0.0, 0.03]),
            unavailable=rng.choice([0.0, 0.005]),
            fence=rng.choice([0.0, 0.01]),
            deadly=rng.choice([0.0, 0.01, 0.04]),
            unaware=rng.choice([0.0, 0.05]),
            resent=rng.choice([0.0, 0.02]),
        )

    def strikes(self, fault: str) -> bool:
        """Whether the fault of this name (a rate's field) strikes now."""
        if self.healthy:
            return False
        rate: float = getattr(self, fault)
        if not rate or self.rng.random() >= rate:
            return False
        self.struck[fault] += 1
        return True

    def travel(self) -> float | None:
        """How long a message travels, in seconds; None is never."""
        if self.strikes("lose"):
            return None
        return self.rng.uniform(2, 20) if self.strikes("late") else self.rng.uniform(0.005, 0.06)

    def notice(self) -> float:
        """How long it takes until a member knows its new assignment, in seconds."""
        return self.rng.uniform(0.1, LATE_NOTICE if self.strikes("unaware") else 4.0)

    def maybe_kill(self, member: str) -> None:
        """The member dies here, or not."""
        if self.strikes("deadly"):
            self.killed(member)

    def is_unavailable(self, now: float) -> bool:
        """Whether the log takes no appends now: full, or locked. It lasts for up to five minutes."""
        if self.healthy:
            return False
        if now >= self._unavailable_until and self.strikes("unavailable"):
            self._unavailable_until = now + self.rng.uniform(1, 300)
        return now < self._unavailable_until

    def silence(self, member: str, until: float) -> None:
        """Until this moment of the loop no heartbeat of the member is heard; its other requests are."""
        self._silent[member] = until
        self.struck["silence"] += 1

    def is_silent(self, member: str, now: float) -> bool:
        """Whether the member's heartbeats are lost now."""
        return not self.healthy and now < self._silent.get(member, 0.0)
