"""`telex preview SOURCE…`: what would be published, as structured CloudEvents on stdout. Sends nothing."""

import argparse
import asyncio
import sys
from pathlib import Path
from urllib.parse import urlsplit

from telex.adapters.catalogue_urls import publisher_of
from telex.adapters.clock import SystemClock
from telex.adapters.http import HttpFetcher
from telex.adapters.reading import PooledReader
from telex.app import fetch_limits, naming_of
from telex.commands.common import Exit, Subparsers, config_argument, emit, run_async, say, settings, until
from telex.core.arrivals import FeedArrived, PageArrived
from telex.core.events import ArticlePublished, Event
from telex.core.exchange import Fetched, Kind, Refused, Request
from telex.core.identity import digest, feed_id
from telex.core.memory import Memory
from telex.core.model import Feed, PageDocument, Publisher, ReadRequest, Unreadable
from telex.core.redact import redact_text, redact_url
from telex.core.register import Register
from telex.ingest.ingest import ingest
from telex.ingest.pages import article_of_page
from telex.settings import Config
from telex.wire.cloudevents import records, structured

_STDIN_URL = "https://stdin.invalid/"
_FILE_LIMIT = 10 << 20


def add(parsers: Subparsers) -> None:
    """Declare the command."""
    parser = parsers.add_parser("preview", help="print what a feed or page would publish; sends nothing")
    parser.add_argument("source", nargs="*", metavar="SOURCE", help="URL, file, or - for stdin")
    parser.add_argument("--url", metavar="BASE", help="the address that a file stands for; it is never fetched")
    parser.add_argument("--full-text", action="store_true", help="fetch the articles' pages too")
    parser.add_argument("--page", metavar="SOURCE", help="URL or file of one article's page instead of a feed")
    config_argument(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """0 where every source was read, also with repairs; 1 where one is no feed."""
    if bool(arguments.source) == (arguments.page is not None):
        say("telex preview: name feeds to read, or one page with --page")
        return Exit.USAGE
    config = settings(arguments)

    async def work(stop: asyncio.Event) -> int:
        async with HttpFetcher(fetch_limits(config), SystemClock()) as fetcher:
            reader = PooledReader()
            try:
                code = await until(stop, _Preview(config, fetcher, reader, arguments).all())
            finally:
                await reader.close()
        return Exit.INTERRUPTED if code is None else code

    return run_async(work)


class _Preview:
    def __init__(
        self, config: Config, fetcher: HttpFetcher, reader: PooledReader, arguments: argparse.Namespace
    ) -> None:
        self._fetcher = fetcher
        self._reader = reader
        self._arguments = arguments
        self._naming = naming_of(config)
        self._clock = SystemClock()

    async def all(self) -> int:
        if self._arguments.page is not None:
            return await self._page(self._arguments.page)
        codes = [await self._feed(source) for source in self._arguments.source]
        return Exit.PROBLEM if any(codes) else Exit.DONE

    async def _get(self, source: str, kind: Kind) -> Fetched | None:
        """The bytes of a source: fetched where it is a URL, read where it is a file."""
        base = self._arguments.url
        if urlsplit(source).scheme in ("http", "https"):
            exchange = await self._fetcher.fetch(Request(source, Publisher(publisher_of(source)), kind))
            if isinstance(exchange, Fetched):
                return exchange
            why = f"{exchange.reason}: {exchange.detail}" if isinstance(exchange, Refused) else "410 Gone"
            say(f"telex preview: {redact_url(source)}: {why}")
            return None
        try:
            body = sys.stdin.buffer.read(_FILE_LIMIT + 1) if source == "-" else _read(Path(source))
        except OSError as error:
            say(f"telex preview: {source}: {error.strerror}; name a URL, a readable file, or - for stdin")
            return None
        if len(body) > _FILE_LIMIT:
            say(f"telex preview: {source}: longer than {_FILE_LIMIT} bytes; telex would refuse it")
            return None
        url = base or _address_of(source)
        return Fetched(url=url, body=body, fetched_at=self._clock.now())

    async def _feed(self, source: str) -> int:
        fetched = await self._get(source, Kind.FEED)
        if fetched is None:
            return Exit.PROBLEM
        document = await self._reader.read_feed(ReadRequest(fetched.body, fetched.content_type, fetched.url))
        if isinstance(document, Unreadable):
            say(f"telex preview: {redact_url(source)}: no feed ({document.reason}): {redact_text(document.detail)}")
            return Exit.PROBLEM
        feed = _feed_of(fetched.url, full_text=self._arguments.full_text)
        arrival = FeedArrived(document, digest(fetched.body), fetched.url, None, None, None)
        outcome = ingest(feed, Memory(), Register(), arrival, fetched.fetched_at)
        self._print(outcome.events)
        await self._pages(feed, outcome.memory)
        for repair in sorted(set(document.repairs)):
            say(f"telex preview: {redact_url(source)}: repaired: {repair}")
        if not document.complete:
            say(f"telex preview: {redact_url(source)}: the document is cut short")
        return Exit.DONE

    def _print(self, events: tuple[Event, ...]) -> None:
        for event in events:
            if isinstance(event, ArticlePublished):
                for record in records(event, self._naming):
                    emit(structured(record))

    async def _pages(self, feed: Feed, memory: Memory) -> None:
        for want in memory.wants:
            fetched = await self._get(want.draft.link or "", Kind.PAGE)
            page = None
            if fetched is not None:
                page = await self._reader.read_page(fetched.body, fetched.content_type, fetched.url)
            found = page if isinstance(page, PageDocument) else PageDocument(want.draft.link or "")
            self._print(ingest(feed, memory, Register(), PageArrived(want.key, found), self._clock.now()).events)

    async def _page(self, source: str) -> int:
        fetched = await self._get(source, Kind.PAGE)
        if fetched is None:
            return Exit.PROBLEM
        page = await self._reader.read_page(fetched.body, fetched.content_type, fetched.url)
        if isinstance(page, Unreadable):
            say(f"telex preview: {redact_url(source)}: no article page ({page.reason}): {redact_text(page.detail)}")
            return Exit.PROBLEM
        article = article_of_page(_feed_of(fetched.url, full_text=True), page, fetched.fetched_at)
        self._print((ArticlePublished(article),))
        return Exit.DONE


def _address_of(source: str) -> str:
    return _STDIN_URL if source == "-" else Path(source).absolute().as_uri()


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_FILE_LIMIT + 1)


def _feed_of(url: str, *, full_text: bool) -> Feed:
    parts = urlsplit(url)
    publisher = publisher_of(url) if parts.hostname else "file"
    return Feed(id=feed_id(url), url=redact_url(url), publisher=Publisher(publisher), full_text=full_text)
