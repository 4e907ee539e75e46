"""The rules of fan-out topics, as a file or a variable states them."""

import json
from typing import Any, Final

from telex.adapters.configuration.problems import did_you_mean
from telex.core.selection import SLUG, Selection
from telex.settings.values import wrong

Rules = tuple[tuple[str, Selection], ...]
"""Slug and criteria of each, in the order of the setting."""


_CRITERIA: Final = {
    "publisher": "publishers",
    "country": "countries",
    "feed": "feeds",
    "language": "languages",
    "category": "categories",
}
"""Called as the filters of `/events` are."""
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
        if name not in _CRITERIA:
            raise wrong(f"holds the unknown criterion {name!r} of {slug!r}", did_you_mean(name, tuple(_CRITERIA)))
    try:
        found = Selection.of(**{_CRITERIA[name]: _texts(slug, name, each) for name, each in criteria.items()})
    except ValueError as error:
        raise wrong(f"is wrong in {slug!r}: {error}", "mend it") from None
    if found.asks_nothing:
        raise wrong(f"lets {slug!r} take every article", f"name one of {', '.join(_CRITERIA)}")
    return found


def _texts(slug: str, name: str, value: object) -> tuple[str, ...]:
    found = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    for each in found:
        if not isinstance(each, str) or not each.strip():
            raise wrong(f"holds {each!r} as {name} of {slug!r}, which is no text", "write text, in quotes if need be")
    return found
