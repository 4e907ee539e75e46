"""The simulated world: publishers, the windows of their feeds, and what happens to articles over time.

It does no I/O and reads no clock. What happens, and when, follows from the plan alone: requests change nothing, and
`advance` gives the same day of news however often it is called. Operators' wishes (`publish`, `edit`, `withdraw`) draw
from a stream of chance of their own.
"""

import hashlib
import json
import math
import re
import unicodedata
from collections import deque
from dataclasses import dataclass, field, replace
from itertools import accumulate
from random import Random

from newsroom.ledger import ArticleFact, Kind
from newsroom.publishers import Feed, Guid, Publisher, publishers
from newsroom.stories import Draft, Story, begin, compose, revise

PAGES_KEPT = 300
"""How many articles of a publisher keep their page after they left every window."""
SNAPSHOTS_KEPT = 5
OPENING_SPAN = 12 * 3600.0
"""The articles at the start were published within this time before it."""
SECTION_SHARE = 0.5
"""How many articles of a publisher with sections are written for one of them."""
OLDER_NEEDED = 3
"""A withdrawn article leaves at least so many older ones in each window: its vanishing is no ageing out."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What decides a world. `pace` is the mean time between two events over all publishers, in seconds; 0 is none.

    `start_articles` is how many articles each publisher has at the start. The shares are those of edits and withdrawals
    among events; the rest publishes.
    """

    seed: int = 1
    publishers: int = 40
    pace: float = 0.7
    start_articles: int = 12
    edits: float = 0.22
    withdrawals: float = 0.06


@dataclass(frozen=True, slots=True)
class Article:
    """An article at one revision. `path` stays; `guid` is what its entries carry."""

    key: str
    publisher: Publisher
    number: int
    path: str
    guid: str | None
    link: str
    feeds: tuple[str, ...]
    draft: Draft
    story: Story
    digest: str
    revision: int
    published_at: float
    updated_at: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A feed's window, newest first, as it was from `at` on."""

    at: float
    articles: tuple[Article, ...]


@dataclass(slots=True)
class Window:
    """What a feed shows. `snapshots` are its last states, the current one at the right."""

    feed: Feed
    publisher: Publisher
    snapshots: deque[Snapshot] = field(default_factory=lambda: deque(maxlen=SNAPSHOTS_KEPT))

    @property
    def now(self) -> Snapshot:
        """The current state."""
        return self.snapshots[-1]

    def change(self, articles: tuple[Article, ...], at: float) -> None:
        """From `at` on the window shows these."""
        self.snapshots.append(Snapshot(at, articles))


