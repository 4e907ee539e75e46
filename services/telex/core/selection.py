"""Which events are wanted: the criteria that the readers of `/events` and the rules of fan-out topics share."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from telex.core.events import ArticleEvent, ArticleWithdrawn

_RANGE: Final = re.compile(r"[a-z]{2,8}(-[a-z0-9]{1,8}){0,7}")
SLUG: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
"""What the topic of a fan-out rule is called, behind the prefix of them all."""
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_NONE: Final[frozenset[str]] = frozenset()


class Selectable(Protocol):
    """What a selection looks at. An event of a feed has that feed, no language, no country and no categories."""

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


@dataclass(frozen=True, slots=True)
class Selection:
    """Criteria that are ANDed; the values of one are alternatives, and one without values asks nothing.

    `languages` are ranges of RFC 4647 (basic filtering) in lower case: `fr` also takes `fr-CA`, and no article whose
    language is unknown. `categories` are compared without regard to case.

    A withdrawal carries no text: what it does not tell (feeds, language, categories) excludes it from nothing. Who
    asks for those hears of withdrawals of articles that it never saw, and misses none of those that it did.
    """

    publishers: frozenset[str] = _NONE
    countries: frozenset[str] = _NONE
    feeds: frozenset[str] = _NONE
    languages: frozenset[str] = _NONE
    categories: frozenset[str] = _NONE

    @classmethod
    def of(
        cls,
        *,
        publishers: Iterable[str] = (),
        countries: Iterable[str] = (),
        feeds: Iterable[str] = (),
        languages: Iterable[str] = (),
        categories: Iterable[str] = (),
    ) -> "Selection":
        """Criteria as people write them.

        Raises:
            ValueError: a value is no language tag or no country code.
        """
        return cls(
            frozenset(publishers),
            frozenset(map(country_code, countries)),
            frozenset(feeds),
            frozenset(map(language_range, languages)),
            frozenset(category.casefold() for category in categories),
        )

    @property
    def asks_nothing(self) -> bool:
        """Whether everything matches."""
        return self == EVERYTHING

    def matches(self, event: Selectable) -> bool:
        """Whether the event is wanted. What costs most is asked last."""
        if self.publishers and event.publisher not in self.publishers:
            return False
        if self.countries and event.country not in self.countries:
            return False
        if event.is_withdrawal:
            return True
        return (
            (not self.feeds or any(feed in self.feeds for feed in event.feeds))
            and (not self.languages or self._speaks(event.language))
            and (not self.categories or any(name.casefold() in self.categories for name in event.categories))
        )

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


@dataclass(frozen=True, slots=True)
class Traits:
    """What selections look at in an article's event."""

    publisher: str
    is_withdrawal: bool
    country: str | None
    feeds: tuple[str, ...]
    language: str | None
    categories: tuple[str, ...]

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
        )
