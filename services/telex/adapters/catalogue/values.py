"""What a catalogue's keys may hold: one parser per kind of value, from plain data to the value of a `Feed`.

A parser takes what YAML, JSON or a CSV cell gave and returns the value, or raises `WrongValueError`.
"""

import difflib
import math
import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from telex.adapters.catalogue.urls import check_url
from telex.adapters.configuration.problems import WrongValueError
from telex.adapters.configuration.values import MAX_ITEMS, Parser, at, expect, kind_of, shown, text
from telex.core.model import SecretRef
from telex.documents import page_rules

MAX_TEXT = 200
MAX_STARS = 2
LEAST_BOILERPLATE = 6
DAY = 86400.0
LONGEST = 366 * DAY
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": DAY}
DURATION = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h|d))+|[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_DURATION_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")
_ID = re.compile(r"[^\s\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,200}")
_COUNTRY = re.compile(r"[A-Za-z]{2}")
_LANGUAGE = re.compile(
    r"[A-Za-z]{2,3}(?:-[A-Za-z]{3}){0,3}(?:-[A-Za-z]{4})?(?:-(?:[A-Za-z]{2}|[0-9]{3}))?"
    r"(?:-(?:[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*(?:-[0-9A-WYZa-wyz](?:-[A-Za-z0-9]{2,8})+)*"
    r"(?:-[xX](?:-[A-Za-z0-9]{1,8})+)?"
)
"""RFC 5646, 2.1 `langtag`, without the reserved and grandfathered ones."""
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")  # RFC 9110, 5.6.2
_HEADER_VALUE = re.compile(r"[!-~](?:[\t -~]*[!-~])?")  # RFC 9110, 5.5, without obs-text
_ENVIRONMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
SECRET_HEADERS = ("authorization", "cookie", "proxy-authorization")
OWN_HEADERS = (
    *("accept-encoding", "connection", "content-length", "host", "if-modified-since", "if-none-match", "keep-alive"),
    *("proxy-connection", "range", "te", "trailer", "transfer-encoding", "upgrade"),
)
_SECRET_REMEDY = "write {env: NAME} or {file: PATH}: a catalogue holds no secrets"  # noqa: S105 - words, no secret


def identifier(value: object) -> str:
    """1-200 characters without white space."""
    read: str = expect(str, value, "text", "put it in quotes").strip()
    if not _ID.fullmatch(read):
        raise WrongValueError("is no id", "write 1-200 characters without white space")
    return read


def url(value: object) -> str:
    """A URL that telex can ask, trimmed."""
    read: str = expect(str, value, "text", "write https://host/path").strip()
    check_url(read)
    return read


def parse_duration(value: object) -> float:
    """Seconds: a number, or text such as `90s`, `5m`, `1h30m`, `2d`."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        seconds = float(value) if abs(value) < LONGEST else LONGEST + 1
    elif isinstance(value, str) and DURATION.fullmatch(value):
        seconds = seconds_of(value)
    else:
        found = shown(value) if isinstance(value, str) else kind_of(value)
        raise WrongValueError(f"is {found}, not a duration", "write seconds, or 90s, 5m, 1h, 2d")
    if not math.isfinite(seconds) or not 0 <= seconds <= LONGEST:
        raise WrongValueError("is out of range", "write a duration of 0 s to 366 d")
    return seconds


def seconds_of(written: str) -> float:
    """The seconds of text that `DURATION` matches."""
    parts = _DURATION_PART.findall(written)
    return sum(float(number) * _UNITS[unit] for number, unit in parts) if parts else float(written)


def interval(value: object) -> float:
    """A duration of at least one second."""
    seconds = parse_duration(value)
    if seconds < 1:
        raise WrongValueError("is less than 1 s", "write 1s or more")
    return seconds


def country(value: object) -> str:
    """An ISO 3166-1 alpha-2 code, by its form; upper case."""
    read: str = expect(str, value, "text", "write two letters, such as SN")
    if not _COUNTRY.fullmatch(read):
        raise WrongValueError(f"is {shown(read)}, no ISO 3166 code", "write two letters, such as SN")
    return read.upper()


def timezone(value: object) -> str:
    """The IANA name of a time zone."""
    read: str = expect(str, value, "text", "write a name such as Africa/Dakar")
    try:
        ZoneInfo(read)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = difflib.get_close_matches(read, available_timezones(), 1)
        remedy = f"did you mean {known[0]!r}?" if known else "write a name of the IANA data base, such as Africa/Dakar"
        raise WrongValueError(f"is {shown(read)}, no time zone", remedy) from None
    return read


def selector(value: object) -> str:
    """A CSS selector for article pages."""
    read: str = text(page_rules.LONGEST)(value)
    try:
        page_rules.check(read)
    except ValueError as error:
        raise WrongValueError(
            f"is {shown(read)}, no CSS selector: {error}", "write one such as article .story-text"
        ) from None
    return read


def boilerplate(value: object) -> str:
    """A text that a publisher puts before or behind its articles; `*` stands for anything in a line."""
    read: str = text(MAX_TEXT)(value)
    if read.count("*") > MAX_STARS or len(read.replace("*", "").strip()) < LEAST_BOILERPLATE:
        raise WrongValueError(
            f"is {shown(read)}, too vague",
            f"write {LEAST_BOILERPLATE} characters or more, and {MAX_STARS} stars at most",
        )
    return read


def language(value: object) -> str:
    """A BCP 47 tag, by its form; in the case that RFC 5646, 2.1.1 recommends."""
    read: str = expect(str, value, "text", "write a tag such as fr or fr-SN")
    if not _LANGUAGE.fullmatch(read):
        mended = read.replace("_", "-")
        remedy = f"did you mean {mended!r}?" if _LANGUAGE.fullmatch(mended) else "write a tag such as fr or fr-SN"
        raise WrongValueError(f"is {shown(read)}, no BCP 47 language tag", remedy)
    first, *rest = read.split("-")
    return "-".join([first.lower(), *_subtags(rest)])


def _subtags(rest: list[str]) -> list[str]:
    tags: list[str] = []
    for index, tag in enumerate(rest):
        after_singleton = any(len(before) == 1 for before in rest[:index])
        if after_singleton or len(tag) not in {2, 4} or not tag.isalpha():
            tags.append(tag.lower())
        else:
            tags.append(tag.upper() if len(tag) == 2 else tag.title())
    return tags


def headers(value: object) -> tuple[tuple[str, str | SecretRef], ...]:
    """Names with literal values or secret references, in the order in which they are written."""
    mapping = expect(dict, value, "a mapping", "write {Name: value} or {Name: {env: NAME}}")
    if len(mapping) > MAX_ITEMS:
        raise WrongValueError(f"has more than {MAX_ITEMS} headers", "remove some")
    seen: set[str] = set()
    for name in mapping:
        _check_header_name(name)
        if name.lower() in seen:
            raise WrongValueError("stands twice, in another case", "keep one of them", (name,))
        seen.add(name.lower())
    return tuple((name, at(name, _header_value(name), each)) for name, each in mapping.items())


def _check_header_name(name: str) -> None:
    if not _HEADER.fullmatch(name):
        raise WrongValueError("is no header name", "write letters, digits and hyphens (RFC 9110)", (name,))
    if name.lower() in OWN_HEADERS:
        raise WrongValueError("is a header that telex sets itself", "remove it", (name,))


def _header_value(name: str) -> Parser:
    def parse(value: object) -> str | SecretRef:
        if isinstance(value, dict):
            return secret(value)
        if name.lower() in SECRET_HEADERS:
            raise WrongValueError("is a secret written out", _SECRET_REMEDY)
        read: str = expect(str, value, "text", "put it in quotes, or write {env: NAME}")
        if len(read) > 1000 or not _HEADER_VALUE.fullmatch(read):
            raise WrongValueError("is no header value", "write at most 1,000 ASCII characters on one line (RFC 9110)")
        return read

    return parse


def secret(value: object) -> SecretRef:
    """A reference to a secret: {env: NAME} or {file: PATH}. A secret written out is refused, and never repeated."""
    if not isinstance(value, dict):
        raise WrongValueError("is a secret written out" if value is not None else "is nothing", _SECRET_REMEDY)
    if len(value) != 1 or next(iter(value)) not in {"env", "file"}:
        raise WrongValueError("is no reference to a secret", "write either {env: NAME} or {file: PATH}")
    ((scheme, name),) = value.items()
    return _reference(scheme, name)


def _reference(scheme: str, name: object) -> SecretRef:
    read: str = expect(str, name, "text", "put it in quotes")
    if scheme == "env" and not _ENVIRONMENT.fullmatch(read):
        raise WrongValueError("is no name of an environment variable", "write letters, digits and _", ("env",))
    return SecretRef(f"{scheme}:{at(scheme, text(4096), read)}")
