"""Events ↔ records ↔ structured CloudEvents."""

import base64
import hashlib
from dataclasses import replace
from typing import get_args
from urllib.parse import unquote

import orjson
import pytest
from hypothesis import given, settings

from support.schema_validation import assert_valid_event, assert_valid_record
from support.wire_strategies import events
from telex.core.events import DeadLetter, Event, FeedGap, FeedStatus, Health
from telex.core.model import FeedId, Publisher
from telex.core.records import Record
from telex.core.selection import Selection
from telex.wire import articles, cloudevents, schemas
from telex.wire.cloudevents import event_from_record, event_from_structured, parse_structured, records, structured
from telex.wire.feed_events import DEAD_LETTER_BYTES
from telex.wire.topics import CONTROL, EventType, FanOut, Naming

NAMING = Naming(public_url="https://telex.example/")
GAP = FeedGap(FeedId("f"), Publisher("example.org"), 7, 1770273125.25, 1770273000.0, 20)


def example(kind: str):
    return event_from_structured(parse_structured(schemas.load(f"examples/{kind}")))


def headers(record: Record) -> dict[str, str]:
    return dict(record.headers)


@settings(deadline=None)
@given(events())
def test_every_event_is_one_valid_record_and_comes_back_exactly(event):
    (record,) = records(event, NAMING)
    assert_valid_record(record)
    assert event_from_record(record) == event
    line = structured(record)
    assert b"\n" not in line
    assert event_from_structured(parse_structured(line)) == event


def test_an_article_event_has_the_headers_of_the_kafka_binding():
    event = example("telex.article.updated")
    (record,) = records(event, NAMING)
    assert record.topic == "news.articles"
    assert record.key == event.article.id
    assert record.value == articles.to_json(event.article)
    assert record.headers == (
        ("ce_specversion", "1.0"),
        ("ce_id", f"{event.article.id}:2"),
        ("ce_source", "/publishers/courrier-du-fleuve.example"),
        ("ce_type", "telex.article.updated"),
        ("ce_subject", event.article.id),
        ("ce_time", "2026-02-05T07:14:20Z"),
        ("ce_dataschema", "https://telex.example/schemas/article/1.json"),
        ("ce_topics", "medtop:11000000"),
        ("ce_places", "SN"),
        ("ce_language", "fr"),
        ("content-type", "application/json"),
    )


def test_the_headers_of_tags_name_what_is_likely_and_stay_small():
    event = example("telex.article.updated")
    sure, unsure = event.article.topics[0], replace(event.article.topics[0], code="medtop:15000000", confidence=0.49)
    many = tuple(replace(sure, code=f"own:{number:04}") for number in range(300))
    (record,) = records(replace(event, article=replace(event.article, topics=(unsure, *many), places=())), NAMING)
    named = headers(record)
    assert named["ce_topics"].startswith("own:0000,own:0001,")
    assert 950 < len(named["ce_topics"]) <= 1000
    assert "ce_places" not in named


@pytest.mark.parametrize(
    ("kind", "topic", "word"),
    [
        ("telex.feed.status", "news.feeds", "status"),
        ("telex.feed.gap", "news.feedlog", "gap"),
        ("telex.feed.moved", "news.feedlog", "moved"),
        ("telex.feed.retired", "news.feedlog", "retired"),
        ("telex.deadletter", "news.deadletters", "deadletter"),
    ],
)
def test_a_feed_event_is_keyed_by_its_feed_and_named_by_its_ordinal(kind, topic, word):
    event = example(kind)
    (record,) = records(event, NAMING)
    assert (record.topic, record.key) == (topic, event.feed)
    assert headers(record)["ce_id"] == f"{event.feed}:{word}:{event.ordinal}"
    assert headers(record)["ce_subject"] == event.feed
    assert headers(record)["ce_type"] == kind


def test_topics_are_called_what_the_installation_calls_them():
    naming = Naming("https://t.example", "a", "b", "c", "d")
    topics = {records(example(kind), naming)[0].topic for kind in EventType if kind not in CONTROL}
    assert topics == {"a", "b", "c", "d"} == set(naming.topics())


