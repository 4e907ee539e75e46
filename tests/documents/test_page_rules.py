"""What the catalogue knows of a publisher's pages wins over what telex would take for the story."""

import pytest

from telex.core.model import PageDocument, PageRules
from telex.documents import page_rules
from telex.documents.reader import read_page

URL = "https://le-fil.example/a/1"
STORY = "".join(
    f"<p>Le conseil municipal a voté la ligne numéro {n} du tramway, après un long débat.</p>" for n in range(4)
)
OTHER = "".join(
    f"<p>Une autre dépêche, de la page du journal, que personne n'a demandée ici {n}.</p>" for n in range(9)
)
PAGE = f"""<html lang="fr"><head><title>Le tramway</title></head><body>
<div class="feed"><h2>Autres dépêches</h2>{OTHER}</div>
<div class="s"><h1>Le tramway</h1><div class="s">{STORY}<div class="promo"><p>Abonnez-vous à notre lettre.</p></div> et la suite.</div></div>
<p>Après l'article.</p></body></html>""".encode()


def read(rules):
    page = read_page(PAGE, "text/html", URL, rules)
    assert isinstance(page, PageDocument)
    return page


def test_what_the_selector_names_is_the_story():
    page = read(PageRules("div.s > div.s", (".promo",)))
    assert page.text.count("Le conseil municipal") == 4
    assert page.text.endswith("et la suite.")
    assert not any(words in page.text for words in ("autre dépêche", "Abonnez-vous", "Après l'article"))
    assert page.text.count("\n\n") == 4
    assert ("body", "the catalogue's selector") in page.sources


def test_an_element_inside_another_that_is_named_is_not_told_twice():
    assert read(PageRules("div.s", (".promo",))).text.count("ligne numéro 2") == 1


def test_what_is_dropped_is_gone_also_where_our_rules_find_the_story():
    assert "Une autre dépêche" not in (read(PageRules(None, (".feed", ".promo"))).text or "")


def test_a_selector_that_matches_nothing_is_named_and_the_rules_find_the_story():
    page = read(PageRules("article.none"))
    assert page_rules.UNMATCHED in page.repairs
    assert page.text


@pytest.mark.parametrize("selector", ["article >", "p:nonsense()", "[", "a::b::c", ""])
def test_what_is_no_selector_is_refused(selector):
    with pytest.raises(ValueError):
        page_rules.check(selector)
