"""Facts as Prometheus metrics: fixed names, bounded labels, every label value there from the start."""

import platform
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Final, NamedTuple, Protocol, assert_never

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from telex.core.exchange import Refusal
from telex.core.facts import (
    CatalogueReloaded,
    Committed,
    Fact,
    LogPaused,
    MemoryDropped,
    PollEnded,
    ShardClaimed,
    ShardLost,
    TaxonomiesReloaded,
)
from telex.core.model import UnreadableReason
from telex.core.repairs import REPAIRS
from telex.ports import Observer
from telex.wire.topics import EventType

OTHER: Final = "other"
"""The label of every value that is not known here: a label never grows with what feeds send."""
POLL_OUTCOMES: Final = (
    "changed", "unchanged", "not_modified", "incomplete", "unreadable", "refused", "gone", "internal", *Refusal,
)  # fmt: skip
LOST_REASONS: Final = ("revoked", "fenced", "refused", "unknown", "released", "failed")
ARTICLE_TYPES: Final = {
    EventType.ARTICLE_PUBLISHED: "published",
    EventType.ARTICLE_UPDATED: "updated",
    EventType.ARTICLE_WITHDRAWN: "withdrawn",
}
FEED_TYPES: Final = {
    EventType.FEED_STATUS: "status",
    EventType.FEED_GAP: "gap",
    EventType.FEED_MOVED: "moved",
    EventType.FEED_RETIRED: "retired",
}
_LAG: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)
_LOOP_LAG: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_DELAY: Final = (0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 21600, 86400)
_COMMIT: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_RECORDS: Final = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)
_SIZES: Final = (1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20, 1 << 22, 1 << 24)
_RESTORE: Final = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60)


TAG_KINDS: Final = ("topics", "places", "mentions")


class _Labelled:
    """A counter whose label takes known values only; all of them start at 0."""

    def __init__(self, counter: Counter, values: Iterable[str]) -> None:
        self._other = counter.labels(OTHER)
        self._children = {str(value): counter.labels(str(value)) for value in values}

    def add(self, value: str, amount: float = 1) -> None:
        """Count; a value that is not known counts as other."""
        self._children.get(value, self._other).inc(amount)


class Readers(Protocol):
    """What `/events` tells of itself (`telex.web.events.EventsStatistics`)."""

    @property
    def readers(self) -> int:
        """Served now."""
        ...

    @property
    def sent(self) -> int:
        """Events sent."""
        ...

    @property
    def slow(self) -> int:
        """Readers cut off."""
        ...

    @property
    def refused(self) -> int:
        """Readers refused."""
        ...


@dataclass(frozen=True, slots=True)
class _NoReaders:
    readers: int = 0
    sent: int = 0
    slow: int = 0
    refused: int = 0


class _EventsCollector(Collector):
    """Reads the statistics of `/events` when metrics are collected."""

    def __init__(self) -> None:
        self.source: Callable[[], Readers] = _NoReaders

    def collect(self) -> Iterable[Metric]:
        now = self.source()
        yield GaugeMetricFamily("telex_events_readers", "Readers of /events that are served now.", now.readers)
        yield CounterMetricFamily("telex_events_sent", "Events sent to readers of /events.", now.sent)
        yield CounterMetricFamily("telex_events_slow_readers", "Readers of /events that were too slow.", now.slow)
        yield CounterMetricFamily("telex_events_refused_readers", "Readers of /events refused: full.", now.refused)


class Reads(Protocol):
    """What the reader tells of itself (`telex.adapters.reading.ReaderStatistics`)."""

    @property
    def inline(self) -> int:
        """Read in this process."""
        ...

    @property
    def pooled(self) -> int:
        """Read by a worker process."""
        ...

    @property
    def failed(self) -> int:
        """Given up: too costly, or the worker did not start or died."""
        ...


@dataclass(frozen=True, slots=True)
class _NoReads:
    inline: int = 0
    pooled: int = 0
    failed: int = 0


class _ReadsCollector(Collector):
    """Reads the reader's statistics when metrics are collected."""

    def __init__(self) -> None:
        self.source: Callable[[], Reads] = _NoReads

    def collect(self) -> Iterable[Metric]:
        now = self.source()
        words = "Documents by where they were read; failed: too costly, or a worker process did not start or died."
        family = CounterMetricFamily("telex_documents_read", words, labels=["where"])
        for where in ("inline", "pooled", "failed"):
            family.add_metric([where], getattr(now, where))
        yield family


