"""What a publisher writes fits into a record, whatever its length: the events that no record could hold are cut."""

from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.schema_validation import validator
from support.wire_strategies import articles
from telex.core.events import ArticlePublished, DeadLetter
from telex.core.model import FeedId, Publisher
from telex.wire.articles import from_data
from telex.wire.cloudevents import records
from telex.wire.fitting import fitting_records, size
from telex.wire.topics import Naming

LIMIT = 64 * 1024
EXAMPLE = Path(__file__).parents[2] / "schemas/examples/telex.article.published.json"
texts = st.sampled_from(("a", "\x01", '"\\', "新", "\U0001f4f0", "word and "))
lengths = st.sampled_from((0, 10, 20_000, 200_000))


@pytest.fixture
def article():
    return from_data(orjson.loads(EXAMPLE.read_bytes())["data"])


def data(record):
    return orjson.loads(record.value)


@given(articles(), texts, lengths, lengths, lengths)
def test_an_article_of_any_length_fits_and_stays_valid(article, text, body, html, summary):
    article = replace(article, body=text * body or None, body_html=text * html or None, summary=text * (summary // 4))
    event = ArticlePublished(article)
    (made,) = fitting_records(event, Naming(), LIMIT)
    assert size(made) <= LIMIT
    assert list(validator("article/1").iter_errors(data(made))) == []
    if size(records(event, Naming())[0]) <= LIMIT:
        assert made == records(event, Naming())[0]


def test_the_body_is_cut_as_little_as_a_few_tries_allow_and_says_so(article):
    body = "Une phrase qui raconte la journée. " * 10_000
    (made,) = fitting_records(ArticlePublished(replace(article, body=body, body_html="<p>x</p>")), Naming(), LIMIT)
    found = data(made)
    assert body.startswith(found["body"])
    assert len(found["body"].encode()) > 0.8 * LIMIT
    assert found["truncated"]
    assert found["body_html"] is None
    assert "record.cut" in found["provenance"]["repairs"]


def test_html_goes_first_and_the_whole_text_stays(article):
    event = ArticlePublished(replace(article, body="b" * 1000, body_html="<p>b</p>" * 10_000, truncated=False))
    (made,) = fitting_records(event, Naming(), LIMIT)
    assert data(made)["body"] == "b" * 1000
    assert data(made)["body_html"] is None
    assert not data(made)["truncated"]


@pytest.mark.parametrize("limit", [2000, 20_000, 200_000])
def test_a_dead_letter_keeps_the_beginning_of_its_bytes(limit):
    letter = DeadLetter(
        FeedId("f"), Publisher("p"), 1, 0.0, "http://f.example/", "html", "d", None, "0" * 64, 90_000, b"x" * 65_536
    )
    (made,) = fitting_records(letter, Naming(), limit)
    assert size(made) <= limit
    assert data(made)["truncated"]
    assert data(made)["length"] == 90_000


def test_what_can_not_be_cut_comes_back_for_the_log_to_refuse(article):
    event = ArticlePublished(replace(article, title="t" * 2000, body="b" * 10_000))
    (made,) = fitting_records(event, Naming(), 1500)
    assert size(made) > 1500
    assert data(made)["title"] == "t" * 2000
