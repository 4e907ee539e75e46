"""Families of documents that grow: each asks for more of one thing, in the place where that has cost most.

A unit is repeated, `@` in it being its number, and `@@` an `@`. What stands in an item comes in three forms: as it is (which the direct
reader takes), beside a title with markup (which feedparser's strict parser gets), and beside a tag that nobody opened
(which its loose parser gets).
"""

from collections.abc import Callable

Family = Callable[[int], bytes]
"""A document of about so many bytes."""

_SPACES = (
    ' xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:media="http://search.yahoo.com/mrss/" xmlns:atom="http://www.w3.org/2005/Atom"'
    ' xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
)
_XHTML = "<atom:content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>"
_FORMS = {"direct": "", "strict": "<title>a <b>b</b></title>", "loose": "<title>a</b></title>"}

# What an item holds: before, unit, after.
_IN_ITEM = {
    "authors": ("", "<author>a@@b.example (N @)</author>", ""),
    "a long author": ("<author>", "a.b@@", "</author>"),
    "names of an author": ("<atom:author>", "<atom:name>n@</atom:name>", "</atom:author>"),
    "attributes": ("<media:content url='https://x.example/' ", "a@='x' ", "/>"),
    "a long attribute": ("<link href='", "a/", "'/>"),
    "references in an attribute": ("<link href='", "&amp;", "'/>"),
    "ampersands in an attribute": ("<link href='", "&a=", "'/>"),
    "spaces in a tag": ("<title", "  ", ">x</title>"),
    "quotes in a tag": ("<link ", "'\"", ">"),
    "elements": ("", "<x/>", ""),
    "names of elements": ("", "<x@/>", ""),
    "prefixes": ("", "<dc:x@/>", ""),
    "namespaces": ("", "<x xmlns:n@='u@'/>", ""),
    "one namespace again": ("", "<n:x xmlns:n='u'/>", ""),
    "languages in scope": ("", "<x xml:lang='fr'/>", ""),
    "bases in scope": ("", "<x xml:base='a/'/>", ""),
    "unclosed tags": ("", "<b>", ""),
    "unclosed titles": ("", "<title>", ""),
    "unclosed descriptions": ("", "<description>x", ""),
    "unclosed bases": ("", "<x xml:base='a/'>", ""),
    "closed only": ("", "</b>", ""),
    "crossed tags": ("", "<a><b></a></b>", ""),
    "signs of tags": ("<description>", "<", "</description>"),
    "beginnings of tags": ("<description>", "<a ", "</description>"),
    "beginnings of attributes": ("<description>", "<a b='", "</description>"),
    "beginnings of declarations": ("<description>", "<!x ", "</description>"),
    "beginnings of comments": ("<description>", "<!-- ", "</description>"),
    "beginnings of instructions": ("<description>", "<?p ", "</description>"),
    "beginnings of CDATA": ("<description>", "<![CDATA[", "]]></description>"),
    "CDATA": ("<description>", "<![CDATA[x]]>", "</description>"),
    "ends of CDATA": ("<description>", "]]>", "</description>"),
    "comments": ("<description>", "x<!-- c -->", "</description>"),
    "instructions": ("<description>", "x<?p c?>", "</description>"),
    "references": ("<description>", "&amp;", "</description>"),
    "entities of HTML": ("<description>", "&eacute;", "</description>"),
    "numbers of characters": ("<description>", "&#233;", "</description>"),
    "a long number": ("<description>&amp;#", "9", ";</description>"),
    "ampersands": ("<description>", "&", "</description>"),
    "ampersands and letters": ("<description>", "&a ", "</description>"),
    "a long title": ("<title>", "word ", "</title>"),
    "a title encoded twice": ("<title>", "\u00c3\u00a9", "</title>"),
    "marks": ("<title>a", "\u0301\u0316", "</title>"),
    "marks in a body": ("<description>a", "\u0301\u0316", "</description>"),
    "white space": ("<description>a", " \n", "b</description>"),
    "white space of all kinds": ("<itunes:summary>a", " \t\n\u00a0\u2003", "b</itunes:summary>"),
    "directions": ("<description>", "\u202ea", "</description>"),
    "categories": ("", "<category domain='d@'>c@</category>", ""),
    "keywords": ("<media:keywords>", "k@,", "</media:keywords>"),
    "enclosures": ("", "<enclosure url='https://x.example/@'/>", ""),
    "media": ("<media:group>", "<media:content url='/@'><media:credit>c</media:credit></media:content>", "</media:group>"),
    "links": ("", "<atom:link href='/@'/>", ""),
    "sources": ("", "<source url='u'>s</source>", ""),
    "images": ("", "<image><url>u</url></image>", ""),
    "dates": ("", "<pubDate>x@</pubDate>", ""),
    "a long date": ("<pubDate>", "Mon, ", "</pubDate>"),
    "a long id": ("<guid>https://x.example/", "../", "</guid>"),
    "a long link": ("<link>", "a/../", "</link>"),
    "base64": ("<atom:content type='application/x'>", "QUJD", "</atom:content>"),
    "XHTML": (_XHTML, "<p>a<br/>b</p>", "</div></atom:content>"),
    "HTML: paragraphs": ("<content:encoded>", "&lt;p>x", "</content:encoded>"),
    "HTML: links": ("<content:encoded>", "&lt;a href=x>", "</content:encoded>"),
    "HTML: cells": ("<content:encoded>&lt;table>", "x&lt;td>", "</content:encoded>"),
    "HTML: attributes": ("<content:encoded>&lt;a ", "b=c ", "></content:encoded>"),
    "HTML: quotes": ("<content:encoded>&lt;a ", "'\"", "></content:encoded>"),
    "HTML: formatting": ("<content:encoded>", "&lt;b>x&lt;p>", "</content:encoded>"),
    "HTML: scripts": ("<content:encoded>", "&lt;script>", "</content:encoded>"),
    "HTML: drawings": ("<content:encoded>", "&lt;svg>&lt;title>", "</content:encoded>"),
    "HTML: breaks in pre": ("<content:encoded>", "&lt;pre>\n", "</content:encoded>"),
    "HTML: signs": ("<content:encoded>", "&lt;", "</content:encoded>"),
}  # fmt: skip
# What a channel holds: before, unit, after.
_IN_CHANNEL = {
    "items": ("", "<item/>", ""),
    "items with an id": ("", "<item><guid>@</guid></item>", ""),
    "items with HTML": ("", f"<item><guid>@</guid><description>{'&lt;p>word &amp;amp; &lt;b>x&lt;/b> ' * 8}</description></item>", ""),
    "items with XHTML": ("", f"<item><guid>@</guid>{_XHTML}{'<p>a</p>' * 20}</div></atom:content></item>", ""),
    "items with markup in the title": ("", "<item><guid>@</guid><title>a<b>b</b></title><description>word word</description></item>", ""),
    "items with odd dates": ("", "<item><guid>@</guid><pubDate>Monday, Mon, 99 Foo 20 10:00 ABCDE x y z x y z</pubDate></item>", ""),
    "items with authors": ("", f"<item><guid>@</guid>{'<author>a@@b.example</author>' * 40}</item>", ""),
    "items with media": ("", "<item><guid>@</guid>" + '<media:content url="a/b.jpg?@"/>' * 40 + "</item>", ""),
    "items that are open": ("", "<item><guid>@</guid>", ""),
    "items in items": ("<item>", "<item>", "</item>"),
    "items with namespaces": ("", "<item xmlns:n@='u@'><guid>@</guid></item>", ""),
    "items with a base": ("", "<item xml:base='a@/'><link>x</link></item>", ""),
    "items apart": ("", "<x/><item/>", ""),
    "hours": ("<skipHours>", "<hour>1</hour>", "</skipHours>"),
    "text inputs": ("", "<textInput><title>t</title></textInput>", ""),
    "other channels": ("", "<channel lastmod='x' href='y'>", ""),
}  # fmt: skip


