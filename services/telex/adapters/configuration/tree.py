"""Reads YAML into a tree that knows the place of everything in it.

Built from parser events with a stack of our own: PyYAML's composer calls itself for each level, and a file of 100,000
opening brackets ends the process. Scalars are those of YAML 1.2's core schema (https://yaml.org/spec/1.2.2/#103-core-schema),
so that `country: NO` is Norway and `1:30` is no number.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from telex.adapters.configuration.problems import Place, Problems

MAX_DEPTH = 16
_NESTED = f"is nested deeper than {MAX_DEPTH} levels"
_FLATTEN = "nothing here needs that"
_TOO_DEEP = "exceeded maximum nesting depth"
"""libyaml's own words from PyYAML 6.0.4 on: it looks that far ahead before it tells of the first bracket."""
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_CORE = re.compile(
    r"(?P<null>|~|null|Null|NULL)|(?P<true>true|True|TRUE)|(?P<false>false|False|FALSE)"
    r"|(?P<int>[-+]?[0-9]+)|(?P<oct>0o[0-7]+)|(?P<hex>0x[0-9a-fA-F]+)"
    r"|(?P<float>[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))"
)
_FIRST = frozenset("~ntfNTF0123456789+-.")
MAX_DIGITS = 4000
"""Python refuses to read longer integers (sys.set_int_max_str_digits)."""

Scalar = str | int | float | bool | None
Path = tuple[str | int, ...]


@dataclass(slots=True)
class Node:
    """A value, where it begins, and where its key begins (its own place where it has none)."""

    value: "Scalar | list[Node] | dict[str, Node]"
    line: int
    column: int
    key_line: int
    key_column: int


@dataclass(slots=True)
class _Open:
    """A collection whose end has not come yet; `key` is the mapping's key that waits for its value."""

    node: Node
    anchor: str | None
    key: Node | None = None


def read_tree(text: str, where: str, problems: Problems) -> Node | None:
    """The document's tree, or None where there is none: it is empty, or what is wrong with it went to `problems`.

    Duplicate keys, keys that are no text, foreign tags and nesting beyond `MAX_DEPTH` are problems.
    """
    builder = _Builder(where, problems)
    try:
        for event in _events(text):
            if not builder.take(event):
                return None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(where, mark.line + 1, mark.column + 1) if mark else Place(where)
        if error.problem == _TOO_DEEP:
            problems.add(place, "", _NESTED, _FLATTEN)
        else:
            problems.add(place, "", f"is no YAML: {error.problem or error.context}", "mend the syntax")
        return None
    except yaml.reader.ReaderError as error:
        problems.add(
            place_of_offset(text, error.position, where),
            "",
            "holds a character that YAML does not allow",
            "remove it, or write it as an escape in double quotes",
        )
        return None
    return builder.root


def plain(node: Node) -> Any:
    """The value alone, as dict, list, text, number, boolean or None."""
    match node.value:
        case dict() as mapping:
            return {key: plain(child) for key, child in mapping.items()}
        case list() as items:
            return [plain(child) for child in items]
        case scalar:
            return scalar


def place_of(node: Node, path: Path, where: str, *, key: bool = False) -> Place:
    """The place of what stands at `path` below `node`, as near as the path leads; of its key if asked for."""
    for step in path:
        match node.value, step:
            case dict() as mapping, str() if step in mapping:
                node = mapping[step]
            case list() as items, int() if step < len(items):
                node = items[step]
            case _:
                break
    return Place(where, node.key_line, node.key_column) if key else Place(where, node.line, node.column)


def place_of_offset(text: str, offset: int, where: str) -> Place:
    """The place of the character at `offset`."""
    start = text.rfind("\n", 0, offset) + 1
    return Place(where, text.count("\n", 0, offset) + 1, offset - start + 1)


def _events(text: str) -> Iterator[Any]:
    loader = _Loader(text)
    try:
        while loader.check_event():
            yield loader.get_event()
    finally:
        loader.dispose()


