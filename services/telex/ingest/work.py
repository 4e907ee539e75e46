"""The desk on which one ingest is worked out: what was known, and what is being decided."""

from dataclasses import replace

from telex.core.events import ArticlePublished, ArticleUpdated, Event
from telex.core.memory import Departed, Head, Known, Memory, Want
from telex.core.model import Article, Digest, Feed, FeedId, Source
from telex.core.register import Register, Shown, Standing
from telex.ingest.normalise import source_of


class Work:
    """Collects what an ingest decides. Lives for one call and is seen by no one outside."""

    def __init__(self, feed: Feed, memory: Memory, register: Register, now: float) -> None:
        self.feed = feed
        self.register = register
        self.now = now
        self.head: Head = memory.head
        self.known: tuple[Known, ...] = memory.known
        self.departed: dict[Digest, Departed] = {left.known.key: left for left in memory.departed}
        self.wants: dict[Digest, Want] = {want.key: want for want in memory.wants}
        self.events: list[Event] = []
        self.fresh = 0

    def memory(self) -> Memory:
        """The memory as decided so far."""
        return Memory(self.head, self.known, tuple(self.departed.values()), tuple(self.wants.values()))

    def next_ordinal(self) -> int:
        """The number of the feed's next own event, from 1."""
        self.head = replace(self.head, ordinal=self.head.ordinal + 1)
        return self.head.ordinal

    def standing(self, article: Article, mine: Known | None, *, present: bool) -> Standing | None:
        """How the article stands with every feed of the publisher."""
        own = (Shown(self.feed.id, mine, present),) if mine else ()
        return self.register.standing(article.id, own)

    def source(self, standing: Standing | None) -> Source:
        """The feed that showed the article first."""
        first = standing.first if standing else self.feed.id
        if first == self.feed.id or first not in self.register.feeds:
            return source_of(self.feed, self.head.title, self.head.home_url)
        head = self.register.memories[first].head
        return source_of(self.register.feeds[first], head.title, head.home_url)

    def feeds(self, standing: Standing | None) -> tuple[FeedId, ...]:
        """Every feed that shows the article, this one included."""
        return tuple(sorted({self.feed.id, *(standing.showing if standing else ())}))

    def emit(self, article: Article, standing: Standing | None) -> Article:
        """Publish the article's next version; gives it as published."""
        version = max(standing.version if standing else 0, article.version) + 1
        source = self.source(standing)
        if source.id == article.source.id:
            source = article.source  # as the catalogue said when it was read: the feed may have left meanwhile
        article = replace(
            article,
            version=version,
            feeds=self.feeds(standing),
            source=source,
            first_seen_at=standing.first_seen if standing else self.now,
            provenance=replace(article.provenance, fetched_at=self.now),
        )
        self.events.append(ArticlePublished(article) if version == 1 else ArticleUpdated(article))
        return article