def _repeated(unit: str, size: int) -> str:
    if not unit:
        return ""
    if "@" not in unit.replace("@@", ""):
        unit = unit.replace("@@", "@")
        return unit * max(1, size // len(unit.encode()))
    parts: list[str] = []
    number = length = 0
    while length < size:
        parts.append(unit.replace("@@", "\0").replace("@", str(number)).replace("\0", "@"))
        length += len(parts[-1])
        number += 1
    return "".join(parts)


def _rss(inside: str, *, before: str = "", attributes: str = "") -> bytes:
    return f'{before}<rss version="2.0"{_SPACES}{attributes}><channel><title>T</title>{inside}</channel></rss>'.encode()


def _in_item(before: str, unit: str, after: str, form: str) -> Family:
    return lambda size: _rss(f"<item><guid>g</guid>{form}{before}{_repeated(unit, size)}{after}</item>")


def _in_channel(before: str, unit: str, after: str) -> Family:
    return lambda size: _rss(f"{before}{_repeated(unit, size)}{after}<item/>")


def _deep(name: str, attributes: str = "", *, around: str = "") -> Family:
    begins, ends = f"<{name}{attributes}>", f"</{name}>"
    wrap = (f"<{around}>", f"</{around}>") if around else ("", "")

    def made(size: int) -> bytes:
        times = size // len(begins + ends)
        return _rss(f"{wrap[0]}{begins * times}{ends * times}{wrap[1]}")

    return made


def _two(first: str, second: str, template: str) -> Family:
    """Half of the bytes of the one, half of the other: what one brings may count for each of the other."""

    def made(size: int) -> bytes:
        one, other = _repeated(first, size // 2), _repeated(second, size // 2)
        return template.replace("$1", one).replace("$2", other).encode()

    return made


_FEED = '{"version": "https://jsonfeed.org/version/1.1", "items": [$1]}'
_ITEM = '{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", $1}]}'

FAMILIES: dict[str, Family] = {
    **{f"{name}: {form}": _in_item(*parts, text) for name, parts in _IN_ITEM.items() for form, text in _FORMS.items()},
    **{name: _in_channel(*parts) for name, parts in _IN_CHANNEL.items()},
    "depth": _deep("x", around="item"),
    "depth of titles": _deep("title", around="item"),
    "depth of the channel": _deep("x"),
    "depth of bases": _deep("x", " xml:base='a/'", around="item"),
    "depth of namespaces": _deep("x", " xmlns:a='u'"),
    "depth of items": _deep("item"),
    "declared entities": _two("<!ENTITY e@ 'x'>", "x", "<!DOCTYPE rss [$1]><rss><channel><item>$2</item></channel></rss>"),
    "an entity": _two("&e;", "&e;", "<!DOCTYPE rss [<!ENTITY e 'x'>]><rss><channel><item><title>$1</title>$2</item></channel></rss>"),
    "an entity of entities": _two("&f;", "x", "<!DOCTYPE a [<!ENTITY e 'x'><!ENTITY f '&e;&e;'>]><rss><channel><item>$1$2</item></channel></rss>"),
    "entities in items": _two("<item><title>&e;</title></item>", "<item/>", "<!DOCTYPE a [<!ENTITY e 'x'>]><rss><channel>$1$2</channel></rss>"),
    "declared attributes": _two("<!ATTLIST item a@ CDATA 'x'>", "<item></item>", "<!DOCTYPE rss [$1]><rss><channel>$2</channel></rss>"),
    "a long declared attribute": _two("x", "<item></item>", "<!DOCTYPE rss [<!ATTLIST item a CDATA '$1'>]><rss><channel>$2</channel></rss>"),
    "comments before": _two("<!-- c -->", "<?p c?>", "$1$2<rss><channel><item/></channel></rss>"),
    "namespaces of the root": _two("xmlns:n@='u@' ", "<item/>", "<rss $1><channel>$2</channel></rss>"),
    "a long namespace": _two("u", "<n:x/>", "<rss xmlns:n='$1'><channel><item>$2</item></channel></rss>"),
    "a long base": _two("a/", "<item><link>x</link></item>", "<rss xml:base='https://x.example/$1'><channel>$2</channel></rss>"),
    "a long base between": _two("a/", "<item/><a/>", "<rss xml:base='https://x.example/$1'><channel>$2</channel></rss>"),
    "attributes of the root": _two("a@='x' ", "<item/>", "<rss $1><channel>$2</channel></rss>"),
    "authors of the feed": _two(
        "<author><name>n@</name></author>",
        "<entry><id>@</id></entry>",
        "<feed xmlns='http://www.w3.org/2005/Atom'>$1$2</feed>",
    ),
    "rights of the feed": _two("<copyright>c@</copyright>", "<item><guid>@</guid></item>", "<rss><channel>$1$2</channel></rss>"),
    "junk before": _two("junk ", "junk ", "$1$2<rss><channel><item/></channel></rss>"),
    "junk behind": _two("<a>", "junk ", "<rss><channel><item/></channel></rss>$1$2"),
    "cut inside a tag": _two("a ", "b ", "<rss><channel><item><title $1$2"),
    "cut between items": _two("<item><guid>@</guid></item>", "", "<rss><channel>$1$2"),
    "JSON: depth": lambda size: _ITEM.replace("$1", f'"x": {"[" * (size // 2)}{"]" * (size // 2)}').encode(),
    "JSON: shallow depths": _two(f'{{"id": "@", "x": {"[" * 300}{"]" * 300}}}, ', "", _FEED.replace("$1", '$1$2{"id": "z"}')),
    "JSON: keys": _two('"k@": 1, ', "", _ITEM.replace("$1", '$1$2"z": 1')),
    "JSON: items": _two('{"id": "@"}, ', "", _FEED.replace("$1", '$1$2{"id": "z"}')),
    "JSON: items with HTML": _two('{"id": "@", "content_html": "<p>a <b>b</b></p>"}, ', "", _FEED.replace("$1", '$1$2{"id": "z"}')),
    "JSON: authors": _two('{"name": "a@"}, ', "", _ITEM.replace("$1", '"authors": [$1$2{"name": "b"}]')),
    "JSON: authors of the feed": _two(
        '{"name": "a@"}, ',
        '{"id": "@"}, ',
        _FEED.replace('"items"', '"authors": [$1{"name": "b"}], "items"').replace("[$1]", '[$2{"id": "z"}]'),
    ),
    "JSON: tags": _two('"t@", ', "", _ITEM.replace("$1", '"tags": [$1$2"t"]')),
    "JSON: attachments": _two('{"url": "a@"}, ', "", _ITEM.replace("$1", '"attachments": [$1$2{"url": "b"}]')),
    "JSON: a long number": _two("9", "", _ITEM.replace("$1", '"x": $1$2')),
    "JSON: surrogates": _two("\\ud800", "", _ITEM.replace("$1", '"title": "$1$2"')),
    "JSON: not a number": _two('{"id": "@"}, ', "", _FEED.replace("$1", '$1$2{"id": NaN}')),
    "UTF-16": lambda size: _rss(_repeated("<item><guid>@</guid></item>", size // 2)).decode().encode("utf-16"),
    "damaged UTF-8": lambda size: _rss("<item><title>$</title></item>").replace(b"$", b"\xc3\xa9" * (size // 2 - 1) + b"\xff"),
    "bytes of no encoding": lambda size: b"<?xml version='1.0' encoding='shift_jis'?>" + _rss("$").replace(b"$", b"\xe9" * size),
    "controls": lambda size: _rss("<item><title>$</title></item>").replace(b"$", b"a" * 60 + b"\x01" * (size // 100) + b"a" * size),
}  # fmt: skip
