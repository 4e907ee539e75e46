"""The ports: what telex needs of the world, as small protocols. Adapters depend on these, never the reverse."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from telex.core.exchange import Exchange, Request
from telex.core.facts import Fact
from telex.core.model import Feed, FeedDocument, FeedId, PageDocument, PageRules, ReadRequest, Unreadable
from telex.core.records import Record


class Clock(Protocol):
    """The calendar. Durations are measured with `loop.time()`, waits are `asyncio.sleep`: neither needs a port."""

    def now(self) -> float:
        """Seconds since 1970-01-01T00:00:00Z. It may jump, also back."""
        ...


class Fetcher(Protocol):
    """One guarded HTTP exchange (design section 8)."""

    async def fetch(self, request: Request) -> Exchange:
        """Never raises for anything that a publisher or the network can cause."""
        ...


class DocumentReader(Protocol):
    """Reads documents, in this process or in another: hostile bytes cost neither the loop nor memory."""

    async def read_feed(self, request: ReadRequest) -> FeedDocument | Unreadable:
        """A feed's document."""
        ...

    async def read_page(
        self, body: bytes, content_type: str | None, url: str, rules: PageRules | None = None
    ) -> PageDocument | Unreadable:
        """An article's page, by the catalogue's rules where there are any."""
        ...


@dataclass(frozen=True, slots=True)
class Stored:
    """A record as read back. `position` orders a topic and is opaque but for comparison; `at` is the log's own time."""

    position: int
    record: Record
    at: float


@dataclass(frozen=True, slots=True)
class Commit:
    """What lands together or not at all.

    `memories` maps a feed's id to its packed memory; None removes it. `schedule` is the shard's packed schedule record
    and `inbox` the position of the last command obeyed: None leaves either as it is.
    """

    records: tuple[Record, ...] = ()
    memories: Mapping[FeedId, bytes | None] | None = None
    schedule: bytes | None = None
    inbox: int | None = None


class CommandKind(StrEnum):
    """What can be asked of the owner of a shard."""

    POLL = "poll"
    PAUSE = "pause"
    RESUME = "resume"


@dataclass(frozen=True, slots=True)
class Command:
    """A wish, put into a shard's inbox. It may arrive more than once: obeying it twice is the same as once."""

    id: str
    kind: CommandKind
    feed: FeedId


@dataclass(frozen=True, slots=True)
class Restored:
    """What a shard remembered when it was claimed. `memories` are the owner's from then on, and change as it goes."""

    memories: dict[FeedId, bytes]
    schedule: bytes | None
    inbox: int


class Claim(Protocol):
    """The live ownership of one shard. Once dead it stays dead, even when this process claims the shard again."""

    @property
    def shard(self) -> int:
        """Which shard, from 0."""
        ...

    @property
    def restored(self) -> Restored:
        """What the shard remembered at the claim. The owner takes it over and need not keep it here."""
        ...

    @property
    def record_limit(self) -> int:
        """Bytes of the largest record that every topic takes: key, value, headers and framing."""
        ...

    async def append(self, commit: Commit) -> None:
        """Make all of the commit visible, or none. One append at a time per claim.

        Raises:
            AppendRefused: it can never succeed; the claim is dead.
            AppendUnknown: it may or may not be visible; the claim is dead.
            ClaimDied: the claim was dead before; nothing was written.
            LogUnavailable: nothing was written, the claim lives: wait, then try the same commit again.
            LogCorrupt: the log is damaged; nothing can be written until an operator acts.
        """
        ...

    async def wait_inbox(self, after: int) -> tuple[tuple[int, Command], ...]:
        """Wait for commands past `after`, oldest first, each with its position.

        Raises:
            ClaimDied: the claim is dead.
            LogUnavailable: they cannot be read now: wait, then ask again.
        """
        ...

    async def wait_dead(self) -> str:
        """Wait until the claim is dead; gives the reason: revoked, fenced, refused, unknown, released, failed."""
        ...

    async def release(self) -> None:
        """Give the shard back so that another can claim it at once. The claim is dead afterwards. Never raises."""
        ...


class EventLog(Protocol):
    """Assigns shards to the processes that share it, and keeps what they append."""

    @property
    def shards(self) -> int:
        """How many shards there are: part of the log, checked at start."""
        ...

    def claims(self) -> AsyncIterator[Claim]:
        """Claims as they are won, for ever; a shard whose claim died is claimed afresh as long as it is ours."""
        ...

    async def put(self, shard: int, command: Command) -> int:
        """Put a command into a shard's inbox; its position. Any process may, owner or not."""
        ...

    async def close(self) -> None:
        """Release what is held and stop."""
        ...


class LogReader(Protocol):
    """Reads what was committed. Works beside owners, in any process."""

    async def read(self, topics: frozenset[str] | None, after: int, limit: int) -> tuple[Stored, ...]:
        """At most `limit` records with a position greater than `after`, in order; None is every topic."""
        ...

    async def bounds(self) -> tuple[int, int]:
        """(oldest retained position - 1, newest position); equal where the log is empty."""
        ...

    async def at(self, instant: float) -> int:
        """The greatest position whose record was stored before `instant`, or oldest - 1."""
        ...

    async def wait_newer(self, after: int) -> None:
        """Return once a position greater than `after` may exist. It may return early, never late by more than 1 s."""
        ...


class Catalogue(Protocol):
    """Which feeds exist. A reload swaps the whole catalogue at once, or not at all."""

    @property
    def version(self) -> int:
        """Grows by one with each accepted reload; starts at 1."""
        ...

    def feeds(self, shard: int) -> Mapping[FeedId, Feed]:
        """The feeds whose publishers hash to this shard, as of now."""
        ...

    async def wait_newer(self, version: int) -> None:
        """Return once the catalogue's version is greater than `version`."""
        ...


class Observer(Protocol):
    """Takes facts, for metrics and logs. It never fails and never waits."""

    def observe(self, fact: Fact) -> None:
        """Note what happened."""
        ...
