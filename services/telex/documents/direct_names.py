"""Names of elements and attributes as feedparser's strict parser comes to them, for the direct reader.

feedparser finds an element by a name that it makes of the namespace: `prefix_local`, the prefix being its own for the
namespaces that it knows. What depends on the order of declarations, or on a prefix that means two things, is left to it.
"""

from feedparser.mixin import _FeedParserMixin

from telex.documents.spaces import OWN

_SPACES: dict[str, str] = {uri.lower(): prefix for uri, prefix in {**_FeedParserMixin.namespaces, **OWN}.items()}
# Of the elements that mean something to us.
_PREFIXES = frozenset(
    {"content", "dc", "dcterms", "feedburner", "itunes", "media", "rdf", "sy", "xhtml", "xml", *OWN.values()}
)
_USERLAND = "backend.userland.com/rss"
_XLINK = "http://www.w3.org/1999/xlink"
_VERSIONS = {"http://purl.org/rss/1.0/": "rss10", "http://www.w3.org/2005/atom": "atom10"}
_RSS_090 = "http://my.netscape.com/rdf/simple/0.9/"
_RSS = {"0.91": "rss091u", "0.92": "rss092", "0.93": "rss093", "0.94": "rss094"}
_ATOM = {"0.1": "atom01", "0.2": "atom02", "0.3": "atom03"}


class NotForDirect(Exception):
    """feedparser has to read this document."""


class Names:
    """The namespaces of one document, what its names mean, and its version by feedparser's name of it."""

    __slots__ = ("_bound", "_in_use", "_prefix_of", "_read", "begun", "version")

    def __init__(self) -> None:
        self.version = ""
        self.begun = False  # whether the root was seen
        self._bound: dict[str, str] = {}
        self._in_use: dict[str, str] = {}  # by feedparser's prefix, else the document's
        self._prefix_of: dict[str, str] = {}  # of namespaces that feedparser does not know
        self._read: dict[str, tuple[str, str | None]] = {}

    def declare(self, prefix: str | None, uri: str | None) -> None:
        """Take in the declaration of a namespace."""
        if not uri:
            return
        space = uri.lower()
        if not self.version:
            self.version = _VERSIONS.get(space, "rss090" if (prefix, space) == (None, _RSS_090) else "")
        known = "" if _USERLAND in space else _SPACES.get(space)
        short = (prefix or "").lower()
        if any(map(str.isspace, uri)) or (space == _XLINK and self.begun):
            raise NotForDirect("an unusual declaration")
        if prefix and self._bound.setdefault(short, uri) != uri:
            raise NotForDirect("a prefix that means two things")
        if known is None and self._prefix_of.setdefault(uri, short) != short:
            raise NotForDirect("an unknown namespace with two prefixes")
        key = short if known is None else known.lower()
        if key and self._in_use.setdefault(key, uri if known is None else "") != (uri if known is None else ""):
            raise NotForDirect("an unknown namespace by the prefix of a known one")
        if known is not None and short in _PREFIXES and short != known.lower():
            raise NotForDirect("a known prefix for another namespace")

    def element(self, name: str) -> str:
        """Give feedparser's name for the element that expat calls `uri local prefix`."""
        uri, _, local = name.partition(" ")
        if not local:
            return name.lower()
        local, _, prefix = local.partition(" ")
        space = uri.lower()
        known = "" if _USERLAND in space else _SPACES.get(space)
        if known is None:
            known = prefix
        return f"{known}_{local}".lower() if known else local.lower()

    def root(self, name: str, attributes: dict[str, str]) -> None:
        """Settle the version by the root element."""
        self.begun = True
        written = attributes.get("version", "")
        if name == "rss":
            if not self.version.startswith("rss"):
                self.version = _RSS.get(written) or ("rss20" if written.startswith("2.") else "rss")
        elif name == "feed":
            self.version = self.version or _ATOM.get(written, "atom")
        elif name == "sitemap_urlset":
            self.version = "sitemap"
        elif name != "rdf_rdf" or not self.version:
            raise NotForDirect("another kind of document")

    def attributes(self, written: dict[str, str]) -> dict[str, str]:
        """The attributes by feedparser's names: local ones, and `prefix:local` where it knows the namespace."""
        found: dict[str, str] = {}
        plain = True
        for key, value in written.items():
            if " " in key:
                plain = False
                for name in self._attribute(key):
                    if name is not None:
                        found[name] = value
            else:
                found[key.lower()] = value
        if not plain:  # an attribute without a namespace goes before one whose namespace is not known
            found.update((key.lower(), value) for key, value in written.items() if " " not in key)
        if "xmlns" in found:  # in capitals it is an attribute to expat, and a declaration to feedparser
            raise NotForDirect("a namespace declared by an attribute")
        for key in ("rel", "type"):
            if key in found:
                found[key] = found[key].lower()
        return found

    def _attribute(self, key: str) -> tuple[str, str | None]:
        names = self._read.get(key)
        if names is None:
            uri, local, *prefix = key.split(" ")
            known = _SPACES.get(uri.lower(), "")
            name = f"{known}:{local}".lower() if known else local.lower()
            names = self._read[key] = (name, f"{prefix[0]}:{local}".lower() if prefix else None)
        return names
