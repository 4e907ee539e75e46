"""What HTTP headers say about time: when to come back, and how long an answer stays fresh."""

import re
from email.utils import mktime_tz, parsedate_tz
from functools import lru_cache

MAX_RETRY_AFTER = 7 * 86400.0
"""The longest wish of a publisher that is obeyed, in seconds: a typing error must not silence a feed for a year."""
MAX_FRESHNESS = 365 * 86400.0
"""RFC 9111, section 1.2.2 lets a cache treat what is larger as this large; a year is what RFC 2616 allowed."""
_SECONDS = re.compile(r"\d{1,19}", re.ASCII)
_DIRECTIVE = re.compile(r"([\w-]+)(?:\s*=\s*(?:\"([^\"]*)\"|([^\s,;\"]*)))?")


def http_date(value: str | None) -> float | None:
    """The instant of an HTTP-date in any of its three forms (RFC 9110, section 5.6.7); None where it is none."""
    if not value or len(value) > 64:
        return None
    try:
        parts = parsedate_tz(value)
        return None if parts is None else float(mktime_tz(parts))
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def retry_at(value: str | None, now: float) -> float | None:
    """When a Retry-After of seconds or of an HTTP-date allows the next request (RFC 9110, section 10.2.3).

    Never before `now` nor more than `MAX_RETRY_AFTER` after it; None where the header is absent or unreadable.
    """
    if not value:
        return None
    text = value.strip()
    if _SECONDS.fullmatch(text):
        return now + min(float(text), MAX_RETRY_AFTER)
    instant = http_date(text)
    return None if instant is None else min(max(instant, now), now + MAX_RETRY_AFTER)


def max_age(
    *, cache_control: str | None, age: str | None, expires: str | None, date: str | None, now: float
) -> float | None:
    """Seconds for which the answer stays fresh from now on (RFC 9111, sections 4.2.1 and 4.2.3), at most a year.

    Cache-Control rules over Expires; no-cache, no-store and an Expires that is no date are 0; None is "not said".
    `s-maxage` is for shared caches and plays no part.
    """
    said = _lifetime(cache_control)
    if said is None:
        if expires is None:
            return None
        end, start = http_date(expires), http_date(date)
        said = 0.0 if end is None else end - (now if start is None else start)
    elapsed = float(age.strip()) if age and _SECONDS.fullmatch(age.strip()) else 0.0
    return min(max(said - elapsed, 0.0), MAX_FRESHNESS)


@lru_cache(maxsize=1024)
def _lifetime(cache_control: str | None) -> float | None:
    """What Cache-Control allows, in seconds; None where it says nothing about it."""
    if not cache_control:
        return None
    found: float | None = None
    for match in _DIRECTIVE.finditer(cache_control[:1024]):
        name = match[1].lower()
        value = match[2] or match[3] or ""
        if name in {"no-cache", "no-store"} and not value:  # no-cache="field" is about that field alone
            return 0.0
        if name == "max-age" and found is None:
            found = float(value) if _SECONDS.fullmatch(value) else 0.0
    return found