class MetricsObserver:
    """Counts facts in a registry. It never fails and never waits."""

    def __init__(self, registry: CollectorRegistry, release: str | None = None) -> None:
        self._events = _EventsCollector()
        self._reads = _ReadsCollector()
        registry.register(self._events)
        registry.register(self._reads)
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=registry)
        Info("telex_build", "Which telex this is.", registry=registry).info(
            {"version": release or _release(), "python": platform.python_version()}
        )
        self._make_polls(registry)
        self._make_log(registry)
        self._make_catalogue(registry)
        self._owned: Tally[int] = Tally()
        self._paused: set[int] = set()

    def watch_events(self, source: Callable[[], Readers]) -> None:
        """Show the statistics of `/events` from now on."""
        self._events.source = source

    def watch_reads(self, source: Callable[[], Reads]) -> None:
        """Show the reader's statistics from now on."""
        self._reads.source = source

    def note_shards(self, shards: int) -> None:
        """Note how many shards the log has."""
        self._log_shards.set(shards)

    def observe_loop_lag(self, seconds: float) -> None:
        """Note how late the event loop was."""
        self._loop_lag.observe(seconds)

    def observe(self, fact: Fact) -> None:
        """Count one fact."""
        match fact:
            case PollEnded():
                self._polls.add(fact.outcome)
                self._lag.observe(fact.lag)
                if fact.wire_bytes:
                    self._bytes.inc(fact.wire_bytes)
                if fact.held:
                    self._flaps.inc(fact.held)
            case Committed():
                self._committed(fact)
            case ShardClaimed(shard, _, elapsed):
                self._owned[shard] += 1
                self._restore.observe(elapsed)
                self._show_shards()
            case ShardLost(shard, reason):
                # One that died before it was restored was never counted; the next claim may be told before this end.
                self._owned[shard] = max(0, self._owned[shard] - 1)
                self._paused.discard(shard)
                self._lost.add(reason)
                self._show_shards()
            case LogPaused(shard, resumed):
                (self._paused.discard if resumed else self._paused.add)(shard)
                self._show_shards()
            case CatalogueReloaded():
                self._reloaded(fact)
            case TaxonomiesReloaded():
                self._taxonomies_good.set(fact.accepted)
            case MemoryDropped():
                self._dropped.inc()
            case _:
                assert_never(fact)

    def _committed(self, fact: Committed) -> None:
        self._commit_duration.observe(fact.elapsed)
        self._commit_records.observe(fact.records)
        self._commit_size.observe(fact.size)
        for kind, count in fact.types:
            if kind in _FEED_EVENTS:
                self._feed_events.add(_FEED_EVENTS[kind], count)
            elif kind != EventType.DEAD_LETTER:
                self._articles.add(_ARTICLE_EVENTS.get(kind, OTHER), count)
        for delay in fact.delays:
            self._delay.observe(delay)
        for reason, count in fact.dead_letters:
            self._letters.add(reason, count)
        for repair, count in fact.repairs:
            self._repairs.add(repair, count)
        for kind, count in fact.tagged:
            self._tagged.add(kind, count)

    def _reloaded(self, fact: CatalogueReloaded) -> None:
        self._catalogue_good.set(fact.accepted)
        if fact.accepted:
            self._catalogue_version.set(fact.version)
            self._catalogue_feeds.set(fact.feeds)

    def _show_shards(self) -> None:
        owned = {shard for shard, claims in self._owned.items() if claims}
        paused = len(owned & self._paused)
        self._shards.labels("claimed").set(len(owned) - paused)
        self._shards.labels("paused").set(paused)
        self._log_paused.set(bool(self._paused))

    def _make_polls(self, registry: CollectorRegistry) -> None:
        polls = Counter("telex_polls_total", "Polls that ended, by outcome.", ["outcome"], registry=registry)
        self._polls = _Labelled(polls, POLL_OUTCOMES)
        self._bytes = Counter(
            "telex_received_bytes_total", "Bytes received for feeds, as on the wire.", registry=registry
        )
        help_ = "Edits held back: the entry goes back and forth between texts that were told."
        self._flaps = Counter("telex_flaps_total", help_, registry=registry)
        help_ = "How much later than due polls began."
        self._lag = Histogram("telex_schedule_lag_seconds", help_, buckets=_LAG, registry=registry)
        help_ = "How late the event loop was."
        self._loop_lag = Histogram("telex_loop_lag_seconds", help_, buckets=_LOOP_LAG, registry=registry)
        help_ = "Memories of feeds given up in part or whole: unreadable or too large."
        self._dropped = Counter("telex_memories_dropped_total", help_, registry=registry)

    def _make_log(self, registry: CollectorRegistry) -> None:
        articles = Counter("telex_articles_total", "Article events committed, by type.", ["type"], registry=registry)
        self._articles = _Labelled(articles, ARTICLE_TYPES.values())
        feeds = Counter("telex_feed_events_total", "Events of feeds committed, by type.", ["type"], registry=registry)
        self._feed_events = _Labelled(feeds, FEED_TYPES.values())
        help_ = "Documents that could not be understood, by reason."
        letters = Counter("telex_dead_letters_total", help_, ["reason"], registry=registry)
        self._letters = _Labelled(letters, UnreadableReason)
        help_ = "Articles committed in which something had to be repaired or guessed, by what."
        repairs = Counter("telex_repairs_total", help_, ["repair"], registry=registry)
        self._repairs = _Labelled(repairs, sorted(REPAIRS))
        help_ = "Articles published or updated that have a tag, by its kind."
        self._tagged = _Labelled(Counter("telex_tagged_articles_total", help_, ["kind"], registry=registry), TAG_KINDS)
        help_ = "From an article's publication, as its feed dates it, to its commit; without backfill."
        self._delay = Histogram("telex_publication_delay_seconds", help_, buckets=_DELAY, registry=registry)
        help_ = "How long commits to the event log took."
        self._commit_duration = Histogram("telex_commit_duration_seconds", help_, buckets=_COMMIT, registry=registry)
        help_ = "Records in a commit."
        self._commit_records = Histogram("telex_commit_records", help_, buckets=_RECORDS, registry=registry)
        help_ = "Bytes of records and memories in a commit."
        self._commit_size = Histogram("telex_commit_size_bytes", help_, buckets=_SIZES, registry=registry)
        help_ = "Shards that this process owns, by state: claimed (working) or paused (the log takes nothing)."
        self._shards = Gauge("telex_shards", help_, ["state"], registry=registry)
        help_ = "Shards that the log has, over all processes."
        self._log_shards = Gauge("telex_log_shards", help_, registry=registry)
        help_ = "1 while the log takes no appends for some shard of this process, else 0."
        self._log_paused = Gauge("telex_log_paused", help_, registry=registry)
        help_ = "How long a claimed shard took to be ready: its memories restored, its feeds known."
        self._restore = Histogram("telex_restore_duration_seconds", help_, buckets=_RESTORE, registry=registry)
        lost = Counter("telex_claims_lost_total", "Claims that ended, by reason.", ["reason"], registry=registry)
        self._lost = _Labelled(lost, LOST_REASONS)
        for state in ("claimed", "paused"):
            self._shards.labels(state)

    def _make_catalogue(self, registry: CollectorRegistry) -> None:
        help_ = "The catalogue's version: one more with each reload that was accepted."
        self._catalogue_version = Gauge("telex_catalogue_version", help_, registry=registry)
        self._catalogue_feeds = Gauge("telex_catalogue_feeds", "Feeds in the catalogue.", registry=registry)
        help_ = "1 where the catalogue's last reload was accepted, 0 where the old one had to stay."
        self._catalogue_good = Gauge("telex_catalogue_last_reload_successful", help_, registry=registry)
        help_ = "1 where the last reload of the operators' taxonomies was accepted, or there was none; 0 where the old ones had to stay."
        self._taxonomies_good = Gauge("telex_taxonomies_last_reload_successful", help_, registry=registry)
        self._taxonomies_good.set(1)


