"""Namespaces that news uses: what each says is read, by both readers alike, and what is nobody's business disturbs nothing."""

from dataclasses import fields

import pytest

from telex.core.model import Entry, FeedDocument, ReadRequest, Unreadable
from telex.documents import direct
from telex.documents.reader import prepare, read_feed

URL = "https://feeds.example/feed"
NEW_YEAR = 1_704_067_200.0  # 2024-01-01T00:00:00Z
SPACES = {
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "media": "http://search.yahoo.com/mrss/",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "atom": "http://www.w3.org/2005/Atom",
    "thr": "http://purl.org/syndication/thread/1.0",
    "georss": "http://www.georss.org/georss",
    "gml": "http://www.opengis.net/gml",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "fh": "http://purl.org/syndication/history/1.0",
    "at": "http://purl.org/atompub/tombstones/1.0",
    "news": "http://www.google.com/schemas/sitemap-news/0.9",
    "image": "http://www.google.com/schemas/sitemap-image/1.1",
}
DECLARED = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in SPACES.items())


def rss(item, channel=""):
    return f'<rss version="2.0"{DECLARED}><channel><title>T</title>{channel}<item><guid>1</guid>{item}</item></channel></rss>'


def atom(entry, feed=""):
    return f'<feed xmlns="http://www.w3.org/2005/Atom"{DECLARED}><title>T</title>{feed}<entry><id>1</id>{entry}</entry></feed>'


def read(text):
    """The document, which both readers give."""
    request = ReadRequest(text.encode(), None, URL)
    draft = prepare(request)
    assert not isinstance(draft, Unreadable)
    assert draft.cut is not None
    assert direct.parse(draft.cut.without(frozenset()), URL) is not None, "feedparser had to read it"
    document = read_feed(request)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(direct, "parse", lambda _data, _url: None)
        assert read_feed(request) == document
    assert isinstance(document, FeedDocument)
    return document


def plain(value):
    """A value as its text, a list as a list of such."""
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    return getattr(value, "value", None) or getattr(value, "name", None) or value


