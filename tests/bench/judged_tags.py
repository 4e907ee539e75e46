"""The part `tagging`: how fast articles are tagged, and how often the tags are right.

Speed is that of articles of MasakhaNEWS dev, cut to 100 and to 300 words. Topics are judged by its labels (of the label's codes,
the strongest wins), by models that have not seen the article (five-fold, nested), and by the headlines that were labelled
before there was a lexicon; places by labels made apart from the code. Which file says what: tests/tagging/data/README.md.
"""

import gzip
import json
import os
import resource
import statistics
import sys
import time
from argparse import Namespace
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from telex.tagging.mentions import Mentions
from telex.tagging.places import Places
from telex.tagging.tagger import Tagging
from telex.tagging.taxonomies import Taxonomies
from telex.tagging.text import Text, text_of
from telex.tagging.topics import Topics

TESTS = Path(__file__).parents[1]
CORPORA = Path(os.environ.get("TELEX_DATA") or TESTS.parents[1] / "shared" / "data") / "topics"
FILES = {"fr": "masakhanews-fra-dev.jsonl.gz", "en": "masakhanews-eng-dev.jsonl.gz"}
SIZES = (100, 300)
SPEED_TEXTS = 200


def _labelled(language: str) -> list[dict]:
    with gzip.open(CORPORA / FILES[language], "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def _cut(row: dict, words: int, language: str) -> Callable[[], Text]:
    title, body = row["title"], " ".join(row["text"].split()[:words])
    return lambda: text_of(title=title, body=body, language=language)


def _per_second(tag: Callable[[Text], object], texts: list[Callable[[], Text]]) -> float:
    began = time.process_time()
    for make in texts:
        tag(make())
    return len(texts) / (time.process_time() - began)


def speed(rounds: int) -> dict[str, list[float]]:
    """Articles for each CPU second, by tagger, language and words."""
    topics, places, mentions = Topics.load(), Places.load(), Mentions.load()
    taggers = {
        "all": Tagging(topics, places, mentions, Taxonomies()).tag,
        "topics": topics.tag,
        "places": places.tag,
        "mentions": mentions.tag,
    }
    found: dict[str, list[float]] = {}
    for _ in range(rounds + 1):  # the first fills the caches of word forms
        for language in FILES:
            rows = _labelled(language)[:SPEED_TEXTS]
            for words in SIZES:
                texts = [_cut(row, words, language) for row in rows]
                for name, tag in taggers.items():
                    found.setdefault(f"{name}, {language}, {words} words", []).append(_per_second(tag, texts))
    return {name: values[1:] for name, values in found.items()}


def start() -> dict[str, float]:
    """Seconds of CPU until the tagger is there, and the memory that it takes, in a process of its own."""
    read, write = os.pipe()
    if (child := os.fork()) == 0:
        before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
        tagger = Tagging.load(Taxonomies())
        taken = time.process_time() - began
        tagger.tag(text_of(title="Start", language="en"))
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        os.write(write, json.dumps({"cpu_s": taken, "mib": (after - before) / 1024}).encode())
        os._exit(0)
    os.waitpid(child, 0)
    return json.loads(os.read(read, 1000))


def coverage(topics: Topics) -> dict[str, float]:
    """The share of articles that have any topic."""
    return {
        language: statistics.mean(bool(topics.tag(_cut(row, 10_000, language)())) for row in _labelled(language))
        for language in FILES
    }


def headlines(topics: Topics) -> dict[str, dict]:
    """How often the strongest top level is the one that was labelled, or one that may stand instead."""
    right, all_, missed = Counter(), Counter(), Counter()
    for line in (TESTS / "tagging" / "data" / "headlines.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        tags = topics.tag(text_of(title=row["title"], summary=row["lead"], language=row["language"]))
        tops = [tag for tag in tags if not tag.broader]
        best = tops[0].code[7:] if tops else "none"
        hit = best == row["topic"] or best in row["also"]
        all_[row["language"]] += 1
        right[row["language"]] += hit
        if not hit:
            missed[row["topic"][:2], best[:2]] += 1
    share = {language: right[language] / all_[language] for language in all_}
    return {"accuracy": share, "missed": [(*pair, count) for pair, count in missed.most_common(12)]}


def places() -> dict[str, dict[str, float]]:
    """Precision and recall over pairs of text and country, and the share of right roles."""
    sys.path.insert(0, str(TESTS))
    from tagging import test_places_scores as judge  # noqa: PLC0415 - tests' own way to score

    found = {}
    for name, labelled in (("headlines", judge.headlines()), ("articles", judge.sample())):
        counts = judge.score(labelled)
        found[name] = {
            "precision": judge.precision(counts),
            "recall": judge.recall(counts),
            "roles": counts["roles"] / counts["right"],
        }
    return found


def learnt() -> dict | None:
    """The nested figures of topics; None where numpy and scipy are not there (`pip install --group train`)."""
    sys.path.insert(0, str(TESTS / "training"))
    try:
        import train  # noqa: PLC0415 - needs what only training needs
    except ImportError:
        return None
    topics = Topics.load()
    found, _ = train.measured(train.Features(topics, train.examples(topics)))
    return found


async def measure(given: Namespace) -> AsyncIterator[dict[str, object]]:
    """One result."""
    topics = Topics.load()
    yield {
        "speed": speed(given.rounds),
        "start": start(),
        "coverage": coverage(topics),
        "headlines": headlines(topics),
        "places": places(),
        "topics": learnt(),
        "codes": {code[7:]: concept.names["en"] for code, concept in topics.vocabulary.concepts.items()},
    }


def table(result: dict) -> list[str]:
    """Rows of Markdown."""
    rows = ["| articles a CPU second | min | median | max |", "|---|--:|--:|--:|"]
    for name, values in result["speed"].items():
        rows.append(f"| {name} | {min(values):,.0f} | {statistics.median(values):,.0f} | {max(values):,.0f} |")
    begin = result["start"]
    rows += ["", f"Loaded in {begin['cpu_s']:.2f} s of CPU, {begin['mib']:.0f} MiB.", ""]
    rows += ["| MasakhaNEWS dev | texts | accuracy | macro F1 | weighted F1 | coverage |", "|---|--:|--:|--:|--:|--:|"]
    for how, words in (("nested", "nested cross-validation"), ("lexicons", "lexicon alone")):
        for size in ("whole", "short") if result["topics"] else ():
            for language, score in result["topics"][how][size].items():
                cells = " | ".join(f"{score[name]:.3f}" for name in ("accuracy", "macro", "weighted"))
                cover = f"{result['coverage'][language]:.3f}" if (how, size) == ("nested", "whole") else ""
                named = "" if size == "whole" else ", title and 45 words"
                rows.append(f"| {language}, {words}{named} | {score['texts']} | {cells} | {cover} |")
    rows += _confusions(result)
    rows += ["", "| headlines | accuracy |", "|---|--:|"]
    rows += [f"| {language} | {share:.3f} |" for language, share in result["headlines"]["accuracy"].items()]
    missed = "; ".join(f"{label} as {answer}: {count}" for label, answer, count in result["headlines"]["missed"])
    rows += ["", f"Missed most often (top level, two digits): {missed}.", ""]
    rows += ["| places | precision | recall | role right |", "|---|--:|--:|--:|"]
    for name, score in result["places"].items():
        rows.append(f"| {name} | {score['precision']:.3f} | {score['recall']:.3f} | {score['roles']:.3f} |")
    return rows


def _confusions(result: dict) -> list[str]:
    """By language, labels down and answers across; F1 at the end. And what confidences came to."""
    if not result["topics"]:
        return ["", "Nested figures were not measured: numpy and scipy are not there."]
    rows: list[str] = []
    for language, score in result["topics"]["nested"]["whole"].items():
        labels = sorted(score["f1"])
        counts = {(label, answer): count for label, answer, count in score["confusion"]}
        named = [result["codes"][label].split(",")[0] for label in labels]
        rows += [
            "",
            f"| {language}: label, answers | {' | '.join(named)} | F1 |",
            "|---" + "|--:" * (len(labels) + 1) + "|",
        ]
        for label, name in zip(labels, named, strict=True):
            cells = " | ".join(str(counts.get((label, answer), 0)) for answer in labels)
            rows.append(f"| {name} | {cells} | {score['f1'][label]:.3f} |")
    found = result["topics"]["calibration"]
    rows += [
        "",
        f"Calibration error, nested: {found['error']:.3f}.",
        "",
        "| confidence said | came true | tags |",
        "|--:|--:|--:|",
    ]
    rows += [f"| {said:.2f} | {came:.2f} | {count} |" for said, came, count in found["bins"]]
    return rows
