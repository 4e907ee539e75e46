"""Formats: a reader of feeds finds in each document what the world shows, and noise changes nothing of it."""

import html
import json
import re

import feedparser
import pytest

from newsroom import formats, pages
from newsroom.publishers import Format, Guid
from newsroom.world import Plan, World

START = 1_700_000_000.0
BASE = "http://127.0.0.1:1"
WORLD = World(Plan(seed=11, publishers=42, start_articles=30), BASE, START)
XML = [window for window in WORLD.windows.values() if window.publisher.format is not Format.JSON]
JSON = [window for window in WORLD.windows.values() if window.publisher.format is Format.JSON]


def issue(window, noise=0):
    return formats.Issue(window.publisher, window.feed, window.now.articles, BASE, START + noise, noise)


def read(window, noise=0):
    document = feedparser.parse(formats.write(issue(window, noise)))
    assert not document.bozo, document.get("bozo_exception")
    return document


def plain(markup):
    return html.unescape(re.sub(r"<[^>]+>", "", markup))


@pytest.mark.parametrize("window", XML, ids=lambda window: window.feed.id)
def test_an_xml_feed_shows_the_articles_of_its_window(window):
    document = read(window)
    articles = window.now.articles
    expected = {Format.RSS2: "rss20", Format.RDF: "rss10", Format.ATOM: "atom10"}[window.publisher.format]
    assert document.version == expected
    assert len(articles) == len(document.entries) > 0
    for entry, article in zip(document.entries, articles, strict=True):
        assert entry.title == article.story.title
        assert entry.link.partition("?")[0] == article.link
        assert article.story.summary == plain(entry.summary).strip()
        assert article.guid is None or entry.id == article.guid
        assert entry.author in article.story.authors
        assert {tag.term for tag in entry.tags} == set(article.story.categories)
        if window.publisher.habits.full:
            for paragraph in article.story.paragraphs:
                assert paragraph in plain(entry.content[-1].value)
        else:
            assert "content" not in entry


@pytest.mark.parametrize("window", JSON, ids=lambda window: window.feed.id)
def test_a_json_feed_shows_the_articles_of_its_window(window):
    document = json.loads(formats.write(issue(window)))
    assert document["version"] == "https://jsonfeed.org/version/1.1"
    assert [item["title"] for item in document["items"]] == [article.story.title for article in window.now.articles]
    assert [item["id"] for item in document["items"]] == [a.guid or a.link for a in window.now.articles]


@pytest.mark.parametrize("window", XML, ids=lambda window: window.feed.id)
def test_noise_changes_bytes_and_no_meaning(window):
    assert formats.write(issue(window, 1)) != formats.write(issue(window, 2))
    quiet, noisy = read(window, 0), read(window, 5)
    for one, other in zip(quiet.entries, noisy.entries, strict=True):
        assert one.title == other.title
        assert one.link.partition("?")[0] == other.link.partition("?")[0]
        assert plain(one.summary) == plain(other.summary)
        assert one.get("id") == other.get("id") or window.publisher.habits.guid is Guid.NONE
        assert one.get("content") == other.get("content")


def test_charsets_other_than_utf_8_are_used():
    assert {window.publisher.habits.charset for window in XML} == {"utf-8", "iso-8859-1", "windows-1252"}


def test_a_page_holds_the_article_and_its_metadata():
    article = XML[0].now.articles[0]
    page = pages.write(article, XML[0].now.articles[1:4], BASE, 0).decode()
    data = json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', page)[1])
    assert data["@type"] == "NewsArticle"
    assert data["headline"] == article.story.title
    assert data["articleBody"] == "\n\n".join(article.story.paragraphs)
    assert f'<meta property="og:url" content="{article.link}">' in page
    assert page.count("<p>", page.index('<div class="body">'), page.index("</article>")) == len(
        article.story.paragraphs
    )
    assert XML[0].now.articles[1].path in page


def test_the_metadata_of_some_publishers_pages_runs_paragraphs_together():
    window = next(window for window in XML if window.publisher.habits.run_together)
    article = window.now.articles[0]
    data = json.loads(re.search(r'json">(.*?)</script>', pages.write(article, (), BASE, 0).decode())[1])
    assert data["articleBody"] == "".join(article.story.paragraphs)


def test_noise_changes_a_page_outside_its_article():
    article = XML[0].now.articles[0]
    one, other = (pages.write(article, (), BASE, noise).decode() for noise in (0, 1))
    assert one != other
    assert one[: one.index("</article>")] == other[: other.index("</article>")]
