"""Which topics there have to be, what is wrong with those that are there, and the commands that mend it. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from shlex import quote
from types import MappingProxyType
from typing import Final

from telex.adapters.kafka.config import COMPACT, DELETE, KafkaSettings, milliseconds
from telex.errors import ConfigurationError, Problem

POLICY: Final = "cleanup.policy"
MAX_BYTES: Final = "max.message.bytes"
TIMESTAMPS: Final = "message.timestamp.type"
APPEND_TIME: Final = "LogAppendTime"
RETENTION: Final = "retention.ms"
MIN_INSYNC: Final = "min.insync.replicas"
UNCLEAN: Final = "unclean.leader.election.enable"
READ: Final = (POLICY, MAX_BYTES, TIMESTAMPS, RETENTION, MIN_INSYNC, UNCLEAN)
"""The settings of a topic that are looked at."""
_FRAME: Final = 64
_BLOCKS_SHARE: Final = 1024
COMMIT_PARTITIONS: Final = 64
"""So many partitions a commit may touch: each costs its share of every commit, and the first touch much more."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A topic as it has to be. `fixed`: any other number of partitions is refused."""

    name: str
    partitions: int
    policy: str
    fixed: bool = False
    append_time: bool = False
    config: Mapping[str, str] = field(default_factory=dict)

    @property
    def settings(self) -> dict[str, str]:
        """What it is created with."""
        stamped = {TIMESTAMPS: APPEND_TIME} if self.append_time else {}
        return {POLICY: self.policy} | stamped | dict(self.config)


@dataclass(frozen=True, slots=True)
class Found:
    """A topic as it is."""

    partitions: int
    config: Mapping[str, str]

    @property
    def max_bytes(self) -> int:
        """The largest batch that it takes."""
        return int(self.config.get(MAX_BYTES, 1 << 20))


@dataclass(frozen=True, slots=True)
class Limits:
    """How large records may be, by topic, and batches; and what is odd about the topics."""

    records: Mapping[str, int]
    batch: int
    doubts: tuple[str, ...] = ()

    @property
    def smallest(self) -> int:
        """A record of this size is taken by every topic."""
        return min(self.records.values())


def wanted(settings: KafkaSettings) -> tuple[Wanted, ...]:
    """All topics, ours and those of the events."""
    topics = settings.topics
    shared = {} if topics.min_insync is None else {"min.insync.replicas": str(topics.min_insync)}
    kept = shared | {"retention.ms": str(milliseconds(topics.retention))}
    # Small segments: a compacted topic is only compacted behind the segment that is written to.
    compacted = shared | {"segment.bytes": str(64 << 20), "min.cleanable.dirty.ratio": "0.2"}
    inbox = shared | {"retention.ms": str(milliseconds(topics.inbox_retention))}
    merged = shared | {"retention.ms": str(milliseconds(topics.events_retention))}
    found = [
        Wanted(topics.state, settings.shards, COMPACT, fixed=True, config=compacted),
        Wanted(topics.inbox, settings.shards, DELETE, fixed=True, config=inbox),
        Wanted(topics.articles, topics.articles_partitions, DELETE, config=kept),
        Wanted(topics.feeds, 1, COMPACT, config=compacted),
        Wanted(topics.feedlog, 1, DELETE, config=kept),
        Wanted(topics.deadletters, 1, DELETE, config=kept),
    ]
    found += [Wanted(name, topics.fan_out_partitions, DELETE, config=kept) for name in topics.fan_out]
    if topics.current is not None:
        found.append(Wanted(topics.current, topics.articles_partitions, COMPACT, config=compacted))
    if topics.events is not None:
        # The broker's time: positions have to be in the order of time, whatever the clocks of the members say.
        found.append(Wanted(topics.events, 1, DELETE, fixed=True, append_time=True, config=merged))
    return tuple(found)


def compacted_topics(settings: KafkaSettings) -> frozenset[str]:
    """Where a record without a value is a tombstone."""
    current = settings.topics.current
    return frozenset({settings.topics.feeds} if current is None else {settings.topics.feeds, current})


def check_commit(settings: KafkaSettings, partitions: Mapping[str, int]) -> None:
    """Refuse topics of so many partitions that commits would be slow.

    Raises:
        ConfigurationError: a commit could touch more than `COMMIT_PARTITIONS`; it says which and how many.
    """
    topics = settings.topics
    # Of the state topic a commit touches the shard's partition alone, of the inbox none.
    touched = {name: partitions[name] for name in topics.names if name not in {topics.state, topics.inbox}}
    total = 1 + sum(touched.values())
    if total > COMMIT_PARTITIONS:
        listed = ", ".join(f"{name} {count}" for name, count in touched.items())
        what = (
            f"a commit could touch {total} partitions, and {COMMIT_PARTITIONS} are the most: 1 of the state, {listed}"
        )
        remedy = "set fewer rules in topics.fan_out, or fewer kafka.fan_out_partitions or kafka.articles_partitions"
        raise ConfigurationError((Problem("kafka", None, None, "topics", what, remedy),))


def create_command(topic: Wanted, settings: KafkaSettings) -> str:
    """The command that creates a topic."""
    copies = [] if settings.topics.replication is None else [f"--replication-factor {settings.topics.replication}"]
    config = [f"--config {quote(f'{key}={value}')}" for key, value in topic.settings.items()]
    return " ".join(
        [
            _tool("kafka-topics.sh", settings),
            f"--create --topic {quote(topic.name)} --partitions {topic.partitions}",
            *copies,
            *config,
        ]
    )


