"""Encodings, entities and characters: which rule wins, what is repaired, and that each repair is told and counted by name."""

import ast
import json
import random
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telex.core.arrivals import FeedArrived
from telex.core.events import ArticlePublished
from telex.core.identity import digest
from telex.core.memory import Memory
from telex.core.model import (
    Author,
    Entry,
    Feed,
    FeedDocument,
    FeedId,
    Markup,
    Media,
    Publisher,
    ReadRequest,
    Unreadable,
)
from telex.core.register import Register
from telex.core.repairs import REPAIRS
from telex.documents import characters
from telex.documents.encodings import to_utf8
from telex.documents.reader import prepare, read_feed
from telex.documents.soup import mended
from telex.documents.split import OverBudget
from telex.ingest.ingest import ingest
from telex.ingest.normalise import Context, draft, named, source_of, tidy
from telex.shard.commit import Cargo

URL = "https://feeds.example/feed"
SERVICES = Path(__file__).parents[2] / "services" / "telex"
WRONGLY, INVALID = "encoding.declared_wrongly", "encoding.invalid_bytes"
UNKNOWN, ASSUMED = "encoding.label_unknown", "encoding.assumed_windows_1252"


def read(body, content_type=None):
    document = read_feed(ReadRequest(body, content_type, URL))
    assert isinstance(document, FeedDocument), document
    return document


def articles(document):
    feed = Feed(FeedId("f"), URL, Publisher("feeds.example"))
    arrival = FeedArrived(document, digest(b"body"), URL, None, None, None)
    events = ingest(feed, Memory(), Register(), arrival, 1_700_000_000.0).events
    found = [event.article for event in events if isinstance(event, ArticlePublished)]
    return [replace(each, provenance=_of_encoding(each.provenance)) for each in found]


def _of_encoding(provenance):
    """Without what was guessed of the language: these texts are too odd for that to be of interest."""
    repairs = tuple(repair for repair in provenance.repairs if not repair.startswith("language."))
    return replace(provenance, repairs=repairs)


def only(body, content_type=None):
    (article,) = articles(read(body, content_type))
    return article


def item(title, more="", declaration=""):
    return f"{declaration}<rss version='2.0'><channel><item><guid>1</guid><title>{title}</title>{more}</item></channel></rss>"


def declared(encoding):
    return f"<?xml version='1.0' encoding='{encoding}'?>"


# --- which encoding


