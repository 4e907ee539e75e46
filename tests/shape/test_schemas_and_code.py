"""The schemas and the dataclasses check each other: names, kinds, nullability, enums."""

import dataclasses
import json
import types
import typing
from enum import StrEnum

import pytest

from telex.core import events, model
from telex.wire import schemas
from telex.wire.topics import EventType

INSTANTS = {
    "at",
    "fetched_at",
    "first_seen_at",
    "last_seen_at",
    "missing_since",
    "published_at",
    "since",
    "updated_at",
}
"""Fields that are seconds in the code and RFC 3339 on the wire; any other float is a number."""

WORDS = {
    (model.Article, "published_at_source"): {"feed", "page", "url"},
    (model.Article, "significance"): {"typo", "correction", "rewrite", "headline"},
    (model.Place, "role"): {"subject", "mentioned"},
}
"""Fields that are plain text in the code but one of a few words by their documentation."""

ON_THE_WIRE_ONLY = {events.DeadLetter: {"body_base64": str, "truncated": bool}}
IN_THE_CODE_ONLY = {events.DeadLetter: {"body"}}

PAIRS = [
    (model.Article, "article/1", None),
    (model.Author, "article/1", "author"),
    (model.Source, "article/1", "source"),
    (model.Evidence, "article/1", "evidence"),
    (model.Topic, "article/1", "topic"),
    (model.Place, "article/1", "place"),
    (model.Mention, "article/1", "mention"),
    (model.Media, "article/1", "media"),
    (model.Change, "article/1", "change"),
    (model.Provenance, "article/1", "provenance"),
    (events.FeedStatus, "feed-status/1", None),
    (events.FeedGap, "feed-gap/1", None),
    (events.FeedMoved, "feed-moved/1", None),
    (events.FeedRetired, "feed-retired/1", None),
    (events.DeadLetter, "dead-letter/1", None),
]
BY_CLASS = {cls: part for cls, _, part in PAIRS}
CASES = [pytest.param(cls, name, part, id=cls.__name__) for cls, name, part in PAIRS]


def node(name, part):
    schema = json.loads(schemas.load(name))
    return schema["$defs"][part] if part else schema


def hints(cls):
    inside = {
        key: value for key, value in typing.get_type_hints(cls).items() if key not in IN_THE_CODE_ONLY.get(cls, ())
    }
    return inside | ON_THE_WIRE_ONLY.get(cls, {})


def expected(cls, field, hint):
    """What the schema must say of a field, as (JSON types, format, enum, $ref, items)."""
    nullable = isinstance(hint, types.UnionType) and types.NoneType in typing.get_args(hint)
    if nullable:
        (hint,) = (member for member in typing.get_args(hint) if member is not types.NoneType)
    while isinstance(hint, typing.NewType):
        hint = hint.__supertype__
    if typing.get_origin(hint) is tuple:
        item, ellipsis = typing.get_args(hint)
        assert ellipsis is Ellipsis
        assert not nullable, "lists are never null"
        return {"type": {"array"}, "items": expected(cls, None, item)}
    if dataclasses.is_dataclass(hint):
        assert not nullable, "objects are never null"
        return {"$ref": f"#/$defs/{BY_CLASS[hint]}"}
    words = {member.value for member in hint} if issubclass(hint, StrEnum) else WORDS.get((cls, field))
    kind = {int: "integer", bool: "boolean", str: "string", float: "number"}.get(hint, "string")
    rule = {"type": {"string" if field in INSTANTS else kind} | ({"null"} if nullable else set())}
    if field in INSTANTS:
        assert hint is float
        rule["format"] = "date-time"
    if words is not None:
        rule["enum"] = words | ({None} if nullable else set())
    return rule


def stated(member):
    """What the schema says of a field, in the form of `expected`."""
    if "$ref" in member:
        return {"$ref": member["$ref"]}
    kinds = member["type"]
    rule = {"type": {kinds} if isinstance(kinds, str) else set(kinds)}
    if "items" in member:
        rule["items"] = stated(member["items"])
    if member.get("format") == "date-time":
        rule["format"] = "date-time"
    if "enum" in member:
        rule["enum"] = set(member["enum"])
    return rule


@pytest.mark.parametrize(("cls", "name", "part"), CASES)
def test_fields_and_members_have_the_same_names_kinds_nullability_and_words(cls, name, part):
    properties = node(name, part)["properties"]
    assert {key: stated(member) for key, member in properties.items()} == {
        field: expected(cls, field, hint) for field, hint in hints(cls).items()
    }


@pytest.mark.parametrize(("cls", "name", "part"), CASES)
def test_every_field_is_required(cls, name, part):
    assert set(node(name, part)["required"]) == set(hints(cls))


def test_every_value_inside_an_article_and_every_event_is_compared():
    parts = json.loads(schemas.load("article/1"))["$defs"]
    assert {part for _, name, part in PAIRS if name == "article/1"} == {None, *parts}
    assert set(typing.get_args(events.FeedEvent)) == {cls for cls, name, _ in PAIRS if name != "article/1"}


def test_the_comparison_sees_each_kind_of_difference():
    properties = node("article/1", None)["properties"]
    rule = expected(model.Article, "significance", str | None)
    assert stated(properties["significance"]) == rule
    for change in ({"type": "string"}, {"enum": ["typo", None]}, {"format": "date-time"}):
        assert stated(properties["significance"] | change) != rule
    assert stated(properties["feeds"] | {"items": {"type": "integer"}}) != expected(
        model.Article, "feeds", tuple[model.FeedId, ...]
    )


def test_every_type_of_the_code_is_a_const_of_its_schema():
    for kind in EventType:
        assert json.loads(schemas.load(f"events/{kind}"))["properties"]["type"] == {"const": kind.value}
