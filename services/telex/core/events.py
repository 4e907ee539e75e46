"""The events that telex publishes: a closed union. `match` on it ends with `assert_never`."""

from dataclasses import dataclass
from enum import StrEnum

from telex.core.model import Article, FeedId, Publisher


@dataclass(frozen=True, slots=True)
class ArticlePublished:
    """An article that no feed of its publisher showed before: version 1."""

    article: Article


@dataclass(frozen=True, slots=True)
class ArticleUpdated:
    """The article's meaning changed, or it came back after a withdrawal; `article.changes` tells what."""

    article: Article


@dataclass(frozen=True, slots=True)
class ArticleWithdrawn:
    """The article vanished from every feed of its publisher before its time.

    Memory holds no text: fields that it does not know are null, and the article's last text is in its last published
    or updated event. `article.provenance.missing_since` tells when it was first missed.
    """

    article: Article


class Health(StrEnum):
    """How a feed is. `retired` left the catalogue."""

    OK = "ok"
    FAILING = "failing"
    GONE = "gone"
    PAUSED = "paused"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class FeedStatus:
    """A feed's health changed. `reason` is a short word, `detail` redacted words for people."""

    feed: FeedId
    publisher: Publisher
    ordinal: int
    at: float
    url: str
    health: Health
    reason: str
    detail: str | None
    since: float


@dataclass(frozen=True, slots=True)
class FeedGap:
    """A full window shared no entry with the one before it: articles may have been missed in between."""

    feed: FeedId
    publisher: Publisher
    ordinal: int
    at: float
    last_seen_at: float
    entries: int


@dataclass(frozen=True, slots=True)
class FeedMoved:
    """The feed answers at another address for good; the catalogue should follow."""

    feed: FeedId
    publisher: Publisher
    ordinal: int
    at: float
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class FeedRetired:
    """The feed left the catalogue; its memory stays for 90 days."""

    feed: FeedId
    publisher: Publisher
    ordinal: int
    at: float


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Bytes that could not be understood: the first 64 KiB, with hash and length of the whole. Once per body hash."""

    feed: FeedId
    publisher: Publisher
    ordinal: int
    at: float
    url: str
    reason: str
    detail: str
    content_type: str | None
    sha256: str
    length: int
    body: bytes


ArticleEvent = ArticlePublished | ArticleUpdated | ArticleWithdrawn
FeedEvent = FeedStatus | FeedGap | FeedMoved | FeedRetired | DeadLetter
Event = ArticleEvent | FeedEvent
