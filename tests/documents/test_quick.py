"""The quick way gives what the long way gives, or leaves the document to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_split_laws import ENTRIES, atom, rss
from test_two_readers import URL, foreign, suite, validator

from telex.core.model import FeedDocument, ReadRequest
from telex.documents import quick
from telex.documents.reader import read_feed

LONG = "word " * 1000


def the_long_way(request):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quick, "read", lambda *_: None)
        return read_feed(request)


def is_quick(body, known=frozenset()):
    return quick.read(body, known, URL, None) is not None


def check(body, known=frozenset()):
    request = ReadRequest(body, None, URL, known)
    assert read_feed(request) == the_long_way(request), body


@given(entries=ENTRIES.filter(bool), data=st.data(), form=st.sampled_from([rss, atom]))
def test_a_usual_document_goes_the_quick_way_whatever_is_known(entries, data, form):
    body = form(entries)
    whole = the_long_way(ReadRequest(body, None, URL))
    raws = [slot.raw for slot in whole.slots]
    known = frozenset(data.draw(st.sets(st.sampled_from(raws))))
    assert is_quick(body, known)
    check(body, known)


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("<!-- <item> --><title>a</title>", True),
        ("<title><![CDATA[</item><item>]]></title>", True),
        ("<title>a</title><?x </item> ?>", True),
        ("<title>&lt;item&gt;</title>", True),
        (f"<description>{LONG}</description>", True),
        (f"<description><![CDATA[<p>{LONG}</p>]]></description>", True),
        (f"<title>{LONG}</title>", False),
        (f"<title><![CDATA[{LONG}]]></title>", False),
        (f"<title>a</title>{LONG}", False),
        ("<x" + "".join(f" a{n}='1'" for n in range(1001)) + "/>", False),
        ("<item><title>a</title></item>", False),
        ("<item/>", False),
        ("<title>a</titel>", False),
        ("<title>a &nbsp; b</title>", False),
        ("<title>a <b>b</b></title>", False),
    ],
)
def test_what_stands_in_an_entry_decides_the_way(inside, expected):
    body = f"<rss version='2.0'><channel><title>T</title><item>{inside}</item><item><title>b</title></item></channel></rss>".encode()
    assert is_quick(body) is expected
    check(body)


@pytest.mark.parametrize(
    "body",
    [
        b"<rss version='2.0'><channel><item a='>'><title>a</title></item></channel></rss>",
        b"<rss version='2.0'><channel><item xmlns='urn:x'><title>a</title></item><item><title>b</title></item></channel></rss>",
        b"<rss version='2.0'><channel><x xmlns='urn:x'><item><title>a</title></item></x><item><title>b</title></item></channel></rss>",
        b"<rss version='2.0'><channel><item><title>a</title></item><language>fr</language><item><title>b</title></item></channel></rss>",
        b"<rss version='2.0'><channel><item><title>a</title></item>",
        b"<rss version='2.0'><channel><item><title>a</title></item></channel></rss><item></item>",
        b"<rss version='2.0'><channel><item><title>a</title></item><item/></channel></rss>",
        b"<rss version='2.0'><channel><item><title>a</title></item></channel></rss>  ",
        b"<rss version='2.0'><!-- <item> --><channel><entry><title>a</title></entry><item ><title>b</title></item ></channel></rss>",
        b"<!DOCTYPE rss><rss version='2.0'><channel><item><title>a</title></item></channel></rss>",
    ],
)
def test_odd_frames_give_the_same_both_ways(body):
    check(body)


def test_a_known_entry_is_not_read_but_stands_in_its_place():
    body = rss([("1", "a", "b"), ("2", "c", "d")])
    first, second = read_feed(ReadRequest(body, None, URL)).slots
    again = read_feed(ReadRequest(body, None, URL, frozenset({first.raw})))
    assert again.slots == (first.raw, second)


def test_more_elements_than_may_be_looked_at_go_the_long_way():
    assert quick.read(rss([("1", "a", "b")] * 50), frozenset(), URL, 20) is None


@foreign
@pytest.mark.data
@pytest.mark.parametrize(("name", "least"), [("news-captures", 0.6), ("feedvalidator", 0.5)])
def test_a_foreign_suite_says_the_same_both_ways(name, least):
    bodies = [body for _, body in (validator() if name == "feedvalidator" else suite(name))]
    taken = 0
    for body in bodies:
        check(body)
        document = read_feed(ReadRequest(body, None, URL))
        raws = [slot.raw for slot in document.slots] if isinstance(document, FeedDocument) else []
        check(body, frozenset(raws[1:]))
        taken += is_quick(body.removeprefix(b"\xef\xbb\xbf"))
    print(f"{name}: {taken} of {len(bodies)} go the quick way")
    assert taken >= least * len(bodies)
