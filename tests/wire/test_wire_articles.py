"""Article ↔ JSON."""

from dataclasses import replace

import orjson
import pytest
from hypothesis import given, settings

from support.schema_validation import problems
from support.wire_strategies import articles, hostile_articles
from telex.core.model import Article, ArticleId, FeedId, Media, Profile, Provenance, Publisher, Source
from telex.wire.articles import from_json, to_json


@settings(deadline=None)
@given(articles())
def test_an_article_comes_back_exactly(article):
    assert from_json(to_json(article)) == article


@settings(max_examples=150, deadline=None)
@given(hostile_articles())
def test_whatever_a_feed_wrote_the_article_is_valid_and_stays_as_it_was_written_first(article):
    written = to_json(article)
    assert problems("article/1", orjson.loads(written)) == []
    assert b"\n" not in written
    assert to_json(from_json(written)) == written


def _withdrawn() -> Article:
    return Article(
        id=ArticleId("0" * 24), version=3, url=None, link=None, guid=None, title=None, summary=None, body=None,
        body_html=None, truncated=False, language=None, authors=(), published_at=None, updated_at=None,
        first_seen_at=1.5, published_at_source=None,
        source=Source(Publisher("example.org"), FeedId("f"), None, "https://example.org/f", None, None, Profile.UNKNOWN),
        feeds=(FeedId("f"),), categories=(), topics=(), places=(), mentions=(), media=(), word_count=0, rights=None,
        backfill=False, significance=None, changes=(), provenance=Provenance(9.0, "", None, missing_since=5.0),
    )  # fmt: skip


def test_an_article_of_which_memory_holds_nothing_has_every_member():
    data = orjson.loads(to_json(_withdrawn()))
    assert problems("article/1", data) == []
    assert data["title"] is None
    assert data["topics"] == []
    assert data["provenance"]["missing_since"] == "1970-01-01T00:00:05Z"


def test_media_without_an_address_are_left_out_and_senseless_sizes_unknown():
    media = (Media("no address"), Media("https://example.org/a.jpg", width=-1, height=2**60, length=0))
    data = orjson.loads(to_json(replace(_withdrawn(), media=media)))
    assert [(m["url"], m["width"], m["height"], m["length"]) for m in data["media"]] == [
        ("https://example.org/a.jpg", None, None, 0)
    ]


def test_members_that_a_later_release_adds_are_passed_over():
    data = orjson.loads(to_json(_withdrawn()))
    data["added"] = data["source"]["added"] = {"later": True}
    assert from_json(orjson.dumps(data)) == _withdrawn()


@pytest.mark.parametrize("data", [b"", b"{", b'{"id": "x"}', b"[]"])
def test_what_is_no_article_is_refused(data):
    with pytest.raises(ValueError, match=r".+"):
        from_json(data)
