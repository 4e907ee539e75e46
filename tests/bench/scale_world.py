"""The publishers of the scale benchmark: their feeds, what each shows, and what telex remembers of it.

A feed is known by its number. It shows `entries` items, the newest first; each of its news takes the place of the
oldest. What telex would remember after having read version 0 is computed without reading: `memory_of` and the test
beside it say the same.
"""

import csv
import email.utils
import functools
from dataclasses import dataclass, replace
from pathlib import Path

from telex.core.arrivals import FeedArrived
from telex.core.events import ArticlePublished
from telex.core.identity import article_id, digest, feed_id, shard_of
from telex.core.memory import FIELD_DIGEST_SIZE, Known, Memory, address_digest
from telex.core.model import Feed, FeedDocument, FeedId, Publisher, ReadRequest
from telex.core.register import Register
from telex.core.urls import identity
from telex.documents.reader import read_feed
from telex.documents.split import split
from telex.ingest.ingest import ingest

EPOCH = 1_760_000_000.0
"""When item 0 of every feed was published; the others followed ten minutes apart."""
_DOMAIN = ".example"
_STRIDE = 7_919
"""A prime: no number of feeds that anybody would try is a multiple of it."""
TYPE = "application/rss+xml"
_TEXT = (
    "The council voted on Thursday on the budget of the new tram line, after a debate of five hours. Its first section "
    "is to open in two years; who lives along the line asks for noise barriers, and the shops for access."
)


@dataclass(frozen=True, slots=True)
class World:
    """So many feeds of so many publishers, each showing so many items, served on `port` of 127.0.0.0/8.

    Every publisher has a domain and an address of its own, as most have: to politeness, to the resolver, to the address
    guard, and to the connections that are kept.
    """

    feeds: int
    publishers: int
    entries: int
    port: int

    def host(self, feed: int) -> str:
        """The domain of the feed's publisher."""
        return f"chronicle-{feed % self.publishers}{_DOMAIN}"

    def url(self, feed: int) -> str:
        """Where the feed is."""
        return f"http://{self.host(feed)}:{self.port}/{feed}.xml"

    def id(self, feed: int) -> FeedId:
        """What telex calls it."""
        return feed_id(self.url(feed))

    def feed(self, number: int) -> Feed:
        """The feed as the catalogue below declares it."""
        publisher = Publisher(self.host(number))
        return Feed(
            self.id(number), self.url(number), publisher, name=_name(number), language="en", categories=("news",)
        )

    def due(self, feed: int, start: float, interval: float) -> float:
        """When the feed is due first: all are within one interval from `start`, evenly, a publisher's far apart."""
        return start + interval * (feed * _STRIDE % self.feeds) / self.feeds

    def shard(self, feed: int, shards: int) -> int:
        """Which shard the feed belongs to."""
        return shard_of(Publisher(self.host(feed)), shards)

    def document(self, feed: int, version: int) -> bytes:
        """What the feed shows after `version` news."""
        items = "".join(_item(self, feed, number) for number in range(version + self.entries - 1, version - 1, -1))
        return (
            f'<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0"><channel><title>{_name(feed)}</title>'
            f"<link>http://{self.host(feed)}:{self.port}/</link><description>News</description>{items}</channel></rss>\n"
        ).encode()


def address_of(name: str) -> str | None:
    """Where a publisher's domain leads; None for any other name."""
    number = name.removeprefix("chronicle-").removesuffix(_DOMAIN)
    if len(number) + len("chronicle-") + len(_DOMAIN) != len(name) or not number.isdigit():
        return None
    value = int(number)
    return f"127.{1 + (value >> 16)}.{value >> 8 & 255}.{value & 255}"


def etag(feed: int, version: int) -> str:
    """The validator of that document."""
    return f'"{feed}-{version}"'


def write_catalogue(world: World, path: Path) -> None:
    """The world's feeds as a CSV catalogue."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("url", "name", "language", "categories"))
        rows.writerows((world.url(number), _name(number), "en", "news") for number in range(world.feeds))


def read_memory(world: World, number: int, now: float) -> Memory:
    """What telex itself makes of version 0 of a feed."""
    feed, body = world.feed(number), world.document(number, 0)
    document = read_feed(ReadRequest(body, TYPE, feed.url))
    assert isinstance(document, FeedDocument)
    arrived = FeedArrived(document, digest(body), feed.url, None, etag(number, 0), None)
    outcome = ingest(feed, Memory(), Register(), arrived, now)
    assert sum(isinstance(event, ArticlePublished) for event in outcome.events) == world.entries
    return outcome.memory


def memory_of(world: World, number: int, pattern: Memory) -> Memory:
    """The same without reading: `pattern` with this feed's identities, digests and validators."""
    body, publisher = world.document(number, 0), Publisher(world.host(number))
    head = replace(
        pattern.head,
        asked=address_digest(world.feed(number)),
        etag=etag(number, 0),
        body=digest(body),
        title=_name(number),
        home_url=f"http://{publisher}:{world.port}/",
        publisher=publisher,
    )
    items = range(world.entries - 1, -1, -1)
    pieces = zip(items, split(body).slices, pattern.known, strict=True)
    return Memory(head, tuple(_known(world, number, item, piece.raw, known) for item, piece, known in pieces))


def _known(world: World, feed: int, item: int, raw: bytes, pattern: Known) -> Known:
    guid = _guid(feed, item)
    size = FIELD_DIGEST_SIZE  # of the fields between title and address nothing is the feed's own
    meaning = (
        _field(_title(feed, item)) + pattern.meaning[size:-size] + _field(identity(_link(world, feed, item)) or "")
    )
    return Known(
        digest(guid.encode()),
        article_id(Publisher(world.host(feed)), guid),
        raw,
        meaning,
        pattern.version,
        pattern.first_seen,
        pattern.published,
        pattern.reign,
        pattern.marks,
        sketch=pattern.sketch,
    )


def _field(text: str) -> bytes:
    return digest(text.encode())[:FIELD_DIGEST_SIZE]


def _name(feed: int) -> str:
    return f"The Chronicle of District {feed}"


def _guid(feed: int, item: int) -> str:
    return f"{item}@{feed}.chronicle"


def _title(feed: int, item: int) -> str:
    return f"District {feed} waits for its tram, report {item}"


def _link(world: World, feed: int, item: int) -> str:
    return f"http://{world.host(feed)}:{world.port}/{feed}/{item}.html"


@functools.cache
def _date(item: int) -> str:
    return email.utils.formatdate(EPOCH + item * 600, usegmt=True)


def _item(world: World, feed: int, item: int) -> str:
    return (
        f'<item><guid isPermaLink="false">{_guid(feed, item)}</guid><title>{_title(feed, item)}</title>'
        f"<link>{_link(world, feed, item)}</link><pubDate>{_date(item)}</pubDate><description>{_TEXT}</description></item>"
    )
