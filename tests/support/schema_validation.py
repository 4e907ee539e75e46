"""Validates events and records against the schemas, formats included. Any test that sees an event may use it."""

import json
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from telex.core.records import Record
from telex.wire import cloudevents, schemas
from telex.wire.topics import SCHEMAS, EventType

BASE = "https://telex.invalid/schemas/"
"""Where the schemas are imagined to be served, so that their relative references resolve."""

HEADERS = (
    "ce_specversion",
    "ce_id",
    "ce_source",
    "ce_type",
    "ce_subject",
    "ce_time",
    "ce_dataschema",
    "content-type",
)
OPTIONAL_HEADERS = frozenset({"traceparent", "ce_topics", "ce_places", "ce_language"})


def _retrieve(uri: str) -> Resource[Any]:
    return Resource.from_contents(json.loads(schemas.load(uri.removeprefix(BASE).removesuffix(".json"))))


@cache
def validator(name: str) -> Draft202012Validator:
    """The validator of the schema called `name`, e.g. "article/1"."""
    registry: Registry[Any] = Registry(retrieve=_retrieve)
    return Draft202012Validator(
        {"$ref": f"{BASE}{name}.json"}, registry=registry, format_checker=Draft202012Validator.FORMAT_CHECKER
    )


def problems(name: str, value: object) -> list[str]:
    """What is wrong with a value by the schema called `name`, each with its place; empty where it is valid."""
    return [f"{error.json_path}: {error.message}" for error in validator(name).iter_errors(value)]


def assert_valid_event(event: dict[str, Any]) -> None:
    """A parsed structured CloudEvent is what the schema of its type says."""
    kind = EventType(event["type"])
    found = problems(f"events/{kind}", event)
    assert not found, f"{event.get('id')}: " + "; ".join(found)
    assert event["dataschema"].endswith(f"/schemas/{SCHEMAS[kind]}.json")


def assert_valid_record(record: Record) -> None:
    """A record is a CloudEvent in the binary mode of the Kafka binding, keyed by its subject, and a valid event."""
    names = [name for name, _ in record.headers]
    assert len(set(names)) == len(names), names
    assert set(HEADERS) <= set(names) <= set(HEADERS) | OPTIONAL_HEADERS, names
    headers = dict(record.headers)
    assert record.key == headers["ce_subject"]
    assert headers["content-type"] == "application/json"
    assert_valid_event(cloudevents.parse_structured(cloudevents.structured(record)))
