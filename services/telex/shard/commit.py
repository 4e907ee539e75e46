"""Grouping: what the polls of a shard decided at about the same time lands in one commit."""

import asyncio
from collections import Counter, deque
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field

from telex.core.events import ArticlePublished, ArticleUpdated, DeadLetter, Event
from telex.core.facts import Committed, LogPaused
from telex.core.model import FeedId
from telex.core.records import Record
from telex.errors import ClaimDied, LogUnavailable
from telex.ports import Claim, Commit
from telex.shard.context import Context
from telex.wire import cloudevents
from telex.wire.fitting import fitting_records

_RETRY_LEAST, _RETRY_MOST = 0.5, 10.0
_MEMORY_KEY = 1024
_FULL = 4
"""So many full commits may wait: beyond, and while the log takes nothing, no more is fetched."""


@dataclass(slots=True)
class Cargo:
    """Events as records, and what is told of them once they are in the log.

    The events themselves are not kept: as objects they take several times the memory of their records.
    """

    records: list[Record] = field(default_factory=list)
    types: Counter[str] = field(default_factory=Counter)
    letters: Counter[str] = field(default_factory=Counter)
    repairs: Counter[str] = field(default_factory=Counter)
    tagged: Counter[str] = field(default_factory=Counter)
    dates: list[float] = field(default_factory=list)
    """When what they tell was published or edited, by its publisher's word; news alone, no back catalogue."""

    def note(self, event: Event) -> None:
        """Count an event."""
        self.types[cloudevents.type_of(event)] += 1
        if isinstance(event, ArticlePublished | ArticleUpdated):
            article = event.article
            self.repairs.update(article.provenance.repairs)
            kinds = {"topics": article.topics, "places": article.places, "mentions": article.mentions}
            self.tagged.update(kind for kind, tags in kinds.items() if tags)
        match event:
            case DeadLetter():
                self.letters[event.reason] += 1
            case ArticlePublished(article) if not article.backfill and article.published_at is not None:
                self.dates.append(article.published_at)
            case ArticleUpdated(article) if article.updated_at is not None:
                self.dates.append(article.updated_at)
            case _:
                pass

    def add(self, other: "Cargo") -> None:
        """Take over another's."""
        self.records += other.records
        self.types.update(other.types)
        self.letters.update(other.letters)
        self.repairs.update(other.repairs)
        self.tagged.update(other.tagged)
        self.dates += other.dates


@dataclass(slots=True)
class _Pending:
    cargo: Cargo
    memories: Mapping[FeedId, bytes | None]
    schedule: bytes | None
    inbox: int | None
    size: int
    done: asyncio.Future[None] = field(repr=False)


class Committer:
    """Appends what is submitted, in order, one commit at a time. The only one that touches the claim's `append`."""

    def __init__(self, claim: Claim, context: Context) -> None:
        self._claim = claim
        self._context = context
        self._queue: deque[_Pending] = deque()
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._waiting = 0
        self._paused = False

    @property
    def memory_limit(self) -> int:
        """Bytes of the largest memory that the log takes: a record of its own, with the feed's id as key."""
        return self._claim.record_limit - _MEMORY_KEY

    async def wait_room(self) -> None:
        """Wait while the log takes no appends or too much waits for it: what is not fetched takes no memory."""
        await self._room.wait()

    def _look_for_room(self) -> None:
        if self._paused or self._waiting > _FULL * self._context.settings.commit_bytes:
            self._room.clear()
        else:
            self._room.set()

    def loading(self, events: tuple[Event, ...]) -> Generator[None, None, Cargo]:
        """Make the records of events, one event a step."""
        naming, limit = self._context.naming, self._claim.record_limit
        cargo = Cargo()
        for event in events:
            cargo.records.extend(fitting_records(event, naming, limit))
            cargo.note(event)
            yield
        return cargo

    async def submit(
        self,
        cargo: Cargo | None = None,
        memories: Mapping[FeedId, bytes | None] | None = None,
        *,
        schedule: bytes | None = None,
        inbox: int | None = None,
    ) -> None:
        """Return once all of it is in the log.

        Raises:
            ClaimDied: it may or may not be in the log; the shard is over.
        """
        cargo, memories = cargo or Cargo(), memories or {}
        size = sum(len(record.value or b"") for record in cargo.records)
        size += sum(len(memory or b"") for memory in memories.values()) + len(schedule or b"")
        done = asyncio.get_running_loop().create_future()
        self._queue.append(_Pending(cargo, memories, schedule, inbox, size, done))
        self._waiting += size
        self._look_for_room()
        self._wake.set()
        await done

    async def run(self) -> None:
        """Append for ever.

        Raises:
            ClaimDied: the claim died; who waited hears it too.
        """
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                batch = self._batch()
                try:
                    await self._append(batch)
                except ClaimDied as why:
                    self._fail(batch, why)
                    raise
                self._waiting -= sum(pending.size for pending in batch)
                self._look_for_room()
                for pending in batch:
                    if not pending.done.done():
                        pending.done.set_result(None)
                del batch, pending  # what is in the log need not be in memory until the next commit

    def _fail(self, batch: list[_Pending], why: ClaimDied) -> None:
        for pending in (*batch, *self._queue):
            if not pending.done.done():
                pending.done.set_exception(why)
                pending.done.exception()  # a poll that was cancelled meanwhile does not ask: that is no leak
        self._queue.clear()

    def _batch(self) -> list[_Pending]:
        settings = self._context.settings
        batch: list[_Pending] = []
        records = size = 0
        while self._queue:
            pending = self._queue[0]
            full = (
                records + len(pending.cargo.records) > settings.commit_records
                or size + pending.size > settings.commit_bytes
            )
            if batch and (full or self._context.refusals.alone):
                break
            batch.append(self._queue.popleft())
            records, size = records + len(pending.cargo.records), size + pending.size
        return batch

    async def _append(self, batch: list[_Pending]) -> None:
        memories: dict[FeedId, bytes | None] = {}
        cargo = Cargo()
        for pending in batch:
            memories |= pending.memories
            cargo.add(pending.cargo)
        commit = Commit(
            records=tuple(cargo.records),
            memories=memories,
            schedule=next((p.schedule for p in reversed(batch) if p.schedule is not None), None),
            inbox=max((p.inbox for p in batch if p.inbox is not None), default=None),
        )
        loop = asyncio.get_running_loop()
        began, wait = loop.time(), _RETRY_LEAST
        while True:
            try:
                await self._claim.append(commit)
            except LogUnavailable as why:
                self._pause(str(why))
                await asyncio.sleep(wait)
                wait = min(wait * 2, _RETRY_MOST)
            else:
                break
        self._resume()
        self._observe(cargo, loop.time() - began, sum(pending.size for pending in batch))

    def _pause(self, detail: str) -> None:
        if not self._paused:
            self._paused = True
            self._look_for_room()
            self._context.observer.observe(LogPaused(self._claim.shard, resumed=False, detail=detail))

    def _resume(self) -> None:
        if self._paused:
            self._paused = False
            self._context.observer.observe(LogPaused(self._claim.shard, resumed=True, detail=None))

    def _observe(self, cargo: Cargo, elapsed: float, size: int) -> None:
        now = self._context.clock.now()
        fact = Committed(
            self._claim.shard,
            elapsed,
            len(cargo.records),
            size,
            tuple(cargo.types.items()),
            tuple(max(0.0, now - date) for date in cargo.dates),
            tuple(cargo.letters.items()),
            tuple(cargo.repairs.items()),
            tuple(cargo.tagged.items()),
        )
        self._context.observer.observe(fact)
