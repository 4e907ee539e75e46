"""HTML to text and to safe HTML: what is kept, and that it takes linear time."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telex.core.model import Markup
from telex.documents.markup import sanitise, to_text

HTML = st.lists(
    st.sampled_from(
        [
            "<p>",
            "</p>",
            "<br>",
            "<b>",
            "</b>",
            "<li>",
            "<script>",
            "</script>",
            "<!--",
            "-->",
            "<a href='x'>",
            "</a>",
            "&amp;",
            "&lt;",
            "&nbsp;",
            "&#13;",
            "&#x0;",
            "\r\n",
            "\n\n\n",
            "\t",
            "\xa0",
            "\u200b",
            "�",
            "é",
            "<pre>",
            "</pre>",
            "<td>",
            "\x85",
            "\u2028",
            "<![CDATA[",
            "]]>",
            "<",
            ">",
            '"',
            "é",
            "texte",
            " ",
        ]
    )
    | st.text(max_size=4),
    max_size=30,
).map("".join)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Un.</p><p>Deux.</p>", "Un.\n\nDeux."),
        ("<p>Un</p>\n\n  Deux <div>Trois</div>", "Un\n\nDeux\n\nTrois"),
        ("Ligne<br/>suivante<br><br>Paragraphe", "Ligne\nsuivante\n\nParagraphe"),
        ("<ul><li>un</li><li>deux</li></ul>fin", "un\ndeux\n\nfin"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("<pre>  x\n  y</pre>z", "x\ny\n\nz"),
        ("Sel&nbsp;&amp; poivre &lt;b&gt; &amp;lt;", "Sel\u00a0& poivre <b> &lt;"),
        ("caf&eacute; &#233; &#xE9; &eacute", "café é é é"),
        ("<b>gr</b>as et <i>ita</i>lique", "gras et italique"),
        ("a<script>alert('<p>')</script>b<style>p{}</style>c", "abc"),
        ("a<SCRIPT>x</ScRiPt >b", "ab"),
        ("a<script>never closed", "a"),
        ("a<svg><title>icon</title></svg>b<iframe>x</iframe>", "ab"),
        ("a<!-- <p>hidden</p> -->b<!doctype x><?php x ?>c", "abc"),
        ("<![CDATA[gardé]]>", "gardé]]>"),
        ("<a title='a > b' href=\"x\">lien</a>", "lien"),
        ("5 < 6 & 7 > 6", "5 < 6 & 7 > 6"),
        ("Prix\u00a0: 5\u202f€ &nbsp; fin", "Prix\u00a0: 5\u202f€ fin"),
        ("e\u0301te\u0301", "été"),
        ("a\u200bb\ufeffc\xadd\x00e\ud800f", "abcdef"),
        ("&#99999999999999999999;", "\ufffd"),
        ("", ""),
        ("<img src=x onerror=y>", ""),
    ],
)
def test_html_becomes_text(html, text):
    assert to_text(Markup(html, html=True)) == text


def test_plain_text_keeps_what_looks_like_markup():
    assert to_text(Markup("a <b> &amp;\r\nb \n\n\n c", html=False)) == "a <b> &amp;\nb\n\nc"


@given(HTML, st.booleans())
def test_the_text_of_text_is_the_same_text(value, html):
    text = to_text(Markup(value, html=html))
    assert to_text(Markup(text, html=False)) == text
    assert unicodedata.is_normalized("NFC", text)
    assert "\n\n\n" not in text
    text.encode()


@given(HTML)
def test_safe_html_is_stable_and_shows_the_same_words(value):
    safe = sanitise(Markup(value, html=True), "https://post.example/")
    assert sanitise(Markup(safe, html=True), "https://post.example/") == safe
    assert "<script" not in safe.lower()


def test_addresses_become_absolute_or_go():
    html = (
        '<a href="/a">1</a><a href="javascript:x">2</a><img src="b.jpg" onerror="x"><a href="data:text/html,x">3</a>'
        '<img src="//cdn.example/c.jpg"><a href="http://[::1">4</a><a href="mailto:a@b.example">5</a>'
    )
    safe = sanitise(Markup(html, html=True), "https://post.example/x/")
    assert safe == (
        '<a href="https://post.example/a" rel="noopener noreferrer nofollow">1</a>'
        '<a rel="noopener noreferrer nofollow">2</a><img src="https://post.example/x/b.jpg">'
        '<a rel="noopener noreferrer nofollow">3</a><img src="https://cdn.example/c.jpg">'
        '<a rel="noopener noreferrer nofollow">4</a><a rel="noopener noreferrer nofollow">5</a>'
    )


def test_without_a_base_relative_addresses_go():
    assert sanitise(Markup('<img src="b.jpg" alt="x">', html=True)) == '<img alt="x">'


def test_plain_text_becomes_paragraphs():
    assert sanitise(Markup("a <b>\nb\n\nc & d", html=False)) == "<p>a &lt;b&gt;<br>b</p>\n<p>c &amp; d</p>"


def test_html_nested_beyond_reason_becomes_paragraphs():
    assert sanitise(Markup("<div>" * 5000 + "a" + "</div>" * 5000 + "<p>b", html=True)) == "<p>a</p>\n<p>b</p>"


HOSTILE = {
    "divs": "<div>",
    "less-than": "<",
    "open tags": "<a",
    "open quotes": '<a "',
    "quotes": "<a b='>",
    "comments": "<!--",
    "sections": "<![CDATA[",
    "scripts": "<script>",
    "drawings": "<svg>",
    "ampersands": "&",
    "references": "&amp;",
    "numbers": "&#1",
    "marks": "\u0301\u0327",
    "tables": "<table>a<i>b</i>",
    "formatting": "<b><p>",
    "slashes": "<x/",
    "attributes": "<a b=1 ",
    "closing": "<b><div>x</b>",
    "spaces": " \n ",
}


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("work", [to_text, sanitise], ids=["text", "html"])
def test_hostile_html_takes_linear_time(work, piece):
    def seconds(size):
        markup = Markup(piece * (size // len(piece)), html=True)
        best = float("inf")
        for _ in range(2):
            start = time.process_time()
            work(markup)
            best = min(best, time.process_time() - start)
        return best

    # Quadratic would be 64 times as long; what is fast in any case needs no comparison.
    assert seconds(256 * 1024) < max(0.25, 30 * seconds(32 * 1024))


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<svg><title>Carte</title><circle r='1'/></svg>", "Carte"),
        ("<div><svg viewBox='0 0 1 1'><desc>Le <abbr>port</abbr> &amp; la mer</desc><path/></svg></div>", "Le port & la mer"),
        ("<svg><title>Un</title></svg><svg><title>Deux</title><desc>Trois</desc></svg>", "Un\n\nDeux\n\nTrois"),
        ("<p>Texte</p><svg><title>Partager</title></svg>", "Texte"),
        ("<svg><text>x</text></svg>", ""),
        ("<svg><title>sans fin", "sans fin"),
    ],
)  # fmt: skip
def test_a_drawing_is_told_by_its_title_where_there_is_nothing_else(markup, text):
    assert to_text(Markup(markup, html=True)) == text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("a <!' <b>c</b>", "a <!' c"),
        ("5 <! 6 > 4", "5 <! 6 > 4"),
        ("a<!>b", "ab"),
        ("a<!DOCTYPE html>b", "ab"),
        ("a<![if !supportLists]>b<![endif]>c", "abc"),
        ("a<!-- x -->b<!-x>c", "abc"),
        ("a<?php x ?>b</ >c", "abc"),
    ],
)
def test_what_is_no_declaration_is_text(markup, text):
    assert to_text(Markup(markup, html=True)) == text


@pytest.mark.parametrize("part", ["<svg>", "<svg><title>", "<svg></svg>", "<svg><desc>a</desc>", "<!' "])
def test_many_drawings_take_linear_time(part):
    assert len(to_text(Markup(part * 50_000, html=True))) <= 50_000 * len(part)
