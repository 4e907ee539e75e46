"""The desk on which one ingest is worked out: what was known, and what is being decided."""

from dataclasses import replace

from telex.core.events import ArticlePublished, ArticleUpdated, Event
from telex.core.memory import Departed, Head, Known, Memory, Want
from telex.core.model import Article, ArticleId, Digest, Feed, FeedId, Source
from telex.core.register import Register, Shown, Standing
from telex.ingest.draft import Draft
from telex.ingest.normalise import source_of
from telex.tagging.tags import Tagger
from telex.tagging.text import text_of


class Work:
    """Collects what an ingest decides. Lives for one call and is seen by no one outside."""

    def __init__(self, feed: Feed, memory: Memory, register: Register, now: float, tagger: Tagger) -> None:
        self.feed = feed
        self.tagger = tagger
        self.register = register
        self.now = now
        self.head: Head = memory.head
        self.known: tuple[Known, ...] = memory.known
        self.departed: dict[Digest, Departed] = {left.known.key: left for left in memory.departed}
        self.wants: dict[Digest, Want] = {want.key: want for want in memory.wants}
        self.events: list[Event] = []
        self.fresh = 0
        self.held = 0
        self._own_source: tuple[Head, Source] | None = None

    def memory(self) -> Memory:
        """The memory as decided so far."""
        return Memory(self.head, self.known, tuple(self.departed.values()), tuple(self.wants.values()))

    def next_ordinal(self) -> int:
        """The number of the feed's next own event, from 1."""
        self.head = replace(self.head, ordinal=self.head.ordinal + 1)
        return self.head.ordinal

    def standing(self, article: ArticleId, mine: Known | None, *, present: bool) -> Standing | None:
        """How the article stands with every feed of the publisher."""
        own = (Shown(self.feed.id, mine, present),) if mine else ()
        return self.register.standing(article, own)

    def own_source(self) -> Source:
        """The feed itself as a source, as it is known by now."""
        if self._own_source is None or self._own_source[0] is not self.head:
            self._own_source = self.head, source_of(self.feed, self.head.title, self.head.home_url)
        return self._own_source[1]

    def source(self, standing: Standing | None) -> Source:
        """The feed that showed the article first."""
        first = standing.first if standing else self.feed.id
        if first == self.feed.id or first not in self.register.feeds:
            return self.own_source()
        head = self.register.memories[first].head
        return source_of(self.register.feeds[first], head.title, head.home_url)

    def feeds(self, standing: Standing | None) -> tuple[FeedId, ...]:
        """Every feed that shows the article, this one included."""
        others = standing.showing if standing else ()
        return tuple(sorted({self.feed.id, *others})) if others else (self.feed.id,)

    def emit(self, draft: Draft, standing: Standing | None) -> Article:
        """Publish the article's next version; gives it as published."""
        draft.version = max(standing.version if standing else 0, draft.version) + 1
        source = self.source(standing)
        if (
            source.id != draft.source.id
        ):  # else as the catalogue said when it was read: the feed may have left meanwhile
            draft.source = source
        draft.feeds = self.feeds(standing)
        draft.first_seen_at = standing.first_seen if standing else self.now
        draft.fetched_at = self.now
        self._tag(draft)
        article = draft.article()
        self.events.append(ArticlePublished(article) if article.version == 1 else ArticleUpdated(article))
        return article

    def _tag(self, draft: Draft) -> None:
        """Tag the article as it goes out: what no event tells costs nothing, and a tag alone is no event."""
        text = text_of(
            title=draft.title,
            summary=draft.summary,
            body=draft.body,
            categories=draft.categories,
            url=draft.url,
            language=draft.language,
        )
        tags = self.tagger.tag(text)
        draft.topics, draft.places, draft.mentions = tags.topics, tags.places, tags.mentions
        draft.taxonomies = tags.taxonomies
