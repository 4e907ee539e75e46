"""What a feed or an entry says, by the element that says it: what the parsers note and `feeds` understands."""

from dataclasses import dataclass, field
from typing import NamedTuple


class Text(NamedTuple):
    """The text of an element as written, with its media type and the base of its links."""

    value: str
    type: str
    base: str


class Link(NamedTuple):
    """A link, resolved by the base in scope."""

    rel: str
    type: str | None
    href: str
    attributes: dict[str, str]


class Person(NamedTuple):
    """An author: the text of the element and of its children."""

    text: str
    name: str | None
    url: str | None
    email: str | None


@dataclass(slots=True)
class Medium:
    """A media object and the words about it."""

    attributes: dict[str, str]
    base: str
    text: str = ""
    caption: str | None = None
    credit: str | None = None


@dataclass(slots=True)
class Facts:
    """What a feed or an entry says, by the element that says it. The first value that is not empty counts, of a date the last."""

    texts: dict[str, Text] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    people: dict[str, list[Person]] = field(default_factory=dict)
    categories: dict[str, None] = field(default_factory=dict)
    media: list[Medium] = field(default_factory=list)
    caption: str | None = None
    credit: str | None = None
    permalink: str = ""
    base: str = ""
    language: str | None = None
    closed: bool = False
    damaged: bool = False  # whether a text was encoded twice, and put right
    several: dict[str, list[str]] = field(default_factory=dict)


class TooMany(Exception):
    """There are more entries than a document may have."""
