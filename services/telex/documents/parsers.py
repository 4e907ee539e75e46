"""feedparser's two parsers, made to note what a document says where feedparser itself would choose, merge or resolve.

feedparser 6.0.14 puts dc:date, dcterms:modified and atom:updated into one field, resolves ids, moves a second
description into the content, and looks for an address in an author's text with an expression that is quadratic. Here
each element's value is noted under the element's own name; `feeds` decides what it means.
"""

import base64
import binascii
import re
import xml.sax
import xml.sax.handler
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from xml.sax.expatreader import ExpatParser

from feedparser.api import LooseFeedParser, StrictFeedParser
from feedparser.exceptions import UndeclaredNamespace

from telex.documents import limits

_PARAMETER = re.compile(r"&([A-Za-z0-9_]+);")
_CHARACTER = re.compile(r"(?:[0-9]{1,7}|[xX][0-9A-Fa-f]{1,6})")
_WINDOWS_1252 = {code: bytes((code,)).decode("windows-1252") for code in range(128, 160) if code not in (129, 141, 143, 144, 157)}
_REPLACED = "\ufffd"


class Text(NamedTuple):
    """The text of an element as written, with its media type and the base of its links."""

    value: str
    type: str
    base: str


class Link(NamedTuple):
    """A link, resolved by the base in scope."""

    rel: str
    type: str | None
    href: str
    attributes: dict[str, str]


class Person(NamedTuple):
    """An author: the text of the element and of its children."""

    text: str
    name: str | None
    url: str | None
    email: str | None


@dataclass(slots=True)
class Medium:
    """A media object and the words about it."""

    attributes: dict[str, str]
    base: str
    text: str = ""
    caption: str | None = None
    credit: str | None = None


@dataclass(slots=True)
class Facts:
    """What a feed or an entry says, by the element that says it. The first value that is not empty counts."""

    texts: dict[str, Text] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    people: dict[str, list[Person]] = field(default_factory=dict)
    categories: dict[str, None] = field(default_factory=dict)
    media: list[Medium] = field(default_factory=list)
    caption: str | None = None
    credit: str | None = None
    permalink: str = ""
    base: str = ""
    language: str | None = None
    closed: bool = False
    several: dict[str, list[str]] = field(default_factory=dict)


class TooMany(Exception):  # noqa: N818 - it tells what happened
    """There are more entries than a document may have."""


