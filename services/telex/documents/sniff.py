"""What kind of document these bytes are, as UTF-8: empty, HTML, no text, JSON or XML."""

import re
from dataclasses import dataclass
from enum import StrEnum

from telex.core.model import Unreadable, UnreadableReason
from telex.documents import characters, encodings
from telex.documents.spaces import NEWS

_MAGIC = (
    (b"\x1f\x8b", "gzip"),
    (b"PK\x03\x04", "zip"),
    (b"%PDF", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
)
# XML 1.0, section 2.2: these are no characters of a document.
_CONTROLS = bytes(code for code in range(32) if code not in (9, 10, 13))
# Unicode, section 23.7: U+FDD0 to U+FDEF, and the last two of each plane.
_NONCHARACTERS = re.compile(rb"\xef(?:\xb7[\x90-\xaf]|\xbf[\xbe\xbf])|[\xf0-\xf4][\x8f\x9f\xaf\xbf]\xbf[\xbe\xbf]")
_LEADS = (b"\xef", b"\xf0", b"\xf1", b"\xf2", b"\xf3", b"\xf4")
"""The bytes that a noncharacter may begin with."""
_ROOT = re.compile(rb"<([A-Za-z_][\w.:-]*)")
_FEED_ROOT = re.compile(rb"<(?:\?xml\s|(?:[\w.-]+:)?(?:rss|feed|rdf)[\s>])", re.IGNORECASE)
_SUBSET_END = re.compile(rb"\]\s*>")
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body)[\s>]", re.IGNORECASE)
_HEAD = 4096
FEED_ROOTS = frozenset({"rss", "rdf", "feed", "channel"})


class Kind(StrEnum):
    """What a feed may be written in."""

    XML = "xml"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Source:
    """A document in UTF-8, from its first character on."""

    kind: Kind
    data: bytes
    repairs: tuple[str, ...] = ()


def sniff(body: bytes, content_type: str | None) -> Source | Unreadable:
    """The document in these bytes. The bytes decide; the content type only helps to find the encoding."""
    if not body.strip(b"\0 \t\r\n\f\v\xef\xbb\xbf\xff\xfe"):
        return Unreadable(UnreadableReason.EMPTY, f"{len(body)} bytes, no text")
    for magic, name in _MAGIC:
        if body.startswith(magic):
            return Unreadable(UnreadableReason.NOT_TEXT, f"{name} data")
    data, repairs = encodings.to_utf8(body, content_type)
    clean = data.translate(None, _CONTROLS)
    controls = len(data) - len(clean)
    if controls * 50 > len(data):
        return Unreadable(UnreadableReason.NOT_TEXT, f"{controls} control characters in {len(data)} bytes")
    if not clean.isascii() and any(byte in clean for byte in _LEADS):  # one byte is found ten times as fast as two
        clean = _NONCHARACTERS.sub(b"", clean)
    if len(clean) != len(data):
        repairs = (*repairs, characters.REMOVED)
    clean = clean.lstrip()
    if clean[:1] in (b"{", b"["):
        return Source(Kind.JSON, clean, repairs)
    return _as_xml(clean, repairs)


def _as_xml(data: bytes, repairs: tuple[str, ...]) -> Source | Unreadable:
    root = root_name(data) if data[:1] == b"<" else None
    if root in FEED_ROOTS or (root == "urlset" and NEWS.encode() in data[:_HEAD]):
        return Source(Kind.XML, data, repairs)
    if root != "html":
        junk = _FEED_ROOT.search(data, 1, _HEAD)
        if junk and root_name(data[junk.start() :]) in FEED_ROOTS:
            return Source(Kind.XML, data[junk.start() :], (*repairs, "xml.junk_before_document"))
    if root == "html" or _HTML.search(data, 0, _HEAD):
        return Unreadable(UnreadableReason.HTML, "an HTML page")
    if root is None:
        return Unreadable(UnreadableReason.NOT_A_FEED, "neither XML nor JSON")
    return Unreadable(UnreadableReason.NOT_A_FEED, f"an XML document of another kind: <{root[:40]}>")


def root_start(data: bytes) -> int:
    """Where the first element's tag starts, behind declarations, comments and DOCTYPE; -1 where there is none."""
    at = 0
    while True:
        at = data.find(b"<", at)
        if at < 0:
            return -1
        if data.startswith(b"<!--", at):
            end = data.find(b"-->", at + 4)
            at = end + 3
        elif data.startswith(b"<?", at):
            end = data.find(b"?>", at + 2)
            at = end + 2
        elif data.startswith(b"<!", at):
            end = _doctype_end(data, at)
            at = end
        else:
            return at if _ROOT.match(data, at) else -1
        if end < 0:
            return -1


def _doctype_end(data: bytes, at: int) -> int:
    close, subset = data.find(b">", at), data.find(b"[", at)
    if subset < 0 or close < 0 or close < subset:
        return close + 1 if close >= 0 else -1
    end = _SUBSET_END.search(data, subset)
    return end.end() if end else -1


def root_name(data: bytes) -> str | None:
    """The local name of the first element, in lower case."""
    at = root_start(data)
    found = _ROOT.match(data, at) if at >= 0 else None
    return found[1].rpartition(b":")[2].decode("ascii", "replace").lower() if found else None
