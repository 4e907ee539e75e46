"""Dates as feeds write them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telex.documents.dates import TIME_ASSUMED, UNREADABLE, YEAR_EXPANDED, ZONE_ASSUMED, ZONE_UNKNOWN, parse

NOON = datetime(2024, 6, 3, 12, 0, 0, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "text",
    [
        "Mon, 03 Jun 2024 12:00:00 GMT",
        "Mon, 3 Jun 2024 14:00:00 +0200",
        "3 Jun 2024 14:00 +02:00",
        "Monday, 03 June 2024 07:00:00 EST",
        "Mon,03 Jun 2024 12:00:00 Z",
        "Mon, 03-Jun-2024 12:00:00 UT",
        "lun., 3 juin 2024 14:00:00 CEST",
        "Mon, 03 Jun 2024 12:00:00 +0000 (UTC)",
        "Mon, 03 Jun 2024 12:00:00 Etc/GMT",
        "Mon, 03 Jun 2024 14:00:00 GMT+2",
        "2024-06-03T12:00:00Z",
        "2024-06-03t14:00:00+02:00",
        "2024-06-03T12:00:00.000Z",
        "2024-06-03 12:00:00 UTC",
        "2024-06-03T1200Z".replace("1200", "12:00"),
        "20240603T120000Z",
        "June 3, 2024 12:00:00 GMT",
        "Jun 3, 2024 8:00 AM EDT",
        "Mon Jun  3 12:00:00 GMT 2024",
        "  Mon,\n 03 Jun 2024 12:00:00 GMT ",
    ],
)
def test_the_same_instant_in_many_forms(text):
    assert parse(text) == (NOON, ())


@pytest.mark.parametrize(
    ("text", "instant", "repairs"),
    [
        ("Mon, 03 Jun 2024 12:00:00", NOON, (ZONE_ASSUMED,)),
        ("2024-06-03T12:00:00", NOON, (ZONE_ASSUMED,)),
        ("2024-06-03", NOON - 43200, (TIME_ASSUMED, ZONE_ASSUMED)),
        ("03 Jun 24 12:00:00 GMT", NOON, (YEAR_EXPANDED,)),
        ("Mon, 03 Jun 2024 12:00:00 XYZ", NOON, (ZONE_UNKNOWN,)),
        ("2024-06-03T11:59:60Z", NOON, ()),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0, ()),
        ("1969-12-31T23:59:59Z", -1.0, ()),
    ],
)
def test_what_was_assumed_is_said(text, instant, repairs):
    assert parse(text) == (instant, repairs)


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "0000-00-00 00:00:00",
        "0001-01-01T00:00:00Z",
        "Mon, 32 Jun 2024 12:00:00 GMT",
        "2024-13-01",
        "2024-06-03T25:00:00Z",
        "2024-06-03T12:00:61Z",
        "2026-11-14T10:30:00+25:00",
        "2024-06-03Tx",
        "9999-12-31T23:59:59-99:99",
        "1" * 5000,
        "Mon, 03 Foo 2024 12:00:00 GMT",
        "1717416000",
    ],
)
def test_a_date_is_never_invented(text):
    assert parse(text) == (None, (UNREADABLE,))


def test_no_text_is_no_date():
    assert parse(" \n") == (None, ())


@given(
    st.datetimes(datetime(2, 1, 2), datetime(9999, 12, 30)).map(lambda one: one.replace(tzinfo=UTC)),
    st.sampled_from(["%a, %d %b %Y %H:%M:%S +0000", "%Y-%m-%dT%H:%M:%SZ", "%d %b %Y %H:%M:%S GMT"]),
)
def test_what_is_written_is_read(moment, form):
    moment = moment.replace(microsecond=0)
    text = moment.strftime(form.replace("%Y", f"{moment.year:04}"))
    assert parse(text)[0] == moment.timestamp()


@given(st.text(max_size=120) | st.from_regex(r"[0-9A-Za-z:+., T-]{1,60}", fullmatch=True))
def test_any_text_is_a_date_or_none(text):
    instant, _ = parse(text)
    assert instant is None or -7e10 < instant < 3e11