class _Noting:
    """What both parsers do instead of feedparser's own handlers. Handlers are found by their names."""

    def __init__(self, *arguments: Any) -> None:
        self.feed_facts = Facts()
        self.entry_facts: list[Facts] = []
        self.medium: Medium | None = None
        self.group: list[Medium] | None = None
        self.group_facts = Facts()
        self.person: dict[str, str] = {}
        self.terms: list[dict[str, str]] = []
        super().__init__(*arguments)
        self.feed_facts.base = self.baseuri

    baseuri: str
    inentry: int
    insource: int
    inimage: int
    intextinput: int
    incontent: int
    depth: int
    lang: str | None
    contentparams: Any
    elementstack: list[Any]
    version: str
    decode_entities: Any
    looks_like_html: Any

    def push(self, element: str, expecting_text: int) -> None:
        super().push(element, expecting_text)  # type: ignore[misc] # feedparser's mixin

    def pop(self, element: str, strip_whitespace: int = 1) -> str:  # noqa: ARG002 - feedparser's signature
        """The element's text. feedparser's own also stores it, at twice the cost."""
        if not self.elementstack or self.elementstack[-1][0] != element:
            return ""
        pieces = self.elementstack.pop()[2]
        params = self.contentparams
        if self.version == "atom10" and params.get("type") == "application/xhtml+xml":
            pieces = _inside_div(pieces)
        output = "".join(piece.decode("utf-8") if isinstance(piece, bytes) else piece for piece in pieces).strip()
        if params.get("base64"):
            with suppress(binascii.Error, UnicodeError):
                return base64.b64decode(output).decode("utf-8")
        output = self.decode_entities(element, output)
        if params.get("type") == "text/plain" and not self.version.startswith("atom") and self.looks_like_html(output):
            params["type"] = "text/html"
        return _undamaged(output)

    # --- where a value belongs

    def here(self) -> Facts | None:
        """The feed's facts or the entry's; None inside a source, an image, a text input."""
        if self.insource or self.inimage or self.intextinput:
            return None
        return self.entry_facts[-1] if self.inentry else self.feed_facts

    def note(self, name: str, value: str) -> None:
        facts = self.here()
        if facts is not None and value:
            facts.values.setdefault(name, value)

    def note_all(self, name: str, value: str) -> None:
        facts = self.here()
        if facts is not None and value and len(facts.several.setdefault(name, [])) < limits.CATEGORIES:
            facts.several[name].append(value)

    # --- entries

    def _start_item(self, attrs: dict[str, str]) -> None:
        if len(self.entry_facts) >= limits.ENTRIES:
            raise TooMany
        super()._start_item(attrs)  # type: ignore[misc] # feedparser's mixin
        self.insource = self.inimage = self.intextinput = 0
        self.medium, self.group = None, None
        facts = Facts(base=self.baseuri, language=self.lang)
        if attrs.get("rdf:about"):
            facts.values["about"] = attrs["rdf:about"]
        self.entry_facts.append(facts)

    _start_entry = _start_item

    def _end_item(self) -> None:
        super()._end_item()  # type: ignore[misc] # feedparser's mixin
        if self.entry_facts:
            self.entry_facts[-1].closed = True

    _end_entry = _end_item

    # --- texts

    def pop_content(self, tag: str) -> str:
        value = self.pop(tag)
        facts = self.here()
        kind = self.contentparams.get("type") or "text/plain"
        if facts is not None and value and tag not in facts.texts:
            facts.texts[tag] = Text(value, str(kind), str(self.contentparams.get("base") or ""))
        self.incontent -= 1
        self.contentparams.clear()
        return value

    def push_text(self, tag: str, attrs: dict[str, str], default: str) -> None:
        self.push_content(tag, attrs, default, 1)  # type: ignore[attr-defined] # feedparser's mixin

    def _start_description(self, attrs: dict[str, str]) -> None:
        self.push_text("description", attrs, "text/html")

    def _end_description(self) -> None:
        self.pop_content("description")

    def _start_dc_description(self, attrs: dict[str, str]) -> None:
        self.push_text("dc_description", attrs, "text/html")

    def _end_dc_description(self) -> None:
        self.pop_content("dc_description")

    def _start_abstract(self, attrs: dict[str, str]) -> None:
        self.push_text("abstract", attrs, "text/plain")

    def _end_abstract(self) -> None:
        self.pop_content("abstract")

    def _start_summary(self, attrs: dict[str, str]) -> None:
        self.push_text("summary", attrs, "text/plain")

    def _end_summary(self) -> None:
        self.pop_content("summary")

    def _start_itunes_summary(self, attrs: dict[str, str]) -> None:
        self.push_text("itunes_summary", attrs, "text/plain")

    def _end_itunes_summary(self) -> None:
        self.pop_content("itunes_summary")

    def _start_itunes_subtitle(self, attrs: dict[str, str]) -> None:
        self.push_text("itunes_subtitle", attrs, "text/plain")

    def _end_itunes_subtitle(self) -> None:
        self.pop_content("itunes_subtitle")

    def _start_content(self, attrs: dict[str, str]) -> None:
        self.push_text("content", attrs, "text/plain")

    def _start_content_encoded(self, attrs: dict[str, str]) -> None:
        self.push_text("content", attrs, "text/html")

    def _start_body(self, attrs: dict[str, str]) -> None:
        self.push_text("content", attrs, "application/xhtml+xml")

    def _end_content(self) -> None:
        self.pop_content("content")

    _start_fullitem = _start_content_encoded
    _start_xhtml_body = _start_body
    _end_body = _end_xhtml_body = _end_content_encoded = _end_fullitem = _end_content

    def _start_dc_title(self, attrs: dict[str, str]) -> None:
        self.push_text("dc_title", attrs, "text/plain")

    def _end_dc_title(self) -> None:
        self.pop_content("dc_title")

    def _start_dc_rights(self, attrs: dict[str, str]) -> None:
        self.push_text("dc_rights", attrs, "text/plain")

    def _end_dc_rights(self) -> None:
        self.pop_content("dc_rights")

    # --- ids, links, dates

    def _start_guid(self, attrs: dict[str, str]) -> None:
        facts = self.here()
        if facts is not None and not facts.values.get("guid"):
            facts.permalink = attrs.get("ispermalink", "").strip().lower()
        self.push("guid", 1)

    def _end_guid(self) -> None:
        self.note("guid", self.pop("guid"))

    def _start_id(self, attrs: dict[str, str]) -> None:  # noqa: ARG002 - feedparser's signature
        self.push("atom_id", 1)

    def _end_id(self) -> None:
        self.note("id", self.pop("atom_id"))

    def _start_link(self, attrs: dict[str, str]) -> None:
        href = attrs.get("href") or attrs.get("url") or attrs.get("uri")
        facts = self.here()
        if facts is not None and href and len(facts.links) < limits.MEDIA * 2:
            link = Link(attrs.get("rel", "alternate"), attrs.get("type"), self.resolved(href), attrs)
            facts.links.append(link)
        if not href:  # the loose parser may see no end tag of <link href="">
            self.push("link_text", 1)

    def _end_link(self) -> None:
        value = self.pop("link_text").strip()
        if value:
            # Written twice escaped, or mistaken for an entity by the loose parser: `?a=1&b;=2`.
            value = _PARAMETER.sub(r"&\1", value.replace("&amp;", "&"))
            self.note("link", self.resolved(value))

    def resolved(self, address: str) -> str:
        address = address.strip()
        return str(self.resolve_uri(address)) if address else ""  # type: ignore[attr-defined] # feedparser's mixin

    def _start_feedburner_origlink(self, attrs: dict[str, str]) -> None:  # noqa: ARG002 - feedparser's signature
        self.push("origlink", 1)

    def _end_feedburner_origlink(self) -> None:
        self.note("origlink", self.pop("origlink"))

    # --- people

    def _start_author(self, attrs: dict[str, str]) -> None:  # noqa: ARG002 - feedparser's signature
        self.inauthor = 1
        self.person = {}
        self.push("author_text", 1)

    def close_author(self, kind: str) -> None:
        text = self.pop("author_text")
        self.inauthor = 0
        facts, parts = self.here(), self.person
        self.person = {}
        one = Person(text, parts.get("name"), parts.get("href"), parts.get("email"))
        if facts is not None and any(one) and len(facts.people.setdefault(kind, [])) <= limits.AUTHORS:
            facts.people[kind].append(one)

    def _end_author(self) -> None:
        self.close_author("author")

    def _end_dc_creator(self) -> None:
        self.close_author("dc_creator")

    def _end_itunes_author(self) -> None:
        self.close_author("itunes_author")

    def _end_managingeditor(self) -> None:
        self.close_author("managingeditor")

    _start_dc_creator = _start_dc_author = _start_itunes_author = _start_managingeditor = _start_author
    _end_dc_author = _end_dc_creator

    def _save_author(self, key: str, value: str, prefix: str = "author") -> None:
        if prefix == "author" and value:
            self.person.setdefault(key, value)

    def _sync_author_detail(self, key: str = "author") -> None:
        """feedparser looks for an address here, in quadratic time."""

    # --- categories

    def _start_category(self, attrs: dict[str, str]) -> None:
        self.terms.append(attrs)
        self.push("category_text", 1)

    def _end_category(self) -> None:
        value = self.pop("category_text")
        attrs = self.terms.pop() if self.terms else {}
        self.term(attrs.get("term") or value or attrs.get("label") or "")

    def term(self, value: str) -> None:
        facts = self.here()
        value = value.strip()[: limits.NAME]
        if facts is not None and value and len(facts.categories) <= limits.CATEGORIES:
            facts.categories.setdefault(value)

    def _start_itunes_category(self, attrs: dict[str, str]) -> None:
        self.term(attrs.get("text", ""))
        self.push("itunes_category", 1)

    def _end_itunes_category(self) -> None:
        self.pop("itunes_category")

    def keywords(self, value: str) -> None:
        for term in value.split(",", limits.CATEGORIES + 1):
            self.term(term)

    def _end_media_keywords(self) -> None:
        self.keywords(self.pop("media_keywords"))

    def _end_itunes_keywords(self) -> None:
        self.keywords(self.pop("itunes_keywords"))

    def _end_tags(self) -> None:
        self.keywords(self.pop("tags"))

    _start_keywords = _start_dc_subject = _start_media_category = _start_category
    _end_keywords = _end_dc_subject = _end_media_category = _end_category

    # --- media

    def add_medium(self, attrs: dict[str, str]) -> Medium:
        medium = Medium(attrs, self.baseuri)
        facts = self.here()
        if facts is not None and len(facts.media) <= limits.MEDIA:
            facts.media.append(medium)
            if self.group is not None:
                self.group.append(medium)
        return medium

    def _start_enclosure(self, attrs: dict[str, str]) -> None:
        self.add_medium(attrs)

    def _start_media_content(self, attrs: dict[str, str]) -> None:
        self.medium = self.add_medium(attrs)

    def _end_media_content(self) -> None:
        self.medium = None

    def _start_media_group(self, attrs: dict[str, str]) -> None:  # noqa: ARG002 - feedparser's signature
        self.group, self.group_facts = [], Facts()
        self.push("media_group", 1)

    def _end_media_group(self) -> None:
        self.pop("media_group")
        for medium in self.group or ():
            medium.caption = medium.caption or self.group_facts.caption
            medium.credit = medium.credit or self.group_facts.credit
        self.group = None

    def _start_media_thumbnail(self, attrs: dict[str, str]) -> None:
        self.add_medium(attrs)
        self.push("media_thumbnail", 1)

    def _end_media_thumbnail(self) -> None:
        value = self.pop("media_thumbnail")
        facts = self.here()
        if facts is not None and facts.media and value:
            facts.media[-1].text = value

    def words_about(self) -> Medium | Facts | None:
        return self.medium or (self.group_facts if self.group is not None else self.here())

    def _start_media_description(self, attrs: dict[str, str]) -> None:  # noqa: ARG002 - feedparser's signature
        self.push("media_words", 1)

    def _end_media_description(self) -> None:
        value, about = self.pop("media_words"), self.words_about()
        if about is not None:
            about.caption = about.caption or value or None

    def _start_media_credit(self, attrs: dict[str, str]) -> None:  # noqa: ARG002 - feedparser's signature
        self.push("media_words", 1)

    def _end_media_credit(self) -> None:
        value, about = self.pop("media_words"), self.words_about()
        if about is not None:
            about.credit = about.credit or value or None

    def _end_media_title(self) -> None:
        self.pop("media_words")

    _start_media_text = _start_media_title = _start_media_credit
    _end_media_text = _end_media_title

    def _start_itunes_image(self, attrs: dict[str, str]) -> None:
        self.add_medium({"url": attrs.get("href") or attrs.get("url") or "", "medium": "image"})
        self.push("itunes_image", 1)

    def _end_itunes_image(self) -> None:
        self.pop("itunes_image")

    # --- characters that a document may not name

    def handle_charref(self, ref: str) -> None:
        code = 0
        if _CHARACTER.fullmatch(ref):
            code = int(ref[1:], 16) if ref[0] in "xX" else int(ref)
        if 0 < code < 0xD800 or 0xE000 <= code < 0x110000:
            super().handle_charref(ref)  # type: ignore[misc] # feedparser's mixin
        else:
            self.handle_data(_REPLACED)  # type: ignore[attr-defined] # feedparser's mixin


