"""Reads a YAML catalogue: `defaults:`, a mapping of what holds for every feed of this file, then `feeds:`, a list."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from telex.adapters.catalogue.feeds import DEFAULTS_KEYS, FEED_KEYS, KEYS, Draft, parse_key, unknown_key
from telex.adapters.configuration.problems import Place, Problems
from telex.adapters.configuration.tree import Node, place_of, plain, read_tree
from telex.adapters.configuration.values import kind_of

_INTERVAL = ("min", "max")


def read_yaml(text: str, where: str, problems: Problems) -> list[Draft]:
    """The feeds of a YAML document; what is wrong goes to `problems`."""
    found = len(problems)
    root = read_tree(text, where, problems)
    if root is None:
        if len(problems) == found:
            problems.add(Place(where), "", "is empty", "write `feeds:` and a list, or remove the file")
        return []
    return _Reader(where, problems).document(root)


@dataclass(frozen=True, slots=True)
class _Draft(Draft):
    """A draft that can tell the place of each key."""

    node: Node | None = None

    def place_of(self, key: str) -> Place:
        """Where the value of a key stands, or the feed where it has no such key."""
        return place_of(self.node, (key,), self.place.where) if self.node else self.place


class _Reader:
    """Reads one document."""

    def __init__(self, where: str, problems: Problems) -> None:
        self._where = where
        self._problems = problems

    def document(self, root: Node) -> list[Draft]:
        if not isinstance(root.value, dict):
            what = f"is {kind_of(plain(root))}, not a mapping"
            self._problems.add(Place(self._where, root.line, root.column), "", what, "write `feeds:` and a list")
            return []
        for key, node in root.value.items():
            if key not in {"defaults", "feeds"}:
                unknown_key(self._key_place(node), key, ("defaults", "feeds"), self._problems)
        defaults = self._defaults(root.value.get("defaults"))
        feeds = root.value.get("feeds")
        if feeds is None:
            self._problems.add(Place(self._where, root.line, root.column), "feeds", "is missing", "write `feeds: []`")
            return []
        if not isinstance(feeds.value, list):
            what = f"is {kind_of(plain(feeds))}, not a list"
            self._problems.add(Place(self._where, feeds.line, feeds.column), "feeds", what, "write `- url: …` lines")
            return []
        return [draft for index, node in enumerate(feeds.value) if (draft := self._feed(index, node, defaults))]

    def _defaults(self, node: Node | None) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        if node is not None and node.value is not None and self._mapping(node, "defaults"):
            self._fields(node, "defaults", DEFAULTS_KEYS, fields)
        return fields

    def _feed(self, index: int, node: Node, defaults: dict[str, Any]) -> Draft | None:
        label = f"feeds[{index}]"
        if not self._mapping(node, label):
            return None
        fields = dict(defaults)
        self._fields(node, label, FEED_KEYS, fields)
        place = Place(self._where, node.line, node.column)
        if isinstance(node.value, dict) and "url" not in node.value:
            self._problems.add(place, f"{label}.url", "is missing", "write the feed's address")
        # With a problem it goes on all the same, to be compared with the others: the load fails in any case.
        return _Draft(fields, place, label, node) if "url" in fields else None

    def _fields(self, node: Node, label: str, known: tuple[str, ...], fields: dict[str, Any]) -> None:
        for name, child in self._flat(node, label, known):
            wrong = parse_key(KEYS[name], plain(child), fields)
            if wrong is not None:
                place = place_of(child, wrong.path, self._where)
                self._problems.add(place, _dotted(f"{label}.{name}", wrong.path), wrong.what, wrong.remedy)

    def _flat(self, node: Node, label: str, known: tuple[str, ...]) -> Iterator[tuple[str, Node]]:
        """The known keys of a mapping, `interval` as its two bounds."""
        for name, child in self._known(node, label, known):
            if name != "interval":
                yield name, child
            elif self._mapping(child, f"{label}.interval"):
                for bound, value in self._known(child, f"{label}.interval", _INTERVAL):
                    yield f"interval.{bound}", value

    def _known(self, node: Node, label: str, known: tuple[str, ...]) -> Iterator[tuple[str, Node]]:
        assert isinstance(node.value, dict)
        for name, child in node.value.items():
            if name in known:
                yield name, child
            elif label == "defaults" and name in FEED_KEYS:
                what = "cannot have a default"
                self._problems.add(self._key_place(child), f"{label}.{name}", what, "write it in each feed")
            else:
                unknown_key(self._key_place(child), f"{label}.{name}", known, self._problems)

    def _mapping(self, node: Node, label: str) -> bool:
        if isinstance(node.value, dict):
            return True
        remedy = "write {min: 5m, max: 1h}" if label.endswith("interval") else "write `key: value` lines"
        place = Place(self._where, node.line, node.column)
        self._problems.add(place, label, f"is {kind_of(plain(node))}, not a mapping", remedy)
        return False

    def _key_place(self, node: Node) -> Place:
        return Place(self._where, node.key_line, node.key_column)


def _dotted(key: str, path: tuple[str | int, ...]) -> str:
    return key + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
