"""Single values on the wire: instants, addresses, text, and JSON that always comes out."""

import ipaddress
import math
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import orjson

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = -62_135_596_800.0  # 0001-01-01T00:00:00Z
_LAST = 253_402_300_799.0  # 9999-12-31T23:59:59Z
_MILLISECOND = timedelta(milliseconds=1)


def instant(seconds: float) -> str:
    """An instant of our own clock: RFC 3339 in UTC, with milliseconds where there are any.

    One outside the years 1 to 9999 becomes the nearest inside, and one that is no number 1970: an event is never lost
    to a broken clock.
    """
    if math.isnan(seconds):
        return _format(0)
    return _format(round(min(max(seconds, _FIRST), _LAST) * 1000))


def instant_or_none(seconds: float | None) -> str | None:
    """An instant that somebody else wrote: RFC 3339 in UTC; None outside the years 1 to 9999."""
    if seconds is None or not _FIRST <= seconds <= _LAST:
        return None
    return _format(round(seconds * 1000))


@lru_cache(maxsize=1024)  # the articles of a poll share the instant of its fetch
def _format(milliseconds: int) -> str:
    text = (_EPOCH + timedelta(milliseconds=milliseconds)).isoformat(timespec="milliseconds")
    # isoformat gives 2026-02-03T04:05:06.789+00:00
    return text[:19] + "Z" if milliseconds % 1000 == 0 else text[:23] + "Z"


def seconds(text: str) -> float:
    """The instant that `instant` wrote, exactly.

    Raises:
        ValueError: the text is no RFC 3339 instant with a zone.
    """
    try:
        since = datetime.fromisoformat(text) - _EPOCH
    except TypeError:
        raise ValueError(f"no zone: {text!r}") from None
    return since // _MILLISECOND / 1000


def seconds_or_none(text: str | None) -> float | None:
    """The instant that `instant_or_none` wrote, exactly."""
    return None if text is None else seconds(text)


def text(value: str) -> str:
    """The text in Unicode proper: a lone surrogate, which UTF-8 cannot carry, becomes U+FFFD."""
    if value.isascii():
        return value
    return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


_CHARS = r"A-Za-z0-9\-._~!$&'()*+,;=:@"  # pchar of RFC 3986, but for pct-encoded
_PERCENT = r"%[0-9A-Fa-f]{2}"
_PATH = rf"[{_CHARS}/]*+(?:{_PERCENT}[{_CHARS}/]*+)*+"
_QUERY = rf"[{_CHARS}/?]*+(?:{_PERCENT}[{_CHARS}/?]*+)*+"
_USER = rf"[A-Za-z0-9\-._~!$&'()*+,;=:]*+(?:{_PERCENT}[A-Za-z0-9\-._~!$&'()*+,;=:]*+)*+"
_NAME = rf"[A-Za-z0-9\-._~!$&'()*+,;=]*+(?:{_PERCENT}[A-Za-z0-9\-._~!$&'()*+,;=]*+)*+"
_URI = re.compile(
    rf"[A-Za-z][A-Za-z0-9+.\-]*+:(?://(?:{_USER}@)?(?:\[(?P<ip>[0-9A-Fa-f:.]+)\]|{_NAME})(?::[0-9]*+)?(?=[/?#]|\Z)|(?!//))"
    rf"{_PATH}(?:\?{_QUERY})?(?:\#{_QUERY})?"
)
_PARTS = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*:(?://[^/?#]*)?)([^#]*)(?:(#)(.*))?", re.DOTALL)
_FORBIDDEN = re.compile(rf"%(?![0-9A-Fa-f]{{2}})|[^{_CHARS}/?%]")
_FORBIDDEN_IN_HEAD = re.compile(rf"%(?![0-9A-Fa-f]{{2}})|[^{_CHARS}/?%\[\]]")


def uri_or_none(value: str | None) -> str | None:
    """An absolute URI by RFC 3986: what it cannot hold is percent-encoded as UTF-8; None where that does not help.

    Feeds give addresses with spaces, quotes and accents; readers of events have strict parsers.
    """
    if value is None or (_is_uri(value)):
        return value
    parts = _PARTS.fullmatch(text(value.strip()))
    if parts is None:
        return None
    head, rest, mark, fragment = parts.groups(default="")
    encoded = (
        _FORBIDDEN_IN_HEAD.sub(_encode, head) + _FORBIDDEN.sub(_encode, rest) + mark + _FORBIDDEN.sub(_encode, fragment)
    )
    return encoded if _is_uri(encoded) else None


@lru_cache(maxsize=1024)  # few feeds, many articles
def uri(value: str) -> str:
    """An address that was checked when it was configured or fetched, as a URI; as it is where it is none after all."""
    return uri_or_none(value) or text(value)


def _is_uri(value: str) -> bool:
    match = _URI.fullmatch(value)
    if match is None:
        return False
    literal = match["ip"]
    if literal is None:
        return True
    try:
        ipaddress.IPv6Address(literal)
    except ValueError:
        return False
    return True


def _encode(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8"))


def dumps(value: Any) -> bytes:
    """Compact JSON on one line. Never fails for what a feed can cause.

    Lone surrogates become U+FFFD; an integer beyond 2**53 - 1, which readers in JavaScript would round, becomes null.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_STRICT_INTEGER)
    except TypeError:
        return orjson.dumps(_scrub(value), option=orjson.OPT_STRICT_INTEGER)


def _scrub(value: Any) -> Any:
    if isinstance(value, str):
        return text(value)
    if isinstance(value, dict):
        return {text(key): _scrub(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_scrub(member) for member in value]
    if isinstance(value, int) and abs(value) > 2**53 - 1:
        return None
    return value
