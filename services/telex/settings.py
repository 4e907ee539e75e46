"""The settings: flags, `TELEX_*` variables and `telex.yaml`, in this order, become one frozen `Config`.

A setting `section.name` is the variable `TELEX_SECTION__NAME`; a few have a short form (`TELEX_HTTP`). An empty variable
is no variable. An unknown key or variable is an error: what is mistyped must not pass for the default. Relative paths are
relative to the working directory.
"""

import os
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import BeforeValidator, ConfigDict, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from telex import settings_values as values
from telex.adapters.catalogue.problems import Place, Problems
from telex.core.redact import redact_text
from telex.settings_sources import (
    SHORT_FORMS,
    Layer,
    environment_layer,
    file_layer,
    flags_layer,
    variable_of,
)

Effect = Literal["reload", "restart"]
MIB = 1 << 20
_LOG_FILE = Path("var/telex.sqlite")


def _setting(default: Any, unit: str, description: str, *, secret: bool = False) -> Any:
    metadata = {"unit": unit, "description": description, "secret": secret}
    return field(default=default, metadata=metadata, repr=not secret)


class _Section:
    """What pydantic is told of a section; the sections themselves are plain dataclasses."""

    __slots__ = ()
    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class CatalogueConfig(_Section):
    """Which feeds there are. The files are watched and loaded again; these settings are not."""

    paths: Annotated[tuple[str, ...], BeforeValidator(values.names)] = _setting(
        ("feeds.yaml",), "paths", "Catalogue files (YAML, CSV, OPML, each perhaps .gz) or directories of them."
    )
    check_every: Annotated[float, BeforeValidator(values.duration(0.1, 3600))] = _setting(
        2.0, "seconds", "How often the catalogue's files are looked at for changes."
    )


@dataclass(frozen=True, slots=True)
class LogConfig(_Section):
    """Where events and memories are kept. The number of shards is fixed with the first start."""

    kind: Annotated[Literal["sqlite"], BeforeValidator(values.choice("sqlite"))] = _setting(
        "sqlite", "", "Kind of event log: sqlite, one file on this machine."
    )
    path: Annotated[Path, BeforeValidator(values.path)] = _setting(  # noqa: RUF009 - a path never changes
        _LOG_FILE, "path", "The embedded log's file; its directory is made where it is missing."
    )
    shards: Annotated[int, BeforeValidator(values.count(1, 4096))] = _setting(
        32, "shards", "Into how many shards the publishers are divided; fixed when the log is made."
    )
    lease: Annotated[float, BeforeValidator(values.duration(4, 3600))] = _setting(
        8.0, "seconds", "A process not heard of for so long loses its shards to another."
    )
    retention_age: Annotated[float | None, BeforeValidator(values.none_or(values.duration(60, 36600 * 86400)))] = (
        _setting(30 * 86400.0, "seconds", "Older events are deleted; none keeps them.")
    )
    retention_bytes: Annotated[int | None, BeforeValidator(values.none_or(values.size(MIB, 1 << 50)))] = _setting(
        None, "bytes", "The oldest events are deleted while the log uses more; none sets no limit."
    )


