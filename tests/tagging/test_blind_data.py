"""The blind data is what its README says: sizes, codes, roles, no text of a publisher, and articles that are still the same."""

import gzip
import hashlib
import json
import os
import random
import re
from collections import Counter
from pathlib import Path

import pytest
from babel import Locale

HERE = Path(__file__).parent / "data"
DATA = Path(os.environ.get("TELEX_DATA") or Path(__file__).parents[2].parent / "shared" / "data")
foreign = [
    pytest.mark.data,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"no foreign suites at {DATA}: set TELEX_DATA"),
]
TOPICS = {f"{number:02}000000" for number in range(1, 18)}
NOT_A_PLACE = {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}
"""Codes of CLDR that are groupings, pseudo-locales or unknown."""
SEED = 20261124
PHRASE = 8
"""So many words in a row that two texts share are no coincidence."""


def lines(name):
    return [json.loads(line) for line in (HERE / name).read_text(encoding="utf-8").splitlines()]


def articles(path):
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def words(text):
    return re.findall(r"\w+", text.lower())


def phrases(text, length=PHRASE):
    found = words(text)
    return {tuple(found[at : at + length]) for at in range(len(found) - length + 1)}


HEADLINES = lines("headlines.jsonl")
SAMPLE = lines("places_sample.jsonl")
TERRITORIES = {code for code in Locale("en").territories if code not in NOT_A_PLACE}
COUNTRIES = {code for code in TERRITORIES if code.isalpha()}


def test_there_are_150_headlines_of_each_language_with_unique_ids_and_titles():
    assert Counter(line["language"] for line in HEADLINES) == {"fr": 150, "en": 150}
    assert len({line["id"] for line in HEADLINES}) == 300
    assert len({line["title"] for line in HEADLINES}) == 300


def test_every_headline_has_the_fields_of_the_readme_and_a_lead_of_25_to_60_words():
    fields = {"id", "language", "title", "lead", "topic", "also", "places", "places_also", "hard"}
    for line in HEADLINES:
        assert set(line) == fields, line["id"]
        assert 25 <= len(line["lead"].split()) <= 60, line["id"]
        assert line["hard"] is None or line["hard"].strip(), line["id"]


def test_all_17_topics_occur_in_both_languages_and_13_of_them_18_times_or_more():
    counts = Counter((line["language"], line["topic"]) for line in HEADLINES)
    assert {topic for _, topic in counts} == TOPICS
    assert all(counts[language, topic] >= 4 for language in ("fr", "en") for topic in TOPICS)
    assert sum(counts["fr", topic] + counts["en", topic] >= 18 for topic in TOPICS) == 13


def test_what_else_an_editor_would_accept_is_another_topic():
    for line in HEADLINES:
        assert set(line["also"]) <= TOPICS - {line["topic"]}, line["id"]
        assert len(set(line["also"])) == len(line["also"]), line["id"]


@pytest.mark.parametrize(("name", "known"), [("headlines.jsonl", TERRITORIES), ("places_sample.jsonl", COUNTRIES)])
def test_every_place_is_a_known_code_once_with_a_role(name, known):
    for line in lines(name):
        marked = [place["code"] for place in line["places"]]
        everything = marked + line["places_also"]
        assert set(everything) <= known, line["id"]
        assert len(set(everything)) == len(everything), line["id"]
        assert all(set(place) == {"code", "role"} for place in line["places"]), line["id"]
        assert {place["role"] for place in line["places"]} <= {"subject", "mentioned"}, line["id"]


def test_no_phrase_of_five_words_serves_two_headlines():
    seen = Counter(phrase for line in HEADLINES for phrase in phrases(f"{line['title']}\n{line['lead']}", 5))
    assert [phrase for phrase, times in seen.items() if times > 1] == []


def test_the_sample_names_50_articles_of_each_language():
    assert Counter(line["file"] for line in SAMPLE) == {
        "topics/masakhanews-fra-dev.jsonl.gz": 50,
        "topics/masakhanews-eng-dev.jsonl.gz": 50,
    }
    assert len({line["id"] for line in SAMPLE}) == 100


class TestAgainstTheForeignData:
    pytestmark = foreign

    def test_the_topics_are_those_of_the_first_level_of_the_vocabulary(self):
        vocabulary = json.loads((DATA / "iptc" / "mediatopics-2023-10-24.en-fr.json").read_text(encoding="utf-8"))
        first = {concept["qcode"] for concept in vocabulary["concepts"] if concept["level"] == 1}
        assert {code.removeprefix("medtop:") for code in first} == TOPICS

    @pytest.mark.parametrize("language", ["fra", "eng"])
    def test_the_sampled_articles_are_those_that_the_seed_draws_and_still_the_same(self, language):
        file = f"topics/masakhanews-{language}-dev.jsonl.gz"
        rows = articles(DATA / file)
        sampled = [line for line in SAMPLE if line["file"] == file]
        assert [line["index"] for line in sampled] == sorted(random.Random(SEED).sample(range(len(rows)), 50))
        for line in sampled:
            row = rows[line["index"]]
            digest = hashlib.sha256(row["text"].encode()).hexdigest()
            assert (row["id"], digest[:16]) == (line["id"], line["sha256"])

    def test_no_phrase_of_eight_words_is_a_publishers(self):
        ours = {phrase for line in HEADLINES for phrase in phrases(f"{line['title']}\n{line['lead']}")}
        theirs = [f"{row['title']}\n{row['text']}" for path in DATA.glob("topics/*.gz") for row in articles(path)]
        for path in DATA.glob("*/cases.jsonl"):
            cases = path.read_text(encoding="utf-8").splitlines()
            theirs += [json.dumps(json.loads(case), ensure_ascii=False) for case in cases]
        assert len(theirs) > 683, "the foreign suites were found, and are not empty"
        assert set().union(*(phrases(text) & ours for text in theirs)) == set()
