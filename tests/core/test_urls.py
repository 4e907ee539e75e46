"""One article, one address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telex.core.urls import canonical, identity


def test_tracking_and_fragment_are_no_part_of_an_address():
    url = "HTTPS://News.Example:443/a/b?utm_source=rss&id=7&fbclid=x#top"
    assert canonical(url) == "https://news.example/a/b?id=7"


def test_the_order_of_other_parameters_stays():
    assert canonical("http://x.example/?b=1&a=2") == "http://x.example/?b=1&a=2"


def test_what_is_no_web_address_has_no_canonical_form():
    for url in (
        None,
        "",
        "urn:uuid:1",
        "javascript:alert(1)",
        "http://",
        "http://x:99999999/",
        "//x.example/a",
        "http://[::1",
    ):
        assert canonical(url) is None


def test_scheme_www_and_a_closing_slash_do_not_make_another_article():
    assert identity("http://www.news.example/a/") == identity("https://news.example/a")


@given(st.text(max_size=60))
def test_canonical_is_idempotent_and_never_raises(rest):
    once = canonical("http://news.example/" + rest)
    assert once is None or canonical(once) == once


PIECES = st.sampled_from(
    [
        "/",
        "//",
        "a",
        "B-c.html",
        "%20",
        ":",
        ":80",
        ":443",
        ":8080",
        ":65000",
        "?",
        "a=1",
        "&",
        "utm_source=x",
        "amp",
        "#",
        "www.",
        "=",
        "..",
        "~",
        "'",
        "é",
        "@",
    ]
)


@given(
    st.sampled_from(["http", "https"]), st.sampled_from(["news.example", "www.x.example"]), st.lists(PIECES, max_size=7)
)
def test_usual_addresses_take_a_shorter_way_to_the_same(scheme, host, pieces):
    rest = f"://{host}{''.join(pieces)}"
    assert canonical(scheme + rest) == canonical(scheme.upper() + rest)


@pytest.mark.parametrize(
    "url",
    [
        "http://news.example/a/1",
        "https://www.news.example/a/1/",
        "https://m.news.example/a/1",
        "https://mobile.news.example/a/1",
        "https://amp.news.example/a/1",
        "https://news.example/a/1/amp",
        "https://news.example/a/1/amp/",
        "https://news.example/amp/a/1",
        "https://news.example/a/1?amp=1",
        "https://news.example/a/1?outputType=amp",
        "https://news.example/a/1;jsessionid=0A1B?PHPSESSID=77",
        "https://news.example/a/1?sessionid=5&gbraid=x",
    ],
)
def test_every_face_of_an_address_is_one_identity(url):
    assert identity(url) == "news.example/a/1"


@pytest.mark.parametrize(
    "url",
    ["https://m.example/a/1", "https://news.example/amplitude", "https://news.example/camp/1", "https://amp.example/a"],
)
def test_what_only_looks_like_a_face_stays(url):
    assert identity(url) == url.partition("://")[2]
