"""Who wrote an entry: names apart, agencies from persons, nobody left out."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telex.core.model import Author
from telex.documents.bylines import kind_of, of_entry


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("Awa Ndiaye", ["Awa Ndiaye"]),
        ("By Ann Lee and Bo Diop", ["Ann Lee", "Bo Diop"]),
        ("Par Awa Ndiaye et Luc Roy", ["Awa Ndiaye", "Luc Roy"]),
        ("Ann Lee, Bo Diop and Zoé Petit", ["Ann Lee", "Bo Diop", "Zoé Petit"]),
        ("Ann Lee, Political Editor", ["Ann Lee, Political Editor"]),
        ("Ann Lee in Paris and Bo Diop", ["Ann Lee in Paris", "Bo Diop"]),
        ("Staff and agencies", ["Staff and agencies"]),
        ("Luc Roy avec AFP", ["Luc Roy", "AFP"]),
        ("Ann Lee with Reuters", ["Ann Lee", "Reuters"]),
        ("Luc Roy (AFP)", ["Luc Roy", "AFP"]),
        ("AFP/Luc Roy", ["AFP", "Luc Roy"]),
        ("Reuters, AFP", ["Reuters", "AFP"]),
        ("Diop, Awa", ["Diop, Awa"]),
        ("Médecins sans frontières", ["Médecins sans frontières"]),
        ("admin", []),
        ("La Rédaction", []),
        ("Rédaction web", []),
        ("webmaster", []),
        ("Our Correspondent", []),
        ("Newsroom", []),
    ],
)
def test_a_byline_names_everybody_and_nobody_else(written, names):
    assert [author.name for author in of_entry(Author(written))] == names


def test_what_belongs_to_one_belongs_to_none_of_several():
    (one,) = of_entry(Author("By Ann Lee", "https://a.example/ann", "ann@a.example"))
    assert one == Author("Ann Lee", "https://a.example/ann", "ann@a.example", "person")
    assert {author.email for author in of_entry(Author("Ann Lee and Bo Diop", None, "desk@a.example"))} == {None}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Awa Ndiaye", "person"),
        ("Jean-Luc de La Tour", "person"),
        ("AFP", "agency"),
        ("Agence France-Presse", "agency"),
        ("Le Fil", None),
        ("Radio Lumière", None),
        ("Madonna", None),
        ("rédacteur invité", None),
    ],
)
def test_agencies_are_told_from_persons(name, kind):
    assert kind_of(name) == kind


@given(st.text(max_size=120))
def test_no_name_is_made_up(text):
    for author in of_entry(Author(text)):
        assert author.name is not None
    joined = " ".join(author.name for author in of_entry(Author(text)))
    assert set(re.findall(r"\w+", joined)) <= set(re.findall(r"\w+", text))
