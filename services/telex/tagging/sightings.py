"""Where known names stand in a text, and what stands beside them: whether a name is whole, or part of somebody else's."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import accumulate
from typing import Final

from telex.tagging.lexicon import WORDS
from telex.tagging.names import Entry, Form, Names, Node, plain
from telex.tagging.text import Field, Segment, Text, fold

_JOINTS: Final = (" ", "-", "  ")
"""What stands between the words of one name."""
_TITLED: Final = (*_JOINTS, ". ", ".")
"""… and after a title."""
_ENDS: Final = frozenset('.!?:;\n\x1f«»“”"…—–|•/')
"""What a sentence, or a part of a headline, begins after."""
_REACH: Final = 3
"""Words before a name among which a namesake's noun is looked for: « stade omnisports Général … »."""
_SHOUTED: Final = 24
"""Characters on each side of an acronym that are looked at for small letters."""
_TITLE_CASE: Final = 0.7
"""Of a headline's longer words, the share with a capital from which on capitals tell nothing."""
_SHORT: Final = 3
"""Letters of words that have no capital even there."""
_MANY: Final = 6
"""Longer words that are not all names."""


class Part(Enum):
    """What a word that is a name is where it stands."""

    WHOLE = auto()
    LONGER = auto()
    """Part of a longer name: somebody else's, or a thing's."""
    UNSURE = auto()
    """Among words that all have capitals."""


@dataclass(slots=True, eq=False)
class Sighting:
    """A form in a text: its offsets in the whole, its field, the number of its first word and how many it has."""

    start: int
    end: int
    form: Form
    segment: Segment
    at: int
    length: int


