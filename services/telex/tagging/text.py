"""What is tagged: the fields of an article as one text, folded for look-ups, with the way back to field and offset."""

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import accumulate
from typing import Final
from urllib.parse import unquote, urlsplit

from telex.core.model import Evidence

_GAP: Final = "\n\x1f\n"
"""Between two fields; no term holds it."""
WORDS: Final = re.compile(r"([^\W_]+)")
"""Splits a folded text into what is between words (even places) and words (odd places)."""
_COUNTED: Final = 1000
"""Characters in which function words are counted."""
BODY_READ: Final = 20_000
"""Characters of a body that are looked at: a story's subject stands in its beginning."""


class Field(StrEnum):
    """Where a term may stand; the names are those of `evidence[].field`."""

    TITLE = "title"
    SUMMARY = "summary"
    BODY = "body"
    CATEGORY = "category"
    URL = "url"


def _folding() -> dict[int, str]:
    import unicodedata  # noqa: PLC0415 - for this table alone

    table: dict[int, str] = {}
    for code in range(0x80, 0x2000):
        char = chr(code)
        plain = unicodedata.normalize("NFD", char.lower())[:1]
        if plain and plain != char and not unicodedata.combining(plain):
            table[code] = plain
    table |= {ord(quote): "'" for quote in "’‘ʼ＇´`"} | {ord(dash): "-" for dash in "‐‑‒–—"}
    table |= {ord(space): " " for space in "\u00a0\u202f\u2009\u2007"}
    return table | {code: chr(code).lower() for code in range(ord("A"), ord("Z") + 1)}


_FOLDING: Final = _folding()


_BYTES: Final = bytes(range(256)).decode("cp1252", "replace").translate(_FOLDING).encode("cp1252", "replace")
"""The same for texts that fit into Windows-1252, as French ones do: there a table of bytes is ten times as fast."""


def fold(text: str) -> str:
    """Lower case without accents, one character for each, so that offsets stay: « Côte d’Ivoire » is `cote d'ivoire`."""
    if text.isascii():
        return text.lower()
    try:
        return text.replace("\u202f", " ").encode("cp1252").translate(_BYTES).decode("cp1252")
    except UnicodeEncodeError:
        return text.translate(_FOLDING)


@dataclass(frozen=True, slots=True)
class Segment:
    """A field and where its text begins and ends in the whole."""

    field: Field
    start: int
    end: int


@dataclass(frozen=True)
class Text:
    """An article's fields, joined. Offsets into `written` and `folded` are the same.

    `language` is a BCP 47 tag's primary subtag ("fr"), or None where it is unknown.
    """

    language: str | None
    written: str
    segments: tuple[Segment, ...]

    @cached_property
    def folded(self) -> str:
        """The whole, folded."""
        return fold(self.written)

    @cached_property
    def pieces(self) -> list[str]:
        """The folded whole, split into what is between words (even places) and words (odd places)."""
        return WORDS.split(self.folded)

    @cached_property
    def ends(self) -> list[int]:
        """The offset at which each of `pieces` ends."""
        return list(accumulate(map(len, self.pieces)))

    @cached_property
    def _starts(self) -> tuple[int, ...]:
        return tuple(segment.start for segment in self.segments)

    def segment_at(self, offset: int) -> Segment:
        """The segment that holds an offset."""
        return self.segments[bisect_right(self._starts, offset) - 1]

    def evidence(self, start: int, end: int) -> Evidence:
        """What stands there as evidence: the term as written, its field, its offset in that field in characters."""
        segment = self.segment_at(start)
        return Evidence(self.written[start:end], segment.field, start - segment.start)

    def is_word(self, start: int, end: int) -> bool:
        """Whether `folded[start:end]` begins and ends at the borders of words."""
        folded = self.folded
        return not (start and folded[start - 1].isalnum()) and not (end < len(folded) and folded[end].isalnum())


def text_of(
    *,
    title: str | None = None,
    summary: str | None = None,
    body: str | None = None,
    categories: tuple[str, ...] = (),
    url: str | None = None,
    language: str | None = None,
) -> Text:
    """The fields of an article, each a segment; each category is one of its own, and so is the URL's path.

    A summary that begins the body is not read twice.
    """
    if summary and body and body.startswith(summary.rstrip("… .")):
        summary = None
    fields = [
        (Field.TITLE, title),
        (Field.SUMMARY, summary),
        (Field.BODY, body[:BODY_READ] if body else None),
        *((Field.CATEGORY, category) for category in categories),
        (Field.URL, path_words(url) if url else None),
    ]
    parts: list[str] = []
    segments: list[Segment] = []
    at = 0
    for field, text in fields:
        if text:
            segments.append(Segment(field, at, at + len(text)))
            parts.append(text)
            at += len(text) + len(_GAP)
    return Text(_primary(language), _GAP.join(parts), tuple(segments))


def _primary(language: str | None) -> str | None:
    return re.split("[-_]", language, maxsplit=1)[0].lower() if language else None


def path_words(url: str) -> str:
    """The path of a URL, decoded: `/sport/football/` is where a publisher files a story.

    Offsets into it are offsets into the decoded path, and stay where `evidence` says `url`.
    """
    try:
        return unquote(urlsplit(url).path)[:500]
    except ValueError:
        return ""


def spoken(text: Text, function_words: Mapping[str, frozenset[str]]) -> str | None:
    """The language of a text: its own; where it does not say, the one whose function words it holds most often.

    `function_words` are folded, by language. None where the text holds none of them.
    """
    if text.language is not None:
        return text.language
    words = WORDS.findall(text.folded[:_COUNTED])
    counted = {language: sum(word in known for word in words) for language, known in function_words.items()}
    best = max(counted, key=counted.__getitem__, default=None)
    return best if best and counted[best] else None
