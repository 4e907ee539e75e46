"""A publisher's feeds, fed by hand to the real `ingest`: entries in, events out."""

from dataclasses import dataclass, field

from telex.core.arrivals import Arrival, FeedArrived, PageArrived, StillSame
from telex.core.events import ArticlePublished, ArticleUpdated, ArticleWithdrawn, Event
from telex.core.identity import digest
from telex.core.memory import Memory
from telex.core.model import Author, Entry, Feed, FeedDocument, FeedId, Markup, PageDocument, Publisher
from telex.core.register import Register, register_of
from telex.ingest.ingest import ingest
from telex.ingest.window import needless
from telex.wire.memories import pack, unpack

START = 1_700_000_000.0
ARTICLES = ArticlePublished | ArticleUpdated | ArticleWithdrawn


def feed(name: str = "f1", **changed: object) -> Feed:
    return Feed(
        **{
            "id": FeedId(name),
            "url": f"https://news.example/{name}.xml",
            "publisher": Publisher("news.example"),
            "withdraw_after": 1800.0,
            **changed,
        }
    )


def entry(
    name: str,
    title: str | None = None,
    *,
    body: str | None = None,
    summary: str | None = None,
    link: str | None = None,
    guid: str | None = None,
    published: float | None = None,
    noise: str = "",
    authors: tuple[str, ...] = (),
) -> Entry:
    """An entry whose bytes are its arguments; `noise` changes the bytes and nothing else."""
    title = title if title is not None else f"Title of {name}"
    link = link if link is not None else f"https://news.example/{name}"
    raw = digest(repr((name, title, body, summary, link, guid, published, noise, authors)).encode())
    return Entry(
        raw=raw,
        guid=guid if guid is not None else f"urn:{name}",
        link=link,
        title=Markup(title, html=False),
        summary=Markup(summary, html=False) if summary else None,
        content=Markup(body, html=True) if body else None,
        published=published,
        authors=tuple(Author(name) for name in authors),
    )


@dataclass
class House:
    """Remembers, packed, as a shard does."""

    feeds: dict[str, Feed]
    now: float = START
    memories: dict[str, bytes] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    @classmethod
    def of(cls, *feeds: Feed) -> "House":
        return cls({feed.id: feed for feed in feeds or (feed_(),)})

    def memory(self, name: str) -> Memory:
        packed = self.memories.get(name)
        return unpack(packed) if packed else Memory()

    def register(self, name: str) -> Register:
        return register_of((o, self.feeds[o], self.memory(o)) for o in sorted(self.feeds) if o != name)

    def arrive(self, name: str, arrival: Arrival) -> list[Event]:
        outcome = ingest(self.feeds[name], self.memory(name), self.register(name), arrival, self.now)
        self.memories[name] = pack(outcome.memory)
        self.events += outcome.events
        return list(outcome.events)

    def show(
        self,
        *entries: Entry,
        name: str | None = None,
        complete: bool = True,
        later: float = 600,
        deleted: tuple[str, ...] = (),
    ) -> list[Event]:
        """A document of feed `name` that shows these entries, and says that the ids `deleted` are gone.

        Entries that are known arrive as their digests.
        """
        name = name or next(iter(self.feeds))
        self.now += later
        raws = needless(self.feeds[name], self.memory(name), self.register(name))
        slots = tuple(e.raw if e.raw in raws else e for e in entries)
        document = FeedDocument("test", slots, complete=complete, title="The News", withdrawn=deleted)
        told = "".join(deleted).encode()
        body = digest(*(e.raw for e in entries), b"whole" if complete else b"cut", told)
        return self.arrive(name, FeedArrived(document, body, self.feeds[name].url, None, None, None))

    def same(self, name: str | None = None, later: float = 600) -> list[Event]:
        self.now += later
        return self.arrive(name or next(iter(self.feeds)), StillSame())

    def page(self, key: bytes, page: PageDocument, name: str | None = None) -> list[Event]:
        self.now += 1
        return self.arrive(name or next(iter(self.feeds)), PageArrived(key, page))

    def lines(self) -> dict[str, list[tuple[int, str]]]:
        """Of each article, its versions and kinds in the order of their events."""
        found: dict[str, list[tuple[int, str]]] = {}
        for event in self.events:
            if isinstance(event, ARTICLES):
                kind = type(event).__name__.removeprefix("Article").lower()
                found.setdefault(event.article.id, []).append((event.article.version, kind))
        return found


feed_ = feed


def kinds(events: list[Event]) -> list[str]:
    """The kinds of the article events among these."""
    return [type(e).__name__.removeprefix("Article").lower() for e in events if isinstance(e, ARTICLES)]
