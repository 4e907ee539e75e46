"""schemas/asyncapi.yaml: the structure that AsyncAPI 3.0 asks for, references that resolve, and the code's own words."""

import json
import posixpath

import pytest
import yaml

from support.schema_validation import HEADERS, OPTIONAL_HEADERS
from telex.core.selection import Selection
from telex.web.filters import PARAMETERS
from telex.wire import schemas
from telex.wire.topics import CONTROL, SCHEMAS, EventType, FanOut, Naming

DOCUMENT = yaml.safe_load((schemas.directory() / "asyncapi.yaml").read_bytes())
MESSAGES = DOCUMENT["components"]["messages"]
BINARY = {key: message for key, message in MESSAGES.items() if message["contentType"] == "application/json"}
STRUCTURED = {key: MESSAGES[key] for key in MESSAGES.keys() - BINARY.keys()}
DAYS_30 = 30 * 24 * 3600 * 1000
ALLOWED = {
    "root": {"asyncapi", "id", "info", "servers", "defaultContentType", "channels", "operations", "components"},
    "channel": {"address", "messages", "title", "summary", "description", "servers", "parameters", "tags", "bindings"},
    "operation": {"action", "channel", "title", "summary", "description", "security", "tags", "bindings", "messages"},
    "message": {
        "headers", "payload", "correlationId", "contentType", "name", "title", "summary", "description", "tags",
        "bindings", "examples", "traits",
    },
    "parameter": {"enum", "default", "description", "examples", "location"},
    "example": {"headers", "payload", "name", "summary"},
}  # fmt: skip
"""The fixed fields of the objects of AsyncAPI 3.0 that the document uses (specification, section "Schema")."""


def references(node):
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for member in node.values():
            yield from references(member)
    elif isinstance(node, list):
        for member in node:
            yield from references(member)


def resolve(reference: str):
    file, _, pointer = reference.partition("#")
    node = json.loads(schemas.load(posixpath.normpath(file).removesuffix(".json"))) if file else DOCUMENT
    for step in pointer.split("/")[1:]:
        node = node[step.replace("~1", "/").replace("~0", "~")]
    return node


def messages_of(channel: str) -> set[str]:
    return {resolve(message["$ref"])["name"] for message in DOCUMENT["channels"][channel]["messages"].values()}


def test_the_document_has_what_asyncapi_3_asks_for_and_nothing_unknown():
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= DOCUMENT["info"].keys()
    assert DOCUMENT.keys() <= ALLOWED["root"]
    for channel in DOCUMENT["channels"].values():
        assert channel.keys() <= ALLOWED["channel"]
        assert channel["messages"]
        for parameter in channel.get("parameters", {}).values():
            assert parameter.keys() <= ALLOWED["parameter"]
    for operation in DOCUMENT["operations"].values():
        assert operation.keys() <= ALLOWED["operation"]
        assert operation["action"] in {"send", "receive"}
        assert resolve(operation["channel"]["$ref"]) in DOCUMENT["channels"].values()
    for message in MESSAGES.values():
        assert message.keys() <= ALLOWED["message"]
        assert message["payload"].keys() == {"schemaFormat", "schema"}
        assert all(example.keys() <= ALLOWED["example"] for example in message["examples"])


def test_every_reference_resolves():
    found = list(references(DOCUMENT))
    assert len(found) > 50
    for reference in found:
        assert isinstance(resolve(reference), dict), reference


def test_a_reference_that_leads_nowhere_is_noticed():
    for reference in ("#/components/messages/Nothing", "./article/2.json", "./examples/telex.slow.json#/nothing"):
        with pytest.raises(KeyError):
            resolve(reference)


def test_every_channel_has_one_operation():
    channels = [operation["channel"]["$ref"] for operation in DOCUMENT["operations"].values()]
    assert sorted(channels) == sorted(f"#/channels/{key}" for key in DOCUMENT["channels"])


def test_the_topics_are_those_of_the_code_and_carry_the_types_of_the_code():
    addresses = {channel["address"]: key for key, channel in DOCUMENT["channels"].items()}
    derived = Naming(current=schemas.CURRENT, fan_out=(FanOut("{slug}", Selection()),)).derived()
    assert addresses.keys() == {*Naming().topics(), *derived, "/events"}
    assert {frozenset(messages_of(addresses[topic])) for topic in derived} == {frozenset(messages_of("articles"))}
    for topic in Naming().topics():
        types = {kind.value for kind in EventType if kind not in CONTROL and Naming().topic_of(kind) == topic}
        assert messages_of(addresses[topic]) == types
    assert messages_of("events") == set(EventType)


def test_the_stream_has_the_filters_of_the_code():
    query = DOCUMENT["operations"]["streamEvents"]["bindings"]["http"]["query"]["properties"]
    assert set(PARAMETERS) < query.keys()


@pytest.mark.parametrize(
    ("channel", "cleanup", "retention"),
    [
        ("articles", "delete", DAYS_30),
        ("current", "compact", None),
        ("fanOut", "delete", DAYS_30),
        ("feeds", "compact", None),
        ("feedlog", "delete", DAYS_30),
        ("deadletters", "delete", DAYS_30),
    ],
)
def test_topics_are_kept_as_designed(channel, cleanup, retention):
    kafka = DOCUMENT["channels"][channel]["bindings"]["kafka"]
    assert kafka["topic"] == DOCUMENT["channels"][channel]["address"]
    assert kafka["topicConfiguration"]["cleanup.policy"] == [cleanup]
    assert kafka["topicConfiguration"].get("retention.ms") == retention


@pytest.mark.parametrize("key", sorted(BINARY))
def test_a_message_of_a_topic_names_its_schema_key_headers_and_example(key):
    message = BINARY[key]
    kind = EventType(message["name"])
    assert message["payload"]["schema"]["$ref"] == f"./{SCHEMAS[kind]}.json"
    assert message["bindings"]["kafka"]["key"]["type"] == "string"
    headers = resolve(message["headers"]["$ref"])["properties"]
    assert headers["ce_type"] == {"const": kind.value}
    assert headers["ce_dataschema"]["pattern"] == rf"/schemas/{SCHEMAS[kind]}\.json$"
    assert message["examples"][0]["payload"]["$ref"] == f"./examples/{kind}.json#/data"


@pytest.mark.parametrize("key", sorted(STRUCTURED))
def test_a_message_of_the_stream_is_a_structured_event(key):
    message = STRUCTURED[key]
    kind = EventType(message["name"])
    assert message["contentType"] == "application/cloudevents+json"
    assert message["payload"]["schema"]["$ref"] == f"./events/{kind}.json"
    assert message["examples"][0]["payload"]["$ref"] == f"./examples/{kind}.json"


def test_the_headers_are_those_that_records_carry():
    headers = DOCUMENT["components"]["schemas"]["BinaryHeaders"]
    assert tuple(headers["required"]) == HEADERS
    assert headers["properties"].keys() == {*HEADERS, *OPTIONAL_HEADERS}


def test_every_message_is_used():
    used = {reference for channel in DOCUMENT["channels"].values() for reference in references(channel)}
    assert used == {f"#/components/messages/{key}" for key in MESSAGES}
