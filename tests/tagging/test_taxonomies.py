"""Operators' own taxonomies: conditions, confidence, what is broader, evidence, versions."""

import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telex.tagging.cases import HIGHEST, LEAST
from telex.tagging.concepts import EVERY, Near, OwnConcept, Taxonomy
from telex.tagging.taxonomies import MOST_EVIDENCE, MOST_TOPICS, Taxonomies
from telex.tagging.terms import parse_term
from telex.tagging.text import text_of
from telex.tagging.zones import BODY_WEIGHS, CORE, TITLE_WEIGHS


def terms(*written):
    return tuple(map(parse_term, written))


def concept(code="c", *written, **fields):
    spoken = fields.pop("by_language", {EVERY: terms(*written)} if written else {})
    return OwnConcept(code, fields.pop("names", {"fr": f"le {code}", "en": code}), spoken, **fields)


def own(*concepts, name="own"):
    return Taxonomies([Taxonomy(name, "1", concepts)])


def codes(taxonomies, title, **fields):
    return [topic.code for topic in taxonomies.tag(text_of(title=title, **fields))]


def test_a_concept_is_tagged_by_its_term_with_its_full_code_its_names_and_its_evidence():
    taxonomies = own(concept("oil", "pétrole", "hydrocarbur*", names={"fr": "Pétrole", "en": "Oil"}))
    (topic,) = taxonomies.tag(text_of(title="Le PETROLE", body="Les hydrocarbures baissent.", language="fr-SN"))
    assert (topic.code, topic.name, topic.name_en, topic.broader) == ("own:oil", "Pétrole", "Oil", ())
    assert [(each.term, each.field, each.offset) for each in topic.evidence] == [
        ("PETROLE", "title", 3),
        ("hydrocarbures", "body", 4),
    ]


@pytest.mark.parametrize(
    ("language", "names", "name"),
    [
        ("fr", {"en": "a", "fr": "b"}, "b"),
        ("pt", {"fr": "b", "en": "a"}, "a"),
        (None, {"fr": "b", "en": "a"}, "a"),
        ("pt", {"fr": "b", "wo": "c"}, "b"),
    ],
)
def test_the_name_is_that_of_the_language_else_english_else_the_first(language, names, name):
    (topic,) = own(concept("c", "mot", names=names)).tag(text_of(title="mot", language=language))
    assert (topic.name, topic.name_en) == (name, names.get("en"))


def test_terms_of_a_language_count_in_it_and_where_the_language_is_unknown():
    taxonomies = own(concept("cat", by_language={"fr": terms("chat"), "en": terms("cat"), EVERY: terms("félin")}))
    assert codes(taxonomies, "un chat", language="fr") == ["own:cat"]
    assert codes(taxonomies, "a chat", language="en") == []
    assert codes(taxonomies, "un chat") == ["own:cat"]
    assert codes(taxonomies, "félin", language="wo") == ["own:cat"]


def test_every_item_of_must_has_to_stand_somewhere_and_of_a_list_one():
    taxonomies = own(concept("c", "vote", must=(terms("Mali"), terms("urne*", "scrutin"))))
    assert codes(taxonomies, "Le vote au Mali") == []
    assert codes(taxonomies, "Le vote, les urnes") == []
    assert codes(taxonomies, "Le vote", body="Au Mali le scrutin est ouvert") == ["own:c"]


def test_a_term_of_not_anywhere_bars_the_concept():
    taxonomies = own(concept("c", "huile", barred=terms("huile d'olive", "=Olive")))
    assert codes(taxonomies, "L'huile", body="Une olive") == ["own:c"]
    assert codes(taxonomies, "L'huile", body="De l’HUILE d'olive") == []
    assert codes(taxonomies, "L'huile", categories=("Olive",)) == []


@pytest.mark.parametrize(
    ("title", "tagged"),
    [
        ("journaliste arrêté", True),
        ("arrêté : un journaliste", True),
        ("un journaliste de la radio arrêté", False),
        ("un journaliste a été arrêté", True),
        ("un journaliste", False),
    ],
)
def test_near_counts_words_in_both_directions(title, tagged):
    taxonomies = own(concept("c", "journaliste", near=(Near(terms("arrêté"), 3),)))
    assert bool(codes(taxonomies, title)) == tagged


def test_near_holds_within_a_field_and_for_each_occurrence():
    taxonomies = own(concept("c", "journaliste", near=(Near(terms("arrêté"), 5),)))
    assert codes(taxonomies, "Un journaliste", summary="Arrêté hier") == []
    (topic,) = taxonomies.tag(text_of(title="Un journaliste", body="Le journaliste arrêté"))
    assert [(each.term, each.field) for each in topic.evidence] == [("journaliste", "body"), ("arrêté", "body")]


