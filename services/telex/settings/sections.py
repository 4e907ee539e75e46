"""The sections: every setting with its default, its unit, its bounds and what it is for."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator

from telex.settings import rules, values
from telex.settings.base import Section, setting

MIB = 1 << 20
_LOG_FILE = Path("var/telex.sqlite")


@dataclass(frozen=True, slots=True)
class CatalogueConfig(Section):
    """Which feeds there are. The files are watched and loaded again; these settings are not."""

    paths: Annotated[tuple[str, ...], BeforeValidator(values.names)] = setting(
        ("feeds.yaml",), "paths", "Catalogue files (YAML, CSV, OPML, each perhaps .gz) or directories of them."
    )
    check_every: Annotated[float, BeforeValidator(values.duration(0.1, 3600))] = setting(
        2.0, "seconds", "How often the catalogue's files are looked at for changes."
    )


@dataclass(frozen=True, slots=True)
class LogConfig(Section):
    """Where events and memories are kept. The number of shards is fixed with the first start."""

    kind: Annotated[Literal["sqlite", "kafka"], BeforeValidator(values.choice("sqlite", "kafka"))] = setting(
        "sqlite", "", "Kind of event log: sqlite, one file on this machine, or kafka."
    )
    path: Annotated[Path, BeforeValidator(values.path)] = setting(
        _LOG_FILE, "path", "The file of a sqlite log; its directory is made where it is missing."
    )
    shards: Annotated[int, BeforeValidator(values.count(1, 4096))] = setting(
        32, "shards", "Into how many shards the publishers are divided; fixed when the log is made."
    )
    lease: Annotated[float, BeforeValidator(values.duration(4, 3600))] = setting(
        8.0, "seconds", "sqlite: a process not heard of for so long loses its shards to another."
    )
    retention_age: Annotated[float | None, BeforeValidator(values.none_or(values.duration(60, 36600 * 86400)))] = (
        setting(30 * 86400.0, "seconds", "sqlite: older events are deleted; none keeps them.")
    )
    retention_bytes: Annotated[int | None, BeforeValidator(values.none_or(values.size(MIB, 1 << 50)))] = setting(
        None, "bytes", "sqlite: the oldest events are deleted while the log uses more; none sets no limit."
    )


@dataclass(frozen=True, slots=True)
class HttpConfig(Section):
    """The service's own HTTP: metrics, health, events, schemas."""

    listen: Annotated[str, BeforeValidator(values.listen)] = setting(
        "127.0.0.1:8080", "host:port", "Where to listen; port 0 takes a free one, no host means every address."
    )
    public_url: Annotated[str | None, BeforeValidator(values.none_or(values.url))] = setting(
        None, "URL", "How subscribers reach this service; events name their schemas below it."
    )

    @property
    def host(self) -> str:
        """The host to listen on, without brackets; empty for every address."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port to listen on."""
        return int(self.listen.rpartition(":")[2])


@dataclass(frozen=True, slots=True)
class FetchConfig(Section):
    """What one exchange with a publisher may cost, and whom."""

    contact: Annotated[str | None, BeforeValidator(values.none_or(values.url))] = setting(
        None, "URL", "A page that tells publishers who asks; it is part of the User-Agent."
    )
    max_body: Annotated[int, BeforeValidator(values.size(1024, 1 << 30))] = setting(
        10 * MIB, "bytes", "The largest body, on the wire and unpacked."
    )
    connect: Annotated[float, BeforeValidator(values.duration(0.1, 600))] = setting(
        10.0, "seconds", "Deadline for name, connection and TLS."
    )
    first_byte: Annotated[float, BeforeValidator(values.duration(0.1, 600))] = setting(
        20.0, "seconds", "Deadline for the headers of one answer."
    )
    total: Annotated[float, BeforeValidator(values.duration(0.1, 3600))] = setting(
        60.0, "seconds", "Deadline for the whole exchange, redirects included."
    )
    queue_wait: Annotated[float, BeforeValidator(values.duration(0.1, 3600))] = setting(
        60.0, "seconds", "How long a request waits for its turn at a host."
    )
    redirects: Annotated[int, BeforeValidator(values.count(0, 20))] = setting(5, "redirects", "How many are followed.")
    per_host: Annotated[int | None, BeforeValidator(values.none_or(values.count(1, 1000)))] = setting(
        2, "requests", "How many run against one registrable domain at a time; none sets no limit."
    )
    min_delay: Annotated[float, BeforeValidator(values.duration(0, 3600))] = setting(
        0.0, "seconds", "The least time between two requests to one registrable domain."
    )
    allow_networks: Annotated[tuple[str, ...], BeforeValidator(values.networks)] = setting(
        (), "CIDRs", "Networks that the address guard lets through, e.g. 127.0.0.0/8."
    )
    proxy: Annotated[str | None, BeforeValidator(values.none_or(values.proxy))] = setting(
        None, "URL", "HTTP proxy that everything goes through; it has to filter addresses itself.", secret=True
    )


