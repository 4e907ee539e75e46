"""Which events are wanted: the criteria that the readers of `/events` and the rules of fan-out topics share."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol

from telex.core.events import ArticleEvent, ArticleWithdrawn
from telex.core.model import Profile

_RANGE: Final = re.compile(r"[a-z]{2,8}(-[a-z0-9]{1,8}){0,7}")
SLUG: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
"""What the topic of a fan-out rule is called, behind the prefix of them all."""
_CODE: Final = re.compile(r"[^\s:,]{1,64}:[^\s,]{1,128}")
_PLACE: Final = re.compile(r"[A-Z]{2}|[0-9]{3}")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
CONFIDENCE: Final = 0.5
"""How sure of a topic telex has to be, where a selection does not say."""
_NONE: Final[frozenset[str]] = frozenset()


class Selectable(Protocol):
    """What a selection looks at. An event of a feed has that feed, and neither language, country, categories nor tags."""

    @property
    def publisher(self) -> str:
        """Whose it is."""
        ...

    @property
    def is_withdrawal(self) -> bool:
        """Whether it tells that an article is gone."""
        ...

    @property
    def country(self) -> str | None:
        """The source's, as ISO 3166 code."""
        ...

    @property
    def feeds(self) -> Collection[str]:
        """The ids of those that show it."""
        ...

    @property
    def language(self) -> str | None:
        """The article's language tag (BCP 47)."""
        ...

    @property
    def categories(self) -> Collection[str]:
        """As the feed and the catalogue name them."""
        ...

    @property
    def profile(self) -> str | None:
        """What the catalogue says of the source: of the state, private, or another."""
        ...

    @property
    def topics(self) -> Mapping[str, float]:
        """The confidence of each topic, by its code."""
        ...

    @property
    def places(self) -> Collection[str]:
        """The codes of the places."""
        ...


@dataclass(frozen=True, slots=True)
class Selection:
    """Criteria that are ANDed; the values of one are alternatives, and one without values asks nothing.

    `languages` are ranges of RFC 4647 (basic filtering) in lower case: `fr` also takes `fr-CA`, and no article whose
    language is unknown. `categories` are compared without regard to case. `topics` are codes: what is narrower carries
    the codes of what is broader; one of them has to be told with at least `confidence`. `places` are codes.

    A withdrawal carries no text: what it does not tell (feeds, language, categories, tags) excludes it from nothing. Who
    asks for those hears of withdrawals of articles that it never saw, and misses none of those that it did.
    """

    publishers: frozenset[str] = _NONE
    countries: frozenset[str] = _NONE
    feeds: frozenset[str] = _NONE
    languages: frozenset[str] = _NONE
    categories: frozenset[str] = _NONE
    profiles: frozenset[str] = _NONE
    topics: frozenset[str] = _NONE
    places: frozenset[str] = _NONE
    confidence: float = CONFIDENCE

    @classmethod
    def of(
        cls,
        *,
        publishers: Iterable[str] = (),
        countries: Iterable[str] = (),
        feeds: Iterable[str] = (),
        languages: Iterable[str] = (),
        categories: Iterable[str] = (),
        profiles: Iterable[str] = (),
        topics: Iterable[str] = (),
        places: Iterable[str] = (),
        confidence: float = CONFIDENCE,
    ) -> "Selection":
        """Criteria as people write them.

        Raises:
            ValueError: a value is no language tag, no code or no profile.
        """
        return cls(
            frozenset(publishers),
            frozenset(map(country_code, countries)),
            frozenset(feeds),
            frozenset(map(language_range, languages)),
            frozenset(category.casefold() for category in categories),
            frozenset(map(profile, profiles)),
            frozenset(map(topic_code, topics)),
            frozenset(map(place_code, places)),
            confidence,
        )

    @property
    def asks_nothing(self) -> bool:
        """Whether everything matches."""
        return self == replace(EVERYTHING, confidence=self.confidence)

    def matches(self, event: Selectable) -> bool:
        """Whether the event is wanted. What costs most is asked last."""
        if self.publishers and event.publisher not in self.publishers:
            return False
        if self.countries and event.country not in self.countries:
            return False
        if self.profiles and event.profile not in self.profiles:
            return False
        if event.is_withdrawal:
            return True
        return (
            (not self.feeds or any(feed in self.feeds for feed in event.feeds))
            and (not self.languages or self._speaks(event.language))
            and (not self.categories or any(name.casefold() in self.categories for name in event.categories))
            and (not self.places or not self.places.isdisjoint(event.places))
            and (not self.topics or self._is_about(event.topics))
        )

    def _is_about(self, topics: Mapping[str, float]) -> bool:
        return any(topics.get(code, -1.0) >= self.confidence for code in self.topics)

    def _speaks(self, language: str | None) -> bool:
        if language is None:
            return False
        tag = language.lower()
        return any(tag == one or tag.startswith(one + "-") for one in self.languages)


EVERYTHING: Final = Selection()
"""It asks nothing."""


def language_range(value: str) -> str:
    """A language range, in lower case.

    Raises:
        ValueError: it is no language tag.
    """
    if not _RANGE.fullmatch(value.lower()):
        raise ValueError(f"{value!r} is no language tag, such as fr or fr-CA")
    return value.lower()


def country_code(value: str) -> str:
    """A country's ISO 3166-1 alpha-2 code by its form, in upper case.

    Raises:
        ValueError: it is none.
    """
    if not _COUNTRY.fullmatch(value.upper()):
        raise ValueError(f"{value!r} is no ISO 3166 code of a country, such as SN")
    return value.upper()


def place_code(value: str) -> str:
    """A place's code by its form, in upper case: a country's of ISO 3166, or a region's of UN M49.

    Raises:
        ValueError: it is none.
    """
    if not _PLACE.fullmatch(value.upper()):
        raise ValueError(
            f"{value!r} is no code of a country (ISO 3166), such as SN, or of a region (UN M49), such as 011"
        )
    return value.upper()


def topic_code(value: str) -> str:
    """A topic's code with its vocabulary: `medtop:15000000`, or an operator's `name:code`.

    Raises:
        ValueError: it has no vocabulary.
    """
    if not _CODE.fullmatch(value):
        raise ValueError(f"{value!r} is no topic's code, such as medtop:15000000")
    return value


def profile(value: str) -> str:
    """What a catalogue may say of a source.

    Raises:
        ValueError: it is none of its words.
    """
    if value not in set(Profile):
        raise ValueError(f"{value!r} is no profile; there are {', '.join(Profile)}")
    return value


@dataclass(frozen=True, slots=True)
class Traits:
    """What selections look at in an article's event."""

    publisher: str
    is_withdrawal: bool
    country: str | None
    feeds: tuple[str, ...]
    language: str | None
    categories: tuple[str, ...]
    profile: str | None
    topics: Mapping[str, float]
    places: tuple[str, ...]

    @classmethod
    def of(cls, event: ArticleEvent) -> "Traits":
        """Those of the event."""
        article = event.article
        return cls(
            publisher=article.source.publisher,
            is_withdrawal=isinstance(event, ArticleWithdrawn),
            country=article.source.country,
            feeds=article.feeds,
            language=article.language,
            categories=article.categories,
            profile=article.source.profile,
            topics={topic.code: topic.confidence for topic in article.topics},
            places=tuple(place.code for place in article.places),
        )