class _Builder:
    """Takes parser events and builds the tree."""

    def __init__(self, where: str, problems: Problems) -> None:
        self.root: Node | None = None
        self._where = where
        self._problems = problems
        self._open: list[_Open] = []
        self._anchors: dict[str, Node] = {}
        self._documents = 0

    def take(self, event: Any) -> bool:
        """Take one event; False where the rest makes no sense any more."""
        match event:
            case yaml.ScalarEvent():
                self._place(self._node(event, self._scalar(event)), event.anchor)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                return self._begin(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                ended = self._open.pop()
                self._place(ended.node, ended.anchor)
            case yaml.AliasEvent():
                return self._alias(event)
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    return self._stop(event, "holds a second document", "keep one document per file")
        return True

    def _begin(self, event: Any) -> bool:
        if len(self._open) >= MAX_DEPTH:
            return self._stop(event, _NESTED, _FLATTEN)
        value: list[Node] | dict[str, Node] = {} if isinstance(event, yaml.MappingStartEvent) else []
        if event.tag not in {None, "!", f"{_TAG}map", f"{_TAG}seq"}:
            self._foreign_tag(event)
        self._open.append(_Open(self._node(event, value), event.anchor))
        return True

    def _alias(self, event: Any) -> bool:
        known = self._anchors.get(event.anchor)
        if known is None:
            return self._stop(event, f"*{event.anchor} names no anchor before it", "write the anchor first")
        # The alias is placed where it stands; what is in it keeps the place where it was written.
        self._place(self._node(event, known.value), None)
        return True

    def _place(self, node: Node, anchor: str | None) -> None:
        if anchor is not None:
            self._anchors[anchor] = node
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        if isinstance(parent.node.value, list):
            parent.node.value.append(node)
        elif parent.key is None:
            parent.key = node
        elif isinstance(parent.node.value, dict):
            self._put(parent.node.value, parent.key, node)
            parent.key = None

    def _put(self, mapping: "dict[str, Node]", key: Node, node: Node) -> None:
        name = key.value
        place = Place(self._where, key.line, key.column)
        if not isinstance(name, str):
            self._problems.add(place, "", "a key is no text", "put it in quotes, or mend the indentation")
        elif name in mapping:
            first = mapping[name].key_line
            self._problems.add(place, name, f"stands twice, first in line {first}", "keep one of them")
        else:
            node.key_line, node.key_column = key.line, key.column
            mapping[name] = node

    def _scalar(self, event: Any) -> Scalar:
        tag, text = event.tag, event.value
        if tag in {"!", f"{_TAG}str"} or (tag is None and not event.implicit[0]):
            return str(text)
        if tag is not None and not event.implicit[0]:
            self._foreign_tag(event)
        return core_scalar(text)

    def _foreign_tag(self, event: Any) -> None:
        self._problems.add(
            Place(self._where, event.start_mark.line + 1, event.start_mark.column + 1),
            "",
            f"has the tag {event.tag}",
            "remove the tag: telex reads plain YAML",
        )

    def _stop(self, event: Any, what: str, remedy: str) -> bool:
        place = Place(self._where, event.start_mark.line + 1, event.start_mark.column + 1)
        self._problems.add(place, "", what, remedy)
        return False

    def _node(self, event: Any, value: Any) -> Node:
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        return Node(value, line, column, line, column)


def core_scalar(text: str) -> Scalar:
    """What an unquoted scalar means by YAML 1.2's core schema."""
    if text and (text[0] not in _FIRST or len(text) > MAX_DIGITS):
        return text
    match = _CORE.fullmatch(text)
    if match is None:
        return text
    match match.lastgroup:
        case "null":
            return None
        case "true" | "false" as word:
            return word == "true"
        case "int":
            return int(text)
        case "oct" | "hex":
            return int(text, 0)
        case _:
            return float(
                text.replace(".inf", "inf").replace(".nan", "nan").replace(".Inf", "inf").replace(".INF", "inf")
            )
