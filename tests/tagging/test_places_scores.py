"""Places against labels that were made before any of it: precision and recall over pairs of a text and a country."""

import gzip
import json
import os
from collections import Counter
from pathlib import Path

import pytest

from telex.tagging.places import Places
from telex.tagging.text import text_of

HERE = Path(__file__).parent / "data"
DATA = Path(os.environ.get("TELEX_DATA") or Path(__file__).parents[2].parent / "shared" / "data")


def lines(name):
    return [json.loads(line) for line in (HERE / name).read_text(encoding="utf-8").splitlines()]


def headlines():
    return [
        (line, text_of(title=line["title"], summary=line["lead"], language=line["language"]))
        for line in lines("headlines.jsonl")
    ]


def sample():
    files = {}
    for line in lines("places_sample.jsonl"):
        if line["file"] not in files:
            with gzip.open(DATA / line["file"], "rt", encoding="utf-8") as file:
                files[line["file"]] = [json.loads(row) for row in file]
        row = files[line["file"]][line["index"]]
        yield line, text_of(title=row["title"], body=row["text"], language=row["lang"])


def score(labelled):
    """Counts of right, wrong and missed pairs without regions, and of right roles among the right pairs."""
    places = Places.load()
    counts = Counter()
    for line, text in labelled:
        expected = {place["code"]: place["role"] for place in line["places"] if place["code"].isalpha()}
        found = {place.code: place.role for place in places.tag(text) if place.code.isalpha()}
        found = {code: role for code, role in found.items() if code not in line["places_also"]}
        counts["right"] += len(found.keys() & expected.keys())
        counts["wrong"] += len(found.keys() - expected.keys())
        counts["missed"] += len(expected.keys() - found.keys())
        counts["roles"] += sum(expected.get(code) == role for code, role in found.items())
    return counts


def precision(counts):
    return counts["right"] / (counts["right"] + counts["wrong"])


def recall(counts):
    return counts["right"] / (counts["right"] + counts["missed"])


def test_countries_of_the_headlines_are_found():
    counts = score(headlines())
    assert precision(counts) >= 0.95
    assert recall(counts) >= 0.90
    assert counts["roles"] / counts["right"] >= 0.85


@pytest.mark.data
@pytest.mark.skipif(not DATA.is_dir(), reason=f"no foreign suites at {DATA}: set TELEX_DATA")
def test_countries_of_the_sampled_articles_are_found():
    counts = score(sample())
    assert precision(counts) >= 0.95
    assert recall(counts) >= 0.90
    assert counts["roles"] / counts["right"] >= 0.85
