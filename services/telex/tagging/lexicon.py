"""The words of a language that speak for topics: a file of terms, compiled for one pass over a text's words."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import yaml
from Stemmer import Stemmer

from telex.tagging.text import fold

Loader: Final = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""Makes strings only; libyaml's where PyYAML has it."""

WORDS: Final = re.compile(r"([^\W_]+)")
"""Splits a folded text into what is between words (even places) and words (odd places)."""
_REMEMBERED: Final = 50_000
"""Written forms whose stem is remembered, of all that ever came; then it begins anew."""
WEAK: Final = 0.6
PLAIN: Final = 1.0
STRONG: Final = 2.0
_PHRASE: Final = 1.4
"""Several words in a row are rarely chance."""


@dataclass(slots=True, eq=False)
class Term:
    """A word, or several in a row, as a lexicon has it: what it says of which concept.

    `speaks` holds pairs of a concept's number and a weight, `hints` those that count only beside others of the same
    top level. `capital` demands capitals as the lexicon wrote them. `learnt` are weights of a model, by class.
    """

    written: str
    capital: str | None = None
    speaks: tuple[tuple[int, float], ...] = ()
    hints: tuple[tuple[int, float], ...] = ()
    learnt: tuple[float, ...] | None = None


@dataclass(slots=True, eq=False)
class Node:
    """Where a row of stems has led: the term that ends here, and what may follow."""

    term: Term | None = None
    after: "dict[str, Node]" = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Word:
    """A written form that some term needs: its stem, the term that it is alone, and what it may begin."""

    stem: str
    alone: Term | None
    begins: Mapping[str, Node] | None


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
        found = self[form] = self._lexicon.word(form)
        return found


class Lexicon:
    """The terms of one language."""

    def __init__(self, language: str, stem: Callable[[str], str], function_words: frozenset[str]) -> None:
        self.language = language
        self.stem = stem
        self.function_words = function_words
        self.terms: dict[str, Term] = {}
        self.forms = Forms(self)
        self._first: dict[str, Node] = {}
        self._exact: dict[str, Term] = {}
        self._needed: set[str] = set()

    def word(self, form: str) -> Word | None:
        """What a folded form is to this lexicon."""
        stem = self.stem(form)
        node = self._first.get(stem)
        alone = self._exact.get(form) or (node.term if node else None)
        begins = node.after if node and node.after else None
        return Word(stem, alone, begins) if alone or begins or stem in self._needed else None

    def key(self, written: str) -> tuple[str, ...]:
        """The stems of a term: what makes two terms one."""
        return tuple(self.stem(word) for word in WORDS.findall(fold(written)))

    def term(self, written: str, *, exact: bool = False) -> Term:
        """The term of these words, made where there was none.

        A single word with a capital, or `exact`, is met only in this form; everything else by its stems.

        Raises:
            ValueError: there is no word in it.
        """
        words = WORDS.findall(fold(written))
        if not words:
            raise ValueError(f"no word in the term {written!r}")
        capital = written if len(words) == 1 and written != written.lower() else None
        if len(words) == 1 and (exact or capital):
            term = self._exact.setdefault(words[0], Term(written, capital))
        else:
            node, after = Node(), self._first
            for stem in self.key(written):
                node = after.setdefault(stem, Node())
                after = node.after
                self._needed.add(stem)
            term = node.term = node.term or Term(written)
        return self.terms.setdefault(term.written, term)

    def add(self, written: str, concept: int) -> None:
        """Let a term, as a file of terms writes it, speak for a concept.

        `~` before it: a hint, which counts only beside others. `+`: strong. `=`: only in this form.
        """
        mark, bare = (written[0], written[1:].strip()) if written[0] in "~+=" else ("", written)
        term = self.term(bare, exact=mark == "=")
        weight = {"~": WEAK, "+": STRONG}.get(mark, PLAIN) * (_PHRASE if " " in bare else 1.0)
        if mark == "~":
            term.hints = (*term.hints, (concept, weight))
        else:
            term.speaks = (*term.speaks, (concept, weight))

    def matches(self, words: list[str]) -> Iterator[tuple[int, int, Term]]:
        """Terms in a row of folded words, the longest at each place: (first word, words, term)."""
        looked = list(map(self.forms.__getitem__, words))
        end = 0
        for at, word in enumerate(looked):
            if word is None or at < end:
                continue
            best, length = word.alone, 1
            after, to = word.begins, at
            while after is not None:
                to += 1
                follower = looked[to] if to < len(looked) else None
                node = after.get(follower.stem) if follower is not None else None
                if node is None:
                    break
                if node.term is not None:
                    best, length = node.term, to - at + 1
                after = node.after
            if best is not None:
                end = at + length
                yield at, length, best


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


def load_lexicon(folder: Path, numbers: Mapping[str, int]) -> Lexicon:
    """The lexicon of a language's folder; `numbers` gives each concept's code its number. Key `-` is for terms that mean none.

    Raises:
        OSError, ValueError: a file is not there, or not of its shape.
        KeyError: a term's concept is not in the vocabulary.
    """
    about = yaml.load((folder / "language.yaml").read_bytes(), Loader=Loader)  # noqa: S506
    words = frozenset(fold(word) for word in split(about["function_words"]))
    lexicon = Lexicon(folder.name, stemming(about["stemmer"]), words)
    for code, written in read_terms((folder / "terms.yaml").read_text(encoding="utf-8")):
        if code == "-":
            lexicon.term(written)
        else:
            lexicon.add(written, numbers[code])
    return lexicon
