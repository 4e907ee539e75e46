"""What is asked in a poll, and what the answer is before its document is read and anything is decided."""

import hashlib
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from telex.core.arrivals import Arrival, JunkArrived, PollFailed
from telex.core.events import Health
from telex.core.exchange import Exchange, Fetched, Kind, NotModified, Refusal, Refused, Request
from telex.core.memory import Head, current
from telex.core.model import Digest, Feed, Unreadable
from telex.core.redact import redact_body, redact_text

DEAD_LETTER_LIMIT: Final = 64 << 10
HOLDING: Final = frozenset({Refusal.RATE_LIMITED, Refusal.SERVER_ERROR})
"""Refusals by which a publisher asks to be left alone."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a poll ended, without the document: that is not kept until its commit."""

    outcome: str
    failed: bool = False
    gone: bool = False
    detail: str | None = None


def request_for(feed: Feed, head: Head) -> Request:
    """What is asked of the feed's publisher: the document, unless it is the one of the last time."""
    return Request(
        url=head.url or feed.url,
        publisher=feed.publisher,
        kind=Kind.FEED,
        etag=head.etag,
        last_modified=head.last_modified,
        origin=_origin(feed.url) if feed.headers or feed.credentials is not None else None,
        headers=feed.headers,
        credentials=feed.credentials,
    )


def skew_of(exchange: Fetched) -> float:
    """By how many seconds the server's clock ran ahead, by its Date header; 0.0 where it says nothing."""
    return exchange.server_date - exchange.fetched_at if exchange.server_date is not None else 0.0


def is_news(before: Health | None, after: Health | None) -> bool:
    """Whether a change of health is worth a line: that a new feed answers is not."""
    return before is not after and not (before is None and after is Health.OK)


def no_turn(exchange: Exchange) -> bool:
    """Whether the request had no turn at a busy host: our own limit, and nobody's fault."""
    return isinstance(exchange, Refused) and exchange.reason is Refusal.RATE_LIMITED and exchange.status is None


def junk_of(feed: Feed, exchange: Fetched, unreadable: Unreadable, body: Digest, failures: int) -> JunkArrived:
    """What could not be understood, with nothing secret in it and as much of it as a dead letter keeps."""
    return JunkArrived(
        unreadable=replace(unreadable, detail=redact_text(unreadable.detail)),
        url=exchange.url,
        content_type=exchange.content_type,
        digest=body,
        sha256=hashlib.sha256(exchange.body).hexdigest(),
        length=len(exchange.body),
        body=redact_body(exchange.body[:DEAD_LETTER_LIMIT], (feed.url, exchange.url), exchange.secrets),
        failures=failures,
    )


def ending_of(outcome: str, arrival: Arrival) -> Ending:
    """How a poll with this arrival ends."""
    match arrival:
        case PollFailed():
            return Ending(outcome, failed=True, gone=arrival.gone, detail=arrival.detail)
        case JunkArrived():
            return Ending(outcome, failed=True, detail=arrival.unreadable.detail)
        case _:
            return Ending(outcome)


def quiet_end(feed: Feed, head: Head, exchange: Exchange, body: Digest | None) -> Ending | None:
    """The common case, an unchanged feed in good health: nothing is unpacked and nothing is written. Else None."""
    if head.health is not Health.OK or head.unsettled or head.retired_at is not None:
        return None
    if isinstance(exchange, NotModified):
        return Ending("not_modified") if exchange.moved_to is None else None
    if isinstance(exchange, Fetched) and exchange.moved_to is None and current(feed, head).body == body:
        return Ending("unchanged")
    return None


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
