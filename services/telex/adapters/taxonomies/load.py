"""Loads operators' taxonomies from files: all of them, or none and everything that is wrong."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from telex.adapters.configuration.files import decoded, inside, read_at_rest, read_bytes, within
from telex.adapters.configuration.problems import Place, Problems
from telex.adapters.taxonomies.reader import TaxonomyFile, read_taxonomy
from telex.tagging.taxonomies import Taxonomies

MAX_BYTES: Final = 4 << 20
"""Of one file."""
_ENDINGS: Final = (".yaml", ".yml", ".json")


def load_taxonomies(paths: Iterable[str]) -> Taxonomies:
    """The taxonomies in these files and directories, compiled. It blocks: a file of 4 MiB takes seconds.

    Raises:
        ConfigurationError: something is wrong with them: all problems of all files at once.
    """
    return compiled(read_taxonomies(paths))


def compiled(files: Iterable[TaxonomyFile]) -> Taxonomies:
    """The taxonomies of files that were read."""
    return Taxonomies(tuple(file.taxonomy for file in files))


def read_taxonomies(paths: Iterable[str]) -> tuple[TaxonomyFile, ...]:
    """The taxonomies in these files and directories with their examples, in the order of the files.

    Raises:
        ConfigurationError: something is wrong with them: all problems of all files at once.
    """
    problems, named = Problems(), tuple(paths)
    found = read_at_rest(named, lambda problems: _read_all(named, problems), problems) or []
    problems.raise_any()
    return tuple(found)


def parse_taxonomy(data: bytes, where: str) -> TaxonomyFile:
    """The taxonomy of one document.

    Raises:
        ConfigurationError: something is wrong with it: all problems at once.
    """
    problems = Problems()
    made = _parsed(data, where, problems)
    problems.raise_any()
    assert made is not None
    return made


def _read_all(paths: tuple[str, ...], problems: Problems) -> list[TaxonomyFile]:
    found: list[TaxonomyFile] = []
    for path in paths:
        names = [path]
        if Path(path).is_dir():
            names = inside(path)
            if not names:
                remedy = f"put a file there that ends in {', '.join(_ENDINGS)}"
                problems.add(Place(path), "", "holds no taxonomy", remedy)
        found += [file for name in names if (file := _read(name, problems)) is not None]
    _check_names(found, problems)
    return found


def _read(path: str, problems: Problems) -> TaxonomyFile | None:
    if not path.lower().endswith(_ENDINGS):
        problems.add(Place(path), "", "is of no known format", f"let its name end in {', '.join(_ENDINGS)}")
        return None
    data = read_bytes(path, MAX_BYTES, problems)
    return None if data is None else _parsed(data, path, problems)


def _parsed(data: bytes, where: str, problems: Problems) -> TaxonomyFile | None:
    if not within(data, MAX_BYTES, where, problems):
        return None
    source = decoded(data, where, problems)
    return None if source is None else read_taxonomy(source, where, problems)


def _check_names(files: Iterable[TaxonomyFile], problems: Problems) -> None:
    """Two taxonomies of one name would have one code mean two things."""
    known: dict[str, TaxonomyFile] = {}
    for file in files:
        if (twin := known.setdefault(file.taxonomy.name, file)) is not file:
            what = f"is the name of the taxonomy at {twin.name_at} too"
            problems.add(file.name_at, "taxonomy", what, "give each its own name, or remove one of them")
