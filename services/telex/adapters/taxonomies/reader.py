"""Reads the YAML file of a taxonomy: `taxonomy:`, its name, `version:`, and `concepts:`, a list."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from telex.adapters.configuration.problems import Place, Problems, WrongValueError, did_you_mean
from telex.adapters.configuration.tree import Node, read_tree
from telex.adapters.configuration.values import expect, kind_of, shown, text
from telex.adapters.taxonomies.examples import Example, read_examples
from telex.adapters.taxonomies.nodes import Nodes
from telex.core.selection import SLUG
from telex.tagging.concepts import EVERY, Near, OwnConcept, Taxonomy
from telex.tagging.terms import Term

MAX_CONCEPTS: Final = 10_000
MAX_GROUPS: Final = 10
"""Of `must`."""
MAX_NEAR: Final = 5
MAX_WITHIN: Final = 50
MAX_BOOST: Final = 10.0
MAX_DEPTH: Final = 8
"""Levels, the top one included."""
MAX_NAME: Final = 200
KEYS: Final = ("taxonomy", "version", "concepts")
CONCEPT_KEYS: Final = ("code", "names", "terms", "must", "not", "near", "boost", "parent", "topic", "examples")
NEAR_KEYS: Final = ("terms", "within")
MEDIA_TOPICS: Final = "medtop"
RESERVED: Final = (MEDIA_TOPICS, "places", "mentions")
"""What comes with telex has these names in `provenance.taxonomies`."""
_COMPARED: Final = 200
"""Codes up to which an unknown parent is compared with all of them."""
_CODE: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")
_VERSION: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,38}[A-Za-z0-9])?")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}")
SHORTER: Final[Mapping[str, str]] = MappingProxyType({
    "afr": "af", "amh": "am", "ara": "ar", "bam": "bm", "deu": "de", "eng": "en", "ewe": "ee", "fra": "fr", "fre": "fr",
    "ful": "ff", "ger": "de", "hau": "ha", "ibo": "ig", "ita": "it", "kin": "rw", "lin": "ln", "mlg": "mg", "orm": "om",
    "por": "pt", "run": "rn", "sna": "sn", "som": "so", "spa": "es", "swa": "sw", "tir": "ti", "tsn": "tn", "wol": "wo",
    "xho": "xh", "yor": "yo", "zul": "zu",
})  # fmt: skip
"""Codes of three letters that people write though the language has one of two, which is what articles carry."""


@dataclass(frozen=True, slots=True)
class TaxonomyFile:
    """A file that was read: its taxonomy, and the examples in it."""

    where: str
    taxonomy: Taxonomy
    examples: tuple[Example, ...]
    name_at: Place


@dataclass(slots=True)
class _Draft:
    """A concept as it is read, with its place."""

    label: str
    node: Node
    code: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    keys: dict[str, Node] = field(default_factory=dict)


def read_taxonomy(source: str, where: str, problems: Problems) -> TaxonomyFile | None:
    """The taxonomy of a YAML document; None where it has none, or what is wrong went to `problems`."""
    found = len(problems)
    root = read_tree(source, where, problems)
    if root is None or root.value is None:
        if len(problems) == found:
            remedy = "write `taxonomy:`, `version:` and `concepts:`, or remove the file"
            problems.add(Place(where), "", "is empty", remedy)
        return None
    made = _Reader(where, problems).document(root)
    return made if len(problems) == found else None


class _Reader:
    """Reads one document."""

    def __init__(self, where: str, problems: Problems) -> None:
        self._nodes = Nodes(where, problems)
        self._examples: list[Example] = []
        self._name = ""

    def document(self, root: Node) -> TaxonomyFile | None:
        nodes = self._nodes
        keys = nodes.mapping(root, "", KEYS, "write `taxonomy:`, `version:` and `concepts:`")
        if keys is None:
            return None
        name_node = nodes.required(keys, "taxonomy", root, "", "write the name that stands before every code")
        version_node = nodes.required(
            keys, "version", root, "", 'write one that tells editions apart, such as "2026-05"'
        )
        self._name = (nodes.value(name_node, "taxonomy", _name) if name_node else None) or ""
        version = nodes.value(version_node, "version", _version) if version_node else None
        concepts_node = nodes.required(keys, "concepts", root, "", "write `- code: …` lines")
        drafts = [] if concepts_node is None else list(self._drafts(concepts_node))
        if concepts_node is None or name_node is None or version is None:
            return None
        concepts = tuple(
            OwnConcept(draft.code, draft.fields.pop("names", {}), **draft.fields)
            for draft in drafts
            if draft.code is not None
        )
        taxonomy = Taxonomy(self._name, version, concepts)
        return TaxonomyFile(nodes.where, taxonomy, tuple(self._examples), nodes.place(name_node))

    def _drafts(self, node: Node) -> Iterator[_Draft]:
        drafts = [
            draft
            for label, child in self._nodes.items(node, "concepts", MAX_CONCEPTS, "write `- code: …` lines")
            if (draft := self._draft(label, child)) is not None
        ]
        by_code = self._by_code(drafts)
        parents = {code: draft.fields.get("parent") for code, draft in by_code.items()}
        self._check_parents(by_code, parents)
        named = set(parents.values())
        for draft in drafts:
            if "terms" not in draft.keys and draft.code not in named:
                what = "has neither terms nor a narrower concept"
                self._nodes.add(draft.node, draft.label, what, "write `terms: […]`, or remove it")
        return iter(drafts)

    def _draft(self, label: str, node: Node) -> _Draft | None:
        keys = self._nodes.mapping(node, label, CONCEPT_KEYS, "write `code: …` and its other keys below it")
        if keys is None:
            return None
        draft = _Draft(label, node, keys=keys)
        code = self._nodes.required(keys, "code", node, label, "write a short one, such as energy")
        if code is not None:
            draft.code = self._nodes.value(code, f"{label}.code", self._code)
        names = self._nodes.required(keys, "names", node, label, "write {fr: …, en: …}")
        if names is not None:
            draft.fields["names"] = self._names(names, f"{label}.names")
        for name, child in keys.items():
            self._key(draft, name, child, f"{label}.{name}")
        self._conditions_have_terms(draft)
        return draft

    def _key(self, draft: _Draft, name: str, node: Node, label: str) -> None:
        nodes, fields = self._nodes, draft.fields
        match name:
            case "terms":
                fields["terms"] = self._terms(node, label)
            case "must":
                fields["must"] = self._must(node, label)
            case "not":
                fields["barred"] = nodes.terms(node, label)
            case "near":
                fields["near"] = self._near(node, label)
            case "boost":
                fields["boost"] = nodes.value(node, label, _boost)
            case "parent":
                fields["parent"] = nodes.value(node, label, self._code)
            case "topic":
                fields["topic"] = nodes.value(node, label, _slug)
            case "examples":
                self._examples += read_examples(nodes, node, label, f"{self._name}:{draft.code}")

    def _conditions_have_terms(self, draft: _Draft) -> None:
        if "terms" in draft.keys:
            return
        for name in ("must", "not", "near", "boost"):
            if name in draft.keys:
                what = "has no terms that it could hold for"
                remedy = "write `terms: […]` beside it: it does not hold for narrower concepts"
                self._nodes.add(draft.keys[name], f"{draft.label}.{name}", what, remedy)

    def _terms(self, node: Node, label: str) -> dict[str, tuple[Term, ...]]:
        if not isinstance(node.value, dict):
            return {EVERY: self._nodes.terms(node, label)}
        if not node.value:
            self._nodes.add(node, label, "is empty", "write [one, two], or {fr: [un, deux], en: [one, two]}")
        return {
            language: self._nodes.terms(child, f"{label}.{language}")
            for language, child in self._by_language(node.value, label)
        }

    def _names(self, node: Node, label: str) -> dict[str, str]:
        if not isinstance(node.value, dict) or not node.value:
            what = "is empty" if node.value == {} else f"is {kind_of(node.value)}, not a mapping"
            self._nodes.add(node, label, what, "write {fr: …, en: …}")
            return {}
        return {
            language: self._nodes.value(child, f"{label}.{language}", text(MAX_NAME))
            for language, child in self._by_language(node.value, label)
        }

    def _by_language(self, mapping: dict[str, Node], label: str) -> Iterator[tuple[str, Node]]:
        for language, child in mapping.items():
            if _LANGUAGE.fullmatch(language) and language not in SHORTER:
                yield language, child
            else:
                remedy = "write its two or three small letters, such as fr, without a region"
                shorter = SHORTER.get(language.lower()) or language[:2].lower()
                if language.lower() in SHORTER or (language[2:3] in {"-", "_"} and shorter.isalpha()):
                    remedy = f"did you mean {shorter!r}?"
                place = Place(self._nodes.where, child.key_line, child.key_column)
                self._nodes.problems.add(place, f"{label}.{language}"[:100], "is no language", remedy)

    def _must(self, node: Node, label: str) -> tuple[tuple[Term, ...], ...]:
        groups: list[tuple[Term, ...]] = []
        remedy = "write [term, [either, or]]: every item has to be in the text"
        for each, child in self._nodes.items(node, label, MAX_GROUPS, remedy):
            if isinstance(child.value, list):
                groups.append(self._nodes.terms(child, each))
            else:
                term = self._nodes.term(child, each)
                groups += [(term,)] if term else []
        return tuple(groups)

    def _near(self, node: Node, label: str) -> tuple[Near, ...]:
        remedy = "write [{terms: [one, two], within: 10}]"
        found = []
        for each, child in self._nodes.items(node, label, MAX_NEAR, remedy):
            keys = self._nodes.mapping(child, each, NEAR_KEYS, "write {terms: [one, two], within: 10}")
            if keys is None:
                continue
            terms = self._nodes.required(keys, "terms", child, each, "write the words that have to stand near a term")
            within = self._nodes.required(keys, "within", child, each, "write how many words away they may be")
            words = self._nodes.value(within, f"{each}.within", _within) if within else 0
            found.append(Near(self._nodes.terms(terms, f"{each}.terms") if terms else (), words))
        return tuple(found)

    def _code(self, value: object) -> str:
        read: str = expect(str, value, "text", "put it in quotes").strip()
        if read.lower().startswith(f"{MEDIA_TOPICS}:"):
            raise WrongValueError(
                f"is {shown(read)}, a Media Topic: telex tags those itself", "write a code of your own"
            )
        if self._name and read.startswith(f"{self._name}:"):
            raise WrongValueError(f"begins with {self._name}:", "leave that out: it stands before every code by itself")
        if not _CODE.fullmatch(read):
            what = f"is {shown(read)}, no code"
            raise WrongValueError(what, "write 1-64 letters of ASCII, digits, inner dots, hyphens and underscores")
        return read

    def _by_code(self, drafts: list[_Draft]) -> dict[str, _Draft]:
        found: dict[str, _Draft] = {}
        for draft in drafts:
            if draft.code is not None and (twin := found.setdefault(draft.code, draft)) is not draft:
                node = draft.keys["code"]
                what = f"is a duplicate of {twin.label}.code at {self._nodes.place(twin.keys['code'])}"
                self._nodes.add(node, f"{draft.label}.code", what, "give each its own code, or remove one of them")
        return found

    def _check_parents(self, by_code: dict[str, _Draft], parents: dict[str, str | None]) -> None:
        for code, draft in by_code.items():
            node = draft.keys.get("parent")
            wrong = _wrong_parent(code, parents)
            if node is not None and wrong is not None:
                self._nodes.add(node, f"{draft.label}.parent", wrong.what, wrong.remedy)


def _wrong_parent(code: str, parents: dict[str, str | None]) -> WrongValueError | None:
    """What is wrong with a concept's parent. A circle is told of each concept in it, and of no other."""
    parent = parents[code]
    if parent is not None and parent not in parents:
        remedy = "write the code of a concept in this file"
        if len(parents) <= _COMPARED:
            remedy = did_you_mean(parent, tuple(parents))
        return WrongValueError(f"is {shown(parent)}, which is no code in this file", remedy)
    chain = [code]
    while parent is not None and parent in parents:
        chain.append(parent)
        if parent == code:
            circle = " → ".join(chain)
            return WrongValueError(f"makes the concept its own ancestor: {circle}", "let one of these have no parent")
        if len(chain) > MAX_DEPTH:
            return WrongValueError(f"puts the concept below level {MAX_DEPTH}", f"keep to {MAX_DEPTH} levels")
        parent = parents[parent] if parent not in chain[:-1] else None
    return None


