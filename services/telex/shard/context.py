"""What every shard of a process shares: the ports, the settings, and the limits over all shards."""

import asyncio
import random
from dataclasses import dataclass, field

from telex.core.model import Feed
from telex.core.schedule import Bounds
from telex.ports import Catalogue, Clock, DocumentReader, Fetcher, Observer
from telex.shard.passage import Passage, Room
from telex.shard.refusals import Refusals
from telex.tagging.tags import UNTAGGED, Tagger
from telex.turns import Turns
from telex.wire.topics import Naming


@dataclass(frozen=True, slots=True)
class ShardSettings:
    """How a shard works. Times in seconds, sizes in bytes.

    Args:
        per_publisher: requests at a time to one publisher.
        concurrency: polls and pages at a time in the process.
        backoff_cap: the longest wait after failures.
        release_rate: overdue or new feeds that start in a second, over all shards of the process.
        schedule_every: how often the schedule record is written at most.
        commit_records: records that make a commit full.
        commit_bytes: bytes of records and memories that make a commit full.
        pages: pages that are asked for, held and read at a time: each may have the size of the largest body.
        under_way: bytes of documents that the process decides and commits at a time. In memory each is some ten times
            as large, as objects, records and what the log's client makes of them.
    """

    per_publisher: int = 1
    concurrency: int = 256
    backoff_cap: float = 6 * 3600.0
    release_rate: float = 100.0
    schedule_every: float = 60.0
    commit_records: int = 1000
    commit_bytes: int = 4 << 20
    pages: int = 32
    under_way: int = 16 << 20


class Pacer:
    """Hands out starts at a capped rate, so that a restart is no flood."""

    def __init__(self, rate: float) -> None:
        self._step = 1.0 / rate
        self._next = 0.0

    def take(self, now: float) -> float:
        """The next free start, in `loop.time()`."""
        self._next = max(self._next, now)
        start, self._next = self._next, self._next + self._step
        return start


@dataclass(frozen=True, slots=True)
class Context:
    """The ports and limits that a process gives to its shards. `rng` is this process's own chance.

    `turns` share out the loop between all that is decided.
    """

    catalogue: Catalogue
    fetcher: Fetcher
    reader: DocumentReader
    clock: Clock
    rng: random.Random
    observer: Observer
    naming: Naming
    settings: ShardSettings
    tagger: Tagger = UNTAGGED
    slots: asyncio.Semaphore = field(init=False)
    pages: asyncio.Semaphore = field(init=False)
    room: Room = field(init=False)
    turns: Turns = field(init=False)
    pacer: Pacer = field(init=False)
    refusals: Refusals = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "slots", asyncio.Semaphore(self.settings.concurrency))
        object.__setattr__(self, "pages", asyncio.Semaphore(self.settings.pages))
        object.__setattr__(self, "room", Room(self.settings.under_way))
        object.__setattr__(self, "turns", Turns())
        object.__setattr__(self, "pacer", Pacer(self.settings.release_rate))
        object.__setattr__(self, "refusals", Refusals())

    def passage(self) -> Passage:
        """The way of one poll or decision."""
        return Passage(self.slots, self.room)

    def bounds(self, feed: Feed) -> Bounds:
        """The feed's interval bounds and the back-off's cap."""
        return Bounds(feed.interval_min, feed.interval_max, self.settings.backoff_cap)
