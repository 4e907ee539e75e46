"""Topics against labels. What was learnt knows the dev articles: those judge the lexicons alone; `make bench` has the rest."""

import gzip
import json
import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from telex.tagging.text import text_of
from telex.tagging.topics import Topics

HERE = Path(__file__).parent / "data"
DATA = Path(os.environ.get("TELEX_DATA") or Path(__file__).parents[2].parent / "shared" / "data")
NEEDS_DATA = pytest.mark.skipif(not DATA.is_dir(), reason=f"no foreign suites at {DATA}: set TELEX_DATA")
FILES = {"fr": "masakhanews-fra-dev.jsonl.gz", "en": "masakhanews-eng-dev.jsonl.gz"}


def articles(language):
    with gzip.open(DATA / "topics" / FILES[language], "rt", encoding="utf-8") as file:
        for row in map(json.loads, file):
            yield row["iptc"], text_of(title=row["title"], body=row["text"], language=language)


def weighted_f1(pairs):
    """The mean of the labels' F1, each as often as it stands: pairs of label and answer."""
    labels, answers = Counter(label for label, _ in pairs), Counter(answer for _, answer in pairs)
    right = Counter(label for label, answer in pairs if label == answer)
    return sum(times * 2 * right[label] / (times + answers[label]) for label, times in labels.items()) / len(pairs)


@pytest.mark.parametrize(("language", "least"), [("fr", 0.86), ("en", 0.89)])
def test_the_strongest_topic_of_a_headline_is_the_one_that_was_labelled_or_may_stand_for_it(language, least):
    topics, right = Topics.load(), []
    for row in map(json.loads, (HERE / "headlines.jsonl").read_text(encoding="utf-8").splitlines()):
        if row["language"] == language:
            tags = topics.tag(text_of(title=row["title"], summary=row["lead"], language=language))
            best = next((tag for tag in tags if not tag.broader), None)
            right.append(best is not None and best.code[7:] in {row["topic"], *row["also"]})
    assert len(right) == 150
    assert sum(right) / len(right) >= least


@pytest.mark.data
@NEEDS_DATA
@pytest.mark.parametrize("language", FILES)
def test_the_lexicon_alone_finds_the_label_of_most_articles_and_a_topic_of_nearly_all(language):
    topics = Topics.load()
    topics.opinion = replace(topics.opinion, most=0.0)  # what was learnt has seen these articles
    told = [(labels, topics.tag(text)) for labels, text in articles(language)]
    known = {label for labels, _ in told for label in labels}
    pairs = [
        (labels[0], max(((tag.confidence, tag.code[7:]) for tag in tags if tag.code[7:] in known), default=(0, ""))[1])
        for labels, tags in told
    ]
    assert weighted_f1(pairs) >= 0.82
    assert sum(bool(tags) for _, tags in told) / len(told) >= 0.97
    assert all(tag.evidence for _, tags in told for tag in tags)