@dataclass(frozen=True, slots=True)
class PollingConfig(Section):
    """When feeds are polled."""

    interval_min: Annotated[float, BeforeValidator(values.duration(1, 366 * 86400))] = setting(
        300.0, "seconds", "The shortest time between two polls, for feeds whose catalogue states none."
    )
    interval_max: Annotated[float, BeforeValidator(values.duration(1, 366 * 86400))] = setting(
        3600.0, "seconds", "The longest time between two polls, for feeds whose catalogue states none."
    )
    backoff_cap: Annotated[float, BeforeValidator(values.duration(1, 366 * 86400))] = setting(
        21600.0, "seconds", "The longest time that failures put off the next poll."
    )
    concurrency: Annotated[int, BeforeValidator(values.count(1, 100_000))] = setting(
        256, "polls", "How many polls this process runs at a time."
    )
    release_rate: Annotated[float, BeforeValidator(values.rate(0.01, 100_000))] = setting(
        50.0, "feeds per second", "How fast feeds that became overdue while nothing ran are taken up again."
    )


@dataclass(frozen=True, slots=True)
class TopicsConfig(Section):
    """The names of the topics, and those that repeat events: with log.kind kafka, and off unless they are named."""

    articles: Annotated[str, BeforeValidator(values.topic)] = setting("news.articles", "name", "Every article event.")
    feeds: Annotated[str, BeforeValidator(values.topic)] = setting(
        "news.feeds", "name", "The latest status of each feed."
    )
    feedlog: Annotated[str, BeforeValidator(values.topic)] = setting(
        "news.feedlog", "name", "Gaps, moves, retirements."
    )
    deadletters: Annotated[str, BeforeValidator(values.topic)] = setting(
        "news.deadletters", "name", "What could not be understood."
    )
    current: Annotated[str | None, BeforeValidator(values.none_or(values.topic))] = setting(
        None, "name", "kafka: each article's latest version, compacted, such as news.articles.current; none: no topic."
    )
    fan_out: Annotated[rules.Rules, BeforeValidator(values.none_or(rules.rules))] = setting(
        (),
        "rules",
        "kafka: topics by rule: slug: {publisher, country, feed, language, category, profile, topic, place: [...]}; JSON, or YAML.",
    )
    fan_out_prefix: Annotated[str, BeforeValidator(values.topic)] = setting(
        "news.topic.", "name", "kafka: what the topic of a rule is called before its slug."
    )


@dataclass(frozen=True, slots=True)
class TaggingConfig(Section):
    """Topics, places and mentions of articles."""

    enabled: Annotated[bool, BeforeValidator(values.yes_or_no)] = setting(
        True, "", "Whether articles are tagged; it costs some 0.3 ms of CPU for each that is published."
    )
    taxonomies: Annotated[tuple[str, ...], BeforeValidator(values.names)] = setting(
        (),
        "paths",
        "Taxonomies of your own (docs/taxonomies.md): files or directories of them; watched and loaded again.",
    )
    check_every: Annotated[float, BeforeValidator(values.duration(0.1, 3600))] = setting(
        2.0, "seconds", "How often the taxonomies' files are looked at for changes."
    )
    least_confidence: Annotated[float, BeforeValidator(values.rate(0.0, 1.0))] = setting(
        0.0, "0 to 1", "Topics of which telex is less sure are not told."
    )


@dataclass(frozen=True, slots=True)
class ServiceConfig(Section):
    """The process itself."""

    shutdown_deadline: Annotated[float, BeforeValidator(values.duration(0, 3600))] = setting(
        20.0, "seconds", "How long a stop may take: polls end, commits land, shards are released."
    )
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        BeforeValidator(values.choice("debug", "info", "warning", "error")),
    ] = setting("info", "", "The least severe log lines that are written.")
