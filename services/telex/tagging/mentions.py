"""Persons, organisations, companies and clubs that a text names, of those that a file knows."""

from collections.abc import Sequence
from operator import itemgetter
from pathlib import Path
from typing import Final

from telex.core.model import Mention
from telex.tagging.names import NAMES, Entry, Form, Names, load_names
from telex.tagging.sightings import Part, Reading, Sighting
from telex.tagging.text import Field, Text
from telex.tagging.zones import LEAD

MOST_MENTIONS: Final = 20
MOST_EVIDENCE: Final = 5
_WEIGHS: Final = {Field.TITLE: 5.0, Field.SUMMARY: 3.0, Field.CATEGORY: 3.0, Field.BODY: 1.0}
_LEAD_WEIGHS: Final = 2.0
_NAME_THINGS: Final = ("club", "company")
"""Arenas are named after companies, councils after the towns that clubs are named after."""
_HEADLINES: Final = (Field.TITLE, Field.SUMMARY, Field.CATEGORY)
"""Fields where a surname stands before the whole name is told."""


class Mentions:
    """Finds who is mentioned. Loaded once, then read only."""

    def __init__(self, names: Names) -> None:
        self._names = names

    @classmethod
    def load(cls, path: Path = NAMES) -> "Mentions":
        """The names that come with telex, or those of another file.

        Raises:
            OSError: it is not there.
            ValueError: it is not of its shape; the message names the entry.
        """
        return cls(load_names(path))

    @property
    def version(self) -> str:
        """What `provenance.taxonomies` names."""
        return f"mentions@{self._names.version}"

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All that may be mentioned."""
        return self._names.entries

    def tag(self, text: Text) -> tuple[Mention, ...]:
        """The mentions of a text, those that weigh most first, then in the order of the text."""
        reading = Reading(self._names, text)
        sightings = reading.sightings()
        if not sightings:
            return ()
        resolved = _Resolving(reading, sightings).resolved()
        weighed = [(sum(map(_weighs, met)), met[0].start, entry, met) for entry, met in resolved.items() if met]
        weighed.sort(key=lambda row: (-row[0], row[1]))
        return tuple(
            Mention(
                entry.name_in(text.language),
                entry.kind,
                entry.wikidata,
                tuple(text.evidence(sighting.start, sighting.end) for sighting in _best(met)),
            )
            for _, _, entry, met in weighed[:MOST_MENTIONS]
        )


def _weighs(sighting: Sighting) -> float:
    segment = sighting.segment
    if segment.field is Field.BODY and sighting.start < segment.start + LEAD:
        return _LEAD_WEIGHS
    return _WEIGHS[segment.field]


def _best(met: Sequence[Sighting]) -> list[Sighting]:
    return sorted(met, key=lambda sighting: (-_weighs(sighting), sighting.start))[:MOST_EVIDENCE]


class _Bearers:
    """Who bears which surname: whose whole names stand in a text, and whose stood last as it is read."""

    def __init__(self) -> None:
        self._all: dict[str | Entry, set[Entry | None]] = {}
        self._last: dict[str | Entry, tuple[int, Entry | None]] = {}

    def announce(self, form: Form, entry: Entry | None) -> None:
        """Somebody's whole name stands in the text; None is somebody whom the file does not know."""
        for key in (form.last, entry) if entry else (form.last,):
            self._all.setdefault(key, set()).add(entry)

    def name(self, sighting: Sighting, entry: Entry | None) -> None:
        """The reading comes to a name of somebody."""
        self._last[sighting.form.last] = (sighting.start, entry)
        if entry:
            self._last[entry] = (sighting.start, entry)

    def last(self, form: Form) -> tuple[int, Entry | None] | None:
        """Where one who may be called so was named last, and who that is."""
        named = [self._last[key] for key in _keys(form) if key in self._last]
        return max(named, key=itemgetter(0), default=None)

    def only(self, form: Form) -> Entry | None:
        """The only one of the text who may be called so."""
        everyone = {entry for key in _keys(form) for entry in self._all.get(key, ())}
        return everyone.pop() if len(everyone) == 1 else None


def _keys(form: Form) -> tuple[str | Entry, ...]:
    return (form.last, *form.entries)