_ARTICLE_EVENTS: Final[dict[str, str]] = {kind.value: word for kind, word in ARTICLE_TYPES.items()}
_FEED_EVENTS: Final[dict[str, str]] = {kind.value: word for kind, word in FEED_TYPES.items()}


class FanOut:
    """Passes each fact to several observers, in order."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._observers = tuple(observers)

    def observe(self, fact: Fact) -> None:
        """Pass it on."""
        for observer in self._observers:
            observer.observe(fact)


class MetricRow(NamedTuple):
    """A line of the table of metrics."""

    name: str
    type: str
    labels: tuple[str, ...]
    meaning: str


def metrics_rows() -> tuple[MetricRow, ...]:
    """The metrics of telex itself, sorted by name, as the registry has them; counters with their `_total`."""
    registry = CollectorRegistry()
    MetricsObserver(registry)
    return tuple(sorted(_row(metric) for metric in registry.collect() if metric.name.startswith("telex_")))


def _row(metric: Metric) -> MetricRow:
    suffix = {"counter": "_total", "info": "_info"}.get(metric.type, "")
    labels = {label for sample in metric.samples for label in sample.labels} - {"le"}
    return MetricRow(metric.name + suffix, metric.type, tuple(sorted(labels)), metric.documentation)


def _release() -> str:
    try:
        return version("telex")
    except PackageNotFoundError:  # run from the source tree
        return "unknown"
