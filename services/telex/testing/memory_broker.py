"""The shared side of the memory log: records, memories, epochs and the group of members, as a broker keeps them."""

import asyncio
import contextvars
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from telex.core.model import FeedId
from telex.core.records import Record
from telex.errors import AppendRefused, LogError, LogUnavailable
from telex.ports import Clock, Command, Commit, Restored, Stored
from telex.testing.memory_faults import FaultPlan
from telex.testing.memory_values import MAX_RECORD, Fenced, Happening, Link, NoAnswer, Timing

T = TypeVar("T")

SHARDS = 4


@dataclass(slots=True)
class _Shard:
    """One shard's durable state, and the open transaction of its current epoch."""

    memories: dict[FeedId, bytes] = field(default_factory=dict)
    schedule: bytes | None = None
    inbox: int = 0
    commands: list[Command] = field(default_factory=list)
    epoch: int = 0
    pending: list[Commit] = field(default_factory=list)


class Broker:
    """What members share. Without a fault plan every request is served at once and every answer arrives.

    A commit takes two steps, as in Kafka: `send` hands its parts over, `commit` makes everything handed over in this
    epoch visible. Whatever a broken-off transaction left behind is dropped by the next `fence`, and only by it.
    """

    def __init__(
        self,
        shards: int = SHARDS,
        *,
        clock: Clock | None = None,
        timing: Timing | None = None,
        faults: FaultPlan | None = None,
    ) -> None:
        self.shards = shards
        self.timing = timing or Timing()
        self.faults = faults
        self.unavailable: str | None = None
        self.history: list[Happening] = []
        self.assigned: dict[int, str] = {}
        self._clock = clock
        self._context = contextvars.copy_context()
        self._state = [_Shard() for _ in range(shards)]
        self._records: list[Stored] = []
        self._trimmed = 0
        self._newer: list[asyncio.Future[None]] = []
        self._members: dict[str, Link] = {}
        self._seen: dict[str, float] = {}
        self._generation = 0
        self._reaper: asyncio.TimerHandle | None = None

    # The network.

    async def call(self, serve: Callable[[], T]) -> T:
        """Have the request served, its way there and back included.

        Raises:
            NoAnswer: it may or may not have been served, and may still be.
            LogError: what serving it raised.
        """
        if self.faults is None:
            await asyncio.sleep(0)
            return serve()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()

        def arrive() -> None:
            try:
                result = serve()
            except LogError as error:
                self._travel(_fail, answer, error)
            else:
                self._travel(_answer, answer, result)

        self._travel(arrive)
        timer = loop.call_later(self.timing.answer, _give_up, answer)
        try:
            return await answer
        finally:
            timer.cancel()

    def _travel(self, call: Callable[..., object], *args: object) -> None:
        delay = self.faults.travel() if self.faults else 0.0
        if delay is not None:
            asyncio.get_running_loop().call_later(delay, call, *args, context=self._context)

    # The group.

    def beat(self, link: Link) -> None:
        """Hear from a member; one that is not known joins with it."""
        now = asyncio.get_running_loop().time()
        if self._is_silent(link):
            return
        self._seen[link.name] = now
        if self._members.get(link.name) is not link:
            self._members[link.name] = link
            self._note("join", -1, link.name)
            self._generation += 1
            link.joined = self._generation
            self.rebalance()
            self._tell(link)
        if self._reaper is None:
            self._reap()

    def leave(self, link: Link) -> None:
        """Forget a member that says goodbye; its shards go to the others."""
        if self._members.get(link.name) is link:
            self._drop(link.name, "leave")
            self.rebalance()

    def expire(self) -> None:
        """Expel the members that are known to be silent, now."""
        for name in [name for name, link in self._members.items() if link.silent]:
            self._drop(name, "expel")
        self.rebalance()

    def expel(self, member: str) -> None:
        """Expel a member that lives and does not know it; it comes back with its next heartbeat."""
        if member in self._members:
            self._drop(member, "expel")
            self.rebalance()

    def release(self, link: Link, shard: int) -> None:
        """Give a shard to another member, if there is one."""
        others = [name for name in self._members if name != link.name]
        if self.assigned.get(shard) == link.name and others:
            load = Counter(self.assigned.values())
            self._assign(shard, min(others, key=lambda name: (load[name], name)))
            self._tell_all()

    def confirm(self, link: Link) -> tuple[int, int, frozenset[int]]:
        """The group's generation, the one that the member joined, and its shards, as an answer to its heartbeat."""
        if self._is_silent(link):
            raise NoAnswer("no heartbeat of this member arrives")
        return self._generation, link.joined, self._shards_of(link.name)

    def _is_silent(self, link: Link) -> bool:
        now = asyncio.get_running_loop().time()
        return link.silent or (self.faults is not None and self.faults.is_silent(link.name, now))

    def rebalance(self, pick: Callable[[int, list[str]], str] | None = None) -> None:
        """Spread the shards evenly and move as few as possible, or as `pick(shard, members)` says."""
        names = sorted(self._members)
        if not names:
            self.assigned.clear()
            return
        before = dict(self.assigned)
        load = Counter(owner for owner in before.values() if owner in self._members)
        for shard in range(self.shards):
            owner = before.get(shard)
            if pick is not None:
                self._assign(shard, pick(shard, names))
            elif owner not in self._members or load[owner] > -(-self.shards // len(names)):
                least = min(names, key=lambda name: (load[name], name))
                load[least] += 1
                if owner in self._members:
                    load[owner] -= 1
                self._assign(shard, least)
        if self.assigned != before:
            self._tell_all()

    def _assign(self, shard: int, member: str) -> None:
        if self.assigned.get(shard) != member:
            self.assigned[shard] = member
            self._note("assign", shard, member)

    def _drop(self, member: str, why: str) -> None:
        del self._members[member], self._seen[member]
        self._note(why, -1, member)
        self.assigned = {shard: owner for shard, owner in self.assigned.items() if owner != member}

    def _shards_of(self, member: str) -> frozenset[int]:
        return frozenset(shard for shard, owner in self.assigned.items() if owner == member)

    def _tell_all(self) -> None:
        self._generation += 1
        for link in self._members.values():
            self._tell(link)

    def _tell(self, link: Link) -> None:
        delay = self.faults.notice() if self.faults else 0.0
        args = self._generation, link.joined, self._shards_of(link.name)
        asyncio.get_running_loop().call_later(delay, link.told, *args, context=link.context)

    def _reap(self) -> None:
        loop = asyncio.get_running_loop()
        overdue = loop.time() - self.timing.session
        silent = [name for name, seen in self._seen.items() if seen < overdue]
        for name in silent:
            self._drop(name, "expel")
        if silent:
            self.rebalance()
        self._reaper = (
            loop.call_later(self.timing.session / 2, self._reap, context=self._context) if self._members else None
        )

    # Claims and appends.

    def asked_twice(self) -> bool:
        """Whether a request of the commit that just succeeded had to be sent again: a copy of it may still be on its way."""
        return self.faults is not None and self.faults.strikes("resent")

    def fence(self, member: str, shard: int) -> int:
        """End the shard's current epoch with all it has not committed, and begin the next; gives its number."""
        state = self._state[shard]
        state.epoch += 1
        state.pending.clear()
        self._note("fence", shard, member, state.epoch)
        return state.epoch

    def restore(self, shard: int) -> Restored:
        """What the shard remembers now."""
        state = self._state[shard]
        return Restored(dict(state.memories), state.schedule, state.inbox)

    def send(self, member: str, shard: int, epoch: int, commit: Commit) -> None:
        """Take the parts of a commit over. A refused part does not take the others with it: they stay pending."""
        state = self._live(shard, epoch)
        if self.unavailable is not None:
            raise LogUnavailable(self.unavailable)
        self._check_sizes(state, commit)
        if self.faults:
            self.faults.maybe_kill(member)
            if self.faults.is_unavailable(asyncio.get_running_loop().time()):
                raise LogUnavailable("full")
            if self.faults.strikes("fence"):
                state.epoch += 1
                state.pending.clear()
                raise Fenced("the transaction took too long")
            if self.faults.strikes("refuse"):
                state.pending.append(_half(commit, self.faults.rng.random() < 0.5))
                raise AppendRefused("not_authorised")
        state.pending.append(commit)

    def _check_sizes(self, state: _Shard, commit: Commit) -> None:
        fitting = tuple(record for record in commit.records if _fits(record.value))
        fat = [feed for feed, memory in (commit.memories or {}).items() if not _fits(memory)]
        if fat or len(fitting) < len(commit.records):
            state.pending.append(replace(commit, records=fitting, memories=None))
            raise AppendRefused("too_large", fat[0] if fat else None)

    def commit(self, member: str, shard: int, epoch: int) -> None:
        """Make what was sent in this epoch visible, at once."""
        if self.faults:
            self.faults.maybe_kill(member)
        state = self._live(shard, epoch)
        for commit in state.pending:
            self._note("commit", shard, member, epoch, commit)
            self._apply(state, commit)
        state.pending.clear()
        if self.faults:
            self.faults.maybe_kill(member)

    def _live(self, shard: int, epoch: int) -> _Shard:
        state = self._state[shard]
        if state.epoch != epoch:
            raise Fenced(f"epoch {epoch} of shard {shard} is over, {state.epoch} is current")
        return state

    def _apply(self, state: _Shard, commit: Commit) -> None:
        for feed, memory in (commit.memories or {}).items():
            if memory is None:
                state.memories.pop(feed, None)
            else:
                state.memories[feed] = memory
        state.schedule = state.schedule if commit.schedule is None else commit.schedule
        state.inbox = state.inbox if commit.inbox is None else commit.inbox
        self._store(commit.records)

    def _store(self, records: Iterable[Record]) -> None:
        now = self._clock.now() if self._clock else asyncio.get_running_loop().time()
        position = self.newest
        for record in records:
            position += 1
            self._records.append(Stored(position, record, now))
        waiters, self._newer = self._newer, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    # The inbox.

    def put(self, shard: int, command: Command) -> int:
        """Append a command to the shard's inbox; its position."""
        commands = self._state[shard].commands
        commands.append(command)
        for link in self._members.values():
            delay = self.faults.notice() if self.faults else 0.0
            asyncio.get_running_loop().call_later(delay, link.inbox_grew, shard, context=link.context)
        return len(commands)

    def commands(self, shard: int, after: int) -> tuple[tuple[int, Command], ...]:
        """The commands past `after`, oldest first, each with its position."""
        return tuple(enumerate(self._state[shard].commands[after:], after + 1))

    # Reading.

    @property
    def newest(self) -> int:
        """The position of the newest record; 0 before the first."""
        return self._trimmed + len(self._records)

    @property
    def oldest(self) -> int:
        """The position before the oldest retained record."""
        return self._trimmed

    def read(self, topics: frozenset[str] | None, after: int, limit: int) -> tuple[Stored, ...]:
        """At most `limit` records past `after`, in order; None is every topic."""
        found: list[Stored] = []
        for index in range(max(0, after - self._trimmed), len(self._records)):
            if len(found) >= limit:
                break
            if topics is None or self._records[index].record.topic in topics:
                found.append(self._records[index])
        return tuple(found)

    def at(self, instant: float) -> int:
        """The greatest position stored before the instant, or that before the oldest."""
        return max((stored.position for stored in self._records if stored.at < instant), default=self._trimmed)

    def trim(self, upto: int) -> None:
        """Retention: forget the records up to this position."""
        count = min(max(0, upto - self._trimmed), len(self._records))
        del self._records[:count]
        self._trimmed += count

    async def wait_newer(self, after: int) -> None:
        """Return once a position greater than `after` exists."""
        while self.newest <= after:
            waiter = asyncio.get_running_loop().create_future()
            self._newer.append(waiter)
            await waiter

    def _note(self, kind: str, shard: int, member: str, epoch: int = 0, commit: Commit | None = None) -> None:
        now = asyncio.get_running_loop().time()
        self.history.append(Happening(now, kind, shard, member, epoch, commit, self.newest + 1))


def _fits(value: bytes | None) -> bool:
    return value is None or len(value) <= MAX_RECORD


def _half(commit: Commit, events: bool) -> Commit:
    """What stays with the producer when the sends of the other topics failed."""
    return replace(commit, memories=None, schedule=None, inbox=None) if events else replace(commit, records=())


def _answer(answer: "asyncio.Future[T]", result: T) -> None:
    if not answer.done():
        answer.set_result(result)


def _fail(answer: "asyncio.Future[T]", error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)


def _give_up(answer: "asyncio.Future[T]") -> None:
    _fail(answer, NoAnswer("no answer in time"))