RULES = (
    FanOut("senegal", Selection.of(countries=["sn"])),
    FanOut("wolof", Selection.of(languages=["wo"])),
    FanOut("economy", Selection.of(categories=["ÉCONOMIE"])),
)
DERIVED = Naming("https://telex.example", current="news.articles.current", fan_out=RULES)


def fanned_out(event: Event) -> list[str]:
    own, *others = records(event, DERIVED)
    assert all(replace(other, topic=own.topic) == own for other in others)
    return [other.topic for other in others]


@settings(deadline=None)
@given(events())
def test_every_repetition_of_an_event_in_a_derived_topic_is_valid(event):
    for record in records(event, DERIVED):
        assert_valid_record(record)


def test_an_article_event_is_repeated_in_the_topics_that_want_it():
    event = example("telex.article.published")
    article = replace(event.article, language="fr", categories=("Économie",))
    article = replace(article, source=replace(article.source, country="FR"))
    assert fanned_out(replace(event, article=article)) == ["news.articles.current", "news.topic.economy"]
    article = replace(article, source=replace(article.source, country="SN"), categories=(), language="wo-SN")
    assert fanned_out(replace(event, article=article)) == [
        "news.articles.current",
        "news.topic.senegal",
        "news.topic.wolof",
    ]


def test_a_withdrawal_is_repeated_wherever_the_article_may_be():
    event = example("telex.article.withdrawn")
    source = replace(event.article.source, country="FR")
    article = replace(event.article, source=source, language=None, categories=())
    assert fanned_out(replace(event, article=article)) == [
        "news.articles.current",
        "news.topic.wolof",
        "news.topic.economy",
    ]


@pytest.mark.parametrize("kind", ["telex.feed.status", "telex.feed.gap", "telex.deadletter"])
def test_an_event_of_a_feed_is_repeated_nowhere(kind):
    assert fanned_out(example(kind)) == []


def test_a_tombstone_is_for_the_topic_of_latest_versions_alone():
    assert cloudevents.tombstone("a" * 24, DERIVED) == (Record("news.articles.current", "a" * 24, (), None),)
    assert cloudevents.tombstone("a" * 24, NAMING) == ()


@pytest.mark.parametrize("publisher", ["a/b", "é à", "x?y#z", "10.0.0.1", "100%", "\ud800"])
def test_any_publisher_makes_a_source_that_is_a_path(publisher):
    (record,) = records(replace(GAP, publisher=Publisher(publisher)), NAMING)
    assert_valid_record(record)
    source = headers(record)["ce_source"]
    assert unquote(source.removeprefix("/publishers/")) == publisher.replace("\ud800", "\ufffd")


def test_an_event_is_named_the_same_whoever_publishes_it():
    names = [
        (headers(record)["ce_id"], headers(record)["ce_source"])
        for naming in (NAMING, Naming("https://elsewhere.example", articles="x"))
        for record in records(example("telex.article.published"), naming)
    ]
    assert names[0] == names[1]


def _letter(body: bytes) -> DeadLetter:
    digest = hashlib.sha256(body).hexdigest()
    who = (FeedId("f"), Publisher("example.org"), 1, 0.0)
    return DeadLetter(*who, "https://example.org/\x00", "not_text", "", None, digest, len(body), body)


@pytest.mark.parametrize(
    ("length", "truncated"), [(0, False), (DEAD_LETTER_BYTES, False), (DEAD_LETTER_BYTES + 1, True)]
)
def test_a_dead_letter_carries_its_first_64_kib_and_says_when_there_is_more(length, truncated):
    body = bytes(range(256)) * 257
    (record,) = records(_letter(body[:length]), NAMING)
    assert_valid_record(record)
    data = orjson.loads(record.value)
    assert base64.b64decode(data["body_base64"]) == body[: min(length, DEAD_LETTER_BYTES)]
    assert (data["length"], data["truncated"]) == (length, truncated)
    assert data["sha256"] == hashlib.sha256(body[:length]).hexdigest()


