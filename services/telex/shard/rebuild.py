"""Memories built again from the events that they led to, for a log whose state was lost. Pure.

Every article is remembered by the feed that showed it first, as one that left its window: shown again it is recognised
and compared by its meaning, and not shown again it is not taken for withdrawn. What events do not tell (addresses and
validators, schedules, what was shown and not told) is learned anew.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from telex.core.events import (
    ArticleEvent,
    ArticlePublished,
    ArticleUpdated,
    ArticleWithdrawn,
    DeadLetter,
    FeedEvent,
    FeedStatus,
    Health,
)
from telex.core.identity import article_id, digest, shard_of
from telex.core.memory import (
    FIELD_DIGEST_SIZE,
    FIELDS,
    RETIRED_AGE,
    Departed,
    Head,
    Known,
    Mark,
    Meaning,
    Memory,
    address_digest,
    settled,
)
from telex.core.model import Article, ArticleId, Backfill, BodyFrom, Digest, Entry, Feed, FeedId, Markup, Publisher
from telex.core.recall import forget
from telex.core.records import Record
from telex.core.schedule import first_rate
from telex.documents import limits
from telex.ingest.meaning import meaning_of
from telex.ingest.normalise import named
from telex.wire import cloudevents
from telex.wire.fitting import CUT
from telex.wire.memories import pack, pack_within, unpack

_FORGOTTEN: Final = bytes(FIELD_DIGEST_SIZE * len(FIELDS))
_NO_RAW: Final = Digest(bytes(8))
_FROM_PAGES: Final = ("body", "authors")
"""What a page may have brought: the feed's own is not in the event."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What was built. `unknown` articles are known by nothing that events tell, `given_up` exceed what a memory holds."""

    feeds: int = 0
    left: int = 0
    articles: int = 0
    withdrawn: int = 0
    unknown: int = 0
    given_up: int = 0
    foreign: int = 0


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The packed memories of each shard, by feed."""

    shards: tuple[Mapping[FeedId, bytes], ...]
    counts: Counts


@dataclass(slots=True)
class _Article:
    """What the events of one article tell, the latest last."""

    id: ArticleId
    publisher: Publisher
    lead: FeedId
    first_seen: float
    version: int = 0
    last: float = 0.0
    key: Digest | None = None
    raw: Digest = _NO_RAW
    meaning: Meaning = _FORGOTTEN
    published: float | None = None
    alone: bool = True
    paged: bool = False
    marks: int = Mark.NONE

    def take(self, event: ArticleEvent) -> None:
        """Go on to the next version."""
        article = event.article
        self.version, self.last = article.version, article.provenance.fetched_at
        if isinstance(event, ArticleWithdrawn):
            self.marks = self.marks & Mark.BODIED | Mark.WITHDRAWN
            return
        self.marks = Mark.TOLD | (Mark.BODIED if article.body else self.marks & Mark.BODIED)
        self.key = self.key or _key(article)
        self.raw = Digest(bytes.fromhex(article.provenance.entry_digest))
        self.meaning = forget(meaning_of(article), _not_as_shown(article))
        self.published = article.published_at
        self.alone = self.alone and article.feeds == (self.lead,)
        self.paged = article.provenance.body_from is BodyFrom.PAGE

    def known(self, key: Digest, *, full_text: bool) -> Known:
        """As its feed remembers it. Which of several feeds told a version its event does not say: nor whose text it is."""
        meaning = self.meaning if self.alone else _FORGOTTEN
        if self.paged or full_text:
            meaning = forget(meaning, _FROM_PAGES)
        return Known(
            key=key,
            article=self.id,
            raw=self.raw,
            meaning=meaning,
            version=self.version,
            first_seen=self.first_seen,
            published=self.published,
            reign=1,
            marks=self.marks,
        )


def _not_as_shown(article: Article) -> tuple[str, ...]:
    """The fields of an event that may differ from what its feed showed."""
    if article.truncated or CUT in article.provenance.repairs:
        return FIELDS
    # An address that is no URI is encoded in the event.
    return ("url",) if "%" in (article.url or "") else ()


def _key(article: Article) -> Digest | None:
    """What the memory of a feed knows the article's entry by; None where that cannot be told.

    Of several spellings the one counts that the article's id was made of.
    """
    names = tuple(named(entry) for entry in _entries(article))
    for name in names:
        if article_id(article.source.publisher, name.identity) == article.id:
            return name.key
    return names[0].key if article.guid or article.link else None


def _entries(article: Article) -> Iterator[Entry]:
    if article.guid:
        yield Entry(_NO_RAW, article.guid, article.link)
    if article.link:
        yield Entry(_NO_RAW, None, article.link)
        yield Entry(_NO_RAW, None, unquote(article.link))
    title, summary, content = (
        Markup(text, html=False) if text else None for text in (article.title, article.summary, article.body)
    )
    yield Entry(_NO_RAW, None, None, title, summary, content)


@dataclass(slots=True)
class _FeedTold:
    """What the events of one feed tell."""

    publisher: Publisher | None = None
    status: FeedStatus | None = None
    ordinal: int = 0
    accepted_at: float | None = None
    junk: tuple[int, Digest] | None = None
    articles: list[_Article] = field(default_factory=list)

    def accepted(self, at: float) -> None:
        self.accepted_at = at if self.accepted_at is None else max(self.accepted_at, at)

    def take(self, event: FeedEvent) -> None:
        self.publisher = event.publisher
        self.ordinal = max(self.ordinal, event.ordinal)
        match event:
            case FeedStatus() if self.status is None or event.ordinal > self.status.ordinal:
                self.status = event
                if event.health is Health.OK:
                    self.accepted(event.at)
            case DeadLetter() if self.junk is None or event.ordinal > self.junk[0]:
                whole = hashlib.sha256(event.body).hexdigest() == event.sha256
                self.junk = (event.ordinal, digest(event.body)) if whole else None
            case _:
                pass


class Rebuild:
    """Takes events in, each topic's in its order, and gives memories out."""

    def __init__(self) -> None:
        self._articles: dict[ArticleId, _Article] = {}
        self._feeds: dict[FeedId, _FeedTold] = {}
        self._foreign = 0

    def __bool__(self) -> bool:
        """Whether any event told of an article."""
        return bool(self._articles)

    def take(self, record: Record) -> float | None:
        """Take an event into account; when it was fetched. None for what is none of telex's events."""
        if record.value is None:
            return None
        try:
            event = cloudevents.event_from_record(record)
        except ValueError:
            self._foreign += 1
            return None
        if isinstance(event, ArticlePublished | ArticleUpdated | ArticleWithdrawn):
            self._take_article(event)
            return event.article.provenance.fetched_at
        self._feed(event.feed).take(event)
        return event.at

    def _feed(self, name: FeedId) -> _FeedTold:
        return self._feeds.setdefault(name, _FeedTold())

    def _take_article(self, event: ArticleEvent) -> None:
        article = event.article
        found = self._articles.get(article.id)
        if found is None:
            source = article.source
            found = _Article(article.id, source.publisher, source.id, article.first_seen_at)
            self._articles[article.id] = found
            self._feed(source.id).articles.append(found)
        if article.version > found.version:
            found.take(event)
        for name in article.feeds:
            self._feed(name).accepted(article.provenance.fetched_at)

    def build(self, feeds: Iterable[Feed], *, shards: int, now: float, horizon: float | None, limit: int) -> Rebuilt:
        """The memories of all feeds that events tell of.

        `feeds` is the catalogue; who left it is remembered as long as its memory would have been. `horizon` is how far
        back the events of articles go, None where none was deleted. No memory has more than `limit` bytes.
        """
        catalogue = {feed.id: feed for feed in feeds}
        memories: tuple[dict[FeedId, bytes], ...] = tuple({} for _ in range(shards))
        built = left = given_up = 0
        for name, told in self._feeds.items():
            feed = catalogue.get(name)
            publisher = feed.publisher if feed else told.publisher or (told.articles and told.articles[0].publisher)
            if not publisher or (feed is None and _is_over(told, now)):
                continue
            packed, over = _packed(feed, publisher, told, now, horizon, limit)
            memories[shard_of(publisher, shards)][name] = packed
            built, left, given_up = built + 1, left + (feed is None), given_up + over
        known = [article for article in self._articles.values() if article.key is not None]
        counts = Counts(
            feeds=built,
            left=left,
            articles=len(known),
            withdrawn=sum(bool(article.marks & Mark.WITHDRAWN) for article in known),
            unknown=len(self._articles) - len(known),
            given_up=given_up,
            foreign=self._foreign,
        )
        return Rebuilt(memories, counts)


