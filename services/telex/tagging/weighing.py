"""How much a text's terms say for each topic."""

from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from telex.tagging.lexicon import Lexicon, Term, Word
from telex.tagging.text import Text
from telex.tagging.zones import zones

CATEGORY_WEIGHS: Final = 2.0
FILED: Final = 4.0
"""What a section's name says by itself for its topic."""
FILED_FACTOR: Final = 2.5
"""How much more counts what speaks for the topic that the publisher files the story under."""
BESIDE: Final = 0.7
"""Hints count up to this share of what speaks for their top level outright."""
ALONE: Final = 0.3
"""What a hint counts for where nothing speaks outright."""
_CHARACTERS: Final = 10
"""To a word that carries meaning."""
_BREAKS: Final = ("\x1f", "\n", ". ", "! ", "? ")


@dataclass(slots=True, eq=False)
class Hit:
    """A term in a text: what its places weigh together, and the place that weighs most."""

    mass: float
    best: float
    start: int
    end: int


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """What speaks for each concept, by its number.

    `totals` include what is narrower; `own` do not, and count hints half. `stems` are the masses of stems that a model
    knows, `size` is that of the text. `found` are the terms that speak, `filed` the sections: offsets and concepts.
    """

    totals: Mapping[int, float]
    own: Mapping[int, float]
    stems: Mapping[str, float]
    size: float
    found: Mapping[Term, Hit]
    filed: tuple[tuple[int, int, tuple[int, ...]], ...]

    def evidence(
        self, wanted: Container[int], broader: Sequence[tuple[int, ...]], most: int
    ) -> dict[int, list[tuple[int, int]]]:
        """For each wanted concept, offsets of the terms that say most for it or for what is narrower, most first."""
        said: dict[int, dict[tuple[int, int], float]] = defaultdict(dict)

        def note(number: int, place: tuple[int, int], amount: float) -> None:
            for concept in (number, *broader[number]):
                if concept in wanted:
                    said[concept][place] = max(amount, said[concept].get(place, 0.0))

        for start, end, numbers in self.filed:
            for number in numbers:
                note(number, (start, end), FILED)
        for term, hit in self.found.items():
            counts = hit.mass**0.5
            for number, weight in (*term.speaks, *term.hints):
                note(number, (hit.start, hit.end), counts * weight)
        return defaultdict(
            list,
            {
                number: sorted(places, key=lambda place: (-places[place], place))[:most]
                for number, places in said.items()
            },
        )


class Weighing:
    """Reads one text."""

    def __init__(self, text: Text) -> None:
        self._text = text
        self._found: dict[Term, Hit] = {}
        self._stems: dict[str, float] = {}
        self._filed: list[tuple[int, int, tuple[int, ...]]] = []
        self._zones = list(zones(text, category=CATEGORY_WEIGHS, url=0.0))

    def read(self, lexicon: Lexicon) -> None:
        """Find the terms of a lexicon, the longest at each place, and the stems that its model knows."""
        folded, stems = self._text.folded, self._stems
        pieces, ends = self._text.pieces, self._text.ends
        looked = list(map(lexicon.forms.__getitem__, pieces[1::2]))
        left = iter(self._zones)
        until, weight = next(left)
        taken = 0
        for at, word in enumerate(looked):
            if word is None:
                continue
            start = ends[2 * at]
            while start >= until:
                until, weight = next(left)
            if not weight:
                continue
            if word.learnt:
                stems[word.stem] = stems.get(word.stem, 0.0) + weight
            if at < taken:
                continue
            term, length = _longest(looked, at, word) if word.begins else (word.alone, 1)
            if term is not None:
                end = ends[2 * (at + length) - 1]
                if length == 1 or not any(mark in folded[start:end] for mark in _BREAKS):
                    taken = at + length
                    self._note(term, start, end, weight)

    def _note(self, term: Term, start: int, end: int, weight: float) -> None:
        if term.exactly is not None and not _exactly(self._text.written[start:end], term.exactly):
            return
        hit = self._found.get(term)
        if hit is None:
            self._found[term] = Hit(weight, weight, start, end)
        else:
            hit.mass += weight
            if weight > hit.best:
                hit.best, hit.start, hit.end = weight, start, end

    def file(self, start: int, end: int, numbers: tuple[int, ...]) -> None:
        """Take the name of a section for its concepts."""
        self._filed.append((start, end, numbers))

    def settle(self, broader: Sequence[tuple[int, ...]]) -> Weighed:
        """Sum up. Hints count beside what speaks outright for the same top level, up to a share of it."""
        direct: dict[int, float] = {}
        hinted: dict[int, float] = {}
        for term, hit in self._found.items():
            counts = hit.mass**0.5
            for number, weight in term.speaks:
                direct[number] = direct.get(number, 0.0) + counts * weight
            for number, weight in term.hints:
                hinted[number] = hinted.get(number, 0.0) + counts * weight
        own = dict(direct)
        for number, amount in hinted.items():
            own[number] = own.get(number, 0.0) + 0.5 * amount
        for _, _, numbers in self._filed:
            for number in numbers:
                direct[number] = direct.get(number, 0.0) + FILED
        totals = _summed(direct, broader)
        shares = {
            top: min(1.0, BESIDE * totals[top] / hints) if totals.get(top) else ALONE
            for top, hints in _summed(hinted, broader, tops_only=True).items()
        }
        for number, amount in hinted.items():
            share = shares[broader[number][-1] if broader[number] else number]
            for concept in (number, *broader[number]):
                totals[concept] = totals.get(concept, 0.0) + amount * share
        size = sum(
            (until - before) * weight for (before, _), (until, weight) in pairwise([(0, 0.0), *self._zones]) if weight
        )
        for concept in {
            concept for _, _, numbers in self._filed for number in numbers for concept in (number, *broader[number])
        }:
            totals[concept] *= FILED_FACTOR
        return Weighed(totals, own, self._stems, size / _CHARACTERS, self._found, tuple(self._filed))


def _summed(
    amounts: Mapping[int, float], broader: Sequence[tuple[int, ...]], *, tops_only: bool = False
) -> dict[int, float]:
    """Each concept's amount with those of what is narrower."""
    summed: dict[int, float] = {}
    for number, amount in amounts.items():
        chain = (number, *broader[number])
        for concept in chain[-1:] if tops_only else chain:
            summed[concept] = summed.get(concept, 0.0) + amount
    return summed


def _longest(looked: Sequence[Word | None], at: int, word: Word) -> tuple[Term | None, int]:
    """The longest term that begins with a word, and how many words it is."""
    best, length = word.alone, 1
    after, to = word.begins, at + 1
    while after and to < len(looked):
        follower = looked[to]
        node = after.get(follower.stem) if follower is not None else None
        if node is None:
            break
        to += 1
        if node.term is not None:
            best, length = node.term, to - at
        after = node.after
    return best, length


def _exactly(written: str, term: str) -> bool:
    """Whether a form stands as the lexicon has it; in capitals throughout, accents and case tell nothing but of acronyms."""
    if written.isupper():
        return len(written) > 1 or written == term
    if term.isupper():
        return False
    return written == term or (written[:1].isupper() and written[0].lower() + written[1:] == term)
