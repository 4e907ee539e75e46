"""Inputs for the readers, made from a seed: small documents of every format, damaged.

Input `number` of `seed` is the same on every machine, whatever was made before it.
"""

import codecs
import random
from collections.abc import Callable
from pathlib import Path

_CORPUS = Path(__file__).parents[1] / "corpus"
_SPACES = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:dcterms="http://purl.org/dc/terms/" xmlns:media="http://search.yahoo.com/mrss/"'
    ' xmlns:atom="http://www.w3.org/2005/Atom" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
)
_WRITTEN = (
    f"""<?xml version="1.0" encoding="utf-8"?><rss version="2.0" {_SPACES}><channel><title>Le Fil</title>
<link>https://fil.example/</link><language>fr</language><ttl>30</ttl><skipHours><hour>3</hour></skipHours>
<item><guid isPermaLink="false">a-1</guid><title>Été &amp; pluie</title><link>https://fil.example/1?utm_source=x</link>
<description>&lt;p&gt;Un &lt;b&gt;mot&lt;/b&gt;.&lt;/p&gt;</description><pubDate>Tue, 14 Nov 2023 10:00:00 GMT</pubDate>
<author>ann@fil.example (Ann)</author><category>Climat</category></item>
<item><guid>https://fil.example/2</guid><dc:creator>B. B.</dc:creator><content:encoded><![CDATA[<p>Deux</p><img src="/i.png">]]>
</content:encoded><media:group><media:content url="https://fil.example/i.jpg" type="image/jpeg" width="10"><media:credit>C</media:credit>
</media:content></media:group><enclosure url="/s.mp3" length="9" type="audio/mpeg"/><dc:date>2023-11-14T10:00:00+01:00</dc:date></item>
</channel></rss>""",
    """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en" xml:base="https://post.example/a/"><title>Post</title>
<author><name>Ed</name><uri>/ed</uri></author><link rel="self" href="feed"/><updated>2024-02-01T00:00:00Z</updated>
<entry><id>tag:post.example,2024:1</id><title type="html">A &amp;lt;b&amp;gt; &amp;amp; c</title><link href="../1"/>
<summary>Short</summary><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Body <i>x</i></p></div></content>
<published>2024-02-01T10:00:00.5-03:00</published></entry>
<entry xml:base="b/"><id>2</id><title type="text">5 &lt; 6</title><link rel="enclosure" href="x.mp3" length="3"/>
<author><name>Zoë</name><email>zoe@post.example</email></author><content type="html">&lt;table>&lt;tr>&lt;td>1&lt;/table></content>
<source><id>s</id><title>S</title></source><category term="t" label="T"/></entry></feed>""",
    """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://r.example/"><title>R</title><items><rdf:Seq/></items>
</channel><item rdf:about="https://r.example/1"><title>One</title><link>https://r.example/1</link><dc:subject>s</dc:subject>
</item><item rdf:about="https://r.example/2"><title>Two</title><dc:rights>r</dc:rights></item></rdf:RDF>""",
    """<!DOCTYPE rss [<!ENTITY e "e &#38; f"><!ENTITY nbsp "&#160;">]><rss version="0.91"><channel><title>&e;</title>
<item><title>a&nbsp;b</title><link>http://o.example/1</link></item><item><title>&e;&e;</title></item></channel></rss>""",
    """<rss version="2.0"><channel><title>Broken & bent</title><item><title>One<br>two</title><link>http://b.example/1</link>
<description>&nbsp;x &eacute; <p>y</description></item><item><title>T</item><item><guid>3</guid></item></channel></rss>""",
    """{"version": "https://jsonfeed.org/version/1.1", "title": "J", "home_page_url": "https://j.example/", "language": "de",
"authors": [{"name": "A", "url": "mailto:a@j.example"}], "items": [{"id": 1, "url": "/1", "title": "T", "content_html": "<p>x</p>",
"date_published": "2024-02-01T10:00:00Z", "tags": ["a", "b"], "attachments": [{"url": "x.mp3", "mime_type": "audio/mpeg",
"size_in_bytes": 3}]}, {"id": "2", "content_text": "y\\u00e9", "author": {"name": "B"}, "image": "https://j.example/i.png"}]}""",
    """<!doctype html><html lang="en"><head><title>Page</title><meta property="og:title" content="P"></head><body><article>
<h1>Page</h1><p>Words of a page, and more of them.</p></article></body></html>""",
)
_HTML = (
    '<p>Un <b>mot</b>, <a href="/x?a=1&amp;b=2">lien</a>.</p><br/>Deux&nbsp;: &eacute; &#8217; <img src="i.png" alt="a">',
    "<table><tr><td>a<td>b<tr><th>c</table><ul><li>x<li>y</ul><pre> a\n  b</pre>",
    "a<script>b</script><style>c</style><!-- d --><![CDATA[e]]><svg><title>f</title></svg>",
    "Plain text, 5 < 6 & 7 > 2.\n\nA second paragraph.\r\nA line\u2028another\u0085third.",
    "e\u0301te\u0301 \u200bzero\ufeff \u202ertl\u202c שלום <bdo dir=rtl>x</bdo>",
)
_DATES = (
    "Tue, 14 Nov 2023 10:00:00 GMT", "2023-11-14T10:00:00.123456+01:00", "2023-11-14", "20231114T100000Z", "14 nov. 2023 10:00 PM CEST",
    "Nov 14, 2023 at 3:04 PM EST", "Tue Nov 14 10:00:00 2023", "Κυρ, 11 Ιούλ 2004 12:00:00 EST", "2004-július-13T9:15-05:00",
    "2004년 05월 28일  오후 01:45:30", "Mon, 31 Feb 2023 24:60:61 +2500", "12/31/1999", "1700000000",
)  # fmt: skip
_TOKENS = tuple(
    token.encode("utf-8", "surrogatepass")
    for token in (
        "<", ">", "&", "/>", "</", "<!", "<?", "?>", "]]>", "<![CDATA[", "<!--", "-->", '"', "'", "=", ";", "\0", "\x0b", "\x85",
        "\u2028", "\u202e", "\ufeff", "\ufffe", "\ud800", "\U0010ffff", "\u0301" * 40, "\u00c3\u00a9", "号", "&#0;", "&#x85;",
        "&#xD800;", "&#99999999999;", "&amp;", "&lt;", "&gt;", "&nbsp;", "&e;", "&amp;lt;b&amp;gt;", "&#", "&#x", "<item>", "</item>",
        "<item/>", "<entry>", "</entry>", "<rss>", "</rss>", "<rss version='2.0'>", "<feed>", "</feed>", "<channel>", "</channel>",
        "<rdf:RDF>", "<title>", "</title>", "<title/>", "<link>", "</link>", "<link href='/'/>", "<link>http://[::1</link>", "<guid>",
        "<description>", "</description>", "<content type='xhtml'>", "<content type='base64'>", "</content>", "<author>", "</author>",
        "<author><name>", "<category>", "<source>", "<image>", "</image>", "<textInput>", "<media:content url=''>", "<media:group>",
        "<enclosure url='http://:99999/'/>", "<pubDate>", "<updated>9999-12-31T23:59:60Z</updated>", "<dc:date>0001</dc:date>",
        "<xhtml:body>", "<body>", "<div>", "</div>", "<svg>", "<math>", "<table>", "<td>", "<pre>", "<script>", "</script>", "<br/>",
        "<p>", "</p>", "<a href='javascript:x'>", "<b", "<a b='", " xml:base='//x/'", " xml:base='../'", " xml:lang=''", " xmlns=''",
        " xmlns:a='u'", " xmlns:dc='http://purl.org/rss/1.0/'", " type='html'", " type='text/plain'", " mode='escaped'", " href=",
        " isPermaLink='true'", "<?xml version='1.0' encoding='utf-16'?>", "<?xml version='1.1'?>", "<!DOCTYPE x [<!ENTITY a 'b'>]>",
        "<!DOCTYPE rss SYSTEM 'x.dtd'>", "<!ATTLIST item a CDATA 'x'>", "%p;", "{", "}", "[", "]", ",", ":", "null", "true", "1e999",
        "-0", "NaN", "\\ud800", "\\u0000", '"id":', '"items":', '"version":', '"authors":[', "http://", "//", "..", "?", "#",
        "mailto:", "a@b.example", "(", ")", "\t", "\n", "\r\n", " ", " " * 50, "x" * 5000,
    )
)  # fmt: skip
_NUMBERS = (b"0", b"-1", b"65535", b"65536", b"2147483648", b"9" * 20, b"1e400", b"00", b"\xd9\xa1", b"")
_ENCODINGS = (
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "utf-8-sig",
    "windows-1252",
    "koi8-r",
    "gb18030",
    "shift_jis",
    "iso-2022-jp",
)
_TYPES = (
    None, None, None, "text/xml", "application/rss+xml; charset=utf-8", "text/xml; charset=utf-16", "text/html; charset=ISO-8859-1",
    "application/json", "x; charset=rot13", 'text/xml; charset="\xe9', "text/xml; charset=iso-2022-jp",
)  # fmt: skip

