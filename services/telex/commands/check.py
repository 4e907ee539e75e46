"""`telex check CATALOGUE [--online]`: is the catalogue right, and do its feeds answer?"""

import argparse
import asyncio
import pyexpat
import sys
from collections import Counter

from telex.adapters.catalogue_load import read_feeds
from telex.adapters.clock import SystemClock
from telex.adapters.http import HttpFetcher
from telex.adapters.reading import PooledReader
from telex.app import fetch_limits
from telex.commands.common import Exit, Subparsers, config_argument, run_async, say, settings, until
from telex.core.exchange import Exchange, Fetched, Gone, NotModified, Refused, Request
from telex.core.model import Feed, FeedDocument, Publisher, ReadRequest
from telex.core.redact import redact_url
from telex.settings import Config

_AT_ONCE = 16
_EXPAT_SAFE = (2, 6)
"""Older versions of expat take quadratic time for large tokens (CVE-2023-52425)."""


def add(parsers: Subparsers) -> None:
    """Declare the command."""
    parser = parsers.add_parser("check", help="check settings and catalogue; with --online, ask every feed once")
    parser.add_argument(
        "catalogue", nargs="*", metavar="CATALOGUE", help="files or directories (default: the settings')"
    )
    parser.add_argument("--online", action="store_true", help="fetch and read every feed once, politely")
    config_argument(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Name everything that is wrong; 0 where nothing is."""
    config = settings(arguments, catalogue__paths=tuple(arguments.catalogue) or None)
    found = read_feeds(config.catalogue.paths)
    publishers = len({feed.publisher for feed in found})
    print(f"catalogue: {len(found)} feeds of {publishers} publishers")
    _environment(config)
    if not arguments.online:
        return Exit.DONE

    async def work(stop: asyncio.Event) -> int:
        code = await until(stop, _ask_all(config, found))
        return Exit.INTERRUPTED if code is None else code

    return run_async(work)


def _environment(config: Config) -> None:
    version = pyexpat.version_info
    print(f"expat: {'.'.join(map(str, version))}")
    if version < _EXPAT_SAFE:
        say("warning: this expat is older than 2.6 and slow on hostile documents; use a newer Python")
    if config.fetch.proxy is not None:
        say("note: everything goes through the proxy, which has to refuse internal addresses: telex cannot")
    if config.fetch.allow_networks:
        say(f"note: the address guard lets through {', '.join(config.fetch.allow_networks)}")


async def _ask_all(config: Config, feeds: list[Feed]) -> int:
    outcomes: Counter[bool] = Counter()
    slots = asyncio.Semaphore(_AT_ONCE)
    gates: dict[Publisher, asyncio.Lock] = {}
    reader = PooledReader()
    try:
        async with HttpFetcher(fetch_limits(config), SystemClock()) as fetcher:

            async def ask(feed: Feed) -> None:
                async with gates.setdefault(feed.publisher, asyncio.Lock()), slots:
                    exchange = await fetcher.fetch(_request(feed))
                    good, words = await _judged(exchange, reader)
                outcomes[good] += 1
                print(f"{'ok  ' if good else 'FAIL'}  {feed.id}  {redact_url(feed.url)}  {words}", flush=True)

            await asyncio.gather(*(ask(feed) for feed in feeds))
    finally:
        await reader.close()
    print(f"{outcomes[True]} ok, {outcomes[False]} failed", file=sys.stdout)
    return Exit.PROBLEM if outcomes[False] else Exit.DONE


def _request(feed: Feed) -> Request:
    return Request(
        url=feed.url,
        publisher=feed.publisher,
        origin=feed.url,
        headers=feed.headers,
        credentials=feed.credentials,
    )


async def _judged(exchange: Exchange, reader: PooledReader) -> tuple[bool, str]:
    match exchange:
        case Refused():
            return False, f"{exchange.reason}: {exchange.detail}"
        case Gone():
            return False, "410 Gone"
        case NotModified():
            return True, "not modified"
        case Fetched():
            read = await reader.read_feed(ReadRequest(exchange.body, exchange.content_type, exchange.url))
            if not isinstance(read, FeedDocument):
                return False, f"{read.reason}: {read.detail}"
            moved = f", moved for good to {redact_url(exchange.moved_to)}" if exchange.moved_to else ""
            cut = "" if read.complete else ", cut short"
            return True, f"{read.format}, {len(read.slots)} entries{cut}{moved}"