def _is_over(told: _FeedTold, now: float) -> bool:
    status = told.status
    return status is not None and status.health is Health.RETIRED and now - status.since > RETIRED_AGE


def _packed(
    feed: Feed | None, publisher: Publisher, told: _FeedTold, now: float, horizon: float | None, limit: int
) -> tuple[bytes, int]:
    """A feed's memory, and how many articles it had to give up."""
    full_text = feed is not None and feed.full_text
    articles = sorted((each for each in told.articles if each.key is not None), key=lambda each: each.last)
    kept = articles[-limits.ENTRIES :]
    # All at one instant: what leaves the window together is kept together, until the feed has shown what it still has.
    departed = tuple(Departed(each.known(each.key, full_text=full_text), now) for each in kept if each.key is not None)
    memory = settled(Memory(_head(feed, publisher, told, horizon), (), departed), now)
    packed, given_up = pack(memory), len(articles) - len(kept)
    if len(packed) > limit:
        packed = pack_within(memory, limit)
        given_up += len(kept) - len(unpack(packed).departed)
    return packed, given_up


def _head(feed: Feed | None, publisher: Publisher, told: _FeedTold, horizon: float | None) -> Head:
    status = told.status
    # A feed whose back catalogue was passed over shows entries that no event tells of: they are passed over once more.
    passes_over = feed is not None and feed.backfill is Backfill.SKIP
    accepted_at = None if passes_over else told.accepted_at
    dates = (article.published for article in told.articles)
    return Head(
        asked=address_digest(feed) if feed else None,
        accepted_at=accepted_at,
        rate=first_rate(dates, accepted_at) if accepted_at is not None else 0.0,
        health=status.health if status else None,
        health_since=status.since if status else 0.0,
        ordinal=told.ordinal,
        junk=told.junk[1] if told.junk else None,
        publisher=publisher,
        retired_at=status.since if status and status.health is Health.RETIRED else None,
        horizon=horizon,
    )
