"""What must hold of whatever `fuzz` makes; each law raises AssertionError where it does not."""

import random
import re
import unicodedata
from dataclasses import replace

from telex.core.model import Entry, Feed, FeedDocument, FeedId, Markup, Publisher, ReadRequest, Unreadable
from telex.core.repairs import REPAIRS
from telex.documents import dates, direct, feeds, limits, parsers, quick
from telex.documents.markup import sanitise, to_text
from telex.documents.reader import finish, prepare, read_feed, read_page
from telex.ingest.normalise import Context, draft, named, source_of

URL = "https://feeds.example/news/feed.xml"
_NOW = 1_700_000_000.0
_FEED = Feed(FeedId("f"), URL, Publisher("feeds.example"))
_CONTEXT = Context(_FEED, source_of(_FEED, "Feed", None), None, _NOW)
_TAG = re.compile(r"<(/?)([^\s<>/]*)([^<>]*)>")
_ATTRIBUTE = re.compile(r"\s+([^\s=\"]+)=\"([^\"]*)\"")
_NAMES = """a abbr b blockquote br caption cite code col colgroup dd del dfn div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr
    i img ins kbd li mark ol p pre q s samp small span strong sub sup table tbody td tfoot th thead time tr u ul var"""
_SAFE = frozenset(_NAMES.split())
_ATTRIBUTES = frozenset(
    {
        "href",
        "src",
        "cite",
        "title",
        "alt",
        "hreflang",
        "width",
        "height",
        "datetime",
        "colspan",
        "rowspan",
        "lang",
        "dir",
        "rel",
    }
)
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u200b\ufeff\ud800-\udfff\ufffe\uffff]")


def check_document(body: bytes, content_type: str | None, chance: random.Random) -> bool:
    """A feed's bytes; the answer is whether they are a feed."""
    request = ReadRequest(body, content_type, URL)
    document = read_feed(request)
    if isinstance(document, Unreadable):
        assert document.reason != "reader_failed", document
        assert read_feed(request) == document
        return False
    assert set(document.repairs) <= REPAIRS, document.repairs
    for slot in document.slots:
        assert isinstance(slot, Entry)
        check_entry(slot)
    check_known(request, document, chance)
    check_slices(request)
    check_article(document)
    return True


def check_entry(entry: Entry) -> None:
    """An entry keeps to its limits."""
    repr(entry).encode()  # no lone surrogates
    assert set(entry.repairs) <= REPAIRS, entry.repairs
    assert entry.link is None or entry.link.lower().startswith(("http://", "https://")), entry.link
    sizes = [(entry.title, limits.TITLE), (entry.summary, limits.SUMMARY), (entry.content, limits.CONTENT)]
    assert all(len(text.value) <= limit for text, limit in sizes if text)
    assert len(entry.authors) <= limits.AUTHORS
    assert len(entry.categories) <= limits.CATEGORIES
    assert len(entry.media) <= limits.MEDIA


def check_known(request: ReadRequest, document: FeedDocument, chance: random.Random) -> None:
    """What is known is named, the rest is read as before; twice gives the same."""
    raws = sorted({slot.raw for slot in document.slots if isinstance(slot, Entry)})
    known = frozenset(chance.sample(raws, chance.randrange(len(raws) + 1)))
    part = read_feed(replace(request, known=known))
    assert isinstance(part, FeedDocument), part
    assert part.slots == tuple(slot.raw if slot.raw in known else slot for slot in document.slots)  # type: ignore[union-attr]
    assert (part.format, part.title, part.complete) == (document.format, document.title, document.complete)
    check_ways(replace(request, known=known), part)


def check_ways(request: ReadRequest, document: FeedDocument) -> None:
    """The long way says the same."""
    read, quick.read = quick.read, lambda *_: None
    try:
        assert read_feed(request) == document
    finally:
        quick.read = read


def check_slices(request: ReadRequest) -> None:
    """Entries stand in their document, one behind the other; both readers say the same of them."""
    made = prepare(request)
    assert not isinstance(made, Unreadable), made
    cut = made.cut
    if cut is None:
        return
    last = cut.root
    for piece in cut.slices:
        assert last <= piece.start < piece.end <= cut.end <= len(cut.data)
        assert cut.data[piece.start : piece.start + 1] == b"<"
        assert cut.data[piece.end - 1 : piece.end] == b">"
        last = piece.end
    if cut.whole is None:
        check_readers(cut.without(frozenset()))
    finish(made)


def check_readers(data: bytes) -> None:
    """The direct reader says what feedparser says, or nothing."""
    quick = direct.parse(data, URL)
    if quick is None:
        return
    slow = parsers.parse_strict(data, URL)
    assert slow is not None
    assert feeds.header(quick, URL) == feeds.header(slow, URL)
    assert len(quick.entries) == len(slow.entries)
    for one, other in zip(quick.entries, slow.entries, strict=True):
        head = feeds.header(slow, URL)
        assert feeds.entry(one, head, URL, b"") == feeds.entry(other, head, URL, b"")  # type: ignore[arg-type]


def check_article(document: FeedDocument) -> None:
    """Entries become articles."""
    for slot in document.slots:
        if isinstance(slot, Entry):
            article = draft(named(slot), _CONTEXT).article()
            repr(article).encode()
            assert set(article.provenance.repairs) <= REPAIRS, article.provenance.repairs
            assert article.title is None or "\n" not in article.title


def check_markup(value: str, *, html: bool) -> None:
    """Text is clean and stays as it is; safe HTML is safe and stays as it is."""
    text = to_text(Markup(value, html=html))
    assert to_text(Markup(text, html=False)) == text
    assert unicodedata.is_normalized("NFC", text)
    assert not _FORBIDDEN.search(text), text
    assert "\n\n\n" not in text
    assert text == text.strip()
    safe = sanitise(Markup(value, html=html), URL)
    again = sanitise(Markup(safe, html=True), URL)
    # HTML, section 13.3: what is nested as no author can write it (a link in a link, a heading in a heading) does not
    # come back as it was, text that a table pushes out stands elsewhere, and a hundred levels may become more.
    same = again == safe or _TAG.sub("", again) == _TAG.sub("", safe)
    assert same or "<table>" in safe or safe.count("<") > 200
    assert to_text(Markup(again, html=True)).split() == to_text(Markup(safe, html=True)).split()
    assert not _FORBIDDEN.search(safe), safe
    for found in _TAG.finditer(safe):
        assert found[2].lower() in _SAFE, found[0]
        for name, written in _ATTRIBUTE.findall(found[3]):
            assert name in _ATTRIBUTES, found[0]
            assert name not in ("href", "src", "cite") or written.startswith(("http://", "https://")), found[0]
        assert not _ATTRIBUTE.sub("", found[3]).strip(), found[0]


def check_date(text: str) -> None:
    """A date is an instant of the years 1 to 9999, or none; it says what it assumed."""
    instant, assumed = dates.parse(text)
    assert set(assumed) <= REPAIRS
    assert instant is None or -62_135_596_800 - 86_400 <= instant <= 253_402_300_800 + 86_400, instant
    assert instant is not None or assumed in ((), (dates.UNREADABLE,))


def check_page(body: bytes, content_type: str | None) -> None:
    """A page is read or refused."""
    page = read_page(body, content_type, URL)
    if isinstance(page, Unreadable):
        assert page.reason != "reader_failed", page
        return
    repr(page).encode()
    assert set(page.repairs) <= REPAIRS, page.repairs
