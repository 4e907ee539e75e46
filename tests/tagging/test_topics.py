"""Topics of texts: codes, evidence, homonyms, sections."""

import pytest

from telex.tagging.text import text_of
from telex.tagging.topics import Topics

TOPICS = Topics.load()


def tops(**fields):
    return [topic.code[7:9] for topic in TOPICS.tag(text_of(**fields)) if not topic.broader]


def test_a_story_has_its_topic_with_the_terms_that_say_so():
    topics = TOPICS.tag(text_of(title="La Banque centrale relève son taux directeur face à l'inflation", language="fr"))
    assert topics[0].code == "medtop:04000000"
    assert (topics[0].name, topics[0].name_en) == ("Économie et finances", "economy, business and finance")
    assert ("inflation", "title", 54) in [(item.term, item.field, item.offset) for item in topics[0].evidence]


def test_a_text_without_a_language_is_read_in_the_one_of_its_function_words():
    assert tops(title="The striker scored a late goal in the cup final")[0] == "15"
    assert tops(title="Le buteur a marqué dans la finale de la coupe")[0] == "15"


def test_a_language_without_a_lexicon_has_the_topics_of_its_sections_alone():
    assert tops(title="Der Stürmer traf im Finale", language="de") == []
    assert tops(title="Der Stürmer traf im Finale", language="de", categories=("Sport",)) == ["15"]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("La Bourse de Paris termine en hausse", "04"),
        ("Une bourse pour étudier à l'université", "05"),
        ("Marseille s'impose face à Lyon en Ligue 1", "15"),
        ("Marseille : deux hommes tués par balle dans une fusillade", "02"),
    ],
)
def test_homonyms_are_settled_by_what_stands_beside_them(title, expected):
    assert tops(title=title, language="fr")[0] == expected