class _Resolving:
    """Decides whose each sighting is."""

    def __init__(self, reading: Reading, sightings: Sequence[Sighting]) -> None:
        self._reading = reading
        self._sightings = sightings
        self._met: dict[Entry, list[Sighting]] = {}
        self._bearers = _Bearers()
        self._persons: list[tuple[Sighting, Entry | None, bool]] = []
        """Names of persons in the order of the text: whose, and whether it is the whole name."""
        self._surnames: set[Form] = set()
        """Names of companies and clubs that are persons' in this text: « Peter Safran »."""
        self._short: dict[Form, list[Sighting]] = {}

    def resolved(self) -> dict[Entry, list[Sighting]]:
        """Each entry that is mentioned with its sightings, in the order of the text."""
        for sighting in self._sightings:
            self._sort_out(sighting)
        self._forget_surnames()
        for sighting, entry, whole in self._persons:
            if not whole:
                self._settle_bare(sighting)
                continue
            self._bearers.name(sighting, entry)
            if entry:
                self._count(entry, sighting)
        self._settle_short()
        for met in self._met.values():
            met.sort(key=lambda sighting: sighting.start)
        return self._met

    def _count(self, entry: Entry, sighting: Sighting) -> None:
        self._met.setdefault(entry, []).append(sighting)

    def _sort_out(self, sighting: Sighting) -> None:
        form = sighting.form
        if not form.entries:
            self._name(sighting, None)
        elif form.is_person:
            if not self._reading.is_namesake(sighting):
                self._sort_person(sighting)
        elif form.entries[0].kind in _NAME_THINGS and self._reading.is_thing(sighting):
            return
        elif not form.certain:
            self._short.setdefault(form, []).append(sighting)
        elif form.alone and self._reading.is_surname(sighting):
            self._surnames.add(form)
        else:
            self._count(form.entries[0], sighting)

    def _name(self, sighting: Sighting, entry: Entry | None) -> None:
        self._bearers.announce(sighting.form, entry)
        self._persons.append((sighting, entry, True))

    def _sort_person(self, sighting: Sighting) -> None:
        form = sighting.form
        if not form.alone and form.certain:
            self._name(sighting, form.entries[0])
            return
        part = self._reading.part(sighting)
        if part is Part.WHOLE:
            self._persons.append((sighting, None, False))
        elif part is Part.LONGER:
            self._name(sighting, None)

    def _settle_bare(self, sighting: Sighting) -> None:
        """A surname alone is that of whoever bore it last; in a headline, of the only one in the text who does."""
        form = sighting.form
        last = self._bearers.last(form)
        if last:
            bearer = last[1]
        elif form.certain:
            bearer = form.entries[0]
        else:
            bearer = self._bearers.only(form) if sighting.segment.field in _HEADLINES else None
            if bearer is None and not (form.alone and any(entry.common for entry in form.entries)):
                bearer = self._beside(form.entries)
        if bearer in form.entries and self._reading.suits(sighting, bearer):
            self._count(bearer, sighting)
            self._bearers.name(sighting, bearer)

    def _forget_surnames(self) -> None:
        """A name that is a person's somewhere is that person's everywhere."""
        for form in self._surnames:
            met = [sighting for sighting in self._met.pop(form.entries[0], ()) if sighting.form is not form]
            if met:
                self._met[form.entries[0]] = met

    def _settle_short(self) -> None:
        """Short names count beside a whole one, or beside words that tell; outside headlines where their capital tells."""
        for form, sightings in self._short.items():
            places = list(filter(self._reading.is_whole, sightings))
            telling = set(places if form.city else filter(self._reading.tells, places))
            entry = next((entry for entry in form.entries if entry in self._met), None)
            if entry is None and telling:
                entry = self._beside(form.entries)
            if entry is not None:
                for sighting in places:
                    if sighting in telling or sighting.segment.field in _HEADLINES:
                        self._count(entry, sighting)

    def _beside(self, entries: Sequence[Entry]) -> Entry | None:
        """The only one of these that words in the text speak for."""
        holds = self._reading.holds
        spoken = [entry for entry in entries if any(map(holds, entry.near))]
        return spoken[0] if len(spoken) == 1 else None
