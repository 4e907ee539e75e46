"""feedparser's two parsers, strict and loose, driven so that nothing is fetched, guessed or stored on the way."""

import xml.sax
import xml.sax.handler
from dataclasses import dataclass
from typing import Any
from xml.sax.expatreader import ExpatParser

from feedparser.api import LooseFeedParser, StrictFeedParser
from feedparser.exceptions import UndeclaredNamespace

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


class Strict(Noting, StrictFeedParser):  # type: ignore[misc] # feedparser ships no types
    """Well-formed XML."""

    can_be_relative_uri: frozenset[str] = frozenset()


class Loose(Noting, LooseFeedParser):  # type: ignore[misc] # feedparser ships no types
    """Anything that has tags."""

    can_be_relative_uri: frozenset[str] = frozenset()


def looks_like_html(text: str) -> bool:
    """Whether what is said to be plain text is HTML, as feedparser judges it."""
    return bool(Strict.looks_like_html(text))


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a parser noted. `version` is feedparser's name of the format."""

    version: str
    feed: Facts
    entries: list[Facts]
    overflowed: bool = False


def parse_strict(data: bytes, url: str) -> Parsed | None:
    """A well-formed UTF-8 document; None where it is not."""
    parser = _made(Strict, url)
    reader = ExpatParser(namespaceHandling=1)
    reader.setFeature(xml.sax.handler.feature_external_ges, False)
    reader.setContentHandler(parser)
    reader.setErrorHandler(parser)
    overflowed = False
    try:
        reader.feed(data)  # in one call: expat 2.5 is quadratic on a long token that comes in pieces
        reader.close()
    except (xml.sax.SAXException, UndeclaredNamespace, ValueError):  # the last: white space in a namespace's name
        return None
    except TooMany:
        overflowed = True
    return _noted(parser, overflowed=overflowed)


def parse_loose(text: str, url: str) -> Parsed:
    """Whatever can be made of a document that is not well-formed."""
    parser = _made(Loose, url)
    overflowed = False
    try:
        parser.feed(text)
    except TooMany:
        overflowed = True
    return _noted(parser, overflowed=overflowed)


def _made(kind: Any, url: str) -> Any:
    parser = kind(url, None, "utf-8")
    parser.resolve_relative_uris = False
    parser.sanitize_html = False
    return parser


def _noted(parser: Any, *, overflowed: bool) -> Parsed:
    parser.feed_facts.language = dict.get(parser.feeddata, "language")  # xml:lang of the root
    return Parsed(parser.version or "", parser.feed_facts, parser.entry_facts, overflowed)