DOCUMENTS = tuple(path.read_bytes() for path in sorted(_CORPUS.rglob("*")) if path.suffix in {".xml", ".feed"}) + tuple(
    text.encode() for text in _WRITTEN
)


def chance_of(seed: int, number: int) -> random.Random:
    """The chance that input `number` is made with."""
    return random.Random(f"{seed}/{number}")


def document(chance: random.Random) -> tuple[bytes, str | None]:
    """A document and what the transport says of it."""
    body = bytearray(chance.choice(DOCUMENTS))
    for _ in range(chance.choice((0, 1, 1, 2, 2, 3, 5, 9))):
        chance.choice(_MUTATIONS)(body, chance)
    made = bytes(body[:20_000])
    if chance.random() < 0.1:
        made = made.decode("utf-8", "replace").encode(chance.choice(_ENCODINGS), "replace")
    return made, chance.choice(_TYPES)


def html(chance: random.Random) -> str:
    """A text that may be HTML."""
    body = bytearray(chance.choice(_HTML).encode())
    for _ in range(chance.choice((0, 1, 2, 4, 8))):
        chance.choice(_MUTATIONS)(body, chance)
    return bytes(body[:10_000]).decode("utf-8", chance.choice(("replace", "ignore", "surrogateescape")))


def date(chance: random.Random) -> str:
    """A text where a date should be."""
    body = bytearray(chance.choice(_DATES).encode())
    for _ in range(chance.choice((0, 1, 1, 2, 3))):
        chance.choice((*_MUTATIONS, _number, _number, _date))(body, chance)
    return bytes(body[:300]).decode("utf-8", "replace")