def _name(value: object) -> str:
    read: str = expect(str, value, "text", "put it in quotes").strip()
    if not SLUG.fullmatch(read):
        raise WrongValueError(f"is {shown(read)}, no name", "write 1-63 small letters, digits and inner hyphens")
    if read in RESERVED:
        raise WrongValueError("is the name of a vocabulary that comes with telex", "write a name of your own")
    return read


def _version(value: object) -> str:
    read: str = expect(str, value, "text", "put it in quotes").strip()
    if not _VERSION.fullmatch(read):
        raise WrongValueError(
            f"is {shown(read)}, no version", "write 1-40 letters of ASCII, digits, inner dots, hyphens and underscores"
        )
    return read


def _slug(value: object) -> str:
    read: str = expect(str, value, "text", "put it in quotes").strip()
    if not SLUG.fullmatch(read):
        raise WrongValueError(
            f"is {shown(read)}, which no topic can be called by", "write 1-63 small letters, digits and inner hyphens"
        )
    return read


def _boost(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise WrongValueError(f"is {kind_of(value)}, not a number", "write one such as 1.5")
    if not (math.isfinite(value) and 0 < value <= MAX_BOOST):
        raise WrongValueError("is out of range", f"write a number above 0, of {MAX_BOOST:g} at most")
    return float(value)


def _within(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise WrongValueError(f"is {kind_of(value)}, not a whole number", "write how many words away, such as 10")
    if not 1 <= value <= MAX_WITHIN:
        raise WrongValueError("is out of range", f"write 1 to {MAX_WITHIN} words; 1 is the next word")
    return value
