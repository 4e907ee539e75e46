"""How the Kafka log is reached, kept and timed: plain values, and what of them aiokafka is told."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from aiokafka.abc import AbstractTokenProvider

from telex.adapters.kafka.faults import NoTokenError
from telex.errors import ConfigurationError, Problem
from telex.wire.topics import Naming

DAY: Final = 86400.0
COMPACT: Final = "compact"
DELETE: Final = "delete"

Sasl = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]
Compression = Literal["zstd", "lz4", "snappy", "gzip"]


@dataclass(frozen=True, slots=True)
class KafkaSecurity:
    """How the brokers know us, and we them.

    `tls` encrypts; `ca_file` (PEM) replaces the system's authorities; `cert_file` and `key_file` (PEM) are the client's
    own certificate. `sasl` names the mechanism: PLAIN and SCRAM need `username` and `password`; OAUTHBEARER reads a
    token from `token_file` whenever a connection needs one, or asks `token`.
    """

    tls: bool = False
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    key_password: str | None = field(default=None, repr=False)
    check_hostname: bool = True
    sasl: Sasl | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    token_file: Path | None = None
    token: Callable[[], Awaitable[str]] | None = field(default=None, repr=False)

    @property
    def protocol(self) -> str:
        """Kafka's name of the combination."""
        if self.sasl is None:
            return "SSL" if self.tls else "PLAINTEXT"
        return "SASL_SSL" if self.tls else "SASL_PLAINTEXT"


@dataclass(frozen=True, slots=True)
class KafkaTopics:
    """The topics: their names, how they are divided and copied, and how long they keep what.

    `events` holds every event once more, in one partition and so in one order: it is what `/events` and `telex tail`
    read, with a position that means the same to every instance and after every restart. None leaves it out, and then
    nothing of the log can be read through telex. `current` holds each article's latest version, `fan_out` are topics of
    rules: both repeat events, and what is repeated does not come to `events` again. `replication` and `min_insync` None
    leave it to the broker's defaults; both count only where telex creates a topic. `retention` and `events_retention` are
    in seconds.
    """

    state: str = "telex.state"
    inbox: str = "telex.inbox"
    events: str | None = "telex.events"
    articles: str = "news.articles"
    feeds: str = "news.feeds"
    feedlog: str = "news.feedlog"
    deadletters: str = "news.deadletters"
    current: str | None = None
    fan_out: tuple[str, ...] = ()
    create: bool = True
    articles_partitions: int = 6
    fan_out_partitions: int = 1
    replication: int | None = None
    min_insync: int | None = None
    retention: float = 30 * DAY
    events_retention: float = 7 * DAY
    inbox_retention: float = 7 * DAY

    @classmethod
    def of(cls, naming: Naming, **more: Any) -> "KafkaTopics":
        """The topics that events go to are called as `naming` says."""
        return cls(
            articles=naming.articles,
            feeds=naming.feeds,
            feedlog=naming.feedlog,
            deadletters=naming.deadletters,
            current=naming.current,
            fan_out=naming.fan_out_topics(),
            **more,
        )

    @property
    def derived(self) -> tuple[str, ...]:
        """The topics that repeat events of articles."""
        return (*(() if self.current is None else (self.current,)), *self.fan_out)

    @property
    def names(self) -> tuple[str, ...]:
        """All topics, ours and those of the events."""
        merged = () if self.events is None else (self.events,)
        events = (self.articles, self.feeds, self.feedlog, self.deadletters)
        return (self.state, self.inbox, *merged, *events, *self.derived)


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """Everything about the Kafka log. Times are in seconds, sizes in bytes.

    Attributes:
        bootstrap: addresses (host:port) of some of the brokers.
        group: the consumer group: who shares the shards. What fences is the state topic, whatever the group.
        instance: this process's stable name (`group.instance.id`): a restart within `session` moves no shard. None is
            a nameless member: its shards move as soon as it leaves, and back when it returns. No two live processes
            may have the same.
        shards: partitions of the state and inbox topics; fixed once the topics exist.
        session: a process not heard of for so long loses its shards.
        heartbeat: how often a member says that it lives.
        request_timeout: how long the brokers may take for one request; a commit may take twice as long.
        transaction_timeout: an open transaction of a dead owner that nobody claims is ended by the broker after this
            time + up to 10 s (its own sweep).
        start_timeout: how long a start keeps trying to reach the brokers.
        restore_parallel: how many shards are restored at a time.
        max_request_size: no record is larger, whatever the topics allow.
        begin_anew: start although the state topic is empty and events are there: all that feeds show is published again.
        batch_size: records of one partition travel in batches up to this size (never above the topics' limits).
    """

    bootstrap: tuple[str, ...] = ("localhost:9092",)
    group: str = "telex"
    instance: str | None = None
    shards: int = 32
    topics: KafkaTopics = KafkaTopics()
    security: KafkaSecurity = KafkaSecurity()
    client_id: str = "telex"
    session: float = 10.0
    heartbeat: float = 1.0
    max_poll_interval: float = 300.0
    request_timeout: float = 10.0
    transaction_timeout: float = 15.0
    start_timeout: float = 30.0
    restore_parallel: int = 4
    compression: Compression | None = "zstd"
    batch_size: int = 1 << 20
    max_request_size: int = 1 << 20
    backoff_min: float = 0.2
    backoff_max: float = 10.0
    begin_anew: bool = False

    def transactional_id(self, shard: int) -> str:
        """Whoever starts a producer with it fences all earlier ones: named by what it guards, not by the group."""
        return f"{self.topics.state}-{shard}"


