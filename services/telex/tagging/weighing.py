"""How much a text's terms say for each topic."""

from collections import defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import log2
from typing import Final

from telex.tagging.lexicon import WORDS, Lexicon, Term
from telex.tagging.text import Field, Text

LEAD: Final = 500
"""Characters at the beginning of a body that are read as a lead, where there is no summary."""
CORE: Final = 2500
"""Characters of a body up to where a term counts fully."""
TITLE_WEIGHS: Final = 3.0
LEAD_WEIGHS: Final = 2.0
BODY_WEIGHS: Final = 1.0
TAIL_WEIGHS: Final = 0.5
CATEGORY_WEIGHS: Final = 2.0
FILED: Final = 4.0
"""What a section's name says for its topic."""
BESIDE: Final = 0.7
"""Hints count up to this share of what speaks for their top level outright."""
ALONE: Final = 0.3
"""What a hint counts for where nothing speaks outright."""
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
    """What speaks for each concept by its number, what is narrower included, and the terms that do."""

    totals: Mapping[int, float]
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
            counts = log2(1.0 + hit.mass)
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
        self._filed: list[tuple[int, int, tuple[int, ...]]] = []

    def read(self, lexicon: Lexicon) -> None:
        """Find the terms of a lexicon."""
        text = self._text
        folded, written, found = text.folded, text.written, self._found
        pieces = WORDS.split(folded)
        ends = list(accumulate(map(len, pieces)))
        zones = _zones(text)
        until, weight = next(zones)
        for at, length, term in lexicon.matches(pieces[1::2]):
            start, end = ends[2 * at], ends[2 * (at + length) - 1]
            while start >= until:
                until, weight = next(zones)
            if not weight or (length > 1 and any(mark in folded[start:end] for mark in _BREAKS)):
                continue
            if term.capital is not None and not _capitals(written[start:end], term.capital):
                continue
            hit = found.get(term)
            if hit is None:
                found[term] = Hit(weight, weight, start, end)
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
            counts = log2(1.0 + hit.mass)
            for number, weight in term.speaks:
                direct[number] = direct.get(number, 0.0) + counts * weight
            for number, weight in term.hints:
                hinted[number] = hinted.get(number, 0.0) + counts * weight
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
        return Weighed(totals, self._found, tuple(self._filed))


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


def _capitals(written: str, capital: str) -> bool:
    return written.isupper() if capital.isupper() else written[:1].isupper() or not capital[:1].isupper()


def _zones(text: Text) -> Iterator[tuple[float, float]]:
    """Up to which offset a term weighs how much."""
    lead = LEAD_WEIGHS
    for segment in text.segments:
        match segment.field:
            case Field.TITLE:
                yield segment.end, TITLE_WEIGHS
            case Field.SUMMARY:
                yield segment.end, LEAD_WEIGHS
                lead = BODY_WEIGHS
            case Field.BODY:
                yield segment.start + LEAD, lead
                yield segment.start + CORE, BODY_WEIGHS
                yield segment.end, TAIL_WEIGHS
            case Field.CATEGORY:
                yield segment.end, CATEGORY_WEIGHS
            case Field.URL:
                yield segment.end, 0.0
    yield float("inf"), 0.0
