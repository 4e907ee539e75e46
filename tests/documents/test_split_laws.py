"""What must hold of digests and slots, whatever the entries say."""

from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telex.core.model import Entry, FeedDocument, ReadRequest, Unreadable
from telex.documents.reader import finish, prepare, read_feed
from telex.documents.split import OverBudget, split

URL = "https://feeds.example/rss"
TEXT = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff\u2028\u2029\x85"), max_size=40
)
ENTRIES = st.lists(st.tuples(st.uuids().map(str), TEXT, TEXT), max_size=6)


def rss(entries, built="now"):
    items = "".join(
        f"<item><guid>{guid}</guid><title>{escape(title)}</title><description>{escape(text)}</description></item>\n"
        for guid, title, text in entries
    )
    return f'<rss version="2.0"><channel><title>T</title><lastBuildDate>{built}</lastBuildDate>{items}</channel></rss>'.encode()


def atom(entries, author="A", **more):
    items = "".join(
        f"<entry><id>{guid}</id><title>{escape(title)}</title><summary>{escape(text)}</summary></entry>\n"
        for guid, title, text in entries
    )
    scope = more.get("scope", "")
    return f'<feed xmlns="http://www.w3.org/2005/Atom"{scope}><title>T</title>{items}<author><name>{author}</name></author></feed>'.encode()


def ill_formed(entries, built="now"):
    return rss(entries, built).replace(b"<channel>", b"<channel></x>")


def with_entities(entries, built="now"):
    return b'<!DOCTYPE rss [<!ENTITY e "e">]>' + rss(entries, built)


def read(body, known=frozenset()):
    document = read_feed(ReadRequest(body, None, URL, known))
    assert isinstance(document, FeedDocument), document
    return document


def raws(document):
    return [slot.raw if isinstance(slot, Entry) else slot for slot in document.slots]


FORMS = pytest.mark.parametrize("form", [rss, atom, ill_formed, with_entities], ids=lambda form: form.__name__)


@FORMS
@given(data=st.data())
def test_what_is_known_is_named_and_the_rest_is_read_as_before(form, data):
    body = form(data.draw(ENTRIES))
    whole = read(body)
    known = frozenset(data.draw(st.sets(st.sampled_from(raws(whole))))) if whole.slots else frozenset()
    part = read(body, known)
    assert part.slots == tuple(slot.raw if slot.raw in known else slot for slot in whole.slots)
    assert (part.title, part.complete, part.format) == (whole.title, whole.complete, whole.format)


@FORMS
@given(entries=ENTRIES)
def test_the_same_bytes_give_the_same_digests(form, entries):
    assert raws(read(form(entries))) == raws(read(form(entries)))


@pytest.mark.parametrize("form", [rss, ill_formed, with_entities], ids=lambda form: form.__name__)
@given(entries=ENTRIES)
def test_noise_in_the_header_changes_no_entry(form, entries):
    assert raws(read(form(entries, "Mon, 03 Jun 2024 10:00:00 GMT"))) == raws(read(form(entries, "later")))


@FORMS
@given(entries=ENTRIES.filter(bool), data=st.data())
def test_an_edit_in_one_entry_changes_one_digest(form, entries, data):
    index = data.draw(st.integers(0, len(entries) - 1))
    guid, title, text = entries[index]
    edited = [*entries[:index], (guid, "edited: " + title, text), *entries[index + 1 :]]
    before, after = raws(read(form(entries))), raws(read(form(edited)))
    assert [place for place, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1]] == [index]


@given(entries=ENTRIES.filter(bool))
def test_an_inserted_entry_leaves_the_others_known(entries):
    before = raws(read(rss(entries)))
    after = raws(read(rss([("new", "New", "text"), *entries])))
    assert after[1:] == before


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (atom([("1", "a", "b")]), atom([("1", "a", "b")], author="B")),
        (atom([("1", "a", "b")]), atom([("1", "a", "b")], scope=' xml:lang="fr"')),
        (atom([("1", "a", "b")]), atom([("1", "a", "b")], scope=' xml:base="https://other.example/"')),
        (atom([("1", "a", "b")]), atom([("1", "a", "b")], scope=' xmlns:x="urn:x"')),
        (rss([("1", "a", "b")]), rss([("1", "a", "b")]).replace(b"<item>", b"<language>fr</language><item>")),
    ],
    ids=["author", "language", "base", "namespaces", "language of the channel"],
)
def test_what_an_entry_inherits_is_part_of_its_digest(before, after):
    assert raws(read(before)) != raws(read(after))


def test_the_order_of_declarations_is_no_change():
    one = atom([("1", "a", "b")], scope=' xmlns:x="urn:x" xmlns:y="urn:y"')
    other = atom([("1", "a", "b")], scope=' xmlns:y="urn:y" xmlns:x="urn:x"')
    assert raws(read(one)) == raws(read(other))