@dataclass(frozen=True, slots=True)
class HttpConfig(_Section):
    """The service's own HTTP: metrics, health, events, schemas."""

    listen: Annotated[str, BeforeValidator(values.listen)] = _setting(
        "127.0.0.1:8080", "host:port", "Where to listen; port 0 takes a free one, no host means every address."
    )
    public_url: Annotated[str | None, BeforeValidator(values.none_or(values.url))] = _setting(
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
class FetchConfig(_Section):
    """What one exchange with a publisher may cost, and whom."""

    contact: Annotated[str | None, BeforeValidator(values.none_or(values.url))] = _setting(
        None, "URL", "A page that tells publishers who asks; it is part of the User-Agent."
    )
    max_body: Annotated[int, BeforeValidator(values.size(1024, 1 << 30))] = _setting(
        10 * MIB, "bytes", "The largest body, on the wire and unpacked."
    )
    connect: Annotated[float, BeforeValidator(values.duration(0.1, 600))] = _setting(
        10.0, "seconds", "Deadline for name, connection and TLS."
    )
    first_byte: Annotated[float, BeforeValidator(values.duration(0.1, 600))] = _setting(
        20.0, "seconds", "Deadline for the headers of one answer."
    )
    total: Annotated[float, BeforeValidator(values.duration(0.1, 3600))] = _setting(
        60.0, "seconds", "Deadline for the whole exchange, redirects included."
    )
    queue_wait: Annotated[float, BeforeValidator(values.duration(0.1, 3600))] = _setting(
        60.0, "seconds", "How long a request waits for its turn at a host."
    )
    redirects: Annotated[int, BeforeValidator(values.count(0, 20))] = _setting(5, "redirects", "How many are followed.")
    per_host: Annotated[int | None, BeforeValidator(values.none_or(values.count(1, 1000)))] = _setting(
        2, "requests", "How many run against one registrable domain at a time; none sets no limit."
    )
    min_delay: Annotated[float, BeforeValidator(values.duration(0, 3600))] = _setting(
        0.0, "seconds", "The least time between two requests to one registrable domain."
    )
    allow_networks: Annotated[tuple[str, ...], BeforeValidator(values.networks)] = _setting(
        (), "CIDRs", "Networks that the address guard lets through, e.g. 127.0.0.0/8."
    )
    proxy: Annotated[str | None, BeforeValidator(values.none_or(values.proxy))] = _setting(
        None, "URL", "HTTP proxy that everything goes through; it has to filter addresses itself.", secret=True
    )


@dataclass(frozen=True, slots=True)
class PollingConfig(_Section):
    """When feeds are polled."""

    interval_min: Annotated[float, BeforeValidator(values.duration(1, 366 * 86400))] = _setting(
        300.0, "seconds", "The shortest time between two polls, for feeds whose catalogue states none."
    )
    interval_max: Annotated[float, BeforeValidator(values.duration(1, 366 * 86400))] = _setting(
        3600.0, "seconds", "The longest time between two polls, for feeds whose catalogue states none."
    )
    backoff_cap: Annotated[float, BeforeValidator(values.duration(1, 366 * 86400))] = _setting(
        21600.0, "seconds", "The longest time that failures put off the next poll."
    )
    concurrency: Annotated[int, BeforeValidator(values.count(1, 100_000))] = _setting(
        256, "polls", "How many polls this process runs at a time."
    )
    release_rate: Annotated[float, BeforeValidator(values.rate(0.01, 100_000))] = _setting(
        50.0, "feeds per second", "How fast feeds that became overdue while nothing ran are taken up again."
    )


@dataclass(frozen=True, slots=True)
class TopicsConfig(_Section):
    """The names of the topics."""

    articles: Annotated[str, BeforeValidator(values.topic)] = _setting("news.articles", "name", "Every article event.")
    feeds: Annotated[str, BeforeValidator(values.topic)] = _setting(
        "news.feeds", "name", "The latest status of each feed."
    )
    feedlog: Annotated[str, BeforeValidator(values.topic)] = _setting(
        "news.feedlog", "name", "Gaps, moves, retirements."
    )
    deadletters: Annotated[str, BeforeValidator(values.topic)] = _setting(
        "news.deadletters", "name", "What could not be understood."
    )


@dataclass(frozen=True, slots=True)
class ServiceConfig(_Section):
    """The process itself."""

    shutdown_deadline: Annotated[float, BeforeValidator(values.duration(0, 3600))] = _setting(
        20.0, "seconds", "How long a stop may take: polls end, commits land, shards are released."
    )
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        BeforeValidator(values.choice("debug", "info", "warning", "error")),
    ] = _setting("info", "", "The least severe log lines that are written.")


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that an operator can set, validated."""

    catalogue: CatalogueConfig = field(default_factory=CatalogueConfig)
    log: LogConfig = field(default_factory=LogConfig)
    http: HttpConfig = field(default_factory=HttpConfig)
    fetch: FetchConfig = field(default_factory=FetchConfig)
    polling: PollingConfig = field(default_factory=PollingConfig)
    topics: TopicsConfig = field(default_factory=TopicsConfig)
    service: ServiceConfig = field(default_factory=ServiceConfig)


class SettingRow(NamedTuple):
    """One line of the settings table."""

    name: str
    variable: str
    default: str
    unit: str
    effect: Effect
    description: str


def load_settings(
    *,
    file: str | None = None,
    environ: Mapping[str, str] | None = None,
    flags: Mapping[str, object] | None = None,
) -> Config:
    """The configuration: flags win over the environment, it over the file, and that over the defaults.

    Args:
        file: the settings file, which then has to exist; by default TELEX_CONFIG, else `telex.yaml` if there is one.
        environ: the environment; by default the process's.
        flags: values by setting, e.g. `{"http.listen": "127.0.0.1:0"}`; None states nothing.

    Raises:
        ConfigurationError: something is wrong: all problems at once.
    """
    variables = os.environ if environ is None else environ
    problems = Problems()
    known = tuple(_fields())
    layers = (
        flags_layer(flags or {}),
        environment_layer(variables, known, problems),
        file_layer(file or variables.get("TELEX_CONFIG") or None, known, problems),
    )
    config = _validated(layers, problems)
    problems.raise_any()
    assert config is not None
    return config


def settings_rows() -> list[SettingRow]:
    """The settings table: every setting once, in the order of the sections."""
    short = {name: variable for variable, name in SHORT_FORMS.items()}
    return [
        SettingRow(
            name=name,
            variable=short.get(name, variable_of(name)),
            default=_shown_default(each.default),
            unit=each.metadata["unit"],
            effect="restart",
            description=each.metadata["description"],
        )
        for name, each in _fields().items()
    ]


def _fields() -> dict[str, Field[Any]]:
    return {
        f"{section.name}.{each.name}": each
        for section in fields(Config)
        for each in fields(section.default_factory)  # type: ignore[arg-type]  # each is a section's class
    }


def _shown_default(value: object) -> str:
    match value:
        case None | ():
            return "none"
        case tuple():
            return ",".join(map(str, value))
        case float():
            return f"{value:g}" if value < 1e6 else str(int(value))
        case _:
            return str(value)


class _Merged(BaseSettings):
    """What pydantic-settings merges and validates; the sections it makes are the plain dataclasses above."""

    model_config = ConfigDict(extra="forbid")  # type: ignore[assignment]  # none of BaseSettings' own sources is used
    catalogue: CatalogueConfig = CatalogueConfig()
    log: LogConfig = LogConfig()
    http: HttpConfig = HttpConfig()
    fetch: FetchConfig = FetchConfig()
    polling: PollingConfig = PollingConfig()
    topics: TopicsConfig = TopicsConfig()
    service: ServiceConfig = ServiceConfig()


class _LayerSource(PydanticBaseSettingsSource):
    """One layer, as a source of pydantic-settings."""

    def __init__(self, settings: type[BaseSettings], layer: Layer) -> None:
        super().__init__(settings)
        self._layer = layer

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - its interface
        return self._layer.nested().get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return self._layer.nested()


def _validated(layers: tuple[Layer, ...], problems: Problems) -> Config | None:
    class Bound(_Merged):
        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], *_: Any, **__: Any
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return tuple(_LayerSource(settings_cls, layer) for layer in layers)

    try:
        merged = Bound()
    except ValidationError as error:
        for each in error.errors(include_url=False):
            problems.extend(_translated(layers, ".".join(map(str, each["loc"][:2])), each))
        return None
    config = Config(**{section.name: getattr(merged, section.name) for section in fields(Config)})
    _check_together(config, layers, problems)
    return config


def _translated(layers: tuple[Layer, ...], name: str, error: Any) -> Problems:
    """A validation error, in the words and at the place of whoever stated the value."""
    found = Problems()
    known = _fields().get(name)
    place, key, value = _origin(layers, name)
    shown = "its value" if known is None or known.metadata["secret"] else redact_text(repr(value))[:80]
    context = error.get("ctx", {})
    what = context.get("what", error["msg"])
    found.add(place, key, f"{shown} {what}", context.get("remedy", "see the settings table"))
    return found


def _origin(layers: tuple[Layer, ...], name: str) -> tuple[Place, str, object]:
    for layer in layers:
        if name in layer.values:
            return layer.places[name], layer.keys[name], layer.values[name]
    return Place("defaults"), name, None


def _check_together(config: Config, layers: tuple[Layer, ...], problems: Problems) -> None:
    polling = config.polling
    if polling.interval_min > polling.interval_max:
        place, key, _ = _origin(layers, "polling.interval_min")
        what = f"{polling.interval_min:g} s is greater than polling.interval_max, {polling.interval_max:g} s"
        problems.add(place, key, what, "mend one of them")
    topics = [getattr(config.topics, each.name) for each in fields(TopicsConfig)]
    for each in fields(TopicsConfig):
        name = getattr(config.topics, each.name)
        if topics.count(name) > 1:
            place, key, _ = _origin(layers, f"topics.{each.name}")
            problems.add(place, key, f"{name!r} names two topics", "give each its own name")
