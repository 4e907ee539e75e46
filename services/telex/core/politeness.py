"""Which host may be asked now: a rule without I/O or clock. A host is whatever key the caller gives.

Times are seconds of any clock that never goes back; the caller passes it in.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

MAX_HOSTS: Final = 16_384
"""How many idle hosts with a hold or a delay are remembered; the one that ends first is forgotten first."""
_FIRST_SWEEP: Final = 1024


@dataclass(frozen=True, slots=True)
class HostLimits:
    """What one host is asked at most.

    `concurrent` requests run at a time (None: any number), `min_delay` seconds lie between the starts of two, and for
    at most `max_hold` seconds its wish to be left alone binds every feed that lives there.
    """

    concurrent: int | None = 2
    min_delay: float = 0.0
    max_hold: float = 3600.0


@dataclass(frozen=True, slots=True)
class Start:
    """A slot is the caller's; the request may start at this time."""

    at: float


@dataclass(frozen=True, slots=True)
class Held:
    """The host asked to be left alone until this time."""

    until: float


@dataclass(frozen=True, slots=True)
class Queued:
    """No slot is free: wait until `release` names the ticket, or `leave`."""

    ticket: int


@dataclass(slots=True)
class _Host:
    active: int = 0
    next_start: float = float("-inf")
    held_until: float = float("-inf")
    queue: deque[int] = field(default_factory=deque)

    def idle_from(self) -> float:
        return max(self.next_start, self.held_until)


class Politeness:
    """Hands out slots per host, first come, first served. Memory is bounded: a host at rest is forgotten."""

    def __init__(self, limits: HostLimits) -> None:
        self._limits = limits
        self._hosts: dict[str, _Host] = {}
        self._tickets = 0
        self._sweep_at = _FIRST_SWEEP

    def __len__(self) -> int:
        return len(self._hosts)

    def ask(self, host: str, now: float) -> Start | Held | Queued:
        """May a request to the host start? A `Start` must be given back with `release`."""
        state = self._hosts.get(host)
        if state is None:
            state = self._hosts[host] = _Host()
        if state.held_until > now:
            return Held(state.held_until)
        limit = self._limits.concurrent
        if limit is not None and state.active >= limit:
            self._tickets += 1
            state.queue.append(self._tickets)
            return Queued(self._tickets)
        return self._start(state, now)

    def release(self, host: str, now: float) -> tuple[int, Start | Held] | None:
        """Give a slot back. Where somebody waits, their ticket and the answer to it: the next caller to tell.

        A `Held` answer takes no slot: call `release_held` for the next ticket until nobody waits.
        """
        state = self._hosts[host]
        state.active -= 1
        return self._next(host, state, now)

    def release_held(self, host: str, now: float) -> tuple[int, Start | Held] | None:
        """The next who waits, after one whose answer was `Held`."""
        state = self._hosts.get(host)
        return None if state is None else self._next(host, state, now)

    def leave(self, host: str, ticket: int) -> None:
        """Who waited gives up."""
        self._hosts[host].queue.remove(ticket)

    def hold(self, host: str, until: float, now: float) -> None:
        """Leave the host alone until then, at most `max_hold` seconds from now; an earlier hold is never shortened."""
        state = self._hosts.setdefault(host, _Host())
        state.held_until = max(state.held_until, min(until, now + self._limits.max_hold))
        self._forget(host, state, now)

    def _start(self, state: _Host, now: float) -> Start:
        state.active += 1
        at = max(now, state.next_start)
        if self._limits.min_delay:
            state.next_start = at + self._limits.min_delay
        return Start(at)

    def _next(self, host: str, state: _Host, now: float) -> tuple[int, Start | Held] | None:
        if not state.queue:
            self._forget(host, state, now)
            return None
        ticket = state.queue.popleft()
        return ticket, Held(state.held_until) if state.held_until > now else self._start(state, now)

    def _forget(self, host: str, state: _Host, now: float) -> None:
        if state.active or state.queue:
            return
        if state.idle_from() <= now:
            self._hosts.pop(host, None)
        elif len(self._hosts) >= self._sweep_at:
            self._sweep(now)

    def _sweep(self, now: float) -> None:
        """Amortised: the next sweep comes when twice as many hosts are known, or a quarter more than may be."""
        idle = [(s.idle_from(), host) for host, s in self._hosts.items() if not s.active and not s.queue]
        for end, host in idle:
            if end <= now:
                del self._hosts[host]
        idle = sorted(pair for pair in idle if pair[0] > now)
        for _, host in idle[: max(0, len(self._hosts) - MAX_HOSTS)]:
            del self._hosts[host]
        self._sweep_at = min(max(_FIRST_SWEEP, 2 * len(self._hosts)), MAX_HOSTS * 5 // 4)
