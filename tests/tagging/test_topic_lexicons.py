"""The topic lexicons as files, and the invented headlines that they are developed on."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest
import yaml

from telex.tagging.lexicon import load_manner, split
from telex.tagging.text import WORDS, fold, text_of
from telex.tagging.topics import Topics
from telex.tagging.vocabulary import DATA

FILES = sorted(DATA.glob("*/terms.yaml"))
ROWS = [
    json.loads(line)
    for line in (Path(__file__).parent / "data" / "headlines_dev.jsonl").read_text(encoding="utf-8").splitlines()
]
TOPICS = Topics.load()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name)
def test_no_term_is_lost_to_a_comment(file: Path):
    # ", #word" in the middle of a list is YAML's comment: the rest of the line was once read by nobody.
    listed = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert [line for line in listed if re.search(r"(^|\s)#", line)] == []


@pytest.mark.parametrize(
    "file", [file for file in FILES if file.parent.name in {"en", "fr"}], ids=lambda file: file.parent.name
)
def test_a_plain_phrase_does_not_take_the_place_of_a_strong_word_of_the_same_top_level(file: Path):
    manner = load_manner(file.parent)
    tops = {code[7:]: (concept.broader or (code,))[-1] for code, concept in TOPICS.vocabulary.concepts.items()}
    listed = {
        code: [term for term in split(terms) if code != "-"]
        for code, terms in yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader).items()
    }
    strong: dict[str, set[str]] = {}
    for code, terms in listed.items():
        for term in terms:
            words = WORDS.findall(fold(term.lstrip("+=")))
            if term.startswith("+") and len(words) == 1 and term == term.lower():
                strong.setdefault(manner.stem(words[0]), set()).add(tops[code])
    weakened = [
        term
        for code, terms in listed.items()
        for term in terms
        if term[0] not in "+~="
        and len(words := WORDS.findall(fold(term))) > 1
        and any(tops[code] in strong.get(manner.stem(word), ()) for word in words)
    ]
    assert weakened == []


def test_there_are_ten_development_headlines_of_each_topic_and_language_in_the_shape_of_the_blind_ones():
    counted = Counter((row["language"], row["topic"]) for row in ROWS)
    assert set(counted.values()) == {10}
    assert len(counted) == 34
    assert len({row["id"] for row in ROWS}) == len({row["title"] for row in ROWS}) == 340
    fields = {"id", "language", "title", "lead", "topic", "also", "places", "places_also", "hard"}
    for row in ROWS:
        assert set(row) == fields
        assert 25 <= len(row["lead"].split()) <= 60, row["id"]
        assert row["topic"] not in row["also"]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_nearly_all_development_headlines_have_their_topic(language):
    right = []
    for row in ROWS:
        if row["language"] == language:
            tags = TOPICS.tag(text_of(title=row["title"], summary=row["lead"], language=language))
            best = next((tag.code[7:] for tag in tags if not tag.broader), None)
            right.append(best in {row["topic"], *row["also"]})
    assert sum(right) / len(right) >= 0.94
