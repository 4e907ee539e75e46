"""HTML to plain text and to safe HTML, in linear time."""

import html
import re
import unicodedata
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import NamedTuple

import nh3

from telex.core.model import Markup
from telex.documents import links


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PARAGRAPHS = _names(
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset"
    " figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend main menu nav ol p pre"
    " section summary table tbody tfoot thead ul"
)
_LINES = frozenset({"br", "li", "tr", "option"})
_CELLS = frozenset({"td", "th"})
# Their content is no text, or an alternative to what is shown.
_DROPPED = frozenset(
    {"script", "style", "template", "iframe", "noembed", "noframes", "object", "svg", "select", "textarea"}
)
_TAG_NAME = re.compile(r"/?([A-Za-z][^\s/>\x00]{0,40})")
# Nearly every tag. It looks behind no other "<", so that all attempts together read the text once.
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]{0,15})(?:[\s/][^<>\"']*+(?:(?:\"[^\"<]*+\"|'[^'<]*+')[^<>\"']*+)*+)?+>")
_OUTSIDE_QUOTES = re.compile(r"[^>\"']*")
_CHARACTERS_REMOVED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u200b\ufeff\ud800-\udfff\ufffe\uffff]"
)
_BREAK = re.compile("\r\n?|[\x85\u2028\u2029]")
# White space of one kind or more than one: a lone no-break space stays (French puts it before ":").
_SPACES = re.compile(r"[^\S\n]{2,}|[^\S\n \u00a0\u202f\u2009]")
_AROUND_BREAKS = re.compile(r"[^\S\n]*\n[^\S\n]*")
_KEPT_SPACES = (" ", "\u00a0", "\u202f", "\u2009")
_MANY_BREAKS = re.compile(r"\n{3,}")
# Normalising is quadratic in the length of a run of combining marks: 30 are enough for every writing (UAX #15, D3).
_MOST_MARKS = 30
_MARKS = re.compile(r"[^\w\s\x00-\u02ff]{31,}")
_PERHAPS_MARKS = re.compile(r"[\u0300-\U0010ffff]{31}")
# Browsers take more for comments; what begins otherwise is shown rather than lost.
_DECLARATION = re.compile(r"<![A-Za-z>\[-]|<\?|</")
# A parser drops a line break that follows the tag: the next reader would drop another.
_FIRST_BREAKS = re.compile(r"(<pre(?: [^<>]*)?>)\n+")
_LONG_NUMBER = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9A-Fa-f]{8,});?")
_WHITE = re.compile(r"[\t\n\r\f\v]")

