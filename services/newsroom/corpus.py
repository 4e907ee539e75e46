"""The texts that stories are made of, read from data/fr.txt and data/en.txt.

A file is a list of sections, each opened by `== desk : scenario`. `*` as the scenario holds what the whole desk shares,
`* : *` what the whole language shares. A line's first word says what it is:

    n LOW HIGH STEP   the story's figure, {n}: what a correction corrects
    let NAME = a | b  a slot of the scenario's own
    T S L P           a title, a summary, a lead paragraph, a further paragraph
    D                 a development, added by an edit
    R a / b           a role, masculine / feminine
    LABEL             the desk's name for readers

Within a text `[a|b]` is one of the alternatives and `{slot}` a slot (stories.py lists them).
"""

from dataclasses import dataclass, field
from functools import cache

from newsroom.places import data_lines


@dataclass(frozen=True, slots=True)
class Figure:
    """A whole number in [low, high], in steps."""

    low: int
    high: int
    step: int


@dataclass(slots=True)
class Section:
    """One section as read."""

    figure: Figure = Figure(2, 98, 1)
    slots: dict[str, list[str]] = field(default_factory=dict)
    lines: dict[str, list[str]] = field(default_factory=dict)

    def texts(self, kind: str) -> list[str]:
        """The lines of a kind, in order; none gives an empty list."""
        return self.lines.get(kind, [])

    def words(self, kind: str, separator: str = ",") -> list[str]:
        """The parts of a list that stands on one line."""
        return [word.strip() for word in self.lines[kind][0].split(separator)]


@dataclass(frozen=True, slots=True)
class Corpus:
    """All texts of one language: sections by (desk, scenario)."""

    sections: dict[tuple[str, str], Section]

    @property
    def shared(self) -> Section:
        """What every story of the language may use."""
        return self.sections["*", "*"]

    def desk(self, desk: str) -> Section:
        """What the stories of a desk share."""
        return self.sections[desk, "*"]

    def desks(self) -> list[str]:
        """The desks, in the file's order."""
        return [desk for desk, scenario in self.sections if scenario == "*" and desk != "*"]

    def scenarios(self, desk: str) -> list[str]:
        """The scenarios of a desk, in the file's order."""
        return [scenario for of, scenario in self.sections if of == desk and scenario != "*"]

    def label(self, desk: str) -> str:
        """The desk's name for readers."""
        return self.desk(desk).texts("LABEL")[0]


@cache
def corpus(language: str) -> Corpus:
    """The texts of "fr" or "en"."""
    sections: dict[tuple[str, str], Section] = {}
    section = Section()
    for line in data_lines(f"{language}.txt"):
        kind, _, rest = line.partition(" ")
        if kind == "==":
            desk, _, scenario = rest.partition(" : ")
            section = sections.setdefault((desk, scenario), Section())
        elif kind == "n":
            section.figure = Figure(*map(int, rest.split()))
        elif kind == "let":
            name, _, options = rest.partition(" = ")
            section.slots[name] = [option.strip() for option in options.split(" | ")]
        else:
            section.lines.setdefault(kind, []).append(rest)
    return Corpus(sections)
