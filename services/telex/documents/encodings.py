"""Bytes of a text to UTF-8, by the book where the book holds, by the bytes themselves where a label is wrong."""

import codecs
import re

DECLARED_WRONGLY = "encoding.declared_wrongly"
INVALID_BYTES = "encoding.invalid_bytes"
LABEL_UNKNOWN = "encoding.label_unknown"
WINDOWS_1252_ASSUMED = "encoding.assumed_windows_1252"

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# A document in UTF-16 or UTF-32 without a mark shows by its first "<", "{" or "[" (XML 1.0, appendix F).
_UNMARKED = re.compile(
    rb"(?P<utf_32_be>(?:\0\0\0\s)*\0\0\0[<{\[])|(?P<utf_32_le>(?:\s\0\0\0)*[<{\[]\0\0\0)"
    rb"|(?P<utf_16_be>(?:\0\s)*\0[<{\[]\0[^\0])|(?P<utf_16_le>(?:\s\0)*[<{\[]\0[^\0]\0)"
)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_DECLARED = re.compile(rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})[\"']")
# Only these: Python's codecs also know UTF-7, rot13, punycode and unicode_escape, by which text becomes markup.
_KNOWN = re.compile(
    r"utf-?8|us-ascii|ascii|iso-?8859-?\d{1,2}|latin-?\d{1,2}|windows-?\d{3,4}|cp-?\d{3,4}|koi8-?\w{1,2}|mac-?\w{2,12}"
    r"|gb18030|hz|big5hkscs|euc-?(jp|kr)|iso-2022-\w{2,4}|utf-?(16|32)(-?[bl]e)?"
)
# WHATWG Encoding, section 4.2: what the label means on the web. windows-1252 by its own name is cp1252 here, so that
# what is called Latin-1 can be told from it.
_MEANT = {
    "windows-1252": "cp1252",
    "x-cp1252": "cp1252",
    "unicode-1-1-utf-8": "utf-8",
    "iso-8859-1": "windows-1252",
    "iso8859-1": "windows-1252",
    "iso_8859-1": "windows-1252",
    "us-ascii": "windows-1252",
    "ascii": "windows-1252",
    "latin1": "windows-1252",
    "latin-1": "windows-1252",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-9": "windows-1254",
    "latin5": "windows-1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "tis620": "cp874",
    "windows-874": "cp874",
    "macintosh": "mac-roman",
    "x-mac-roman": "mac-roman",
    "x-mac-cyrillic": "mac-cyrillic",
    "ibm866": "cp866",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "big5": "big5hkscs",
    "big5-hkscs": "big5hkscs",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "sjis": "cp932",
    "windows-31j": "cp932",
    "x-euc-jp": "euc-jp",
    "euc-kr": "cp949",
    "ks_c_5601": "cp949",
    "ks_c_5601-1987": "cp949",
    "hz-gb-2312": "hz",
    "unicode": "utf-16",
    "ucs-2": "utf-16",
    "iso-10646-ucs-2": "utf-16",
}
_UTF_8 = frozenset({"utf-8", "utf8"})
_WIDE = ("utf-16", "utf16", "utf-32", "utf32")
_STATEFUL = ("iso-2022", "hz")
# Two bytes that are a letter in one of these may be one in UTF-8 too.
_PAIRED = frozenset({"gb18030", "big5hkscs", "cp932", "cp949", "euc-jp", "eucjp"})
_ACCIDENTS = 8
_CALLED_LATIN_1 = "windows-1252"
_C1 = re.compile(rb"[\x80-\x9f]")
_MOST_DAMAGE = 10  # one character in so many


def to_utf8(body: bytes, content_type: str | None) -> tuple[bytes, tuple[str, ...]]:
    """The text as UTF-8 without a mark, and the names of what was wrong or had to be guessed.

    Order: byte order mark; the transport's charset; the declared one (RFC 7303, section 3); UTF-8; windows-1252. A
    label that the bytes contradict does not count: bytes that are UTF-8 throughout are UTF-8 whatever it says, but for
    a few pairs where it names an East Asian encoding in which they are letters too.
    """
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return _decoded(body[len(mark) :], encoding)
    unmarked = _UNMARKED.match(body)
    if unmarked and unmarked.lastgroup:
        return _decoded(body, unmarked.lastgroup.replace("_", "-"))
    labels, unknown = _labels(body, content_type)
    if labels and labels[0].startswith(_STATEFUL):
        data, repairs = _decoded(body, labels[0])
    else:
        data, repairs = _eight_bits(body, labels)
    return data, (LABEL_UNKNOWN, *repairs) if unknown else repairs


def _decoded(body: bytes, encoding: str) -> tuple[bytes, tuple[str, ...]]:
    try:
        return body.decode(encoding).encode("utf-8"), ()
    except (UnicodeError, LookupError):
        encoding = encoding if _is_codec(encoding) else "windows-1252"
        return body.decode(encoding, "replace").encode("utf-8", "replace"), (INVALID_BYTES,)


def _is_codec(encoding: str) -> bool:
    try:
        codecs.lookup(encoding)
    except LookupError:
        return False
    return True


def _labels(body: bytes, content_type: str | None) -> tuple[list[str], bool]:
    """The encodings that are named, by Python's names, and whether a name means nothing here."""
    transport = _CHARSET.search(content_type or "")
    declared = _DECLARED.match(body)
    names = [transport[1].lower() if transport else "", declared[1].decode("ascii").lower() if declared else ""]
    meant = [_MEANT.get(name, name) for name in names if name]
    known = [name for name in meant if _KNOWN.fullmatch(name) and _is_codec(name)]
    return known, len(known) < len(meant)


def _eight_bits(body: bytes, labels: list[str]) -> tuple[bytes, tuple[str, ...]]:
    label = labels[0] if labels else "utf-8"
    if body.isascii():
        return body, (DECLARED_WRONGLY,) if label.startswith(_WIDE) else ()
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        cut = error.start >= len(body) - 3 and error.reason == "unexpected end of data"
        if cut and (label in _UTF_8 or not body[: error.start].isascii()):
            return body[: error.start], (INVALID_BYTES,)
        return _by_labels(body, labels)
    if label in _PAIRED and len(body) - len(text) < _ACCIDENTS and _holds(body, label):
        return body.decode(label).encode("utf-8"), ()
    return body, () if label in _UTF_8 else (DECLARED_WRONGLY,)


def _holds(body: bytes, label: str) -> bool:
    try:
        body.decode(label)
    except UnicodeError:
        return False
    return True


def _by_labels(body: bytes, labels: list[str]) -> tuple[bytes, tuple[str, ...]]:
    """What is not UTF-8: by the first label that holds, else by the one that leaves little damage."""
    labels = [label for label in labels if not label.startswith(_WIDE)]
    for number, label in enumerate(labels):
        if _holds(body, label):
            wrong = number > 0 or (label == _CALLED_LATIN_1 and _C1.search(body))
            return body.decode(label).encode("utf-8"), (DECLARED_WRONGLY,) if wrong else ()
    high = len(body) - len(body.decode("ascii", "ignore"))
    for label in ("utf-8", *labels):
        text = body.decode(label, "replace")
        if text.count("\ufffd") * _MOST_DAMAGE <= high:
            return text.encode("utf-8"), (INVALID_BYTES,)
    return body.decode("windows-1252", "replace").encode("utf-8"), (WINDOWS_1252_ASSUMED,)
