"""`telex preview SOURCE…`: what would be published, as structured CloudEvents on stdout. Sends nothing."""

import argparse
import asyncio

from telex.adapters.clock import SystemClock
from telex.adapters.http.fetcher import HttpFetcher
from telex.adapters.reading import PooledReader
from telex.app import fetch_limits
from telex.commands.common import Exit, Subparsers, config_argument, counted, emit, run_async, say, settings, until
from telex.commands.sources import Sources, are_urls, feed_of, is_url, read_files
from telex.core.arrivals import FeedArrived, PageArrived
from telex.core.events import ArticlePublished, Event
from telex.core.exchange import Kind
from telex.core.identity import digest
from telex.core.memory import Memory
from telex.core.model import Feed, PageDocument, ReadRequest, Unreadable
from telex.core.redact import redact_text, redact_url
from telex.core.register import Register
from telex.eventlogs import naming_of
from telex.ingest.ingest import ingest
from telex.ingest.pages import article_of_page
from telex.settings import Config
from telex.shard.answers import skew_of
from telex.taggers import open_tagger
from telex.wire.cloudevents import records, structured

_EXPLAINED = ("title", "summary", "body", "language", "authors", "published", "updated", "media")


def add(parsers: Subparsers) -> None:
    """Declare the command."""
    parser = parsers.add_parser("preview", help="print what a feed or page would publish; sends nothing")
    parser.add_argument("source", nargs="*", metavar="SOURCE", help="URL, file, or - for stdin")
    parser.add_argument("--url", metavar="BASE", help="the address that SOURCE stands for; it is never fetched")
    parser.add_argument("--full-text", action="store_true", help="fetch the articles' pages too")
    parser.add_argument("--page", metavar="SOURCE", help="URL, file or - of one article's page instead of a feed")
    parser.add_argument(
        "--explain", action="store_true", help="with --page: say what each field was known from, on stderr"
    )
    config_argument(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """0 where every source was read, also with repairs; 1 where one is no feed."""
    if bool(arguments.source) == (arguments.page is not None):
        say("telex preview: name feeds to read, or one page with --page")
        return Exit.USAGE
    if arguments.explain and arguments.page is None:
        say("telex preview: --explain tells of a page: name it with --page")
        return Exit.USAGE
    sources = arguments.source or [arguments.page]
    base = () if arguments.url is None else (arguments.url,)
    if not are_urls("preview", [*base, *filter(is_url, sources)]):
        return Exit.USAGE
    config = settings(arguments)
    # Before the loop runs: reading from a terminal or a pipe may take for ever, and Ctrl-C has to end it.
    files = read_files(sources, config.fetch.max_body)

    async def work(stop: asyncio.Event) -> int:
        async with HttpFetcher(fetch_limits(config), SystemClock()) as fetcher:
            reader = PooledReader()
            try:
                preview = _Preview(config, Sources("preview", fetcher, files, arguments.url), reader, arguments)
                code = await until(stop, preview.page() if arguments.page is not None else preview.feeds())
            finally:
                await reader.close()
        return Exit.INTERRUPTED if code is None else code

    return run_async(work)


class _Preview:
    def __init__(
        self,
        config: Config,
        sources: Sources,
        reader: PooledReader,
        arguments: argparse.Namespace,
    ) -> None:
        self._from = sources
        self._reader = reader
        self._sources: list[str] = arguments.source
        self._single: str = arguments.page
        self._base: str | None = arguments.url
        self._full_text: bool = arguments.full_text
        self._explain: bool = arguments.explain
        self._naming = naming_of(config)
        self._clock = SystemClock()
        self._tagger = open_tagger(config)

    async def feeds(self) -> int:
        codes = [await self._feed(source) for source in self._sources]
        return Exit.PROBLEM if any(codes) else Exit.DONE

    async def page(self) -> int:
        source = self._single
        fetched = await self._from.get(source, Kind.PAGE)
        if fetched is None:
            return Exit.PROBLEM
        page = await self._reader.read_page(fetched.body, fetched.content_type, fetched.url)
        if isinstance(page, Unreadable):
            say(f"telex preview: {redact_url(source)}: no article page: {page.reason}: {redact_text(page.detail)}")
            return Exit.PROBLEM
        feed = feed_of(self._from.address(source), full_text=True)
        self._print((ArticlePublished(article_of_page(feed, page, fetched.fetched_at, self._tagger)),))
        _tell_repairs(source, page.repairs)
        if self._explain:
            _explain(page)
        return Exit.DONE

    async def _feed(self, source: str) -> int:
        fetched = await self._from.get(source, Kind.FEED)
        if fetched is None:
            return Exit.PROBLEM
        document = await self._reader.read_feed(ReadRequest(fetched.body, fetched.content_type, fetched.url))
        if isinstance(document, Unreadable):
            say(f"telex preview: {redact_url(source)}: no feed: {document.reason}: {redact_text(document.detail)}")
            return Exit.PROBLEM
        feed = feed_of(self._from.address(source), full_text=self._full_text)
        arrival = FeedArrived(document, digest(fetched.body), fetched.url, None, None, None, skew_of(fetched))
        outcome = ingest(feed, Memory(), Register(), arrival, fetched.fetched_at, self._tagger)
        printed = self._print(outcome.events)
        if self._full_text and printed:
            say(
                f"telex preview: {redact_url(source)}: {counted(printed, 'article')} without a page: "
                f"no link, or too many at once"
            )
        printed += await self._pages(feed, outcome.memory)
        _tell_repairs(source, document.repairs)
        if not document.complete:
            say(f"telex preview: {redact_url(source)}: the document is cut short")
        if not printed:
            say(f"telex preview: {redact_url(source)}: a feed without articles")
        return Exit.DONE

    async def _pages(self, feed: Feed, memory: Memory) -> int:
        """Print the articles that wait for their pages, each with its page or without; how many."""
        printed = 0
        for want in memory.wants:
            page = await self._page_of(want.draft.link or "")
            events = ingest(
                feed, memory, Register(), PageArrived(want.key, page), self._clock.now(), self._tagger
            ).events
            printed += self._print(events)
        return printed

    async def _page_of(self, link: str) -> PageDocument:
        fetched = await self._from.fetch(link, Kind.PAGE) if link != self._base else None
        if fetched is None:
            return PageDocument(link)
        page = await self._reader.read_page(fetched.body, fetched.content_type, fetched.url)
        if isinstance(page, Unreadable):
            say(f"telex preview: {redact_url(link)}: no article page: {page.reason}: {redact_text(page.detail)}")
            return PageDocument(link)
        return page

    def _print(self, events: tuple[Event, ...]) -> int:
        """Print the articles among the events; how many."""
        articles = [event for event in events if isinstance(event, ArticlePublished)]
        for event in articles:
            for record in records(event, self._naming):
                emit(structured(record))
        return len(articles)


def _tell_repairs(source: str, repairs: tuple[str, ...]) -> None:
    for repair in sorted(set(repairs)):
        say(f"telex preview: {redact_url(source)}: repaired: {repair}")


def _explain(page: PageDocument) -> None:
    """Say by field what it was known from, in the article's order of fields; and what the page does not tell."""
    known = dict(page.sources)
    for field in _EXPLAINED:
        say(f"{field}: {known.get(field, 'not found')}")
