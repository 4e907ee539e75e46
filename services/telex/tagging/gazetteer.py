"""The names of places in a language: what each may stand for, and how names stand in its sentences."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import orjson
import yaml

from telex.tagging.lexicon import Loader, split
from telex.tagging.text import fold

DATA: Final = Path(__file__).parent / "data" / "places"
"""What comes with telex: a file that `make gazetteer` writes, and a folder for each language."""
_WORD: Final = re.compile(r"[^\W_]+")


class Kind(IntEnum):
    """What a name is."""

    NAME = 0
    """Of a country or a territory."""
    DEMONYM = 1
    """What or who is from there: "Malian"."""
    SEAT = 2
    """An institution that stands for a government or belongs to one country: "the Kremlin"."""
    AREA = 3
    """A part of a country."""
    CITY = 4
    """A city of our own lists, capitals among them."""
    TOWN = 5
    """One that GeoNames alone brings."""
    REGION = 6
    """Several countries."""
    NOTHING = 7
    """Another name with a place's in it."""


KINDS: Final = {
    "names": Kind.NAME,
    "demonyms": Kind.DEMONYM,
    "seats": Kind.SEAT,
    "areas": Kind.AREA,
    "cities": Kind.CITY,
    "regions": Kind.REGION,
}
"""The parts of a language's `names.yaml`."""


@dataclass(frozen=True, slots=True, eq=False)
class Sense:
    """What a name stands for. `codes` are of ISO 3166-1 alpha-2, or one of UN M49; the likeliest first.

    `exactly` is what must stand there. `doubtful`: a word too, or little known. `given`, `surname`: persons have it too.
    `prefix`: met before a hyphen only. `lower`: may be written in lower case, `lower_end`: its last word may.
    """

    codes: tuple[str, ...]
    kind: Kind
    exactly: str | None = None
    doubtful: bool = False
    given: bool = False
    surname: bool = False
    prefix: bool = False
    lower: bool = False
    lower_end: bool = False


@dataclass(frozen=True, slots=True)
class Manner:
    """How names stand in the sentences of a language, from its `reading.yaml`; sets hold folded words."""

    inflections: tuple[tuple[str, tuple[str, ...]], ...]
    demonyms_in_lower_case: bool
    titles_in_capitals: bool
    locatives: frozenset[str]
    titles: frozenset[str]
    compounds: frozenset[str]
    heads: frozenset[str]
    named_after: frozenset[str]
    named_after_too: frozenset[str]
    between: frozenset[str]
    speaking: frozenset[str]
    speaking_after: frozenset[str]
    function_words: frozenset[str]
    given_too: frozenset[str]
    surnames_too: frozenset[str]
    contractions: Mapping[str, tuple[str, ...]]
    nothing: tuple[str, ...]

    def inflected(self, base: str) -> list[str]:
        """The forms of a demonym."""
        ending, forms = next(pair for pair in self.inflections if base.endswith(pair[0]))
        return [base[: len(base) - len(ending)] + form for form in forms]


Entries = dict[tuple[str, ...], Sense]
"""The words of a name, folded → what it stands for."""


@dataclass(slots=True, eq=False)
class Start:
    """What a word begins: the name that it is alone, and longer ones by their second word, the longest first.

    Of the longer ones the words after the second are held. `behind` are names that begin with a function word or a letter
    (« La Haye », "N'Djamena"), which this one follows: that word, the words after this one, and what the name stands for.
    """

    alone: Sense | None = None
    longer: dict[str, tuple[tuple[tuple[str, ...], Sense], ...]] = field(default_factory=dict)
    behind: tuple[tuple[str, tuple[str, ...], Sense], ...] = ()


class Names:
    """The names of a language, for one pass over a text's words: `starts` are by the first word that is no function word."""

    def __init__(self, language: str, manner: Manner, entries: Mapping[tuple[str, ...], Sense]) -> None:
        self.language = language
        self.manner = manner
        self.starts: dict[str, Start] = defaultdict(Start)
        frequent = manner.function_words | manner.between
        for words in sorted(entries, key=len, reverse=True):
            first, *rest = words
            if not rest:
                self.starts[first].alone = entries[words]
            elif first in frequent or len(first) == 1:
                start = self.starts[rest[0]]
                start.behind = (*start.behind, (first, tuple(rest[1:]), entries[words]))
            else:
                longer = self.starts[first].longer
                longer[rest[0]] = (*longer.get(rest[0], ()), (tuple(rest[1:]), entries[words]))
        self.starts = dict(self.starts)


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """All that is known of places. `edition` changes with any of the files. `called` are names by language and code, `given_names` folded."""

    edition: str
    called: Mapping[str, Mapping[str, str]]
    languages: Mapping[str, Names]
    given_names: frozenset[str]


def words_of(name: str) -> list[str]:
    """The words of a name, folded, as they are looked up."""
    return _WORD.findall(fold(name))


