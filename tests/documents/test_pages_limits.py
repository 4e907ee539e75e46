"""Pages that nobody should send: read in bounded time, or said to be none."""

import time

import pytest
from page_samples import STORY, html, paragraphs, read

from telex.core.model import PageDocument, Unreadable, UnreadableReason
from telex.documents import page_tree
from telex.documents.page_votes import ELEMENTS
from telex.documents.reader import read_page

FAMILIES = {
    "depth": lambda n: b"<div>" * n + b"x",
    "inline depth": lambda n: b"<b>" * n + b"<p>x",
    "open paragraphs": lambda n: b"<p>" * n,
    "attributes": lambda n: b"<p " + b" ".join(b"a%d=1" % i for i in range(n)) + b">x",
    "attributes with brackets": lambda n: b"<p " + b" ".join(b'a%d=">"' % i for i in range(n)) + b">x",
    "open quotes": lambda n: b'<a b="' * n,
    "open tags": lambda n: b"<a " * n,
    "comments": lambda n: b"<p>x<!--" * n,
    "scripts": lambda n: b"<script>" * n,
    "breaks": lambda n: b"<p>" + b"some text<br>" * n,
    "cells": lambda n: b"<table>" + b"<tr><td>x" * n,
    "items": lambda n: b"<ul>" + b"<li><a href=x>y</a> and more of it" * n,
    "spans": lambda n: b"<article><p>" + b"<span>word </span>" * n,
    "paragraphs": lambda n: b"<article>" + b"".join(b"<p>paragraph %d has its own words</p>" % i for i in range(n)),
    "json arrays": lambda n: b'<script type="application/ld+json">' + b"[" * n + b"</script><p>x",
    "json nodes": lambda n: b'<script type="application/ld+json">{"@type":"NewsArticle"}</script>' * n + b"<p>x",
    "metas": lambda n: b"<meta name=author content=x>" * n + b"<p>x",
    "times": lambda n: b"<time datetime=2020-01-01>x</time>" * n,
    "headings": lambda n: b"<h1>Title</h1>" * n,
    "names": lambda n: b"".join(b'<div class="related x%d">text of it</div>' % i for i in range(n)),
}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("size", [6_000, 100_000])
def test_a_hostile_page_is_read_in_bounded_time(family, size):
    start = time.process_time()
    found = read_page(FAMILIES[family](size), "text/html", "https://a.example/x")
    assert isinstance(found, PageDocument | Unreadable)
    assert time.process_time() - start < 10  # half a second on an idle core; what is quadratic takes minutes


def test_a_page_beyond_the_limits_is_cut_and_says_so():
    page = read_page(b"<p>word</p>" * (page_tree.ELEMENTS + 10), None, "https://a.example/x")
    assert isinstance(page, PageDocument)
    assert "page.cut" in page.repairs
    long = read_page(b"<p>" + b"word " * page_tree.PAGE_CHARACTERS, None, "https://a.example/x")
    assert isinstance(long, PageDocument)
    assert "page.cut" in long.repairs


def test_a_page_too_large_for_trafilatura_still_has_its_story():
    junk = "<i>x</i>" * (ELEMENTS + 10)
    page = read(html(f"<nav>{junk}</nav><article>{paragraphs(STORY)}</article>"))
    assert (page.text or "").split("\n\n") == STORY


def test_an_attribute_beyond_reason_costs_nothing_but_itself():
    state = '{"a": "b"}' * 10_000
    page = read(html(f"<article data-state='{state}'>{paragraphs(STORY)}</article>"))
    assert (page.text or "").split("\n\n") == STORY


@pytest.mark.parametrize("body", [b"%PDF-1.4 <a>", b"\x89PNG\r\n<a>", b"PK\x03\x04<a>"])
def test_data_of_another_kind_is_no_page(body):
    found = read_page(body, "text/html", "https://a.example/x")
    assert isinstance(found, Unreadable)
    assert found.reason is UnreadableReason.NOT_TEXT


@pytest.mark.parametrize(
    "value",
    ["[1, null, true]", '{"@type": 5, "author": 7, "headline": []}', '{"@type": "NewsArticle", "author": [[["x"]]], "image": [null]}',
     '{"@type": ["NewsArticle", 3], "author": {"name": {"x": 1}}, "articleBody": ["a"], "@graph": "x", "publisher": [1]}'],
)  # fmt: skip
def test_json_ld_of_the_wrong_types_is_harmless(value):
    script = f'<script type="application/ld+json">{value}</script>'
    assert (read(html(f"<article>{paragraphs(STORY)}</article>", head=script)).text or "").split("\n\n") == STORY
