"""Where known names stand in a text, and what stands beside them: whether a name is whole, or part of somebody else's."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property
from itertools import islice
from typing import Final

from telex.tagging.names import Entry, Form, Names, Near, Node, plain
from telex.tagging.text import WORDS, Field, Segment, Text, fold

MOST_NAMES: Final = 600
"""Names that are looked at in a text: a story has some tens, and judging one costs more the more there are."""
_CAPITALS: Final = "".join(letter for letter in map(chr, range(0x250)) if letter.isupper())
_CAPITALISED: Final = re.compile(rf"[{_CAPITALS}][^\W_]*")
"""Begins with a capital; where that stands within a word the match is none."""
_NEXT: Final = re.compile(r"[ \-'.&/]{1,3}([^\W_]+)")
"""What may go on with a name: its next word after what stands between."""
_AFTER: Final = re.compile(r"( {1,2}|-)([^\W_]+)")
_WIDE: Final = 48
"""Characters before a name that are looked at."""
_REACH: Final = 4
"""Words before a name among which what is named after a person is looked for."""
_JOINTS: Final = (" ", "-", "  ")
"""What stands between the words of one name."""
_TITLED: Final = (*_JOINTS, ". ", ".")
"""… and after a title."""
_ENDS: Final = frozenset('.!?:;\n\x1f«»“”"…—–|•/')
"""What a sentence, or a part of a headline, begins after."""
_ADDRESSES: Final = ("@", "_", ".")
"""What may join a name to a handle or a host's name."""
_SHOUTED: Final = 24
"""Characters on each side of an acronym that are looked at for small letters."""
_TITLE_CASE: Final = 0.7
"""Of a headline's longer words, the share with a capital from which on capitals tell nothing."""
_SHORT: Final = 3
"""Letters of words that have no capital even there."""
_MANY: Final = 6
"""Longer words that are not all names."""
_OF: Final = frozenset(("of", "de", "d"))
_BETWEEN: Final = frozenset(("international", "omnisports", "memorial"))
"""May stand between what is named after a person and the name."""


class Part(Enum):
    """What a word that is a name is where it stands."""

    WHOLE = auto()
    LONGER = auto()
    """Part of a longer name: somebody else's, or a thing's."""
    UNSURE = auto()
    """Among words that all have capitals."""


@dataclass(slots=True, eq=False)
class Sighting:
    """A form in a text: its offsets in the whole, and its field."""

    start: int
    end: int
    form: Form
    segment: Segment


@dataclass(slots=True, eq=False)
class Beside:
    """A word beside a name: as it is written, folded, and what stands between."""

    written: str
    word: str
    joint: str

    @property
    def is_high(self) -> bool:
        """Whether it has a capital."""
        return self.written[0].isupper()


_BORDER: Final = Beside(" ", "", "\n")


def _edges(sightings: list[Sighting]) -> set[int]:
    return {place for sighting in sightings for place in (sighting.start, sighting.end)}


