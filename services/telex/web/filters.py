"""Which events a reader of `/events` wants: parameters that are ANDed, each repeated as often as one likes (OR)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from multidict import MultiMapping

from telex.web.frames import Frame
from telex.web.problems import BadParameterError
from telex.wire.topics import CONTROL, EventType, Naming
from telex.wire.values import text

PARAMETERS: Final = ("type", "topic", "publisher", "feed", "subject", "language")
_TYPES: Final = {kind.value: kind for kind in EventType if kind not in CONTROL}
_LANGUAGE: Final = re.compile(r"[a-z]{2,8}(-[a-z0-9]{1,8}){0,7}")
_LONGEST: Final = 1024


@dataclass(frozen=True, slots=True)
class Wanted:
    """A reader's choice; None means that a parameter was not given. `topics` are those to be read at all."""

    topics: frozenset[str]
    types: frozenset[str] | None = None
    sources: frozenset[str] | None = None
    subjects: frozenset[str] | None = None
    feeds: frozenset[str] | None = None
    languages: frozenset[str] | None = None

    def matches(self, frame: Frame) -> bool:
        """Whether the reader gets this event. What costs most is asked last."""
        return (
            frame.record.topic in self.topics
            and (self.types is None or frame.kind in self.types)
            and (self.sources is None or frame.source in self.sources)
            and (self.subjects is None or frame.record.key in self.subjects)
            and (self.feeds is None or frame.shows(self.feeds))
            and (self.languages is None or _speaks(frame.language(), self.languages))
        )


def wanted(query: MultiMapping[str], naming: Naming) -> Wanted:
    """The filters of a request.

    `type` is a CloudEvents type, `topic` a topic's name, `publisher` and `subject` (article id or feed id) as in the
    event. `feed` is a feed's id: its own events, and articles that it shows. `language` is a range as in RFC 4647
    (basic filtering): `fr` also takes `fr-CA`; what has no language is not taken. Dead letters come only where `type`
    or `topic` asks for them: they carry up to 64 KiB that nobody could read.

    Raises:
        BadParameterError: a value is empty or cannot be, or `type` and `topic` exclude each other.
    """
    types = _known(query, "type", _TYPES)
    topics = _known(query, "topic", naming.topics())
    publishers = _given(query, "publisher")
    languages = _given(query, "language")
    return Wanted(
        topics=_topics(types, topics, naming),
        types=types,
        sources=None if publishers is None else frozenset(f"/publishers/{quote(text(p), safe='')}" for p in publishers),
        subjects=_given(query, "subject"),
        feeds=_given(query, "feed"),
        languages=None if languages is None else frozenset(map(_language, languages)),
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


def _language(value: str) -> str:
    if not _LANGUAGE.fullmatch(value.lower()):
        raise BadParameterError("language", value, f"{value!r} is no language tag, such as fr or fr-CA")
    return value.lower()


def _speaks(language: str | None, ranges: frozenset[str]) -> bool:
    if language is None:
        return False
    return any(language == one or language.startswith(one + "-") for one in ranges)
