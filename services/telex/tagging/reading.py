"""Which names of places in a text are places: by their capitals, and by the words beside them."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import compress, islice, pairwise
from typing import Final

from telex.tagging.gazetteer import Gazetteer, Kind, Names, Sense, Start
from telex.tagging.text import Field, Segment, Text

MOST_NAMES: Final = 600
"""Names that are looked at in a text: a story has some tens, and judging one costs more the more there are."""
_JOINTS: Final = frozenset({" ", "-", "'", " - ", " -", "- ", " & "})
"""What may stand between the words of one name."""
_ABBREVIATED: Final = 2
"""Letters of a word that a full stop may follow inside a name: St., D.C."""
_ACRONYM: Final = 4
"""Letters."""
_TITLE_CASE: Final = 0.7
"""Share of longer words with a capital from which capitals tell nothing."""
_LONGER: Final = 4
"""Letters."""
_ENOUGH: Final = 4
"""Longer words of a title, to tell whether it has capitals throughout."""
_ENDS: Final = frozenset('.!?:\n\x1f«"“”•|(')
"""Before these words begin with a capital whatever they are."""


class Verdict(Enum):
    """What a name is where it stands."""

    PLACE = "place"
    CERTAIN = "certain"
    """A place, by the word before it."""
    LIKELY = "likely"
    """A place, if it is no given name elsewhere in the text."""
    DOUBTFUL = "doubtful"
    """A place, if it is one elsewhere in the text."""
    GIVEN = "given"
    """A person's given name; alone it is a place all the same."""
    PERSON = "person"
    """A person's, and so it is where it stands alone."""
    OTHER = "other"


@dataclass(slots=True, eq=False)
class Hit:
    """A name in a text: offsets, and the numbers of its first word and of the one after it."""

    sense: Sense
    start: int
    end: int
    first: int
    after: int


