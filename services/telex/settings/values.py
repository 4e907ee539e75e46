"""What a setting may hold: one parser per kind of value, from what a file, a variable or a flag says.

Each raises `PydanticCustomError` with what is wrong and the remedy; the value itself is shown, or not, by who tells it.
"""

import re
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic_core import PydanticCustomError

from telex.adapters.catalogue.urls import check_url
from telex.adapters.catalogue.values import DURATION, seconds_of
from telex.adapters.configuration.problems import WrongValueError, did_you_mean

Parser = Callable[[Any], Any]
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(B|[kK]B|KiB|MB|MiB|GB|GiB|TB|TiB)?")
_FACTORS = {"": 1, "B": 1} | {f"{letter}iB": 1 << (10 * power) for power, letter in enumerate("KMGT", 1)}
_FACTORS |= {"kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_TOPIC = re.compile(r"[a-zA-Z0-9._-]{1,249}")
_LISTEN = re.compile(r"(|\[[0-9a-fA-F:.%a-z]+\]|[^\s:\[\]/]+):([0-9]{1,5})")


def wrong(what: str, remedy: str) -> PydanticCustomError:
    """An error that carries its remedy."""
    # Braces in a message would be read as its own placeholders.
    return PydanticCustomError("setting", "{what}; {remedy}", {"what": what, "remedy": remedy})


def none_or(parser: Parser) -> Parser:
    """What the parser takes, or nothing: null in a file, `none` in a variable."""
    return lambda value: None if value is None or value == "none" else parser(value)


def duration(low: float, high: float) -> Parser:
    """Seconds within bounds: a number, or text such as 90s, 5m, 1h30m, 2d."""

    def parse(value: object) -> float:
        if isinstance(value, str) and DURATION.fullmatch(value.strip()):
            seconds = seconds_of(value.strip())
        else:
            seconds = _number(value, "write seconds, or 90s, 5m, 1h, 2d")
        if not low <= seconds <= high:
            raise wrong("is out of range", f"write a duration of {low:g} s to {high:g} s")
        return seconds

    return parse


def size(low: int, high: int) -> Parser:
    """Bytes within bounds: a number, or text such as 512KiB, 10MiB, 1GB."""

    def parse(value: object) -> int:
        if isinstance(value, str) and (match := _SIZE.fullmatch(value.strip())):
            found = int(float(match[1]) * _FACTORS[match[2] or ""])
        else:
            found = int(_whole(value, "write bytes, or 512KiB, 10MiB, 1GB"))
        if not low <= found <= high:
            raise wrong("is out of range", f"write a size of {low} to {high} bytes")
        return found

    return parse


def count(low: int, high: int) -> Parser:
    """A whole number within bounds."""

    def parse(value: object) -> int:
        remedy = f"write a whole number from {low} to {high}"
        found = int(_whole(value, remedy))
        if not low <= found <= high:
            raise wrong("is out of range", remedy)
        return found

    return parse


def rate(low: float, high: float) -> Parser:
    """A number within bounds."""

    def parse(value: object) -> float:
        remedy = f"write a number from {low:g} to {high:g}"
        found = _number(value, remedy)
        if not low <= found <= high:
            raise wrong("is out of range", remedy)
        return found

    return parse


def choice(*words: str) -> Parser:
    """One of these words, in whatever case."""
    known = {word.lower(): word for word in words}

    def parse(value: object) -> str:
        if not isinstance(value, str) or value.lower() not in known:
            raise wrong("is not one of the words it can be", did_you_mean(str(value), words))
        return known[value.lower()]

    return parse


def yes_or_no(value: object) -> bool:
    """True or false, also as text."""
    if isinstance(value, bool):
        return value
    found = {"true": True, "yes": True, "false": False, "no": False}.get(str(value).strip().lower())
    if found is None:
        raise wrong("is neither true nor false", "write true or false")
    return found


def text(value: object) -> str:
    """Text that is not empty, taken as it is."""
    if not isinstance(value, str) or not value:
        raise wrong("is no text", "write text, in quotes if it looks like a number")
    return value


def brokers(value: object) -> tuple[str, ...]:
    """One or more host:port: a list, or text with commas between them."""
    found = tuple(str(each).strip() for each in _listed(value))
    for each in found:
        match = _LISTEN.fullmatch(each)
        if match is None or not match[1] or not 0 < int(match[2]) <= 65535:
            raise wrong(f"holds {each!r}, which is no address of a broker", "write host:port, such as kafka:9092")
    if not found:
        raise wrong("names no broker", "write host:port, such as kafka:9092")
    return found


def path(value: object) -> str:
    """Text, for a path or an address."""
    if not isinstance(value, (str, Path)) or not str(value).strip() or "\0" in str(value):
        raise wrong("is no text", "write text, in quotes if it looks like a number")
    return str(value)


def names(value: object) -> tuple[str, ...]:
    """One or more paths: a list, or text with commas between them."""
    found = tuple(map(path, _listed(value)))
    if not found:
        raise wrong("names nothing", "name at least one file or directory")
    return found


def networks(value: object) -> tuple[str, ...]:
    """Networks in CIDR notation: a list, or text with commas between them."""
    return tuple(map(_network, _listed(value)))


def _network(value: object) -> str:
    try:
        return str(ip_network(str(value).strip()))
    except ValueError as error:
        raise wrong(f"holds no network: {error}", "write CIDR notation, such as 127.0.0.0/8 or fd00::/8") from None


def listen(value: object) -> str:
    """Where to listen: host:port, [IPv6]:port or :port."""
    match = _LISTEN.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None or int(match[2]) > 65535:
        raise wrong("is no address to listen on", "write host:port, such as 127.0.0.1:8080 or [::]:8080")
    return match[0]


def url(value: object) -> str:
    """An http or https URL without user name or password, without a slash at its end."""
    found = path(value).strip()
    try:
        check_url(found)
    except WrongValueError as error:
        raise wrong(error.what, "write https://host/path") from None
    return found.rstrip("/")


def proxy(value: object) -> str:
    """The URL of an HTTP proxy, which may hold a user name and a password."""
    found = path(value).strip()
    try:
        parts = urlsplit(found)
        known = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        known = False
    if not known:
        raise wrong("is no URL of a proxy", "write http://host:port")
    return found


def name(value: object) -> str:
    """A name of ours at Kafka, with the letters of a topic's."""
    try:
        return topic(value)
    except PydanticCustomError:
        raise wrong("is no name", "write 1-249 letters, digits, dots, hyphens or underscores") from None


def topic(value: object) -> str:
    """A topic's name as Kafka allows it (org.apache.kafka.common.internals.Topic)."""
    if not isinstance(value, str) or not _TOPIC.fullmatch(value) or value in {".", ".."}:
        raise wrong("is no name of a topic", "write 1-249 letters, digits, dots, hyphens or underscores")
    return value


def _listed(value: object) -> list[Any]:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    if isinstance(value, (list, tuple)):
        return list(value)
    raise wrong("is no list", "write [one, two], or one,two in a variable")


def _number(value: object, remedy: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise wrong("is no number", remedy)
    try:
        found = float(value)
    except (ValueError, OverflowError):
        raise wrong("is no number", remedy) from None
    return found


def _whole(value: object, remedy: str) -> float:
    found = _number(value, remedy)
    if not found.is_integer():
        raise wrong("is no whole number", remedy)
    return found
