"""Places of texts: whose name, whose not, and what an editor can check."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telex.tagging.gazetteer import Kind, load_gazetteer, words_of
from telex.tagging.places import MOST_EVIDENCE, Places
from telex.tagging.text import text_of

PLACES = Places.load()


def codes(title, language, **fields):
    return {place.code for place in PLACES.tag(text_of(title=title, language=language, **fields))}


def roles(**fields):
    return {place.code: place.role for place in PLACES.tag(text_of(**fields))}


@pytest.mark.parametrize(
    ("language", "title", "expected"),
    [
        ("fr", "Les autorités maliennes rejettent l'appel de Washington", "ML US"),
        ("fr", "Le Kremlin répond à Pékin", "RU CN"),
        ("fr", "L'Élysée et Downing Street se parlent", "FR GB"),
        ("fr", "Côte d’Ivoire : un budget en hausse", "CI"),
        ("fr", "La RDC et la RCA à la table de Luanda", "CD CF AO"),
        ("fr", "Les troupes franco-allemandes quittent Gao", "FR DE ML"),
        ("fr", "Deux Burkinabè et une Nigériane primés à La Haye", "BF NG NL"),
        ("fr", "Un séisme frappe les Émirats et Hong-Kong", "AE HK"),
        ("en", "Ivory Coast and the UK sign a deal", "CI GB"),
        ("en", "Nigerian ministers meet Malians in Abuja", "NG ML"),
        ("en", "The White House and Pretoria fall out", "US ZA"),
        ("en", "A U.S. envoy lands in N'Djamena", "US TD"),
        ("en", "Floods in KwaZulu-Natal and the Niger Delta", "ZA NG"),
        ("en", "Storm reaches St. Petersburg and Washington, D.C.", "RU US"),
    ],
)
def test_a_country_is_known_by_its_names_its_people_its_cities_and_its_seats_of_government(language, title, expected):
    assert codes(title, language) == set(expected.split())


@pytest.mark.parametrize(
    ("language", "title", "expected"),
    [
        ("fr", "Le Niger ferme sa frontière avec le Nigeria", "NE NG"),
        ("fr", "Les forces nigériennes et nigérianes patrouillent", "NE NG"),
        ("fr", "L'État du Niger, au Nigeria, compte ses morts", "NG"),
        ("fr", "La Guinée, la Guinée-Bissau et la Guinée équatoriale votent", "GN GW GQ"),
        ("fr", "Un Guinéen arrêté à Malabo", "GQ"),
        ("fr", "Pirates dans le golfe de Guinée", ""),
        ("en", "Papua New Guinea beats Guinea", "PG GN"),
        ("en", "Guinea worm disease is nearly gone", ""),
        ("fr", "Le Congo-Brazzaville et le Congo-Kinshasa signent", "CG CD"),
        ("fr", "Congo : combats près de Goma", "CD"),
        ("fr", "Les supporters congolais fêtent à Brazzaville", "CG"),
        ("fr", "Le Soudan du Sud et le Soudan se parlent", "SS SD"),
        ("fr", "La Géorgie vote, Tbilissi attend", "GE"),
        ("en", "Georgia votes again, Atlanta waits", "US"),
        ("en", "South Korea and North Korea talk", "KR KP"),
        ("en", "Jordan hosts the talks", "JO"),
        ("en", "Keeper Jordan Pickford is out", ""),
        ("en", "As Michael Jordan retired, fans said Jordan was the best", ""),
        ("en", "Singer Chad Smith tours Chad", "TD"),
        ("en", "Farmers roast a turkey for dinner", ""),
        ("en", "Talks resume in Turkey", "TR"),
        ("en", "The novels of Jack London sell again", ""),
        ("en", "Heiress Paris Hilton opens a hotel", ""),
        ("en", "Paris, Texas, elects a mayor", "US"),
        ("en", "Mr London told the court that he was asleep", ""),
        ("en", "Reading is good for children", ""),
        ("en", "A man was hurt in Reading", "GB"),
        ("en", "They have a bath before bed", ""),
        ("fr", "Nice victoire des jeunes", ""),
        ("fr", "Un incendie à Nice", "FR"),
        ("fr", "Tours de magie pour les enfants", ""),
        ("fr", "La gare de Tours rouvre", "FR"),
        ("fr", "Lens cherche un gardien, dit-on à Lens", "FR"),
        ("fr", "Une ministre, Nancy Durand, démissionne", ""),
        ("fr", "Marseille s'impose", "FR"),
        ("en", "Manchester United lose again", "GB"),
        ("fr", "François Hollande publie un livre", ""),
        ("fr", "Le vélo gagne la Hollande, en Hollande surtout", "NL"),
        ("fr", "Un accident rue de Paris", ""),
        ("fr", "Manifestation dans les rues de Paris", "FR"),
        ("fr", "Le discours a été lu en espagnol.", ""),
        ("fr", "La finale se joue en Argentine", "AR"),
        ("en", "She wrote the letter in French, then left.", ""),
        ("en", "Losses grow in French farming", "FR"),
        ("en", "The editor of the New York Times resigns", ""),
        ("fr", "L'accord de Paris a dix ans", ""),
        ("en", "Tell us more", ""),
        ("en", "The GAO audits the army", ""),
        ("fr", "Les latino-américains s'accordent", ""),
        ("fr", "Un incendie dans une conserverie du Cap", "ZA"),
        ("fr", "Les oiseaux de Nouvelle-Bretagne", ""),
        ("fr", "La réunion a duré", ""),
        ("fr", "La Réunion attend le cyclone", "RE"),
        ("fr", "L'Arabie saoudite et l'Arabie Saoudite", "SA"),
        ("fr", "Un groupe anti-balaka désarmé", ""),
        ("fr", "Le mot anglais est resté", ""),
        ("fr", "L'attaquant Riyad Mahrez marque. Riyad est content", ""),
        ("fr", "Riyad Mahrez joue à Riyad", "SA"),
        ("fr", "Un médecin argentino-américain honoré", "AR US"),
        ("en", "They share its English name", ""),
        ("en", "The commissioner, Thierry Breton, will now resign", ""),
        ("en", "Captain James Thomson-Boston is back", ""),
        ("en", "Chad Closes Border After Raid", "TD"),
        ("en", "Voters in Durham, Ohio and Texas wait", "US"),
        ("en", "Voters in Durham wait", "GB"),
        ("en", "Israel PM flies to Paris Saint-Germain match", "IL FR"),
        ("fr", "Le Cap-Vert se qualifie au Cap", "CV ZA"),
        ("fr", "L'opposant Maurice Durand face à Yaoundé", "CM"),
        ("en", "Benin bronzes come home", ""),
        ("en", "The keeper will miss England's next match", "GB"),
        ("fr", "Elle France, lui Paris : Santé France, dit M. Paris", "FR"),
        ("en", "The novelist Anatole France died. France mourned, French flags flew", "FR"),
        ("en", "The novelist Anatole France died. France was 80", ""),
        ("fr", "De l'eau, encore de l'eau. Eau potable : la crise", ""),
    ],
)
def test_homonyms_are_settled_by_the_words_beside_them(language, title, expected):
    assert codes(title, language) == set(expected.split())


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("As autoridades angolanas e moçambicanas reúnem-se em Brasília", "AO MZ BR"),
        ("O Kremlin responde a Pequim e aos Estados Unidos", "RU CN US"),
        ("Guiné-Bissau: presidente dissolve parlamento", "GW"),
        ("Guineenses protestam em Malabo", "GQ"),
        ("O ministro alemão visita São Tomé e Príncipe", "DE ST"),
        ("O escritor João Lisboa publica um livro", ""),
        ("O discurso foi lido em inglês.", ""),
        ("Ataque em Cabo Delgado", "MZ"),
    ],
)
def test_portuguese_is_data_alone(title, expected):
    assert codes(title, "pt") == set(expected.split())


@pytest.mark.parametrize(
    ("language", "title", "expected"),
    [
        ("en", "NIGERIA AND CHINA SIGN A DEAL", "NG CN"),
        ("fr", "COTE D’IVOIRE : LE PRESIDENT A NDJAMENA", "CI TD"),
        ("en", "TELL US MORE ABOUT IT", ""),
        ("en", "Turkey Eases Visas For Visitors From Kenya", "TR KE"),
        ("en", "Nice Weather Ahead", ""),
        ("en", "kenya bans plastic bags", "KE"),
    ],
)
def test_titles_in_capitals_throughout_or_in_none_are_read_too(language, title, expected):
    assert codes(title, language) == set(expected.split())


def test_regions_have_their_code_of_the_united_nations():
    assert codes("L'Afrique de l'Ouest et le Maghreb face à la sécheresse", "fr") == {"011", "015"}
    assert codes("The Horn of Africa waits for rain", "en") == {"014"}


def test_what_a_story_is_about_comes_first_and_the_rest_is_mentioned():
    places = PLACES.tag(
        text_of(
            title="Le Mali ferme ses écoles",
            body="Le gouvernement malien a fermé les écoles. À Bamako, des parents protestent. "
            "Un programme semblable existe au Togo.",
            language="fr",
        )
    )
    assert [(place.code, place.name, place.role) for place in places] == [
        ("ML", "Mali", "subject"),
        ("TG", "Togo", "mentioned"),
    ]


def test_where_the_reporter_sits_is_not_what_the_story_is_about():
    found = roles(
        title="Des écoles ferment",
        body="PARIS, 3 mars (X) — Le gouvernement malien a fermé des écoles à Bamako.",
        language="fr",
    )
    assert found == {"ML": "subject", "FR": "mentioned"}


def test_a_dateline_alone_is_what_the_story_is_about():
    assert roles(title="Police shoot two", body="LAGOS (X) - Police shot two.", language="en") == {"NG": "subject"}


def test_a_place_has_the_name_that_the_texts_language_gives_it():
    (french,) = PLACES.tag(text_of(title="L'Allemagne vote", language="fr"))
    (english,) = PLACES.tag(text_of(title="Berlin votes", language="en-GB"))
    assert (french.name, english.name) == ("Allemagne", "Germany")


def test_a_text_without_a_language_is_read_in_the_one_of_its_function_words():
    assert codes("Le président de la Tchéquie est à Vienne", None) == {"CZ", "AT"}
    assert codes("The president of the Czech Republic is in Vienna", None) == {"CZ", "AT"}


def test_a_language_without_names_has_no_places():
    assert codes("Deutschland und Mali", "de") == set()


def test_a_publishers_category_names_a_place_and_its_address_does_not():
    assert codes("Grève", "fr", categories=("Sénégal",), url="https://x.example/mali/greve") == {"SN"}


def test_evidence_is_each_form_once_the_weightiest_first():
    (place,) = PLACES.tag(
        text_of(title="Kenya votes", body="Kenya. Nairobi. Kenyan. Mombasa. Kisumu. Nakuru. Nairobi.", language="en")
    )
    assert [item.term for item in place.evidence] == ["Kenya", "Nairobi", "Kenyan", "Mombasa", "Kisumu"]
    assert (place.evidence[0].field, place.evidence[1].field) == ("title", "body")


NAMES = [
    *("Mali", "malienne", "Paris", "Jordan", "Nice", "Congo", "Guinée", "New York", "N'Djamena", "US", "Saint-Denis"),
    *(
        "Reading",
        "Georgia",
        "Texas",
        "French",
        "Michael",
        "Mr",
        "en",
        "in",
        "rue de",
        "Kremlin",
        "PARIS",
        "St",
        "(",
        "—",
    ),
]
TEXTS = st.lists(st.sampled_from(NAMES) | st.text(max_size=6), max_size=25).map(" ".join)
LANGUAGES = st.sampled_from(["fr", "en", None])


@given(TEXTS, TEXTS, LANGUAGES)
def test_evidence_leads_back_to_a_term_that_ends_where_words_end(title, body, language):
    text = text_of(title=title, body=body, language=language)
    fields = {"title": title, "body": body}
    starts = {segment.field: segment.start for segment in text.segments}
    for place in PLACES.tag(text):
        assert 1 <= len(place.evidence) <= MOST_EVIDENCE
        for item in place.evidence:
            assert fields[item.field][item.offset : item.offset + len(item.term)] == item.term
            start = starts[item.field] + item.offset
            assert text.is_word(start, start + len(item.term))


@given(TEXTS, TEXTS, LANGUAGES)
def test_the_same_text_has_the_same_places_each_once_and_subjects_first(title, body, language):
    first = PLACES.tag(text_of(title=title, body=body, language=language))
    assert first == PLACES.tag(text_of(title=title, body=body, language=language))
    assert len({place.code for place in first}) == len(first)
    told = [place.role for place in first]
    assert told == sorted(told, key=["subject", "mentioned"].index)


SENTENCES = {"fr": "L'équipe de {} gagne.", "en": "The team of {} wins.", "pt": "A equipa de {} ganha."}
NAMESAKES = {"GD", "MF", "SX"}
"""Whose names in French or Portuguese are rather those of a city in Spain, and of people."""


@settings(max_examples=50)
@given(st.sampled_from(sorted(SENTENCES.items())), st.data())
def test_every_countrys_name_in_clean_prose_is_that_country(sentence, data):
    language, pattern = sentence
    called = PLACES.gazetteer.called[language]
    code = data.draw(st.sampled_from([code for code in sorted(called) if code.isalpha() and code not in NAMESAKES]))
    found = PLACES.tag(text_of(title=pattern.format(called[code]), language=language))
    assert code in {place.code for place in found}


def test_every_country_has_a_name_in_every_language_and_every_code_is_one():
    gazetteer = load_gazetteer()
    known = {code for code in gazetteer.called["en"] if code.isalpha()}
    for names in gazetteer.languages.values():
        used = set()
        for start in names.starts.values():
            longer = [sense for rest in start.longer.values() for _, sense in rest]
            longer += [sense for _, _, sense in start.behind]
            for sense in [*([start.alone] if start.alone else []), *longer]:
                used.update(filter(str.isalpha, sense.codes))
                assert sense.codes or sense.kind is Kind.NOTHING
        assert used == known, names.language


def test_a_name_is_looked_up_by_its_words_without_case_and_accents():
    assert words_of("Côte d’Ivoire") == ["cote", "d", "ivoire"]
