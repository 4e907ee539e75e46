"""The keys of a catalogue, and how what they hold becomes a `Feed`: the same for YAML, CSV and OPML."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from telex.adapters.catalogue import values
from telex.adapters.catalogue.urls import publisher_of, same_address
from telex.adapters.configuration.problems import Place, Problems, WrongValueError, did_you_mean
from telex.adapters.configuration.values import Parser, boolean, many, nullable, one_of, text
from telex.core.identity import feed_id
from telex.core.model import Backfill, Feed, FeedId, Priority, Profile, Publisher


@dataclass(frozen=True, slots=True)
class Key:
    """One key: what it may hold, the field of `Feed` that it fills (none: it only documents), and where it may stand."""

    name: str
    parse: Parser
    field: str | None
    default_too: bool = True


KEYS: Mapping[str, Key] = {
    key.name: key
    for key in (
        Key("id", values.identifier, "id", default_too=False),
        Key("url", values.url, "url", default_too=False),
        Key("previously", many(values.url), "previously", default_too=False),
        Key("publisher", nullable(text(values.MAX_TEXT)), "publisher"),
        Key("name", nullable(text(values.MAX_TEXT)), "name", default_too=False),
        Key("language", nullable(values.language), "language"),
        Key("country", nullable(values.country), "country"),
        Key("categories", many(text(values.MAX_TEXT)), "categories"),
        Key("interval.min", values.interval, "interval_min"),
        Key("interval.max", values.interval, "interval_max"),
        Key("profile", one_of(Profile), "profile"),
        Key("priority", one_of(Priority), "priority"),
        Key("full_text", boolean, "full_text"),
        Key("page_body", nullable(values.selector), "page_body"),
        Key("page_drop", many(values.selector), "page_drop"),
        Key("backfill", one_of(Backfill), "backfill"),
        Key("timezone", nullable(values.timezone), "timezone"),
        Key("boilerplate", many(values.boilerplate), "boilerplate"),
        Key("withdraw_after", values.parse_duration, "withdraw_after"),
        Key("headers", values.headers, "headers"),
        Key("credentials", nullable(values.secret), "credentials"),
        Key("source", nullable(text(1000)), None, default_too=False),
        Key("confirmed", boolean, None, default_too=False),
    )
}
"""Every key; the two bounds of `interval` are nested in YAML and columns in CSV."""

FEED_KEYS = tuple(dict.fromkeys(name.partition(".")[0] for name in KEYS))
DEFAULTS_KEYS = tuple(dict.fromkeys(name.partition(".")[0] for name, key in KEYS.items() if key.default_too))


@dataclass(frozen=True, slots=True)
class Draft:
    """A feed as one file states it: fields of `Feed` by name, the file's defaults already in it."""

    fields: dict[str, Any]
    place: Place
    label: str = ""

    def place_of(self, key: str) -> Place:  # noqa: ARG002 - one line is as near as a row's key has it
        """Where a key of it stands."""
        return self.place


@dataclass(frozen=True, slots=True)
class Interval:
    """The bounds of the poll interval for feeds whose file states none, in seconds."""

    min: float = 300.0
    max: float = 3600.0


def unknown_key(place: Place, key: str, known: tuple[str, ...], problems: Problems) -> None:
    """Note a key that does not exist."""
    name = key.rpartition(".")[2]
    remedy = did_you_mean(name, known)
    if name == "<<":
        remedy = "merge keys are not read: write what is common under `defaults:`"
    problems.add(place, key[:100], "is an unknown key", remedy)


class Assembler:
    """Makes feeds of drafts, and finds what is wrong between them.

    Equal values become one object, so that 100,000 feeds of 20,000 publishers do not keep 100,000 publishers.
    """

    def __init__(self, interval: Interval, problems: Problems) -> None:
        self.feeds: list[Feed] = []
        self._interval = interval
        self._problems = problems
        self._shared: dict[Any, Any] = {}
        self._ids: dict[str, Draft] = {}
        self._addresses: dict[str, Draft] = {}

    def add(self, drafts: Iterable[Draft]) -> None:
        """Add the feeds of one file."""
        for draft in drafts:
            self._add(draft)

    def _add(self, draft: Draft) -> None:
        fields = draft.fields
        first = fields["previously"][0] if fields.get("previously") else fields["url"]
        name = fields.get("id") or feed_id(first)
        address = same_address(fields["url"])
        if (twin := self._addresses.setdefault(address, draft)) is not draft:
            self._duplicate(draft, twin, "url", "remove one of them")
        elif (twin := self._ids.setdefault(name, draft)) is not draft:
            remedy = "give each its own `id`, or remove one of them"
            self._duplicate(draft, twin, "id" if "id" in fields else "url", remedy)
        elif (bounds := self._bounds(draft)) is not None:
            publisher = fields.get("publisher") or publisher_of(first)
            self.feeds.append(self._feed(FeedId(name), Publisher(publisher), fields, bounds))

    def _feed(self, name: FeedId, publisher: Publisher, fields: dict[str, Any], bounds: Interval) -> Feed:
        rest = {key: self._share(value) for key, value in fields.items() if key not in _OWN}
        return Feed(
            id=name,
            url=fields["url"],
            publisher=self._share(publisher),
            name=fields.get("name"),
            interval_min=self._share(bounds.min),
            interval_max=self._share(bounds.max),
            **rest,
        )

    def _bounds(self, draft: Draft) -> Interval | None:
        """The feed's interval. A bound that nobody stated gives way to the one that is stated."""
        low, high = draft.fields.get("interval_min"), draft.fields.get("interval_max")
        if low is not None and high is not None:
            if low > high:
                what = f"its min, {low:g} s, is greater than its max, {high:g} s"
                remedy = "mend one of them, here or under `defaults:`"
                self._problems.add(draft.place_of("interval"), _key(draft.label, "interval"), what, remedy)
                return None
            return Interval(low, high)
        if low is not None:
            return Interval(low, max(low, self._interval.max))
        if high is not None:
            return Interval(min(high, self._interval.min), high)
        return self._interval

    def _duplicate(self, draft: Draft, twin: Draft, key: str, remedy: str) -> None:
        other = f"{_key(twin.label, key)} at {twin.place_of(key)}"
        self._problems.add(draft.place_of(key), _key(draft.label, key), f"is a duplicate of {other}", remedy)

    def _share(self, value: Any) -> Any:
        if isinstance(value, str):
            return sys.intern(value) if type(value) is str else value
        return self._shared.setdefault((type(value), value), value)


_OWN = frozenset({"id", "url", "publisher", "name", "interval_min", "interval_max"})


def _key(label: str, key: str) -> str:
    return f"{label}.{key}" if label else key


def parse_key(key: Key, value: object, fields: dict[str, Any]) -> WrongValueError | None:
    """Parse one value into the field that it fills; what is wrong with it, or None."""
    try:
        parsed = key.parse(value)
    except WrongValueError as error:
        return error
    if key.field is not None:
        fields[key.field] = parsed
    return None