_ALLOWED = _names(
    "a abbr b blockquote br caption cite code col colgroup dd del dfn div dl dt em figcaption figure h1"
    " h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp small span strong sub sup table tbody td"
    " tfoot th thead time tr u ul var"
)
_ATTRIBUTES = {
    "a": {"href", "title", "hreflang"},
    "img": {"src", "alt", "title", "width", "height"},
    "blockquote": {"cite"},
    "q": {"cite"},
    "time": {"datetime"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "*": {"lang", "dir"},
}
_WITHOUT_CONTENT = frozenset({"script", "style", "template", "iframe", "noembed", "noframes", "object", "svg", "title"})
# The parser behind nh3 is quadratic on deep nesting, on text that stands between a table's cells, on many attributes,
# and on ampersands. What goes beyond is shown as paragraphs of text.
_MOST_REFERENCES = 5000
_DEEPEST = 200
_MOST_MISPLACED = 200
_LONGEST_TAG = 4096
_SELF_CLOSING = _names(
    "area base br col embed hr img input link meta param source track wbr p li dt dd td th tr tbody thead tfoot option"
)


class Tag(NamedTuple):
    """A tag: its name in lower case, whether it ends an element, how long it is outside of quotes at most."""

    name: str
    ends: bool
    length: int


def to_text(markup: Markup) -> str:
    """Plain Unicode text (NFC) without markup; entities are decoded once, paragraphs separated by a blank line.

    A line break stays a line break. Control characters, lone surrogates and invisible marks go. The text of its
    own output, taken as plain, is the same text.
    """
    if not markup.html:
        text = markup.value
        return _tidied(text if text.isprintable() else _BREAK.sub("\n", text))
    return _tidied("".join(_text_of(markup.value))) or _tidied("".join(_words_of_drawings(markup.value)))


def sanitise(markup: Markup, base: str | None = None) -> str:
    """Safe HTML: an allow-list of tags and attributes, links and images with absolute http or https addresses only.

    Relative addresses are resolved by `base`, or dropped without one. Plain text, and HTML that is nested beyond
    reason, becomes paragraphs.
    """
    if not markup.html or _is_excessive(markup.value):
        return _as_paragraphs(to_text(markup))

    _BASE.set(base)
    safe = _CLEANER.clean(_CHARACTERS_REMOVED.sub("", markup.value))
    # References may have brought new ones.
    safe = _CHARACTERS_REMOVED.sub("", safe).replace("\r", "\n").strip()
    return _FIRST_BREAKS.sub(r"\1", safe) if "<pre" in safe else safe


_BASE: ContextVar[str | None] = ContextVar("base", default=None)
"""What the filter below resolves addresses by: a cleaner is made once, which costs five times a cleaning."""


def _kept(_tag: str, attribute: str, value: str) -> str | None:
    if attribute in ("href", "src", "cite"):
        return links.absolute(_BASE.get(), value)
    return value if len(value) <= 1000 else None


_CLEANER = nh3.Cleaner(
    tags=set(_ALLOWED),
    attributes=_ATTRIBUTES,
    clean_content_tags=set(_WITHOUT_CONTENT),
    attribute_filter=_kept,
    url_schemes={"http", "https"},
    link_rel="noopener noreferrer nofollow",
)


def _as_paragraphs(text: str) -> str:
    # HTML, section 13.3: a no-break space is written as a reference.
    text = html.escape(text, quote=False).replace("\u00a0", "&nbsp;")
    paragraphs = [part.replace("\n", "<br>") for part in text.split("\n\n") if part]
    return "\n".join(f"<p>{part}</p>" for part in paragraphs)


def decode(text: str) -> str:
    """The text with its character references replaced, once."""
    if "&" not in text:
        return text
    return html.unescape(_LONG_NUMBER.sub("\ufffd", text))


def _tidied(text: str) -> str:
    """The text in NFC, tidy. Each pass over it is made only where a cheaper look finds something to do."""
    shown = text.replace("\n", " ")
    if not shown.isprintable():
        for space in _KEPT_SPACES[1:]:
            shown = shown.replace(space, " ")
        if not shown.isprintable():
            text = _SPACES.sub(" ", _CHARACTERS_REMOVED.sub("", text))
    if not text.isascii():
        if _PERHAPS_MARKS.search(text):
            text = _MARKS.sub(_fewer_marks, text)
        text = unicodedata.normalize("NFC", text)
    spaces = [space for space in _KEPT_SPACES if space in text]
    if any(one + other in text for one in spaces for other in spaces):
        text = _SPACES.sub(" ", text)
    if "\n" in text:
        text = _MANY_BREAKS.sub("\n\n", _AROUND_BREAKS.sub("\n", text))
    return text.strip()


def _fewer_marks(run: re.Match[str]) -> str:
    kept, marks = [], 0
    for character in run[0]:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= _MOST_MARKS:
            kept.append(character)
    return "".join(kept)


def _text_of(value: str) -> Iterator[str]:
    """Texts and breaks, in order."""
    preformatted = 0
    for token in _tokens(value):
        if isinstance(token, str):
            text = decode(token)
            if preformatted:
                text = _BREAK.sub("\n", text)
            elif not text.isprintable():
                text = _WHITE.sub(" ", text)
            yield text
        elif token.name in _PARAGRAPHS:
            if token.name == "pre":
                preformatted = max(0, preformatted + (-1 if token.ends else 1))
            yield "\n\n"
        elif token.name in _LINES:
            yield "" if token.ends else "\n"
        elif token.name in _CELLS:
            yield " "


def _words_of_drawings(value: str) -> Iterator[str]:
    """What a document says that is nothing but drawings: their titles and descriptions (SVG 2, section 5.8)."""
    inside = False
    for token in _tokens(value, _DROPPED - {"svg"}) if "<svg" in value else ():
        if isinstance(token, str):
            yield decode(token) if inside else ""
        elif token.name in ("title", "desc"):
            inside = not token.ends
            yield "\n\n"


@dataclass(slots=True)
class _Scanner:
    """Finds tags. What was searched for in vain is not searched for again, so that the whole is linear."""

    text: str
    missing: dict[str, bool]

    def find(self, what: str, at: int) -> int:
        if what in self.missing:
            return -1
        found = self.text.find(what, at)
        if found < 0:
            self.missing[what] = True
        return found

    def tag_end(self, at: int) -> tuple[int, int]:
        """(the position behind the tag's ">", its length outside of quotes); (-1, 0) where it has no end."""
        length = 0
        while True:
            match = _OUTSIDE_QUOTES.match(self.text, at)
            stop = match.end() if match else at
            length += stop - at + 1
            if stop >= len(self.text):
                return -1, 0
            if self.text[stop] == ">":
                return stop + 1, length
            close = self.find(self.text[stop], stop + 1)
            at = (close if close >= 0 else stop) + 1

    def closing(self, name: str, at: int) -> int:
        """The position of `</name` at or behind `at`, in any case, or -1."""
        key = f"</{name}"
        if key in self.missing:
            return -1
        match = re.compile(re.escape(key) + r"(?![\w-])", re.IGNORECASE).search(self.text, at)
        if match is None:
            self.missing[key] = True
            return -1
        return match.start()


def _tokens(value: str, dropped: frozenset[str] = _DROPPED) -> Iterator[str | Tag]:
    """Text as written and tags; comments, declarations and what is no text are left out."""
    scanner, at, size = _Scanner(value, {}), 0, len(value)
    while at < size:
        start = value.find("<", at)
        if start < 0:
            yield value[at:]
            return
        if start > at:
            yield value[at:start]
        if (whole := _TAG.match(value, start)) and (length := whole.end() - start) <= _LONGEST_TAG:
            end, name, closing = whole.end(), whole[2].lower(), bool(whole[1])
            yield Tag(name, closing, length)
            at = _behind_dropped(scanner, name, end) if name in dropped and not closing else end
            continue
        match = _TAG_NAME.match(value, start + 1)
        if match is None:
            at = _behind_declaration(scanner, start)
            if at == start + 1:
                yield "<"
            continue
        end, length = scanner.tag_end(match.end())
        if end < 0:
            end, length = scanner.find(">", match.end()) + 1, size
        if end <= 0:  # "5 <b" at the very end: no browser shows it
            yield Tag(match[1].lower(), True, size - start)
            return
        name = match[1].lower()
        closing = value[start + 1] == "/"
        yield Tag(name, closing, length)
        at = _behind_dropped(scanner, name, end) if name in dropped and not closing else end


def _behind_declaration(scanner: _Scanner, start: int) -> int:
    text = scanner.text
    if text.startswith("<!--", start):
        end = scanner.find("-->", start + 4)
        return end + 3 if end >= 0 else len(text)
    if text.startswith("<![CDATA[", start):
        return start + 9
    if _DECLARATION.match(text, start):
        end = scanner.find(">", start)
        return end + 1 if end >= 0 else start + 1
    return start + 1


def _behind_dropped(scanner: _Scanner, name: str, at: int) -> int:
    end = scanner.closing(name, at)
    if end < 0:  # a script without an end runs to the end; the others are taken for a mistake
        return len(scanner.text) if name in ("script", "style") else at
    return end


def _is_excessive(value: str) -> bool:
    if value.count("&") > _MOST_REFERENCES:
        return True
    open_elements: dict[str, int] = {}
    depth = tables = misplaced = 0
    in_cell = False
    for token in _tokens(value):
        if isinstance(token, str):
            misplaced += bool(tables) and not in_cell and not token.isspace()
            continue
        if token.length > _LONGEST_TAG:
            return True
        if token.name in ("td", "th", "caption"):
            in_cell = not token.ends
        elif token.name == "table":
            tables, in_cell = max(0, tables + (-1 if token.ends else 1)), token.ends
        elif token.name not in _SELF_CLOSING:
            misplaced += bool(tables) and not in_cell
            count = open_elements.get(token.name, 0)
            step = -1 if token.ends and count else 0 if token.ends else 1
            open_elements[token.name] = count + step
            depth += step
        if depth > _DEEPEST or misplaced > _MOST_MISPLACED:
            return True
    return False
