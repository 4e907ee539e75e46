"""How long a field may be, in characters, and how many of a kind an entry may have (design section 8)."""

from typing import TypeVar

_T = TypeVar("_T")

ENTRIES = 10_000
TITLE = 2_000
ADDRESS = 4_096
SUMMARY = 64 * 1024
CONTENT = 512 * 1024
AUTHORS = 50
CATEGORIES = 100
MEDIA = 100
NAME = 500
CAPTION = 4_000
RIGHTS = 2_000
DATE = 100


class Repairs:
    """The names of what was guessed or cut, each once, in the order of their first use."""

    __slots__ = ("_names",)

    def __init__(self) -> None:
        self._names: dict[str, None] = {}

    def note(self, name: str) -> None:
        """Note a repair."""
        self._names[name] = None

    def names(self) -> tuple[str, ...]:
        """All that was noted."""
        return tuple(self._names)

    def cut(self, text: str, limit: int, field: str) -> str:
        """The text's first `limit` characters; `<field>.cut` is noted where there were more."""
        if len(text) <= limit:
            return text
        self.note(f"{field}.cut")
        return text[:limit]

    def first(self, values: list[_T], limit: int, field: str) -> tuple[_T, ...]:
        """The first `limit` values; `<field>.dropped` is noted where there were more."""
        if len(values) > limit:
            self.note(f"{field}.dropped")
        return tuple(values[:limit])
