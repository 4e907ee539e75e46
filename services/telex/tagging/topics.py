"""Media Topics of a text: what its words, its publisher's categories and its address say, weighed."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from telex.core.model import Topic
from telex.tagging.lexicon import Lexicon, load_lexicon
from telex.tagging.opinion import Opinion, load_opinion
from telex.tagging.sections import Sections, load_sections, of_category, of_path
from telex.tagging.text import Field, Text, spoken
from telex.tagging.vocabulary import DATA, Vocabulary, load_vocabulary
from telex.tagging.weighing import Weighed, Weighing

MOST_TOPICS: Final = 8
MOST_EVIDENCE: Final = 5
NARROWER: Final = 2
"""Concepts below a top level, at each level, that a text may have."""
LEAST: Final = 2.0
"""What must speak for a narrower concept: a term in the title, or one that is met several times."""
LEAST_TOP: Final = 0.5
"""What must speak for a top level: more than one hint that nothing stands beside."""
LEAST_SHARE: Final = 0.2
"""Of what speaks for its top level."""


class Topics:
    """Tags texts with Media Topics. Loaded once, then read only."""

    def __init__(
        self, vocabulary: Vocabulary, lexicons: Mapping[str, Lexicon], sections: Sections, opinion: Opinion
    ) -> None:
        self.vocabulary = vocabulary
        self.lexicons = lexicons
        self.sections = sections
        self.opinion = opinion
        self._function_words = {name: lexicon.manner.function_words for name, lexicon in lexicons.items()}
        self._concepts = tuple(vocabulary.concepts.values())
        numbers = {concept.code: at for at, concept in enumerate(self._concepts)}
        self._broader = tuple(tuple(numbers[code] for code in concept.broader) for concept in self._concepts)
        self.tops = tuple(at for at, concept in enumerate(self._concepts) if not concept.broader)

    @classmethod
    def load(cls, folder: Path = DATA) -> "Topics":
        """The topics that come with telex.

        Raises:
            OSError, ValueError, KeyError: a file is not there, or not what it was shipped as.
        """
        vocabulary = load_vocabulary(folder / "concepts.json")
        numbers = {code.removeprefix("medtop:"): at for at, code in enumerate(vocabulary.concepts)}
        folders = sorted(path.parent for path in folder.glob("*/language.yaml"))
        lexicons = {path.name: load_lexicon(path, numbers) for path in folders}
        tops = [numbers[code[7:]] for code, concept in vocabulary.concepts.items() if not concept.broader]
        opinion = load_opinion(folder / "opinion.json", numbers, tops)
        return cls(vocabulary, lexicons, load_sections(folders, numbers), opinion)

    @property
    def version(self) -> str:
        """What `provenance.taxonomies` names."""
        return f"medtop@{self.vocabulary.edition}"

    def tag(self, text: Text) -> tuple[Topic, ...]:
        """The topics of a text, the most certain first; what is broader stands before what is narrower."""
        weighed = self.weigh(text)
        lexicon = self.lexicon(text)
        confidences = self.opinion.confidences(weighed, self.tops, lexicon.learnt if lexicon else {})
        chosen = self._chosen(weighed, dict(zip(self.tops, confidences, strict=True)))
        evidence = weighed.evidence(chosen, self._broader, MOST_EVIDENCE)
        # What stands for a concept stands for what is broader too.
        terms = {place: text.evidence(*place) for places in evidence.values() for place in places}
        return tuple(
            Topic(
                concept.code,
                concept.name(text.language),
                concept.names["en"],
                concept.broader,
                round(confidence, 3),
                tuple(map(terms.__getitem__, evidence[number])),
            )
            for number, confidence in chosen.items()
            for concept in [self._concepts[number]]
            if evidence[number]
        )

    def lexicon(self, text: Text) -> Lexicon | None:
        """The lexicon of a text's language; where it does not say, the one whose function words it holds most often."""
        language = spoken(text, self._function_words)
        return self.lexicons.get(language) if language is not None else None

    def weigh(self, text: Text) -> Weighed:
        """What speaks for each concept."""
        weighing = Weighing(text)
        lexicon = self.lexicon(text)
        if lexicon is not None:
            weighing.read(lexicon)
        for start, end, numbers in self._filed(text):
            weighing.file(start, end, numbers)
        return weighing.settle(self._broader)

    def _filed(self, text: Text) -> Iterator[tuple[int, int, tuple[int, ...]]]:
        """Where the publisher files the story: offsets of the names of sections, and their concepts."""
        for segment in text.segments:
            if segment.field is Field.CATEGORY:
                if numbers := of_category(text.written[segment.start : segment.end], self.sections):
                    yield segment.start, segment.end, numbers
            elif segment.field is Field.URL:
                for start, end, numbers in of_path(text.written[segment.start : segment.end], self.sections):
                    yield segment.start + start, segment.start + end, numbers

    def _chosen(self, weighed: Weighed, tops: Mapping[int, float]) -> dict[int, float]:
        """The concepts to tag, each after its broader ones, with their confidences."""
        # Of two that are as likely, the one that stories are less often about says more.
        common = {self.tops[at] for at in self.opinion.classes}
        best = sorted(
            (top for top in tops if weighed.totals.get(top, 0.0) >= LEAST_TOP),
            key=lambda top: (-tops[top], top in common),
        )
        ranked: list[tuple[float, int]] = []
        for at, top in enumerate(best):
            if at and tops[top] < self.opinion.floor:
                break
            ranked.append((tops[top], top))
            narrower = self._narrower(weighed, top, tops[top])
            ranked += [(sure, number) for sure, number in narrower if sure >= self.opinion.floor]
        ranked.sort(key=lambda entry: (-entry[0], len(self._broader[entry[1]])))
        return {number: confidence for confidence, number in _closed(ranked, self._broader)[:MOST_TOPICS]}

    def _narrower(self, weighed: Weighed, top: int, confidence: float) -> Iterator[tuple[float, int]]:
        """The concepts below a top level that enough speaks for."""
        whole = weighed.totals[top]
        below = [
            (total, number)
            for number, total in weighed.totals.items()
            if total >= LEAST and total >= LEAST_SHARE * whole and self._broader[number][-1:] == (top,)
        ]
        below.sort(key=lambda entry: (-entry[0], entry[1]))
        counts: dict[int, int] = {}
        for total, number in below:
            depth = len(self._broader[number])
            counts[depth] = counts.get(depth, 0) + 1
            if counts[depth] <= NARROWER:
                yield confidence * self.opinion.of_share(total / whole), number


def _closed(ranked: list[tuple[float, int]], broader: tuple[tuple[int, ...], ...]) -> list[tuple[float, int]]:
    """Those whose broader concepts are all ranked before them."""
    seen: set[int] = set()
    kept = []
    for confidence, number in ranked:
        if seen.issuperset(broader[number]):
            seen.add(number)
            kept.append((confidence, number))
    return kept
