"""The composition root: builds the adapters from the configuration and passes them in, top to bottom, once."""

import asyncio
import random
import socket
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from typing import Any

import structlog
from prometheus_client import CollectorRegistry

from telex import __version__
from telex.adapters.catalogue.feeds import Interval
from telex.adapters.catalogue.watched import WatchedCatalogue
from telex.adapters.clock import SystemClock
from telex.adapters.http.asking import user_agent
from telex.adapters.http.fetcher import FetchLimits, HttpFetcher
from telex.adapters.lag import LoopLag
from telex.adapters.logs import LogObserver
from telex.adapters.metrics import FanOut, MetricsObserver
from telex.adapters.reading import PooledReader
from telex.core.facts import Committed, Fact, LogPaused, ShardClaimed, ShardLost
from telex.eventlogs import Log, doubts_of, naming_of, open_log, place_of, trouble_of
from telex.ports import LogReader, Observer
from telex.settings import Config
from telex.shard.context import Context, ShardSettings
from telex.shard.supervisor import Supervisor
from telex.taggers import routed, taxonomies_of, watched_tagger
from telex.tagging.tags import UNTAGGED
from telex.web.health import Check
from telex.web.server import WebConfig, WebServer

_LOOK = 1.0
"""Seconds between two looks at what troubles the log."""


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


def shard_settings(config: Config) -> ShardSettings:
    """How a shard works."""
    polling = config.polling
    return ShardSettings(
        concurrency=polling.concurrency, backoff_cap=polling.backoff_cap, release_rate=polling.release_rate
    )


