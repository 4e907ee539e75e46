"""What headers say about time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telex.core.freshness import MAX_FRESHNESS, MAX_RETRY_AFTER, http_date, max_age, retry_at

NOW = 1_767_225_600.0
DATE = "Thu, 01 Jan 2026 00:00:00 GMT"


@pytest.mark.parametrize(
    "value", [DATE, "Thursday, 01-Jan-26 00:00:00 GMT", "Thu Jan  1 00:00:00 2026", "Thu, 01 Jan 2026 01:00:00 +0100"]
)
def test_all_forms_of_an_http_date_are_read(value):
    assert http_date(value) == NOW


@pytest.mark.parametrize("value", [None, "", "0", "-1", "soon", "2026-01-01", "Thu, 99 Jan 2026 00:00:00 GMT" * 9])
def test_what_is_no_date_is_none(value):
    assert http_date(value) is None


@given(st.text(max_size=70))
def test_no_text_breaks_the_reading_of_dates(value):
    assert http_date(value) is None or isinstance(http_date(value), float)
    wish = retry_at(value, NOW)
    assert wish is None or NOW <= wish <= NOW + MAX_RETRY_AFTER


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("0", 0), ("120", 120), (" 120 ", 120), ("9" * 19, MAX_RETRY_AFTER), (DATE, 0), ("Thu, 01 Jan 2026 00:05:00 GMT", 300),
        ("Thu, 01 Jan 2099 00:00:00 GMT", MAX_RETRY_AFTER), ("Mon, 01 Jan 2001 00:00:00 GMT", 0),
        ("-1", None), ("1.5", None), ("٣", None), ("", None), (None, None), ("later", None),
    ],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date_and_is_bounded(value, wait):
    assert retry_at(value, NOW) == (None if wait is None else NOW + wait)


@pytest.mark.parametrize(
    ("headers", "age"),
    [
        ({}, None),
        ({"cache_control": "max-age=600"}, 600),
        ({"cache_control": 'public, MAX-AGE = "600", s-maxage=9'}, 600),
        ({"cache_control": "max-age=600", "age": "200"}, 400),
        ({"cache_control": "max-age=600", "age": "700"}, 0),
        ({"cache_control": "max-age=600", "age": "x"}, 600),
        ({"cache_control": "max-age=600", "expires": DATE}, 600),
        ({"cache_control": "no-cache, max-age=600"}, 0),
        ({"cache_control": "max-age=600, no-store"}, 0),
        ({"cache_control": 'no-cache="set-cookie", max-age=600'}, 600),
        ({"cache_control": "max-age=x"}, 0),
        ({"cache_control": "max-age=" + "9" * 18}, MAX_FRESHNESS),
        ({"cache_control": "private, must-revalidate"}, None),
        ({"expires": "Thu, 01 Jan 2026 00:10:00 GMT"}, 600),
        ({"expires": "Thu, 01 Jan 2026 00:10:00 GMT", "date": "Thu, 01 Jan 2026 00:05:00 GMT"}, 300),
        ({"expires": "0"}, 0),
        ({"expires": "-1", "cache_control": "private"}, 0),
    ],
)  # fmt: skip
def test_freshness_is_what_the_publisher_declared(headers, age):
    values = {"cache_control": None, "age": None, "expires": None, "date": None} | headers
    assert max_age(**values, now=NOW) == age


@given(st.text(max_size=60), st.text(max_size=20), st.text(max_size=40))
def test_no_header_makes_freshness_leave_its_bounds(control, age, expires):
    result = max_age(cache_control=control, age=age, expires=expires, date=None, now=NOW)
    assert result is None or 0 <= result <= MAX_FRESHNESS
