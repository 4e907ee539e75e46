"""What keeps most ill-formed feeds from being XML, mended in the bytes: entities, ampersands, references to no character.

A document that is well-formed then is read, split and remembered like any other.
"""

import html.entities
import re

from telex.documents import characters
from telex.documents.budgets import REFERENCES

UNDECLARED = "xml.entities_undeclared"
AMPERSANDS = "xml.ampersands_bare"

_OWN = frozenset({b"lt", b"gt", b"amp", b"quot", b"apos"})
# What has no end runs to the end, so that the whole is linear.
_PLACES = re.compile(
    rb"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|<\?.*?(?:\?>|\Z)"
    rb"|&(?:#(?:(?P<number>[0-9]{1,10})|[xX](?P<hex>[0-9A-Fa-f]{1,8}));|(?P<name>[A-Za-z][A-Za-z0-9]{1,31});)?",
    re.DOTALL,
)
_PAIR = re.compile(
    rb"&#(?:(5[5-6][0-9]{3})|[xX]([dD][89abAB][0-9A-Fa-f]{2}));&#(?:(5[67][0-9]{3})|[xX]([dD][c-fC-F][0-9A-Fa-f]{2}));"
)


def mended(data: bytes) -> tuple[bytes, tuple[str, ...]]:
    """The UTF-8 document with every `&` outside of CDATA and comments made a reference, and the names of the repairs.

    HTML's entities become their characters; another `&` becomes `&amp;`; a reference to a control character goes; two
    that are a surrogate pair become the one character, a lone one U+FFFD. A document with entities of its own stays as
    it is.
    """
    if b"<!ENTITY" in data or data.count(b"&") > REFERENCES:
        return data, ()
    repairs: dict[str, None] = {}

    def mend(place: re.Match[bytes]) -> bytes:
        written = place[0]
        if not written.startswith(b"&"):
            return written
        if place["name"]:
            return _named(written, place["name"], repairs)
        if len(written) == 1:
            repairs[AMPERSANDS] = None
            return b"&amp;"
        return _numbered(written, int(place["hex"], 16) if place["hex"] else int(place["number"]), repairs)

    if b"&#" in data:
        data = _PAIR.sub(lambda pair: _joined(pair, repairs), data)
    return _PLACES.sub(mend, data), tuple(repairs)


def _named(written: bytes, name: bytes, repairs: dict[str, None]) -> bytes:
    if name in _OWN:
        return written
    meant = html.entities.html5.get(name.decode() + ";")
    if meant is None:
        repairs[AMPERSANDS] = None
        return b"&amp;" + written[1:]
    repairs[UNDECLARED] = None
    return b"".join(b"&#%d;" % ord(one) for one in meant)


def _numbered(written: bytes, code: int, repairs: dict[str, None]) -> bytes:
    """A reference by number; XML 1.0, section 2.2, says what is a character."""
    if code in (9, 10, 13) or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000:
        return written
    if code < 0x20 or code in (0xFFFE, 0xFFFF):
        repairs[characters.REMOVED] = None
        return b""
    repairs[characters.REPLACED] = None
    return b"&#65533;"


def _joined(pair: re.Match[bytes], repairs: dict[str, None]) -> bytes:
    high = int(pair[1]) if pair[1] else int(pair[2], 16)
    low = int(pair[3]) if pair[3] else int(pair[4], 16)
    if not (0xD800 <= high < 0xDC00 <= low < 0xE000):
        return pair[0]
    repairs[characters.REPLACED] = None
    return b"&#%d;" % (0x10000 + (high - 0xD800) * 0x400 + low - 0xDC00)
