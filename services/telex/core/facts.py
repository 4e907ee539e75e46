"""What the service tells its observers: facts, from which metrics and log lines are made. A closed union.

Durations are seconds, sizes bytes. Text is redacted before it becomes a fact.
"""

from dataclasses import dataclass

from telex.core.model import FeedId


@dataclass(frozen=True, slots=True)
class PollEnded:
    """A poll came to its end. `outcome`: changed, unchanged, not_modified, unreadable, gone, or a Refusal's value.

    `lag` is how much later than due the poll began; `changed` is whether the feed's health changed with it, and
    `detail` says why it failed where it did. `next_in` is the time to the next poll, and `next_reason` why then. `held` counts entries that flap, whose edits are held back.
    """

    feed: FeedId
    outcome: str
    lag: float
    elapsed: float
    wire_bytes: int
    articles: int
    detail: str | None
    changed: bool
    next_in: float
    next_reason: str
    held: int = 0


@dataclass(frozen=True, slots=True)
class Committed:
    """A commit is in the log.

    `types` counts records by CloudEvents type; `delays` are, for each article event of a
    poll (not a backfill) whose publication time is known, commit time minus publication time. `repairs` counts, by
    name, the articles published or updated that say so in `provenance.repairs`; `tagged` counts, by kind of tag, those that have one.
    """

    shard: int
    elapsed: float
    records: int
    size: int
    types: tuple[tuple[str, int], ...]
    delays: tuple[float, ...]
    dead_letters: tuple[tuple[str, int], ...]
    repairs: tuple[tuple[str, int], ...] = ()
    tagged: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ShardClaimed:
    """A shard was claimed and its memories restored."""

    shard: int
    feeds: int
    elapsed: float


@dataclass(frozen=True, slots=True)
class ShardLost:
    """A claim died. `reason`: revoked, fenced, refused, unknown, released, failed."""

    shard: int
    reason: str
    detail: str | None


@dataclass(frozen=True, slots=True)
class LogPaused:
    """The log cannot take appends now (full, locked): polling of the shard waits. `resumed` closes it."""

    shard: int
    resumed: bool
    detail: str | None


@dataclass(frozen=True, slots=True)
class CatalogueReloaded:
    """The catalogue was read again. Where it was refused the old one stays, and `problems` say why."""

    version: int
    feeds: int
    accepted: bool
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TaxonomiesReloaded:
    """The operators' taxonomies were read again; `versions` are those of all vocabularies that rule now."""

    versions: tuple[str, ...]
    accepted: bool
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MemoryDropped:
    """A feed's memory could not be read or was too large: what was given up, in words."""

    feed: FeedId
    what: str


Fact = (
    PollEnded
    | Committed
    | ShardClaimed
    | ShardLost
    | LogPaused
    | CatalogueReloaded
    | TaxonomiesReloaded
    | MemoryDropped
)
