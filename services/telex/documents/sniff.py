"""What kind of document these bytes are, as UTF-8: empty, HTML, no text, JSON or XML."""

import codecs
import re
from dataclasses import dataclass
from enum import StrEnum

from telex.core.model import Unreadable, UnreadableReason

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# A document in UTF-16 or UTF-32 without a mark shows by its first "<" or "{" (XML 1.0, appendix F).
_UNMARKED = re.compile(
    rb"(?P<utf_32_be>\0\0\0[<{])|(?P<utf_32_le>[<{]\0\0\0)|(?P<utf_16_be>\0[<{]\0[^\0])|(?P<utf_16_le>[<{]\0[^\0]\0)"
)
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
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_DECLARED = re.compile(rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})[\"']")
# Only these: Python's codecs also know rot13, punycode, unicode_escape.
_KNOWN = re.compile(
    r"utf-?8|us-ascii|ascii|iso-?8859-?\d{1,2}|latin-?\d{1,2}|windows-?\d{3,4}|cp-?\d{3,4}|koi8-?\w{1,2}|mac-?\w{2,12}"
    r"|gb2312|gbk|gb18030|hz-gb-2312|hz|big5(-?hkscs)?|shift[-_]?jis|sjis|x-sjis|euc-?(jp|kr)|ks_c_5601(-1987)?"
    r"|iso-2022-\w{2,4}|tis-?620"
)
# WHATWG Encoding: what the label means on the web.
_MEANT = {
    "iso-8859-1": "windows-1252",
    "us-ascii": "windows-1252",
    "ascii": "windows-1252",
    "latin1": "windows-1252",
    "latin-1": "windows-1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "sjis": "cp932",
    "euc-kr": "cp949",
    "ks_c_5601": "cp949",
    "ks_c_5601-1987": "cp949",
    "hz-gb-2312": "hz",
}
_STATEFUL = ("iso-2022", "hz")
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
    data, repairs = to_utf8(body, content_type)
    clean = data.translate(None, _CONTROLS)
    controls = len(data) - len(clean)
    if controls * 50 > len(data):
        return Unreadable(UnreadableReason.NOT_TEXT, f"{controls} control characters in {len(data)} bytes")
    if controls:
        repairs = (*repairs, "text.control_characters_removed")
    clean = clean.lstrip()
    if clean[:1] in (b"{", b"["):
        return Source(Kind.JSON, clean, repairs)
    return _as_xml(clean, repairs)


def _as_xml(data: bytes, repairs: tuple[str, ...]) -> Source | Unreadable:
    root = root_name(data) if data[:1] == b"<" else None
    if root in FEED_ROOTS:
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


def to_utf8(body: bytes, content_type: str | None) -> tuple[bytes, tuple[str, ...]]:
    """The text as UTF-8 without a mark, and what had to be guessed.

    Order: byte order mark; UTF-8 where the bytes are UTF-8 (what is valid by accident is rare, a wrong label is not);
    the transport's charset, then the declared one (RFC 7303, section 3); windows-1252.
    """
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return _transcoded(body[len(mark) :], encoding)
    unmarked = _UNMARKED.match(body)
    if unmarked and unmarked.lastgroup:
        return _transcoded(body, unmarked.lastgroup.replace("_", "-"))
    labels = _labels(body, content_type)
    if labels and labels[0].startswith(_STATEFUL):
        return _transcoded(body, labels[0])
    return _eight_bits(body, labels)


def _transcoded(body: bytes, encoding: str) -> tuple[bytes, tuple[str, ...]]:
    try:
        return body.decode(encoding).encode("utf-8"), ()
    except UnicodeError:
        text = body.decode(encoding, "replace").encode("utf-8", "replace")
        return text, ("encoding.invalid_bytes",)


def _labels(body: bytes, content_type: str | None) -> list[str]:
    transport = _CHARSET.search(content_type or "")
    declared = _DECLARED.match(body)
    names = [transport[1] if transport else "", declared[1].decode("ascii") if declared else ""]
    return [_MEANT.get(name.lower(), name.lower()) for name in names if _KNOWN.fullmatch(name.lower())]


def _eight_bits(body: bytes, labels: list[str]) -> tuple[bytes, tuple[str, ...]]:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        cut = error.start >= len(body) - 3 and error.reason == "unexpected end of data"
        if cut and (_says_utf8(labels) or not body[: error.start].isascii()):
            return body[: error.start], ("encoding.invalid_bytes",)
    else:
        wrong = not _says_utf8(labels) and not body.isascii()
        return body, ("encoding.declared_wrongly",) if wrong else ()
    for label in labels:
        try:
            return body.decode(label).encode("utf-8"), ()
        except (UnicodeError, LookupError):
            continue
    return _guessed(body)


def _says_utf8(labels: list[str]) -> bool:
    return not labels or labels[0] in ("utf-8", "utf8")


def _guessed(body: bytes) -> tuple[bytes, tuple[str, ...]]:
    """No label holds: UTF-8 with some damage where nine in ten sequences are whole, else windows-1252."""
    text = body.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    high = len(body) - len(body.decode("ascii", "ignore"))
    if damaged * 10 > high:
        text = body.decode("windows-1252", "replace")
        return text.encode("utf-8"), ("encoding.assumed_windows_1252",)
    return text.encode("utf-8"), ("encoding.invalid_bytes",)