def milliseconds(seconds: float) -> int:
    """As Kafka's settings have it."""
    return round(seconds * 1000)


class _FileToken(AbstractTokenProvider):  # type: ignore[misc]  # aiokafka ships no types
    """A token that something else keeps fresh in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def token(self) -> str:
        """The file's content, read anew.

        Raises:
            NoTokenError: there is none. It may come: whoever keeps the file fresh may be late.
        """
        try:
            found = (await asyncio.to_thread(self._path.read_text, "ascii")).strip()
        except (OSError, ValueError) as error:
            raise NoTokenError(f"{self._path}: {error}") from error
        if not found:
            raise NoTokenError(f"{self._path} is empty")
        return found


class _AskedToken(AbstractTokenProvider):  # type: ignore[misc]  # as above
    """A token that a function gives."""

    def __init__(self, ask: Callable[[], Awaitable[str]]) -> None:
        self._ask = ask

    async def token(self) -> str:
        """What the function says now."""
        return await self._ask()


def client_options(settings: KafkaSettings) -> Mapping[str, Any]:
    """What every client of aiokafka is made with.

    Raises:
        ConfigurationError: a file cannot be read, or something that the mechanism needs is missing.
    """
    security = settings.security
    options: dict[str, Any] = {
        "bootstrap_servers": list(settings.bootstrap),
        "client_id": settings.client_id,
        "request_timeout_ms": milliseconds(settings.request_timeout),
        "retry_backoff_ms": 50,
        "metadata_max_age_ms": 60_000,
        "security_protocol": security.protocol,
    }
    if security.tls:
        options["ssl_context"] = _ssl_context(security)
    if security.sasl is not None:
        options |= _sasl_options(security)
    return options


def _ssl_context(security: KafkaSecurity) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=security.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise _wrong("kafka.ca_file", f"{security.ca_file}: {error}", "name a readable PEM file") from error
    context.check_hostname = security.check_hostname
    if security.cert_file is not None:
        try:
            context.load_cert_chain(security.cert_file, security.key_file, security.key_password or "")
        except (OSError, ssl.SSLError) as error:
            what = f"{security.cert_file} and {security.key_file or 'its key'}: {error}"
            raise _wrong("kafka.cert_file", what, "name readable PEM files that belong together") from error
    return context


def _sasl_options(security: KafkaSecurity) -> dict[str, Any]:
    options: dict[str, Any] = {"sasl_mechanism": security.sasl}
    if security.sasl != "OAUTHBEARER":
        if not security.username or security.password is None:
            raise _wrong("kafka.username", f"{security.sasl} needs a user name and a password", "set both")
        return options | {
            "sasl_plain_username": security.username,
            "sasl_plain_password": security.password,
        }
    if security.token is not None:
        return options | {"sasl_oauth_token_provider": _AskedToken(security.token)}
    if security.token_file is None:
        raise _wrong("kafka.token_file", "OAUTHBEARER needs a token", "name the file that holds it")
    return options | {"sasl_oauth_token_provider": _FileToken(security.token_file)}


def _wrong(key: str, what: str, remedy: str) -> ConfigurationError:
    return ConfigurationError((Problem("kafka", None, None, key, what, remedy),))


def check(settings: KafkaSettings) -> None:
    """Refuse settings that cannot work together, and a Python that leaves out what aiokafka rests on.

    Raises:
        ConfigurationError: all of it at once.
    """
    problems = []

    def add(key: str, what: str, remedy: str) -> None:
        problems.append(Problem("kafka", None, None, key, what, remedy))

    if not __debug__:
        # aiokafka's transactions are guarded by assert statements alone.
        add("python -O", "leaves out the checks that transactions rest on", "run telex without -O and PYTHONOPTIMIZE")
    if settings.heartbeat * 3 > settings.session:
        add("kafka.heartbeat", "is more than a third of kafka.session", "make it smaller, or the session longer")
    if settings.request_timeout > settings.transaction_timeout:
        add("kafka.request_timeout", "is longer than kafka.transaction_timeout", "make it shorter")
    topics = settings.topics
    if min(settings.shards, topics.articles_partitions, topics.fan_out_partitions) < 1:
        add("kafka.shards", "there is at least one partition", "write a number from 1")
    names = topics.names
    for name in sorted({name for name in names if names.count(name) > 1}):
        add("kafka.topics", f"{name!r} names two topics", "give each its own name")
    if problems:
        raise ConfigurationError(tuple(problems))
