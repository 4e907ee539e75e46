"""The verdict: what telex published, held against the newsroom's ledger, which alone knows the truth."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from newsroom.ledger import (
    ArticleFact,
    Fact,
    Kind,
    certain_edits,
    due_articles,
    final_revisions,
    seen_revisions,
)
from telex.core import urls
from telex.ports import Stored
from telex.wire.cloudevents import structured

Line = list[dict[str, Any]]


@dataclass
class Verdict:
    """What is wrong, in words, and figures of what was compared."""

    wrong: list[str] = field(default_factory=list)
    articles: int = 0
    updates: int = 0
    withdrawals: int = 0


def article_lines(stored: Iterable[Stored], topic: str = "news.articles") -> dict[str, Line]:
    """By article id, its events in the order of the topic."""
    lines: dict[str, Line] = {}
    for each in stored:
        if each.record.topic == topic:
            event = orjson.loads(structured(each.record))
            lines.setdefault(event["data"]["id"], []).append(event)
    return lines


def judge(facts: Sequence[Fact], stored: Iterable[Stored], *, exact_updates: bool = False, lost: int = 1) -> Verdict:
    """Hold the topic against the ledger.

    With `exact_updates` every revision that an answer showed was read before the next was asked for (nothing was killed
    and no answer was faulty): then each is one event, neither more nor fewer. `lost` is how many answers of one feed may
    have died with who asked.
    """
    verdict = Verdict()
    lines = article_lines(stored)
    truth = _Truth(facts)
    lines_of: dict[str, list[Line]] = {}
    for name, line in lines.items():
        _check_versions(verdict, name, line)
        key = truth.key_of(line[0]["data"])
        if key is None:
            verdict.wrong.append(f"{name} was invented: {line[0]['data']['title']!r}")
        else:
            lines_of.setdefault(key, []).append(line)
    _check_each(verdict, truth, lines_of, exact_updates=exact_updates)
    verdict.wrong += [f"{key} was lost" for key in sorted(due_articles(facts, lost) - lines_of.keys())]
    verdict.articles = len(lines)
    return verdict


class _Truth:
    def __init__(self, facts: Sequence[Fact]) -> None:
        self.final = final_revisions(facts)
        self.seen = seen_revisions(facts)
        self.certain = certain_edits(facts)
        self.titles: dict[tuple[str, int], str] = {}
        self.withdrawn: set[str] = set()
        self._by_guid: dict[tuple[str, str], str] = {}
        self._by_link: dict[str, str] = {}
        for fact in facts:
            if isinstance(fact, ArticleFact):
                if fact.guid:
                    self._by_guid[fact.publisher, fact.guid] = fact.key
                self._by_link[urls.identity(fact.link) or fact.link] = fact.key
                if fact.kind in (Kind.PUBLISHED, Kind.EDITED):
                    self.titles[fact.key, fact.revision] = fact.title
                elif fact.kind is Kind.WITHDRAWN:
                    self.withdrawn.add(fact.key)

    def key_of(self, data: dict[str, Any]) -> str | None:
        publisher = data["source"]["publisher"]
        by_guid = self._by_guid.get((publisher, data["guid"])) if data["guid"] else None
        return by_guid or self._by_link.get(urls.identity(data["url"]) or "")


def _check_versions(verdict: Verdict, name: str, line: Line) -> None:
    versions = [event["data"]["version"] for event in line]
    kinds = [event["type"].rpartition(".")[2] for event in line]
    if versions != list(range(1, len(line) + 1)):
        verdict.wrong.append(f"{name} has versions {versions}")
    if kinds[0] != "published" or "published" in kinds[1:]:
        verdict.wrong.append(f"{name} has events {kinds}")


def _check_each(verdict: Verdict, truth: _Truth, lines_of: dict[str, list[Line]], *, exact_updates: bool) -> None:
    for key, lines in lines_of.items():
        if len(lines) > 1:
            verdict.wrong.append(f"{key} was published {len(lines)} times, as {[line[0]['subject'] for line in lines]}")
        line = lines[0]
        kinds = [event["type"].rpartition(".")[2] for event in line]
        withdrawals, updates = kinds.count("withdrawn"), kinds.count("updated")
        verdict.updates, verdict.withdrawals = verdict.updates + updates, verdict.withdrawals + withdrawals
        if withdrawals and key not in truth.withdrawn:
            verdict.wrong.append(f"{key} was withdrawn by telex alone")
        edits = len(truth.seen.get(key, ())) - 1
        pages = sum(event["data"]["provenance"]["body_from"] == "page" for event in line)
        if updates - withdrawals - min(pages, 1) > edits:
            verdict.wrong.append(f"{key} has {updates} updates of {edits} edits")
        if exact_updates and updates < (certain := truth.certain.get(key, 0)):
            verdict.wrong.append(f"{key} has only {updates} updates of {certain} edits")
        _check_final(verdict, truth, key, line)


def _check_final(verdict: Verdict, truth: _Truth, key: str, line: Line) -> None:
    revision = truth.final.get(key)
    last = line[-1]["data"]
    if revision is None or line[-1]["type"].endswith("withdrawn"):
        if revision is not None:
            verdict.wrong.append(f"{key} stands in a window and is withdrawn")
        return
    title = truth.titles.get((key, revision))
    if title is not None and _plain(title) != _plain(last["title"] or ""):
        verdict.wrong.append(f"{key} ends as {last['title']!r}; the truth is {title!r}")


def _plain(text: str) -> str:
    return " ".join(text.split())
