"""What publishers put before and behind their articles goes; no sentence of a story does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telex.documents.boilerplate import html_without, without

STORY = "Le conseil a voté jeudi le budget du tramway. Les travaux commencent en mars."
SENTENCES = [
    "Le maire a parlé",
    "Il faut lire la suite du livre",
    "She told pupils to read more",
    "The post was first published in March",
    "Facebook et X ont refusé",
    "Il est né le 30.12.1962, à Dakar",
    "1 234 vues ont été comptées",
    "Share prices fell",
    "« Lire la suite », dit-il",
]


@pytest.mark.parametrize(
    "boilerplate",
    [
        " Lire la suite",
        " Lire la suite →",
        " Lire l’article sur Le Fil",
        " [Lire la suite...]",
        " Read more",
        " Read more at The Wire »",
        " Continue reading The budget of the tram…",
        " Leia mais",
        " اقرأ المزيد",
        " 30.12.2022, Le Fil Afrique",
        "\n\nThe post Budget: 3.5 billion. And more appeared first on The Wire.",
        "\n\nL’article Le budget est voté est apparu en premier sur Le Fil.",
        "\n\nCet article Le budget est apparu en premier sur Le Fil",
        "\n\nO post Orçamento apareceu primeiro em O Fio.",
        "\n\nFacebook Twitter WhatsApp",
        "\n\nShare this: Facebook | X | Email",
        "\n\nPartager sur les réseaux",
        "\n\n1 234 vues",
        "\n\nTemps de lecture : 3 minutes",
        "\n\n12 commentaires\n\nLire la suite",
        " 7 vues",
        " (1 024 views)",
    ],
)
def test_what_is_appended_goes(boilerplate):
    assert without(STORY + boilerplate) == STORY


def test_a_mark_of_what_was_cut_is_an_ellipsis():
    assert without("Le conseil a voté jeudi [&#8230;]".replace("&#8230;", "…")) == "Le conseil a voté jeudi…"


@given(st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=5), st.sampled_from([". ", ".\n\n"]))
def test_no_sentence_of_a_story_goes(sentences, gap):
    story = gap.join(sentences) + "."
    assert without(story) == story


@given(st.text(max_size=300))
def test_what_goes_stood_at_the_end_and_a_second_time_nothing_goes(text):
    rest = without(text)
    assert text.startswith(rest.removesuffix("…"))
    assert without(rest) == rest


@given(st.text("aé .…\n*[]()«»", max_size=80), st.text("aé .*", min_size=6, max_size=20))
def test_the_publishers_own_never_fails_and_only_shortens(text, own):
    assert len(without(text, (own,))) <= max(len(text), 1)


def test_the_publishers_own_goes_at_both_ends():
    own = ("Suivez-nous sur WhatsApp", "Abonnez-vous à * dès maintenant")
    assert without(f"Suivez-nous sur WhatsApp : {STORY} Abonnez-vous à notre lettre dès maintenant", own) == STORY
    assert without(f"Le ministre dit : suivez-nous sur WhatsApp demain. {STORY}", own) == (
        f"Le ministre dit : suivez-nous sur WhatsApp demain. {STORY}"
    )


def test_a_text_that_is_nothing_else_stays():
    assert without("Lire la suite") == "Lire la suite"


def test_the_html_loses_the_same_paragraphs():
    html = "<p>Le conseil a voté.</p>\n<p>The post <a href='https://a.example/'>A &amp; B</a> appeared first on C.</p>"
    assert html_without(html, ["The post A & B appeared first on C."]) == "<p>Le conseil a voté.</p>"
    assert html_without(html, ["Something else."]) == html
