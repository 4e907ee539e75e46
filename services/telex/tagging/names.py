"""Who is known by which names: the file of persons, organisations, companies and clubs, read for look-ups."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import yaml

from telex.tagging.lexicon import Loader, split
from telex.tagging.text import WORDS, fold

KINDS: Final = {"persons": "person", "organisations": "organisation", "companies": "company", "clubs": "club"}
"""The file's sections, and what `mentions[].kind` calls each."""
NAMES: Final = Path(__file__).parent / "data" / "mentions" / "names.yaml"
"""What comes with telex."""

_KEYS: Final = {"id", "fr", "also", "short", "near", "she"}
_LISTS: Final = ("function_words", "titles", "titles_he", "titles_she", "headline_verbs", "namesakes", "town_nouns")
_ID: Final = re.compile(r"Q[1-9]\d*")
_INITIALS: Final = re.compile(r"\b(\w)\. ?(?=\w)")
_ENOUGH: Final = 2
"""Words of a list that must stand in a text: one may be chance."""
_ARTICLES: Final = frozenset(("le", "la", "les", "the"))
"""Too common to look names up by."""
_JOINTS: Final = re.compile("[ -]+")
_TAIL: Final = re.compile(r"[\W_]*$")
_LANGUAGE: Final = re.compile(r"([a-z]{2}):(.*)")


@dataclass(frozen=True, slots=True, eq=False)
class Near:
    """Words, or rows of words, that tell what a name means: so many of them must stand in the text.

    `words` are folded; `acronyms` are not, "US" is not "us".
    """

    words: tuple[str, ...]
    acronyms: tuple[str, ...]
    least: int


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One that may be mentioned.

    `french` is its name in French where that differs; beside what is `near` its short names count. `given` is a person's
    first name, folded; `common` tells that many bear the name; `she` tells a woman.
    """

    name: str
    french: str | None
    kind: str
    wikidata: str | None
    near: tuple[Near, ...] = ()
    given: str = ""
    common: bool = False
    she: bool = False

    def name_in(self, language: str | None) -> str:
        """The name in a language, in English where there is no other."""
        return self.french if self.french and language == "fr" else self.name


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """A name as it is written, and whose it is: nobody's, where the words mean none of these.

    What is a capital in `letters` must be one in a text; the other letters may be either. `plain` is the whole, folded for
    comparing, `lead` its part before the word by which it is looked for, `tail` what follows the last word: « pape François »,
    « Canal+ ». `certain` forms count by themselves, others beside those or beside what is `near`. `language`: only in
    texts in that. `city`: a place has the name, too. An `acronym` is capitals throughout, which tell nothing among
    others. One word is `alone`. `last` is the last word, folded: of a person's name, the surname.
    """

    usual: str
    letters: str
    plain: str
    lead: str
    tail: str
    entries: tuple[Entry, ...] = ()
    certain: bool = True
    language: str | None = None
    city: bool = False
    alone: bool = False
    acronym: bool = False
    last: str = ""

    @property
    def is_person(self) -> bool:
        """Whether it is a person's name."""
        return bool(self.entries) and self.entries[0].kind == "person"

    def stands(self, written: str, folded: str) -> bool:
        """Whether what is this name when folded has its capitals."""
        return written == self.usual or all(
            theirs.isupper() or not mine.isupper()
            for theirs, mine in zip(letters(written, folded), self.letters, strict=True)
        )


@dataclass(slots=True, eq=False)
class Node:
    """Where a row of folded words has led: the forms that end here, and what may follow."""

    forms: tuple[Form, ...] = ()
    after: "dict[str, Node]" = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Manners:
    """Words about names, from the file's lists; folded but for locatives: « à » is one, « a » is not.

    Titles may stand before a name without being part of it; a function word has a capital at the beginning of a sentence
    only; headline verbs follow names in English headlines whose every word has one; what is named after people is a
    namesake: « Stade … », "… Airport". After a locative a city's name is the city, and beside a town's noun: « le maire
    de Lyon ».
    """

    function_words: frozenset[str]
    titles: frozenset[str]
    titles_he: frozenset[str]
    titles_she: frozenset[str]
    headline_verbs: frozenset[str]
    namesakes: frozenset[str]
    town_nouns: frozenset[str]
    locatives: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class Names:
    """The whole file, read.

    `first` tells where a folded word with a capital may lead, `small` are the forms that have none; `whole` are those
    that count by themselves, by what they are when folded.
    """

    version: str
    entries: tuple[Entry, ...]
    manners: Manners
    first: Mapping[str, Node]
    small: tuple[Form, ...]
    whole: Mapping[str, Form]


