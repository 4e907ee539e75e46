"""The section of the Kafka log."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from telex.settings import values
from telex.settings.base import Section, setting

MIB = 1 << 20
DAY = 86400.0
YEAR = 366 * DAY

_Compression = Literal["zstd", "lz4", "snappy", "gzip"]
_Sasl = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]
_File = Annotated[Path | None, BeforeValidator(values.none_or(values.path))]


def _file(description: str) -> Any:
    return setting(None, "path", description)


@dataclass(frozen=True, slots=True)
class KafkaConfig(Section):
    """The Kafka log, where `log.kind` is kafka. Sizes and retention count only where telex creates a topic."""

    bootstrap: Annotated[tuple[str, ...], BeforeValidator(values.brokers)] = setting(
        ("localhost:9092",), "host:port", "Addresses of some of the brokers."
    )
    group: Annotated[str, BeforeValidator(values.name)] = setting(
        "telex", "name", "Consumer group: the processes of one service; transactional ids are <state_topic>-<shard>."
    )
    instance: Annotated[str | None, BeforeValidator(values.none_or(values.name))] = setting(
        None, "name", "Stable name of this process (group.instance.id): its restart in place moves no shard."
    )
    session: Annotated[float, BeforeValidator(values.duration(1, 1800))] = setting(
        10.0, "seconds", "A process not heard of for so long loses its shards to another."
    )
    heartbeat: Annotated[float, BeforeValidator(values.duration(0.1, 600))] = setting(
        1.0, "seconds", "How often a process says that it lives."
    )
    request_timeout: Annotated[float, BeforeValidator(values.duration(0.5, 600))] = setting(
        10.0, "seconds", "How long a broker may take for a request; a commit may take twice as long."
    )
    transaction_timeout: Annotated[float, BeforeValidator(values.duration(1, 900))] = setting(
        15.0, "seconds", "A dead process's open transaction is ended after this (+ 10 s) if nobody claims its shard."
    )
    start_timeout: Annotated[float, BeforeValidator(values.duration(0, 3600))] = setting(
        30.0, "seconds", "How long a start keeps trying to reach the brokers."
    )
    restore_parallel: Annotated[int, BeforeValidator(values.count(1, 1000))] = setting(
        4, "shards", "How many shards are restored at a time."
    )
    compression: Annotated[
        _Compression | None, BeforeValidator(values.none_or(values.choice("zstd", "lz4", "snappy", "gzip")))
    ] = setting("zstd", "", "How batches are compressed: zstd, lz4, snappy, gzip, none.")
    batch: Annotated[int, BeforeValidator(values.size(1024, 100 * MIB))] = setting(
        MIB, "bytes", "Records of one partition travel in batches up to this, and never above the topics' limits."
    )
    max_request_size: Annotated[int, BeforeValidator(values.size(64 * 1024, 100 * MIB))] = setting(
        MIB, "bytes", "No record is larger, whatever the topics allow."
    )
    state_topic: Annotated[str, BeforeValidator(values.topic)] = setting(
        "telex.state", "name", "What telex remembers; compacted, one partition a shard."
    )
    inbox_topic: Annotated[str, BeforeValidator(values.topic)] = setting(
        "telex.inbox", "name", "Commands to the shards, one partition each."
    )
    events_topic: Annotated[str | None, BeforeValidator(values.none_or(values.topic))] = setting(
        "telex.events", "name", "Every event once more, in one order, for /events and `telex tail`; none leaves it out."
    )
    create_topics: Annotated[bool, BeforeValidator(values.yes_or_no)] = setting(
        default=True, unit="", description="Whether missing topics are created; else they are an error that says how."
    )
    begin_anew: Annotated[bool, BeforeValidator(values.yes_or_no)] = setting(
        default=False,
        unit="",
        description="Whether to start though state_topic is empty and events are there: they are published again.",
    )
    articles_partitions: Annotated[int, BeforeValidator(values.count(1, 1000))] = setting(
        6, "partitions", "Of each topic that events go to."
    )
    fan_out_partitions: Annotated[int, BeforeValidator(values.count(1, 64))] = setting(
        1, "partitions", "Of each topic of topics.fan_out; a commit may touch 64 partitions in all."
    )
    replication: Annotated[int | None, BeforeValidator(values.none_or(values.count(1, 100)))] = setting(
        None, "replicas", "Of each topic; none leaves it to the brokers."
    )
    min_insync: Annotated[int | None, BeforeValidator(values.none_or(values.count(1, 100)))] = setting(
        None, "replicas", "Without so many in step no commit succeeds; none leaves it to the brokers."
    )
    retention: Annotated[float, BeforeValidator(values.duration(60, 100 * YEAR))] = setting(
        30 * DAY, "seconds", "How long topics of events keep them."
    )
    events_retention: Annotated[float, BeforeValidator(values.duration(60, 100 * YEAR))] = setting(
        7 * DAY, "seconds", "How long events_topic keeps them: as far back as a reader of /events may resume."
    )
    inbox_retention: Annotated[float, BeforeValidator(values.duration(60, 100 * YEAR))] = setting(
        7 * DAY, "seconds", "How long commands are kept."
    )
    tls: Annotated[bool, BeforeValidator(values.yes_or_no)] = setting(
        default=False, unit="", description="Whether connections are encrypted."
    )
    ca_file: _File = _file("Authorities (PEM) that brokers' certificates are checked against; none takes the system's.")
    cert_file: _File = _file("Client certificate (PEM).")
    key_file: _File = _file("Its key (PEM), where cert_file does not hold it.")
    key_password: Annotated[str | None, BeforeValidator(values.none_or(values.text))] = setting(
        None, "", "The key's password.", secret=True
    )
    check_hostname: Annotated[bool, BeforeValidator(values.yes_or_no)] = setting(
        default=True, unit="", description="Whether a broker's certificate has to name its host."
    )
    sasl: Annotated[
        _Sasl | None,
        BeforeValidator(values.none_or(values.choice("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"))),
    ] = setting(None, "", "How to log in: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER.")
    username: Annotated[str | None, BeforeValidator(values.none_or(values.text))] = setting(
        None, "", "User name for PLAIN and SCRAM."
    )
    password: Annotated[str | None, BeforeValidator(values.none_or(values.text))] = setting(
        None, "", "Its password.", secret=True
    )
    password_file: _File = _file("File that holds the password, instead of `password`.")
    token_file: _File = _file("File that holds the token for OAUTHBEARER; read anew for each connection.")
