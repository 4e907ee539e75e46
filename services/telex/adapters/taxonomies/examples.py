"""Reads the examples of a concept: texts that have to match it, and texts that must not."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from telex.adapters.configuration.problems import Place, WrongValueError
from telex.adapters.configuration.tree import Node
from telex.adapters.configuration.values import expect
from telex.adapters.taxonomies.nodes import Nodes
from telex.tagging.text import Text, text_of

MAX_EXAMPLES: Final = 50
"""Of each kind."""
MAX_TEXT: Final = 20_000
"""Characters of each field."""
KINDS: Final = ("match", "not")
FIELDS: Final = ("title", "summary", "body", "categories", "url", "language")
_REMEDY: Final = "write a headline, or {title: …, summary: …, body: …, language: fr}"


@dataclass(frozen=True, slots=True)
class Example:
    """A text, its place, the concept's full code, and whether the text is wanted to match it."""

    place: Place
    code: str
    wanted: bool
    text: Text


def read_examples(nodes: Nodes, node: Node, label: str, code: str) -> Iterator[Example]:
    """The examples of one concept."""
    kinds = nodes.mapping(node, label, KINDS, "write {match: [text], not: [text]}")
    for kind, listed in (kinds or {}).items():
        for each, child in nodes.items(listed, f"{label}.{kind}", MAX_EXAMPLES, "write [one text, another text]"):
            fields = _fields(nodes, child, each)
            if fields is not None:
                yield Example(nodes.place(child), code, kind == "match", text_of(**fields))


def _fields(nodes: Nodes, node: Node, label: str) -> dict[str, Any] | None:
    """The fields of a text. Of mere text, the first line is the title, and what follows is the body."""
    if isinstance(node.value, str):
        written = _written(nodes, node, label)
        title, _, body = (written or "").partition("\n")
        return {"title": title.strip(), "body": body.strip() or None} if written else None
    keys = nodes.mapping(node, label, FIELDS, _REMEDY)
    if keys is None:
        return None
    if not keys.keys() & {"title", "summary", "body", "categories", "url"}:
        nodes.add(node, label, "holds no text", _REMEDY)
        return None
    fields: dict[str, Any] = {}
    for name, child in keys.items():
        if name == "categories":
            listed = nodes.items(child, f"{label}.categories", MAX_EXAMPLES, "write [one, two]")
            fields[name] = tuple(
                category for each, item in listed if (category := _written(nodes, item, each)) is not None
            )
        else:
            fields[name] = _written(nodes, child, f"{label}.{name}")
    return fields


def _written(nodes: Nodes, node: Node, label: str) -> str | None:
    read: str | None = nodes.value(node, label, _text)
    return read if read is not None and nodes.afford(node, label, read) else None


def _text(value: object) -> str:
    """Text of any number of lines, trimmed."""
    read: str = expect(str, value, "text", "put it in quotes").strip()
    if not read:
        raise WrongValueError("is empty", "leave it out, or write text")
    if len(read) > MAX_TEXT:
        raise WrongValueError(f"is longer than {MAX_TEXT:,} characters", "shorten it")
    return read
