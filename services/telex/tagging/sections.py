"""Publishers' categories and sections of their sites: what « Éco » or `/sport/` says of a topic."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import yaml

from telex.tagging.lexicon import Loader, split
from telex.tagging.text import fold

_SEPARATORS: Final = re.compile(r"\s*[/>|,;&:]\s*|\s+-\s+|\s+et\s+|\s+and\s+")
_NOT_WORDS: Final = re.compile(r"[^a-z0-9]+")

Sections = Mapping[str, tuple[int, ...]]
"""Names, folded, with one space between words → numbers of concepts."""


def load_sections(folders: Iterable[Path], numbers: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
    """The names of sections in every language together: French sites have English ones, too.

    Raises:
        OSError, ValueError, KeyError: a file is not of its shape, or names an unknown concept.
    """
    found: dict[str, tuple[int, ...]] = {}
    for folder in folders:
        document = yaml.load((folder / "sections.yaml").read_bytes(), Loader=Loader)  # noqa: S506
        for code, listed in document.items():
            for name in split(listed):
                key = plain(name)
                found[key] = tuple(dict.fromkeys((*found.get(key, ()), numbers[code])))
    return found


def plain(name: str) -> str:
    """A section's name for look-ups: folded, words with one space between."""
    return _NOT_WORDS.sub(" ", fold(name)).strip()


def of_category(category: str, sections: Sections) -> tuple[int, ...]:
    """The concepts of a category, or of its parts: « Sport / Football »."""
    whole = sections.get(plain(category))
    if whole is not None:
        return whole
    parts = _SEPARATORS.split(fold(category)[:200])
    return tuple(dict.fromkeys(number for part in parts for number in sections.get(plain(part), ())))


def of_path(path: str, sections: Sections) -> list[tuple[int, int, tuple[int, ...]]]:
    """The folders of a decoded path that name sections: (where it starts, where it ends, concepts). The last part is the story's own name."""
    found = []
    at = 0
    *folders, last = path.split("/")
    for folder in [*folders, last if "-" not in last else ""]:
        if folder and (numbers := sections.get(plain(folder))):
            found.append((at, at + len(folder), numbers))
        at += len(folder) + 1
    return found
