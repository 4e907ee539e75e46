"""How a feed is, as events: only a change is told. What could not be understood becomes a dead letter."""

from dataclasses import replace

from telex.core.arrivals import JunkArrived, Order, Ordered, PollFailed
from telex.core.events import DeadLetter, FeedRetired, FeedStatus, Health
from telex.core.redact import redact_url
from telex.ingest import pages
from telex.ingest.work import Work

FAILURES_TOLD = 3
"""Failed exchanges in a row after which a feed is said to fail: one alone is a flaky network."""
FALL_BACK = 5
"""Failures in a row at an address that a redirect gave, after which the catalogue's is asked again."""

_UNTROUBLED = (None, Health.OK, Health.RETIRED)


def recovered(work: Work) -> None:
    """The feed answered and was understood; one that had left the catalogue is back."""
    if work.head.retired_at is not None:
        work.head = replace(work.head, retired_at=None)
    if work.head.health not in (Health.OK, Health.PAUSED):
        _tell(work, Health.OK, "answered", None)


def poll_failed(work: Work, arrival: PollFailed) -> None:
    """The exchange gave nothing. A feed that is paused stays so, whatever an answer on its way says."""
    if work.head.health is Health.PAUSED:
        return
    if arrival.failures >= FALL_BACK and work.head.url is not None:
        work.head = replace(work.head, url=None, etag=None, last_modified=None)
    if arrival.gone and work.head.health is not Health.GONE:
        _tell(work, Health.GONE, arrival.reason, arrival.detail)
    elif not arrival.gone and arrival.failures >= FAILURES_TOLD and work.head.health in _UNTROUBLED:
        _tell(work, Health.FAILING, arrival.reason, arrival.detail)


def junk_arrived(work: Work, arrival: JunkArrived) -> None:
    """The bytes are no feed: one dead letter for each body, and the feed is failing."""
    reason = str(arrival.unreadable.reason)
    if work.head.junk != arrival.digest:
        work.head = replace(work.head, junk=arrival.digest)
        work.events.append(
            DeadLetter(
                feed=work.feed.id,
                publisher=work.feed.publisher,
                ordinal=work.next_ordinal(),
                at=work.now,
                url=redact_url(arrival.url),
                reason=reason,
                detail=arrival.unreadable.detail,
                content_type=arrival.content_type,
                sha256=arrival.sha256,
                length=arrival.length,
                body=arrival.body,
            )
        )
    if work.head.health in _UNTROUBLED:
        _tell(work, Health.FAILING, reason, arrival.unreadable.detail)


def ordered(work: Work, arrival: Ordered) -> None:
    """Obey the inbox or the catalogue; obeying twice is obeying once."""
    match arrival.order:
        case Order.PAUSE if work.head.health is not Health.PAUSED:
            _tell(work, Health.PAUSED, "ordered", None)
        case Order.RESUME if work.head.health is Health.PAUSED:
            _tell(work, Health.OK, "resumed", None)
        case Order.RETIRE if work.head.retired_at is None:
            pages.let_go(work)
            work.head = replace(work.head, retired_at=work.now)
            work.events.append(FeedRetired(work.feed.id, work.feed.publisher, work.next_ordinal(), work.now))
            _tell(work, Health.RETIRED, "left_catalogue", None)
        case _:
            pass


def _tell(work: Work, health: Health, reason: str, detail: str | None) -> None:
    retired_at = work.head.retired_at if health is Health.RETIRED else None
    work.head = replace(work.head, health=health, health_since=work.now, retired_at=retired_at)
    work.events.append(
        FeedStatus(
            feed=work.feed.id,
            publisher=work.feed.publisher,
            ordinal=work.next_ordinal(),
            at=work.now,
            url=redact_url(work.head.url or work.feed.url),
            health=health,
            reason=reason,
            detail=detail,
            since=work.now,
        )
    )