def _inside_div(pieces: list[Any]) -> list[Any]:
    """The pieces inside the one div that Atom asks for around XHTML (RFC 4287, section 3.1.1.3)."""
    first, last = 0, len(pieces)
    while last - first > 1 and not pieces[last - 1].strip():
        last -= 1
    while last - first > 1 and not pieces[first].strip():
        first += 1
    inner = pieces[first:last]
    if not inner or not (inner[0] == "<div>" or inner[0].startswith("<div ")) or inner[-1] != "</div>":
        return inner
    depth = 0
    for piece in inner[:-1]:
        if piece.startswith("</"):
            depth -= 1
            if depth == 0:
                return inner
        elif piece.startswith("<") and not piece.endswith("/>"):
            depth += 1
    return inner[1:-1]


def _undamaged(text: str) -> str:
    """UTF-8 that was taken for ISO 8859-1 and encoded again, and windows-1252 taken for controls, put right."""
    if text.isascii():
        return text
    try:
        text = text.encode("iso-8859-1").decode("utf-8")
    except UnicodeError:
        pass
    return text.translate(_WINDOWS_1252)


def _value_handlers(names: dict[str, str]) -> None:
    """Add handlers that note an element's text under its own name."""
    for handler, name in names.items():
        token = f"noted_{name}"

        def start(self: _Noting, attrs: dict[str, str], token: str = token) -> None:  # noqa: ARG001
            self.push(token, 1)

        def end(self: _Noting, token: str = token, name: str = name) -> None:
            self.note(name, self.pop(token))

        setattr(_Noting, f"_start_{handler}", start)
        setattr(_Noting, f"_end_{handler}", end)