def plain(folded: str) -> str:
    """A folded name for comparing: hyphens are spaces, initials have no points."""
    return _JOINTS.sub(" ", _INITIALS.sub(r"\1 ", folded))


def letters(written: str, folded: str) -> str:
    """The letters and digits of a name as it is written: those that are such when folded."""
    return "".join(letter for letter, plainer in zip(written, folded, strict=True) if plainer.isalnum())


def load_names(path: Path = NAMES) -> Names:
    """The names of a file.

    Raises:
        OSError: it is not there.
        ValueError: it is not of its shape; the message names the entry.
    """
    return read_names(path.read_text(encoding="utf-8"))


def read_names(text: str) -> Names:
    """The names of a file's text.

    Raises:
        ValueError: it is not of its shape; the message names the entry.
    """
    try:
        document = yaml.load(text, Loader=Loader)  # noqa: S506 - the base loader makes strings only
    except yaml.YAMLError as error:
        raise ValueError(f"names: not YAML: {error}") from None
    if not isinstance(document, dict) or not isinstance(document.get("version"), str):
        raise ValueError("names: `version` is missing")  # noqa: TRY004 - to who reads the file it is a wrong value
    unknown = document.keys() - {"version", "nobody", "words", "near", *KINDS}
    if unknown:
        raise ValueError(f"names: unknown key {min(unknown)!r}")
    lists = {name: _near(split(listed), _ENOUGH) for name, listed in (document.get("near") or {}).items()}
    words = document.get("words") or {}
    if unknown := words.keys() - {*_LISTS, "locatives"}:
        raise ValueError(f"names: words: unknown key {min(unknown)!r}")
    manners = Manners(
        **{key: frozenset(map(fold, split(words.get(key, "")))) for key in _LISTS},
        locatives=frozenset(split(words.get("locatives", ""))),
    )
    reading = _Reading(lists)
    for section, kind in KINDS.items():
        for name, facts in (document.get(section) or {}).items():
            try:
                reading.add(name, kind, facts or {})
            except ValueError as error:
                raise ValueError(f"names: {section}: {name}: {error}") from None
    for phrase in split(document.get("nobody") or ""):
        reading.form(phrase, ())
    return Names(
        document["version"],
        tuple(reading.entries),
        manners,
        reading.grown(),
        tuple(form for form in reading.forms if form.plain == form.lead),
        {form.plain: form for form in reading.forms if form.certain and form.entries and not form.acronym},
    )


