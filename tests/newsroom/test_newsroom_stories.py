"""Stories: the same draft gives the same text, titles vary, and an edit is an edit."""

import re
from random import Random

import pytest

from newsroom.corpus import corpus
from newsroom.places import places
from newsroom.stories import Draft, begin, compose, revise

LANGUAGES = ("fr", "en")


def drafts(language: str, count: int) -> list[Draft]:
    home = {"fr": "SN", "en": "KE"}[language]
    return [begin(Random(f"draft{n}"), language, home, (), f"story{n}") for n in range(count)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_draft_gives_the_same_story(language):
    assert [compose(draft) for draft in drafts(language, 50)] == [compose(draft) for draft in drafts(language, 50)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_title_repeats_rarely(language):
    titles = [compose(draft).title for draft in drafts(language, 1500)]
    assert len(set(titles)) > 0.98 * len(titles)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_slot_or_alternative_is_left_open_and_every_text_is_whole(language):
    for draft in drafts(language, 600):
        story = compose(draft)
        texts = [story.title, story.summary, *story.paragraphs]
        assert 2 <= len(story.paragraphs) <= 6
        for text in texts:
            assert not re.search(r"[\[\]{}|]|  ", text.replace("[Mis à jour]", "").replace("[Updated]", "")), text
            assert text[0].isupper() or text[0].isdigit() or text[0] in "«“", text
        assert all(text[-1] in ".»”" for text in texts[1:])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_scenario_names_its_figure_in_title_and_summary(language):
    texts = corpus(language)
    for desk in texts.desks():
        for name in texts.scenarios(desk):
            scenario = texts.sections[desk, name]
            assert all("{n}" in title for title in scenario.texts("T")), (desk, name)
            assert all("{n}" in summary for summary in scenario.texts("S")), (desk, name)
            assert len(scenario.texts("T")) >= 3, (desk, name)


def test_both_languages_cover_the_same_desks_and_places():
    assert corpus("fr").desks() == corpus("en").desks()
    assert list(places("fr")) == list(places("en"))


def test_french_contracts_elides_and_spaces():
    for draft in drafts("fr", 800):
        story = compose(draft)
        for text in (story.title, story.summary, *story.paragraphs):
            assert not re.search(
                r"\b[dD]e les? |\bà les? |\b[dq]u?e [aeiouéÉAEIOU]|[^\s«] [:;!?»%]|\d [0-9]{3}\b", text
            ), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_edit_changes_title_or_summary(language):
    for n, draft in enumerate(drafts(language, 150)):
        before, after = compose(draft), compose(revise(draft, Random(n)))
        assert (before.title, before.summary) != (after.title, after.summary)
        assert before.authors == after.authors


def test_a_corrected_figure_is_corrected_in_title_and_summary():
    draft = Draft("fr", "climate", "flood", "SN", "seed")
    story, corrected = compose(draft), compose(Draft("fr", "climate", "flood", "SN", "seed", figure=1))
    old, new = (re.findall(r"\d+", text)[0] for text in (story.title, corrected.title))
    assert old != new
    assert corrected.title == story.title.replace(old, new)
    assert new in corrected.summary
    assert old not in corrected.summary
