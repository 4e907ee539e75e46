"""One record as the readers of `/events` get it: encoded once and examined once for all of them."""

from typing import Any, Final
from urllib.parse import unquote

import orjson

from telex.core.records import Record
from telex.ports import Stored
from telex.wire.cloudevents import structured
from telex.wire.topics import EventType

_LOOKED_AT: Final = ("feeds", "language", "categories", "source", "topics", "places")


class Frame:
    """An event with its position. What is dear, encoding and looking into the data, is done on demand and kept.

    `size` is its weight in bytes in a reader's buffer, about that of its encoded form.
    """

    __slots__ = ("_data", "_sse", "kind", "position", "record", "size", "source")

    def __init__(self, position: int, record: Record, kind: str, source: str) -> None:
        self.position = position
        self.record = record
        self.kind = kind
        self.source = source
        self.size = len(record.value or b"") + 512
        self._sse: bytes | None = None
        self._data: dict[str, Any] | None = None

    def sse(self) -> bytes:
        """The event as an unnamed Server-Sent Event: one `id:` line, one `data:` line with structured CloudEvents."""
        if self._sse is None:
            self._sse = b"id: %d\ndata: %b\n\n" % (self.position, structured(self.record))
        return self._sse

    # What selections look at

    @property
    def publisher(self) -> str:
        """Whose event it is."""
        return unquote(self.source.removeprefix("/publishers/"))

    @property
    def is_withdrawal(self) -> bool:
        """Whether it tells that an article is gone."""
        return self.kind == EventType.ARTICLE_WITHDRAWN

    @property
    def country(self) -> str | None:
        """That of the article's source; None where it is unknown, and for events of feeds."""
        source = self._load().get("source")
        country = source.get("country") if isinstance(source, dict) else None
        return country if isinstance(country, str) else None

    @property
    def feeds(self) -> list[str]:
        """The feeds that show the article; the feed of an event of a feed."""
        shown = self._load().get("feeds")
        return _texts(shown) if isinstance(shown, list) else [self.record.key]

    @property
    def language(self) -> str | None:
        """The article's language tag; None where it is unknown, and for events of feeds."""
        language = self._load().get("language")
        return language if isinstance(language, str) else None

    @property
    def categories(self) -> list[str]:
        """The article's; none for events of feeds."""
        found = self._load().get("categories")
        return _texts(found) if isinstance(found, list) else []

    @property
    def profile(self) -> str | None:
        """That of the article's source; None for events of feeds."""
        source = self._load().get("source")
        profile = source.get("profile") if isinstance(source, dict) else None
        return profile if isinstance(profile, str) else None

    @property
    def topics(self) -> dict[str, float]:
        """The confidence of each of the article's topics, by code; none for events of feeds."""
        found = _objects(self._load().get("topics"))
        return {
            str(each.get("code")): sure for each in found if isinstance(sure := each.get("confidence"), int | float)
        }

    @property
    def places(self) -> list[str]:
        """The codes of the article's places; none for events of feeds."""
        return [str(each.get("code")) for each in _objects(self._load().get("places"))]

    def _load(self) -> dict[str, Any]:
        if self._data is None:
            self._data = {}
            try:
                data = orjson.loads(self.record.value or b"")
            except orjson.JSONDecodeError:  # of another program: it has no feeds and no language
                return self._data
            if isinstance(data, dict):
                self._data = {name: data.get(name) for name in _LOOKED_AT}
        return self._data


def _objects(found: object) -> list[dict[str, Any]]:
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _texts(found: list[Any]) -> list[str]:
    return [each for each in found if isinstance(each, str)]


def frame_of(stored: Stored) -> Frame | None:
    """The record as a frame; None for a tombstone and for what is no CloudEvent."""
    attributes = dict(stored.record.headers)
    kind = attributes.get("ce_type")
    if stored.record.value is None or kind is None:
        return None
    return Frame(stored.position, stored.record, kind, attributes.get("ce_source", ""))


def control(kind: str, data: bytes, position: int | None = None) -> bytes:
    """A control event, named by its type; `position` is where a reader that comes back goes on."""
    place = b"" if position is None else b"id: %d\n" % position
    return b"event: %b\n%bdata: %b\n\n" % (kind.encode(), place, data)


def progress(position: int | None) -> bytes:
    """A comment that keeps the connection open.

    With `position` it also moves the reader's last event id past what its filters left out: a block without data
    dispatches no event (HTML Standard, 9.2.6), but a reader that comes back after a quiet month has missed nothing.
    """
    return b":\n\n" if position is None else b":\nid: %d\n\n" % position
