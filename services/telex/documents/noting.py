"""The handlers that both of feedparser's parsers are given: each notes an element's value under the element's name.

feedparser 6.0.14 puts dc:date, dcterms:modified and atom:updated into one field, resolves ids, moves a second
description into the content, and looks for an address in an author's text with an expression that is quadratic. Here
nothing is chosen, merged or resolved; `feeds` decides what it means.
"""

import base64
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ClassVar

from feedparser.mixin import _FeedParserMixin
from feedparser.util import FeedParserDict

from telex.documents import limits
from telex.documents.budgets import BASE, Budget
from telex.documents.facts import Facts, Link, Person, Text, TooMany
from telex.documents.noting_media import MediaNoting
from telex.documents.noting_news import NewsNoting
from telex.documents.spaces import OWN

_PARAMETER = re.compile(r"&([A-Za-z0-9_]+);")
_CHARACTER = re.compile(r"(?:[0-9]{1,7}|[xX][0-9A-Fa-f]{1,6})")
_WINDOWS_1252 = {
    code: bytes((code,)).decode("windows-1252") for code in range(128, 160) if code not in (129, 141, 143, 144, 157)
}
_CONTROL = re.compile(rb"\xc2[\x80-\x9f]")
_REPLACED = "\ufffd"


class Noting(MediaNoting, NewsNoting):
    """What both parsers do instead of feedparser's own handlers. Handlers are found by their names."""

    def __init__(self, *arguments: Any) -> None:
        self.feed_facts = Facts()
        self.entry_facts: list[Facts] = []
        self.medium, self.group, self.group_facts = None, None, Facts()
        self.person: dict[str, str] = {}
        self.terms: list[dict[str, str]] = []
        self.unused = FeedParserDict()
        self.damaged = False  # whether the last text was encoded twice
        self.budget = Budget()
        self.base = ""
        super().__init__(*arguments)
        self.feed_facts.base = self.baseuri

    namespaces: ClassVar[dict[str, str]] = {**_FeedParserMixin.namespaces, **OWN}
    _matchnamespaces: ClassVar[dict[str, str]] = {}  # feedparser fills it with the lower-case names

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
    namespaces_in_use: dict[str, str]
    push: Any
    decode_entities: Any
    looks_like_html: Any

    def pop(self, element: str, strip_whitespace: int = 1) -> str:  # noqa: ARG002 - feedparser's signature
        """The element's text. feedparser's own also stores it, at twice the cost."""
        self.damaged = False
        if not self.elementstack or self.elementstack[-1][0] != element:
            return ""
        pieces = [piece.decode("utf-8") if isinstance(piece, bytes) else piece for piece in self.elementstack.pop()[2]]
        params = self.contentparams
        if self.version == "atom10" and params.get("type") == "application/xhtml+xml":
            pieces = inside_div(pieces)
        output = "".join(pieces).strip()
        if params.get("base64"):
            with suppress(ValueError):  # of base64, of UTF-8, of letters that are not ASCII
                return base64.b64decode(output).decode("utf-8")
        output = self.decode_entities(element, output)
        if params.get("type") == "text/plain" and not self.version.startswith("atom") and self.looks_like_html(output):
            params["type"] = "text/html"
        whole = undamaged(output)
        self.damaged = whole != output
        return whole

    # --- what it costs

    @property
    def baseuri(self) -> str:
        """The base in scope."""
        return self.base

    @baseuri.setter
    def baseuri(self, base: str) -> None:
        """Take a base; not one that is long, for each that is inside another may add to it."""
        if len(base) <= BASE or not self.base:
            self.base = base

    def unknown_starttag(self, tag: str, attrs: list[tuple[str, str]]) -> None:
        """Enter an element; feedparser looks for its namespace among all of them."""
        self.budget.spend(12 + 8 * len(attrs) + len(self.namespaces_in_use) // 8 + len(self.base) // 16)
        super().unknown_starttag(tag, attrs)  # type: ignore[misc] # feedparser's mixin

    def unknown_endtag(self, tag: str) -> None:
        """Leave an element."""
        self.budget.spend(4 + len(self.namespaces_in_use) // 8)
        super().unknown_endtag(tag)  # type: ignore[misc] # feedparser's mixin

    def handle_data(self, text: str, escape: int = 1) -> None:
        """Take text."""
        self.budget.spend(1)
        super().handle_data(text, escape)  # type: ignore[misc] # feedparser's mixin

    def handle_entityref(self, ref: str) -> None:
        """Take a character by its name."""
        self.budget.spend(2)
        super().handle_entityref(ref)  # type: ignore[misc] # feedparser's mixin

    def handle_comment(self, text: str) -> None:  # noqa: ARG002 - feedparser's signature
        """Nothing is said in a comment."""
        self.budget.spend(1)

    def handle_pi(self, text: str) -> None:  # noqa: ARG002 - feedparser's signature
        """Nothing is said in a processing instruction."""
        self.budget.spend(1)

    def parse_declaration(self, i: int) -> int:
        """Take a declaration or a CDATA section."""
        self.budget.spend(2)
        return int(super().parse_declaration(i))  # type: ignore[misc] # feedparser's mixin

    # --- where a value belongs

    def here(self) -> Facts | None:
        """The feed's facts or the entry's; None inside a source, an image, a text input."""
        if self.insource or self.inimage or self.intextinput:
            return None
        return self.entry_facts[-1] if self.inentry else self.feed_facts

    def _get_context(self) -> FeedParserDict:
        """Where feedparser's own handlers store; its choice fails on a text input inside an entry."""
        return self.unused

    def note(self, name: str, value: str) -> None:
        """Note a value where the parser is; the first that is not empty counts."""
        facts = self.here()
        if facts is not None and value:
            facts.values.setdefault(name, value)

    def note_date(self, name: str, value: str) -> None:
        """Note a date; the last that is not empty counts, as in feedparser."""
        facts = self.here()
        if facts is not None and value:
            facts.values[name] = value

    def note_all(self, name: str, value: str) -> None:
        """Note one of several values."""
        facts = self.here()
        if facts is not None and value and len(facts.several.setdefault(name, [])) < limits.CATEGORIES:
            facts.several[name].append(value)

    # --- entries

    def _start_item(self, attrs: dict[str, str]) -> None:
        if len(self.entry_facts) >= limits.ENTRIES:
            raise TooMany
        self.insource = self.inimage = self.intextinput = 0
        self.medium, self.group = None, None
        facts = Facts(base=self.baseuri, language=self.lang)
        if attrs.get("rdf:about"):
            facts.values["about"] = attrs["rdf:about"]
        self.entry_facts.append(facts)  # before feedparser reads the link that may stand among the attributes
        super()._start_item(attrs)  # type: ignore[misc] # feedparser's mixin

    _start_entry = _start_item

    def _end_item(self) -> None:
        super()._end_item()  # type: ignore[misc] # feedparser's mixin
        if self.entry_facts:
            self.entry_facts[-1].closed = True

    _end_entry = _end_item

    # --- texts

    def pop_content(self, tag: str) -> str:
        """End an element that holds text of some type, and note it."""
        value = self.pop(tag)
        facts = self.here()
        kind = self.contentparams.get("type") or "text/plain"
        if facts is not None and value and tag not in facts.texts:
            facts.texts[tag] = Text(value, str(kind), str(self.contentparams.get("base") or ""))
            facts.damaged |= self.damaged
        self.incontent -= 1
        self.contentparams.clear()
        return value

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
            self.note("link", self.resolved(unescaped(value)))

    def resolved(self, address: str) -> str:
        """The address, made absolute by the base in scope."""
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
        """End an author, and note the person."""
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
        """Nothing: feedparser looks for an address here, in quadratic time."""

    # --- categories

    def _start_category(self, attrs: dict[str, str]) -> None:
        self.terms.append(attrs)
        self.push("category_text", 1)

    def _end_category(self) -> None:
        value = self.pop("category_text")
        attrs = self.terms.pop() if self.terms else {}
        self.term(attrs.get("term") or value or attrs.get("label") or "")

    def term(self, value: str) -> None:
        """Note a category."""
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
        """Note categories written as a list with commas."""
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

    # --- characters that a document may not name

    def handle_charref(self, ref: str) -> None:
        """A character by its number; one that XML does not allow is replaced."""
        self.budget.spend(2)
        code = 0
        if _CHARACTER.fullmatch(ref):
            code = int(ref[1:], 16) if ref[0] in "xX" else int(ref)
        if 0 < code < 0xD800 or 0xE000 <= code < 0x110000:
            super().handle_charref(ref)  # type: ignore[misc] # feedparser's mixin
        else:
            self.handle_data(_REPLACED)


def inside_div(pieces: list[Any]) -> list[Any]:
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


def unescaped(address: str) -> str:
    """The address of a link written twice escaped, or mistaken for an entity by the loose parser: `?a=1&b;=2`."""
    return _PARAMETER.sub(r"&\1", address.replace("&amp;", "&")) if "&" in address else address


def undamaged(text: str) -> str:
    """UTF-8 that was taken for ISO 8859-1 and encoded again, and windows-1252 taken for controls, put right."""
    if text.isascii():
        return text
    with suppress(UnicodeError):
        text = text.encode("iso-8859-1").decode("utf-8")
    if not _CONTROL.search(text.encode("utf-8", "surrogatepass")):  # twenty times as fast as to translate
        return text
    return text.translate(_WINDOWS_1252)


def value_handlers(names: dict[str, str], note: Callable[[Noting, str, str], None] = Noting.note) -> None:
    """Add handlers that note an element's text under a name."""
    for handler, name in names.items():
        token = f"noted_{name}"

        def start(self: Noting, attrs: dict[str, str], token: str = token) -> None:  # noqa: ARG001
            self.push(token, 1)

        def end(self: Noting, token: str = token, name: str = name) -> None:
            note(self, name, self.pop(token))

        setattr(Noting, f"_start_{handler}", start)
        setattr(Noting, f"_end_{handler}", end)


def list_handlers(names: tuple[str, ...]) -> None:
    """Add handlers that note each of an element's occurrences."""
    for name in names:

        def start(self: Noting, attrs: dict[str, str], name: str = name) -> None:  # noqa: ARG001
            self.push(f"listed_{name}", 1)

        def end(self: Noting, name: str = name) -> None:
            self.note_all(name, self.pop(f"listed_{name}"))

        setattr(Noting, f"_start_{name}", start)
        setattr(Noting, f"_end_{name}", end)


def text_handlers(names: dict[str, tuple[str, str]]) -> None:
    """Add handlers for elements that hold text of some type: element -> (name to note it by, type by default)."""
    for handler, (tag, default) in names.items():

        def start(self: Any, attrs: dict[str, str], tag: str = tag, default: str = default) -> None:
            self.push_content(tag, attrs, default, 1)

        def end(self: Noting, tag: str = tag) -> None:
            self.pop_content(tag)

        setattr(Noting, f"_start_{handler}", start)
        setattr(Noting, f"_end_{handler}", end)


text_handlers(
    {
        "description": ("description", "text/html"),
        "dc_description": ("dc_description", "text/html"),
        "abstract": ("abstract", "text/plain"),
        "summary": ("summary", "text/plain"),
        "itunes_summary": ("itunes_summary", "text/plain"),
        "itunes_subtitle": ("itunes_subtitle", "text/plain"),
        "content": ("content", "text/plain"),
        "content_encoded": ("content", "text/html"),
        "fullitem": ("content", "text/html"),
        "body": ("content", "application/xhtml+xml"),
        "xhtml_body": ("content", "application/xhtml+xml"),
        "dc_title": ("dc_title", "text/plain"),
        "dc_rights": ("dc_rights", "text/plain"),
        "news_title": ("news_title", "text/plain"),
    }
)
value_handlers(
    {
        "language": "language",
        "dc_language": "language",
        "ttl": "ttl",
        "sy_updateperiod": "period",
        "sy_updatefrequency": "frequency",
    }
)
value_handlers(
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
    },
    Noting.note_date,
)
list_handlers(("hour", "day"))