class Reading:
    """Reads one text."""

    def __init__(self, names: Names, text: Text) -> None:
        self._names = names
        self._manners = names.manners
        self._text = text
        self._cases: dict[int, bool] = {}
        self._besides: dict[Sighting, tuple[list[str], list[Beside]]] = {}
        self._held: dict[Near, bool] = {}
        self._found: list[Sighting] = []

    def sightings(self) -> list[Sighting]:
        """The names, the longest at each place, in the order of the text; a publisher's address is not read."""
        found = list(islice(self._capitalised(), MOST_NAMES))
        found += islice(self._small(found), MOST_NAMES)
        found += self._filed(found)
        found.sort(key=lambda sighting: sighting.start)
        self._found = found
        return found

    @cached_property
    def _borders(self) -> tuple[set[int], set[int]]:
        """Where names begin or end that a name beside them is no part of; and where any does: a hyphen stands between two."""
        # a surname may be another one's first name: « Kerry McCarthy »
        others = [sighting for sighting in self._found if not (sighting.form.alone and sighting.form.is_person)]
        return _edges(others), _edges(self._found)

    def _capitalised(self) -> Iterator[Sighting]:
        """Forms by a word with a capital."""
        first, folded = self._names.first, self._text.folded
        taken = 0
        for match in _CAPITALISED.finditer(self._text.written):
            start, end = match.span()
            node = first.get(folded[start:end])
            if node is None or start < taken:
                continue
            follows = _NEXT.match(folded, end) if node.after else None
            after = node.after.get(follows[1]) if follows else None
            if not node.forms and after is None:
                continue
            if found := self._longest(start, [(end, node)], follows.end() if follows else end, after, taken):
                taken = found.end
                yield found

    def _small(self, others: list[Sighting]) -> Iterator[Sighting]:
        """The few forms that have no capital: « talibans »."""
        folded = self._text.folded
        ends: list[int] = []
        for form in self._names.small:
            if form.plain not in folded:
                continue
            ends = ends or [other.end for other in others]
            start = folded.find(form.plain)
            while start >= 0:
                end = start + len(form.plain)
                following = bisect_right(ends, start)
                free = following == len(others) or end <= others[following].start
                if free and (found := self._sighting(start, end, form)):
                    yield found
                start = folded.find(form.plain, end)

    def _filed(self, others: list[Sighting]) -> Iterator[Sighting]:
        """Categories that are a name in small letters."""
        for segment in self._text.segments:
            if segment.field is Field.CATEGORY and not any(other.segment is segment for other in others):
                form = self._names.whole.get(plain(self._text.folded[segment.start : segment.end]))
                if form is not None and form.language in (None, self._text.language):
                    yield Sighting(segment.start, segment.end, form, segment)

    def _longest(
        self, start: int, ways: list[tuple[int, Node]], at: int, node: Node | None, taken: int
    ) -> Sighting | None:
        """The longest form that stands there, of those on the way so far and behind the node that the next word leads to."""
        folded = self._text.folded
        while node is not None:
            if node.forms:
                ways.append((at, node))
            match = _NEXT.match(folded, at) if node.after else None
            if match is None:
                break
            node, at = node.after.get(match[1]), match.end()
        for at, node in reversed(ways):
            for form in node.forms:
                begins = start - len(form.lead)
                if begins >= taken and (found := self._sighting(begins, at + len(form.tail), form)):
                    return found
        return None

    def _sighting(self, start: int, end: int, form: Form) -> Sighting | None:
        """The form, if it stands there in its letters."""
        text = self._text
        if form.language is not None and form.language != text.language:
            return None
        stands = text.folded[start:end]
        if (stands != form.plain and plain(stands) != form.plain) or not text.is_word(start, end - len(form.tail)):
            return None
        segment = text.segment_at(start)
        if segment.field is Field.URL or end > segment.end:
            return None
        if not form.stands(text.written[start:end], stands):
            return None
        if self._is_address(start, end) or (form.acronym and self._is_shouted(start, end, segment)):
            return None
        return Sighting(start, end, form, segment)

    def _is_address(self, start: int, end: int) -> bool:
        """Whether it is part of a handle or of a host's name."""
        written = self._text.written
        before, after = written[start - 1 : start], written[end : end + 1]
        if before not in _ADDRESSES and after not in _ADDRESSES:
            return False
        return (
            before in ("@", "_")
            or after in ("@", "_")
            or (after == "." and written[end + 1 : end + 2].islower())
            or (before == "." and written[max(0, start - 2) : start - 1].islower())
        )

    def _is_shouted(self, start: int, end: int, segment: Segment) -> bool:
        """Whether all letters around are capitals."""
        before = self._text.written[max(segment.start, start - _SHOUTED) : start]
        return (before + self._text.written[end : min(segment.end, end + _SHOUTED)]).isupper()

    def holds(self, near: Near) -> bool:
        """Whether enough of these words stand in the text."""
        known = self._held.get(near)
        if known is None:
            text = self._text
            folded, written = text.folded, text.written
            # most are in no word at all
            met = [(folded, word) for word in near.words if word in folded]
            met += [(written, word) for word in near.acronyms if word in written]
            known = self._held[near] = (
                len(met) >= near.least and len(list(islice(filter(self._has, met), near.least))) == near.least
            )
        return known

    def _has(self, sought: tuple[str, str]) -> bool:
        text, word = sought
        start = text.find(word)
        while start >= 0:
            if self._text.is_word(start, start + len(word)):
                return True
            start = text.find(word, start + 1)
        return False

    def tells(self, sighting: Sighting) -> bool:
        """Whether a capital tells something where a word stands: not where sentences begin, nor where all words have one."""
        if sighting.segment.field is Field.CATEGORY:
            return True
        before = self._before(sighting)
        return bool(before.word) and _ENDS.isdisjoint(before.joint) and not self._has_capitals(sighting.segment)

    def _has_capitals(self, segment: Segment) -> bool:
        """Whether a headline's words have capitals whatever they are, or a whole field is written in capitals."""
        known = self._cases.get(segment.start)
        if known is None:
            written = self._text.written[segment.start : segment.end][:300]
            known = written.isupper() or (segment.field is not Field.BODY and self._is_headline(WORDS.findall(written)))
            self._cases[segment.start] = known
        return known

    def _is_headline(self, words: list[str]) -> bool:
        """Whether words have capitals as in "Court Frees Man": most of them, and not only because they are names."""
        longer = [word for word in words if len(word) > _SHORT]
        if sum(word[0].isupper() for word in longer) < _TITLE_CASE * len(longer):
            return False
        never_names = self._manners.headline_verbs | self._manners.function_words
        return len(longer) >= _MANY or any(word[0].isupper() and fold(word) in never_names for word in words[1:])

    def is_city(self, sighting: Sighting) -> bool:
        """Whether the name is a city's there: « à Liverpool », "the streets of Barcelona"."""
        manners = self._manners
        before, second, after = self._before(sighting), self._before(sighting, 1), self._after(sighting)
        if before.joint == " " and before.written.lower() in manners.locatives:
            return True
        if before.word in _OF and second.word in manners.town_nouns:
            return True
        return after.joint == " " and not after.is_high and after.word in manners.town_nouns

    def is_surname(self, sighting: Sighting) -> bool:
        """Whether a company's or a club's name of one word ends a person's there: « Peter Safran »."""
        return not sighting.form.acronym and self._part_by_what_is_before(sighting) is Part.LONGER

    def is_whole(self, sighting: Sighting) -> bool:
        """Whether a short name stands by itself: neither "Orange County" nor "Cyber Security Council"."""
        part = self.part(sighting) if sighting.form.alone else self._part_by_what_is_before(sighting)
        return part is Part.WHOLE and not (sighting.form.city and self.is_city(sighting))

    def suits(self, sighting: Sighting, entry: Entry) -> bool:
        """Whether a title before the name is one for such a person: « Mme » for a woman."""
        before = self._before(sighting)
        title = before.word if before.joint in _TITLED else ""
        return entry.she if title in self._manners.titles_she else not (entry.she and title in self._manners.titles_he)

    def part(self, sighting: Sighting) -> Part:
        """What a word is where it stands."""
        part = self._part_by_what_is_before(sighting)
        return part if part is not Part.WHOLE else self._part_by_what_is_after(sighting)

    def _part_by_what_is_before(self, sighting: Sighting) -> Part:
        before, entries, manners = self._before(sighting), sighting.form.entries, self._manners
        if self._is_border(sighting.start - len(before.joint), before.joint):
            return Part.WHOLE
        if len(before.word) == 1 and before.is_high and before.joint in _TITLED:
            return self._part_after_initial(sighting, before.word)
        if before.joint in _TITLED and (before.word in manners.titles_she or before.word in manners.titles_he):
            return Part.WHOLE if any(self.suits(sighting, entry) for entry in entries) else Part.LONGER
        if before.joint not in _JOINTS or not self._is_name(before):
            return Part.WHOLE
        if all(entry.given == before.word for entry in entries):
            return Part.WHOLE
        return Part.UNSURE if self._has_capitals(sighting.segment) else Part.LONGER

    def _is_border(self, at: int, joint: str) -> bool:
        """Whether another name ends or begins there."""
        apart, any_name = self._borders
        return at in (any_name if joint == "-" else apart)

    def _is_name(self, beside: Beside) -> bool:
        """Whether a word may be part of a name: it has a capital, and is no title."""
        manners = self._manners
        return beside.is_high and beside.word not in manners.titles and beside.word not in manners.function_words

    def _part_after_initial(self, sighting: Sighting, initial: str) -> Part:
        """« M. Macron », « E. Macron », and neither « B. Macron » nor « Samuel E. Macron »."""
        if initial in self._manners.titles_he:
            return Part.WHOLE
        if not any(entry.given.startswith(initial) for entry in sighting.form.entries):
            return Part.LONGER
        other = self._before(sighting, 1)
        named = other.joint in _JOINTS and self._is_name(other)
        return Part.LONGER if named else Part.WHOLE

    def _part_by_what_is_after(self, sighting: Sighting) -> Part:
        after = self._after(sighting)
        if after.joint not in _JOINTS or self._is_border(sighting.end + len(after.joint), after.joint):
            return Part.WHOLE
        if not after.is_high or after.word in self._manners.function_words:
            return Part.WHOLE
        if all(entry.given == after.word for entry in sighting.form.entries):
            return Part.WHOLE
        if self._has_capitals(sighting.segment):
            shouted = after.written.isupper() and len(after.written) > 1
            return Part.WHOLE if shouted or after.word in self._manners.headline_verbs else Part.UNSURE
        return Part.LONGER

    def is_namesake(self, sighting: Sighting) -> bool:
        """Whether a person's name stands for what is named after them: « stade Félix-Houphouët-Boigny »."""
        manners = self._manners
        for back in range(_REACH):
            before = self._before(sighting, back)
            if before.joint not in _JOINTS:
                break
            if before.word in manners.namesakes:
                return True
            if before.word not in manners.titles and before.word not in _BETWEEN:
                break
        return self.is_thing(sighting)

    def is_thing(self, sighting: Sighting) -> bool:
        """Whether what follows a name makes a thing's of it: "Nelson Mandela Bay", "Manchester City Council"."""
        after = self._after(sighting)
        return after.joint == " " and after.is_high and after.word in self._manners.namesakes

    def _before(self, sighting: Sighting, back: int = 0) -> Beside:
        """The word before a name in its field, or one that stands `back` words before that; a border where there is none."""
        known = self._besides.get(sighting)
        if known is None:
            start = max(sighting.segment.start, sighting.start - _WIDE)
            pieces = WORDS.split(self._text.folded[start : sighting.start])
            known = self._besides[sighting] = (pieces, [])
        pieces, besides = known
        while len(besides) <= back:
            last = len(pieces) - 1 - 2 * len(besides)
            if last < 1:
                return _BORDER
            at = sighting.start - sum(map(len, pieces[last - 1 :]))
            word = pieces[last - 1]
            besides.append(Beside(self._text.written[at : at + len(word)], word, pieces[last]))
        return besides[back]

    def _after(self, sighting: Sighting) -> Beside:
        """The word after a name in its field; a border where there is none."""
        match = _AFTER.match(self._text.written, sighting.end, sighting.segment.end)
        return Beside(match[2], fold(match[2]), match[1]) if match else _BORDER