def _list_handlers(names: tuple[str, ...]) -> None:
    for name in names:

        def start(self: _Noting, attrs: dict[str, str], name: str = name) -> None:  # noqa: ARG001
            self.push(f"listed_{name}", 1)

        def end(self: _Noting, name: str = name) -> None:
            self.note_all(name, self.pop(f"listed_{name}"))

        setattr(_Noting, f"_start_{name}", start)
        setattr(_Noting, f"_end_{name}", end)


_value_handlers(
    {
        "pubdate": "pubdate",
        "published": "published",
        "issued": "published",
        "updated": "updated",
        "modified": "updated",
        "lastbuilddate": "lastbuilddate",
        "created": "created",
        "dc_date": "dc_date",
        "dcterms_issued": "dcterms_issued",
        "dcterms_created": "dcterms_created",
        "dcterms_modified": "dcterms_modified",
        "language": "language",
        "dc_language": "language",
        "ttl": "ttl",
        "sy_updateperiod": "period",
        "sy_updatefrequency": "frequency",
    }
)
_list_handlers(("hour", "day"))


class Strict(_Noting, StrictFeedParser):  # type: ignore[misc] # feedparser ships no types
    """Well-formed XML."""

    can_be_relative_uri: frozenset[str] = frozenset()


class Loose(_Noting, LooseFeedParser):  # type: ignore[misc] # feedparser ships no types
    """Anything that has tags."""

    can_be_relative_uri: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a parser noted. `version` is feedparser's name of the format."""

    version: str
    feed: Facts
    entries: list[Facts]
    overflowed: bool = False


