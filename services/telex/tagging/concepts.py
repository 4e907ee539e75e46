"""What an operator's taxonomy says: its concepts, their terms, and the conditions under which those count."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from typing import Any, Final

import orjson

from telex.tagging.terms import Term

EVERY: Final = "*"
"""Stands for every language."""


@dataclass(frozen=True, slots=True)
class Near:
    """A condition: one of the terms stands at most `within` words away, in the same field; 1 is the next word."""

    terms: tuple[Term, ...]
    within: int


@dataclass(frozen=True, slots=True)
class OwnConcept:
    """A concept as an operator's file has it.

    `terms` are by language, `EVERY` for all: those of one language count in texts of that language, and in texts of
    which it is not known. One of each group of `must` has to stand in the text, and none of `barred`. Only where every
    condition of `near` is met does a term count. `topic` is the slug of the Kafka topic that articles with this tag go
    to as well.
    """

    code: str
    names: Mapping[str, str]
    terms: Mapping[str, tuple[Term, ...]] = field(default_factory=dict)
    must: tuple[tuple[Term, ...], ...] = ()
    barred: tuple[Term, ...] = ()
    near: tuple[Near, ...] = ()
    boost: float = 1.0
    parent: str | None = None
    topic: str | None = None

    def name(self, language: str | None) -> str:
        """The name in a language; where it has none, in English, else the first."""
        return self.names.get(language or "en") or self.names.get("en") or next(iter(self.names.values()))


@dataclass(frozen=True)
class Taxonomy:
    """One operator's vocabulary. Parents are concepts of the same taxonomy, and none is its own ancestor."""

    name: str
    edition: str
    concepts: tuple[OwnConcept, ...]

    @cached_property
    def version(self) -> str:
        """`name@edition+hash`: the hash tells taxonomies apart that say different things, whatever edition they claim."""
        said = orjson.dumps(self.concepts, default=_plain, option=orjson.OPT_PASSTHROUGH_DATACLASS)
        return f"{self.name}@{self.edition}+{blake2b(said, digest_size=4).hexdigest()}"

    def broader(self) -> dict[str, tuple[str, ...]]:
        """The codes of what is broader than each concept, nearest first.

        Raises:
            KeyError: a parent is no concept here.
        """
        parents = {concept.code: concept.parent for concept in self.concepts}
        found: dict[str, tuple[str, ...]] = {}
        for code in parents:
            chain: list[str] = []
            while (parent := parents[chain[-1] if chain else code]) is not None:
                chain.append(parent)
            found[code] = tuple(chain)
        return found


def _plain(value: Any) -> Any:
    return value.written if isinstance(value, Term) else {name: getattr(value, name) for name in value.__slots__}
