"""What a shard has at hand: memories as bytes, feeds, desks, the timeline and the schedule."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from telex.core.events import Health
from telex.core.facts import MemoryDropped
from telex.core.memory import RETIRED_AGE, FeedState, Head, Memory, ScheduleRecord
from telex.core.model import Feed, FeedId, Priority, Publisher
from telex.core.register import Register, register_of
from telex.core.schedule import RETRY_AFTER_LIMIT, Reason
from telex.ports import Claim
from telex.shard.context import Context
from telex.shard.publishers import Publishers
from telex.shard.timeline import Timeline
from telex.wire import memories as wire

_PRIORITIES = {Priority.HIGH: 0, Priority.NORMAL: 1, Priority.LOW: 2}
_LONG_WAITS = frozenset({Reason.RETRY_AFTER, Reason.GONE, Reason.HELD, Reason.SKIP_TIME, Reason.HINT})
NO_ADDRESS = "about:blank"
"""Memory keeps no address of a feed that left while nothing ran, and a status has to name one (RFC 6694)."""
_SLACK = 1.2
"""How much longer than its longest interval a restored wait may be: more means that the clock jumped."""


_head_of = lru_cache(maxsize=512)(wire.unpack_head)
"""A poll looks at the head when it asks and again when it is answered: those under way are kept."""


class State:
    """A shard's memory in this process. Advanced only after the log took the same."""

    def __init__(self, claim: Claim, context: Context) -> None:
        restored = claim.restored
        self.context = context
        self.shard = claim.shard
        self.memories = restored.memories
        self.inbox = restored.inbox
        self.feeds: dict[FeedId, Feed] = {}
        self.publishers = Publishers(context.settings.per_publisher)
        self.timeline = Timeline()
        self.states: dict[FeedId, FeedState] = {}
        self.paused: set[FeedId] = set()
        self.changed = False
        self.hold_news = asyncio.Event()
        self._restore_schedule(restored.schedule)

    def _restore_schedule(self, packed: bytes | None) -> None:
        self.restored = ScheduleRecord({}, {})
        if packed is not None:
            try:
                self.restored = wire.unpack_schedule(packed)
            except wire.UnreadableMemoryError as why:
                self.context.observer.observe(MemoryDropped(FeedId(""), f"schedule of shard {self.shard}: {why}"))
        now, loop_now = self.context.clock.now(), asyncio.get_running_loop().time()
        for publisher, until in self.restored.holds.items():
            self.publishers.desk(Publisher(publisher)).hold(min(until - now, RETRY_AFTER_LIMIT), now, loop_now)

    def head(self, feed: FeedId) -> Head:
        """The head of a feed's memory; an empty one where there is none."""
        packed = self.memories.get(feed)
        return _head_of(packed) if packed else Head()

    def memory(self, feed: FeedId) -> Memory:
        """A feed's memory, unpacked."""
        packed = self.memories.get(feed)
        try:
            return wire.unpack(packed) if packed else Memory()
        except Exception as why:  # noqa: BLE001 - whatever is wrong with these bytes, the feed begins anew
            self._drop(feed, why)
            return Memory()

    def drop_unreadable(self) -> None:
        """Give up memories of a format that is not ours, and say so: their feeds begin anew."""
        for feed, packed in list(self.memories.items()):
            try:
                wire.unpack_head(packed)
            except Exception as why:  # noqa: BLE001 - damaged bytes must not keep the shard from its other feeds
                self._drop(feed, why)

    def _drop(self, feed: FeedId, why: Exception) -> None:
        self.context.observer.observe(MemoryDropped(feed, str(why) or type(why).__name__))
        del self.memories[feed]

    def register(self, feed: Feed) -> Register:
        """The publisher's other feeds, those that left the catalogue included."""
        desk = self.publishers.desk(feed.publisher)
        others = sorted({*desk.feeds, *desk.retired} - {feed.id})
        return register_of((other, self.feeds.get(other), self.memory(other)) for other in others)

    def set_memory(self, feed: FeedId, packed: bytes) -> None:
        """Advance a feed's memory to what the log took."""
        self.memories[feed] = packed

    def adopt(self, feeds: Mapping[FeedId, Feed]) -> tuple[list[Feed], list[Feed]]:
        """Follow the catalogue; gives the feeds that are new here or at another address, and those that left it."""
        new = [feed for name, feed in feeds.items() if name not in self.feeds or self.feeds[name].url != feed.url]
        left = [feed for name, feed in self.feeds.items() if name not in feeds]
        before, self.feeds = self.feeds, dict(feeds)
        self._seat(before, left)
        for feed in left:
            self.paused.discard(feed.id)
        for feed in new:
            # From here on the catalogue's own string is the key: there is one for each feed, not one more for each place.
            if (packed := self.memories.pop(feed.id, None)) is not None:
                self.memories[feed.id] = packed
        for feed in (*left, *(feed for feed in new if feed.id in before)):
            # What was planned at the old address, maybe long ago, says nothing of the new one.
            self.timeline.remove(feed.id)
            self.states.pop(feed.id, None)
            self.restored.feeds.pop(feed.id, None)
        return new, left

    def _seat(self, before: Mapping[FeedId, Feed], left: list[Feed]) -> None:
        """Give each publisher its feeds of the catalogue, and those that left it."""
        seats: dict[Publisher, list[FeedId]] = {feed.publisher: [] for feed in before.values()}
        for feed in self.feeds.values():
            seats.setdefault(feed.publisher, []).append(feed.id)
        retired: defaultdict[Publisher, list[FeedId]] = defaultdict(list)
        for feed in left:
            retired[feed.publisher].append(feed.id)
        for publisher, names in seats.items():
            desk = self.publishers.desk(publisher)
            desk.feeds = tuple(names)
            if desk.retired or publisher in retired:
                desk.retired = desk.retired.union(retired[publisher]).difference(names)

    def orphans(self) -> list[tuple[FeedId, Head]]:
        """Feeds that have a memory and stand in no catalogue, with their heads."""
        return [(name, self.head(name)) for name in sorted(self.memories.keys() - self.feeds.keys())]

    def note_retired(self, feed: FeedId, publisher: Publisher) -> None:
        """Let the articles of a feed that left the catalogue count for its publisher."""
        self.publishers.desk(publisher).retired |= {feed}

    def expired(self, head: Head, now: float) -> bool:
        """Whether a retired feed's memory may go."""
        return head.retired_at is not None and now - head.retired_at > RETIRED_AGE

    def plan_first(self, new: list[Feed]) -> None:
        """Plan the first poll of each: as recorded where it lies ahead, else at the pacer's rate, priority first."""
        loop, now = asyncio.get_running_loop(), self.context.clock.now()
        overdue: list[tuple[int, float, FeedId]] = []
        for feed in new:
            packed = self.memories.get(feed.id)
            if packed is not None and wire.health_of(packed) is Health.PAUSED:
                self.paused.add(feed.id)
                continue
            state = self.restored.feeds.pop(feed.id, None)
            wait = self._wait(feed, state, now) if state else 0.0
            if state and wait > 0:
                # The record keeps whole seconds: all feeds of a second would go off at once.
                wait += self.context.rng.random()
                self.timeline.put(feed.id, loop.time() + wait)
                self.states[feed.id] = replace(state, due=now + wait)
            else:
                overdue.append((_PRIORITIES[feed.priority], state.due if state else now, feed.id))
                if state:
                    self.states[feed.id] = state
        for _, _, name in sorted(overdue):
            self.timeline.put(name, self.context.pacer.take(loop.time()))

    def _wait(self, feed: Feed, state: FeedState, now: float) -> float:
        wait = state.due - now
        longest = RETRY_AFTER_LIMIT if state.reason in _LONG_WAITS else self.context.settings.backoff_cap
        return min(wait, _SLACK * max(feed.interval_max, longest))

    def plan(self, feed: Feed, delay: float, reason: str, failures: int) -> None:
        """Plan the next poll in `delay` seconds."""
        now = self.context.clock.now()
        self.states[feed.id] = FeedState(now, now + delay, reason, failures)
        self.changed = True
        if feed.id in self.feeds and feed.id not in self.paused:
            self.timeline.put(feed.id, asyncio.get_running_loop().time() + delay)

    def schedule_record(self) -> bytes:
        """The shard's schedule, packed."""
        holds = self.publishers.holds(self.context.clock.now(), asyncio.get_running_loop().time())
        return wire.pack_schedule(ScheduleRecord(self.states, holds))
