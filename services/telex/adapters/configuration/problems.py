"""Gathers what is wrong in a configuration, so that all of it is said at once."""

from difflib import get_close_matches
from typing import NamedTuple

from telex.errors import ConfigurationError, Problem

MAX_PROBLEMS = 1000
"""More are counted, not kept: a file of 100,000 bad lines needs no 100,000 messages."""


class WrongValueError(Exception):
    """A value cannot be what its key asks for.

    Attributes:
        what: what is wrong with it; never the value of a secret.
        remedy: what to do about it.
        path: where inside the value: keys and indexes, outermost first.
    """

    def __init__(self, what: str, remedy: str, path: tuple[str | int, ...] = ()) -> None:
        super().__init__(f"{what}; {remedy}")
        self.what = what
        self.remedy = remedy
        self.path = path


class Place(NamedTuple):
    """Where something stands: line and column start at 1, None where they say nothing."""

    where: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        """`file:line:column`, as far as known."""
        return ":".join(str(part) for part in self if part is not None)


class Problems:
    """The problems found so far, in the order in which they were found."""

    def __init__(self) -> None:
        self._kept: list[Problem] = []
        self._count = 0

    def __len__(self) -> int:
        """How many were found, kept or not."""
        return self._count

    def add(self, place: Place, key: str, what: str, remedy: str) -> None:
        """Note one."""
        self._count += 1
        if self._count <= MAX_PROBLEMS:
            self._kept.append(Problem(place.where, place.line, place.column, key, what, remedy))

    def extend(self, others: "Problems") -> None:
        """Note those of another."""
        self._kept.extend(others._kept[: MAX_PROBLEMS - len(self._kept)])  # noqa: SLF001 - its own kind
        self._count += len(others)

    def found(self) -> tuple[Problem, ...]:
        """All of them; beyond `MAX_PROBLEMS` a last one tells how many more there are."""
        more = self._count - len(self._kept)
        if not more:
            return tuple(self._kept)
        last = Problem(
            self._kept[-1].where, None, None, "", f"{more} more problems", "mend the first ones, then check again"
        )
        return (*self._kept, last)

    def raise_any(self) -> None:
        """Raise them together, if there are any.

        Raises:
            ConfigurationError: there are.
        """
        if self._count:
            raise ConfigurationError(self.found())


def did_you_mean(word: str, known: tuple[str, ...]) -> str:
    """A remedy for an unknown word: the closest known one, or all of them where none is close."""
    close = get_close_matches(word.lower(), {name.lower(): name for name in known}, n=1, cutoff=0.6)
    if close:
        return f"did you mean {next(name for name in known if name.lower() == close[0])!r}?"
    return f"known are {', '.join(known)}"
