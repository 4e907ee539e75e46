"""The direct reader: well-formed RSS and Atom of the usual shapes, by expat, some ten times as fast as feedparser.

It notes the facts that `noting`'s handlers inside feedparser's strict parser note, for documents in which every value
stands in an element of its own. Of everything else (markup inside an escaped text, base64, namespaces used oddly,
elements where they do not belong) it says that it is not for it. A test holds both readers to one meaning.
"""

from typing import Final
from xml.parsers import expat
from xml.sax.saxutils import escape

from feedparser.urls import make_safe_absolute_uri

from telex.documents import links
from telex.documents.budgets import BASE
from telex.documents.direct_elements import ELEMENTS, NOTHING, Element, Kind
from telex.documents.direct_names import Names, NotForDirect
from telex.documents.direct_notes import Notes
from telex.documents.facts import Text
from telex.documents.noting import inside_div, undamaged
from telex.documents.parsers import Parsed, looks_like_html

_BUFFER = 64 * 1024
_FOREIGN = frozenset({"svg", "math"})  # feedparser has rules of its own for them
_XML = "http://www.w3.org/XML/1998/namespace "
_DEEPEST = 20  # a base may grow by each that is inside another
_NONE: Final[dict[str, str]] = {}
_SCOPE = frozenset({"xml:base", "base", "xml:lang", "lang"})
_TYPES = {"text": "text/plain", "plain": "text/plain", "html": "text/html", "xhtml": "application/xhtml+xml"}
_XHTML = "application/xhtml+xml"
_VALUE, _DATE, _TEXT, _NOTHING = Kind.VALUE, Kind.DATE, Kind.TEXT, Kind.NOTHING
_SOURCES_PARTS = frozenset({"name", "uri", "url", "homepage", "email"})


def parse(data: bytes, url: str) -> Parsed | None:
    """What a well-formed UTF-8 document without a DTD notes; None where feedparser has to read it."""
    if not url or not (links.is_plain(url) or make_safe_absolute_uri(url, url) == url):
        return None
    try:
        return _Direct(url).run(data)
    except (NotForDirect, expat.ExpatError):
        return None