def test_a_word_is_not_near_itself():
    taxonomies = own(concept("c", "garde à vue", near=(Near(terms("garde", "vue"), 5),)))
    assert codes(taxonomies, "En garde à vue") == []
    assert codes(taxonomies, "En garde à vue, sous bonne garde") == ["own:c"]


def test_all_of_near_has_to_be_met_by_one_occurrence():
    taxonomies = own(concept("c", "mot", near=(Near(terms("un"), 1), Near(terms("deux"), 1))))
    assert codes(taxonomies, "un mot deux") == ["own:c"]
    assert codes(taxonomies, "un mot puis mot deux") == []
    said = taxonomies.explain("own:c", text_of(title="un mot puis mot deux"))
    assert said.against == ("near: no term has by it all that should stand near it",)


def confidence(title=None, boost=1.0, **fields):
    (topic,) = own(concept("c", "mot", "terme", boost=boost)).tag(text_of(title=title, **fields))
    return topic.confidence


def test_the_title_weighs_more_than_the_lead_and_the_lead_more_than_the_body():
    far = "x " * 300
    tail = "x " * CORE
    weighed = [
        confidence("mot"),
        confidence(summary="mot"),
        confidence(body=f"{far}mot"),
        confidence(body=f"{tail}mot"),
    ]
    assert weighed == sorted(weighed, reverse=True)
    assert len(set(weighed)) == 4
    assert weighed[0] == round(TITLE_WEIGHS**0.5 / (TITLE_WEIGHS**0.5 + 1), 3)
    assert weighed[2] == round(BODY_WEIGHS / (BODY_WEIGHS + 1), 3) == 0.5
    assert confidence(body="mot") == confidence(summary="mot") == confidence(categories=("Mot",))


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"summary": "Rien", "body": "mot"}, 0.50),
        ({"summary": "mot"}, 0.59),
        ({"title": "mot"}, 0.63),
        ({"title": "mot", "summary": "Rien", "body": "mot"}, 0.67),
        ({"title": "mot terme"}, 0.78),
        ({"title": "mot terme", "boost": 2.0}, 0.87),
    ],
)
def test_the_confidences_are_those_that_the_docs_tell(fields, told):
    assert round(confidence(**fields), 2) == told


def test_a_second_term_says_more_than_the_first_one_again():
    assert confidence("mot") < confidence("mot mot") < confidence("mot terme")


def test_the_place_that_weighs_most_is_the_evidence_and_words_are_never_proof():
    taxonomies = own(concept("c", *(f"mot{number}" for number in range(30)), boost=10))
    (topic,) = taxonomies.tag(text_of(summary="Rien", body="mot1 et mot2", categories=("Mot1",)))
    assert [(each.term, each.field) for each in topic.evidence] == [("Mot1", "category"), ("mot2", "body")]
    (topic,) = taxonomies.tag(text_of(title=" ".join(f"mot{number}" for number in range(30))))
    assert topic.confidence == HIGHEST


def test_a_term_of_every_language_and_of_one_counts_once():
    twice = own(concept("c", by_language={EVERY: terms("mot"), "fr": terms("mot")}))
    assert twice.tag(text_of(title="mot"))[0].confidence == confidence("mot")


def test_a_term_in_a_longer_one_of_the_same_concept_does_not_count():
    taxonomies = own(concept("c", "pétrole", "pétrole brut", "brut"), concept("d", "pétrole"))
    both = taxonomies.tag(text_of(title="Le pétrole brut"))
    assert [[each.term for each in topic.evidence] for topic in both] == [["pétrole brut"], ["pétrole"]]
    assert both[0].confidence == both[1].confidence


def test_a_boost_moves_the_confidence_and_below_the_least_there_is_no_tag():
    assert confidence("mot", boost=0.5) < confidence("mot") < confidence("mot", boost=10) <= HIGHEST
    weak = own(concept("c", "mot", boost=0.2))
    assert codes(weak, "mot") == []
    said = weak.explain("own:c", text_of(title="mot"))
    assert said.against == (f"its confidence, 0.26, is below {LEAST}",)
    assert [each.term for each in said.found] == ["mot"]


def test_what_is_broader_is_tagged_too_with_at_least_the_confidence_and_on_the_same_evidence():
    tree = own(
        concept("top"),
        concept("middle", "milieu", boost=0.5, parent="top"),
        concept("leaf", "feuille", parent="middle"),
    )
    topics = tree.tag(text_of(title="Une feuille", body="au milieu"))
    assert [topic.code for topic in topics] == ["own:top", "own:middle", "own:leaf"]
    assert [topic.broader for topic in topics] == [(), ("own:top",), ("own:middle", "own:top")]
    assert len({topic.confidence for topic in topics}) == 1
    assert [[each.term for each in topic.evidence] for topic in topics] == [
        ["feuille", "milieu"],
        ["milieu", "feuille"],
        ["feuille"],
    ]