class Reading:
    """Reads one text."""

    def __init__(self, text: Text, names: Names, gazetteer: Gazetteer) -> None:
        self._text = text
        self._names = names
        self._manner = names.manner
        self._given_names = gazetteer.given_names
        self._pieces = text.pieces
        self._ends = text.ends
        self._words = [*self._pieces[1::2], ""]
        self._shouting: dict[Segment, bool] = {}
        self._title_case: dict[Segment, bool] = {}

    def places(self) -> list[Hit]:
        """The names that are places, in the order of the text."""
        hits: list[tuple[Hit, Verdict]] = []
        people: set[Sense] = set()
        clear = True
        for hit in islice(self._hits(), MOST_NAMES):
            verdict = self._judge(hit)
            if verdict is Verdict.PERSON or verdict is Verdict.GIVEN:
                people.add(hit.sense)
            if verdict is not Verdict.OTHER:
                hits.append((hit, verdict))
                clear = clear and (verdict is Verdict.PLACE or verdict is Verdict.CERTAIN)
        kept = [hit for hit, _ in hits] if clear else self._confirmed(hits, people)
        namesakes = {
            id(hit) for hit, other in pairwise(kept) if other.first == hit.after and self._is_namesake(hit, other)
        }
        return [hit for hit in kept if id(hit) not in namesakes] if namesakes else kept

    def _confirmed(self, hits: list[tuple[Hit, Verdict]], people: set[Sense]) -> list[Hit]:
        """Those that are certain, and those whose name is a place's elsewhere in the text and no person's.

        A person's name is a place's all the same where the text has other names of that country.
        """
        persons = {hit.sense for hit, verdict in hits if verdict is Verdict.PERSON}
        if persons:
            backed = {hit.sense.codes for hit, verdict in hits if verdict is Verdict.PLACE and hit.sense not in persons}
            persons = {sense for sense in persons if sense.codes not in backed}
        known = {
            hit.sense
            for hit, verdict in hits
            if verdict is Verdict.CERTAIN
            or (verdict is Verdict.PLACE and hit.sense not in persons)
            or (verdict is Verdict.LIKELY and hit.sense not in people)
        }
        return [
            hit
            for hit, verdict in hits
            if hit.sense in known and verdict is not Verdict.PERSON and verdict is not Verdict.GIVEN
        ]

    def _is_namesake(self, hit: Hit, other: Hit) -> bool:
        """Whether a part of another country after a city's name says that it is not the one that is known: Paris, Texas."""
        return (
            hit.sense.kind >= Kind.CITY
            and other.sense.kind is Kind.AREA
            and self._pieces[2 * other.first] == ", "
            and not set(hit.sense.codes) & set(other.sense.codes)
        )

    def _hits(self) -> Iterator[Hit]:
        """The longest name at each place."""
        words, starts = self._words, self._names.starts
        taken = 0
        for at in compress(range(len(words) - 1), map(starts.__contains__, words)):
            start = starts[words[at]]
            if at >= taken and (start.alone is not None or words[at + 1] in start.longer or start.behind):
                hit = self._longest(at, start, taken)
                if hit is not None:
                    taken = hit.after
                    if hit.sense.kind is not Kind.NOTHING:
                        yield hit

    def _longest(self, at: int, start: Start, taken: int) -> Hit | None:
        """The longest name that begins with a word, or with a function word before it: « le Cap-Vert » rather than « Le Cap »."""
        words, best = self._words, None
        for rest, sense in start.longer.get(words[at + 1], ()):
            best = self._match(sense, at, at + 2, rest)
            if best is not None:
                break
        if best is None and start.alone is not None:
            best = self._hit(start.alone, at, at + 1)
        for first, rest, sense in start.behind:
            if at > taken and words[at - 1] == first and (best is None or at + 1 + len(rest) >= best.after):
                best = self._match(sense, at - 1, at + 1, rest) or best
        return best

    def _match(self, sense: Sense, at: int, after: int, rest: tuple[str, ...]) -> Hit | None:
        """A name from word `at` on, whose words from `after` on must be `rest`."""
        end = after + len(rest)
        if tuple(self._words[after:end]) == rest and self._is_joined(at, end):
            return self._hit(sense, at, end)
        return None

    def _hit(self, sense: Sense, at: int, after: int) -> Hit | None:
        start, end = self._ends[2 * at], self._ends[2 * after - 1]
        return Hit(sense, start, end, at, after) if self._is_written(sense, at, after) else None

    def _is_joined(self, at: int, after: int) -> bool:
        """Whether no more stands between words than in a name."""
        pieces = self._pieces
        return all(
            pieces[where] in _JOINTS or (len(pieces[where - 1]) <= _ABBREVIATED and pieces[where] in {".", ". "})
            for where in range(2 * at + 2, 2 * after, 2)
        )

    def _is_written(self, sense: Sense, at: int, after: int) -> bool:
        """Whether a name stands with the capitals that it needs: one of several words has one in its last."""
        written, number = self._text.written, after - at
        start, end = self._ends[2 * at], self._ends[2 * after - 1]
        if sense.prefix:
            return written[end : end + 1] == "-"
        if sense.exactly is not None:
            return written[start:end] == sense.exactly and not self._shouts(start)
        if sense.lower or self._is_flat(start):
            return True
        if number > 1 and not sense.lower_end:
            start = end - len(self._words[after - 1])
        return not written[start:end].islower()

    def _judge(self, hit: Hit) -> Verdict:
        sense, manner = hit.sense, self._manner
        if sense.kind is Kind.REGION or sense.kind is Kind.SEAT:
            return Verdict.PLACE
        before = self._word(hit.first - 1)
        gap = self._pieces[2 * hit.first]
        beside = before if gap in {" ", "-", "'"} else ""
        if sense.kind is Kind.DEMONYM:
            return self._judge_demonym(hit, beside)
        if (beside or gap == ". ") and before in manner.titles and self._is_capital(hit.first - 1):
            return Verdict.PERSON
        if beside and self._names_something_else(hit, beside):
            return Verdict.OTHER
        single = hit.after - hit.first == 1
        if single and gap == " " and self._is_surname(hit, before):
            return Verdict.PERSON
        if single and sense.given and self._is_given_name(hit):
            if self._is_title_case(hit.start):
                return Verdict.DOUBTFUL if sense.kind >= Kind.CITY else Verdict.LIKELY
            return Verdict.PERSON if sense.kind >= Kind.CITY else Verdict.GIVEN
        if beside in manner.locatives and gap != "-":
            return Verdict.CERTAIN
        if single and sense.kind is Kind.TOWN and self._stands_in_a_name(hit):
            return Verdict.DOUBTFUL
        if sense.kind >= Kind.CITY and gap == "-" and before not in self._names.starts:
            return Verdict.DOUBTFUL
        if self._is_acronym(hit):
            return Verdict.DOUBTFUL
        return Verdict.DOUBTFUL if sense.doubtful and self._says_little(hit) else Verdict.PLACE

    def _judge_demonym(self, hit: Hit, beside: str) -> Verdict:
        manner, sense = self._manner, hit.sense
        capital = self._is_capital(hit.first)
        if self._pieces[2 * hit.after] in {" ", "-"} and self._word(hit.after) in manner.speaking_after:
            return Verdict.OTHER
        if beside in manner.speaking and not (manner.demonyms_in_lower_case and capital):
            gap = self._pieces[2 * hit.after]
            follower = self._word(hit.after)
            if gap != " " or follower in manner.function_words or follower in manner.locatives:
                return Verdict.OTHER
        if capital and beside in self._given_names and self._is_capital(hit.first - 1) and self._is_prose(hit):
            return Verdict.PERSON
        if sense.given and self._is_given_name(hit):
            return Verdict.DOUBTFUL
        return Verdict.PLACE

    def _is_prose(self, hit: Hit) -> bool:
        """Whether capitals tell something where it stands."""
        return not self._is_title_case(hit.start) and not self._is_flat(hit.start)

    def _names_something_else(self, hit: Hit, beside: str) -> bool:
        """Whether the name is part of a street's, a treaty's, or of another place's."""
        manner = self._manner
        if hit.sense.kind >= Kind.AREA and beside in manner.compounds and self._is_capital(hit.first - 1):
            return True
        at = hit.first - 1
        while at >= hit.first - 3 and self._word(at) in manner.between:
            at -= 1
        return (at < hit.first - 1 and self._word(at) in manner.named_after) or (
            self._pieces[2 * hit.after] == " "
            and self._word(hit.after) in manner.named_after_too
            and self._is_capital(hit.after)
        )

    def _is_surname(self, hit: Hit, before: str) -> bool:
        """Whether a given name stands before it."""
        sense = hit.sense
        return (
            (sense.surname or sense.kind >= Kind.CITY)
            and before in self._given_names
            and not self._is_name(before)
            and self._is_capital(hit.first - 1)
            and not self._is_flat(hit.start)
        )

    def _is_name(self, word: str) -> bool:
        """Whether a word alone is a place's name."""
        start = self._names.starts.get(word)
        return start is not None and start.alone is not None

    def _is_given_name(self, hit: Hit) -> bool:
        """Whether a surname stands after it."""
        follower = self._word(hit.after)
        return (
            self._pieces[2 * hit.after] == " "
            and self._is_capital(hit.after)
            and not self._is_all_capitals(hit.after)
            and follower not in self._manner.heads
            and follower not in self._names.starts
            and not self._is_flat(hit.start)
        )

    def _is_acronym(self, hit: Hit) -> bool:
        """Whether a town's short name stands in capitals among other words: GAO is an office in Washington too."""
        written = self._text.written[hit.start : hit.end]
        return (
            hit.sense.kind >= Kind.AREA
            and len(written) <= _ACRONYM
            and hit.sense.exactly is None
            and written.isupper()
            and not self._is_flat(hit.start)
            and hit.start != self._text.segment_at(hit.start).start
        )

    def _says_little(self, hit: Hit) -> bool:
        """Whether a capital there would stand before any word."""
        return self._begins_a_sentence(hit.first) or self._is_title_case(hit.start) or self._is_flat(hit.start)

    def _stands_in_a_name(self, hit: Hit) -> bool:
        """Whether words with capitals stand beside it that nothing is known of: a person's name, a company's."""
        if self._is_title_case(hit.start) or self._is_flat(hit.start):
            return False
        before, after = self._pieces[2 * hit.first], self._pieces[2 * hit.after]
        return (
            before in {" ", "-"}
            and self._is_capital(hit.first - 1)
            and not self._begins_a_sentence(hit.first - 1)
            and self._word(hit.first - 1) not in self._names.starts
        ) or (
            after in {" ", "-"}
            and self._is_capital(hit.after)
            and self._word(hit.after) not in self._manner.heads
            and self._word(hit.after) not in self._names.starts
        )

    def _word(self, number: int) -> str:
        """A word by its number, empty where there is none."""
        return self._words[number] if 0 <= number < len(self._words) else ""

    def _is_capital(self, number: int) -> bool:
        """Whether a word begins with a capital."""
        return bool(self._word(number)) and self._text.written[self._ends[2 * number]].isupper()

    def _is_all_capitals(self, number: int) -> bool:
        """Whether a word is an acronym, or shouted."""
        return self._text.written[self._ends[2 * number] : self._ends[2 * number + 1]].isupper()

    def _begins_a_sentence(self, number: int) -> bool:
        return number <= 0 or any(mark in self._pieces[2 * number] for mark in _ENDS)

    def _is_flat(self, start: int) -> bool:
        """Whether all letters of a field are of one case, so that capitals tell nothing."""
        segment = self._text.segment_at(start)
        if segment not in self._shouting:
            written = self._text.written[segment.start : segment.end]
            self._shouting[segment] = written.isupper() or (segment.field is Field.TITLE and written.islower())
        return self._shouting[segment]

    def _shouts(self, start: int) -> bool:
        return self._is_flat(start) and self._text.written[start].isupper()

    def _is_title_case(self, start: int) -> bool:
        """Whether a title has capitals throughout."""
        segment = self._text.segment_at(start)
        if segment.field is Field.BODY or not self._manner.titles_in_capitals:
            return False
        if segment not in self._title_case:
            words = [word for word in self._text.written[segment.start : segment.end].split() if len(word) >= _LONGER]
            capitals = sum(word[0].isupper() for word in words)
            self._title_case[segment] = len(words) >= _ENOUGH and capitals >= _TITLE_CASE * len(words)
        return self._title_case[segment]
