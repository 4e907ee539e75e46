"""When an article was published: a rule for each mistake, and each is named."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telex.core.model import Digest, Entry, Feed, FeedId, Markup, PageDocument, Publisher
from telex.documents.dates import ZONE_ASSUMED, day_in_url, parse
from telex.ingest import dating
from telex.ingest.normalise import Context, draft, named, source_of
from telex.ingest.pages import article_of_page
from telex.tagging.tags import UNTAGGED

NOW = 1_700_000_000.0
DAY = 86400.0
FEED = Feed(FeedId("f"), "https://a.example/feed", Publisher("a.example"))


def dated(timezone=None, skew=0.0, **entry):
    feed = Feed(FeedId("f"), "https://a.example/feed", Publisher("a.example"), timezone=timezone)
    fields = {"raw": Digest(b"12345678"), "guid": "1", "title": Markup("T", html=False), "link": "https://a.example/a"}
    made = draft(named(Entry(**fields | entry)), Context(feed, source_of(feed, None, None), "fr", NOW, skew=skew))
    return made.published_at, made.updated_at, made.published_at_source, made.repairs


def test_a_date_without_zone_is_of_the_sources_zone():
    summer, _, source, repairs = dated(
        "Africa/Casablanca", published=NOW - DAY, floating=("published",), repairs=(ZONE_ASSUMED,)
    )
    assert (summer, source, repairs) == (NOW - DAY - 3600, "feed", (dating.ZONE_FROM_CATALOGUE,))


def test_only_the_date_without_zone_is_moved():
    published, updated, _, _ = dated("Asia/Tokyo", published=NOW - DAY, updated=NOW - 9, floating=("published",))
    assert (published, updated) == (NOW - DAY - 9 * 3600, NOW - 9)


def test_without_a_zone_in_the_catalogue_it_is_utc_and_says_so():
    assert dated(published=NOW, floating=("published",), repairs=(ZONE_ASSUMED,)) == (
        NOW,
        None,
        "feed",
        (ZONE_ASSUMED,),
    )


@pytest.mark.parametrize("instant", [0.0, 1.0, -3600.0, 86399.0])
def test_the_first_instants_of_1970_are_no_date(instant):
    assert dated(published=instant, updated=instant) == (None, None, None, (dating.EPOCH,))


def test_a_server_whose_clock_is_ahead_is_corrected():
    assert dated(skew=7200, published=NOW + 7000) == (NOW - 200, None, "feed", (dating.SKEW,))


def test_a_date_ahead_of_the_servers_own_clock_is_none():
    assert dated(skew=7200, published=NOW + 3 * DAY) == (None, None, None, (dating.FUTURE_PUBLISHED,))


def test_the_past_is_not_corrected():
    assert dated(skew=7200, published=NOW - 100) == (NOW - 100, None, "feed", ())


def test_where_nothing_else_is_known_the_address_tells_the_day():
    published, _, source, repairs = dated(link="https://a.example/2023/11/14/le-budget")
    assert (published, source, repairs) == (1_699_920_000.0, "url", (dating.FROM_URL,))
    assert dated(published=NOW - 5, link="https://a.example/2023/11/01/x")[:3] == (NOW - 5, None, "feed")


@pytest.mark.parametrize(
    ("url", "day"),
    [
        ("https://a.example/2023/11/14/x", (2023, 11, 14)),
        ("https://a.example/x-20231114.html", (2023, 11, 14)),
        ("https://a.example/2023/1/4/x", (2023, 1, 4)),
        ("https://a.example/2023-11-14-x", (2023, 11, 14)),
        ("https://a.example/2023-11-14/2023-11-15", None),
        ("https://a.example/2023/02/31/x", None),
        ("https://a.example/id/120231114", None),
        ("https://a.example/x", None),
    ],
)
def test_a_day_in_an_address(url, day):
    assert day_in_url(url) == day


def test_an_article_is_published_once_whatever_date_its_edits_bear():
    feed = Feed(FeedId("f"), "https://a.example/feed", Publisher("a.example"))
    entry = Entry(raw=Digest(b"12345678"), guid="1", title=Markup("T", html=False), published=NOW - 60)
    made = draft(named(entry), Context(feed, source_of(feed, None, None), "fr", NOW))
    dating.keep_published(made, NOW - DAY)
    assert (made.published_at, made.updated_at, made.repairs) == (NOW - DAY, NOW - 60, (dating.MOVED,))
    dating.keep_published(made, NOW - DAY)
    assert (made.published_at, made.updated_at) == (NOW - DAY, NOW - 60)


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("mardi 14 novembre 2023 à 10h30", "2023-11-14T10:30"),
        ("le 1er août 2024", "2024-08-01T00:00"),
        ("14 de novembro de 2023 às 10h30", "2023-11-14T10:30"),
        ("terça-feira, 14 de março de 2023", "2023-03-14T00:00"),
        ("14 نوفمبر 2023 - 10:30", "2023-11-14T10:30"),
        ("الثلاثاء ١٤ نوفمبر ٢٠٢٣", "2023-11-14T00:00"),
        ("14 تشرين الثاني 2023", "2023-11-14T00:00"),
        ("3 جويلية 2024 10:05", "2024-07-03T10:05"),
        ("5 غشت 2024", "2024-08-05T00:00"),
        ("November 14, 2023 at 3:04 PM", "2023-11-14T15:04"),
        ("14/11/2023 10:30", "2023-11-14T10:30"),
        ("11/14/2023", "2023-11-14T00:00"),
    ],
)
def test_dates_as_people_write_them(text, iso):

    instant, assumed = parse(text)
    assert datetime.fromtimestamp(instant, UTC).isoformat(timespec="minutes").removesuffix("+00:00") == iso
    assert ZONE_ASSUMED in assumed


@pytest.mark.parametrize("text", ["04/11/2023", "hier à midi", "31/31/2023", "de 2023"])
def test_what_could_be_two_days_is_none(text):
    assert parse(text)[0] is None


@given(st.floats(-DAY * 365, NOW + DAY * 400), st.floats(-10 * DAY, 10 * DAY), st.sampled_from([None, "Africa/Lagos"]))
def test_no_date_lies_in_the_future(published, skew, timezone):
    found, updated, _, _ = dated(
        timezone, skew, published=published, updated=published, floating=("published", "updated")
    )
    assert found is None or found <= NOW + dating.FUTURE_LIMIT
    assert updated is None or updated <= NOW + dating.FUTURE_LIMIT


def test_a_day_in_the_address_gives_way_to_the_date_of_the_page():
    page = PageDocument("https://news.example/2026/11/27/story", title="T", text="Text.", published=NOW - 3600.0)
    article = article_of_page(FEED, page, NOW, UNTAGGED)
    assert (article.published_at, article.published_at_source) == (NOW - 3600.0, "page")
    assert "date.from_url" not in article.provenance.repairs
    undated = article_of_page(
        FEED, replace(page, url="https://news.example/2023/11/12/story", published=None), NOW, UNTAGGED
    )
    assert undated.published_at_source == "url"
    assert "date.from_url" in undated.provenance.repairs
