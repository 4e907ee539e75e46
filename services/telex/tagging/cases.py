"""How much a text's words say for an operator's concept, and what speaks against it."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Final

from telex.core.model import Evidence
from telex.tagging.concepts import OwnConcept
from telex.tagging.terms import Occurrence, Term, Terms
from telex.tagging.text import Text
from telex.tagging.zones import zones

LEAST: Final = 0.3
"""Confidence below which a concept is not tagged: a term once in a body, where the concept's boost is below 0.43."""
HIGHEST: Final = 0.99
"""Words are evidence, never proof: 1.0 is not reached."""
CATEGORY_WEIGHS: Final = 2.0
URL_WEIGHS: Final = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """A concept with its full code, and the numbers of its conditions' terms and of what is broader, nearest first."""

    code: str
    own: OwnConcept
    must: tuple[tuple[int, ...], ...]
    barred: tuple[int, ...]
    near: tuple[tuple[tuple[int, ...], int], ...]
    broader: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """What speaks for a concept: how certain that makes it, and where, the weightiest place first."""

    confidence: float
    places: tuple[Occurrence, ...]


class Reading:
    """A text with the terms that stand in it."""

    def __init__(self, text: Text, terms: Terms) -> None:
        self.text = text
        self.found: Mapping[int, Sequence[Occurrence]] = terms.find(text)

    @cached_property
    def _zones(self) -> list[tuple[float, float]]:
        return list(zones(self.text, category=CATEGORY_WEIGHS, url=URL_WEIGHS))

    def weight(self, place: Occurrence) -> float:
        """What an occurrence weighs by where it stands."""
        return next(weight for until, weight in self._zones if place.start < until)

    def case(self, concept: Compiled, terms: Iterable[int]) -> Case | None:
        """What speaks for a concept, by those of its terms that stand here; None where a condition is not met.

        Each term weighs the square root of what its places weigh together: a second term says more than the first one
        again. A term inside a longer one of the same concept does not count. The sum times the boost, s, makes the
        confidence s / (s + 1).
        """
        if self.lacking(concept) or self.barring(concept):
            return None
        counted = self.counted(concept, terms)
        if not counted:
            return None
        masses: dict[int, float] = {}
        best: dict[int, tuple[float, Occurrence]] = {}
        for term, place in counted:
            weight = self.weight(place)
            masses[term] = masses.get(term, 0.0) + weight
            if term not in best or weight > best[term][0]:
                best[term] = (weight, place)
        score = concept.own.boost * sum(mass**0.5 for mass in masses.values())
        ranked = sorted(best, key=lambda term: (-masses[term], best[term][1].start))
        places = [best[term][1] for term in ranked]
        return Case(min(HIGHEST, score / (score + 1)), tuple(dict.fromkeys((*places, *self._beside(concept, places)))))

    def _beside(self, concept: Compiled, places: Sequence[Occurrence]) -> Iterator[Occurrence]:
        """Where the terms stand that a concept's conditions ask for, one of each."""
        for group in concept.must:
            yield min(self.found[term][0] for term in group if term in self.found)
        for condition in self.companions(concept):
            yield next(filter(None, map(condition.beside, places)))

    def counted(self, concept: Compiled, terms: Iterable[int]) -> list[tuple[int, Occurrence]]:
        """The occurrences that count for a concept, in the order of the text."""
        conditions = self.companions(concept)
        standing = [
            (term, place)
            for term in terms
            for place in self.found[term]
            if all(condition.beside(place) for condition in conditions)
        ]
        standing.sort(key=lambda entry: (entry[1].first, -entry[1].after))
        counted: list[tuple[int, Occurrence]] = []
        taken = 0
        for term, place in standing:
            if place.first >= taken:
                counted.append((term, place))
                taken = place.after
        return counted

    def lacking(self, concept: Compiled) -> list[int]:
        """Which groups of `must` have no term here, counted from 0."""
        return [at for at, group in enumerate(concept.must) if not any(term in self.found for term in group)]

    def barring(self, concept: Compiled) -> list[Occurrence]:
        """Where terms stand that bar a concept, the first place of each."""
        return [self.found[term][0] for term in concept.barred if term in self.found]

    def companions(self, concept: Compiled) -> "list[_Companions]":
        """For each condition of `near`, where its terms stand."""
        return [_Companions(self.text, self.found, others, within) for others, within in concept.near]

    def evidence(self, places: Iterable[Occurrence]) -> tuple[Evidence, ...]:
        """The places as evidence."""
        return tuple(self.text.evidence(place.start, place.end) for place in places)

    def objections(self, concept: Compiled, terms: Sequence[int]) -> Iterator[str]:
        """In words, why a concept is not tagged."""
        if not terms:
            yield "no term of it stands in the text"
        for at in self.lacking(concept):
            yield f"must: none of {_listed(concept.own.must[at])} stands in the text"
        for evidence in self.evidence(self.barring(concept)):
            yield f"not: {evidence.term!r} stands in the {evidence.field}"
        places = [place for term in terms for place in self.found[term]]
        if len(concept.near) > 1 and places and not self.counted(concept, terms):
            yield "near: no term has by it all that should stand near it"
        for near, condition in zip(concept.own.near, self.companions(concept), strict=True):
            if places and not any(map(condition.beside, places)):
                yield f"near: none of {_listed(near.terms)} stands within {near.within} words of a term"


class _Companions:
    """Where the terms stand that a condition wants near a place."""

    def __init__(
        self, text: Text, found: Mapping[int, Sequence[Occurrence]], terms: Iterable[int], within: int
    ) -> None:
        self._text = text
        self._within = within
        self._by_first = sorted(place for term in terms for place in found.get(term, ()))
        self._by_after = sorted(self._by_first, key=_after)

    def beside(self, place: Occurrence) -> Occurrence | None:
        """The nearest behind a place, else before it, that is near enough, in its field and apart from it."""
        behind = bisect_left(self._by_first, place.after, key=_first)
        before = bisect_right(self._by_after, place.first, key=_after)
        for other in (*self._by_first[behind : behind + 1], *self._by_after[max(0, before - 1) : before]):
            distance = max(other.first - place.after, place.first - other.after) + 1
            if distance <= self._within and self._text.segment_at(other.start) is self._text.segment_at(place.start):
                return other
        return None


_first = attrgetter("first")
_after = attrgetter("after")


def _listed(terms: Sequence[Term]) -> str:
    shown = ", ".join(repr(term.written) for term in terms[:5])
    return f"{shown}, …" if len(terms) > 5 else shown
