"""Places of a text: the countries that a reader would mark, by their names and by those of their people, cities and seats."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from telex.core.model import Evidence, Place
from telex.tagging.gazetteer import DATA, Gazetteer, Kind, Names, Sense, load_gazetteer
from telex.tagging.reading import Hit, Reading
from telex.tagging.text import Field, Text, spoken
from telex.tagging.zones import BODY_WEIGHS, TITLE_WEIGHS, zones

MOST_PLACES: Final = 40
MOST_EVIDENCE: Final = 5
SHARE: Final = 0.75
"""Of the weightiest place's weight, from which a place is what the story is about."""
DATELINE_WEIGHS: Final = 0.5
_DATELINE: Final = re.compile(r"[^.\n—–]{0,60}?(?:\s[—–-]\s|\([^)\n]{2,20}\)\s*[—–:-])")
"""What follows the name of a dateline."""


@dataclass(slots=True, eq=False)
class Standing:
    """What stands for a place: names with their weights, and whether one is in the title."""

    code: str
    found: list[tuple[float, Hit]] = field(default_factory=list)
    weight: float = 0.0
    titled: bool = False

    def add(self, hit: Hit, weight: float) -> None:
        """Take a name."""
        self.found.append((weight, hit))
        self.weight += weight
        self.titled = self.titled or weight == TITLE_WEIGHS

    def place(self, text: Text, name: str, most: float) -> Place:
        """The tag; `most` is what the weightiest place weighs."""
        subject = self.titled or self.weight >= SHARE * most
        return Place(self.code, name, "subject" if subject else "mentioned", tuple(self._evidence(text)))

    def _evidence(self, text: Text) -> Iterator[Evidence]:
        """Where the weightiest names stand, each form once."""
        seen: set[str] = set()
        for _, hit in sorted(self.found, key=lambda pair: -pair[0]) if len(self.found) > 1 else self.found:
            term = text.written[hit.start : hit.end]
            if term not in seen:
                seen.add(term)
                yield text.evidence(hit.start, hit.end)
            if len(seen) == MOST_EVIDENCE:
                return


class Places:
    """Tags texts with places. Loaded once, then read only."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self.gazetteer = gazetteer
        self._function_words = {name: names.manner.function_words for name, names in gazetteer.languages.items()}

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
        return f"places@{self.gazetteer.edition}"

    def tag(self, text: Text) -> tuple[Place, ...]:
        """The places of a text, each once: those that it is about first, then by weight.

        A place's name is in the text's language. A text in a language that the gazetteer lacks has none.
        """
        names = self._names(text)
        if names is None:
            return ()
        standings = _settle(text, Reading(text, names, self.gazetteer).places())
        if not standings:
            return ()
        standings.sort(key=lambda standing: -standing.weight)
        most = standings[0].weight
        called = self.gazetteer.called[names.language]
        places = [standing.place(text, called.get(standing.code, standing.code), most) for standing in standings]
        places.sort(key=lambda place: place.role != "subject")
        return tuple(places[:MOST_PLACES])

    def _names(self, text: Text) -> Names | None:
        """The names of a text's language; where it does not say, the one whose function words it holds most often."""
        language = spoken(text, self._function_words)
        return self.gazetteer.languages.get(language) if language is not None else None


def _settle(text: Text, hits: list[Hit]) -> list[Standing]:
    """What stands for each place."""
    standings: dict[str, Standing] = {}
    codes = _codes(hits)
    begins = {
        segment.start for segment in text.segments if segment.field is Field.SUMMARY or segment.field is Field.BODY
    }
    left = zones(text, category=BODY_WEIGHS, url=0.0)
    until, weight = next(left)
    for hit in hits:
        while hit.start >= until:
            until, weight = next(left)
        if weight:
            code = codes.get(hit.sense) or hit.sense.codes[0]
            standing = standings.get(code)
            if standing is None:
                standing = standings[code] = Standing(code)
            dateline = hit.start in begins and _DATELINE.match(text.written, hit.end) is not None
            standing.add(hit, DATELINE_WEIGHS if dateline else weight)
    return list(standings.values())


def _codes(hits: list[Hit]) -> dict[Sense, str]:
    """For names of several places the one that the text names otherwise, else the likeliest.

    A part of a country has its name beside others in that country: the American Georgia.
    """
    shared = {hit.sense for hit in hits if len(hit.sense.codes) > 1}
    if not shared:
        return {}
    plain = [hit.sense for hit in hits if len(hit.sense.codes) == 1]
    named = {sense.codes[0] for sense in plain}
    within = {sense.codes[0] for sense in plain if sense.kind >= Kind.AREA}
    return {
        sense: next(
            (code for code in sense.codes if code in (within if sense.kind is Kind.AREA else named)), sense.codes[0]
        )
        for sense in shared
    }
