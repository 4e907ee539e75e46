"""What is new in these bytes: the document as a header and entries, each with a digest, by one pass of expat."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple
from xml.parsers import expat

from telex.core.identity import digest, digests
from telex.core.model import Digest
from telex.documents import budgets, limits
from telex.documents.bombs import MOST
from telex.documents.budgets import TooCostly
from telex.documents.spaces import SITEMAP

_XML = "http://www.w3.org/XML/1998/namespace"
_ATOM = ("http://www.w3.org/2005/Atom", "http://purl.org/atom/ns#")
_NAMESPACES = (
    "http://purl.org/rss/1.0/",
    "http://my.netscape.com/rdf/simple/0.9/",
    "http://channel.netscape.com/rdf/simple/0.9/",
    "http://backend.userland.com/rss",
    "http://backend.userland.com/rss2",
    "http://blogs.law.harvard.edu/tech/rss",
    *_ATOM,
)
_ENTRY_NAMES = frozenset(
    {"item", "entry", f"{SITEMAP} url", *(f"{space} {name}" for space in _NAMESPACES for name in ("item", "entry"))}
)
# What entries inherit from the feed's own elements, whatever the namespace (atom:author, dc:rights ...).
_INHERITED = frozenset({"author", "rights", "copyright", "language"})
_SCOPED = frozenset({f"{_XML} base", f"{_XML} lang", "base", "lang"})
# Text in these may be long; feedparser is quadratic on some of the others.
LONG_ELEMENTS = frozenset({"description", "summary", "content", "encoded", "body", "div", "p", "fullitem", "subtitle"})
LONG_TEXT = 4096
"""Bytes between two tags that are a long text: whether it may stand there is looked at."""
_DEEP = 50
_MANY_ATTRIBUTES = 50
_MANY_NAMESPACES = 200
_LONG_SCOPE = 200
_ENDS_EARLY = frozenset({3, 5, 6, 20})  # no element, unclosed token, partial character, unclosed CDATA section
_JUNK_AFTER = 9
ILL_FORMED = "ill_formed"
_ENDLESS_TAG = re.compile(rb"<[A-Za-z_:][^<>]{%d}" % budgets.LONGEST_TAG)
_NAME = re.compile(rb"<([^\s/>]+)")


class Slice(NamedTuple):
    """An entry's place in the document, the digest of its bytes and of what it inherits, and how many elements it has.

    `scope` is the part of what it inherits that stands in the tags around it.
    """

    start: int
    end: int
    raw: Digest
    elements: int
    scope: bytes = b""


@dataclass(frozen=True, slots=True)
class Split:
    """The document, understood as header and entries.

    `whole` says why it cannot be cut and has to be read whole (then `slices` is empty): ill_formed, entities, nested,
    empty_entry. `closing` ends the document where it ended early. `costly` is whether reading it could take long for
    what stands in it; `elements` counts those outside entries.
    """

    data: bytes
    root: int
    slices: tuple[Slice, ...]
    dropped: int = 0
    complete: bool = True
    end: int = 0
    closing: bytes = b""
    whole: str | None = None
    costly: bool = False
    elements: int = 0
    entities: dict[str, str] = field(default_factory=dict)
    repairs: tuple[str, ...] = ()
    beyond: tuple[tuple[int, int], ...] = ()  # where the entries beyond the limit stand
    inherited: bytes = b""  # by every entry, from the feed's own elements

    def digests(self, scope: bytes) -> Callable[[bytes], Digest]:
        """What gives the digest of the bytes of entries that stand in the scope, and inherit what all do."""
        return digests(scope, self.inherited)

    @property
    def size(self) -> int:
        """How many elements the document has."""
        return self.elements + sum(piece.elements for piece in self.slices)

    def unknown(self, known: frozenset[Digest]) -> list[Slice]:
        """The entries that are not known."""
        return [piece for piece in self.slices if piece.raw not in known]

    def without(self, known: frozenset[Digest]) -> bytes:
        """The document's header with the unknown entries, from the root's tag on."""
        parts, at = [], self.root
        left_out = [(piece.start, piece.end) for piece in self.slices if piece.raw in known]
        for start, end in (*left_out, *self.beyond):
            parts.append(self.data[at:start])
            at = end
        return b"".join((*parts, self.data[at : self.end], self.closing))


class _Stop(Exception):
    """The document has to be read whole."""


class OverBudget(Exception):
    """The document has more elements than the caller lets this pass look at."""


def split(data: bytes, elements: int | None = None) -> Split:
    """Cut a UTF-8 document.

    Args:
        data: the whole document.
        elements: how many elements to look at, at most; None is all.

    Raises:
        OverBudget: there are more elements.
        TooCostly: there is more of something than any feed has.
    """
    if len(data) > budgets.LONGEST_TAG and _ENDLESS_TAG.search(data):
        raise TooCostly("a tag beyond reason")
    return _Splitter(data, elements).run()


def _condensed(scope: bytes) -> bytes:
    """What goes into the digest of each entry, short enough for it."""
    return scope if len(scope) <= _LONG_SCOPE else digest(scope)


class _Splitter:
    """One pass. Handlers run for every tag: they are kept short, those inside entries most of all."""

    def __init__(self, data: bytes, budget: int | None) -> None:
        self.data = data
        self.budget = budget if budget is not None else budgets.ELEMENTS
        self.over = OverBudget if self.budget < budgets.ELEMENTS else TooCostly
        self.count = 0  # of elements
        self.spaces = 0  # of namespace declarations
        self.spaces_of, self.spaces_before = 0, 0  # how many there were before those of which element
        self.entry_count = 0
        self.parser = expat.ParserCreate("utf-8", " ")
        self.names: list[str] = []  # of the open elements outside entries
        self.inside = 0  # how many elements are open inside the entry, itself included
        self.entry_names: frozenset[str] = _ENTRY_NAMES
        self.starts: list[int] = []  # of the open elements outside entries
        self.scopes: list[bytes] = []  # of the same elements, each with what it is in
        self.end_tag = b""  # of the last entry
        self.declared: list[bytes] = []
        self.entry_depth = 0
        self.entry_start = 0
        self.found: list[tuple[int, int, bytes, int]] = []
        self.dropped = 0
        self.beyond: list[tuple[int, int]] = []
        self.declarations = 0  # of attributes, in a DTD
        self.defaults = 0  # how much text they add to each element
        self.inherited: list[bytes] = []
        self.inheriting = 0
        self.root = -1
        self.root_end = -1
        self.last = 0
        self.whole: str | None = None
        self.costly = False
        self.entities: dict[str, str] = {}
        self.external = False

    def run(self) -> Split:
        parser = self.parser
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.StartNamespaceDeclHandler = self.namespace
        parser.EntityDeclHandler = self.entity
        parser.AttlistDeclHandler = self.attribute_declared
        parser.SkippedEntityHandler = self.skipped
        try:
            parser.Parse(self.data, True)
        except _Stop:
            return self.unsplit(self.whole or ILL_FORMED)
        except expat.ExpatError as error:
            return self.failed(error)
        finally:
            del self.parser  # it holds this object: a poll's body must not wait for the collector
        return self.result(complete=True, end=len(self.data))

    def failed(self, error: expat.ExpatError) -> Split:
        if error.code == _JUNK_AFTER and self.root_end >= 0:
            return self.result(complete=True, end=self.root_end, repairs=("xml.junk_after_document",))
        if error.code in _ENDS_EARLY and self.root >= 0 and self.whole is None:
            return self.cut_short()
        return self.unsplit(self.whole or ILL_FORMED)

    def cut_short(self) -> Split:
        """The document ends before its root's end tag: what follows the last whole entry does not count."""
        if self.found:
            end = self.found[-1][1]
        elif self.entry_depth:
            end = self.entry_start
        else:
            end = self.data.find(b">", self.last) + 1
        still_open = [start for start in reversed(self.starts) if start < end]
        closing = b"".join(b"</" + self.name_at(start) + b">" for start in still_open)
        if not closing:
            return self.unsplit(ILL_FORMED)
        return self.result(complete=False, end=end, closing=closing)

    def name_at(self, start: int) -> bytes:
        found = _NAME.match(self.data, start)
        return found[1] if found else b""

    def result(self, *, complete: bool, end: int, closing: bytes = b"", repairs: Iterable[str] = ()) -> Split:
        if self.whole is not None:
            return self.unsplit(self.whole)
        cut = Split(
            data=self.data,
            root=self.root,
            slices=(),
            dropped=self.dropped,
            complete=complete,
            end=end,
            closing=closing,
            costly=self.costly,
            elements=self.count - sum(elements for *_, elements in self.found),
            repairs=tuple(repairs),
            beyond=tuple(self.beyond),
            inherited=_condensed(b"\0".join(self.inherited)),
        )
        of = {scope: cut.digests(scope) for scope in {scope for _, _, scope, _ in self.found}}
        slices = (
            Slice(start, stop, of[scope](self.data[start:stop]), elements, scope)
            for start, stop, scope, elements in self.found
        )
        return replace(cut, slices=tuple(slices))

    def unsplit(self, why: str) -> Split:
        return Split(
            data=self.data,
            root=self.root,
            slices=(),
            end=len(self.data),
            whole=why,
            costly=self.costly or why == ILL_FORMED,
            entities=self.entities,
        )

    def namespace(self, prefix: str | None, uri: str | None) -> None:
        if self.spaces_of != self.count:
            self.spaces_of, self.spaces_before = self.count, self.spaces
        self.spaces += 1
        if self.spaces > _MANY_NAMESPACES:
            self.costly = True
        if self.spaces - self.spaces_before > budgets.NAMESPACES or len(uri or "") > budgets.NAMESPACE:
            raise TooCostly("namespaces beyond reason")
        if not self.entry_depth:
            self.declared.append(f"{prefix or ''}={uri or ''}".encode())

    def attribute_declared(
        self,
        element: str,  # noqa: ARG002 - expat's signature
        name: str,  # noqa: ARG002
        kind: str,  # noqa: ARG002
        default: str | None,
        required: bool,  # noqa: ARG002
    ) -> None:
        self.declarations += 1
        if self.declarations > budgets.DECLARATIONS:
            raise TooCostly("declarations beyond reason")
        self.defaults += 0 if default is None else 1 + len(default)
        if self.defaults:
            self.budget = min(self.budget, budgets.DEFAULTS // self.defaults)

    def entity(
        self,
        name: str,
        is_parameter: bool,
        value: str | None,
        base: str | None,  # noqa: ARG002 - expat's signature
        system_id: str | None,  # noqa: ARG002 - external entities are never loaded
        public_id: str | None,  # noqa: ARG002
        notation: str | None,  # noqa: ARG002
    ) -> None:
        self.external = True
        if value is not None and not is_parameter:
            self.entities.setdefault(name, value)
        if len(self.entities) > MOST:
            self.whole = "entities"
            raise _Stop

    def skipped(self, name: str, is_parameter: bool) -> None:  # noqa: ARG002 - expat's signature
        """An entity that only an external subset could declare: feedparser knows HTML's."""
        if self.root >= 0:
            self.whole = "entities"
            raise _Stop

    def start(self, name: str, attributes: dict[str, str]) -> None:
        at = self.parser.CurrentByteIndex
        self.count += 1
        if self.count > self.budget:
            raise self.over("elements beyond reason")
        if at - self.last > LONG_TEXT:
            self.weigh()
        self.last = at
        self.names.append(name)
        if len(self.names) == 1:
            self.begin(name, at)
            self.enter(at, attributes)
        elif name in self.entry_names:
            self.entry_depth, self.entry_start, self.entry_count, self.inside = len(self.names), at, self.count, 1
            self.declared.clear()
            self.parser.StartElementHandler, self.parser.EndElementHandler = self.start_inside, self.end_inside
        else:
            self.enter(at, attributes)
            if name.rpartition(" ")[2].lower() in _INHERITED and len(self.names) <= 3:
                self.inheriting = len(self.names)
        if len(attributes) > _MANY_ATTRIBUTES or len(self.names) > _DEEP:
            self.weigh_attributes(attributes)

    def begin(self, name: str, at: int) -> None:
        self.root = at
        if self.external:
            self.whole = "entities"
            raise _Stop
        space = name.rpartition(" ")[0]
        if space:
            self.entry_names = _ENTRY_NAMES | {f"{space} item", f"{space} entry"}

    def enter(self, at: int, attributes: dict[str, str]) -> None:
        self.starts.append(at)
        scope = self.declared
        if attributes:
            scope += [f"@{key}={value}".encode() for key, value in attributes.items() if key in _SCOPED]
        own = b"\n".join(sorted(scope))
        self.scopes.append(_condensed(self.scopes[-1] + b"\0" + own) if self.scopes else _condensed(own))
        self.declared = []

    def start_inside(self, name: str, attributes: dict[str, str]) -> None:
        self.count += 1
        self.inside += 1
        if self.count > self.budget:
            raise self.over("elements beyond reason")
        if name in self.entry_names:
            self.whole = "nested"
            raise _Stop
        if self.inside > _DEEP or (attributes and len(attributes) > _MANY_ATTRIBUTES):
            self.weigh_attributes(attributes)

    def weigh_attributes(self, attributes: dict[str, str]) -> None:
        self.costly = True
        if len(attributes) > budgets.ATTRIBUTES:
            raise TooCostly("attributes beyond reason")

    def end_inside(self, name: str) -> None:
        at = self.parser.CurrentByteIndex
        if at - self.last > LONG_TEXT and not self.costly:
            self.weigh_inside(name, at)
        self.last = at
        self.inside -= 1
        if not self.inside:
            self.names.pop()
            self.parser.StartElementHandler, self.parser.EndElementHandler = self.start, self.end
            self.close_entry(at)

    def weigh_inside(self, name: str, at: int) -> None:
        """A long stretch without an end tag: is it the text of the one element that ends here, which may be long?"""
        last = self.last
        behind_tag = self.data.startswith(b"</", last) or last == self.entry_start
        start = self.data.find(b"<", last + behind_tag, at)
        local = name.rpartition(" ")[2].lower()
        written = self.name_at(start).rpartition(b":")[2].lower()
        if start - last > LONG_TEXT or local not in LONG_ELEMENTS or written != local.encode():
            self.costly = True

    def end(self, name: str) -> None:  # noqa: ARG002 - expat's signature
        at = self.parser.CurrentByteIndex
        if at - self.last > LONG_TEXT:
            self.weigh()
        self.last = at
        depth = len(self.names)
        self.names.pop()
        start = self.starts.pop()
        self.scopes.pop()
        if depth == self.inheriting:
            self.inheriting = 0
            self.inherited.append(self.data[start:at])
        if depth == 1:
            self.root_end = self.behind(start, at)

    def close_entry(self, at: int) -> None:
        self.entry_depth = 0
        if self.end_tag and self.data.startswith(self.end_tag, at) and not self.data.startswith(b"/>", at - 2):
            stop = at + len(self.end_tag)
        else:
            stop = self.behind(self.entry_start, at)
            self.end_tag = self.data[at:stop]  # nothing where it was an empty tag
        if stop <= self.entry_start:
            self.whole = "empty_entry"
            raise _Stop
        if len(self.found) >= limits.ENTRIES:
            self.drop(self.entry_start, stop)
            return
        self.found.append((self.entry_start, stop, self.scopes[-1], self.count - self.entry_count + 1))

    def drop(self, start: int, stop: int) -> None:
        self.dropped += 1
        if self.beyond and not self.data[self.beyond[-1][1] : start].strip():
            start = self.beyond.pop()[0]
        self.beyond.append((start, stop))

    def behind(self, start: int, at: int) -> int:
        """Where the element that starts at `start` ends, `at` being what expat gives with its end.

        That is the start of the end tag; for `<item/>` expat 2.5 gives the position behind the tag, or its start
        where no handler of starts is set. 0 where it cannot be told.
        """
        if self.data.startswith((name := b"</" + self.name_at(start)), at) and self.data[at + len(name)] in b"> \t\r\n":
            return self.data.find(b">", at) + 1
        return at if self.data.startswith(b"/>", at - 2) else 0

    def weigh(self) -> None:
        """A long stretch without a tag: is it in an element that may be long?"""
        if not self.names or self.names[-1].rpartition(" ")[2].lower() not in LONG_ELEMENTS:
            self.costly = True
