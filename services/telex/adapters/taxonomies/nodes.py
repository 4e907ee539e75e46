"""Walks the tree of a taxonomy's file: takes what a key has to hold, and says what is wrong with what it does hold."""

from collections.abc import Iterator
from typing import Any

from telex.adapters.configuration.problems import MAX_PROBLEMS, Place, Problems, WrongValueError, did_you_mean
from telex.adapters.configuration.tree import Node
from telex.adapters.configuration.values import Parser, kind_of
from telex.tagging.terms import Term, WrongTermError, parse_term

MAX_TERMS = 200
"""Of one list."""
BUDGET = 24 << 20
"""Of the terms and texts of one file, 10 for each and 1 for each character. Only anchors can make a file exceed it."""
MAX_TERM = 100
"""Characters."""
_Wrong = tuple[str, str]
"""What is wrong with a term, and the remedy."""


class Nodes:
    """Reads the nodes of one file. What is wrong goes to `problems`, and None, or what is left, comes back."""

    def __init__(self, where: str, problems: Problems) -> None:
        self.where = where
        self.problems = problems
        self._terms: dict[str, Term | _Wrong] = {}
        self._left = BUDGET

    def add(self, node: Node, label: str, what: str, remedy: str) -> None:
        """Note a problem with a value."""
        self.problems.add(self.place(node), label, what, remedy)

    def place(self, node: Node) -> Place:
        """Where a value begins."""
        return Place(self.where, node.line, node.column)

    def mapping(self, node: Node, label: str, known: tuple[str, ...], remedy: str) -> dict[str, Node] | None:
        """The known keys of a mapping."""
        if not isinstance(node.value, dict):
            self.add(node, label, f"is {kind_of(node.value)}, not a mapping", remedy)
            return None
        found = {}
        for name, child in node.value.items():
            if name in known:
                found[name] = child
            else:
                key = f"{label}.{name}"[:100] if label else name[:100]
                place = Place(self.where, child.key_line, child.key_column)
                # Guessing takes time: what nobody will read is not guessed.
                remedy = did_you_mean(name, known) if len(self.problems) < MAX_PROBLEMS else "remove it"
                self.problems.add(place, key, "is an unknown key", remedy)
        return found

    def items(self, node: Node, label: str, limit: int, remedy: str) -> Iterator[tuple[str, Node]]:
        """The items of a list that may not be empty, each with its label."""
        if not isinstance(node.value, list):
            self.add(node, label, f"is {kind_of(node.value)}, not a list", remedy)
            return
        if not node.value:
            self.add(node, label, "is empty", f"leave it out, or {remedy}")
        if len(node.value) > limit:
            self.add(node, label, f"has more than {limit:,} items", "shorten the list")
        for at, child in enumerate(node.value[:limit]):
            yield f"{label}[{at}]", child

    def value(self, node: Node, label: str, parse: Parser) -> Any:
        """What a parser makes of a value that is no collection."""
        try:
            return parse(node.value)
        except WrongValueError as error:
            self.add(node, label, error.what, error.remedy)
            return None

    def required(self, keys: dict[str, Node], name: str, owner: Node, label: str, remedy: str) -> Node | None:
        """The value of a key that has to be there."""
        node = keys.get(name)
        if node is None and isinstance(owner.value, dict):
            self.add(owner, f"{label}.{name}" if label else name, "is missing", remedy)
        return node

    def afford(self, node: Node, label: str, written: str) -> bool:
        """Whether there is room for one more text; the first for which there is none is a problem."""
        before, self._left = self._left, self._left - len(written) - 10
        if before >= 0 > self._left:
            self.add(node, label, "is more than a file may hold with what its anchors repeat", "write fewer aliases")
        return self._left >= 0

    def terms(self, node: Node, label: str) -> tuple[Term, ...]:
        """A list of terms, each once."""
        remedy = "write [one, two], or one `- term` a line"
        found = [self.term(child, each) for each, child in self.items(node, label, MAX_TERMS, remedy)]
        return tuple(dict.fromkeys(term for term in found if term is not None))

    def term(self, node: Node, label: str) -> Term | None:
        """One term."""
        written = node.value
        if not isinstance(written, str):
            self.add(node, label, f"is {kind_of(written)}, not text", "put it in quotes")
            return None
        if not self.afford(node, label, written):
            return None
        parsed = self._terms.get(written)
        if parsed is None:
            parsed = self._terms[written] = _parsed(written)
        if isinstance(parsed, Term):
            return parsed
        self.add(node, label, *parsed)
        return None


def _parsed(written: str) -> Term | _Wrong:
    if len(written) > MAX_TERM:
        return f"is longer than {MAX_TERM} characters", "shorten it"
    try:
        return parse_term(written)
    except WrongTermError as error:
        return error.what, error.remedy
