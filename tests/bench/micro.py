"""The part `micro`: what the parts of telex cost, in CPU microseconds, on documents made here.

Rounds are interleaved. A regression is found by its name here, before it is a tenth of a poll.
"""

import statistics
import time
from argparse import Namespace
from collections.abc import AsyncIterator, Callable

import own_concepts

from telex.core.arrivals import FeedArrived, StillSame
from telex.core.events import ArticlePublished
from telex.core.identity import digest
from telex.core.memory import Memory
from telex.core.model import Entry, Feed, FeedDocument, FeedId, Publisher, ReadRequest
from telex.core.register import Register
from telex.documents.reader import read_feed, read_page
from telex.ingest.ingest import ingest
from telex.ingest.normalise import Context, draft, named, source_of
from telex.tagging.tagger import Tagging
from telex.tagging.taxonomies import Taxonomies
from telex.tagging.text import text_of
from telex.wire.articles import to_json
from telex.wire.cloudevents import records, structured
from telex.wire.memories import pack, unpack, unpack_head
from telex.wire.topics import Naming

ENTRIES = 20
NOW = 1_700_000_000.0
FEED = Feed(FeedId("bench"), "https://news.example/feed.xml", Publisher("news.example"))
TEXT = "Le conseil municipal a voté jeudi le budget de la nouvelle ligne de tramway. " * 6


def item(number: int) -> str:
    return (
        f"<item><guid>https://news.example/{number}</guid><link>https://news.example/{number}?utm_source=rss</link>"
        f"<title>Budget : la ligne {number} attend son tramway</title><pubDate>Tue, 14 Nov 2023 10:{number % 60:02}:00 GMT</pubDate>"
        f"<description>&lt;p&gt;{TEXT}&lt;/p&gt;</description><category>Transports</category></item>"
    )


def rss(first: int) -> bytes:
    items = "".join(item(number) for number in range(first + ENTRIES, first, -1))
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>{items}</channel></rss>'.encode()


def article_page() -> bytes:
    """A page of some 60 KB: twenty paragraphs, JSON-LD, menus, related links."""
    links = "".join(
        f'<li class="card"><a href="/{n}"><span>Une autre histoire, {n}</span></a></li>' for n in range(300)
    )
    story = "".join(f"<p>{TEXT}</p>" for _ in range(20))
    facts = '{"@type": "NewsArticle", "headline": "Budget", "datePublished": "2023-11-14T10:00:00Z"}'
    return (
        f'<html lang="fr"><head><title>Budget</title><script type="application/ld+json">{facts}</script></head><body>'
        f"<nav><ul>{links}</ul></nav><article><h1>Budget</h1>{story}</article><aside><ul>{links}</ul></aside></body></html>"
    ).encode()


def arrived(document: FeedDocument, body: bytes) -> FeedArrived:
    return FeedArrived(document, digest(body), FEED.url, None, None, None)


def parts() -> dict[str, tuple[Callable[[], object], int]]:
    """Each part with how many entries or calls one run counts for."""
    old, new = rss(0), rss(1)
    first = read_feed(ReadRequest(old, "application/rss+xml", FEED.url))
    assert isinstance(first, FeedDocument)
    outcome = ingest(FEED, Memory(), Register(), arrived(first, old), NOW)
    memory, packed = outcome.memory, pack(outcome.memory)
    request = ReadRequest(new, "application/rss+xml", FEED.url, memory.raws())
    second = read_feed(request)
    assert isinstance(second, FeedDocument)
    article = next(event.article for event in outcome.events if isinstance(event, ArticlePublished))
    naming, page = Naming(), article_page()
    entry = first.slots[0]
    assert isinstance(entry, Entry)
    name, context = named(entry), Context(FEED, source_of(FEED, "News", None), None, NOW)
    tagging, made = Tagging.load(Taxonomies()), draft(name, context)
    (record,) = records(ArticlePublished(article), naming)
    return {
        "read a new document, per entry": (lambda: read_feed(ReadRequest(old, None, FEED.url)), ENTRIES),
        "read a document with 1 new entry of 20": (lambda: read_feed(request), 1),
        "normalise an entry of 600 B": (lambda: draft(name, context), 1),
        "tag an entry of 600 B": (
            lambda: tagging.tag(text_of(title=made.title, summary=made.summary, language="fr")),
            1,
        ),
        "read an article page": (lambda: read_page(page, "text/html", FEED.url), 1),
        "ingest a new document, per entry": (
            lambda: ingest(FEED, Memory(), Register(), arrived(first, old), NOW),
            ENTRIES,
        ),
        "ingest 1 new entry of 20": (lambda: ingest(FEED, memory, Register(), arrived(second, new), NOW), 1),
        "ingest an unchanged document": (lambda: ingest(FEED, memory, Register(), StillSame(), NOW), 1),
        "pack a memory of 20 entries": (lambda: pack(memory), 1),
        "unpack a memory of 20 entries": (lambda: unpack(packed), 1),
        "unpack its head": (lambda: unpack_head(packed), 1),
        "an article to JSON": (lambda: to_json(article), 1),
        "an event to its record": (lambda: records(ArticlePublished(article), naming), 1),
        "a record to a structured event": (lambda: structured(record), 1),
        **own_concepts.parts(),
    }


def measured(work: Callable[[], object], per: int, least: float = 0.02) -> float:
    """CPU microseconds of one run, divided by `per`."""
    runs, began = 0, time.process_time()
    while (taken := time.process_time() - began) < least:
        work()
        runs += 1
    return taken / runs / per * 1e6


async def measure(given: Namespace) -> AsyncIterator[dict[str, object]]:
    """The result after each round: every part's times."""
    found: dict[str, list[float]] = {}
    for _ in range(given.rounds):
        for name, (work, per) in parts().items():
            found.setdefault(name, []).append(measured(work, per))
        yield {"unit": "CPU µs", "parts": found}


def table(result: dict) -> list[str]:
    """Rows of Markdown."""
    rows = ["| part | min | median | max |", "|---|--:|--:|--:|"]
    for name, times in result["parts"].items():
        cells = " | ".join(f"{value:.1f}" for value in (min(times), statistics.median(times), max(times)))
        rows.append(f"| {name} | {cells} |")
    return rows
