"""Places of a text: the countries that a reader would mark, by their names and by those of their people, cities and governments."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from telex.core.model import Evidence, Place
from telex.tagging.gazetteer import DATA, Gazetteer, Kind, Names, load_gazetteer
from telex.tagging.lexicon import WORDS
from telex.tagging.reading import Hit, Reading
from telex.tagging.text import Field, Text
from telex.tagging.weighing import BODY_WEIGHS, CORE, LEAD, LEAD_WEIGHS, TAIL_WEIGHS, TITLE_WEIGHS

MOST_PLACES: Final = 40
MOST_EVIDENCE: Final = 5
DATELINE: Final = 40
"""Characters at the beginning of a body in which a place says where a reporter sits."""
DATELINE_WEIGHS: Final = 0.5
SUBJECT: Final = 0.5
"""The share of the weightiest place's weight from which a place is what the story is about."""


class Places:
    """Tags texts with places. Loaded once, then read only."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer

    @classmethod
    def load(cls, folder: Path = DATA) -> "Places":
        """The places that come with telex.

        Raises:
            OSError, ValueError, KeyError: a file is not there, or not what it was shipped as.
        """
        return cls(load_gazetteer(folder))

    @property
    def version(self) -> str:
        """What `provenance.taxonomies` names."""
        return f"places@{self._gazetteer.edition}"

    def tag(self, text: Text) -> tuple[Place, ...]:
        """The places of a text, each once: those that it is about first, then by weight."""
        names = self._names(text)
        if names is None:
            return ()
        found = _settle(Reading(text, names, self._gazetteer).places())
        weights = {code: sum(weight for _, weight in _weighed(text, hits)) for code, hits in found.items()}
        most = max(weights.values(), default=0.0)
        roles = {
            code: "subject" if weights[code] >= SUBJECT * most or _is_in_title(text, hits) else "mentioned"
            for code, hits in found.items()
        }
        ranked = sorted(found, key=lambda code: (roles[code] != "subject", -weights[code], found[code][0].start))
        called = self._gazetteer.called.get(names.language, {})
        return tuple(
            Place(code, called.get(code, code), roles[code], tuple(_evidence(text, found[code])))
            for code in ranked[:MOST_PLACES]
        )

    def _names(self, text: Text) -> Names | None:
        """The names of a text's language; where it does not say, the one whose function words it holds most often."""
        languages = self._gazetteer.languages
        if text.language is not None:
            return languages.get(text.language)
        words = WORDS.findall(text.folded[:1000])
        counted = {names: sum(word in names.manner.function_words for word in words) for names in languages.values()}
        best = max(counted, key=counted.__getitem__, default=None)
        return best if best and counted[best] else None


def _settle(hits: list[Hit]) -> dict[str, list[Hit]]:
    """Code → what stands for it. A name of several is the one that the text speaks of otherwise, else the likeliest."""
    found: dict[str, list[Hit]] = defaultdict(list)
    for hit in hits:
        if len(hit.sense.codes) == 1:
            found[hit.sense.codes[0]].append(hit)
    sure = set(found)
    for hit in hits:
        if len(hit.sense.codes) > 1:
            code = next((code for code in hit.sense.codes if code in sure), hit.sense.codes[0])
            if hit.sense.kind is not Kind.TOWN or code in sure:
                found[code].append(hit)
    return {code: sorted(entries, key=lambda hit: hit.start) for code, entries in found.items()}


def _weighed(text: Text, hits: Iterable[Hit]) -> Iterator[tuple[Hit, float]]:
    """Each name and what it weighs: title and lead more, the end of a long body less."""
    summary = any(segment.field is Field.SUMMARY for segment in text.segments)
    for hit in hits:
        segment = text.segment_at(hit.start)
        at = hit.start - segment.start
        match segment.field:
            case Field.TITLE:
                yield hit, TITLE_WEIGHS
            case Field.SUMMARY:
                yield hit, LEAD_WEIGHS
            case Field.BODY if at < LEAD and not summary:
                yield hit, LEAD_WEIGHS
            case Field.BODY:
                yield hit, BODY_WEIGHS if at < CORE else TAIL_WEIGHS
            case _:
                yield hit, BODY_WEIGHS


def _is_in_title(text: Text, hits: Iterable[Hit]) -> bool:
    return any(text.segment_at(hit.start).field is Field.TITLE for hit in hits)


def _evidence(text: Text, hits: list[Hit]) -> Iterator[Evidence]:
    """Where the weightiest names stand, each form once."""
    seen: set[str] = set()
    for hit, _ in sorted(_weighed(text, hits), key=lambda pair: -pair[1]):
        term = text.written[hit.start : hit.end]
        if term not in seen and len(seen) < MOST_EVIDENCE:
            seen.add(term)
            yield text.evidence(hit.start, hit.end)