PICTURE = "https://img.example/1.jpg"
SAID = {
    "content": (rss("<content:encoded>&lt;p&gt;Long&lt;/p&gt;</content:encoded><description>Short</description>"), {"content": "<p>Long</p>", "summary": "Short"}),
    "dc": (
        rss("<dc:title>T</dc:title><dc:creator>Ann</dc:creator><dc:creator>Bob</dc:creator><dc:date>2024-01-01T00:00:00Z</dc:date>"
            "<dc:subject>sea</dc:subject><dc:language>fr</dc:language><dc:rights>R</dc:rights><dc:description>D</dc:description>"),
        {"title": "T", "authors": ["Ann", "Bob"], "published": NEW_YEAR, "categories": ["sea"], "language": "fr", "rights": "R", "summary": "D"},
    ),
    "dcterms": (
        rss("<dcterms:issued>2024-01-01</dcterms:issued><dcterms:modified>2024-01-01T00:00:01Z</dcterms:modified>"),
        {"published": NEW_YEAR, "updated": NEW_YEAR + 1},
    ),
    "dcterms:created": (rss("<dcterms:created>2024-01-01T00:00:00Z</dcterms:created>"), {"published": NEW_YEAR, "updated": None}),
    "itunes": (
        rss('<itunes:author>Ann</itunes:author><itunes:summary>S</itunes:summary><itunes:image href="/1.jpg"/><itunes:keywords>a, b</itunes:keywords>'
            '<itunes:duration>12:00</itunes:duration><itunes:explicit>no</itunes:explicit><enclosure url="/1.mp3" type="audio/mpeg" length="7"/>'),
        {"authors": ["Ann"], "summary": "S", "categories": ["a", "b"]},
    ),
    "atom in RSS": (
        rss('<link>https://news.example/1</link><atom:link rel="self" href="https://feeds.example/self"/><atom:updated>2024-01-01T00:00:00Z</atom:updated>'
            "<atom:author><atom:name>Ann</atom:name><atom:uri>/ann</atom:uri></atom:author><atom:summary>S</atom:summary>"),
        {"link": "https://news.example/1", "updated": NEW_YEAR, "published": None, "authors": ["Ann"], "summary": "S"},
    ),
    "an alternate of atom in RSS": (rss('<atom:link href="https://news.example/2"/>'), {"link": "https://news.example/2"}),
    "a relation by its IRI": (
        atom('<link rel="http://www.iana.org/assignments/relation/alternate" href="/3"/>'), {"link": "https://feeds.example/3"}
    ),
    "thr": (
        atom('<thr:in-reply-to ref="tag:x" href="https://other.example/" type="text/html"/><link rel="replies" href="/comments" thr:count="4"/>'
             '<thr:total>4</thr:total><link href="/1"/><title>A</title>'),
        {"link": "https://feeds.example/1", "title": "A", "categories": []},
    ),
    "georss": (
        rss("<title>A</title><georss:point>14.7 -17.4</georss:point><georss:featurename>Dakar</georss:featurename>"
            "<georss:where><gml:Point><gml:pos>14.7 -17.4</gml:pos><gml:name>D</gml:name></gml:Point></georss:where><description>D</description>"),
        {"title": "A", "summary": "D", "authors": [], "categories": []},
    ),
    "slash": (rss("<title>A</title><slash:comments>4</slash:comments><slash:section>news</slash:section><slash:department>d</slash:department>"), {"title": "A", "categories": []}),
    "news in RSS": (
        rss("<link>/1</link><news:news><news:publication><news:name>N</news:name><news:language>fr</news:language></news:publication>"
            "<news:publication_date>2024-01-01T00:00:00Z</news:publication_date><news:title>A</news:title><news:keywords>a, b</news:keywords>"
            "<news:genres>Blog</news:genres></news:news>"),
        {"title": "A", "published": NEW_YEAR, "language": "fr", "categories": ["a", "b"], "authors": []},
    ),
    "the item's own before news": (
        rss("<title>B</title><pubDate>Mon, 01 Jan 2024 00:00:00 GMT</pubDate><news:title>A</news:title><news:publication_date>2020-01-01</news:publication_date>"),
        {"title": "B", "published": NEW_YEAR},
    ),
    "fh": (rss("<title>A</title>", "<fh:complete/><fh:archive/><atom:link rel='prev-archive' href='/2023'/><link>https://news.example/</link>"), {"title": "A"}),
    "the last of several dates": (
        atom("<updated>2020-01-01T00:00:00Z</updated><published>2021-01-01T00:00:00Z</published><updated>2024-01-01T00:00:00Z</updated><updated/>"),
        {"updated": NEW_YEAR},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), SAID.values(), ids=SAID)
@pytest.mark.parametrize("prefix", ["", "x"])
def test_what_a_namespace_says_is_read_whatever_its_prefix(text, expected, prefix):
    for name in SPACES if prefix else ():
        text = (
            text.replace(f"<{name}:", f"<{name}x:")
            .replace(f"</{name}:", f"</{name}x:")
            .replace(f" {name}:", f" {name}x:")
        )
        text = text.replace(f"xmlns:{name}=", f"xmlns:{name}x=")
    (entry,) = read(text).slots
    assert isinstance(entry, Entry)
    assert {name: plain(getattr(entry, name)) for name in expected} == expected


def test_media_have_the_words_of_their_own_their_group_or_their_entry():
    item = (
        '<media:group><media:content url="/1.jpg" type="image/jpeg" width="640" height="480" fileSize="9"/>'
        '<media:content url="/2.jpg"><media:description>Two</media:description><media:credit>Bob</media:credit></media:content>'
        "<media:description>Both</media:description><media:credit>Ann</media:credit></media:group>"
        '<media:thumbnail url="/t.jpg" width="80"/><media:description>All</media:description>'
    )
    (entry,) = read(rss(item)).slots
    told = [tuple(getattr(one, field.name) for field in fields(one)) for one in entry.media]
    assert told == [
        ("https://feeds.example/1.jpg", "image/jpeg", 640, 480, 9, "Both", "Ann"),
        ("https://feeds.example/2.jpg", None, None, None, None, "Two", "Bob"),
        ("https://feeds.example/t.jpg", None, 80, None, None, "All", None),
    ]


