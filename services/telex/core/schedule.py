"""When to ask a feed again, and why then. Pure: time and chance are arguments."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from telex.core.model import Hints

RATE_MEMORY = 6 * 3600.0
"""Time constant, in seconds, with which old news stop counting in a feed's rate."""
EXPECTED_PER_POLL = 0.5
"""A poll is due when this many new entries are expected."""
GONE_INTERVAL = 86400.0
JITTER = 0.1
RETRY_AFTER_LIMIT = 7 * 86400.0


class Reason(StrEnum):
    """Why a poll is due when it is."""

    FIRST = "first"
    RATE = "rate"
    FASTEST = "fastest"
    SLOWEST = "slowest"
    HINT = "hint"
    SKIP_TIME = "skip_time"
    RETRY_AFTER = "retry_after"
    BACKOFF = "backoff"
    GONE = "gone"
    HELD = "held"
    COMMAND = "command"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class Bounds:
    """The interval's bounds and the back-off's cap, in seconds."""

    least: float
    most: float
    backoff_cap: float


@dataclass(frozen=True, slots=True)
class Plan:
    """Seconds until the next poll, and why."""

    delay: float
    reason: Reason


def rate_after(rate: float, since: float, fresh: int) -> float:
    """New entries an hour after a document with `fresh` new ones, `since` seconds after the one before it.

    An exponentially weighted mean with the time constant `RATE_MEMORY`.
    """
    since = max(since, 1.0)
    kept = math.exp(-since / RATE_MEMORY)
    return rate * kept + (1 - kept) * fresh * 3600.0 / since


def first_rate(published: Iterable[float | None], now: float) -> float:
    """New entries an hour as a feed's first document suggests: its dated entries over the time that they span."""
    dated = [date for date in published if date is not None and date <= now]
    return len(dated) * 3600.0 / max(now - min(dated), 3600.0) if dated else 0.0


def after_success(
    rate: float, since: float, bounds: Bounds, hints: Hints, max_age: float | None, now: float, jitter: float
) -> Plan:
    """The next poll after an answer that was understood.

    `rate` is as of `since` seconds ago. A publisher's hints (RSS ttl, Cache-Control max-age) only ever slow polling
    down, and not beyond `bounds.most`; skipHours and skipDays (RSS 2.0) are obeyed whatever the bounds, up to 24 h.
    `jitter` is in [0, 1).
    """
    current = rate_after(rate, since, 0)
    wished = EXPECTED_PER_POLL * 3600.0 / current if current > 0 else math.inf
    delay, reason = wished, Reason.RATE
    hint = max(hints.ttl or 0.0, max_age or 0.0)
    if hint > max(delay, bounds.least):
        delay, reason = hint, Reason.HINT
    if delay < bounds.least:
        delay, reason = bounds.least, Reason.FASTEST
    if delay > bounds.most:
        delay, reason = bounds.most, Reason.SLOWEST
    delay = _jittered(delay, jitter)
    skipped = _skip(now + delay, hints)
    return Plan(delay + skipped, Reason.SKIP_TIME) if skipped else Plan(delay, reason)


def after_failure(failures: int, bounds: Bounds, retry_in: float | None, jitter: float) -> Plan:
    """The next poll after the `failures`-th failure in a row (from 1).

    The first retries after the least interval, then the wait doubles up to the cap; a Retry-After only lengthens it.
    """
    delay = min(bounds.least * 2.0 ** min(failures - 1, 30), max(bounds.backoff_cap, bounds.least))
    delay = _jittered(delay, jitter)
    if retry_in is not None and min(retry_in, RETRY_AFTER_LIMIT) > delay:
        # Never before the instant asked for: jitter is only added.
        return Plan(min(retry_in, RETRY_AFTER_LIMIT) * (1 + JITTER * jitter), Reason.RETRY_AFTER)
    return Plan(delay, Reason.BACKOFF if failures > 1 else Reason.FASTEST)


def after_gone(bounds: Bounds, jitter: float) -> Plan:
    """The next poll of a feed that answered 410: once a day, as it may have been a mistake."""
    return Plan(_jittered(max(GONE_INTERVAL, bounds.most), jitter), Reason.GONE)


def _jittered(delay: float, jitter: float) -> float:
    return delay * (1 + JITTER * (2 * jitter - 1))


def _skip(at: float, hints: Hints) -> float:
    if len(hints.skip_hours) > 23 or len(hints.skip_days) > 6:
        return 0.0  # a feed that wants never to be read says nothing
    if not hints.skip_hours and not hints.skip_days:
        return 0.0
    moment = datetime.fromtimestamp(at, UTC)
    into_hour = moment.minute * 60 + moment.second + moment.microsecond / 1e6
    for hours in range(25):
        then = datetime.fromtimestamp(at + hours * 3600, UTC)
        if then.hour not in hints.skip_hours and then.weekday() not in hints.skip_days:
            return hours * 3600 - into_hour if hours else 0.0
    return 24 * 3600.0
