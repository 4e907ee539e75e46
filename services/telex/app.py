"""The composition root: builds the adapters from the configuration and passes them in, top to bottom, once."""

import asyncio
import contextlib
import random
from collections.abc import Callable

from telex.adapters.asking import user_agent
from telex.adapters.catalogue import WatchedCatalogue
from telex.adapters.catalogue_feeds import Interval
from telex.adapters.clock import SystemClock
from telex.adapters.http import FetchLimits, HttpFetcher
from telex.adapters.reading import PooledReader
from telex.adapters.sqlite import SqliteLog
from telex.adapters.sqlite_schema import SqliteSettings
from telex.ports import Observer
from telex.settings import Config
from telex.shard.context import Context, ShardSettings
from telex.shard.supervisor import Supervisor
from telex.wire.topics import Naming


def naming_of(config: Config) -> Naming:
    """The names of topics, and where the world reaches this service."""
    listen = config.http.listen if config.http.host else f"127.0.0.1:{config.http.port}"
    topics = config.topics
    return Naming(
        public_url=config.http.public_url or f"http://{listen}",
        articles=topics.articles,
        feeds=topics.feeds,
        feedlog=topics.feedlog,
        deadletters=topics.deadletters,
    )


def fetch_limits(config: Config) -> FetchLimits:
    """What one exchange may cost."""
    fetch = config.fetch
    return FetchLimits(
        user_agent=user_agent(fetch.contact),
        max_body=fetch.max_body,
        connect=fetch.connect,
        first_byte=fetch.first_byte,
        total=fetch.total,
        queue_wait=fetch.queue_wait,
        redirects=fetch.redirects,
        per_host=fetch.per_host,
        min_delay=fetch.min_delay,
        allow_networks=fetch.allow_networks,
        proxy=fetch.proxy,
    )


def sqlite_settings(config: Config) -> SqliteSettings:
    """How the embedded log is kept."""
    log = config.log
    return SqliteSettings(
        path=log.path,
        shards=log.shards,
        lease=log.lease,
        retention_age=log.retention_age,
        retention_bytes=log.retention_bytes,
        compacted=frozenset({config.topics.feeds}),
    )


def shard_settings(config: Config) -> ShardSettings:
    """How a shard works."""
    polling = config.polling
    return ShardSettings(
        concurrency=polling.concurrency, backoff_cap=polling.backoff_cap, release_rate=polling.release_rate
    )
