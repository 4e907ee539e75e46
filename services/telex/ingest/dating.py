"""When an article was published, of what its publisher wrote: zones, clocks that run ahead, dates that are none."""

import functools
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from telex.core.model import Entry
from telex.documents import dates
from telex.ingest.draft import Draft

FUTURE_LIMIT = 3600.0
"""Seconds that a date may lie ahead of the fetch: clocks differ, and zones are mistaken by an hour in spring."""
_EPOCH_END = 2 * 86400.0
"""Programs write the first instants of 1970, in any zone, for a date that they do not have. No news feed is that old."""
LEAST_SKEW = 120.0
MOST_SKEW = 2 * 86400.0
ZONE_FROM_CATALOGUE = "date.zone_from_catalogue"
EPOCH = "date.epoch_dropped"
SKEW = "date.clock_skew_corrected"
FROM_URL = "date.from_url"
FUTURE_PUBLISHED = "date.future_published_dropped"
FUTURE_UPDATED = "date.future_updated_dropped"
MOVED = "date.published_moved"


def settle(made: Draft, entry: Entry, timezone: str | None, skew: float) -> None:
    """Work out both dates of a new draft, and name what was assumed.

    `timezone` is the IANA name of the zone that the catalogue gives to dates without one. `skew` is by how many seconds the
    publisher's server said to be ahead when it answered.
    """
    if made.published_at is None and made.updated_at is None and not entry.link:
        return
    if timezone is not None and entry.floating:
        _place(made, entry.floating, timezone)
    _no_epoch(made)
    if skew >= LEAST_SKEW:
        _correct_skew(made, min(skew, MOST_SKEW))
    if made.published_at is None and entry.link:
        _look_at_url(made, entry.link, timezone)


def _place(made: Draft, floating: tuple[str, ...], timezone: str) -> None:
    """Dates without a zone are of the source's: they were read as if in UTC."""
    made.repairs = tuple(repair for repair in made.repairs if repair != dates.ZONE_ASSUMED)
    made.note(ZONE_FROM_CATALOGUE)
    if "published" in floating and made.published_at is not None:
        made.published_at = _in_zone(made.published_at, timezone)
    if "updated" in floating and made.updated_at is not None:
        made.updated_at = _in_zone(made.updated_at, timezone)


@functools.lru_cache(256)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _in_zone(instant: float, timezone: str) -> float:
    try:
        wall = datetime.fromtimestamp(instant, UTC).replace(tzinfo=_zone(timezone))
        return wall.timestamp()
    except (ValueError, OverflowError):  # the first and last days of the calendar
        return instant


def _no_epoch(made: Draft) -> None:
    """A date at the beginning of 1970 is none."""
    if made.published_at is not None and abs(made.published_at) < _EPOCH_END:
        made.published_at = made.published_at_source = None
        made.note(EPOCH)
    if made.updated_at is not None and abs(made.updated_at) < _EPOCH_END:
        made.updated_at = None
        made.note(EPOCH)


def _correct_skew(made: Draft, skew: float) -> None:
    """What lies ahead of us by no more than the server's clock does was dated by that clock."""
    if made.published_at is not None and made.fetched_at < made.published_at <= made.fetched_at + skew:
        made.published_at -= skew
        made.note(SKEW)
    if made.updated_at is not None and made.fetched_at < made.updated_at <= made.fetched_at + skew:
        made.updated_at -= skew
        made.note(SKEW)


def _look_at_url(made: Draft, link: str, timezone: str | None) -> None:
    """The day that stands in the address, at midnight, where the entry has no date."""
    day = dates.day_in_url(link)
    if day is None:
        return
    instant = datetime(*day, tzinfo=UTC).timestamp()
    instant = _in_zone(instant, timezone) if timezone is not None else instant
    if instant <= made.fetched_at + FUTURE_LIMIT:
        made.published_at, made.published_at_source = instant, "url"
        made.note(FROM_URL)


def no_future(made: Draft) -> None:
    """A date more than an hour ahead of the fetch is no date; the repair says that there was one."""
    latest = made.fetched_at + FUTURE_LIMIT
    if made.published_at is not None and made.published_at > latest:
        made.published_at = made.published_at_source = None
        made.note(FUTURE_PUBLISHED)
    if made.updated_at is not None and made.updated_at > latest:
        made.updated_at = None
        made.note(FUTURE_UPDATED)


def keep_published(made: Draft, before: float | None) -> None:
    """An article is published once: a later date with an edit is the edit's.

    `before` is when the entry was published by its own word when it was seen before, in whole seconds.
    """
    now = made.published_at
    if before is None or now is None or now < before + 1 or made.published_at_source != "feed":
        return
    made.updated_at = max(now, made.updated_at or now)
    made.published_at = before
    made.note(MOVED)
