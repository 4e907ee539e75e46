"""`telex check CATALOGUE [--online]`: is the catalogue right, and do its feeds answer?"""

import argparse
import asyncio
import pyexpat
from collections import Counter

from telex.adapters.catalogue.load import read_feeds
from telex.adapters.clock import SystemClock
from telex.adapters.http.fetcher import HttpFetcher
from telex.adapters.reading import PooledReader
from telex.app import fetch_limits
from telex.commands.common import (
    Exit,
    Subparsers,
    config_argument,
    counted,
    run_async,
    say,
    settings,
    show,
    until,
    why,
)
from telex.core.exchange import Exchange, Fetched, Request
from telex.core.model import Feed, FeedDocument, Publisher, ReadRequest
from telex.core.redact import redact_text, redact_url
from telex.errors import ConfigurationError, Problem
from telex.settings import Config
from telex.taggers import routed, taxonomies_of

_AT_ONCE = 16
_EXPAT_SAFE = (2, 6)
"""Older versions of expat take quadratic time for large tokens (CVE-2023-52425)."""


def add(parsers: Subparsers) -> None:
    """Declare the command."""
    parser = parsers.add_parser(
        "check", help="check settings, catalogue and taxonomies; with --online, ask every feed once"
    )
    parser.add_argument(
        "catalogue", nargs="*", metavar="CATALOGUE", help="files or directories (default: the settings')"
    )
    parser.add_argument("--online", action="store_true", help="fetch and read every feed once, politely")
    config_argument(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Name everything that is wrong; 0 where nothing is."""
    show(f"expat: {'.'.join(map(str, pyexpat.version_info))}")
    if pyexpat.version_info < _EXPAT_SAFE:
        say("warning: this expat is older than 2.6 and slow on hostile documents; use a newer Python")
    config, found = _read(arguments)
    publishers = len({feed.publisher for feed in found})
    show(f"catalogue: {counted(len(found), 'feed')} of {counted(publishers, 'publisher')}")
    _notes(config)
    if not arguments.online:
        return Exit.DONE

    async def work(stop: asyncio.Event) -> int:
        code = await until(stop, _ask_all(config, found))
        return Exit.INTERRUPTED if code is None else code

    return run_async(work)


def _read(arguments: argparse.Namespace) -> tuple[Config, list[Feed]]:
    """The settings and the catalogue; the taxonomies are looked at too.

    Raises:
        ConfigurationError: what is wrong with all of them, as far as the settings tell where the catalogue is.
    """
    problems: list[Problem] = []
    named: tuple[str, ...] = tuple(arguments.catalogue)
    config, found = None, []
    try:
        config = settings(arguments, catalogue__paths=named or None)
    except ConfigurationError as error:
        problems += error.problems
    try:
        paths = config.catalogue.paths if config else named
        found = read_feeds(paths) if paths else []
    except ConfigurationError as error:
        problems += error.problems
    try:
        if config is not None:
            routed(config, taxonomies_of(config))
    except ConfigurationError as error:
        problems += error.problems
    if config is None or problems:
        raise ConfigurationError(tuple(problems))
    return config, found


def _notes(config: Config) -> None:
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
                show(f"{'ok  ' if good else 'FAIL'}  {feed.id}  {redact_url(feed.url)}  {words}")

            await asyncio.gather(*(ask(feed) for feed in feeds))
    finally:
        await reader.close()
    show(f"{outcomes[True]} ok, {outcomes[False]} failed")
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
    if not isinstance(exchange, Fetched):
        return False, why(exchange)
    read = await reader.read_feed(ReadRequest(exchange.body, exchange.content_type, exchange.url))
    if not isinstance(read, FeedDocument):
        return False, f"no feed: {read.reason}: {redact_text(read.detail)}"
    moved = f", moved for good to {redact_url(exchange.moved_to)}" if exchange.moved_to else ""
    cut = "" if read.complete else ", cut short"
    entries = counted(len(read.slots), "entry", "entries")
    return True, f"{read.format}, {entries}{cut}{moved}"
