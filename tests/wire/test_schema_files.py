"""The schemas as files: found, named, well-formed, open, described, and strict where they must be."""

import copy
import json
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

import telex
from support.schema_validation import assert_valid_event, problems
from telex.core.selection import Selection
from telex.wire import schemas
from telex.wire.cloudevents import event_from_structured, parse_structured, records, structured
from telex.wire.topics import CONTROL, SCHEMAS, EventType, FanOut, Naming

OURS = tuple(name for name in schemas.schema_names() if name not in {"catalogue", "taxonomy"})
"""The schemas of what telex writes; those of what it reads, catalogue and taxonomy, are closed."""
EXAMPLE_NAMING = Naming(public_url="https://telex.example")


def nodes(schema, path=""):
    """Every schema inside a schema, with its path."""
    yield path, schema
    for word in ("properties", "$defs"):
        for name, member in schema.get(word, {}).items():
            yield from nodes(member, f"{path}/{word}/{name}")
    if "items" in schema:
        yield from nodes(schema["items"], f"{path}/items")
    for index, member in enumerate(schema.get("allOf", ())):
        yield from nodes(member, f"{path}/allOf/{index}")


def example(name: str) -> dict:
    return json.loads(schemas.load(f"examples/{name}"))


@pytest.mark.parametrize("name", schemas.schema_names())
def test_a_schema_is_json_schema_2020_12_and_says_so(name):
    schema = json.loads(schemas.load(name))
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("name", OURS)
def test_objects_are_open_and_everything_is_described(name):
    for path, node in nodes(json.loads(schemas.load(name))):
        assert not {"additionalProperties", "unevaluatedProperties", "$id"} & set(node), path
        # What an item is, its list says; what a reference is, its target; in an event, the shared envelope describes.
        if not path.endswith("/items") and not ("$ref" in node or (name.startswith("events/telex.") and path)):
            assert node.get("description"), f"{name}{path}"


@pytest.mark.parametrize("name", sorted(set(SCHEMAS.values())))
def test_every_member_of_the_data_is_always_present(name):
    for path, node in nodes(json.loads(schemas.load(name))):
        assert sorted(node.get("required", ())) == sorted(node.get("properties", ())), path


def test_every_type_has_a_schema_of_its_data_and_one_of_its_events_and_there_are_no_others():
    expected = {*SCHEMAS.values(), *(f"events/{kind}" for kind in EventType), "events/cloudevent"}
    assert set(OURS) == expected


def test_every_type_has_an_example_and_every_example_a_type():
    assert {example(name.removeprefix("examples/"))["type"] for name in schemas.example_names()} == set(EventType)


@pytest.mark.parametrize("name", schemas.example_names())
def test_an_example_is_valid_and_just_what_telex_would_write(name):
    event = json.loads(schemas.load(name))
    assert_valid_event(event)
    if event["type"] not in CONTROL:
        (record,) = records(event_from_structured(event), EXAMPLE_NAMING)
        assert parse_structured(structured(record)) == event


