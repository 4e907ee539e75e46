"""Words and phrases that operators write, found in a text in one pass over its words.

A term is a word, or several in a row. Case and accents do not matter, a hyphen or an apostrophe joins words as a space
does, and œ is oe. `*` at the end takes whatever the last word goes on with; `=` before it wants it exactly as written.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from telex.tagging.text import WORDS, Text, fold

LEAST_PREFIX: Final = 3
"""Characters before a `*`: fewer begin too many words."""
MOST_WORDS: Final = 12
_REMEMBERED: Final = 50_000
"""Forms of which is remembered what they begin; then it begins anew."""
_USUAL: Final = 40
"""Characters up to which a form is remembered: a hostile text may have words of thousands."""
_JOINS: Final = re.compile(r"-|[ \t'\"«»“”„]+")
"""What may stand between two words of any phrase, folded. A dash with spaces around it parts."""
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
_LIGATURES: Final = {ord("œ"): "oe", ord("æ"): "ae", ord("ß"): "ss"}


class WrongTermError(ValueError):
    """A term cannot be one.

    Attributes:
        what: what is wrong with it.
        remedy: what to do about it.
    """

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}; {remedy}")
        self.what = what
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Term:
    """A term, taken apart.

    `words` are as they are looked up, `gaps` what is written between them, both folded. `exactly` are the words as they
    have to stand, or None; `open` says that the last one may go on.
    """

    written: str
    words: tuple[str, ...]
    gaps: tuple[str, ...]
    exactly: tuple[str, ...] | None = None
    open: bool = False


class Occurrence(NamedTuple):
    """Where a term stands: its first word and the one after its last, counted, and its offsets in the text."""

    first: int
    after: int
    start: int
    end: int


def parse_term(written: str) -> Term:
    """The term that an operator means.

    Raises:
        WrongTermError: there is no word in it, too many, or a `*` that has no place.
    """
    written = unicodedata.normalize("NFC", written.strip())
    bare, goes_on = written.removeprefix("=").removesuffix("*"), written.endswith("*")
    if "*" in bare:
        raise WrongTermError("has a * before its end", "write * behind the last word only")
    pieces = WORDS.split(fold(bare))
    words = tuple(map(looked_up, pieces[1::2]))
    if not words:
        raise WrongTermError("holds no word", "write letters or digits")
    if len(words) > MOST_WORDS:
        raise WrongTermError(f"has more than {MOST_WORDS} words", "shorten it")
    if goes_on and (pieces[-1] or len(words[-1]) < LEAST_PREFIX):
        remedy = "write more of the word, or the whole word without *"
        raise WrongTermError(f"has fewer than {LEAST_PREFIX} letters or digits before its *", remedy)
    exactly = tuple(_words_of(bare, pieces)) if written.startswith("=") else None
    return Term(written, words, tuple(pieces[2:-1:2]), exactly, goes_on)


def _words_of(written: str, pieces: Sequence[str]) -> Iterator[str]:
    """The words of a text as written, by its folded pieces."""
    at = 0
    for number, piece in enumerate(pieces):
        if number % 2:
            yield written[at : at + len(piece)]
        at += len(piece)


def looked_up(word: str) -> str:
    """A folded word as it is looked up: œ is oe."""
    return word if word.isascii() else word.translate(_LIGATURES)


_Ends = tuple[tuple[int, Term], ...]


class _Node:
    """Where a row of words has led: the terms that end here, what may follow, and what may begin the word that follows."""

    __slots__ = ("after", "ends", "longest", "opens")

    def __init__(self) -> None:
        self.ends: _Ends = ()
        # Most lead nowhere: they share one empty mapping.
        self.after: Mapping[str, _Node] = _NOTHING
        self.opens: Mapping[str, _Ends] = _NOTHING
        self.longest = 0

    def then(self, word: str) -> "_Node":
        """The node that a word leads to, made where there was none."""
        if not isinstance(self.after, dict):
            self.after = {}
        return self.after.setdefault(word, _Node())

    def end(self, number: int, term: Term) -> None:
        """Let a term end here."""
        self.ends = (*self.ends, (number, term))

    def open(self, word: str, number: int, term: Term) -> None:
        """Let a term end with any word that goes on from one."""
        if not isinstance(self.opens, dict):
            self.opens = {}
        self.longest = max(self.longest, len(word))
        self.opens[word] = (*self.opens.get(word, ()), (number, term))

    def opened_by(self, word: str) -> Iterator[tuple[int, Term]]:
        """The terms whose last word this one goes on from."""
        if self.opens:
            for length in range(LEAST_PREFIX, min(len(word), self.longest) + 1):
                yield from self.opens.get(word[:length], ())


class _First(NamedTuple):
    """What a word may be to the terms: those that it is alone, and where it leads."""

    alone: _Ends
    node: _Node | None


class _Firsts(dict[str, _First | None]):
    """Folded words as written → what they may begin; None for most. Only remembers, and is bounded."""

    def __init__(self, root: _Node) -> None:
        super().__init__()
        self._root = root

    def __missing__(self, form: str) -> _First | None:
        word = looked_up(form)
        node = self._root.after.get(word)
        alone = (*(node.ends if node else ()), *self._root.opened_by(word))
        goes_on = node if node and (node.after or node.opens) else None
        found = _First(alone, goes_on) if alone or goes_on else None
        if len(form) <= _USUAL:
            if len(self) >= _REMEMBERED:
                self.clear()
            self[form] = found
        return found


class Terms:
    """Terms, each with a number from 0. A pass over a text costs the same however many there are that it does not hold."""

    def __init__(self) -> None:
        self._numbers: dict[Term, int] = {}
        self._root = _Node()
        self._firsts = _Firsts(self._root)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._numbers)

    def add(self, term: Term) -> int:
        """Know a term; its number, the same for an equal one. Not after the first `find`."""
        number = self._numbers.get(term)
        if number is None:
            number = self._numbers[term] = len(self._numbers)
            node = self._root
            for word in term.words[:-1]:
                node = node.then(word)
            last = term.words[-1]
            if term.open:
                node.open(last, number, term)
            else:
                node.then(last).end(number, term)
        return number

    def find(self, text: Text) -> dict[int, list[Occurrence]]:
        """Where each term stands, by its number, in the order of the text; only those that do."""
        pieces = text.pieces
        firsts = list(map(self._firsts.__getitem__, pieces[1::2]))
        if not any(firsts):
            return {}
        reading = _Reading(text)
        for at, first in enumerate(firsts):
            if first is not None:
                for number, term in first.alone:
                    reading.note(number, term, at, at + 1)
                if first.node is not None:
                    reading.follow(first.node, at)
        return reading.found


class _Reading:
    """One pass over one text."""

    def __init__(self, text: Text) -> None:
        self.found: dict[int, list[Occurrence]] = {}
        self._written = text.written
        self._pieces = text.pieces
        self._ends = text.ends

    def follow(self, node: _Node, first: int) -> None:
        """Note the terms of several words that begin with a word."""
        after, count = first + 1, len(self._pieces) // 2
        while after < count and (node.after or node.opens):
            word = looked_up(self._pieces[2 * after + 1])
            after += 1
            for number, term in node.opened_by(word):
                self.note(number, term, first, after)
            follower = node.after.get(word)
            if follower is None:
                return
            node = follower
            for number, term in node.ends:
                self.note(number, term, first, after)

    def note(self, number: int, term: Term, first: int, after: int) -> None:
        """Note a term whose words stand there, if the rest of it does."""
        if self._joined(term, first) and self._exact(term, first):
            place = Occurrence(first, after, self._ends[2 * first], self._ends[2 * after - 1])
            self.found.setdefault(number, []).append(place)

    def _joined(self, term: Term, first: int) -> bool:
        """Whether the words stand in a row: what parts them joins, or is what the term has there."""
        for at, gap in enumerate(term.gaps, first + 1):
            stands = self._pieces[2 * at]
            if stands not in {" ", gap} and not _JOINS.fullmatch(stands):
                return False
        return True

    def _exact(self, term: Term, first: int) -> bool:
        if term.exactly is None:
            return True
        words = [
            self._written[self._ends[2 * at] : self._ends[2 * at + 1]] for at in range(first, first + len(term.exactly))
        ]
        last = term.exactly[-1]
        ends = words[-1].startswith(last) if term.open else words[-1] == last
        return ends and words[:-1] == list(term.exactly[:-1])