class Reading:
    """Reads one text."""

    def __init__(self, names: Names, text: Text) -> None:
        self._names = names
        self._manners = names.manners
        self._text = text
        self._pieces = WORDS.split(text.folded)
        self._ends: list[int] = []
        self._cases: dict[int, bool] = {}
        self._held: tuple[frozenset[str], str] | None = None
        self._begins: frozenset[int] = frozenset()
        self._stops: frozenset[int] = frozenset()

    @property
    def words(self) -> Sequence[str]:
        """The text's words, folded."""
        return self._pieces[1::2]

    def holds(self, wanted: frozenset[str], least: int) -> bool:
        """Whether that many of these folded words, or rows of words, stand in the text."""
        if not wanted:
            return False
        if self._held is None:
            self._held = (frozenset(self.words), f" {' '.join(self.words)} ")
        words, row = self._held
        return (
            sum(f" {' '.join(WORDS.findall(one))} " in row if " " in one else one in words for one in wanted) >= least
        )

    def sightings(self) -> list[Sighting]:
        """The names, the longest at each place, in the order of the text; a publisher's address is not read."""
        first = self._names.first
        words = self.words
        met = [(at, node) for at, node in enumerate(map(first.get, words)) if node is not None]
        if not met:
            return []
        found: list[Sighting] = []
        taken = 0
        for at, node in met:
            if at >= taken and (sighting := self._longest(words, at, node)) is not None:
                taken = at + sighting.length
                found.append(sighting)
        self._begins = frozenset(sighting.at for sighting in found)
        self._stops = frozenset(sighting.at + sighting.length for sighting in found)
        return found

    def _longest(self, words: Sequence[str], at: int, node: Node) -> Sighting | None:
        ways = [(1, node)] if node.forms else []
        for to in range(at + 1, len(words)):
            if (after := node.after.get(words[to])) is None:
                break
            node = after
            if node.forms:
                ways.append((to + 1 - at, node))
        for length, node in reversed(ways):
            for form in node.forms:
                if (sighting := self._sighting(at, length, form)) is not None:
                    return sighting
        return None

    def _sighting(self, at: int, length: int, form: Form) -> Sighting | None:
        """The form, if it stands there in its letters."""
        if not self._ends:
            self._ends = list(accumulate(map(len, self._pieces)))
        text = self._text
        start, end = self._ends[2 * at], self._ends[2 * (at + length) - 1] + len(form.tail)
        segment = text.segment_at(start)
        if segment.field is Field.URL or end > segment.end or plain(text.folded[start:end]) != form.plain:
            return None
        if form.language is not None and form.language != text.language:
            return None
        written = text.written[start:end]
        filed = segment.field is Field.CATEGORY and (start, end) == (segment.start, segment.end)
        if not form.stands(WORDS.findall(written)) and not (filed and not form.acronym and form.certain):
            return None
        if self._is_address(start, end) or (form.acronym and self._is_shouted(start, end, segment)):
            return None
        return Sighting(start, end, form, segment, at, length)

    def _is_address(self, start: int, end: int) -> bool:
        """Whether it is part of a handle or of a host's name."""
        written = self._text.written
        before, after = written[max(0, start - 2) : start], written[end : end + 2]
        return (
            before[-1:] in ("@", "_")
            or after[:1] in ("@", "_")
            or (after[:1] == "." and after[1:].islower())
            or (before[-1:] == "." and before[:1].islower())
        )

    def _is_shouted(self, start: int, end: int, segment: Segment) -> bool:
        """Whether all letters around are capitals."""
        around = (
            self._text.written[max(segment.start, start - _SHOUTED) : start]
            + self._text.written[end : min(segment.end, end + _SHOUTED)]
        )
        return around.isupper()

    def tells(self, sighting: Sighting) -> bool:
        """Whether a capital tells something where a word stands: not where sentences begin, nor where all words have one."""
        if sighting.segment.field is Field.CATEGORY:
            return True
        before = self._pieces[2 * sighting.at]
        return sighting.at > 0 and _ENDS.isdisjoint(before) and not self._has_capitals(sighting.segment)

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

    def is_in_city(self, sighting: Sighting) -> bool:
        """Whether the name is a city's there: « à Liverpool »."""
        at = sighting.at
        return at > 0 and self._pieces[2 * at] == " " and self._written(at - 1).lower() in self._manners.locatives

    def is_surname(self, sighting: Sighting) -> bool:
        """Whether a company's or a club's name of one word ends a person's there: « Peter Safran »."""
        return not sighting.form.acronym and self._before(sighting) is Part.LONGER

    def suits(self, sighting: Sighting, entry: Entry) -> bool:
        """Whether a title before the name is one for such a person: « Mme » for a woman."""
        at = sighting.at
        title = self._pieces[2 * at - 1] if at and self._pieces[2 * at] in _TITLED else ""
        return entry.she if title in self._manners.titles_she else not (entry.she and title in self._manners.titles_he)

    def part(self, sighting: Sighting) -> Part:
        """What a single word is where it stands."""
        before = self._before(sighting)
        return before if before is not Part.WHOLE else self._after(sighting)

    def _before(self, sighting: Sighting) -> Part:
        at, form, manners = sighting.at, sighting.form, self._manners
        if at == 0 or at in self._stops:
            return Part.WHOLE
        joint, word = self._pieces[2 * at], self._pieces[2 * at - 1]
        written = self._written(at - 1)
        if len(word) == 1 and written.isupper() and joint in (". ", ".", " "):
            return self._after_initial(sighting, word)
        if joint in _TITLED and word in manners.titles_she | manners.titles_he:
            suited = not form.entries or any(self.suits(sighting, entry) for entry in form.entries)
            return Part.WHOLE if suited else Part.LONGER
        if joint not in _JOINTS:
            return Part.WHOLE
        if not written[0].isupper() or word in manners.titles or word in manners.function_words:
            return Part.WHOLE
        if any(entry.given == word for entry in form.entries):
            return Part.WHOLE
        return Part.UNSURE if self._has_capitals(sighting.segment) else Part.LONGER

    def _after_initial(self, sighting: Sighting, initial: str) -> Part:
        """« M. Macron », « E. Macron », and neither « B. Macron » nor « Samuel E. Macron »."""
        at, manners = sighting.at - 1, self._manners
        if initial in manners.titles_he:
            return Part.WHOLE
        if not any(entry.given.startswith(initial) for entry in sighting.form.entries):
            return Part.LONGER
        if at == 0 or self._pieces[2 * at] not in _JOINTS:
            return Part.WHOLE
        word, first = self._pieces[2 * at - 1], self._written(at - 1)[0]
        named = first.isupper() and word not in manners.titles and word not in manners.function_words
        return Part.LONGER if named else Part.WHOLE

    def _after(self, sighting: Sighting) -> Part:
        at, manners = sighting.at + sighting.length, self._manners
        if 2 * at + 1 >= len(self._pieces) or at in self._begins or self._pieces[2 * at] not in _JOINTS:
            return Part.WHOLE
        word, written = self._pieces[2 * at + 1], self._written(at)
        if not written[0].isupper() or word in manners.function_words:
            return Part.WHOLE
        if any(entry.given == word for entry in sighting.form.entries):
            return Part.WHOLE
        if self._has_capitals(sighting.segment):
            return Part.WHOLE if word in manners.headline_verbs else Part.UNSURE
        return Part.LONGER

    def is_namesake(self, sighting: Sighting) -> bool:
        """Whether a person's name stands for what is named after them: « stade Félix-Houphouët-Boigny »."""
        manners = self._manners
        for word in self._words_before(sighting.at):
            if word in manners.namesakes:
                return True
            if word not in manners.titles and word not in ("international", "omnisports", "memorial"):
                break
        at = sighting.at + sighting.length
        if 2 * at + 1 >= len(self._pieces) or self._pieces[2 * at] != " ":
            return False
        return self._pieces[2 * at + 1] in manners.namesakes and self._written(at)[0].isupper()

    def _words_before(self, at: int) -> Iterator[str]:
        while at > 0 and self._pieces[2 * at] in _JOINTS:
            at -= 1
            yield self._pieces[2 * at + 1]

    def _written(self, at: int) -> str:
        return self._text.written[self._ends[2 * at] : self._ends[2 * at + 1]]