ENCODINGS = {
    "nothing said": ("<a>é", "utf-8", None, ()),
    "the transport": ("<a>é", "iso-8859-1", "text/xml; charset=ISO-8859-1", ()),
    "the transport, in quotes": ("<a>é", "iso-8859-1", 'application/rss+xml; charset="iso-8859-1"', ()),
    "the declaration": (declared("iso-8859-15") + "€é", "iso-8859-15", None, ()),
    "text/xml without a charset is not ASCII": (declared("iso-8859-15") + "€", "iso-8859-15", "text/xml", ()),
    "application/xml without a charset": (declared("koi8-r") + "Привет", "koi8-r", "application/atom+xml", ()),
    "the transport before the declaration": (declared("koi8-r") + "Привет", "cp1251", "text/xml; charset=windows-1251", ()),
    "a mark before both": ("\ufeff" + declared("koi8-r") + "é", "utf-8", "text/xml; charset=windows-1251", ()),
    "a mark of UTF-16": ("\ufeff" + declared("utf-8") + "é", "utf-16-be", "text/xml; charset=utf-8", ()),
    "UTF-16 with its mark": (declared("utf-16") + "é", "utf-16", None, ()),
    "UTF-16 without a mark": (declared("utf-16") + "é", "utf-16-le", "text/xml; charset=utf-16", ()),
    "UTF-16 of the other order": ("\n <a>é", "utf-16-be", "text/xml; charset=utf-16le", ()),
    "UTF-32": ("\t<a>é", "utf-32-le", None, ()),
    "UTF-16 said of UTF-8": (declared("utf-16") + "<a>é", "utf-8", None, (WRONGLY,)),
    "UTF-16 said of ASCII": (declared("UTF-16") + "<a>e", "ascii", None, (WRONGLY,)),
    "Latin-1 said of UTF-8": (declared("iso-8859-1") + "<a>été", "utf-8", None, (WRONGLY,)),
    "Latin-1 said of UTF-8 by the transport": (declared("utf-8") + "<a>été", "utf-8", "text/xml; charset=latin1", (WRONGLY,)),
    "UTF-8 said of Latin-1": (declared("utf-8") + "<a>une été à la mer", "iso-8859-1", None, (ASSUMED,)),
    "UTF-8 said by the transport of what the declaration says": (
        declared("iso-8859-2") + "<a>Łódź i żółć", "iso-8859-2", "text/xml; charset=utf-8", (WRONGLY,)
    ),
    "windows-1252 called Latin-1": (declared("iso-8859-1") + "<a>l’été – “oui”", "cp1252", None, (WRONGLY,)),
    "windows-1252 called ASCII": ("“x”", "cp1252", "text/xml; charset=us-ascii", (WRONGLY,)),
    "windows-1252 called itself": (declared("windows-1252") + "<a>l’été", "cp1252", None, ()),
    "Shift_JIS": (declared("Shift_JIS") + "<a>号外", "cp932", None, ()),
    "EUC-JP": (declared("euc-jp") + "<a>号外", "euc-jp", None, ()),
    "EUC-KR": ("<a>속보", "cp949", "text/xml; charset=EUC-KR", ()),
    "Big5": (declared("big5") + "<a>號外", "big5", None, ()),
    "GBK": (declared("gb2312") + "<a>号外", "gbk", None, ()),
    "GBK that is UTF-8 by accident": (declared("gbk") + "<a>一", "gbk", None, ()),
    "GBK said of UTF-8": (declared("gbk") + "<a>号外：新闻快讯", "utf-8", None, (WRONGLY,)),
    "ISO-2022-JP": ("号外", "iso2022_jp", "text/xml; charset=iso-2022-jp", ()),
    "Thai": (declared("tis-620") + "<a>ข่าวด่วน", "cp874", None, ()),
    "Hebrew as it is read": (declared("iso-8859-8-i") + "<a>חדשות", "iso-8859-8", None, ()),
    "a label that is no encoding": (declared("x-none") + "<a>é", "utf-8", None, (UNKNOWN,)),
    "a label that is a number too many": (declared("iso-8859-99") + "<a>é", "utf-8", None, (UNKNOWN,)),
    "a label of Python alone": ("é!", "latin-1", "text/xml; charset=punycode", (UNKNOWN, ASSUMED)),
}  # fmt: skip


@pytest.mark.parametrize(("text", "encoding", "content_type", "repairs"), ENCODINGS.values(), ids=ENCODINGS)
def test_the_encoding_is_found(text, encoding, content_type, repairs):
    assert to_utf8(text.encode(encoding), content_type) == (text.removeprefix("\ufeff").encode(), repairs)


@pytest.mark.parametrize(
    ("body", "content_type", "text", "repairs"),
    [
        ("été".encode()[:-1], None, "ét", (INVALID,)),
        ("é".encode() * 30 + b"\xff!", None, "é" * 30 + "\ufffd!", (INVALID,)),
        ("号外".encode("gbk") * 30 + b"\xff!", "text/xml; charset=gbk", "号外" * 30 + "\ufffd!", (INVALID,)),
        ("été".encode() * 9 + b"\xff!", "text/xml; charset=gbk", "été" * 9 + "\ufffd!", (INVALID,)),
        (b"\xff\xfe" + "é".encode("utf-16-le") + b"\x00\xd8", None, "é\ufffd", (INVALID,)),
        (b"<\x00a\x00>\x00\xe9\x00\x21", None, "<a>é\ufffd", (INVALID,)),
        (b"caf\xe9 \x81 " + b"\xe9" * 20, "text/xml; charset=iso-8859-1", "café \ufffd " + "é" * 20, (INVALID,)),
        (b"\xed\xa0\xbd\xed\xb8\x80" + "é".encode() * 90, None, "\ufffd" * 6 + "é" * 90, (INVALID,)),
    ],
    ids=[
        "cut",
        "a bad byte",
        "a bad byte in GBK",
        "a bad byte and a wrong label",
        "half a pair",
        "UTF-16 cut",
        "undefined",
        "CESU",
    ],
)
def test_bytes_of_no_encoding_cost_themselves_alone(body, content_type, text, repairs):
    assert to_utf8(body, content_type) == (text.encode(), repairs)


