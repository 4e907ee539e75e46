"""Whether access rules let us do all that we will do: asked at the start, not learned at the first append."""

from collections.abc import Iterator, Mapping
from shlex import quote
from typing import Any, Final

from aiokafka.errors import IncompatibleBrokerVersion, NoError, for_code
from aiokafka.protocol.admin import DescribeGroupsRequest_v3, DescribeGroupsResponse_v3
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Boolean, Int16, Int32, Schema, String

from telex.adapters.kafka import topics
from telex.adapters.kafka.config import KafkaSettings
from telex.errors import ConfigurationError, Problem

_OPERATIONS: Final = {"Read": 3, "Write": 4, "Describe": 8}
"""Codes of Kafka's AclOperation: the bits of what is allowed."""
_NOT_SAID: Final = -(2**31)
_TEXT: Final = String("utf-8")
_BROKERS: Final = (("node_id", Int32), ("host", _TEXT), ("port", Int32), ("rack", _TEXT))
_PARTITIONS: Final = (
    ("error_code", Int16),
    ("partition", Int32),
    ("leader", Int32),
    ("leader_epoch", Int32),
    ("replicas", Array(Int32)),
    ("isr", Array(Int32)),
    ("offline_replicas", Array(Int32)),
)


class _MetadataResponse(Response):  # type: ignore[misc]  # aiokafka ships no types
    API_KEY = 3
    API_VERSION = 8
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("brokers", Array(*_BROKERS)),
        ("cluster_id", _TEXT),
        ("controller_id", Int32),
        (
            "topics",
            Array(
                ("error_code", Int16),
                ("topic", _TEXT),
                ("is_internal", Boolean),
                ("partitions", Array(*_PARTITIONS)),
                ("authorized_operations", Int32),
            ),
        ),
        ("cluster_authorized_operations", Int32),
    )


class _MetadataStruct(RequestStruct):  # type: ignore[misc]  # as above
    API_KEY = 3
    API_VERSION = 8
    RESPONSE_TYPE = _MetadataResponse
    SCHEMA = Schema(
        ("topics", Array(_TEXT)),
        ("allow_auto_topic_creation", Boolean),
        ("include_cluster_authorized_operations", Boolean),
        ("include_topic_authorized_operations", Boolean),
    )


class _AllowedOnTopics(Request[_MetadataStruct]):  # type: ignore[misc]  # as above
    """Metadata with what we may do (KIP-430); aiokafka's own ends at version 5."""

    API_KEY = 3

    def __init__(self, names: list[str]) -> None:
        self._names = names

    def build(self, request_struct_class: type[_MetadataStruct]) -> _MetadataStruct:
        return request_struct_class(self._names, False, False, True)


class _GroupsStruct(DescribeGroupsRequest_v3):  # type: ignore[misc]  # as above
    API_KEY = 15
    API_VERSION = 3
    RESPONSE_TYPE = DescribeGroupsResponse_v3
    SCHEMA = DescribeGroupsRequest_v3.SCHEMA


class _AllowedOnGroup(Request[_GroupsStruct]):  # type: ignore[misc]  # as above
    """A group with what we may do; aiokafka's own request reads the answer as that of version 2."""

    API_KEY = 15

    def __init__(self, name: str) -> None:
        self._name = name

    def build(self, request_struct_class: type[_GroupsStruct]) -> _GroupsStruct:
        return request_struct_class([self._name], True)


async def check(admin: Any, settings: KafkaSettings) -> None:
    """Ask what we may do to our topics and our group. Brokers that do not tell are believed to allow it.

    Raises:
        ConfigurationError: all that is missing, each with the command that grants it.
    """
    problems = [
        *_on_topics(settings, await _allowed_on_topics(admin, settings)),
        *_on_group(settings, await _allowed_on_group(admin, settings)),
    ]
    if problems:
        raise ConfigurationError(tuple(problems))


async def _allowed_on_topics(admin: Any, settings: KafkaSettings) -> Mapping[str, int]:
    names = [topic.name for topic in topics.wanted(settings)]
    try:
        response = await admin._send_request(_AllowedOnTopics(names))  # noqa: SLF001 - aiokafka has no such question
    except (IncompatibleBrokerVersion, NotImplementedError):
        return {}
    found = response.to_object()["topics"]
    return {
        topic["topic"]: topic["authorized_operations"] for topic in found if for_code(topic["error_code"]) is NoError
    }


async def _allowed_on_group(admin: Any, settings: KafkaSettings) -> int:
    coordinator = await admin.find_coordinator(settings.group)
    response = await admin._send_request(_AllowedOnGroup(settings.group), coordinator)  # noqa: SLF001 - as above
    [group] = response.to_object()["groups"]
    return int(group["authorized_operations"]) if for_code(group["error_code"]) is NoError else _NOT_SAID


async def count_members(admin: Any, settings: KafkaSettings) -> int:
    """How many members our group has; one with a stable name counts until its session is over.

    Raises:
        KafkaError: it cannot be said now.
    """
    coordinator = await admin.find_coordinator(settings.group)
    response = await admin._send_request(_AllowedOnGroup(settings.group), coordinator)  # noqa: SLF001 - as above
    [group] = response.to_object()["groups"]
    error = for_code(group["error_code"])
    if error is not NoError:
        raise error(settings.group)
    return len(group["members"])


def _on_topics(settings: KafkaSettings, allowed: Mapping[str, int]) -> Iterator[Problem]:
    ours = {settings.topics.state, settings.topics.inbox, settings.topics.events}
    for topic in topics.wanted(settings):
        needed = ("Describe", "Read", "Write") if topic.name in ours else ("Describe", "Write")
        missing = _missing(needed, allowed.get(topic.name, _NOT_SAID))
        if missing:
            yield _denied("a topic", topic.name, missing, f"--topic {quote(topic.name)}", settings)


def _on_group(settings: KafkaSettings, allowed: int) -> Iterator[Problem]:
    missing = _missing(("Describe", "Read"), allowed)
    if missing:
        yield _denied("the consumer group", settings.group, missing, f"--group {quote(settings.group)}", settings)


def _missing(needed: tuple[str, ...], allowed: int) -> list[str]:
    if allowed == _NOT_SAID:
        return []
    return [name for name in needed if not allowed >> _OPERATIONS[name] & 1]


def _denied(kind: str, name: str, missing: list[str], where: str, settings: KafkaSettings) -> Problem:
    who = settings.security.username or "NAME"
    operations = " ".join(f"--operation {each}" for each in missing)
    command = (
        f"kafka-acls.sh --bootstrap-server {','.join(settings.bootstrap)} --add "
        f"--allow-principal {quote(f'User:{who}')} {operations} {where}"
    )
    return Problem("kafka", None, None, name, f"access denied to {kind}: grant {' and '.join(missing)} on it", command)
