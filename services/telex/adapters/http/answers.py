"""What a server's answer means, before its body is read: statuses, redirects, validators, freshness."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from yarl import URL

from telex.adapters.http.asking import is_validator
from telex.core.exchange import Refusal
from telex.core.freshness import max_age

PERMANENT: Final = frozenset({301, 308})
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
WHOLE: Final = frozenset({200, 203})
"""Statuses whose body is the document. 202, 204, 205 and 206 bring none, or a part that was not asked for."""
_UNAUTHORISED: Final = frozenset({401, 403, 407, 451})


@dataclass(frozen=True, slots=True)
class Redirect:
    """Go there instead."""

    url: URL
    permanent: bool


def refusal_of(status: int) -> tuple[Refusal, str]:
    """Why a status that brings no document is a refusal, and how it is told."""
    if status == 429:
        return Refusal.RATE_LIMITED, "too many requests (429)"
    if status in _UNAUTHORISED:
        return Refusal.UNAUTHORISED, f"not allowed ({status})"
    if 400 <= status < 500:
        return Refusal.CLIENT_ERROR, f"refused by the server ({status})"
    if 500 <= status < 600:
        return Refusal.SERVER_ERROR, f"the server failed ({status})"
    if status == 304:
        return Refusal.PROTOCOL, "not modified (304), though nothing was known"
    if 300 <= status < 400:
        return Refusal.REDIRECTS, f"a redirect that leads nowhere ({status})"
    return Refusal.PROTOCOL, f"no document ({status})"


def validator(value: str | None) -> str | None:
    """An ETag or Last-Modified worth remembering."""
    return value if value and is_validator(value) else None


def freshness(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds for which the answer says that it stays fresh."""
    control, expires = headers.get("Cache-Control"), headers.get("Expires")
    if control is None and expires is None:
        return None
    return max_age(cache_control=control, age=headers.get("Age"), expires=expires, date=headers.get("Date"), now=now)
