"""Feed events to JSON (schemas/feed-*/1.json, schemas/dead-letter/1.json) and back."""

import base64
from typing import Any, assert_never

from telex.core.events import DeadLetter, FeedEvent, FeedGap, FeedMoved, FeedRetired, FeedStatus, Health
from telex.core.model import FeedId, Publisher
from telex.wire.topics import EventType
from telex.wire.values import dumps, instant, seconds, uri

DEAD_LETTER_BYTES = 64 * 1024
"""How much of a body a dead letter carries at most (design section 3)."""


def to_json(event: FeedEvent) -> bytes:
    """The event's data as one line of UTF-8 JSON.

    Lone surrogates become U+FFFD; a dead letter's body is cut to `DEAD_LETTER_BYTES`. Secrets are not looked for:
    addresses and details were redacted by the caller.
    """
    data: dict[str, Any] = {
        "feed": event.feed,
        "publisher": event.publisher,
        "ordinal": event.ordinal,
        "at": instant(event.at),
    }
    match event:
        case FeedStatus():
            data |= {
                "url": uri(event.url),
                "health": event.health,
                "reason": event.reason,
                "detail": event.detail,
                "since": instant(event.since),
            }
        case FeedGap():
            data |= {"last_seen_at": instant(event.last_seen_at), "entries": event.entries}
        case FeedMoved():
            data |= {"before": uri(event.before), "after": uri(event.after)}
        case DeadLetter():
            data |= _dead_letter(event)
        case FeedRetired():
            pass
        case _:
            assert_never(event)
    return dumps(data)


def _dead_letter(event: DeadLetter) -> dict[str, Any]:
    body = event.body[:DEAD_LETTER_BYTES]
    return {
        "url": uri(event.url),
        "reason": event.reason,
        "detail": event.detail,
        "content_type": event.content_type,
        "sha256": event.sha256,
        "length": event.length,
        "truncated": len(body) < event.length,
        "body_base64": base64.b64encode(body).decode("ascii"),
    }


def from_data(kind: EventType, data: dict[str, Any]) -> FeedEvent:
    """The event of a type and its decoded JSON.

    Raises:
        ValueError: the type is no feed event's, a member is missing, or a value is not what the schema says.
    """
    try:
        return _event_of(kind, data)
    except (KeyError, TypeError) as error:
        raise ValueError(f"not the data of {kind}: {error!r}") from error


def _event_of(kind: EventType, data: dict[str, Any]) -> FeedEvent:
    who: dict[str, Any] = {
        "feed": FeedId(data["feed"]),
        "publisher": Publisher(data["publisher"]),
        "ordinal": data["ordinal"],
        "at": seconds(data["at"]),
    }
    match kind:
        case EventType.FEED_STATUS:
            return FeedStatus(
                **who,
                url=data["url"],
                health=Health(data["health"]),
                reason=data["reason"],
                detail=data["detail"],
                since=seconds(data["since"]),
            )
        case EventType.FEED_GAP:
            return FeedGap(**who, last_seen_at=seconds(data["last_seen_at"]), entries=data["entries"])
        case EventType.FEED_MOVED:
            return FeedMoved(**who, before=data["before"], after=data["after"])
        case EventType.FEED_RETIRED:
            return FeedRetired(**who)
        case EventType.DEAD_LETTER:
            return DeadLetter(
                **who,
                url=data["url"],
                reason=data["reason"],
                detail=data["detail"],
                content_type=data["content_type"],
                sha256=data["sha256"],
                length=data["length"],
                body=base64.b64decode(data["body_base64"], validate=True),
            )
        case _:
            raise ValueError(f"not the type of a feed event: {kind}")
