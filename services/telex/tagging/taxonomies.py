"""Tags texts with the concepts of operators' own taxonomies.

A concept is tagged where a term of it stands in the text and its conditions are met; with it all that is broader.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from telex.core.model import Evidence, Topic
from telex.tagging.cases import LEAST, Case, Compiled, Reading
from telex.tagging.concepts import EVERY, Taxonomy
from telex.tagging.terms import Term, Terms
from telex.tagging.text import Text

MOST_TOPICS: Final = 50
"""Of all taxonomies together; the most certain are kept."""
MOST_EVIDENCE: Final = 5


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a text has a concept, and why.

    `found` is what stands for it, also where a condition is not met. `against` says in words why its own terms do not
    bring it; it is empty where they do. `through` is the code of the narrower concept that does.
    """

    tagged: bool
    confidence: float
    found: tuple[Evidence, ...]
    against: tuple[str, ...]
    through: str | None


class Taxonomies:
    """Any number of taxonomies. Made once, then read only.

    What a text costs grows with its words and the concepts that they speak for, not with the concepts that there are.
    """

    def __init__(self, taxonomies: Sequence[Taxonomy] = ()) -> None:
        """Compile them.

        Raises:
            KeyError: a parent is no concept of its taxonomy.
        """
        self.versions = tuple(taxonomy.version for taxonomy in taxonomies)
        self._terms = Terms()
        self._concepts: list[Compiled] = []
        self._speaks: dict[int, list[tuple[int, str]]] = {}
        for taxonomy in taxonomies:
            self._compile(taxonomy)
        self._numbers = {concept.code: number for number, concept in enumerate(self._concepts)}

    def topics_of(self, code: str) -> str | None:
        """The slug of a concept's Kafka topic; None where it has none, and for a code of another vocabulary."""
        number = self._numbers.get(code)
        return None if number is None else self._concepts[number].own.topic

    @property
    def routes(self) -> dict[str, tuple[str, ...]]:
        """The codes of the concepts that go to each Kafka topic, by its slug."""
        found: dict[str, list[str]] = {}
        for concept in self._concepts:
            if slug := concept.own.topic:
                found.setdefault(slug, []).append(concept.code)
        return {slug: tuple(codes) for slug, codes in found.items()}

    def tag(self, text: Text) -> tuple[Topic, ...]:
        """The topics of a text, the most certain first; what is broader stands before what is narrower."""
        if not self._concepts:
            return ()
        reading = Reading(text, self._terms)
        if not reading.found:
            return ()
        chosen = self._broadened(self._cases(reading))
        ranked = sorted(
            chosen, key=lambda number: (-chosen[number].confidence, len(self._concepts[number].broader), number)
        )
        return tuple(self._topic(number, chosen[number], reading) for number in ranked[:MOST_TOPICS])

    def explain(self, code: str, text: Text) -> Verdict:
        """Whether and why a text has a concept.

        Raises:
            KeyError: no taxonomy has it.
        """
        number = self._numbers[code]
        concept = self._concepts[number]
        reading = Reading(text, self._terms)
        cases = self._cases(reading)
        terms = self._candidates(reading).get(number, [])
        own = cases.get(number)
        against = () if own else tuple(self._against(reading, concept, terms))
        places = own.places if own else [reading.found[term][0] for term in terms]
        narrower = [other for other in cases if number in self._concepts[other].broader]
        through = max(narrower, key=lambda other: cases[other].confidence, default=None)
        chosen = self._broadened(cases).get(number)
        return Verdict(
            chosen is not None,
            round(chosen.confidence, 3) if chosen else 0.0,
            reading.evidence((chosen.places if chosen else places)[:MOST_EVIDENCE]),
            against,
            self._concepts[through].code if through is not None and own is None else None,
        )

    def _compile(self, taxonomy: Taxonomy) -> None:
        numbers = {concept.code: at for at, concept in enumerate(taxonomy.concepts, len(self._concepts))}
        broader = taxonomy.broader()
        for number, concept in enumerate(taxonomy.concepts, len(self._concepts)):
            for language, terms in concept.terms.items():
                for term in self._added(terms):
                    self._speaks.setdefault(term, []).append((number, language))
            self._concepts.append(
                Compiled(
                    f"{taxonomy.name}:{concept.code}",
                    concept,
                    tuple(map(self._added, concept.must)),
                    self._added(concept.barred),
                    tuple((self._added(near.terms), near.within) for near in concept.near),
                    tuple(numbers[code] for code in broader[concept.code]),
                )
            )

    def _added(self, terms: Sequence[Term]) -> tuple[int, ...]:
        return tuple(dict.fromkeys(map(self._terms.add, terms)))

    def _candidates(self, reading: Reading) -> dict[int, list[int]]:
        """The concepts that terms in a text speak for in its language, with those terms."""
        language = reading.text.language
        found: dict[int, list[int]] = {}
        for term in reading.found:
            for number, spoken in self._speaks.get(term, ()):
                if language is None or spoken in {EVERY, language}:
                    found.setdefault(number, []).append(term)
        return found

    def _cases(self, reading: Reading) -> dict[int, Case]:
        """The concepts that are tagged for their own terms."""
        found = {}
        for number, terms in self._candidates(reading).items():
            case = reading.case(self._concepts[number], terms)
            if case is not None and case.confidence >= LEAST:
                found[number] = case
        return found

    def _broadened(self, cases: dict[int, Case]) -> dict[int, Case]:
        """With all that is broader: at least as certain, on its own evidence first, then on that of what is narrower."""
        found = dict(cases)
        for number in sorted(cases, key=lambda number: -cases[number].confidence):
            for wider in self._concepts[number].broader:
                known = found.get(wider)
                if known is None:
                    found[wider] = cases[number]
                else:
                    places = tuple(dict.fromkeys((*known.places, *cases[number].places)))
                    found[wider] = Case(max(known.confidence, cases[number].confidence), places)
        return found

    def _topic(self, number: int, case: Case, reading: Reading) -> Topic:
        concept = self._concepts[number]
        return Topic(
            concept.code,
            concept.own.name(reading.text.language),
            concept.own.names.get("en"),
            tuple(self._concepts[wider].code for wider in concept.broader),
            round(case.confidence, 3),
            reading.evidence(case.places[:MOST_EVIDENCE]),
        )

    def _against(self, reading: Reading, concept: Compiled, terms: list[int]) -> Iterator[str]:
        yield from (objections := list(reading.objections(concept, terms)))
        if not objections:
            case = reading.case(concept, terms)
            certain = case.confidence if case else 0.0
            yield f"its confidence, {certain:.2f}, is below {LEAST}"
