"""The truth, as JSON lines: what happened to each article, and what each fully sent answer showed.

A fact is written, and flushed, when it happens. What a subscriber must know follows from the facts by the pure functions
at the end: an article counts once it stood in two fully sent answers, or in the last one that a feed gave. (One answer
that is not the last may have been lost with the reader that asked for it.)
"""

import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TextIO


class Kind(StrEnum):
    """What happened to an article. `aged_out` names the feeds whose window it left at the old end."""

    PUBLISHED = "published"
    EDITED = "edited"
    WITHDRAWN = "withdrawn"
    AGED_OUT = "aged_out"


@dataclass(frozen=True, slots=True)
class ArticleFact:
    """Something happened to an article, `at` seconds since the epoch.

    `key` identifies it for ever; `guid` is what its entries carry (None: nothing), `link` its address without tracking.
    `revision` counts from 1; `digest` covers its meaning: title, summary, body, authors, link.
    """

    kind: Kind
    publisher: str
    key: str
    guid: str | None
    link: str
    revision: int
    at: float
    title: str
    digest: str
    feeds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ServedFact:
    """A 200 answer of a feed was sent to its last byte, at `at`, and showed the window as it was at `as_of`.

    "Sent" is taken by the transport while the connection was open. `window` is the entries in document order: article
    key and revision. `fault` names what was wrong with an answer that was whole all the same (slow, stale, charset).
    """

    feed: str
    at: float
    as_of: float
    window: tuple[tuple[str, int], ...]
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class PageFact:
    """An article's page was sent to its last byte."""

    key: str
    revision: int
    at: float


Fact = ArticleFact | ServedFact | PageFact
_NAMES: dict[type[Fact], str] = {ArticleFact: "article", ServedFact: "served", PageFact: "page"}


class Ledger:
    """Takes facts, keeps them, and writes them to a file where one is given (which it empties first)."""

    def __init__(self, path: Path | None = None) -> None:
        self._facts: list[Fact] = []
        self._file: TextIO | None = path.open("w", encoding="utf-8") if path else None

    @property
    def facts(self) -> Sequence[Fact]:
        """The facts so far, in the order in which they were noted."""
        return self._facts

    def note(self, *facts: Fact) -> None:
        """Keep the facts; they are in the file when this returns."""
        self._facts.extend(facts)
        if self._file and facts:
            self._file.write("".join(map(encode, facts)))
            self._file.flush()

    def close(self) -> None:
        """Close the file; the facts stay."""
        if self._file:
            self._file.close()
            self._file = None


def encode(fact: Fact) -> str:
    """One line of JSON, with its end."""
    return json.dumps({"fact": _NAMES[type(fact)], **asdict(fact)}, ensure_ascii=False, separators=(",", ":")) + "\n"


def decode(line: str) -> Fact:
    """The fact of a line.

    Raises:
        ValueError: the line is not a fact.
    """
    fields: dict[str, Any] = json.loads(line)
    match fields.pop("fact", None):
        case "article":
            return ArticleFact(**fields | {"kind": Kind(fields["kind"]), "feeds": tuple(fields["feeds"])})
        case "served":
            return ServedFact(**fields | {"window": tuple((key, revision) for key, revision in fields["window"])})
        case "page":
            return PageFact(**fields)
        case name:
            raise ValueError(f"no such fact: {name}")


def load(path: Path) -> tuple[Fact, ...]:
    """The facts of a file. A last line without an end, as a kill leaves it, is left out."""
    lines = path.read_text(encoding="utf-8").split("\n")
    return tuple(decode(line) for line in lines[:-1])


def windows(facts: Iterable[Fact]) -> dict[str, tuple[ServedFact, ...]]:
    """By feed, its fully sent answers in the order in which they were sent."""
    served: dict[str, list[ServedFact]] = {}
    for fact in facts:
        if isinstance(fact, ServedFact):
            served.setdefault(fact.feed, []).append(fact)
    return {feed: tuple(answers) for feed, answers in served.items()}


def due_articles(facts: Iterable[Fact], lost: int = 1) -> frozenset[str]:
    """The keys of the articles that a reader of all feeds must have published.

    Those that stand in a feed to the end, and those that were shown more often than `lost`: so many answers of a feed may
    have been lost with the reader that had asked, before what it showed left again.
    """
    counts: Counter[str] = Counter()
    due: set[str] = set()
    for answers in windows(facts).values():
        for answer in answers:
            counts.update({key for key, _ in answer.window})
        due.update(key for key, _ in answers[-1].window)
    return frozenset(due | {key for key, count in counts.items() if count > lost})


def seen_revisions(facts: Iterable[Fact]) -> dict[str, tuple[int, ...]]:
    """By article key, the revisions that fully sent answers showed, ascending: one less than its length are edits."""
    seen: dict[str, set[int]] = {}
    for fact in facts:
        if isinstance(fact, ServedFact):
            for key, revision in fact.window:
                seen.setdefault(key, set()).add(revision)
    return {key: tuple(sorted(revisions)) for key, revisions in seen.items()}


def certain_edits(facts: Iterable[Fact]) -> dict[str, int]:
    """By article key, the edits that each feed which showed it showed by itself, at least.

    An edit that only one of two feeds showed need not be told: the other's text may be the article's.
    """
    fewest: dict[str, int] = {}
    for answers in windows(facts).values():
        shown: dict[str, set[int]] = {}
        for answer in answers:
            for key, revision in answer.window:
                shown.setdefault(key, set()).add(revision)
        for key, revisions in shown.items():
            fewest[key] = min(len(revisions) - 1, fewest.get(key, len(revisions)))
    return fewest


def final_revisions(facts: Iterable[Fact]) -> dict[str, int]:
    """By article key, the newest revision among the last fully sent answers of all feeds."""
    final: dict[str, int] = {}
    for answers in windows(facts).values():
        for key, revision in answers[-1].window:
            final[key] = max(revision, final.get(key, 0))
    return final


def observable_withdrawals(facts: Iterable[Fact], lasting: float = 0.0) -> frozenset[str]:
    """The keys of withdrawn articles whose vanishing a reader could see for at least `lasting` seconds.

    A feed shows it by an answer without the article in which an entry still stands that was below it before: otherwise
    it may as well have aged out. One feed suffices where no other shows the article in its last answer.
    """
    facts = tuple(facts)
    withdrawn = {fact.key for fact in facts if isinstance(fact, ArticleFact) and fact.kind is Kind.WITHDRAWN}
    feeds = windows(facts).values()
    still_shown = {key for answers in feeds for key, _ in answers[-1].window}
    return frozenset(
        key for key in withdrawn - still_shown if any(_absence(answers, key) > lasting for answers in feeds)
    )


def _absence(answers: tuple[ServedFact, ...], key: str) -> float:
    """For how long a feed showed that an article vanished from above others; -1 where it never did."""
    since: float | None = None
    below: frozenset[str] = frozenset()
    longest = -1.0
    for answer in answers:
        keys = [other for other, _ in answer.window]
        if since is not None:
            longest = max(longest, answer.at - since)
        if key in keys:
            below, since = frozenset(keys[keys.index(key) + 1 :]), None
        elif below.intersection(keys):
            since = answer.at if since is None else since
        else:
            since = None
    return longest if since is None else math.inf
