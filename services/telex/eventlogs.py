"""Which event log there is: opened as the settings say."""

import random
from pathlib import Path
from typing import Protocol

from telex.adapters.clock import SystemClock
from telex.adapters.kafka.config import KafkaSecurity, KafkaSettings, KafkaTopics
from telex.adapters.kafka.log import KafkaLog
from telex.adapters.kafka.reader import open_reader as open_kafka_reader
from telex.adapters.sqlite.log import SqliteLog
from telex.adapters.sqlite.reader import open_reader as open_sqlite_reader
from telex.adapters.sqlite.schema import SqliteSettings
from telex.errors import ConfigurationError, Problem
from telex.ports import EventLog, LogReader
from telex.settings import Config
from telex.wire.topics import FanOut, Naming


class Log(EventLog, LogReader, Protocol):
    """An event log that owns shards, appends and reads."""


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
        current=topics.current,
        fan_out=tuple(FanOut(slug, selection) for slug, selection in topics.fan_out),
        fan_out_prefix=topics.fan_out_prefix,
    )


async def open_log(config: Config, clock: SystemClock, rng: random.Random) -> Log:
    """Open the log as a member that may own shards.

    Raises:
        ConfigurationError: its place, its topics or its access rules have to be mended; it says how.
        LogError: it cannot be used now.
    """
    if config.log.kind == "kafka":
        return await KafkaLog.open(kafka_settings(config), random=rng)
    _make_room(config.log.path)
    return await SqliteLog.open(sqlite_settings(config), clock=clock, random=rng)


class Reader(LogReader, Protocol):
    """A log that is only read."""

    async def close(self) -> None:
        """Let go of it."""
        ...


async def open_reader(config: Config) -> Reader:
    """Open the log for reading only.

    Raises:
        ConfigurationError: there is none to read.
        LogError: it cannot be read now.
    """
    if config.log.kind == "kafka":
        return await open_kafka_reader(kafka_settings(config))
    return await open_sqlite_reader(config.log.path)


def doubts_of(log: Log) -> tuple[str, ...]:
    """What an operator may not have meant about the log."""
    return log.limits.doubts if isinstance(log, KafkaLog) else ()


def place_of(config: Config) -> str:
    """Where the log is, in a line."""
    kafka = config.kafka
    if config.log.kind == "sqlite":
        return f"sqlite {config.log.path}"
    return f"kafka {','.join(kafka.bootstrap)} group {kafka.group} instance {kafka.instance or 'without a name'}"


def trouble_of(log: Log) -> str | None:
    """Why the log's member owns less than it could. An embedded log tells that by its appends alone."""
    return log.trouble if isinstance(log, KafkaLog) else None


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


def kafka_settings(config: Config) -> KafkaSettings:
    """How the Kafka log is reached and kept.

    Raises:
        ConfigurationError: the file of the password cannot be read.
    """
    kafka = config.kafka
    topics = KafkaTopics.of(
        naming_of(config),
        state=kafka.state_topic,
        inbox=kafka.inbox_topic,
        events=kafka.events_topic,
        create=kafka.create_topics,
        articles_partitions=kafka.articles_partitions,
        fan_out_partitions=kafka.fan_out_partitions,
        replication=kafka.replication,
        min_insync=kafka.min_insync,
        retention=kafka.retention,
        events_retention=kafka.events_retention,
        inbox_retention=kafka.inbox_retention,
    )
    return KafkaSettings(
        bootstrap=kafka.bootstrap,
        group=kafka.group,
        instance=kafka.instance,
        shards=config.log.shards,
        topics=topics,
        security=_security(config),
        client_id=f"telex-{kafka.instance}" if kafka.instance else "telex",
        session=kafka.session,
        heartbeat=kafka.heartbeat,
        request_timeout=kafka.request_timeout,
        transaction_timeout=kafka.transaction_timeout,
        start_timeout=kafka.start_timeout,
        restore_parallel=kafka.restore_parallel,
        compression=kafka.compression,
        batch_size=kafka.batch,
        max_request_size=kafka.max_request_size,
        begin_anew=kafka.begin_anew,
    )


def _security(config: Config) -> KafkaSecurity:
    kafka = config.kafka
    return KafkaSecurity(
        tls=kafka.tls,
        ca_file=kafka.ca_file,
        cert_file=kafka.cert_file,
        key_file=kafka.key_file,
        key_password=kafka.key_password,
        check_hostname=kafka.check_hostname,
        sasl=kafka.sasl,
        username=kafka.username,
        password=kafka.password if kafka.password_file is None else _secret(kafka.password_file),
        token_file=kafka.token_file,
    )


def _secret(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(
            "kafka.password_file", f"{path}: {error}", "name a readable file that holds the password"
        ) from error


def _make_room(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        what = f"the directory {path.parent} cannot be made: {error.strerror}"
        raise _unusable(str(path), what, "name another file with TELEX_LOG__PATH") from error


def _unusable(where: str, what: str, remedy: str) -> ConfigurationError:
    return ConfigurationError((Problem(where, None, None, "", what, remedy),))
