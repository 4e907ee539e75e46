"""Events as records and back: CloudEvents 1.0, binary mode of its Kafka binding and structured mode.

Secrets are not looked for here: addresses and details in events were redacted by whoever made them.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, assert_never
from urllib.parse import quote

import orjson

from telex.core.events import (
    ArticleEvent,
    ArticlePublished,
    ArticleUpdated,
    ArticleWithdrawn,
    DeadLetter,
    Event,
    FeedEvent,
    FeedGap,
    FeedMoved,
    FeedRetired,
    FeedStatus,
)
from telex.core.model import Article, ArticleId, Publisher
from telex.core.records import Record
from telex.core.selection import CONFIDENCE
from telex.wire import articles, feed_events
from telex.wire.topics import SCHEMAS, EventType, Naming
from telex.wire.values import dumps, instant, text

__all__ = [
    "JSON",
    "LOG_SOURCE",
    "EventType",
    "Naming",
    "event_from_record",
    "event_from_structured",
    "log_truncated",
    "parse_structured",
    "records",
    "slow",
    "structured",
    "tombstone",
    "type_of",
]

JSON = "application/json"
TAGS_LIMIT = 1000
"""Characters that a header of tags may have."""
LOG_SOURCE = "/log"
"""The source of control events: the log that is read, whichever instance serves it."""


def records(event: Event, naming: Naming) -> tuple[Record, ...]:
    """The records that publish an event: value = its data as JSON, headers = its attributes, key = its subject.

    `ce_id` and `ce_source` are the same whatever was retried and whoever publishes: together they name the event. The
    first record is the event's own; the others repeat it in derived topics.
    """
    if isinstance(event, ArticlePublished | ArticleUpdated | ArticleWithdrawn):
        own = _article_record(event, naming)
        return own, *(replace(own, topic=topic) for topic in naming.repeated_in(event))
    return (_feed_record(event, naming),)


def tombstone(article: ArticleId, naming: Naming) -> tuple[Record, ...]:
    """What takes an article out of the topic of latest versions; nothing where there is no such topic."""
    return () if naming.current is None else (Record(naming.current, text(article), (), None),)


def type_of(event: Event) -> EventType:
    """The CloudEvents type of an event."""
    match event:
        case ArticlePublished():
            return EventType.ARTICLE_PUBLISHED
        case ArticleUpdated():
            return EventType.ARTICLE_UPDATED
        case ArticleWithdrawn():
            return EventType.ARTICLE_WITHDRAWN
        case FeedStatus():
            return EventType.FEED_STATUS
        case FeedGap():
            return EventType.FEED_GAP
        case FeedMoved():
            return EventType.FEED_MOVED
        case FeedRetired():
            return EventType.FEED_RETIRED
        case DeadLetter():
            return EventType.DEAD_LETTER
        case _:
            assert_never(event)


def _article_record(event: ArticleEvent, naming: Naming) -> Record:
    article = event.article
    return _record(
        naming,
        kind=type_of(event),
        ident=text(f"{article.id}:{article.version}"),
        publisher=article.source.publisher,
        subject=text(article.id),
        at=article.provenance.fetched_at,
        value=articles.to_json(article),
        more=_tags(article),
    )


def _tags(article: Article) -> tuple[tuple[str, str], ...]:
    """Extension attributes by which subscribers filter without parsing: codes with commas between, each where it is known.

    `topics` are those that telex is at least half sure of, the surest first, `places` the weightiest first. No code holds a
    comma; what does not fit into `TAGS_LIMIT` is left out, at the end.
    """
    topics = _listed(topic.code for topic in article.topics if topic.confidence >= CONFIDENCE)
    places = _listed(place.code for place in article.places)
    named = (("ce_topics", topics), ("ce_places", places), ("ce_language", text(article.language or "")))
    return tuple((name, value) for name, value in named if value)


def _listed(codes: Iterable[str]) -> str:
    found, size = [], 0
    for code in codes:
        size += len(code) + 1
        if size > TAGS_LIMIT:
            break
        found.append(code)
    return ",".join(found)


def _feed_record(event: FeedEvent, naming: Naming) -> Record:
    kind = type_of(event)
    return _record(
        naming,
        kind=kind,
        ident=text(f"{event.feed}:{kind.rpartition('.')[2]}:{event.ordinal}"),
        publisher=event.publisher,
        subject=text(event.feed),
        at=event.at,
        value=feed_events.to_json(event),
    )


def _record(
    naming: Naming,
    *,
    kind: EventType,
    ident: str,
    publisher: Publisher,
    subject: str,
    at: float,
    value: bytes,
    more: tuple[tuple[str, str], ...] = (),
) -> Record:
    headers = (
        ("ce_specversion", "1.0"),
        ("ce_id", ident),
        ("ce_source", f"/publishers/{quote(text(publisher), safe='')}"),
        ("ce_type", kind.value),
        ("ce_subject", subject),
        ("ce_time", instant(at)),
        ("ce_dataschema", naming.schema_url(SCHEMAS[kind])),
        *more,
        ("content-type", JSON),
    )
    return Record(naming.topic_of(kind), subject, headers, value)


def structured(record: Record) -> bytes:
    """The record as one line of structured CloudEvents JSON (application/cloudevents+json).

    The data is spliced in as it is stored, not parsed again.

    Raises:
        ValueError: the record is a tombstone, which is no event.
    """
    if record.value is None:
        raise ValueError("a tombstone is no event")
    attributes = {name[3:]: value for name, value in record.headers if name.startswith("ce_")}
    for name, value in record.headers:
        if name == "content-type":
            attributes["datacontenttype"] = value
        elif name == "traceparent":
            attributes[name] = value
    return _splice(attributes, record.value)


def _splice(attributes: dict[str, str], data: bytes) -> bytes:
    # A line break in JSON text is white space, but in a line of Server-Sent Events it is the end of the message.
    if b"\n" in data or b"\r" in data:
        data = data.replace(b"\r", b" ").replace(b"\n", b" ")
    return dumps(attributes)[:-1] + b',"data":' + data + b"}"


def log_truncated(after: int | None, resumed_after: int, at: float, naming: Naming) -> bytes:
    """The control event `telex.log.truncated`, structured: what a reader asked for is no longer there.

    `after` is the position it wanted to go on after (None where it asked by time); the stream goes on after
    `resumed_after`. `at` is now.
    """
    ident = f"truncated:{'' if after is None else after}:{resumed_after}"
    return _control(EventType.LOG_TRUNCATED, ident, {"after": after, "resumed_after": resumed_after}, at, naming)


def slow(last_event_id: int | None, buffered: int, at: float, naming: Naming) -> bytes:
    """The control event `telex.slow`, structured: `buffered` events wait for a reader that had `last_event_id`."""
    ident = f"slow:{'' if last_event_id is None else last_event_id}"
    return _control(EventType.SLOW, ident, {"last_event_id": last_event_id, "buffered": buffered}, at, naming)


def _control(kind: EventType, ident: str, data: dict[str, int | None], at: float, naming: Naming) -> bytes:
    attributes = {
        "specversion": "1.0",
        "id": ident,
        "source": LOG_SOURCE,
        "type": kind.value,
        "time": instant(at),
        "dataschema": naming.schema_url(SCHEMAS[kind]),
        "datacontenttype": JSON,
    }
    return _splice(attributes, dumps(data))


def parse_structured(line: bytes | str) -> dict[str, Any]:
    """A structured event as its attributes, with its decoded data under "data".

    Raises:
        ValueError: it is no JSON object, or lacks what makes it an event.
    """
    event = orjson.loads(line)
    if not isinstance(event, dict):
        raise ValueError("a structured event is a JSON object")  # noqa: TRY004 - bad content, not a caller's mistake
    missing = [name for name in ("specversion", "id", "source", "type", "data") if name not in event]
    if missing:
        raise ValueError(f"not an event: {', '.join(missing)} missing")
    return event


def event_from_structured(event: dict[str, Any]) -> Event:
    """The event of a parsed structured event.

    Raises:
        ValueError: its type is unknown or a control event's, or its data is not what the schema says.
    """
    return _event(event["type"], event["data"])


def event_from_record(record: Record) -> Event:
    """The event that `records` published.

    Raises:
        ValueError: the record is a tombstone or of another program.
    """
    if record.value is None:
        raise ValueError("a tombstone is no event")
    return _event(dict(record.headers).get("ce_type", ""), orjson.loads(record.value))


def _event(name: str, data: dict[str, Any]) -> Event:
    kind = EventType(name)
    match kind:
        case EventType.ARTICLE_PUBLISHED:
            return ArticlePublished(articles.from_data(data))
        case EventType.ARTICLE_UPDATED:
            return ArticleUpdated(articles.from_data(data))
        case EventType.ARTICLE_WITHDRAWN:
            return ArticleWithdrawn(articles.from_data(data))
        case _:
            return feed_events.from_data(kind, data)