@pytest.mark.parametrize(
    "encoding", ["utf-16", "utf-16-le", "utf-32", "gb18030", "shift_jis", "euc-kr", "windows-1252"]
)
def test_an_encoding_changes_neither_digests_nor_texts(encoding):
    text = {"shift_jis": "号外", "gb18030": "号外", "euc-kr": "속보", "windows-1252": "Été"}.get(encoding, "Été 号外")
    entries = [("1", text, text)]
    declared = f'<?xml version="1.0" encoding="{encoding.removesuffix("-le")}"?>'.encode()
    body = (declared + rss(entries)).decode().encode(encoding)
    assert raws(read(body)) == raws(read(rss(entries)))
    assert read(body).slots[0].title.value == text


@given(entries=ENTRIES.filter(bool), data=st.data())
def test_a_document_cut_anywhere_gives_only_whole_entries(entries, data):
    body = rss(entries)
    at = data.draw(st.integers(body.index(b"<channel>") + 9, body.rindex(b"</channel>")))
    whole, cut = read(body), read_feed(ReadRequest(body[:at], None, URL))
    assert isinstance(cut, FeedDocument), cut
    assert not cut.complete
    ended = body[:at].count(b"</item>")
    assert [slot.guid for slot in cut.slots] == [slot.guid for slot in whole.slots[:ended]]


def test_known_entries_are_taken_out_before_the_rest_is_read():
    body = rss([(str(number), "t", "x" * 500) for number in range(20)])
    cut = split(body)
    known = frozenset(piece.raw for piece in cut.slices[1:])
    assert len(cut.without(known)) < len(body) / 10


def test_the_bytes_of_a_slice_are_the_entry():
    body = b"<rss><channel><items><item/></items><item a='>'/><item>x</item ><item></item></channel></rss>"
    cut = split(body)
    assert [body[piece.start : piece.end] for piece in cut.slices] == [
        b"<item/>",
        b"<item a='>'/>",
        b"<item>x</item >",
        b"<item></item>",
    ]


def test_a_budget_of_elements_ends_the_pass():
    with pytest.raises(OverBudget):
        split(rss([("1", "a", "b")] * 10), elements=20)
    assert len(split(rss([("1", "a", "b")] * 10), elements=100).slices) == 10


def test_entries_beyond_the_limit_are_counted():
    document = read(b"<rss><channel>" + b"<item><guid>g</guid></item>" * 10_003 + b"</channel></rss>")
    assert (len(document.slots), document.dropped) == (10_000, 3)


@pytest.mark.parametrize(
    ("body", "cheap"),
    [
        (rss([("1", "a", "b")] * 40), True),
        (rss([("1", "a", "b")] * 200), True),
        (rss([("1", "a", "b")] * 40 + [("1", "<own>", "b")] * 160).replace(b"&lt;own&gt;", b"<own>x</own>"), False),
        (rss([("1", "a", "b")] * 30 + [("1", "<own>", "b")] * 2).replace(b"&lt;own&gt;", b"<own>x</own>"), True),
        (rss([("1", "a", "b")] * 2000), False),
        (rss([("1", "a" * 5000, "b")]), False),
        (rss([("1", "a", "b" * 70_000)]), True),
        (rss([("1", "a", "b" * 2_000_000)]), False),
        (rss([]).replace(b"<title>", b"<author>" + b"a." * 3000 + b"</author><title>"), False),
        (rss([]).replace(b"<title>", b"<x y='" + b"z" * 9000 + b"'/><title>"), False),
        (rss([]).replace(b"<title>", b"<x>" * 60 + b"</x>" * 60 + b"<title>"), False),
        (rss([("1", "<b/>", "b")]).replace(b"&lt;b/&gt;", b"<b/>" * 3000), False),
        (ill_formed([("1", "a", "b")]), False),
    ],
    ids=[
        "small",
        "many",
        "many for feedparser",
        "some for feedparser",
        "too many",
        "title",
        "body",
        "size",
        "author",
        "attribute",
        "depth",
        "elements",
        "ill-formed",
    ],
)
def test_only_what_is_small_and_harmless_is_cheap(body, cheap):
    draft = prepare(ReadRequest(body, None, URL))
    assert not isinstance(draft, Unreadable)
    assert draft.cheap is cheap
    assert isinstance(finish(draft), FeedDocument)


def test_known_entries_make_a_long_document_cheap():
    body = rss([(str(number), "t", "x" * 1000) for number in range(200)])
    known = frozenset(raws(read(body))[1:])
    draft = prepare(ReadRequest(body, None, URL, known))
    assert not isinstance(draft, Unreadable)
    assert draft.cheap