def test_what_is_broader_shows_its_own_evidence_first_and_then_that_of_its_most_certain_narrower_one():
    tree = own(
        concept("weak", "faible", parent="top"),
        concept("strong", "fort", boost=3, parent="top"),
        concept("top", "haut", boost=0.5),
    )
    text = text_of(title="Le faible", summary="Plus fort", body="en haut")
    assert [each.term for each in tree.tag(text)[0].evidence] == ["haut", "fort", "faible"]
    said = tree.explain("own:top", text)
    assert (said.tagged, said.through, said.against) == (True, None, ())


def test_conditions_are_not_inherited_and_bar_no_broader_concept():
    tree = own(concept("top", "haut", barred=terms("bas")), concept("leaf", "feuille", parent="top"))
    assert codes(tree, "Une feuille en bas") == ["own:top", "own:leaf"]
    said = tree.explain("own:top", text_of(title="Une feuille en haut et en bas"))
    assert (said.tagged, said.through, said.against) == (True, "own:leaf", ("not: 'bas' stands in the title",))


def test_what_is_not_tagged_is_explained_with_what_was_found():
    taxonomies = own(
        concept("c", "vote", must=(terms("urne*", "scrutin"),), barred=terms("sondage"), near=(Near(terms("élu"), 2),))
    )
    said = taxonomies.explain("own:c", text_of(title="Le vote et le sondage"))
    assert not said.tagged
    assert [each.term for each in said.found] == ["vote"]
    assert said.against == (
        "must: none of 'urne*', 'scrutin' stands in the text",
        "not: 'sondage' stands in the title",
        "near: none of 'élu' stands within 2 words of a term",
    )
    assert taxonomies.explain("own:c", text_of(title="Rien")).against[0] == "no term of it stands in the text"


def test_evidence_holds_five_terms_the_weightiest_first_and_then_what_the_conditions_ask_for():
    words = [f"mot{number}" for number in range(8)]
    taxonomies = own(concept("c", *words, must=(terms("condition"),)))
    (topic,) = taxonomies.tag(text_of(title="mot7", body=" ".join(words[:7]) + " condition"))
    assert [each.term for each in topic.evidence] == ["mot7", "mot0", "mot1", "mot2", "mot3"]
    (topic,) = taxonomies.tag(text_of(title="La condition", body="mot2"))
    assert [each.term for each in topic.evidence] == ["mot2", "condition"]


def test_the_address_and_the_categories_speak_too():
    taxonomies = own(concept("c", "économie"))
    (topic,) = taxonomies.tag(text_of(title="Rien", url="https://x.example/afrique/economie/7"))
    assert [(each.term, each.field) for each in topic.evidence] == [("economie", "url")]


def test_several_taxonomies_are_asked_in_one_pass_and_keep_their_names_apart():
    taxonomies = Taxonomies(
        [
            Taxonomy("a", "1", (concept("x", "mot", topic="one"),)),
            Taxonomy("b", "2", (concept("y"), concept("x", "mot", parent="y"))),
        ]
    )
    assert codes(taxonomies, "mot") == ["a:x", "b:y", "b:x"]
    assert [version.partition("+")[0] for version in taxonomies.versions] == ["a@1", "b@2"]
    assert [taxonomies.topics_of(code) for code in ("a:x", "b:x", "medtop:01000000")] == ["one", None, None]


def test_no_taxonomy_tags_nothing():
    taxonomies = Taxonomies()
    assert (taxonomies.tag(text_of(title="mot")), taxonomies.versions) == ((), ())


def test_of_many_topics_the_most_certain_are_kept_with_all_that_is_broader():
    leaves = [concept(f"c{number}", "mot", boost=1 + number / 100, parent="top") for number in range(MOST_TOPICS + 9)]
    topics = own(*leaves, concept("top")).tag(text_of(title="mot"))
    assert len(topics) == MOST_TOPICS
    assert [topic.code for topic in topics[:2]] == ["own:top", f"own:c{MOST_TOPICS + 8}"]


def test_the_version_names_the_edition_and_changes_with_what_is_said():
    one = Taxonomy("a", "2026-05", (concept("x", "mot"),))
    same = Taxonomy("a", "2026-05", (concept("x", "mot"),))
    assert one.version == same.version
    assert one.version.startswith("a@2026-05+")
    assert len(one.version) == len("a@2026-05+") + 8
    others = [
        replace(one.concepts[0], **change)
        for change in (
            {"terms": {EVERY: terms("mots")}},
            {"terms": {"fr": terms("mot")}},
            {"names": {"fr": "y"}},
            {"boost": 2.0},
            {"must": (terms("a"),)},
            {"barred": terms("a")},
            {"near": (Near(terms("a"), 3),)},
            {"topic": "t"},
        )
    ]
    assert len({one.version, *(Taxonomy("a", "2026-05", (other,)).version for other in others)}) == 9


