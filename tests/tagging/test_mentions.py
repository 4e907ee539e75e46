"""Mentions: names in all their forms, and nothing that only looks like one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telex.tagging.mentions import MOST_EVIDENCE, MOST_MENTIONS, Mentions
from telex.tagging.names import load_names, read_names
from telex.tagging.sightings import MOST_NAMES, Reading
from telex.tagging.text import Field, text_of

MENTIONS = Mentions.load()
NAMES = load_names()


def found(title=None, *, language="fr", body=None, mentions=MENTIONS, **fields):
    """Names of mentions, each with its terms."""
    tagged = mentions.tag(text_of(title=title, body=body, language=language, **fields))
    return {mention.name: [item.term for item in mention.evidence] for mention in tagged}


def test_a_mention_has_its_name_kind_id_and_place():
    (mention,) = MENTIONS.tag(text_of(title="À Rabat, Emmanuel Macron s'explique", language="fr"))
    assert (mention.name, mention.kind, mention.wikidata) == ("Emmanuel Macron", "person", "Q3052772")
    assert [(item.term, item.field, item.offset) for item in mention.evidence] == [("Emmanuel Macron", "title", 9)]


def test_the_name_is_in_the_language_of_the_article():
    assert list(found("Le président Poutine a parlé")) == ["Vladimir Poutine"]
    assert list(found("President Putin spoke", language="en")) == ["Vladimir Putin"]
    assert list(found("Präsident Putin sprach", language="de")) == ["Vladimir Putin"]


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("La veille d’Emmanuel Macron", "Emmanuel Macron"),
        ("C'est aujourd'hui qu'Emmanuel Macron", "Emmanuel Macron"),
        ("EMMANUEL MACRON EN VISITE", "EMMANUEL MACRON"),
        ("MACRON ANNONCE UN REMANIEMENT", "MACRON"),
        ("HORTENSE MACRON ANNONCE UN LIVRE", None),
        ("Les fidèles d'Emmanuel  Macron", "Emmanuel  Macron"),
        ("emmanuel macron", None),
        ("Le macron est un signe", None),
        ("Selon Macron, rien ne presse", "Macron"),
        ("Le camp pro-Macron", "Macron"),
        ("Monsieur Macron a dit", "Macron"),
        ("M. Macron a dit", "Macron"),
        ("E. Macron a dit", "Macron"),
        ("B. Macron a dit", None),
        ("Mme Macron a dit", None),
        ("Brigitte Macron a dit", None),
        ("Hortense Macron a dit", None),
        ("Paul-Macron a dit", None),
        ("Les Macronistes ont dit", None),
    ],
)
def test_a_person_by_forms_of_the_name(text, term):
    assert found(text) == ({"Emmanuel Macron": [term]} if term else {})


@pytest.mark.parametrize(
    "text",
    [
        "Une foule au stade Paul Biya d'Olembé",
        "L'aéroport international Blaise-Compaoré ferme",
        "La fondation Barack Obama",
        "The crowd at Nelson Mandela Stadium",
        "Une rue Félix Houphouët-Boigny",
    ],
)
def test_what_is_named_after_a_person_is_not_the_person(text):
    assert found(text, language="en" if "The" in text else "fr") == {}


def test_transliterations_are_one_person():
    text = "Moammar Gadhafi, Mouammar Kadhafi, Muammar Gaddafi et Kadhafi"
    assert list(found(text)) == ["Mouammar Kadhafi"]


def test_acronyms_need_their_capitals():
    assert found("L’ONU, l'UA et le PAM") == {
        "Nations unies": ["ONU"],
        "Union africaine": ["UA"],
        "Programme alimentaire mondial": ["PAM"],
    }
    assert found("Pam a eu un pam et une bad idée, who knows") == {}


def test_an_acronym_that_is_a_word_counts_in_its_language():
    assert found("The UN and the WHO", language="en").keys() == {"United Nations", "World Health Organization"}
    assert found("UN AN APRÈS, WHO et UN") == {}


def test_an_acronym_among_capitals_is_a_word():
    assert found("BAD NEWS FOR ALL OF US", language="fr") == {}
    assert found("La BAD prête au Mali") == {"Banque africaine de développement": ["BAD"]}


def test_the_longest_name_wins():
    assert found("Le Conseil de sécurité des Nations unies") == {
        "Conseil de sécurité des Nations unies": ["Conseil de sécurité des Nations unies"]
    }
    assert found("Le Real Madrid et la Real Sociedad").keys() == {"Real Madrid CF", "Real Sociedad"}


def test_a_name_is_not_met_in_a_longer_word_a_handle_or_an_address():
    assert found("Googleur, ONUSIEN, anti_Google, @ONU_fr, google.example et Microsoft.example") == {}


def test_a_surname_counts_after_the_whole_name():
    assert found(None, body="Condé reste. Puis Alpha Condé vint. Condé partit, et le président Condé revint.") == {
        "Alpha Condé": ["Alpha Condé", "Condé", "Condé"]
    }


def test_a_surname_alone_that_many_have_is_nobody():
    assert found("Touré, Diallo et Condé au marché") == {}


def test_a_surname_in_the_headline_is_the_one_of_the_text():
    assert found("Condé rassure", body="Le chef de l'État, Alpha Condé, a parlé.")["Alpha Condé"] == [
        "Condé",
        "Alpha Condé",
    ]


def test_a_surname_is_that_of_whoever_bore_it_last():
    body = "Idriss Déby est mort. Déby avait 68 ans. Mahamat Idriss Déby lui succède. Déby est son fils."
    tagged = MENTIONS.tag(text_of(body=body, language="fr"))
    offsets = {mention.name: [item.offset for item in mention.evidence] for mention in tagged}
    assert offsets == {"Idriss Déby": [0, 22], "Mahamat Idriss Déby": [41, 74]}


def test_a_namesake_whom_the_file_does_not_know_takes_the_surname():
    body = "Alpha Condé est là. Oumou Condé aussi. Condé a chanté."
    assert found(None, body=body) == {"Alpha Condé": ["Alpha Condé"]}
    body = "Son frère Robert Obama arrive. Obama est venu."
    assert found(None, body=body) == {}


def test_a_title_tells_man_from_woman():
    assert list(found("Mme Le Pen", body="Marine Le Pen et son père.")) == ["Marine Le Pen"]
    assert list(found("Jean-Marie Le Pen", body="Jean-Marie Le Pen. Mme Le Pen.").values()) == [
        ["Jean-Marie Le Pen", "Jean-Marie Le Pen"]
    ]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("L'opérateur Orange étend la 4G", "Orange"),
        ("Orange pressée pour l'opérateur", None),
        ("La foule vêtue d'orange, dit l'opérateur", None),
        ("Les habitants d'Orange votent", None),
        ("L'iPhone d'Apple coûte cher", "Apple"),
        ("Apple pie and an iPhone", None),
        ("Le pétrolier Total fore", "TotalEnergies"),
        ("Total du pétrolier : trois puits", None),
        ("Le buteur de Milan marque en Serie A", "AC Milan"),
        ("Le buteur né à Milan marque en Serie A", None),
        ("Le buteur et le maire de Milan parlent de Serie A", None),
        ("Le buteur, dans les rues de Milan, parle de Serie A", None),
        ("Le défilé de Milan", None),
        ("Le buteur d'Arsenal vise la Premier League", "Arsenal FC"),
        ("La police saisit un Arsenal", None),
        ("L'armée, dit le Pentagon aux US", "Pentagone"),
        ("Le Pentagon of us all", None),
    ],
)
def test_a_name_that_is_a_word_counts_beside_what_tells(text, name):
    assert list(found(text, language="en" if "pie" in text else "fr")) == ([name] if name else [])


def test_a_short_name_counts_beside_the_whole_one():
    assert found("Milan AC", body="Milan a perdu, dit-on à Milan.") == {"AC Milan": ["Milan AC", "Milan"]}
    body = "Fed up? The Fed waits. The Federal Reserve may act."
    assert found("Fed waits", body=body, language="en") == {"Federal Reserve": ["Fed", "Fed", "Federal Reserve"]}


def test_a_club_is_not_its_town():
    assert found("Manchester City Council met at Cardiff City Hall, then at the Barclays Center", language="en") == {}
    assert list(found("Manchester City met Cardiff City", language="en")) == ["Manchester City", "Cardiff City"]


def test_a_surname_that_is_another_ones_first_name_is_part_of_the_longer_name():
    assert found(None, body="John Kerry met Kerry McCarthy of the House. McCarthy left.", language="en") == {
        "John Kerry": ["John Kerry"]
    }


def test_a_short_name_is_not_part_of_a_longer_one():
    names = found("The Security Council meets at the UN", language="en")
    assert names.keys() == {"United Nations Security Council", "United Nations"}
    assert list(found("The Cyber Security Council writes to the UN", language="en")) == ["United Nations"]


def test_names_on_both_sides_of_a_hyphen_are_two():
    assert list(found("Le sommet Macron-Poutine, et la ligne Air France-Boeing")) == [
        "Emmanuel Macron",
        "Vladimir Poutine",
        "Air France",
        "Boeing",
    ]


def test_a_surname_alone_counts_beside_what_the_file_names_for_it():
    assert list(found("Xi et Pékin")) == ["Xi Jinping"]
    assert found("Xi et Rome") == {}


def test_a_company_is_not_who_bears_its_name():
    assert found("James Gunn and Peter Safran", body="Gunn and Safran took over.", language="en") == {}
    assert list(found("Le motoriste Safran recrute")) == ["Safran"]


def test_names_with_signs():
    assert list(found("Canal+ perd, AT&T gagne, Opep+ attend")) == ["Canal+", "AT&T", "Opep+"]
    assert found("Le canal de Panama") == {}


def test_hyphens_and_initials_are_written_in_many_ways():
    assert list(found("Denis Sassou-Nguesso")) == list(found("Denis Sassou Nguesso")) == ["Denis Sassou Nguesso"]
    assert list(found("George W Bush")) == list(found("George W. Bush")) == ["George W. Bush"]


def test_headlines_with_capitals_throughout_tell_less():
    assert list(found("Putin Says He Will Visit", language="en")) == ["Vladimir Putin"]
    assert found("New Putin Biography Published Today", language="en") == {}
    assert found("Ludmila Putin Speaks About Moscow", language="en") == {}


def test_a_category_is_a_name_in_any_case():
    assert found("x", categories=("emmanuel macron", "banque mondiale", "pam", "orange")) == {
        "Emmanuel Macron": ["emmanuel macron"],
        "Banque mondiale": ["banque mondiale"],
    }


def test_an_address_is_not_read():
    assert found(None, url="https://news.example/Emmanuel-Macron/ONU") == {}


def test_a_name_does_not_go_from_field_to_field():
    assert found("Le discours d'Emmanuel", body="Macron est parti.") == {"Emmanuel Macron": ["Macron"]}
    assert found("La Banque", body="mondiale, la veille") == {}


def test_the_heaviest_come_first_then_in_the_order_of_the_text():
    names = list(found("L'Otan", body="Joe Biden et Vladimir Poutine. " + "L'Unesco. " * 9))
    assert names == ["Unesco", "Otan", "Joe Biden", "Vladimir Poutine"]


def test_mentions_and_evidence_are_bounded():
    everyone = ". ".join(entry.name for entry in NAMES.entries[:60])
    tagged = MENTIONS.tag(text_of(body=f"{everyone}. {'Emmanuel Macron. ' * 9}", language="en"))
    assert len(tagged) == MOST_MENTIONS
    assert max(len(mention.evidence) for mention in tagged) == MOST_EVIDENCE


def test_a_text_of_names_alone_is_read_to_its_end():
    tagged = MENTIONS.tag(text_of(body="Macron, talibans, Condé, Alpha Condé, " * 500, language="fr"))
    assert [len(mention.evidence) for mention in tagged] == [MOST_EVIDENCE] * 3


def test_an_operator_may_bring_another_file():
    mentions = Mentions(
        read_names("version: '7'\nwords: {titles_she: Mme}\npersons:\n  Ada Example: {fr: Ada Exemple, she: yes}\n")
    )
    assert mentions.version == "mentions@7"
    assert found("Ada Exemple. Mme Exemple", mentions=mentions) == {"Ada Exemple": ["Ada Exemple", "Exemple"]}


TERMS = sorted(
    {entry.name for entry in NAMES.entries}
    | {entry.french for entry in NAMES.entries if entry.french}
    | {"ONU", "UA", "Macron", "Condé", "Orange", "Milan", "Mme", "M.", "président", "stade", "à", "buteur", "Serie A"}
)
PIECES = st.one_of(
    st.sampled_from(TERMS), st.text(max_size=12), st.sampled_from([" ", ", ", "’", "-", ". ", "\n", "_"])
)
TEXTS = st.lists(PIECES, max_size=25).map("".join)
LANGUAGES = st.sampled_from(["fr", "en", None])


@given(title=TEXTS, body=TEXTS, category=TEXTS, language=LANGUAGES)
def test_every_term_stands_where_its_offset_says_at_the_borders_of_words(title, body, category, language):
    fields = {Field.TITLE: title, Field.BODY: body, Field.CATEGORY: category}
    tagged = MENTIONS.tag(text_of(title=title, body=body, categories=(category,), language=language))
    for mention in tagged:
        for item in mention.evidence:
            text, end = fields[Field(item.field)], item.offset + len(item.term)
            assert text[item.offset : end] == item.term
            assert not text[: item.offset][-1:].isalnum()
            assert not (text[end : end + 1].isalnum() and item.term[-1:].isalnum())


@given(title=TEXTS, body=TEXTS, language=LANGUAGES)
def test_the_same_text_has_the_same_mentions(title, body, language):
    first, again = (MENTIONS.tag(text_of(title=title, body=body, language=language)) for _ in range(2))
    assert first == again
    assert len({mention.name for mention in first}) == len(first) <= MOST_MENTIONS
    assert all(1 <= len(mention.evidence) <= MOST_EVIDENCE for mention in first)


@given(word=st.sampled_from([entry.name for entry in NAMES.entries]), letter=st.sampled_from("aézß9"))
def test_a_name_with_a_letter_more_is_another_word(word, letter):
    if word[-1].isalnum():
        tagged = MENTIONS.tag(text_of(title=f"x {word}{letter}", language="en"))
        assert word not in {item.term for mention in tagged for item in mention.evidence}


def test_a_text_of_nothing_but_one_name_is_not_looked_at_for_ever():
    reading = Reading(NAMES, text_of(title="T", body="Macron " * 2800, language="fr"))
    assert len(reading.sightings()) == MOST_NAMES
