"""The settings: flags, `TELEX_*` variables and `telex.yaml`, in this order, become one frozen `Config`.

A setting `section.name` is the variable `TELEX_SECTION__NAME`; a few have a short form (`TELEX_HTTP`). An empty variable
is no variable. An unknown key or variable is an error: what is mistyped must not pass for the default. Relative paths are
relative to the working directory.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any, Literal, NamedTuple

from pydantic import ConfigDict, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from telex.adapters.configuration.problems import Place, Problems
from telex.core.redact import redact_text
from telex.settings.kafka import KafkaConfig
from telex.settings.sections import (
    CatalogueConfig,
    FetchConfig,
    HttpConfig,
    LogConfig,
    PollingConfig,
    ServiceConfig,
    TaggingConfig,
    TopicsConfig,
)
from telex.settings.sources import (
    SHORT_FORMS,
    Layer,
    environment_layer,
    file_layer,
    flags_layer,
    variable_of,
)

Effect = Literal["reload", "restart"]


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that an operator can set, validated."""

    catalogue: CatalogueConfig = field(default_factory=CatalogueConfig)
    log: LogConfig = field(default_factory=LogConfig)
    kafka: KafkaConfig = field(default_factory=KafkaConfig)
    http: HttpConfig = field(default_factory=HttpConfig)
    fetch: FetchConfig = field(default_factory=FetchConfig)
    polling: PollingConfig = field(default_factory=PollingConfig)
    topics: TopicsConfig = field(default_factory=TopicsConfig)
    tagging: TaggingConfig = field(default_factory=TaggingConfig)
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
    kafka: KafkaConfig = KafkaConfig()
    http: HttpConfig = HttpConfig()
    fetch: FetchConfig = FetchConfig()
    polling: PollingConfig = PollingConfig()
    topics: TopicsConfig = TopicsConfig()
    tagging: TaggingConfig = TaggingConfig()
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
    def add(name: str, what: str, remedy: str) -> None:
        place, key, _ = _origin(layers, name)
        problems.add(place, key, what, remedy)

    polling = config.polling
    if polling.interval_min > polling.interval_max:
        what = f"{polling.interval_min:g} s is greater than polling.interval_max, {polling.interval_max:g} s"
        add("polling.interval_min", what, "mend one of them")
    topics = [(f"topics.{each}", getattr(config.topics, each)) for each in _TOPICS]
    topics += [("topics.fan_out", config.topics.fan_out_prefix + slug) for slug, _ in config.topics.fan_out]
    if config.log.kind == "kafka":
        _check_kafka(config.kafka, add)
        topics += [(f"kafka.{each}", getattr(config.kafka, each)) for each in _KAFKA_TOPICS]
    else:
        stated = {name for layer in layers for name in layer.values if name.startswith("kafka.")}
        for name in sorted(stated):
            add(name, "is set, and log.kind is sqlite", "set log.kind to kafka (TELEX_LOG__KIND), or take it out")
        for name in ("current", "fan_out"):
            if getattr(config.topics, name):
                what = "is set, and a sqlite log keeps each event once"
                add(f"topics.{name}", what, "set log.kind to kafka, or let readers of /events filter")
    names = [name for _, name in topics if name is not None]
    for setting, name in topics:
        # The default that is met is not to blame.
        if names.count(name) > 1 and any(setting in layer.values for layer in layers):
            add(setting, f"{name!r} names two topics", "give each its own name")


_TOPICS = ("articles", "feeds", "feedlog", "deadletters", "current")
_KAFKA_TOPICS = ("state_topic", "inbox_topic", "events_topic")


def _check_kafka(kafka: KafkaConfig, add: Callable[[str, str, str], None]) -> None:
    if kafka.heartbeat * 3 > kafka.session:
        add("kafka.heartbeat", "is more than a third of kafka.session", "make it smaller, or the session longer")
    if kafka.request_timeout > kafka.transaction_timeout:
        add("kafka.request_timeout", "is longer than kafka.transaction_timeout", "make it shorter")
    if kafka.password is not None and kafka.password_file is not None:
        add("kafka.password_file", "is set beside kafka.password", "set one of them")
    if kafka.key_file is not None and kafka.cert_file is None:
        add("kafka.key_file", "is set without kafka.cert_file", "name the certificate, too")
    known = kafka.password is not None or kafka.password_file is not None
    if kafka.sasl in {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"} and not (kafka.username and known):
        add(
            "kafka.sasl", f"{kafka.sasl} needs a user name and a password", "set kafka.username and kafka.password_file"
        )
    if kafka.sasl == "OAUTHBEARER" and kafka.token_file is None:
        add("kafka.sasl", "OAUTHBEARER needs a token", "name the file that holds it with kafka.token_file")
    if kafka.sasl is None and (kafka.username or known or kafka.token_file):
        add("kafka.sasl", "is not set, but a login is", "write PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER")
    if not kafka.tls and (kafka.ca_file or kafka.cert_file):
        add("kafka.tls", "is not set, but certificates are", "write kafka.tls: true")