def test_a_podcast_gives_its_sound_and_its_picture():
    (entry,) = read(SAID["itunes"][0]).slots
    assert [(one.url, one.type, one.length) for one in entry.media] == [
        ("https://feeds.example/1.jpg", None, None),
        ("https://feeds.example/1.mp3", "audio/mpeg", 7),
    ]


def test_an_archive_is_no_home_and_a_self_is_none_either():
    assert read(SAID["fh"][0]).home_url == "https://news.example/"
    feed = '<link rel="self" href="/self"/><link rel="prev-archive" href="/2023"/><link rel="next" href="/p2"/><link href="/home"/>'
    assert read(atom("<title>A</title>", feed)).home_url == "https://feeds.example/home"


def test_a_feed_says_which_entries_it_took_back():
    tombs = (
        '<at:deleted-entry ref=" tag:news.example,2024:1 " when="2024-01-01T00:00:00Z"><at:by><name>Ann</name><email>a@b.example</email></at:by>'
        '<at:comment>wrong</at:comment><link href="https://other.example/"/><updated>2020-01-01T00:00:00Z</updated></at:deleted-entry>'
        '<at:deleted-entry ref="tag:news.example,2024:2" when="2024-01-01T00:00:00Z"/><at:deleted-entry/>'
    )
    for document in (
        read(atom("<title>A</title>", tombs)),
        read(rss("<title>A</title>", tombs.replace("<link", "<atom:link"))),
    ):
        assert document.withdrawn == ("tag:news.example,2024:1", "tag:news.example,2024:2")
        assert document.home_url is None
        assert [slot.authors for slot in document.slots] == [()]


def test_a_tombstone_inside_an_entry_takes_nothing_back():
    document = read(atom('<title>A</title><at:deleted-entry ref="x"><at:comment>c</at:comment></at:deleted-entry>'))
    assert document.withdrawn == ()
    assert document.slots[0].title.value == "A"


SITEMAP = """<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"
 xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
<url><loc>https://news.example/1</loc><lastmod>2024-01-01T00:00:01Z</lastmod><changefreq>never</changefreq>
<news:news><news:publication><news:name>Le Courrier</news:name><news:language>fr</news:language></news:publication>
<news:publication_date>2024-01-01T00:00:00Z</news:publication_date><news:title>Sel &amp; poivre</news:title><news:keywords>mer, port</news:keywords></news:news>
<image:image><image:loc>https://img.example/1.jpg</image:loc><image:caption>Le port</image:caption></image:image></url>
<url><loc>https://news.example/2</loc><news:news><news:title>Deux</news:title></news:news></url>
</urlset>"""


def test_a_news_sitemap_is_a_feed():
    document = read(SITEMAP)
    assert (document.format, document.complete) == ("sitemap", True)
    first, second = document.slots
    assert (first.link, first.title.value, first.published, first.updated) == (
        "https://news.example/1",
        "Sel & poivre",
        NEW_YEAR,
        NEW_YEAR + 1,
    )
    assert (first.language, first.categories, [one.url for one in first.media]) == ("fr", ("mer", "port"), [PICTURE])
    assert (second.link, second.title.value, second.published) == ("https://news.example/2", "Deux", None)
    known = frozenset({second.raw})
    assert read_feed(ReadRequest(SITEMAP.encode(), None, URL, known)).slots == (first, second.raw)


def test_a_sitemap_without_news_is_no_feed():
    body = b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>https://news.example/1</loc></url></urlset>'
    document = read_feed(ReadRequest(body, None, URL))
    assert isinstance(document, Unreadable)
    assert document.reason == "not_a_feed"


def test_a_broken_news_sitemap_withdraws_nothing():
    for body in (SITEMAP.replace("</url>\n<url>", "</urk>\n<url>"), SITEMAP.replace("</url>\n</urlset>", "")):
        document = read_feed(ReadRequest(body.encode(), None, URL))
        assert isinstance(document, FeedDocument)
        assert not document.complete
