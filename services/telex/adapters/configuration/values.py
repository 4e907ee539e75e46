"""What keys of any file may hold: one parser per kind of value, from plain data to the value that it means.

A parser takes what YAML, JSON or a CSV cell gave and returns the value, or raises `WrongValueError`.
"""

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from telex.adapters.configuration.problems import WrongValueError, did_you_mean
from telex.core.redact import redact_text

MAX_ITEMS = 64
_BARRED = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")

Parser = Callable[[Any], Any]


def kind_of(value: object) -> str:
    """What a value is, in the words of YAML."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "a mapping"


def expect(kind: type, value: Any, wanted: str, remedy: str) -> Any:
    """The value, if it is of that kind."""
    if not isinstance(value, kind):
        raise WrongValueError(f"is {kind_of(value)}, not {wanted}", remedy)
    return value


def text(limit: int) -> Parser:
    """One line of text, trimmed, of at most `limit` characters."""

    def parse(value: object) -> str:
        read: str = expect(str, value, "text", "put it in quotes").strip()
        if not read:
            raise WrongValueError("is empty", "leave the key out, or write text")
        if len(read) > limit:
            raise WrongValueError(f"is longer than {limit} characters", "shorten it")
        if _BARRED.search(read):
            raise WrongValueError("holds a line break or a control character", "write it on one line")
        return read

    return parse


def many(item: Parser) -> Parser:
    """A list of at most `MAX_ITEMS` items, each once."""

    def parse(value: object) -> tuple[Any, ...]:
        items = expect(list, value, "a list", "write [one, two], or one `- item` a line")
        if len(items) > MAX_ITEMS:
            raise WrongValueError(f"has more than {MAX_ITEMS} items", "shorten the list")
        return tuple(dict.fromkeys(at(index, item, each) for index, each in enumerate(items)))

    return parse


def nullable(parser: Parser) -> Parser:
    """What the parser takes, or nothing at all."""
    return lambda value: None if value is None else parser(value)


def one_of(words: type[StrEnum]) -> Parser:
    """One of the words of an enumeration."""
    known = tuple(word.value for word in words)

    def parse(value: object) -> StrEnum:
        try:
            return words(expect(str, value, "text", f"write one of {', '.join(known)}"))
        except ValueError as error:
            raise WrongValueError(f"is {shown(value)}", did_you_mean(str(value), known)) from error

    return parse


def boolean(value: object) -> bool:
    """True or false."""
    read: bool = expect(bool, value, "true or false", "write true or false")
    return read


def at(step: str | int, parser: Parser, value: object) -> Any:
    """What the parser makes of a part of a value, which stands at that key or index."""
    try:
        return parser(value)
    except WrongValueError as error:
        raise WrongValueError(error.what, error.remedy, (step, *error.path)) from None


def shown(value: object) -> str:
    """A value in a message: short, and without what may be a secret."""
    shown = redact_text(str(value))
    return repr(shown if len(shown) <= 40 else f"{shown[:40]}…")