class Service:
    """The running service: everything built, started and stopped in order."""

    def __init__(self, config: Config, observers: Sequence[Observer] = ()) -> None:
        self._config = _with_port(config)
        self._naming = naming_of(self._config)
        self._registry = CollectorRegistry()
        self._metrics = MetricsObserver(self._registry)
        self._readiness = _Readiness()
        self._observer = FanOut([self._metrics, LogObserver(), self._readiness, *observers])
        self._clock = SystemClock()
        self._rng = random.Random()  # noqa: S311 - jitter and names, no secrets
        self._tasks: list[asyncio.Task[None]] = []
        self._log: Log | None = None

    @property
    def url(self) -> str:
        """Where the service answers, as this machine reaches it."""
        return f"http://{self._config.http.host or '127.0.0.1'}:{self._config.http.port}"

    @property
    def log(self) -> LogReader:
        """The log, for reading. Only after `start`."""
        assert self._log is not None
        return self._log

    async def start(self) -> None:
        """Load the catalogue, open the log, listen, and begin to claim shards.

        Raises:
            ConfigurationError: the catalogue, the log's place or the address is wrong.
            LogError: the log cannot be used.
        """
        config = self._config
        polling = config.polling
        self._catalogue = WatchedCatalogue(
            config.catalogue.paths,
            self._observer,
            shards=config.log.shards,
            interval=Interval(polling.interval_min, polling.interval_max),
            check_every=config.catalogue.check_every,
        )
        await self._catalogue.start()
        # Nothing runs yet that reading these files could hold up.
        taxonomies = taxonomies_of(config)
        config = self._config = routed(config, taxonomies)
        self._naming = naming_of(config)
        self._tagger = watched_tagger(config, taxonomies, self._observer)
        self._log = await open_log(config, self._clock, self._rng)
        try:
            await self._start_rest()
        except BaseException:
            await self._log.close()
            raise

    async def _start_rest(self) -> None:
        assert self._log is not None
        self._fetcher = HttpFetcher(fetch_limits(self._config), self._clock)
        self._reader = PooledReader()
        context = Context(
            self._catalogue,
            self._fetcher,
            self._reader,
            self._clock,
            self._rng,
            self._observer,
            self._naming,
            shard_settings(self._config),
            self._tagger or UNTAGGED,
        )
        self._supervisor = Supervisor(self._log, context)
        self._web = WebServer(
            WebConfig(host=self._config.http.host or "0.0.0.0", port=self._config.http.port, version=__version__),  # noqa: S104 - as configured
            log=self._log,
            naming=self._naming,
            clock=self._clock,
            registry=self._registry,
            ready=self._checks(),
        )
        await self._web.start()
        await self._fetcher.start()
        self._metrics.watch_events(self._web.statistics)
        self._metrics.watch_reads(self._reader.statistics)
        self._metrics.note_shards(self._log.shards)
        lag = LoopLag(self._metrics.observe_loop_lag)
        self._spawn(self._supervisor.run())
        self._spawn(self._catalogue.run())
        if self._tagger is not None:
            self._spawn(self._tagger.run())
        self._spawn(lag.run())
        self._spawn(self._tell_trouble())
        feeds = len(self._catalogue.snapshot.feeds)
        words = structlog.get_logger("telex")
        words.info("telex runs", version=__version__, url=self.url, feeds=feeds, log=place_of(self._config))
        for doubt in doubts_of(self._log):
            words.warning("a topic is not as the settings say", detail=doubt)
        if self._config.log.kind == "kafka" and self._config.http.public_url is None:
            words.warning("http.public_url is not set: events name schemas at an address of this process alone")

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work))

    def _checks(self) -> tuple[Check, ...]:
        def catalogue() -> str | None:
            problems = self._catalogue.last_problems
            return None if self._catalogue.healthy else "; ".join(map(str, problems[:3])) or "the last reload failed"

        def taxonomies() -> str | None:
            problems = self._tagger.last_problems if self._tagger is not None else ()
            return "; ".join(map(str, problems[:3])) or None

        def log() -> str | None:
            return self._readiness.why_not() or self._trouble()

        def shards() -> str | None:
            return None if self._supervisor.shards else "no shard is claimed yet"

        return (
            Check("catalogue", catalogue),
            Check("taxonomies", taxonomies),
            Check("log", log),
            Check("shards", shards),
        )

    def _trouble(self) -> str | None:
        return trouble_of(self._log) if self._log is not None else None

    async def _tell_trouble(self) -> None:
        """A line when the log's trouble begins, changes and ends."""
        told: str | None = None
        words = structlog.get_logger("telex")
        while True:
            trouble = self._trouble()
            if trouble is not None and trouble != told:
                words.warning("the log is in trouble", detail=trouble)
            elif trouble is None and told is not None:
                words.info("the log is well again")
            told = trouble
            await asyncio.sleep(_LOOK)

    async def wait_failed(self) -> None:
        """Wait until a part of the service ends, which none should.

        Raises:
            LogError: the log failed for good.
        """
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            try:
                task.result()
            except BaseExceptionGroup as group:
                raise _first(group) from group

    async def stop(self) -> bool:
        """Stop polling, commit what is done, release the shards, close; whether all was done within the deadline."""
        deadline = self._config.service.shutdown_deadline
        drained = await self._supervisor.drain(deadline * 0.8)
        await self._web.stop(deadline * 0.1)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._fetcher.close()
        await self._reader.close()
        if self._log is not None:
            await self._log.close()
        structlog.get_logger("telex").info("telex stopped", drained=drained)
        return drained


class _Readiness:
    """Knows whether the log takes appends, for /readyz."""

    def __init__(self) -> None:
        self._paused: dict[int, str] = {}
        self._unknown: str | None = None

    def observe(self, fact: Fact) -> None:
        """Note pauses, commits that nobody knows the end of, and whatever shows that the log takes appends."""
        match fact:
            case LogPaused(shard, resumed=False, detail=detail):
                self._paused[shard] = detail or "paused"
            case LogPaused(shard) | ShardLost(shard, reason="released" | "revoked" | "fenced" | "refused" | "failed"):
                self._paused.pop(shard, None)
            case ShardLost(shard, detail=detail):
                self._paused.pop(shard, None)
                self._unknown = detail or "it is not known whether a commit was written"
            case Committed() | ShardClaimed():
                self._unknown = None
            case _:
                pass

    def why_not(self) -> str | None:
        """Why the log takes no appends."""
        return next(iter(self._paused.values()), self._unknown)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner


def _with_port(config: Config) -> Config:
    """Port 0 as a number: events name where their schemas are served, so it has to be known first."""
    if config.http.port:
        return config
    with socket.socket() as probe:
        probe.bind((config.http.host or "127.0.0.1", 0))
        port = probe.getsockname()[1]
    return replace(config, http=replace(config.http, listen=f"{config.http.host}:{port}"))