def test_lone_surrogates_in_ids_and_details_reach_no_record():
    status = FeedStatus(
        FeedId("f\ud800"), Publisher("p\udfff"), 1, 0.0, "x\ud800", Health.GONE, "gone", "\ud800", float("nan")
    )
    (record,) = records(status, NAMING)
    structured(record).decode("utf-8")
    assert record.key == headers(record)["ce_subject"] == "f\ufffd"
    for _, value in record.headers:
        value.encode("utf-8")


def test_the_data_is_spliced_in_as_it_is_stored():
    (record,) = records(GAP, NAMING)
    line = structured(replace(record, value=b'{ "kept": 1.50 }'))
    assert line.endswith(b',"data":{ "kept": 1.50 }}')


def test_line_breaks_in_stored_data_do_not_break_the_line():
    (record,) = records(GAP, NAMING)
    line = structured(replace(record, value=b'{\r\n"text":\n"a\\nb"}'))
    assert not {10, 13} & set(line)
    assert parse_structured(line)["data"] == {"text": "a\nb"}


def test_an_optional_trace_parent_is_an_attribute_like_the_others():
    (record,) = records(GAP, NAMING)
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    traced = replace(record, headers=(*record.headers, ("traceparent", parent)))
    assert_valid_record(traced)
    assert parse_structured(structured(traced))["traceparent"] == parent


def test_a_tombstone_is_no_event():
    tombstone = Record("news.feeds", "f", (), None)
    for read in (structured, event_from_record):
        with pytest.raises(ValueError, match="tombstone"):
            read(tombstone)


@pytest.mark.parametrize("after", [None, 0, 1200])
def test_what_retention_removed_is_told_in_a_valid_control_event(after):
    event = parse_structured(cloudevents.log_truncated(after, 48199, 0.0, NAMING))
    assert_valid_event(event)
    assert event["type"] == "telex.log.truncated"
    assert event["data"] == {"after": after, "resumed_after": 48199}


@pytest.mark.parametrize("last", [None, 50321])
def test_a_slow_reader_is_told_in_a_valid_control_event(last):
    event = parse_structured(cloudevents.slow(last, 1000, 0.0, NAMING))
    assert_valid_event(event)
    assert event["type"] == "telex.slow"
    assert event["data"] == {"last_event_id": last, "buffered": 1000}


@pytest.mark.parametrize("kind", sorted(CONTROL))
def test_a_control_event_has_no_topic_and_is_no_event_of_the_core(kind):
    with pytest.raises(ValueError, match="no topic"):
        NAMING.topic_of(kind)
    with pytest.raises(ValueError, match="not the type"):
        event_from_structured(
            {"type": kind.value, "data": parse_structured(structured(records(GAP, NAMING)[0]))["data"]}
        )


@pytest.mark.parametrize("line", [b"", b"[]", b"{}", b'{"specversion":"1.0","id":"1","type":"telex.slow","data":{}}'])
def test_what_is_no_structured_event_is_refused(line):
    with pytest.raises(ValueError, match=r".+"):
        parse_structured(line)


@pytest.mark.parametrize("kind", [kind for kind in EventType if kind not in CONTROL])
def test_data_that_is_not_of_its_type_is_refused(kind):
    for data in ({}, {"feed": None}, [], None):
        with pytest.raises(ValueError, match="not "):
            event_from_structured({"type": kind.value, "data": data})


def test_a_record_of_another_program_is_refused():
    with pytest.raises(ValueError, match="EventType"):
        event_from_record(Record("news.feeds", "f", (), b"{}"))


def test_an_event_of_an_unknown_type_is_refused():
    with pytest.raises(ValueError, match=r"com\.example"):
        event_from_structured({"type": "com.example", "data": {}})


def test_every_event_of_the_core_has_a_type_and_every_type_but_control_an_event():
    made = [example(kind) for kind in EventType if kind not in CONTROL]
    assert [cloudevents.type_of(event) for event in made] == [kind for kind in EventType if kind not in CONTROL]
    assert {type(event) for event in made} == set(get_args(Event))
