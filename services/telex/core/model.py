"""The values that travel: a feed as configured, an entry as written, an article as published.

An instant is a float: seconds since 1970-01-01T00:00:00Z (negative before). `None` is "unknown", never "now".
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType

FeedId = NewType("FeedId", str)
Publisher = NewType("Publisher", str)
ArticleId = NewType("ArticleId", str)
"""24 lower-case hexadecimal digits: 96 bits of BLAKE2b over (publisher, identity)."""
Digest = NewType("Digest", bytes)
"""8 bytes of BLAKE2b."""


class Profile(StrEnum):
    """Who owns a source."""

    STATE = "state"
    PUBLIC = "public"
    PRIVATE = "private"
    COMMUNITY = "community"
    UNKNOWN = "unknown"


class Priority(StrEnum):
    """Which overdue feeds are polled first after a restart."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class Backfill(StrEnum):
    """What becomes of the articles that stand in a feed when it is polled for the first time."""

    PUBLISH = "publish"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class SecretRef:
    """Where a secret's value stands: `env:NAME` or `file:PATH`. Never the value."""

    reference: str


@dataclass(frozen=True, slots=True)
class PageRules:
    """What the catalogue knows of a publisher's pages, as CSS selectors: what holds the story, and what is none of it."""

    body: str | None = None
    drop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed as the catalogue declares it.

    `id` survives a changed URL; `publisher` is the unit of de-duplication, politeness and sharding.
    Intervals are in seconds. `timezone` (an IANA name) is that of dates without a zone; `boilerplate` are texts that the
    publisher appends to or puts before its articles; `page_body` and `page_drop` are selectors for its pages. `headers` values are literal or secret references; `credentials` is "user:password".
    """

    id: FeedId
    url: str
    publisher: Publisher
    previously: tuple[str, ...] = ()
    name: str | None = None
    language: str | None = None
    country: str | None = None
    categories: tuple[str, ...] = ()
    profile: Profile = Profile.UNKNOWN
    priority: Priority = Priority.NORMAL
    interval_min: float = 300.0
    interval_max: float = 3600.0
    full_text: bool = False
    backfill: Backfill = Backfill.PUBLISH
    withdraw_after: float = 1800.0
    timezone: str | None = None
    boilerplate: tuple[str, ...] = ()
    page_body: str | None = None
    page_drop: tuple[str, ...] = ()
    headers: tuple[tuple[str, str | SecretRef], ...] = ()
    credentials: SecretRef | None = None

    @property
    def page_rules(self) -> PageRules | None:
        """What is known of its articles' pages, if anything is."""
        known = self.page_body is not None or self.page_drop
        return PageRules(self.page_body, self.page_drop) if known else None


@dataclass(frozen=True, slots=True)
class Author:
    """A person or an agency, as the entry names it. `kind` is "person", "agency" or unknown."""

    name: str | None
    url: str | None = None
    email: str | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Media:
    """An image, sound or film: `type` is a media type, sizes are pixels, `length` bytes."""

    url: str
    type: str | None = None
    width: int | None = None
    height: int | None = None
    length: int | None = None
    caption: str | None = None
    credit: str | None = None