@pytest.mark.parametrize("name", schemas.example_names())
def test_an_example_without_any_one_member_is_invalid(name):
    event = json.loads(schemas.load(name))
    kind = SCHEMAS[EventType(event["type"])]
    optional = {"subject"} if event["type"] in CONTROL else {"topics", "places", "language"}
    for member in event.keys() - optional:
        assert problems(f"events/{event['type']}", {k: v for k, v in event.items() if k != member}), member
    for member in event["data"]:
        assert problems(kind, {k: v for k, v in event["data"].items() if k != member}), member


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("first_seen_at", "2026-02-05 06:32"),
        ("published_at", "Thu, 05 Feb 2026 06:32:05 GMT"),
        ("first_seen_at", None),
        ("url", "https://example.org/a b"),
        ("link", "/relative"),
        ("source.feed_url", None),
        ("source.profile", "royal"),
        ("source.profile", None),
        ("significance", "huge"),
        ("published_at_source", "clock"),
        ("provenance.body_from", "mail"),
        ("places.0.role", "neighbour"),
        ("topics", None),
        ("topics.0.confidence", 1.01),
        ("topics.0.evidence.0.offset", -1),
        ("feeds", "fleuve-une"),
        ("media.0.width", 0.5),
        ("authors.0.name", 7),
        ("version", 0),
        ("version", "1"),
        ("id", ""),
    ],
)
def test_a_wrong_value_in_an_article_is_caught(path, value):
    data = copy.deepcopy(example("telex.article.published")["data"])
    assert problems("article/1", data) == []
    place = data
    *way, last = (int(step) if step.isdigit() else step for step in path.split("."))
    for step in way:
        place = place[step]
    place[last] = value
    assert problems("article/1", data)


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("specversion", "0.3"),
        ("source", "https://host.example/publishers/x"),
        ("source", "/publishers/a/b"),
        ("type", "telex.article.updated"),
        ("time", "now"),
        ("dataschema", "/schemas/article/1.json"),
        ("dataschema", "https://telex.example/schemas/feed-gap/1.json"),
        ("datacontenttype", "text/plain"),
        ("data", []),
        ("subject", ""),
    ],
)
def test_a_wrong_attribute_of_an_event_is_caught(attribute, value):
    event = example("telex.article.published") | {attribute: value}
    assert problems("events/telex.article.published", event)


def test_members_that_a_reader_does_not_know_make_nothing_invalid():
    event = example("telex.article.published")
    event["comexampleextension"] = 1
    event["data"]["added"] = event["data"]["source"]["added"] = event["data"]["topics"][0]["added"] = [{}]
    assert_valid_event(event)


@pytest.mark.parametrize(
    "name", ["", "article", "article/2", "../pyproject", "article/../article/1", "/article/1", "released/1/article/1"]
)
def test_a_name_that_is_none_gives_nothing(name):
    with pytest.raises(KeyError):
        schemas.load(name)


def test_names_are_sorted_and_are_the_paths_they_are_served_at():
    names = schemas.schema_names()
    assert all(before < after for before, after in pairwise(names))
    assert all((schemas.directory() / f"{name}.json").read_bytes() == schemas.load(name) for name in names)


def test_the_served_asyncapi_names_this_installations_topics_and_addresses():
    rules = tuple(FanOut(slug, Selection(countries=frozenset({"SN"}))) for slug in ("sport", "senegal"))
    naming = Naming("https://t.example/telex/", "a-1", "b.2", "c_3", "d", "e.5", rules, "by-rule.")
    served = schemas.asyncapi(naming).decode()
    document = yaml.safe_load(served)
    channels = document["channels"]
    addresses = {
        "articles": "a-1",
        "current": "e.5",
        "fanOut": "by-rule.{slug}",
        "feeds": "b.2",
        "feedlog": "c_3",
        "deadletters": "d",
        "events": "/events",
    }
    assert {key: channel["address"] for key, channel in channels.items()} == addresses
    assert all(
        channel["bindings"]["kafka"]["topic"] == addresses[key] for key, channel in channels.items() if key != "events"
    )
    assert channels["fanOut"]["parameters"]["slug"]["enum"] == ["sport", "senegal"]
    assert "./" not in served
    published = document["components"]["messages"]["ArticlePublished"]
    assert published["payload"]["schema"]["$ref"] == "https://t.example/telex/schemas/article/1.json"


def test_the_served_asyncapi_keeps_the_usual_names_of_topics_that_are_not_there():
    channels = yaml.safe_load(schemas.asyncapi(Naming()))["channels"]
    assert channels["current"]["address"] == "news.articles.current"
    assert channels["fanOut"]["parameters"]["slug"]["enum"] == []


def test_the_wheel_carries_the_schemas_to_where_they_are_looked_for():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))
    package = Path(telex.__file__).parent
    (target,) = [
        target
        for source, target in project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"].items()
        if source == "schemas"
    ]
    assert package.parent / target == schemas._PACKAGED