def missing(topics: Iterable[Wanted], settings: KafkaSettings, why: str) -> ConfigurationError:
    """The error that lists the topics that are not there, each with the command that creates it."""
    return ConfigurationError(
        tuple(
            Problem(
                "kafka", None, None, topic.name, f"the topic does not exist, {why}", create_command(topic, settings)
            )
            for topic in topics
        )
    )


def check(settings: KafkaSettings, found: Mapping[str, Found]) -> None:
    """Refuse topics that would lose what we put there.

    Raises:
        ConfigurationError: all that is wrong, with what to do.
    """
    problems = [problem for topic in wanted(settings) for problem in _problems(topic, found[topic.name], settings)]
    if problems:
        raise ConfigurationError(tuple(problems))
    check_commit(settings, {name: topic.partitions for name, topic in found.items()})


def doubts(settings: KafkaSettings, found: Mapping[str, Found]) -> tuple[str, ...]:
    """What an operator may not have meant: topics that were not made as the settings say, and what weakens the promise."""
    return tuple(words for topic in wanted(settings) for words in _doubts(topic, found[topic.name]))


def _doubts(topic: Wanted, found: Found) -> Iterator[str]:
    if found.partitions != topic.partitions:
        yield f"{topic.name} has {found.partitions} partitions, the settings say {topic.partitions}"
    for key in (RETENTION, MIN_INSYNC):
        meant, there = topic.settings.get(key), found.config.get(key)
        if meant is not None and there is not None and meant != there:
            yield f"{topic.name} has {key}={there}, the settings say {meant}"
    if found.config.get(UNCLEAN) == "true":
        yield f"{topic.name} has {UNCLEAN}=true: what was confirmed may be lost with a broker"


def _problems(topic: Wanted, found: Found, settings: KafkaSettings) -> Iterator[Problem]:
    policy = found.config.get(POLICY, "")
    policies = {part.strip() for part in policy.split(",")}
    if topic.name == settings.topics.state and policies != {COMPACT}:
        what = f"cleanup.policy is {policy!r}: memories older than its retention would be deleted"
        yield _problem(topic, what, _alter(topic, POLICY, COMPACT, settings))
    elif topic.policy not in policies:
        yield _problem(topic, f"cleanup.policy is {policy!r}", _alter(topic, POLICY, topic.policy, settings))
    elif topic.policy == DELETE and COMPACT in policies:
        what = f"cleanup.policy is {policy!r}: earlier events of the same article would be removed"
        yield _problem(topic, what, _alter(topic, POLICY, DELETE, settings))
    if topic.fixed and found.partitions != topic.partitions:
        what = f"has {found.partitions} partitions, and {topic.partitions} are needed"
        yield _problem(topic, what, _repartition(topic, found, settings))
    if topic.append_time and found.config.get(TIMESTAMPS) != APPEND_TIME:
        what = f"{TIMESTAMPS} is {found.config.get(TIMESTAMPS)!r}"
        yield _problem(topic, what, _alter(topic, TIMESTAMPS, APPEND_TIME, settings))


def _repartition(topic: Wanted, found: Found, settings: KafkaSettings) -> str:
    if topic.name in {settings.topics.state, settings.topics.inbox}:
        return (
            f"set log.shards to {found.partitions}; memories are found by their shard, so the number of partitions "
            "must never be altered by hand"
        )
    return f"delete the topic, then {create_command(topic, settings)}"


def _alter(topic: Wanted, key: str, value: str, settings: KafkaSettings) -> str:
    tool = _tool("kafka-configs.sh", settings)
    return f"{tool} --alter --entity-type topics --entity-name {quote(topic.name)} --add-config {key}={value}"


def _tool(name: str, settings: KafkaSettings) -> str:
    return f"{name} --bootstrap-server {','.join(settings.bootstrap)}"


def _problem(topic: Wanted, what: str, remedy: str) -> Problem:
    return Problem("kafka", None, None, topic.name, what, remedy)


def limits(settings: KafkaSettings, found: Mapping[str, Found]) -> Limits:
    """What records and batches may measure: telex's own limit, or the topic's where that is smaller."""
    topics = settings.topics
    names = [topic.name for topic in wanted(settings)]
    # What stands in another topic once more has to fit there, too.
    merged = () if topics.events is None else (topics.events,)
    copies = dict.fromkeys((topics.feeds, topics.feedlog, topics.deadletters), merged)
    copies[topics.articles] = (*merged, *topics.derived)
    room = {name: _room(settings, found[name].max_bytes) for name in names}
    records = {
        name: min(settings.max_request_size, *(room[each] for each in (name, *copies.get(name, ())))) for name in names
    }
    # A batch above its topic's limit is refused whole; aiokafka does not split it.
    batch = min(settings.batch_size, *room.values())
    return Limits(MappingProxyType(records), batch, doubts(settings, found))


def _room(settings: KafkaSettings, limit: int) -> int:
    """Bytes before compression that surely stay within a topic's limit.

    What cannot be compressed grows by the headers of frames and blocks, and aiokafka sends it all the same. No format
    adds more than a byte for each 1,024 (snappy, of small blocks).
    """
    return limit if settings.compression is None else limit - _FRAME - limit // _BLOCKS_SHARE
