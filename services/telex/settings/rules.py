"""The rules of fan-out topics, as a file or a variable states them."""

import json
from typing import Any, Final

from telex.adapters.configuration.problems import did_you_mean
from telex.core.selection import CONFIDENCE, SLUG, Selection
from telex.settings.values import wrong

Rules = tuple[tuple[str, Selection], ...]
"""Slug and criteria of each, in the order of the setting."""


_CRITERIA: Final = {
    "publisher": "publishers",
    "country": "countries",
    "feed": "feeds",
    "language": "languages",
    "category": "categories",
    "profile": "profiles",
    "topic": "topics",
    "place": "places",
}
"""Called as the filters of `/events` are; there `topic` names a Kafka topic, and `concept` is what is `topic` here."""
_CONFIDENCE: Final = "confidence"
_REMEDY: Final = 'write slugs and their criteria, such as {"sport": {"category": ["sport"], "language": ["fr"]}}'


def rules(value: object) -> Rules:
    """A mapping of slugs to criteria, each with one value or a list of them; in a variable it is JSON."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise wrong(f"is no JSON: {error}", _REMEDY) from None
    if value is None or value == []:
        return ()
    if not isinstance(value, dict):
        raise wrong("is no mapping", _REMEDY)
    return tuple((_slug(slug), _selection(slug, criteria)) for slug, criteria in value.items())


def _slug(value: str) -> str:
    if not SLUG.fullmatch(value):
        raise wrong(f"holds {value!r}, which is no slug", "write 1-63 lower-case letters, digits and inner hyphens")
    return value


def _selection(slug: str, criteria: Any) -> Selection:
    if not isinstance(criteria, dict):
        raise wrong(f"states no criteria of {slug!r}", _REMEDY)
    for name in criteria:
        if name not in (*_CRITERIA, _CONFIDENCE):
            remedy = did_you_mean(name, (*_CRITERIA, _CONFIDENCE))
            raise wrong(f"holds the unknown criterion {name!r} of {slug!r}", remedy)
    sure = _confidence(slug, criteria.get(_CONFIDENCE, CONFIDENCE))
    named = {_CRITERIA[name]: _texts(slug, name, each) for name, each in criteria.items() if name != _CONFIDENCE}
    try:
        found = Selection.of(**named, confidence=sure)
    except ValueError as error:
        raise wrong(f"is wrong in {slug!r}: {error}", "mend it") from None
    if found.asks_nothing:
        raise wrong(f"lets {slug!r} take every article", f"name one of {', '.join(_CRITERIA)}")
    return found


def _confidence(slug: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise wrong(f"holds {value!r} as confidence of {slug!r}", "write a number from 0 to 1")
    return float(value)


def _texts(slug: str, name: str, value: object) -> tuple[str, ...]:
    found = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    for each in found:
        if not isinstance(each, str) or not each.strip():
            raise wrong(f"holds {each!r} as {name} of {slug!r}, which is no text", "write text, in quotes if need be")
    return found