def test_utf_7_is_refused_and_stays_harmless_text():
    article = only(item("+ADw-script+AD4-", declaration=declared("utf-7")).encode(), "text/xml; charset=utf-7")
    assert article.title == "+ADw-script+AD4-"
    assert article.provenance.repairs == (UNKNOWN,)


@given(
    body=st.binary(max_size=60),
    label=st.sampled_from(["utf-8", "gbk", "utf-16", "hz", "iso-2022-jp", "latin1", "x", ""]),
)
def test_every_body_becomes_utf_8(body, label):
    data, repairs = to_utf8(body, f"text/xml; charset={label}")
    data.decode("utf-8")
    assert set(repairs) <= REPAIRS


def test_json_is_utf_8_whatever_the_transport_says():
    feed = {"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "title": "été"}]}
    article = only(json.dumps(feed, ensure_ascii=False).encode(), "application/feed+json; charset=iso-8859-1")
    assert article.title == "été"
    assert article.provenance.repairs == (WRONGLY,)


# --- entities


SOUP = {
    "an entity of HTML": ("Caf&eacute; cr&egrave;me", "Café crème", ("xml.entities_undeclared",)),
    "a space of HTML": ("a&nbsp;: b", "a : b", ("xml.entities_undeclared",)),
    "two characters": ("&NotEqualTilde;", "≂̸", ("xml.entities_undeclared",)),
    "an ampersand": ("Sel & poivre", "Sel & poivre", ("xml.ampersands_bare",)),
    "an ampersand in a word": ("AT&T", "AT&T", ("xml.ampersands_bare",)),
    "an entity of nobody": ("Q&R;", "Q&R;", ("xml.ampersands_bare",)),
    "both": ("R&D &eacute;", "R&D é", ("xml.ampersands_bare", "xml.entities_undeclared")),
    "beside what is right": ("&lt;b&gt; & c", "<b> & c", ("xml.ampersands_bare",)),
    "a capital entity that is markup": ("5 &LT; 6 & 7", "5 < 6 & 7", ("xml.entities_undeclared", "xml.ampersands_bare")),
    "a lone surrogate": ("a&#xD800;b", "a\ufffdb", ("text.surrogates_replaced",)),
    "a pair of surrogates": ("a&#55357;&#xde00;b", "a😀b", ("text.surrogates_replaced",)),
    "NUL": ("a&#0;b", "ab", ("text.control_characters_removed",)),
    "a control character": ("a&#x1f;b", "ab", ("text.control_characters_removed",)),
    "a noncharacter": ("a&#xFFFF;b", "ab", ("text.control_characters_removed",)),
    "beyond Unicode": ("a&#x110000;b", "a\ufffdb", ("text.surrogates_replaced",)),
    "in CDATA all is as it is": ("<![CDATA[a & b]]> & c", "a & b & c", ("xml.ampersands_bare",)),
    "in a comment all is as it is": ("a<!-- & &eacute; --> & c", "a & c", ("xml.ampersands_bare",)),
}  # fmt: skip


@pytest.mark.parametrize(("written", "title", "repairs"), SOUP.values(), ids=SOUP)
def test_entity_soup_is_read_as_it_was_meant(written, title, repairs):
    document = read(item(written).encode())
    assert set(document.repairs) == set(repairs)
    (article,) = articles(document)
    assert article.title == title
    assert set(article.provenance.repairs) == set(repairs)


def test_a_mended_document_is_split_and_remembered_like_any_other():
    body = item("A & B", more="<link>https://news.example/?a=1&b=2&copy=3</link>").encode()
    (entry,) = read(body).slots
    assert entry.link == "https://news.example/?a=1&b=2&copy=3"
    longer = body.replace(b"<item>", b"<item><guid>0</guid><title>new</title></item><item>")
    (new, known) = read_feed(ReadRequest(longer, None, URL, frozenset({entry.raw}))).slots
    assert known == entry.raw
    assert isinstance(new, Entry)


def test_what_is_ill_formed_otherwise_is_read_as_it_was_written():
    document = read(item("A & B</b>").encode())
    assert document.repairs == ("xml.ill_formed",)
    assert articles(document)[0].provenance.repairs == ("xml.ill_formed",)


def test_a_document_with_entities_of_its_own_is_not_mended():
    body = b"<!DOCTYPE rss [<!ENTITY own 'x'>]><rss>& &own;</rss>"
    assert mended(body) == (body, ())


def test_mending_counts_against_the_budget_of_elements():
    with pytest.raises(OverBudget):
        prepare(ReadRequest(item("&nbsp;" + "<x/>" * 50).encode(), None, URL), 20)


@given(
    st.lists(
        st.sampled_from(
            [
                "&",
                "#",
                "x",
                "D83D",
                "DE00",
                ";",
                "<![CDATA[",
                "]]>",
                "<!--",
                "-->",
                "<?",
                "?>",
                "amp",
                "eacute",
                "55357",
            ]
        )
    )
)
def test_mending_a_second_time_changes_nothing(parts):
    once, _ = mended("".join(parts).encode())
    assert mended(once) == (once, ())


@pytest.mark.parametrize("part", [b"<![CDATA[", b"<!--", b"<?", b"&", b"&#xD83D;", b"&#", b"&x"])
def test_mending_takes_linear_time(part):
    data, _ = mended(part * 100_000)
    assert len(data) >= len(part) * 25_000


# --- titles escaped twice


TWICE = {
    "l&amp;#39;ann&amp;eacute;e": "l'année",
    "AT&amp;amp;T": "AT&T",
    "&amp;quot;Non&amp;quot;, dit-il": '"Non", dit-il',
    "&amp;laquo;&amp;nbsp;Oui&amp;nbsp;&amp;raquo;": "« Oui »",
    "L&amp;amp;amp;#39;hiver": "L'hiver",
}
ONCE = {
    "AT&amp;T": "AT&T",
    "Comment écrire &amp;eacute; en HTML": "Comment écrire &eacute; en HTML",
    "Marks &amp;amp; Spencer": "Marks &amp; Spencer",
    "The &amp;lt;b&amp;gt; tag": "The &lt;b&gt; tag",
    "Q&amp;R; et plus": "Q&R; et plus",
    "100 % &amp; plus": "100 % & plus",
}


@pytest.mark.parametrize(("written", "title"), TWICE.items())
def test_a_title_that_was_surely_escaped_twice_is_decoded_once_more(written, title):
    body = f"<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>1</id><title>{written}</title></entry></feed>"
    article = only(body.encode())
    assert article.title == title
    assert article.provenance.repairs == ("title.unescaped_again",)


@pytest.mark.parametrize(("written", "title"), ONCE.items())
def test_a_title_about_references_keeps_them(written, title):
    body = f"<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>1</id><title>{written}</title></entry></feed>"
    article = only(body.encode())
    assert article.title == title
    assert article.provenance.repairs == ()


def test_a_title_that_never_ends_being_escaped_stays_as_it_is():
    for title in ("a&" + "amp;" * 400 + "b", "a" + "&" * 400 + "#35;" + "35;" * 400 + "38;b"):
        assert characters.unescaped_again(title) == title


def test_a_title_of_rss_is_html_and_needs_no_repair():
    article = only(item("L&amp;#39;ann&amp;eacute;e").encode())
    assert article.title == "L'année"
    assert article.provenance.repairs == ()
    twice = only(item("<![CDATA[L&amp;#39;ann&amp;eacute;e]]>").encode())
    assert twice.title == "L'année"
    assert twice.provenance.repairs == ("title.unescaped_again",)


# --- characters


@pytest.mark.parametrize(
    "bad", ["\0", "\x01", "\x0b", "\x1f", "\ufffe", "\uffff", "\ufdd0", "\ufdef", "\U0001fffe", "\U0010ffff"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_what_is_no_character_goes(bad, encoding):
    article = only(item(f"long enough to be a text: a{bad}b").encode(encoding))
    assert article.title == "long enough to be a text: ab"
    assert article.provenance.repairs == ("text.control_characters_removed",)


@pytest.mark.parametrize("good", ["\ud7ff", "\ufdcf", "\ufdf0", "\ufdfa", "\ufffd", "뿿", "\U0001fffd", "😀", "\u200d"])
def test_what_is_a_character_stays(good):
    article = only(item(f"a{good}b").encode())
    assert article.title == f"a{good}b"
    assert article.provenance.repairs == ()


@pytest.mark.parametrize(
    ("written", "title", "repairs"),
    [
        (r"a\ud800b", "a\ufffdb", ("text.surrogates_replaced",)),
        (r"a\udc00\ud83db", "a\ufffd\ufffdb", ("text.surrogates_replaced",)),
        (r"a\ud83d\ude00b", "a😀b", ()),
        (r"a\u0000\u0007b", "ab", ("text.control_characters_removed",)),
        (r"a\uffff\ud800b", "a\ufffdb", ("text.control_characters_removed", "text.surrogates_replaced")),
    ],
)
def test_json_writes_any_character_by_its_number(written, title, repairs):
    body = r'{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "%s", "title": "%s", "tags": ["%s"]}]}'
    article = only((body % (written, written, written)).encode())
    assert (article.guid, article.title, article.categories) == (title, title, (title,))
    assert article.provenance.repairs == repairs


@pytest.mark.parametrize("tag", ["title", "description", "content:encoded"])
def test_a_text_encoded_twice_is_put_right_and_told(tag):
    space = "xmlns:content='http://purl.org/rss/1.0/modules/content/'"
    for damaged in ("\u00c3\u00a9t\u00c3\u00a9", "l\u0092\u00e9t\u00e9"):
        article = only(item("T", more=f"<{tag} {space}>{damaged}</{tag}>").replace("<title>T</title>", "").encode())
        assert {article.title, article.summary, article.body} & {"été", "l’été"}
        assert article.provenance.repairs == ("text.encoded_twice",)
    other = only(item("T", more="<own>\u00c3\u00a9</own>").encode())
    assert other.provenance.repairs == ()


MARKS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
DIRECTIONS = {
    "an override": ("a\u202egnp.exe", "agnp.exe"),
    "an override that is ended": ("a\u202ecba\u202c d", "acba d"),
    "an embedding without an end": ("\u202bأخبار", "\u202bأخبار\u202c"),
    "an isolate without an end": ("x \u2067أخبار", "x \u2067أخبار\u2069"),
    "ends of nothing": ("a\u202c\u2069b", "ab"),
    "crossed": ("\u2067a\u202bb\u2069c\u202c", "\u2067a\u202bb\u202c\u2069c"),
    "an end inside an isolate": ("\u202ba\u2066b\u202cc\u2069", "\u202ba\u2066bc\u2069\u202c"),
    "an override inside an embedding": ("\u202ba\u202db\u202cc", "\u202babc\u202c"),
}
UNTOUCHED = {
    "Arabic": "عاجل: أخبار اليوم (BBC) 2024",
    "Arabic with marks": "\u200fعاجل\u200e BBC \u061c2024",
    "Persian": "می\u200cخواهم",
    "an embedding": "قال \u202aBBC News\u202c اليوم",
    "an isolate": "قال \u2066BBC \u2068x\u2069\u2069 اليوم",
    "Hebrew": "חדשות 24",
    "a family": "👩\u200d👩\u200d👧",
}


@pytest.mark.parametrize(("written", "title"), DIRECTIONS.values(), ids=DIRECTIONS)
def test_no_text_turns_what_stands_behind_it(written, title):
    article = only(item(written, more=f"<category>{written}</category><author>{written}</author>").encode())
    bare = re.sub(f"[{MARKS}]", "", title)
    assert (article.title, article.categories, article.authors[0].name) == (title, (bare,), bare)
    assert article.provenance.repairs == ("text.directions_closed",)


@pytest.mark.parametrize("written", UNTOUCHED.values(), ids=UNTOUCHED)
def test_what_is_written_from_right_to_left_stays_as_it_is(written):
    article = only(item(written).encode())
    assert article.title == written
    assert article.provenance.repairs == ()


def test_directions_end_with_their_paragraph_and_go_from_html():
    body = "<content:encoded xmlns:content='http://purl.org/rss/1.0/modules/content/'><![CDATA[<p>\u202bأ</p><p>b\u202e</p>]]></content:encoded>"
    article = only(item("T", more=body).encode())
    assert article.body == "\u202bأ\u202c\n\nb"
    assert article.body_html == "<p>أ</p><p>b</p>"


def test_a_text_of_marks_alone_is_none():
    article = only(
        item(
            "\u202e", more="<category>\u202c</category><author>\u2067</author><description>\u2069</description>"
        ).encode()
    )
    assert (article.title, article.categories, article.authors, article.summary) == (None, (), (), None)
    assert article.provenance.repairs == ("text.directions_closed",)


def test_a_long_text_loses_marks_that_are_not_closed():
    article = only(item("T", more=f"<description>\u202b{'أ ' * 6000}</description>").encode())
    assert article.summary == ("أ " * 6000).strip()


@given(st.text(alphabet=MARKS + "ab أ\n", max_size=40))
def test_closed_text_is_closed(text):
    once = characters.closed(text)
    assert characters.closed(once) == once
    assert re.sub(f"[{MARKS}]", "", once) == re.sub(f"[{MARKS}]", "", text)
    assert not set(once) & set("\u202d\u202e")
    for paragraph in once.split("\n"):
        open_marks = []
        for mark in paragraph:
            if mark in "\u202a\u202b":
                open_marks.append("\u202c")
            elif mark in "\u2066\u2067\u2068":
                open_marks.append("\u2069")
            elif mark in "\u202c\u2069":
                assert open_marks.pop() == mark
        assert open_marks == []


@pytest.mark.parametrize("mark", [*MARKS, "\u202b\u2069", "\u2067\u202c", "\u2067\u202b\u2069"])
def test_many_marks_take_linear_time(mark):
    chance = random.Random(7)
    text = mark * 100_000
    mixed = "".join(chance.choice(MARKS) for _ in range(100_000))
    assert len(characters.closed(text)) <= 2 * len(text)
    assert len(characters.closed(mixed)) <= 2 * len(mixed)


# --- the names


def literals(folder):
    """Every string in the code that looks like the name of a repair."""
    named_so = re.compile(r"(?:date|encoding|json|page|record|text|title|xml)\.[a-z0-9]+(?:_[a-z0-9]+)*")
    for path in sorted((SERVICES / folder).rglob("*.py")):
        ours = named_so if not path.name.startswith("page") else re.compile(r"page\.[a-z0-9_]+")  # others name metadata
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and ours.fullmatch(node.value):
                yield node.value


def test_every_repair_has_its_name_in_the_closed_set():
    found = {name for folder in ("documents", "ingest", "shard", "wire") for name in literals(folder)}
    assert len(found) > 20
    assert found <= REPAIRS, "name it in core/repairs.py"


def test_an_unreadable_document_stays_unreadable():
    assert isinstance(read_feed(ReadRequest(b"\xff\xfe\x00\xd8\x00\xd8", "text/xml; charset=utf-7", URL)), Unreadable)


@given(
    title=st.lists(
        st.sampled_from(["&amp;", "#39;", "eacute;", "&lt;", "a", " ", "a" * 99, "&shy;", *MARKS, "\u202b" * 99, "أ"]),
        max_size=12,
    ).map("".join),
    name=st.text(alphabet=MARKS + "a أ", max_size=12),
    text=st.lists(st.sampled_from([*MARKS, "a", "أ", " ", "\n", "a" * 3000, "\u202b\n" * 3000]), max_size=12).map(
        "".join
    ),
)
def test_tidying_a_second_time_changes_nothing(title, name, text):
    feed = Feed(FeedId("f"), URL, Publisher("p"))
    entry = Entry(
        raw=digest(b"x"),
        guid="1",
        title=Markup(title, html=False),
        summary=Markup(text, html=False),
        content=Markup(f"<p>{text}</p><p>{name}</p>", html=True),
        authors=(Author(name), Author("B")),
        categories=(name, "b"),
        media=(Media("https://img.example/1", caption=text),),
    )
    made = draft(named(entry), Context(feed, source_of(feed, None, None), None, 0.0, ("xml.ill_formed",)))
    once = made.article()
    tidy(made)
    assert made.article() == once
    assert set(once.provenance.repairs) <= REPAIRS


def test_repairs_are_counted_by_article_when_they_are_committed():
    cargo = Cargo()
    for event in (item("A & B", declaration=declared("x-none")), item("A & C"), item("plain")):
        cargo.note(ArticlePublished(only(event.encode())))
    assert cargo.repairs == {"encoding.label_unknown": 1, "xml.ampersands_bare": 2}
