"""Instants, addresses, text and JSON on the wire."""

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.wire_strategies import MILLISECONDS, uris
from telex.wire import values


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "1970-01-01T00:00:00Z"),
        (-1.0, "1969-12-31T23:59:59Z"),
        (1770273125.25, "2026-02-05T06:32:05.250Z"),
        (-0.001, "1969-12-31T23:59:59.999Z"),
        (1770273125.9996, "2026-02-05T06:32:06Z"),
        (-62_135_596_800.0, "0001-01-01T00:00:00Z"),
        (253_402_300_799.0, "9999-12-31T23:59:59Z"),
    ],
)
def test_an_instant_is_rfc_3339_with_milliseconds_only_where_there_are_any(seconds, text):
    assert values.instant(seconds) == values.instant_or_none(seconds) == text


@settings(deadline=None)
@given(MILLISECONDS)
def test_every_millisecond_of_every_year_comes_back_exactly(milliseconds):
    assert values.seconds(values.instant(milliseconds / 1000)) == milliseconds / 1000


@pytest.mark.parametrize("seconds", [-62_135_596_800.1, 253_402_300_800.0, 1e300, float("inf"), float("nan"), None])
def test_a_publishers_instant_outside_the_calendar_is_unknown(seconds):
    assert values.instant_or_none(seconds) is None


def test_our_own_broken_clock_costs_no_event():
    assert values.instant(float("inf")) == "9999-12-31T23:59:59Z"
    assert values.instant(-1e300) == "0001-01-01T00:00:00Z"
    assert values.instant(float("nan")) == "1970-01-01T00:00:00Z"


@pytest.mark.parametrize("text", ["", "yesterday", "2026-02-05", "2026-02-05T06:32:05"])
def test_a_text_that_is_no_instant_is_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        values.seconds(text)


@settings(deadline=None)
@given(uris)
def test_an_address_that_is_a_uri_is_left_alone(url):
    assert values.uri_or_none(url) == url


@pytest.mark.parametrize(
    ("written", "uri"),
    [
        ("https://example.org/é à", "https://example.org/%C3%A9%20%C3%A0"),
        (" https://example.org/a\n", "https://example.org/a"),
        ("https://example.org/?tags[]=a|b", "https://example.org/?tags%5B%5D=a%7Cb"),
        ("https://example.org/100%", "https://example.org/100%25"),
        ("https://example.org/%C3%A9", "https://example.org/%C3%A9"),
        ("https://example.org/#a#b", "https://example.org/#a%23b"),
        ("https://example.org/#", "https://example.org/#"),
        ("https://éxample.org/", "https://%C3%A9xample.org/"),
        ("https://example.org/\ud800", "https://example.org/%EF%BF%BD"),
        ("mailto:a@example.org", "mailto:a@example.org"),
        ("tag:example.org,2026:1", "tag:example.org,2026:1"),
        ("https://[2001:db8::1]:8080/x", "https://[2001:db8::1]:8080/x"),
        ("https://[::::]/x", None),
        ("https://example.org:http/x", None),
        ("https://[2001:db8::1/x", None),
        ("/relative", None),
        ("//example.org/x", None),
        ("", None),
        ("not an address", None),
        ("1http://example.org", None),
    ],
)
def test_an_address_becomes_a_uri_or_nothing(written, uri):
    assert values.uri_or_none(written) == uri


def test_an_address_that_was_checked_before_is_never_lost():
    assert values.uri("https://example.org/é") == "https://example.org/%C3%A9"
    assert values.uri("nonsense \ud800") == "nonsense \ufffd"


@settings(deadline=None)
@given(st.text(st.characters()))
def test_text_becomes_unicode_proper_and_nothing_else_changes(written):
    text = values.text(written)
    text.encode("utf-8")
    if not any(0xD800 <= ord(char) <= 0xDFFF for char in written):
        assert text == written


def test_a_pair_of_surrogates_is_one_character_and_a_lone_one_is_replaced():
    assert values.text("\ud83d\uddde \ud83d") == "\U0001f5de \ufffd"


def test_json_comes_out_whatever_a_feed_wrote():
    written = {"a\ud800": ["\udfff", {"n": 2**70, "m": -(2**53)}], "b": (1, None, True, 0.5), "c": 2**53 - 1}
    assert orjson.loads(values.dumps(written)) == {
        "a\ufffd": ["\ufffd", {"n": None, "m": None}],
        "b": [1, None, True, 0.5],
        "c": 2**53 - 1,
    }


@pytest.mark.parametrize("part", ["%41a", "@", "[", "é", "a:", "%", "\ud800"])
def test_a_long_hostile_address_is_judged_in_one_pass(part):
    # Backtracking would take minutes here; the test's own time limit is the judge.
    for start in ("http://", "http://x/?", ""):
        values.uri_or_none(start + part * 100_000 + "\x00")
