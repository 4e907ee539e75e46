"""Fields are cut to their limits, and the repairs say which."""

import pytest

from telex.core.model import Author, FeedDocument, ReadRequest
from telex.documents import limits
from telex.documents.links import absolute
from telex.documents.people import person
from telex.documents.reader import read_feed

MRSS = ' xmlns:media="http://search.yahoo.com/mrss/" xmlns:content="http://purl.org/rss/1.0/modules/content/"'


def only_entry(inside):
    body = f'<rss version="2.0"{MRSS}><channel><item>{inside}</item></channel></rss>'.encode()
    document = read_feed(ReadRequest(body, None, "https://post.example/rss"))
    assert isinstance(document, FeedDocument), document
    (entry,) = document.slots
    return entry


def test_long_texts_are_cut():
    entry = only_entry(
        f"<title>{'t' * 3000}</title><guid>{'g' * 5000}</guid><description>{'d' * 70_000}</description>"
        f"<content:encoded>{'c' * 600_000}</content:encoded><copyright>{'r' * 3000}</copyright>"
    )
    sizes = [len(entry.title.value), len(entry.guid), len(entry.summary.value), len(entry.content.value)]
    assert sizes == [limits.TITLE, limits.ADDRESS, limits.SUMMARY, limits.CONTENT]
    assert len(entry.rights) == limits.RIGHTS
    assert set(entry.repairs) == {"title.cut", "guid.cut", "summary.cut", "content.cut", "rights.cut"}


def test_lists_are_cut():
    entry = only_entry(
        "".join(
            f"<author>a{number}</author><category>c{number}</category>"
            f'<media:content url="https://post.example/{number}.jpg"/>'
            for number in range(150)
        )
    )
    assert (len(entry.authors), len(entry.categories), len(entry.media)) == (50, 100, 100)
    assert set(entry.repairs) == {"authors.dropped", "categories.dropped", "media.dropped"}


def test_an_author_of_31_kib_costs_nothing():
    entry = only_entry(f"<author>{'a.b@' * 8000}</author>")
    assert len(entry.authors[0].name) <= limits.NAME


@pytest.mark.parametrize(
    ("text", "author"),
    [
        ("ann@post.example (Ann Smith)", Author("Ann Smith", None, "ann@post.example")),
        ("Ann Smith <ann@post.example>", Author("Ann Smith", None, "ann@post.example")),
        ("Ann Smith (ann@post.example)", Author("Ann Smith", None, "ann@post.example")),
        ("ann@post.example", Author("ann@post.example", None, "ann@post.example")),
        ("  Ann \n Smith ", Author("Ann Smith")),
        ("A, B et C", Author("A, B et C")),
        (" ", None),
    ],
)
def test_a_person_in_one_line(text, author):
    assert person(text) == author


@pytest.mark.parametrize(
    ("address", "link"),
    [
        (" /a b\n", "https://post.example/a%20b"),
        ("//cdn.example/x", "https://cdn.example/x"),
        ("HTTPS://Post.example/x", "https://Post.example/x"),
        ("https://post.example/\tx\n", "https://post.example/x"),
        ("ftp://post.example/", None),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("http://[::1", None),
        ("http://a:b/", None),
        ("http:///x", None),
        ("", None),
        ("https://post.example/" + "x" * 5000, None),
    ],
)
def test_only_absolute_http_addresses_are_links(address, link):
    assert absolute("https://post.example/feed", address) == link


@pytest.mark.parametrize("depth", [100, 900, 5000, 100_000])
def test_json_nested_beyond_reason_is_refused_or_read(depth):
    nested = "[" * depth + "]" * depth
    body = f'{{"version": "https://jsonfeed.org/version/1", "items": [{{"id": "1", "x": {nested}}}]}}'.encode()
    document = read_feed(ReadRequest(body, None, "https://post.example/feed"))
    assert isinstance(document, FeedDocument) or document.reason in ("bomb", "not_a_feed")
