"""Characters that do harm where they stand: what is no character, and marks of direction that reach beyond their text."""

import re

from telex.core.model import Markup
from telex.documents.markup import decode, to_text

REMOVED = "text.control_characters_removed"
REPLACED = "text.surrogates_replaced"
DIRECTIONS = "text.directions_closed"
UNESCAPED = "title.unescaped_again"

_NO_CHARACTER = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufdd0-\ufdef"
    + "".join(chr(plane * 0x10000 + 0xFFFE) + chr(plane * 0x10000 + 0xFFFF) for plane in range(17))
    + "]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
# In bytes: a pattern that begins with one byte is searched for at the speed of memory.
_MARKED = re.compile(rb"\xe2(?:\x80[\xaa-\xae]|\x81[\xa6-\xa9])")
_MARK = re.compile("[\u202a-\u202e\u2066-\u2069]")
_OVERRIDES = frozenset("\u202d\u202e")
_ISOLATES = frozenset("\u2066\u2067\u2068")
_END_OF_EMBEDDING, _END_OF_ISOLATE = "\u202c", "\u2069"
_DEEPEST = 125  # UAX #9, BD2
_MOST_ESCAPED = 4
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def sound(text: str) -> tuple[str, tuple[str, ...]]:
    """The text without control characters and noncharacters, each lone surrogate as U+FFFD, and what was done."""
    if text.isprintable():
        return text, ()
    repairs: tuple[str, ...] = ()
    clean = _NO_CHARACTER.sub("", text)
    if len(clean) != len(text):
        repairs = (REMOVED,)
    whole = _SURROGATE.sub("\ufffd", clean)
    return (whole, (*repairs, REPLACED)) if whole != clean else (clean, repairs)


def is_directed(text: str) -> bool:
    """Whether marks of direction stand in the text: embeddings, overrides, isolates (UAX #9, section 2)."""
    return not text.isascii() and _MARKED.search(text.encode("utf-8", "surrogatepass")) is not None


def closed(text: str) -> str:
    """The text with every embedding and isolate ended in its own paragraph, without overrides and ends of nothing.

    An override shows letters in another order than they are read, which only deceives; without it each writing, right
    to left or left to right, is shown as its letters say.
    """
    return "\n".join(_closed_paragraph(line) if _MARK.search(line) else line for line in text.split("\n"))


def undirected(text: str) -> str:
    """The text without marks of direction."""
    return _MARK.sub("", text)


def unescaped_again(title: str) -> str:
    """The plain title with its references decoded where it was surely escaped twice, else as it is.

    Sure is a reference that touches a letter or a digit: `l&#39;ann&eacute;e`, `AT&amp;T`. One that stands alone, or is
    `&lt;` or `&gt;`, may be what the title is about. What is escaped more than `_MOST_ESCAPED` times is a trick.
    """
    plain = title
    for _ in range(_MOST_ESCAPED + 1):
        bare = undirected(plain)
        if not any(map(_is_sure, _REFERENCE.finditer(bare))):
            return plain
        plain = to_text(Markup(decode(bare), html=False))
    return title


def _is_sure(found: re.Match[str]) -> bool:
    text, meant = found.string, decode(found[0])
    touches = text[found.start() - 1 : found.start()].isalnum() or text[found.end() : found.end() + 1].isalnum()
    return touches and meant != found[0] and meant not in ("<", ">")


def _closed_paragraph(text: str) -> str:
    marks, at = _Marks(), 0
    kept: list[str] = []
    for found in _MARK.finditer(text):
        kept += (text[at : found.start()], marks.kept(found[0]))
        at = found.end()
    return "".join((*kept, text[at:], marks.ends(0)))


class _Marks:
    """What is open in a paragraph: the end of each, or nothing where the beginning was dropped."""

    def __init__(self) -> None:
        self.open: list[tuple[bool, str]] = []  # whether it is an isolate
        self.isolates = 0

    def kept(self, mark: str) -> str:
        """What is to stand in the mark's place."""
        if mark == _END_OF_EMBEDDING:
            is_open = bool(self.open) and not self.open[-1][0]
            return self.open.pop()[1] if is_open else ""
        if mark == _END_OF_ISOLATE:
            return self.end_isolate() if self.isolates else ""
        isolate = mark in _ISOLATES
        self.isolates += isolate
        dropped = mark in _OVERRIDES or len(self.open) >= _DEEPEST
        self.open.append((isolate, "" if dropped else _END_OF_ISOLATE if isolate else _END_OF_EMBEDDING))
        return "" if dropped else mark

    def end_isolate(self) -> str:
        at = len(self.open) - 1
        while not self.open[at][0]:
            at -= 1
        self.isolates -= 1
        return self.ends(at)

    def ends(self, first: int) -> str:
        """The ends of what is open from `first` on, which is closed with it."""
        ends = "".join(end for _, end in reversed(self.open[first:]))
        del self.open[first:]
        return ends
