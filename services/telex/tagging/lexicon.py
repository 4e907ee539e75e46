"""The words of a language that speak for topics: a file of terms, compiled for one pass over a text's words."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import orjson
import yaml
from Stemmer import Stemmer

from telex.tagging.text import WORDS, fold

Loader: Final = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""Makes strings only; libyaml's where PyYAML has it."""

_REMEMBERED: Final = 50_000
"""Written forms whose stem is remembered, of all that ever came; then it begins anew."""
_LONGEST: Final = 40
"""Characters of a form that is remembered."""
WEAK: Final = 0.6
PLAIN: Final = 1.0
STRONG: Final = 2.0
_PHRASE: Final = 1.4
"""Several words in a row are rarely chance."""


@dataclass(slots=True, eq=False)
class Term:
    """A word, or several in a row, as a lexicon has it: what it says of which concept.

    `speaks` holds pairs of a concept's number and a weight, `hints` those that count only beside others of the same
    top level. `exactly` is what must stand there, with its capitals and accents.
    """

    written: str
    exactly: str | None = None
    speaks: tuple[tuple[int, float], ...] = ()
    hints: tuple[tuple[int, float], ...] = ()


@dataclass(slots=True, eq=False)
class Node:
    """Where a row of stems has led: the term that ends here, and what may follow."""

    term: Term | None = None
    after: "dict[str, Node]" = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Word:
    """A written form that some term needs: its stem, the term that it is alone, what it may begin, whether a model knows it."""

    stem: str
    alone: Term | None
    begins: Mapping[str, Node] | None
    learnt: bool


@dataclass(frozen=True, slots=True)
class Manner:
    """How a language's words change, from its `language.yaml`.

    `inflections` maps an ending of a term to what may stand in its place, after what the two have in common: English
    `y` → `ies`. A stem alone is too wide a net: Snowball has one for "author" and "authority".
    """

    language: str
    stem: Callable[[str], str]
    function_words: frozenset[str]
    inflections: Mapping[str, frozenset[str]]

    def inflects(self, base: str, form: str) -> bool:
        """Whether a form is an inflection of a term, both folded."""
        common = next((at for at, (one, other) in enumerate(zip(base, form, strict=False)) if one != other), None)
        common = min(len(base), len(form)) if common is None else common
        return form[common:] in self.inflections.get(base[common:], ())


class Forms(dict[str, Word | None]):
    """Folded words as written → what they are to the lexicon; None for the many that are nothing to it.

    Only remembers: a form means the same each time. Bounded.
    """

    def __init__(self, lexicon: "Lexicon") -> None:
        super().__init__()
        self._lexicon = lexicon

    def __missing__(self, form: str) -> Word | None:
        if len(self) >= _REMEMBERED:
            self.clear()
        found = self._lexicon.word(form)
        if len(form) <= _LONGEST:  # what is longer is no word, and a feed could fill the memory with it
            self[form] = found
        return found


