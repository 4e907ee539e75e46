"""Where a reader of `/events` starts: what it asked for, and what that is in the log."""

import re
from dataclasses import dataclass
from typing import Final, assert_never

from multidict import MultiMapping

from telex.ports import Clock, LogReader
from telex.web.cursor import Lost
from telex.web.problems import BadParameterError
from telex.wire.values import seconds

HEADER: Final = "Last-Event-ID"
PARAMETERS: Final = ("from", "since", "last_event_id")
_POSITION: Final = re.compile(r"[0-9]{1,19}")
_LARGEST: Final = 2**63 - 1
_MILLISECONDS: Final = re.compile(r"-?[0-9]{1,15}")
_AHEAD: Final = 60.0
"""Seconds by which a reader's clock may run ahead of ours."""
_LOST_PLUS: Final = re.compile(r" (?=\d\d:?\d\d\Z)")


@dataclass(frozen=True, slots=True)
class Oldest:
    """Everything that is retained."""


@dataclass(frozen=True, slots=True)
class Now:
    """Only what comes from now on."""


@dataclass(frozen=True, slots=True)
class Since:
    """What was stored at this instant or later."""

    instant: float


@dataclass(frozen=True, slots=True)
class After:
    """What follows a position; `named` is the parameter or header that gave it."""

    position: int
    named: str


Asked = Oldest | Now | Since | After


@dataclass(frozen=True, slots=True)
class Start:
    """Where to begin in the log: after `after`, while `newest` was its newest position; `lost` is to be told first."""

    after: int
    newest: int
    lost: Lost | None = None


def asked(query: MultiMapping[str], header: str | None) -> Asked:
    """What the request asks for.

    The header wins over every parameter: a browser that comes back repeats the address it began with, say
    `?from=now`, and adds the header. Of the parameters only one may be given, once.

    Raises:
        BadParameterError: a value is none, or there is more than one position.
    """
    found = [(name, value) for name in PARAMETERS for value in query.getall(name, [])]
    if len(found) > 1:
        names = ", ".join(name for name, _ in found)
        raise BadParameterError(found[1][0], found[1][1], f"give one position only, not {names}")
    parsed = [_parse(name, value) for name, value in found]
    if header:
        return _after(HEADER, header)
    return parsed[0] if parsed else Oldest()


def _parse(name: str, value: str) -> Asked:
    match name:
        case "last_event_id":
            return _after(name, value)
        case "since":
            return Since(_instant(value))
        case _:
            if value == "now":
                return Now()
            if value == "earliest":
                return Oldest()
            raise BadParameterError(name, value, f"{value!r} is not known; there are now, earliest")


def _after(name: str, value: str) -> After:
    if not _POSITION.fullmatch(value) or int(value) > _LARGEST:
        raise BadParameterError(name, value, f"{value!r} is no position: an event's id is a whole number from 0")
    return After(int(value), name)


def _instant(value: str) -> float:
    if _MILLISECONDS.fullmatch(value):
        return int(value) / 1000
    try:
        return seconds(_LOST_PLUS.sub("+", value))  # a plus sign that was not encoded arrives as a space
    except (ValueError, OverflowError):
        what = "is no time: give milliseconds since 1970, or RFC 3339 with a zone, such as 2026-02-03T04:05:06Z"
        raise BadParameterError("since", value, f"{value!r} {what}") from None


async def start(log: LogReader, clock: Clock, place: Asked) -> Start:
    """Find the place in the log.

    A position, or an instant, older than what is retained is told. So is an instant in a time of which nothing is
    retained and something has been removed: it may have been of then or later.

    Raises:
        BadParameterError: the position is beyond the newest.
        LogError: the log cannot be read.
    """
    match place:
        case Oldest():
            floor, newest = await log.bounds()
            return Start(floor, newest)
        case Now():
            _, newest = await log.bounds()
            return Start(newest, newest)
        case Since(instant):
            if instant > clock.now() + _AHEAD:
                raise BadParameterError(
                    "since", str(instant), "the instant is in the future; from=now is what comes from now on"
                )
            found = await log.at(instant)
            floor, newest = await log.bounds()
            missed = found <= floor and floor > 0 and instant <= clock.now()
            return Start(max(found, floor), newest, Lost(None, floor) if missed else None)
        case After(position, named):
            floor, newest = await log.bounds()
            if position > newest:
                what = f"{position} is beyond the newest event of this log, {newest}: was the log replaced?"
                raise BadParameterError(named, str(position), what)
            lost = Lost(position, floor) if position < floor else None
            return Start(max(position, floor), newest, lost)
        case _:
            assert_never(place)
