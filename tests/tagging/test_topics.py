"""Topics of texts: codes, evidence, homonyms, sections."""

from collections import Counter
from pathlib import Path

import orjson
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from telex.tagging.lexicon import split
from telex.tagging.text import BODY_READ, Field, path_words, text_of
from telex.tagging.topics import MOST_EVIDENCE, MOST_TOPICS, Topics
from telex.tagging.vocabulary import DATA
from training.recipe import LANGUAGES, recipe

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


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Banco central de Angola sobe taxa de juro para travar a inflação", "04"),
        ("Palancas Negras vencem Mambas e seguem para a final da CAN", "15"),
        ("CNE anuncia data das eleições presidenciais em Moçambique", "11"),
        ("Surto de cólera faz doze mortos em Luanda", "07"),
        ("Professores em greve exigem aumento salarial", "09"),
        ("Caça furtiva ameaça elefantes no parque nacional da Gorongosa", "06"),
        ("Cantora lança novo álbum e anuncia concertos em Lisboa", "01"),
        ("Rebeldes atacam aldeia em Cabo Delgado", "16"),
    ],
)
def test_a_language_is_added_by_its_files_alone(title, expected):
    topics = TOPICS.tag(text_of(title=title, language="pt-AO"))
    assert topics[0].code[7:9] == expected
    assert topics[0].name != topics[0].name_en


WORDS = st.sampled_from(
    [word for language in ("fr", "en", "pt") for word in list(TOPICS.lexicons[language].terms)[::7]]
    + ["le", "la", "the", "of", "und", "Ouagadougou", "1960", "\x1f", "\n", "…", "ı", "İ", "ß", "é"]
)
SENTENCES = st.lists(WORDS, max_size=40).map(" ".join)


@given(
    title=SENTENCES,
    body=SENTENCES,
    category=SENTENCES,
    url=st.sampled_from(["https://a.example/sport/football/1", "https://a.example/économie/x", "", "https://[x"]),
    language=st.sampled_from(["fr", "en-NG", "pt", "de", None]),
)
def test_every_topic_has_evidence_that_stands_in_its_field_and_its_broader_topics_beside_it(
    title, body, category, url, language
):
    def tag():
        return TOPICS.tag(text_of(title=title, body=body, categories=(category,), url=url, language=language))

    topics = tag()
    assert topics == tag()
    assert len(topics) <= MOST_TOPICS
    fields = {Field.TITLE: title, Field.BODY: body[:BODY_READ], Field.CATEGORY: category, Field.URL: path_words(url)}
    sure = {topic.code: topic.confidence for topic in topics}
    assert len(sure) == len(topics)
    for topic in topics:
        assert 0 <= topic.confidence <= 1
        assert 1 <= len(topic.evidence) <= MOST_EVIDENCE
        assert all(sure[code] >= topic.confidence for code in topic.broader)
        for found in topic.evidence:
            assert fields[Field(found.field)][found.offset :].startswith(found.term)


def test_what_is_learnt_chooses_among_its_labels_and_leaves_the_other_topics_where_they_were():
    text = text_of(title="Pollution et inflation : le ministre répond sur la forêt et le budget", language="fr")
    weighed, opinion = TOPICS.weigh(text), TOPICS.opinion
    none = dict.fromkeys(weighed.stems, (0.0,) * len(opinion.classes))
    plain = opinion.confidences(weighed, TOPICS.tops, none)
    strong = dict.fromkeys(TOPICS.lexicons["fr"].learnt, (0.0, 0.0, 0.0, 9.0, 0.0, 0.0))
    strong |= dict.fromkeys(weighed.stems, (0.0, 0.0, 0.0, 9.0, 0.0, 0.0))
    learnt = opinion.confidences(weighed, TOPICS.tops, strong)
    classes = set(opinion.classes)
    assert max(classes, key=learnt.__getitem__) == opinion.classes[3]
    others = [at for at in range(len(TOPICS.tops)) if at not in classes]
    assert sorted(others, key=plain.__getitem__)[-3:] == sorted(others, key=learnt.__getitem__)[-3:]
    best_plain, best_learnt = max(plain[at] for at in classes), max(learnt[at] for at in classes)
    strongest = max(others, key=plain.__getitem__)
    assert (best_plain > plain[strongest]) == (best_learnt > learnt[strongest])


def test_the_weights_were_learnt_from_these_lexicons_by_this_program():
    files = [DATA / "opinion.json", *(DATA / language / "weights.json" for language in LANGUAGES)]
    assert {orjson.loads(file.read_bytes())["recipe"] for file in files} == {recipe()}, "run `make train`"


@pytest.mark.parametrize("file", sorted(DATA.glob("*/terms.yaml")), ids=lambda file: file.parent.name)
def test_no_concept_stands_twice_in_a_file_of_terms_and_no_term_twice_in_a_concept(file: Path):
    keys = [
        line.partition(":")[0].strip("\"' ") for line in file.read_text().splitlines() if line[:1] not in {"#", " ", ""}
    ]
    assert [key for key, times in Counter(keys).items() if times > 1] == []
    for code, listed in yaml.load(file.read_text(), Loader=yaml.BaseLoader).items():
        written = [term.lstrip("~+=") for term in split(listed)]
        assert [term for term, times in Counter(written).items() if times > 1] == [], code
