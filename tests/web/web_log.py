"""A log to read from: positions without gaps, several topics, retention, and answers that take their time."""

import asyncio
import random
from dataclasses import replace

from telex.core.events import ArticlePublished, DeadLetter, FeedGap
from telex.core.model import FeedId, Publisher
from telex.core.records import Record
from telex.errors import LogUnavailable
from telex.ports import Stored
from telex.wire import schemas
from telex.wire.cloudevents import event_from_structured, parse_structured, records
from telex.wire.topics import Naming

NAMING = Naming(public_url="https://telex.example")


class SmallLog:
    """A LogReader. With `rng` every call yields to others a random number of times, and waits end early at times."""

    def __init__(self, rng: random.Random | None = None) -> None:
        self.stored: list[Stored] = []
        self.newest = self.floor = 0
        self.away = False
        self.reads = 0
        self._rng = rng
        self._wakers: list[asyncio.Future[None]] = []

    def append(self, *found: Record, at: float = 0.0) -> int:
        for record in found:
            self.newest += 1
            self.stored.append(Stored(self.newest, record, at))
        wakers, self._wakers = self._wakers, []
        for waker in wakers:
            if not waker.done():
                waker.set_result(None)
        return self.newest

    def trim(self, upto: int) -> None:
        self.floor = max(self.floor, min(upto, self.newest))
        self.stored = [stored for stored in self.stored if stored.position > self.floor]

    async def read(self, topics, after, limit):
        await self._travel()
        self.reads += 1
        wanted = (s for s in self.stored if s.position > after and (topics is None or s.record.topic in topics))
        found = tuple(stored for stored, _ in zip(wanted, range(limit), strict=False))
        await self._travel()
        return found

    async def bounds(self):
        await self._travel()
        return (self.floor if self.stored else self.newest), self.newest

    async def at(self, instant):
        await self._travel()
        return max((stored.position for stored in self.stored if stored.at < instant), default=self.floor)

    async def wait_newer(self, after):
        await self._travel()
        while self.newest <= after:
            if self._rng is not None and self._rng.random() < 0.1:
                return
            waker = asyncio.get_running_loop().create_future()
            self._wakers.append(waker)
            await waker

    async def _travel(self):
        if self.away:
            raise LogUnavailable("the disk token=hunter2secret is away")
        for _ in range(self._rng.randrange(4) if self._rng is not None else 1):
            await asyncio.sleep(0)


def example(kind: str):
    return event_from_structured(parse_structured(schemas.load(f"examples/{kind}")))


_ARTICLE = example("telex.article.published").article


def article(number: int, *, language: str | None = "fr", feeds=("f1",), publisher="a.example", padding=0) -> Record:
    """A published article; `padding` characters make it large."""
    source = replace(_ARTICLE.source, publisher=Publisher(publisher), id=FeedId(feeds[0]))
    changed = replace(
        _ARTICLE,
        id=f"{number:024x}",
        language=language,
        feeds=tuple(FeedId(feed) for feed in feeds),
        source=source,
        body="x" * padding if padding else _ARTICLE.body,
    )
    return records(ArticlePublished(changed), NAMING)[0]


def gap(number: int, feed: str = "f1") -> Record:
    return records(FeedGap(FeedId(feed), Publisher("a.example"), number, 0.0, 0.0, 20), NAMING)[0]


def dead_letter(number: int) -> Record:
    who = (FeedId("f1"), Publisher("a.example"), number, 0.0)
    letter = DeadLetter(*who, "https://a.example/", "html", "a page", None, "0" * 64, 3, b"abc")
    return records(letter, NAMING)[0]


def tombstone() -> Record:
    return Record(NAMING.feeds, "f1", (), None)
