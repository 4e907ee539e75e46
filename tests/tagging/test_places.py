"""Places of texts: whose name, whose not, and what an editor can check."""

import pytest

from telex.tagging.places import Places
from telex.tagging.text import text_of

PLACES = Places.load()


def codes(title, language, **fields):
    return [place.code for place in PLACES.tag(text_of(title=title, language=language, **fields))]


@pytest.mark.parametrize(
    ("language", "title", "expected"),
    [
        ("fr", "Les autorités maliennes rejettent l'appel de Washington", ["ML", "US"]),
        ("fr", "Le Kremlin répond à Pékin", ["RU", "CN"]),
        ("fr", "Côte d’Ivoire : un budget en hausse", ["CI"]),
        ("en", "Ivory Coast and the UK sign a deal", ["CI", "GB"]),
        ("en", "Nigerian ministers meet in Abuja", ["NG"]),
    ],
)
def test_a_country_is_known_by_its_names_its_people_its_cities_and_its_government(language, title, expected):
    assert codes(title, language) == expected