class World:
    """Publishers and their articles at an address, from `start` on."""

    def __init__(self, plan: Plan, base: str, start: float) -> None:
        self.plan = plan
        self.base = base
        self.start = start
        self.publishers = {publisher.slug: publisher for publisher in publishers(plan.publishers)}
        self.windows = {
            feed.path: Window(feed, publisher, deque([Snapshot(start, ())], SNAPSHOTS_KEPT))
            for publisher in self.publishers.values()
            for feed in publisher.feeds
        }
        self._by_id = {window.feed.id: window for window in self.windows.values()}
        self._articles: dict[str, Article] = {}
        self._archive: dict[str, deque[str]] = {slug: deque() for slug in self.publishers}
        self._numbers = dict.fromkeys(self.publishers, 0)
        self._digests: dict[str, set[str]] = {}
        self._facts: list[ArticleFact] = []
        self._day = Random(f"{plan.seed}:day")
        self._wishes = Random(f"{plan.seed}:wishes")
        self._all = tuple(self.publishers.values())
        self._weights = tuple(accumulate(publisher.weight for publisher in self._all))
        self._open()
        self.next_at = start + self._pause()

    def advance(self, now: float) -> tuple[ArticleFact, ...]:
        """Let happen what is due until `now`, in order; gives the facts since the last call."""
        while self.next_at <= now:
            self._step(self.next_at)
            self.next_at += self._pause()
        facts, self._facts = tuple(self._facts), []
        return facts

    def quiet(self) -> None:
        """No more news by itself."""
        self.next_at = math.inf

    def window(self, feed: str) -> Window:
        """The window of a feed by its id. Raises KeyError for an unknown one."""
        return self._by_id[feed]

    def article(self, path: str) -> Article | None:
        """The article of a page; None where there is none, or no more."""
        return self._articles.get(path)

    def find(self, key: str) -> Article | None:
        """The article of a key that stands in some window."""
        return next((article for article in self._shown() if article.key == key), None)

    def noise(self, window: Window, now: float) -> tuple[int, float]:
        """How often a feed has changed without meaning anything, and when it last did (the start: never)."""
        period = window.publisher.habits.noise
        if period is None or now <= self.start:
            return 0, self.start
        count = int((now - self.start) / period)
        return count, self.start + count * period

    def publish(self, publisher: str | None, at: float) -> str:
        """An article more, of the publisher with this slug or of any; its key. Raises KeyError for an unknown one."""
        return self._publish(
            self.publishers[publisher] if publisher else self._anyone(self._wishes), at, self._wishes
        ).key

    def edit(self, key: str | None, at: float) -> str | None:
        """Edit the article with this key, or any; its key, None where there is none."""
        article = self.find(key) if key else self._any_shown(self._wishes)
        if article:
            self._edit(article, at, self._wishes)
        return article.key if article else None

    def withdraw(self, key: str | None, at: float) -> str | None:
        """Withdraw the article with this key, wherever it stands, or any; its key, None where there is none."""
        article = self.find(key) if key else self._any_withdrawable(self._wishes)
        if article:
            self._withdraw(article, at)
        return article.key if article else None

    def _open(self) -> None:
        for publisher in self.publishers.values():
            ages = sorted((self._day.uniform(60, OPENING_SPAN) for _ in range(self.plan.start_articles)), reverse=True)
            for age in ages:
                self._publish(publisher, self.start - age, self._day)

    def _pause(self) -> float:
        return self._day.expovariate(1 / self.plan.pace) if self.plan.pace > 0 else math.inf

    def _step(self, at: float) -> None:
        draw = self._day.random()
        article: Article | None = None
        if draw < self.plan.edits:
            if article := self._any_shown(self._day):
                self._edit(article, at, self._day)
        elif draw < self.plan.edits + self.plan.withdrawals and (article := self._any_withdrawable(self._day)):
            self._withdraw(article, at)
        if article is None:
            self._publish(self._anyone(self._day), at, self._day)

    def _anyone(self, rng: Random) -> Publisher:
        return rng.choices(self._all, cum_weights=self._weights)[0]

    def _shown(self) -> list[Article]:
        return [article for window in self.windows.values() for article in window.now.articles]

    def _any_shown(self, rng: Random) -> Article | None:
        """Some article of some window, more likely a new one."""
        articles = self.windows[rng.choice(self._anyone(rng).feeds).path].now.articles
        return articles[int(len(articles) * rng.random() ** 2)] if articles else None

    def _any_withdrawable(self, rng: Random) -> Article | None:
        articles = self.windows[rng.choice(self._anyone(rng).feeds).path].now.articles
        able = [
            article for article in articles if all(self._older(article, feed) >= OLDER_NEEDED for feed in article.feeds)
        ]
        return rng.choice(able) if able else None

    def _older(self, article: Article, feed: str) -> int:
        """How many entries stand below an article in a feed; plenty where it has left the feed already."""
        keys = [other.key for other in self._by_id[feed].now.articles]
        return len(keys) - keys.index(article.key) - 1 if article.key in keys else len(keys) + OLDER_NEEDED

    def _publish(self, publisher: Publisher, at: float, rng: Random) -> Article:
        self._numbers[publisher.slug] += 1
        number = self._numbers[publisher.slug]
        seed = f"{self.plan.seed}:{publisher.slug}:{number}"
        article = self._write(
            publisher, number, begin(rng, publisher.language, publisher.country, _desks(publisher, rng), seed), at
        )
        self._digests[article.key] = {article.digest}
        self._articles[article.path] = article
        self._note(Kind.PUBLISHED, article, at, article.feeds)
        gone: dict[str, list[str]] = {}
        leaving: dict[str, Article] = {}
        for feed in article.feeds:
            window = self._by_id[feed]
            size = publisher.habits.window
            articles = (article, *window.now.articles)
            for old in articles[size:]:
                gone.setdefault(old.key, []).append(feed)
                leaving[old.key] = old
            window.change(articles[:size], max(at, self.start))
        for key, feeds in gone.items():
            self._note(Kind.AGED_OUT, leaving[key], at, tuple(feeds))
            self._file_away(leaving[key])
        return article

    def _write(self, publisher: Publisher, number: int, draft: Draft, at: float) -> Article:
        story = compose(draft)
        path = f"/p/{publisher.slug}/a/{_slug(story.title)}-{number}.html"
        link = self.base + path
        return Article(
            key=f"{publisher.domain}/{number}",
            publisher=publisher,
            number=number,
            path=path,
            guid=_guid(publisher, number, link),
            link=link,
            feeds=tuple(sorted(feed.id for feed in publisher.feeds_for(story.desk))),
            draft=draft,
            story=story,
            digest=_digest(story, path),
            revision=1,
            published_at=at,
            updated_at=at,
        )

    def _edit(self, article: Article, at: float, rng: Random) -> None:
        draft = revise(article.draft, rng)
        # An edit never comes back to an earlier meaning: a reader may take that for a flap.
        while _digest(compose(draft), article.path) in self._digests[article.key]:
            draft = revise(draft, rng)
        story = compose(draft)
        digest = _digest(story, article.path)
        after = replace(article, draft=draft, story=story, digest=digest, revision=article.revision + 1, updated_at=at)
        self._digests[article.key].add(digest)
        self._articles[article.path] = after
        for feed in article.feeds:
            window = self._by_id[feed]
            if article in window.now.articles:
                window.change(tuple(after if old is article else old for old in window.now.articles), at)
        self._note(Kind.EDITED, after, at, after.feeds)

    def _withdraw(self, article: Article, at: float) -> None:
        del self._articles[article.path]
        del self._digests[article.key]
        for feed in article.feeds:
            window = self._by_id[feed]
            if article in window.now.articles:
                window.change(tuple(old for old in window.now.articles if old is not article), at)
        self._note(Kind.WITHDRAWN, article, at, article.feeds)

    def _file_away(self, article: Article) -> None:
        """Keep the page of an article that left every window, and forget the oldest page in turn."""
        if any(article in self._by_id[feed].now.articles for feed in article.feeds):
            return
        self._digests.pop(article.key, None)
        archive = self._archive[article.publisher.slug]
        archive.append(article.path)
        if len(archive) > PAGES_KEPT:
            self._articles.pop(archive.popleft(), None)

    def _note(self, kind: Kind, article: Article, at: float, feeds: tuple[str, ...]) -> None:
        self._facts.append(
            ArticleFact(
                kind=kind,
                publisher=article.publisher.domain,
                key=article.key,
                guid=article.guid,
                link=article.link,
                revision=article.revision,
                at=at,
                title=article.story.title,
                digest=article.digest,
                feeds=feeds,
            )
        )


def _desks(publisher: Publisher, rng: Random) -> tuple[str, ...]:
    """The desks that a new article may come from: a publisher of sections fills them as often as its front page."""
    sections = tuple(desk for feed in publisher.feeds for desk in feed.desks)
    return publisher.desks or (sections if rng.random() < SECTION_SHARE else ())


def _guid(publisher: Publisher, number: int, link: str) -> str | None:
    match publisher.habits.guid:
        case Guid.PERMALINK:
            return link
        case Guid.TAG:
            return f"tag:{publisher.domain},2024:article-{number}"
        case Guid.NUMBER:
            return f"{publisher.slug}-{100_000 + number * 7}"
        case Guid.NONE:
            return None


def _digest(story: Story, path: str) -> str:
    meaning = [story.title, story.summary, story.paragraphs, story.authors, path]
    return hashlib.sha256(json.dumps(meaning).encode()).hexdigest()[:16]


def _slug(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain)[:9]) or "article"