class Lexicon:
    """The terms of one language; `learnt` are weights of stems, by class, that a model learnt."""

    def __init__(self, manner: Manner, learnt: Mapping[str, tuple[float, ...]]) -> None:
        self.manner = manner
        self.learnt = learnt
        self.terms: dict[str, Term] = {}
        self.forms = Forms(self)
        self._first: dict[str, Node] = {}
        self._alone: dict[str, dict[str, Term]] = {}
        self._exact: dict[str, Term] = {}
        self._needed: set[str] = set()

    def word(self, form: str) -> Word | None:
        """What a folded form is to this lexicon."""
        stem = self.manner.stem(form)
        alone = self._exact.get(form) or self._inflected(form, self._alone.get(stem, {}))
        node = self._first.get(stem)
        begins = node.after if node else None
        learnt = stem in self.learnt
        return Word(stem, alone, begins, learnt) if alone or begins or learnt or stem in self._needed else None

    def _inflected(self, form: str, terms: Mapping[str, Term]) -> Term | None:
        if form in terms:
            return terms[form]
        return next((term for base, term in terms.items() if self.manner.inflects(base, form)), None)

    def term(self, written: str, *, exact: bool = False) -> Term:
        """The term of these words, made where there was none.

        A single word with a capital, or `exact`, is met only in this form; another one in its inflections; several words
        by their stems.

        Raises:
            ValueError: there is no word in it.
        """
        words = WORDS.findall(fold(written))
        if not words:
            raise ValueError(f"no word in the term {written!r}")
        if len(words) > 1:
            term = self._row([self.manner.stem(word) for word in words], written)
        elif exact or written != written.lower():
            term = self._exact.setdefault(words[0], Term(written, written))
        else:
            term = self._alone.setdefault(self.manner.stem(words[0]), {}).setdefault(words[0], Term(written))
        return self.terms.setdefault(term.written, term)

    def _row(self, stems: list[str], written: str) -> Term:
        node, after = Node(), self._first
        for stem in stems:
            node = after.setdefault(stem, Node())
            after = node.after
            self._needed.add(stem)
        node.term = node.term or Term(written)
        return node.term

    def add(self, written: str, concept: int) -> None:
        """Let a term, as a file of terms writes it, speak for a concept.

        `~` before it: a hint, which counts only beside others. `+`: strong. `=`: only in this form, also after `~` or `+`.
        """
        mark, bare = (written[0], written[1:].strip()) if written[0] in "~+" else ("", written)
        term = self.term(bare.removeprefix("="), exact=bare.startswith("="))
        weight = {"~": WEAK, "+": STRONG}.get(mark, PLAIN) * (_PHRASE if " " in bare else 1.0)
        if mark == "~":
            term.hints = (*term.hints, (concept, weight))
        else:
            term.speaks = (*term.speaks, (concept, weight))


def stemming(algorithm: str) -> Callable[[str], str]:
    """Snowball's stemmer of that name; `none` for a language that has none: its files list the forms."""
    return str if algorithm == "none" else Stemmer(algorithm, 0).stemWord


def read_terms(text: str) -> Iterator[tuple[str, str]]:
    """The pairs (code, term as written) of a file of terms: YAML, code → terms with commas between.

    Raises:
        ValueError: it is not of that shape.
    """
    document = yaml.load(text, Loader=Loader)  # noqa: S506 - the base loader makes strings only
    if not isinstance(document, dict) or not all(isinstance(listed, str) for listed in document.values()):
        raise ValueError("a file of terms maps codes to terms")
    for code, listed in document.items():
        for written in split(listed):
            yield code, written


def split(listed: str) -> Iterable[str]:
    """The entries of a list with commas."""
    return filter(None, (" ".join(entry.split()) for entry in listed.split(",")))


def load_manner(folder: Path) -> Manner:
    """How a language's words change.

    Raises:
        OSError, KeyError: the file is not there, or lacks a key.
    """
    about = yaml.load((folder / "language.yaml").read_bytes(), Loader=Loader)  # noqa: S506
    return Manner(
        folder.name,
        stemming(about["stemmer"]),
        frozenset(fold(word) for word in split(about["function_words"])),
        {base: frozenset(form.strip("-") for form in split(forms)) for base, forms in about["inflections"].items()},
    )


def load_learnt(folder: Path) -> dict[str, tuple[float, ...]]:
    """The weights of stems that were learnt for a language; none where it has no file of them.

    Raises:
        ValueError: the file is not what it was shipped as.
    """
    path = folder / "weights.json"
    if not path.exists():
        return {}
    return {stem: tuple(weights) for stem, weights in orjson.loads(path.read_bytes())["stems"].items()}


def load_lexicon(folder: Path, numbers: Mapping[str, int]) -> Lexicon:
    """The lexicon of a language's folder; `numbers` gives each concept's code its number. Key `-` is for terms that mean none.

    Raises:
        OSError, ValueError: a file is not there, or not of its shape.
        KeyError: a term's concept is not in the vocabulary.
    """
    lexicon = Lexicon(load_manner(folder), load_learnt(folder))
    for code, written in read_terms((folder / "terms.yaml").read_text(encoding="utf-8")):
        if code == "-":
            lexicon.term(written)
        else:
            lexicon.add(written, numbers[code])
    return lexicon
