"""Which events a reader of `/events` wants: parameters that are ANDed, each repeated as often as one likes (OR)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from multidict import MultiMapping

from telex.core.selection import EVERYTHING, Selection, country_code, language_range, place_code, profile, topic_code
from telex.web.frames import Frame
from telex.web.problems import BadParameterError
from telex.wire.topics import CONTROL, EventType, Naming
from telex.wire.values import text

PARAMETERS: Final = (
    "type",
    "topic",
    "publisher",
    "feed",
    "subject",
    "language",
    "country",
    "category",
    "profile",
    "concept",
    "place",
)
_TYPES: Final = {kind.value: kind for kind in EventType if kind not in CONTROL}
_LONGEST: Final = 1024


@dataclass(frozen=True, slots=True)
class Wanted:
    """A reader's choice; None means that a parameter was not given. `topics` are those to be read at all."""

    topics: frozenset[str]
    types: frozenset[str] | None = None
    subjects: frozenset[str] | None = None
    selection: Selection = EVERYTHING

    def matches(self, frame: Frame) -> bool:
        """Whether the reader gets this event. What costs most is asked last."""
        return (
            frame.record.topic in self.topics
            and (self.types is None or frame.kind in self.types)
            and (self.subjects is None or frame.record.key in self.subjects)
            and self.selection.matches(frame)
        )


def wanted(query: MultiMapping[str], naming: Naming) -> Wanted:
    """The filters of a request.

    `type` is a CloudEvents type, `topic` a topic's name, `publisher` and `subject` (article id or feed id) as in the
    event. `feed` is a feed's id: its own events, and articles that it shows. `language` is a range as in RFC 4647
    (basic filtering): `fr` also takes `fr-CA`; what has no language is not taken. `country` is that of the article's
    source, `profile` what the catalogue says of it, `category` one of the article's, in whatever case. `concept` is the code
    of a topic that telex is at least half sure of, `place` the code of a place. A withdrawal carries no text: who asks for
    a feed, a language, a category or a tag gets all of them. Dead letters come only where `type` or `topic` asks for them: they carry
    up to 64 KiB that nobody could read.

    Raises:
        BadParameterError: a value is empty or cannot be, or `type` and `topic` exclude each other.
    """
    types = _known(query, "type", _TYPES)
    topics = _known(query, "topic", naming.topics())
    return Wanted(
        topics=_topics(types, topics, naming),
        types=types,
        subjects=_given(query, "subject"),
        selection=Selection(
            publishers=frozenset(map(text, _given(query, "publisher") or ())),
            countries=_parsed(query, "country", country_code),
            feeds=_given(query, "feed") or frozenset(),
            languages=_parsed(query, "language", language_range),
            categories=_parsed(query, "category", str.casefold),
            profiles=_parsed(query, "profile", profile),
            topics=_parsed(query, "concept", topic_code),
            places=_parsed(query, "place", place_code),
        ),
    )


def _topics(types: frozenset[str] | None, topics: frozenset[str] | None, naming: Naming) -> frozenset[str]:
    """The topics in which there can be something for the reader."""
    chosen = frozenset(naming.topics()) if topics is None else topics
    if types is None:
        return chosen - {naming.deadletters} if topics is None else chosen
    chosen &= {naming.topic_of(_TYPES[kind]) for kind in types}
    if not chosen:
        raise BadParameterError("topic", None, "no event of the types asked for is in the topics asked for")
    return chosen


def _given(query: MultiMapping[str], name: str) -> frozenset[str] | None:
    values = query.getall(name, [])
    for value in values:
        if not value or len(value) > _LONGEST:
            raise BadParameterError(name, value, f"a value has 1 to {_LONGEST} characters")
    return frozenset(values) or None


def _known(query: MultiMapping[str], name: str, known: Iterable[str]) -> frozenset[str] | None:
    values = _given(query, name)
    for value in sorted((values or frozenset()) - frozenset(known)):
        raise BadParameterError(name, value, f"{value!r} is not known; there are {', '.join(known)}")
    return values


def _parsed(query: MultiMapping[str], name: str, parse: Callable[[str], str]) -> frozenset[str]:
    found = set()
    for value in _given(query, name) or ():
        try:
            found.add(parse(value))
        except ValueError as error:
            raise BadParameterError(name, value, str(error)) from None
    return frozenset(found)