def parse_strict(data: bytes, url: str) -> Parsed | None:
    """A well-formed UTF-8 document; None where it is not."""
    parser = _made(Strict, url)
    reader = ExpatParser(namespaceHandling=1)
    reader.setFeature(xml.sax.handler.feature_external_ges, False)  # noqa: FBT003 - SAX's signature
    reader.setContentHandler(parser)
    reader.setErrorHandler(parser)
    overflowed = False
    try:
        reader.feed(data)  # in one call: expat 2.5 is quadratic on a long token that comes in pieces
        reader.close()
    except (xml.sax.SAXException, UndeclaredNamespace):
        return None
    except TooMany:
        overflowed = True
    return Parsed(parser.version or "", parser.feed_facts, parser.entry_facts, overflowed)


def parse_loose(text: str, url: str, entities: dict[str, str]) -> Parsed:
    """Whatever can be made of a document that is not well-formed."""
    parser = _made(Loose, url, entities)
    overflowed = False
    try:
        parser.feed(text)
    except TooMany:
        overflowed = True
    return Parsed(parser.version or "", parser.feed_facts, parser.entry_facts, overflowed)


def _made(kind: Any, url: str, *more: Any) -> Any:
    parser = kind(url, None, "utf-8", *more)
    parser.resolve_relative_uris = False
    parser.sanitize_html = False
    return parser
