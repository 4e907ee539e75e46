"""Languages of headlines and of longer texts: what is told, and what is left untold."""

import gzip
import json
import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telex.tagging import language
from telex.tagging.language import Guess, detect

DATA = Path(os.environ.get("TELEX_DATA") or Path(__file__).parents[2].parent / "shared" / "data")
TITLES = [
    line.split("\t")
    for line in (Path(__file__).parent / "data" / "titles.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]


def test_headlines_of_six_languages_are_told():
    right, all_, certainly_wrong = Counter(), Counter(), []
    for code, title in TITLES:
        guess = detect(title)
        all_[code] += 1
        right[code] += guess is not None and guess.language == code
        certainly_wrong += [title] if guess and guess.certain and guess.language != code else []
    print({code: f"{right[code]} of {all_[code]}" for code in all_})
    assert all(3 <= len(title.split()) <= 12 for _, title in TITLES)
    assert set(all_.values()) == {25}
    assert all(right[code] >= 23 for code in all_)
    assert right.total() >= 0.97 * all_.total()
    assert certainly_wrong == []


@pytest.mark.data
@pytest.mark.skipif(not DATA.is_dir(), reason=f"no foreign suites at {DATA}: set TELEX_DATA")
@pytest.mark.parametrize(("name", "code"), [("fra", "fr"), ("eng", "en")])
def test_no_article_of_a_foreign_suite_is_taken_for_another_language(name, code):
    with gzip.open(DATA / "topics" / f"masakhanews-{name}-dev.jsonl.gz", "rt", encoding="utf-8") as file:
        articles = [json.loads(line) for line in file]
    titles = [detect(article["title"]) for article in articles]
    texts = [detect(f"{article['title']} {article['text']}") for article in articles]
    assert [guess for guess in (*titles, *texts) if guess and guess.certain and guess.language != code] == []
    assert sum(guess is not None and guess.language == code for guess in titles) >= 0.98 * len(titles)
    assert sum(guess == Guess(code, certain=True) for guess in texts) >= 0.99 * len(texts)


@pytest.mark.parametrize("text", ["", "OK", "2024 : 3-2", "!!!", "🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉"])
def test_nothing_is_said_of_what_has_hardly_a_letter(text):
    assert detect(text) is None


@given(st.text(max_size=600))
def test_any_text_has_one_answer(text):
    assert detect(text) == detect(text)


def test_close_languages_are_no_conflict():
    assert language.same("nb", "no")
    assert language.same("fr", "fr")
    assert not language.same("fr", "en")
    assert not language.same("fr", None)


def test_what_nobody_declares_is_told_by_a_quick_look_where_that_is_sure():
    told = [(code, language.likely(title)) for code, title in TITLES]
    assert sum(code == found for code, found in told) >= 0.97 * len(told)
    assert language.likely("OK 2024") is None
    assert language.likely("") is None


@pytest.mark.parametrize(
    ("code", "title"),
    [
        ("fr", "GUERRE AU SOUDAN : LES FSR ATTAQUENT EL-FASHER"),
        ("fr", "Kinshasa et Brazzaville rouvrent le fleuve Congo"),
        ("sw", "Rais wa Kenya akutana na mawaziri"),
        ("ha", "Shugaban Najeriya ya gana da ministoci a Abuja"),
    ],
)
def test_names_of_places_in_a_headline_are_no_language(code, title):
    assert language.likely(title) == code
