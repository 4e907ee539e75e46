"""Whatever the bytes, there is an answer: a document whose entries keep to their limits, or a reason."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from telex.core.model import Entry, FeedDocument, ReadRequest, Unreadable
from telex.documents import limits
from telex.documents.markup import sanitise, to_text
from telex.documents.reader import read_feed

CORPUS = Path(__file__).parents[1] / "corpus"
SEEDS = [path.read_bytes() for path in sorted(CORPUS.rglob("*")) if path.suffix in {".xml", ".feed"}]
PIECES = st.sampled_from(
    [
        b"<",
        b">",
        b"&",
        b"]]>",
        b"<![CDATA[",
        b"<!--",
        b"</item>",
        b"<item>",
        b"</rss>",
        b"&#xD800;",
        b"&#99999999999;",
        b"<!DOCTYPE x [<!ENTITY a 'b'>]>",
        b"\xff\xfe",
        b"\x00",
        b"<?xml encoding='utf-7'?>",
        b"{",
        b"\\ud800",
        b"xmlns:a=''",
        b"http://[::1",
        b"<link>http://[x</link>",
        b"\xed\xa0\x80",
        b"<div>",
        b"<content>",
        b"<link href='//'/>",
    ]
)


@st.composite
def mutated(draw):
    body = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(body)))
        to = min(len(body), at + draw(st.integers(0, 30)))
        body[at:to] = draw(PIECES | st.binary(max_size=8))
    return bytes(body)


def check(body, content_type=None):
    document = read_feed(ReadRequest(body, content_type, "https://feeds.example/feed"))
    if isinstance(document, Unreadable):
        assert document.reason != "reader_failed", document
        return
    assert isinstance(document, FeedDocument)
    for slot in document.slots:
        assert isinstance(slot, Entry)
        repr(slot).encode()  # no lone surrogates
        assert slot.link is None or slot.link.startswith(("http://", "https://", "HTTP", "Http"))
        for text, limit in ((slot.title, limits.TITLE), (slot.summary, limits.SUMMARY), (slot.content, limits.CONTENT)):
            if text is not None:
                assert len(text.value) <= limit
                to_text(text).encode()
                sanitise(text, slot.base).encode()


@settings(max_examples=400)
@given(mutated())
def test_a_damaged_document_is_read_or_refused(body):
    check(body)


@given(st.binary(max_size=300), st.sampled_from([None, "text/xml", "text/xml; charset=utf-16", "x; charset=rot13"]))
def test_random_bytes_are_refused(body, content_type):
    check(body, content_type)


@given(st.text(max_size=200))
def test_random_text_in_a_feed_is_read_or_refused(text):
    inside = text.encode("utf-8", "surrogatepass")
    check(b"<rss version='2.0'><channel><item>" + inside + b"</item></channel></rss>")
    check(b'{"version": "https://jsonfeed.org/version/1", "items": [{"id": "' + inside + b'"}]}')