# --- what happens to documents


def _span(body: bytearray, chance: random.Random, longest: int = 200) -> slice:
    start = chance.randrange(len(body) + 1)
    return slice(start, min(len(body), start + chance.randrange(longest)))


def _token_span(body: bytearray, chance: random.Random) -> slice:
    """From a sign that begins something to a sign that ends something."""
    start = max(body.find(b"<", chance.randrange(len(body) + 1)), 0)
    end = body.find(b">", start + chance.randrange(300)) + 1
    return slice(start, end or len(body))


def _flip(body: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randrange(1, 4)):
        if body:
            body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)


def _token(body: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(body) + 1)
    body[start : start + chance.choice((0, 0, 1, 8))] = chance.choice(_TOKENS)


def _behind_tag(body: bytearray, chance: random.Random) -> None:
    start = body.find(b">", chance.randrange(len(body) + 1)) + 1
    body[start:start] = chance.choice(_TOKENS)


def _cut_out(body: bytearray, chance: random.Random) -> None:
    del body[_span(body, chance)]


def _cut_tag_out(body: bytearray, chance: random.Random) -> None:
    del body[_token_span(body, chance)]


def _double(body: bytearray, chance: random.Random) -> None:
    piece = bytes(body[_token_span(body, chance)])[:2000]
    body[(at := chance.randrange(len(body) + 1)) : at] = piece


def _repeat(body: bytearray, chance: random.Random) -> None:
    span = _span(body, chance, 60)
    body[span] = bytes(body[span]) * chance.choice((2, 3, 30))


def _end(body: bytearray, chance: random.Random) -> None:
    del body[chance.randrange(len(body) + 1) :]


def _begin(body: bytearray, chance: random.Random) -> None:
    del body[: chance.randrange(min(len(body), 300) + 1)]


def _nest(body: bytearray, chance: random.Random) -> None:
    times, name = chance.choice((2, 20, 120)), chance.choice((b"div", b"item", b"title", b"x:y", b"[", b"b"))
    begins, ends = (b"[", b"]") if name == b"[" else (b"<" + name + b">", b"</" + name + b">")
    span = _token_span(body, chance)
    body[span] = begins * times + bytes(body[span])[:500] + ends * times


def _number(body: bytearray, chance: random.Random) -> None:
    digits = [at for at, byte in enumerate(body[:4000]) if 48 <= byte < 58]
    if digits:
        start = chance.choice(digits)
        body[start : start + chance.choice((1, 1, 2, 4))] = chance.choice(_NUMBERS)


def _cross(body: bytearray, chance: random.Random) -> None:
    other = bytearray(chance.choice(DOCUMENTS))
    body[_span(body, chance)] = other[_token_span(other, chance)][:2000]


def _swap(body: bytearray, chance: random.Random) -> None:
    one, other = _token_span(body, chance), _token_span(body, chance)
    if one.stop <= other.start:
        body[one.start : other.stop] = body[other] + body[one.stop : other.start] + body[one]


def _recode(body: bytearray, chance: random.Random) -> None:
    span = _span(body, chance)
    text = bytes(body[span]).decode("utf-8", "replace")
    body[span] = text.encode(chance.choice(("windows-1252", "utf-16-le", "cp437")), "replace")


def _case(body: bytearray, chance: random.Random) -> None:
    span = _span(body, chance, 60)
    body[span] = body[span].swapcase()


def _mark(body: bytearray, chance: random.Random) -> None:
    body[:0] = chance.choice(
        (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, b"\n \t", b"junk", b"\x1f\x8b")
    )


def _date(body: bytearray, chance: random.Random) -> None:
    body[chance.randrange(len(body) + 1) :] = chance.choice(_DATES).encode()[chance.randrange(10) :]


_MUTATIONS: tuple[Callable[[bytearray, random.Random], None], ...] = (
    _flip, _token, _token, _token, _behind_tag, _behind_tag, _cut_out, _cut_tag_out, _cut_tag_out, _double, _double, _repeat, _end,
    _begin, _nest, _number, _cross, _cross, _swap, _recode, _case, _mark,
)  # fmt: skip