class _Reading:
    """Entries and forms as they are met in the file."""

    def __init__(self, lists: Mapping[str, Near]) -> None:
        self.entries: list[Entry] = []
        self._lists = lists
        self._forms: dict[tuple[str, str, str | None], Form] = {}
        self._names: set[str] = set()
        self._ids: set[str] = set()

    def add(self, name: str, kind: str, facts: Mapping[str, str]) -> None:
        """Take one entry.

        Raises:
            ValueError: what is wrong with it.
        """
        if not isinstance(facts, dict) or not all(isinstance(value, str) for value in facts.values()):
            raise ValueError("a mapping of texts is expected")
        if unknown := facts.keys() - _KEYS:
            raise ValueError(f"unknown key {min(unknown)!r}")
        if name in self._names:
            raise ValueError("the name stands twice")
        wikidata = facts.get("id")
        if wikidata is not None and not _ID.fullmatch(wikidata):
            raise ValueError(f"{wikidata!r} is no Wikidata id")
        if wikidata in self._ids:
            raise ValueError(f"{wikidata} is another entry's id, too")
        self._names.add(name)
        self._ids |= {wikidata} if wikidata else set()
        french = facts.get("fr")
        near = self._near(list(split(facts.get("near", ""))))
        given = fold(name).split(" ")[0] if kind == "person" else ""
        common = name in split(facts.get("short", ""))
        entry = Entry(name, french, kind, wikidata, near, given, common, facts.get("she") == "yes")
        self.entries.append(entry)
        self._add_forms(entry, facts)

    def _add_forms(self, entry: Entry, facts: Mapping[str, str]) -> None:
        full = [entry.name, *([entry.french] if entry.french else []), *split(facts.get("also", ""))]
        short = [written for written in split(facts.get("short", "")) if written != "none"]
        if entry.kind == "person" and "short" not in facts:
            known = {fold(written) for written in full}
            last = [written.split(" ")[-1] for written in full if " " in written]
            short = [written for written in last if fold(written) not in known]
        for written in dict.fromkeys(full):
            # an ambiguous name may be an entry's only one: « Orange »
            if written not in short:
                self.form(written, (entry,))
        for written in dict.fromkeys(short):
            self.form(written, (entry,), certain=False)

    def _near(self, listed: list[str]) -> tuple[Near, ...]:
        named = [word[1:] for word in listed if word.startswith("@")]
        if unknown := [name for name in named if name not in self._lists]:
            raise ValueError(f"`near` has no list {unknown[0]!r}")
        own = [word for word in listed if not word.startswith("@")]
        return (*(self._lists[name] for name in named), *([_near(own, 1)] if own else []))

    def form(self, written: str, entries: tuple[Entry, ...], *, certain: bool = True) -> None:
        """Take one form: `fr:` before it limits it to a language, `city:` tells that it is a place, too.

        Raises:
            ValueError: no word is in it, or it belongs to another entry.
        """
        city = written.startswith("city:")
        match = _LANGUAGE.fullmatch(written)
        language, bare = match.groups() if match else (None, written.removeprefix("city:"))
        words = WORDS.findall(fold(bare))
        if not words:
            raise ValueError(f"no word in {written!r}")
        own = letters(bare, fold(bare))
        key = (own, plain(fold(bare)), language)
        known = self._forms.get(key)
        if known is not None and known.entries != entries:
            if certain or known.certain:
                raise ValueError(f"{written!r} is a name of {_told(known)}, too: let it be `short` for both")
            entries = (*known.entries, *entries)
        self._forms[key] = Form(
            bare,
            own,
            key[1],
            self._lead(bare),
            _TAIL.findall(key[1])[0],
            entries,
            certain,
            language,
            city,
            len(words) == 1,
            own.isupper() and len(own) > 1,
            words[-1],
        )

    @staticmethod
    def _lead(written: str) -> str:
        """What stands before the word by which a form is looked for: the first with a capital that is not « Le »."""
        high = [match for match in WORDS.finditer(written) if match[0][0].isupper()]
        match = next((match for match in high if fold(match[0]) not in _ARTICLES), None)
        return plain(fold(written[: match.start()] if match else written))

    @property
    def forms(self) -> Iterable[Form]:
        """All forms."""
        return self._forms.values()

    def grown(self) -> dict[str, Node]:
        """What the first words with a capital lead to."""
        root = Node()
        for form in self.forms:
            node = root
            for word in WORDS.findall(form.plain.removeprefix(form.lead)):
                node = node.after.setdefault(word, Node())
            # « Opep+ » before « Opep »
            node.forms = tuple(sorted((*node.forms, form), key=lambda one: -len(one.plain)))
        return root.after


def _told(form: Form) -> str:
    return " and ".join(entry.name for entry in form.entries) or "nobody"


def _near(listed: Iterable[str], least: int) -> Near:
    words = list(dict.fromkeys(listed))
    acronyms = [word for word in words if word.isupper() and len(word) > 1]
    return Near(tuple(fold(word) for word in words if word not in acronyms), tuple(acronyms), least)