def load_gazetteer(folder: Path = DATA) -> Gazetteer:
    """The gazetteer that comes with telex.

    Raises:
        OSError, ValueError, KeyError: a file is not there, or not what it was shipped as.
    """
    document = orjson.loads((folder / "gazetteer.json").read_bytes())
    digest = blake2b(digest_size=4)
    for path in sorted([*folder.glob("*.json"), *folder.glob("*.yaml"), *folder.glob("*/*.yaml")]):
        digest.update(path.read_bytes())
    return Gazetteer(
        f"{document['edition']}+{digest.hexdigest()}",
        document["names"],
        {path.parent.name: _load_names(path.parent, document) for path in sorted(folder.glob("*/names.yaml"))},
        frozenset(document["given_names"].split()),
    )


def _load_names(folder: Path, document: Mapping[str, Any]) -> Names:
    manner = _load_manner(folder / "reading.yaml")
    entries: Entries = {}
    capitals = set(document["capitals"])
    for code, towns in document["towns"].items():
        for name in towns:
            entries[tuple(words_of(name))] = Sense((code,), Kind.CITY if name in capitals else Kind.TOWN)
    for written, codes, kind in _written(folder, document):
        for words, sense in _entries(written, codes, kind, manner):
            _put(entries, words, sense)
    for name in manner.nothing:
        entries[tuple(words_of(name))] = Sense((), Kind.NOTHING, lower=True)
    return Names(folder.name, manner, entries)


def _written(folder: Path, document: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...], Kind]]:
    """The names of CLDR and of the lists by hand, with codes and kinds; what comes later counts."""
    for code, name in document["names"][folder.name].items():
        for variant in sorted({name, name.split(" (")[0], name.replace(" & ", " and ")}):
            yield variant, (code,), Kind.REGION if code.isdigit() else Kind.NAME
    for codes, cities in _read(folder.parent / "cities.yaml").items():
        for name in split(cities):
            yield name, tuple(codes.split()), Kind.CITY
    listed = _read(folder / "names.yaml")
    for part, kind in KINDS.items():
        for codes, names in listed.get(part, {}).items():
            for name in split(names):
                yield name, tuple(codes.split()), kind


def _put(entries: Entries, words: tuple[str, ...], sense: Sense) -> None:
    """Add a name; of one that is there with other capitals, either form is met."""
    other = entries.get(words)
    if other is not None and other.codes == sense.codes and other.lower_end and not sense.lower_end:
        sense = replace(sense, lower_end=True)
    entries[words] = sense


def _entries(
    written: str, codes: tuple[str, ...], kind: Kind, manner: Manner
) -> Iterator[tuple[tuple[str, ...], Sense]]:
    """What a name in a file stands for, in all its forms."""
    bare = written.lstrip("=?")
    sense = _sense(written, codes, kind, manner)
    forms: Iterable[str] = [bare]
    if kind is Kind.DEMONYM and not sense.prefix:
        forms = {bare, *manner.inflected(bare)}
    for form in forms:
        words = tuple(words_of(form))
        yield words, sense
        if len(words) > 1:
            yield from (((contraction, *words[1:]), sense) for contraction in manner.contractions.get(words[0], ()))


def _sense(written: str, codes: tuple[str, ...], kind: Kind, manner: Manner) -> Sense:
    bare = written.lstrip("=?")
    folded = fold(bare)
    return Sense(
        codes,
        kind,
        exactly=bare if "=" in written[:2] else None,
        doubtful="?" in written[:2],
        given=folded in manner.given_too,
        surname=folded in manner.surnames_too,
        prefix=bare.endswith("-"),
        lower=(kind is Kind.DEMONYM and manner.demonyms_in_lower_case) or bare[0].islower(),
        lower_end=bare.split()[-1][0].islower(),
    )


def _read(path: Path) -> Any:
    return yaml.load(path.read_bytes(), Loader=Loader)  # noqa: S506 - makes strings only


def _load_manner(path: Path) -> Manner:
    about = _read(path)
    inflections = ((ending, tuple(forms.split())) for ending, forms in about["inflections"].items())

    def words(key: str) -> frozenset[str]:
        return frozenset(fold(word) for word in split(about[key]))

    return Manner(
        inflections=tuple(
            (ending, forms if ending else ("", *forms))
            for ending, forms in sorted(inflections, key=lambda pair: -len(pair[0]))
        ),
        demonyms_in_lower_case=about["demonyms_in_lower_case"] == "yes",
        titles_in_capitals=about["titles_in_capitals"] == "yes",
        locatives=words("locatives"),
        titles=words("titles"),
        compounds=words("compounds"),
        heads=words("heads"),
        named_after=words("named_after"),
        named_after_too=words("named_after_too"),
        between=words("between"),
        speaking=words("speaking"),
        speaking_after=words("speaking_after"),
        function_words=words("function_words"),
        given_too=words("given_too"),
        surnames_too=words("surnames_too"),
        contractions={article: tuple(split(forms)) for article, forms in about["contractions"].items()},
        nothing=tuple(split(about["nothing"])),
    )
