"""feedparser's two parsers, strict and loose, driven so that nothing is fetched, guessed or stored on the way."""

import re
import xml.sax
import xml.sax.handler
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any
from xml.sax.expatreader import ExpatParser

from feedparser.api import LooseFeedParser, StrictFeedParser
from feedparser.exceptions import UndeclaredNamespace

from telex.documents.budgets import ATTRIBUTES, MARKS, TAG, Budget, TooCostly
from telex.documents.facts import Facts, TooMany
from telex.documents.noting import Noting, value_handlers


def _silence() -> None:
    """Replace feedparser's other handlers: what they store is not used, and some rely on what its `pop` stores."""
    for attribute in dir(StrictFeedParser):
        side, _, name = attribute[1:].partition("_")
        if side == "start" and name not in _STRUCTURE and not hasattr(Noting, attribute):
            value_handlers({name: f"unused_{name}"})


# They keep track of where the parser is.
_STRUCTURE = frozenset(
    {"rss", "channel", "feed", "image", "textinput", "textInput", "source", "contributor", "dc_contributor"}
    | {"name", "url", "homepage", "uri", "email", "title", "rights", "copyright", "subtitle", "tagline"}
    | {"itunes_owner", "itunes_name", "itunes_email", "webmaster", "dc_publisher", "width", "height"}
)
_silence()
_BUFFER = 64 * 1024
_MARK = re.compile("[<&]")
_LONG_TAG = re.compile(rf"<[A-Za-z](?:[^'\"<>]|\"[^\"]*\"|'[^']*'){{{TAG}}}")


class Strict(Noting, StrictFeedParser):  # type: ignore[misc] # feedparser ships no types
    """Well-formed XML."""

    can_be_relative_uri: frozenset[str] = frozenset()

    def processingInstruction(self, target: str, data: str) -> None:  # noqa: ARG002, N802 - xml.sax's name
        """Nothing is said in a processing instruction."""
        self.budget.spend(1)


class Loose(Noting, LooseFeedParser):  # type: ignore[misc] # feedparser ships no types
    """Anything that has tags."""

    can_be_relative_uri: frozenset[str] = frozenset()


def looks_like_html(text: str) -> bool:
    """Whether what is said to be plain text is HTML, as feedparser judges it."""
    return bool(Strict.looks_like_html(text))


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a parser noted. `version` is feedparser's name of the format.

    `overflowed` is whether there were more entries than a document may have, `costly` whether the rest of the document
    was not read because it would have taken too long.
    """

    version: str
    feed: Facts
    entries: list[Facts]
    overflowed: bool = False
    costly: bool = False


class _Expat(ExpatParser):
    """xml.sax's reader, which copies a tag's attributes one by one, and gives each line and reference by itself."""

    def reset(self) -> None:
        super().reset()
        parser: Any = self._parser  # type: ignore[attr-defined] # the stubs leave it out
        parser.buffer_text = True
        parser.buffer_size = _BUFFER

    def start_element_ns(self, name: str, attrs: Mapping[str, str]) -> None:
        if len(attrs) > ATTRIBUTES:
            raise TooCostly("attributes beyond reason")
        super().start_element_ns(name, attrs)


def parse_strict(data: bytes, url: str, budget: Budget | None = None) -> Parsed | None:
    """A well-formed UTF-8 document; None where it is not."""
    parser = _made(Strict, url, budget)
    reader = _Expat(namespaceHandling=1)
    reader.setFeature(xml.sax.handler.feature_external_ges, False)
    reader.setContentHandler(parser)
    reader.setErrorHandler(parser)
    overflowed = costly = False
    try:
        reader.feed(data)  # in one call: expat 2.5 is quadratic on a long token that comes in pieces
        reader.close()
    except (xml.sax.SAXException, UndeclaredNamespace, ValueError):  # the last: white space in a namespace's name
        return None
    except TooMany:
        overflowed = True
    except TooCostly:
        costly = True
    return _noted(parser, overflowed=overflowed, costly=costly)


def parse_loose(text: str, url: str, budget: Budget | None = None) -> Parsed:
    """Whatever can be made of a document that is not well-formed."""
    parser = _made(Loose, url, budget)
    overflowed = costly = False
    affordable = _affordable(text)
    try:
        parser.feed(affordable)
    except TooMany:
        overflowed = True
    except TooCostly:
        costly = True
    return _noted(parser, overflowed=overflowed, costly=costly or len(affordable) < len(text))


def _affordable(text: str) -> str:
    """As much of the text as the loose parser can look through."""
    beyond = next(islice(_MARK.finditer(text), MARKS, None), None)
    text = text[: beyond.start()] if beyond else text
    endless = _LONG_TAG.search(text)
    return text[: endless.start()] if endless else text


def _made(kind: Any, url: str, budget: Budget | None) -> Any:
    parser = kind(url, None, "utf-8")
    parser.budget = budget or Budget()
    parser.resolve_relative_uris = False
    parser.sanitize_html = False
    return parser


def _noted(parser: Any, *, overflowed: bool, costly: bool) -> Parsed:
    parser.feed_facts.language = dict.get(parser.feeddata, "language")  # xml:lang of the root
    return Parsed(parser.version or "", parser.feed_facts, parser.entry_facts, overflowed, costly)
