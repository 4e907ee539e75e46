"""Finds what a changed JSON Schema breaks for those who live by the released one.

Two parties can be hurt. *Old readers* check or decode with the released schema what is written by the new one (what a
registry calls FORWARD). *Old data* was written by the released schema, lies in logs for 30 days, in archives for ever,
and is read with the new one (BACKWARD). What telex writes must hurt neither, against every release (FULL_TRANSITIVE,
stricter than the FORWARD_TRANSITIVE that is promised); what telex reads, the catalogue, must not hurt old data.

So a released schema can gain optional members of open objects, and its words for people can change: nothing else.
In detail, for old readers it is a break to drop a member or its being required, to widen a type or an enum, to lift a
rule; for old data, to require a member, to narrow a type or an enum, to add a rule; for both, to change a rule.
A keyword that is not known here counts as a rule: the checker is never silent about what it does not understand.
Dropping a member hurts old data too: its values lose their meaning.
"""

import json
import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

Load = Callable[[str], bytes]
"""Gives the bytes of the schema called by its name, e.g. "article/1"; KeyError where there is none."""


class Hurts(Enum):
    """Whom a change breaks."""

    OLD_READERS = "readers with the released schema"
    OLD_DATA = "data written by the released schema"


BOTH = frozenset(Hurts)
READERS = frozenset({Hurts.OLD_READERS})
DATA = frozenset({Hurts.OLD_DATA})

WORDS = frozenset({"$schema", "$id", "$comment", "title", "description", "examples", "default", "deprecated", "$defs"})
"""Keywords that decide nothing ($defs does only where it is referred to, and is followed there)."""
FOLLOWED = frozenset({"type", "enum", "const", "properties", "required", "items", "additionalProperties", "$ref"})
BRANCHES = frozenset({"allOf", "anyOf", "oneOf"})


@dataclass(frozen=True, slots=True)
class Break:
    """One incompatible change: where (a path through the data), what, and whom it hurts."""

    path: str
    what: str
    hurts: frozenset[Hurts]


@dataclass(frozen=True, slots=True)
class Node:
    """A schema inside a file, with what is needed to follow its references."""

    schema: Any
    file: str
    load: Load

    def at(self, schema: Any) -> "Node":
        return Node(schema, self.file, self.load)

    def resolved(self) -> "Node":
        """The schema with its reference, if it is one, replaced by what it refers to; siblings win."""
        if not isinstance(self.schema, dict) or "$ref" not in self.schema:
            return self
        file, _, pointer = self.schema["$ref"].partition("#")
        name = posixpath.normpath(posixpath.join(posixpath.dirname(self.file), file)) if file else f"{self.file}.json"
        target = json.loads(self.load(name.removesuffix(".json")))
        for step in pointer.split("/")[1:]:
            target = target[step.replace("~1", "/").replace("~0", "~")]
        siblings = {key: value for key, value in self.schema.items() if key != "$ref"}
        if clash := siblings.keys() & target.keys() - WORDS:
            raise ValueError(f"{self.file}: beside a reference, {sorted(clash)} cannot be compared")
        return Node(target | siblings, name.removesuffix(".json"), self.load).resolved()


def breaks(name: str, old: Load, new: Load) -> list[Break]:
    """All incompatible changes from the schema `name` as `old` has it to the one that `new` has."""
    released = Node(json.loads(old(name)), name, old)
    try:
        current = Node(json.loads(new(name)), name, new)
    except KeyError:
        return [Break(name, "the schema is gone", BOTH)]
    return list(_compare("$", released, current))


def _compare(path: str, old_node: Node, new_node: Node) -> Iterator[Break]:
    old_node, new_node = old_node.resolved(), new_node.resolved()
    old, new = old_node.schema, new_node.schema
    if not (isinstance(old, dict) and isinstance(new, dict)):
        if old != new:
            yield Break(path, f"{old} became {new}", BOTH)
        return
    yield from _values(path, old, new)
    yield from _members(path, old_node, new_node)
    yield from _parts(path, old_node, new_node)
    for word in sorted((old.keys() | new.keys()) - WORDS - FOLLOWED - BRANCHES):
        yield from _rule(path, word, old, new)


def _values(path: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Break]:
    yield from _sets(path, "type", _types(old), _types(new))
    yield from _sets(path, "enum", _allowed(old), _allowed(new))


def _types(schema: dict[str, Any]) -> frozenset[str] | None:
    stated = schema.get("type")
    if stated is None:
        return None
    return frozenset([stated] if isinstance(stated, str) else stated)


def _allowed(schema: dict[str, Any]) -> frozenset[str] | None:
    if "const" in schema:
        return frozenset({json.dumps(schema["const"])})
    return frozenset(map(json.dumps, schema["enum"])) if "enum" in schema else None


def _sets(path: str, word: str, old: frozenset[str] | None, new: frozenset[str] | None) -> Iterator[Break]:
    """Compare two sets of what is allowed; None allows everything."""
    if old is not None and (new is None or new - old):
        yield Break(path, f"{word} widened: {'anything' if new is None else sorted(new - old)}", READERS)
    if new is not None and (old is None or old - new):
        yield Break(path, f"{word} narrowed: {'anything' if old is None else sorted(old - new)}", DATA)


def _members(path: str, old_node: Node, new_node: Node) -> Iterator[Break]:
    old, new = old_node.schema, new_node.schema
    before, after = old.get("properties", {}), new.get("properties", {})
    for name in sorted(before.keys() - after.keys()):
        yield Break(f"{path}.{name}", "member dropped", BOTH)
    for name in sorted(before.keys() & after.keys()):
        yield from _compare(f"{path}.{name}", old_node.at(before[name]), new_node.at(after[name]))
    if old.get("additionalProperties", True) is not True:
        for name in sorted(after.keys() - before.keys()):
            yield Break(f"{path}.{name}", "member added to a closed object", READERS)
    required, requires = set(old.get("required", ())), set(new.get("required", ()))
    for name in sorted(required - requires):
        yield Break(f"{path}.{name}", "member no longer required", READERS)
    for name in sorted(requires - required):
        yield Break(f"{path}.{name}", "member now required", DATA)


def _parts(path: str, old_node: Node, new_node: Node) -> Iterator[Break]:
    old, new = old_node.schema, new_node.schema
    for word, step in (("items", "[]"), ("additionalProperties", ".*")):
        # Without the keyword everything is allowed, as with `true`.
        before, after = old.get(word, True), new.get(word, True)
        if isinstance(before, bool) and isinstance(after, bool):
            if before != after:
                yield Break(f"{path}{step}", f"{word}: {before} became {after}", READERS if after else DATA)
        elif before is True or after is True:
            yield Break(
                f"{path}{step}",
                f"{word} {'added' if before is True else 'lifted'}",
                DATA if before is True else READERS,
            )
        else:
            yield from _compare(f"{path}{step}", old_node.at(before), new_node.at(after))
    for word in sorted(BRANCHES & (old.keys() | new.keys())):
        before, after = old.get(word, []), new.get(word, [])
        if len(before) != len(after):
            yield Break(path, f"{word} has {len(after)} branches instead of {len(before)}", BOTH)
        for index, (one, other) in enumerate(zip(before, after, strict=False)):
            yield from _compare(f"{path}({word} {index})", old_node.at(one), new_node.at(other))


def _rule(path: str, word: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Break]:
    if word not in new:
        yield Break(path, f"{word} lifted", READERS)
    elif word not in old:
        yield Break(path, f"{word} added", DATA)
    elif old[word] != new[word]:
        yield Break(path, f"{word} changed from {old[word]!r} to {new[word]!r}", BOTH)