@dataclass(frozen=True, slots=True)
class Markup:
    """Text as a document wrote it: HTML (unsanitised, entities undecoded) or plain."""

    value: str
    html: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as its document wrote it, whatever the format; not normalised yet.

    `raw` is the digest of the entry's bytes and of what it inherits from the document (design 4.1).
    `guid` is the id as written, trimmed, never resolved. `link` is absolute. `base` resolves links inside the markup.
    `repairs` names what had to be guessed, e.g. `date.zone_assumed_utc`; `floating` which of `published` and `updated` had
    no zone and are as if in UTC.
    """

    raw: Digest
    guid: str | None = None
    link: str | None = None
    title: Markup | None = None
    summary: Markup | None = None
    content: Markup | None = None
    authors: tuple[Author, ...] = ()
    published: float | None = None
    updated: float | None = None
    categories: tuple[str, ...] = ()
    media: tuple[Media, ...] = ()
    language: str | None = None
    rights: str | None = None
    base: str | None = None
    repairs: tuple[str, ...] = ()
    floating: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hints:
    """What a document says about how often to ask (RSS ttl, skipHours, skipDays; syndication module).

    `ttl` is in seconds; `skip_hours` are GMT hours 0-23; `skip_days` 0 = Monday.
    """

    ttl: float | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class FeedDocument:
    """A feed's document, read. `slots` is the window in document order: an `Entry`, or the raw digest of one we know.

    `complete` is False where the document ended before its root's end tag: then nothing may be withdrawn, and neither
    validators nor body hash may advance. `dropped` counts entries beyond the limit. `withdrawn` are the ids, as
    written, of entries that the feed says were taken back (RFC 6721).
    """

    format: str
    slots: tuple[Entry | Digest, ...]
    complete: bool = True
    title: str | None = None
    home_url: str | None = None
    language: str | None = None
    hints: Hints = Hints()
    repairs: tuple[str, ...] = ()
    dropped: int = 0
    withdrawn: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """Bytes to read as a feed; `known` are the raw digests of entries that need no reading."""

    body: bytes
    content_type: str | None
    url: str
    known: frozenset[Digest] = frozenset()


class UnreadableReason(StrEnum):
    """Why bytes are no feed. Each is a label of the metric of dead letters."""

    EMPTY = "empty"
    HTML = "html"
    NOT_A_FEED = "not_a_feed"
    NOT_TEXT = "not_text"
    BOMB = "bomb"
    TOO_COSTLY = "too_costly"
    READER_FAILED = "reader_failed"
    REFUSED = "refused"
    """The log refuses for good what was made of them."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Bytes that are no feed document: a dead letter."""

    reason: UnreadableReason
    detail: str


@dataclass(frozen=True, slots=True)
class PageDocument:
    """An article's page, read: what it says of the article. Paragraphs of `text` are separated by a blank line.

    `summary` is the page's description of itself. `sources` says by field what it was known from: `("title", "og:title")`.
    """

    url: str
    title: str | None = None
    text: str | None = None
    html: str | None = None
    authors: tuple[Author, ...] = ()
    published: float | None = None
    updated: float | None = None
    language: str | None = None
    media: tuple[Media, ...] = ()
    repairs: tuple[str, ...] = ()
    summary: str | None = None
    sources: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a tag stands: the term, the field it stands in and its offset there in characters."""

    term: str
    field: str
    offset: int


@dataclass(frozen=True, slots=True)
class Topic:
    """A tag of a taxonomy; `confidence` in [0, 1]."""

    code: str
    name: str
    name_en: str | None
    broader: tuple[str, ...]
    confidence: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A place by its ISO 3166 code; `role` is "subject" or "mentioned"."""

    code: str
    name: str
    role: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Mention:
    """A named person, organisation, company or club."""

    name: str
    kind: str
    wikidata: str | None
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One field that an update changed; both sides are cut to 280 characters."""

    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Source:
    """The feed that showed the article first."""

    publisher: Publisher
    id: FeedId
    name: str | None
    feed_url: str
    home_url: str | None
    country: str | None
    profile: Profile


class BodyFrom(StrEnum):
    """Where an article's body comes from."""

    FEED = "feed"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class Provenance:
    """How an article came to be what it is. `fetched_at` is the fetch that the event tells of."""

    fetched_at: float
    entry_digest: str
    body_from: BodyFrom | None
    repairs: tuple[str, ...] = ()
    taxonomies: tuple[str, ...] = ()
    missing_since: float | None = None


@dataclass(frozen=True, slots=True)
class Article:
    """An article as published (schemas/article/1.json, design section 5)."""

    id: ArticleId
    version: int
    url: str | None
    link: str | None
    guid: str | None
    title: str | None
    summary: str | None
    body: str | None
    body_html: str | None
    truncated: bool
    language: str | None
    authors: tuple[Author, ...]
    published_at: float | None
    updated_at: float | None
    first_seen_at: float
    published_at_source: str | None
    source: Source
    feeds: tuple[FeedId, ...]
    categories: tuple[str, ...]
    topics: tuple[Topic, ...]
    places: tuple[Place, ...]
    mentions: tuple[Mention, ...]
    media: tuple[Media, ...]
    word_count: int
    rights: str | None
    backfill: bool
    significance: str | None
    changes: tuple[Change, ...]
    provenance: Provenance = field(kw_only=True)