class _Direct(Notes):
    """One pass. An element whose text is wanted has no children but an author's parts: it is the `holder`."""

    __slots__ = (
        "apart", "apart_depth", "depth", "elements", "holder", "kind", "markup_depth", "names", "outer", "outer_text",
        "parser", "pieces", "plain", "scopes",
    )  # fmt: skip

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.parser = expat.ParserCreate("utf-8", " ")
        self.names = Names()
        self.elements: dict[str, Element] = {}
        self.scopes: list[tuple[int, str, str | None]] = []
        self.depth = 0
        self.pieces: list[str] = []
        self.holder: Element | None = None
        self.kind = ""  # the type of the holder's text
        self.plain = False  # whether plain text may turn out to be HTML: not in Atom
        self.outer, self.outer_text = NOTHING, ""
        self.apart, self.apart_depth = NOTHING, 0
        self.markup_depth = 0

    def run(self, data: bytes) -> Parsed:
        parser = self.parser
        parser.namespace_prefixes = True
        parser.buffer_text = True
        parser.buffer_size = _BUFFER
        parser.StartElementHandler = self.root
        parser.EndElementHandler = self.end
        parser.StartNamespaceDeclHandler = self.names.declare
        parser.CharacterDataHandler = self.pieces.append  # text costs no call of a Python function
        parser.StartDoctypeDeclHandler = _refuse
        try:
            parser.Parse(data, True)
        finally:
            del self.parser  # it holds this object: a document must not wait for the collector
        return Parsed(self.names.version, self.feed, self.entries)

    def root(self, name: str, written: dict[str, str]) -> None:
        self.depth = 1
        attributes = self.named(written)
        root = self.names.element(name)
        self.names.root(root, attributes)
        self.plain = not self.names.version.startswith("atom")
        if self.language and root != "rdf_rdf":
            self.feed.language = self.language.replace("_", "-")
        self.elements[name] = ELEMENTS[root]
        self.parser.StartElementHandler = self.start

    def start(self, name: str, written: dict[str, str]) -> None:
        self.depth += 1
        element = self.elements.get(name) or self.found(name)
        if self.holder is not None:
            element = self.part(element)
        attributes = self.named(written) if written else _NONE
        kind = element.kind
        if kind is _VALUE or kind is _DATE:
            self.holder = element
            self.pieces.clear()
        elif kind is _TEXT:
            self.kind = _type(attributes, element.default) if attributes else element.default
            self.holder = element
            self.pieces.clear()
            if self.kind == _XHTML:
                self.begin_markup()
        elif kind is not _NOTHING:
            self.begin(element, attributes)

    def found(self, name: str) -> Element:
        element = self.elements[name] = ELEMENTS.get(self.names.element(name), NOTHING)
        return element

    def named(self, written: dict[str, str]) -> dict[str, str]:
        """The attributes by their names; what they say of the base and the language is in scope."""
        attributes = self.names.attributes(written)
        if not _SCOPE.isdisjoint(attributes):
            if len(self.scopes) >= _DEEPEST:
                raise NotForDirect("bases inside bases")
            self.scopes.append((self.depth, self.base, self.language))
            language = attributes.get("xml:lang", attributes.get("lang"))
            self.language = self.language if language is None else language or None
            if base := attributes.get("xml:base", attributes.get("base")):
                if len(self.base) + len(base) > BASE:
                    raise NotForDirect("a long base")
                joined = make_safe_absolute_uri(self.base, base)
                self.base = joined or self.base
                if make_safe_absolute_uri(self.base, self.base) != self.base:
                    raise NotForDirect("a base that changes from element to element")
        return attributes

    def end(self, name: str) -> None:
        holder = self.holder
        if holder is not None:
            self.holder = None
            text = "".join(self.pieces).strip()
            kind = holder.kind
            if kind is _TEXT:
                self.end_text(holder, text)
            else:
                text = text if text.isascii() else undamaged(text)
                if kind is _DATE:
                    if text:
                        self.facts.values[holder.name] = text
                elif kind is not _VALUE:
                    self.finish(holder, text)
                elif text:
                    self.facts.values.setdefault(holder.name, text)
        elif (leave := self.elements[name].leave) is not None:
            leave(self)
        if self.scopes and self.scopes[-1][0] == self.depth:
            _, self.base, self.language = self.scopes.pop()
        self.depth -= 1

    def end_text(self, holder: Element, text: str) -> None:
        kind = self.kind
        if kind == "text/plain" and self.plain and ("</" in text or "&" in text) and looks_like_html(text):
            kind = "text/html"
        if text and holder.name not in self.facts.texts:
            whole = text if text.isascii() else undamaged(text)
            self.facts.damaged |= whole != text
            self.facts.texts[holder.name] = Text(whole, kind, self.base)

    # --- what is neither a value nor a text

    def begin(self, element: Element, attributes: dict[str, str]) -> None:
        kind = element.kind
        if kind is Kind.APART:
            self.begin_apart(element, attributes)
            return
        if kind is Kind.ROOT or kind is Kind.REFUSED:
            raise NotForDirect("an unusual element")
        wanted = element.begin(self, attributes) if element.begin is not None else True
        if kind is Kind.AUTHOR:
            self.person = {}
        elif kind is Kind.OTHER and (not wanted or element.finish is None):
            return
        self.holder, self.attributes = element, attributes
        self.pieces.clear()

    def finish(self, holder: Element, text: str) -> None:
        if holder.finish is not None:
            holder.finish(self, text)
        elif holder.kind is Kind.AUTHOR:
            self.author(holder.name, text)
        else:
            self.end_part(holder, text)

    def part(self, element: Element) -> Element:
        """An element inside the holder: it has to be a part of an author, or nothing that feedparser knows."""
        if self.holder is None or self.holder.kind is not Kind.AUTHOR or element.kind is not _NOTHING:
            raise NotForDirect("markup inside a text")
        self.outer, self.outer_text = self.holder, "".join(self.pieces)
        return Element(Kind.PART, element.part or "")

    def end_part(self, part: Element, text: str) -> None:
        if text and not part.name:
            raise NotForDirect("text where no text is expected")
        if text:
            self.person.setdefault(part.name, text)
        self.holder = self.outer
        self.pieces[:] = (self.outer_text,)

    # --- XHTML

    def begin_markup(self) -> None:
        self.markup_depth = self.depth
        self.parser.StartElementHandler = self.start_markup
        self.parser.EndElementHandler = self.end_markup
        self.parser.CharacterDataHandler = self.escaped

    def escaped(self, text: str) -> None:
        self.pieces.append(escape(text))

    def start_markup(self, name: str, written: dict[str, str]) -> None:
        self.depth += 1
        local = _local(name)
        # feedparser calls its handlers for end tags even here.
        if self.found(name).kind is not _NOTHING or local in _FOREIGN or any(_is_foreign(key) for key in written):
            raise NotForDirect("an unusual element in XHTML")
        attributes = self.names.attributes(written).items()
        self.pieces.append(f"<{local}{''.join(f' {key}={_quoted(value)}' for key, value in attributes)}>")

    def end_markup(self, name: str) -> None:
        if self.depth > self.markup_depth:
            self.pieces.append(f"</{_local(name)}>")
            self.depth -= 1
            return
        if self.names.version == "atom10":
            self.pieces[:] = inside_div(self.pieces)
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.pieces.append
        self.end(name)

    # --- what is no part of the entry

    def begin_apart(self, element: Element, attributes: dict[str, str]) -> None:
        if element.name == "textinput" and self.facts is not self.feed:
            raise NotForDirect("a text input inside an entry")
        if element.begin is not None:
            element.begin(self, attributes)
        self.apart, self.apart_depth = element, self.depth
        self.parser.StartElementHandler = self.start_apart
        self.parser.EndElementHandler = self.end_apart

    def start_apart(self, name: str, written: dict[str, str]) -> None:  # noqa: ARG002 - expat's signature
        self.depth += 1
        inside = self.names.element(name)
        deep = self.depth - self.apart_depth
        if self.apart.children:
            allowed = deep == 1 and inside in self.apart.children
        else:
            element = ELEMENTS.get(inside, NOTHING)
            ends = element.kind in (Kind.APART, Kind.ROOT) or inside in ("item", "entry", "channel", "sitemap_url")
            allowed = not ends and (deep == 1 or (deep == 2 and inside in _SOURCES_PARTS))
        if not allowed:
            raise NotForDirect("an unusual child")

    def end_apart(self, name: str) -> None:
        if self.depth > self.apart_depth:
            self.depth -= 1
            return
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.end(name)


def _type(attributes: dict[str, str], default: str) -> str:
    """The type of a text; one that is not read as it stands is not for this reader."""
    written = attributes.get("type", default).lower()
    kind = _TYPES.get(written, written)
    known = kind == _XHTML or (kind.startswith("text/") and not kind.endswith("xml"))
    if not known or attributes.get("mode") == "base64":
        raise NotForDirect(kind)
    return kind


def _local(name: str) -> str:
    """The local name in expat's `uri local prefix`."""
    return name.split(" ")[1].lower() if " " in name else name.lower()


def _quoted(value: str) -> str:
    return '"' + escape(value, {'"': "&quot;"}) + '"'


def _is_foreign(attribute: str) -> bool:
    """Whether an attribute has a namespace, and not XML's own."""
    return " " in attribute and not attribute.startswith(_XML)


def _refuse(*_: object) -> None:
    raise NotForDirect("a DTD")