# Laws, over small worlds of words.

WORD = st.sampled_from(["un", "deux", "trois", "quatre", "cinq", "six", "sept"])
SENTENCE = st.lists(WORD, max_size=12).map(" ".join)
TERMS = st.lists(st.lists(WORD, min_size=1, max_size=3).map(" ".join), min_size=1, max_size=3).map(
    lambda written: terms(*written)
)


@st.composite
def worlds(draw):
    def drawn(number):
        wider = st.sampled_from([None, *(f"c{before}" for before in range(number))])
        return OwnConcept(
            f"c{number}",
            {"fr": "x"},
            {draw(st.sampled_from(["fr", EVERY])): draw(TERMS)},
            must=tuple(draw(st.lists(TERMS, max_size=1))),
            barred=draw(st.one_of(st.just(()), TERMS)),
            near=tuple(Near(each, 3) for each in draw(st.lists(TERMS, max_size=1))),
            boost=draw(st.sampled_from([0.3, 1.0, 2.0])),
            parent=draw(wider),
        )

    concepts = [drawn(number) for number in range(draw(st.integers(1, 6)))]
    return tuple(draw(st.permutations(concepts)))


TEXTS = st.builds(
    text_of,
    title=SENTENCE,
    summary=SENTENCE,
    body=SENTENCE,
    categories=st.lists(SENTENCE, max_size=2).map(tuple),
    language=st.sampled_from([None, "fr", "en"]),
)


@given(worlds(), TEXTS)
def test_every_topic_has_evidence_that_stands_there_and_its_broader_ones_beside_it(concepts, text):
    topics = own(*concepts).tag(text)
    by_code = {topic.code: topic for topic in topics}
    assert len(by_code) == len(topics)
    for topic in topics:
        assert LEAST <= topic.confidence <= HIGHEST
        assert 1 <= len(topic.evidence) <= MOST_EVIDENCE
        assert len(set(topic.evidence)) == len(topic.evidence)
        assert all(by_code[code].confidence >= topic.confidence for code in topic.broader)
        for each in topic.evidence:
            fields = [text.written[seg.start : seg.end] for seg in text.segments if seg.field == each.field]
            assert any(field[each.offset : each.offset + len(each.term)] == each.term for field in fields)
    assert [topic.confidence for topic in topics] == sorted((topic.confidence for topic in topics), reverse=True)


@given(worlds(), TEXTS)
def test_a_verdict_says_what_tagging_does_and_gives_a_reason_where_there_is_no_tag(concepts, text):
    taxonomies = own(*concepts)
    tagged = {topic.code: topic for topic in taxonomies.tag(text)}
    for each in concepts:
        said = taxonomies.explain(f"own:{each.code}", text)
        topic = tagged.get(f"own:{each.code}")
        assert said.tagged == (topic is not None)
        if topic is not None:
            assert (said.confidence, said.found) == (topic.confidence, topic.evidence)
            assert bool(said.against) == (said.through is not None)
        else:
            assert said.against
            assert said.through is None


@given(worlds(), TEXTS)
def test_what_other_taxonomies_there_are_changes_no_topic(concepts, text):
    alone = own(*concepts).tag(text)
    beside = Taxonomies([Taxonomy("other", "1", concepts), Taxonomy("own", "1", concepts)]).tag(text)
    assert [topic for topic in beside if topic.code.startswith("own:")] == list(alone)


def calls_of(taxonomies, text):
    """How many calls tagging makes, of Python's functions and C's."""
    made = 0

    def count(frame, event, argument):
        nonlocal made
        made += event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        taxonomies.tag(text)
    finally:
        sys.setprofile(None)
    return made


def test_a_text_costs_the_same_with_one_concept_and_with_ten_thousand():
    text = text_of(title="Le vote au Mali", body="Le scrutin et les urnes, ici et ailleurs. " * 40)
    costs = []
    for others in (0, 9_999):
        filler = [concept(f"c{n}", f"mot{n}", f"début{n}*", must=(terms(f"fin{n}"),)) for n in range(others)]
        taxonomies = own(concept("vote", "vote", "scrutin", must=(terms("Mali"),)), *filler)
        assert codes(taxonomies, "Le vote au Mali") == ["own:vote"]
        taxonomies.tag(text)
        costs.append(calls_of(taxonomies, text))
    assert costs[0] == costs[1]
