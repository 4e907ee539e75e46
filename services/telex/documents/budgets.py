"""How much work a document may ask for: counted, so that it is the same on every machine.

What stands in 10 MiB may cost seconds whatever is careful: 1.7 million elements of six bytes, a tag with a million
attributes. The bounds are far beyond what news needs, and keep a document of that size below two seconds of CPU.
"""

from dataclasses import dataclass

ELEMENTS = 250_000
"""Elements of a document, or values of a JSON document that hold others."""
ATTRIBUTES = 1_000
"""Of one tag."""
NAMESPACES = 1_000
"""Declared by one tag."""
NAMESPACE = 256
"""Characters of a namespace's name: parsers give it with each element's."""
DEFAULTS = 4_000_000
"""Characters of the attributes that a DTD gives to elements: parsers give them with each element."""
DECLARATIONS = 100
"""Of attributes, in a DTD: expat looks through all of an element's for each."""
BASE = 500
"""Characters of a base that others are added to: each of its parts is gone through for each address."""
REFERENCES = 500_000
"""`&` that are looked at one by one."""
MARKS = 200_000
"""`<` and `&` that the loose parser sees: it looks through the text several times before it reads."""
LONGEST_TAG = 1024 * 1024
"""Bytes without an angle bracket in a tag."""
TAG = 64 * 1024
"""Characters and quoted values of one tag, for the loose parser, which takes 150 bytes of memory for each."""
FEEDPARSER = 1_200_000
"""Microseconds, or so, that feedparser may take."""
TAGS = 600_000
"""Signs that begin a tag, in the document and in the HTML that it holds."""
_TAG_SIGNS = (b"<", b"&lt;", b"&#60;", b"&#x3c;", b"&#x3C;", rb"\u003c", rb"\u003C")


class TooCostly(Exception):
    """Reading the document would cost more than any feed is worth. Its text says why."""


def check_tags(data: bytes) -> None:
    """See whether the document has more tags than anybody could want to read.

    Raises:
        TooCostly: it has.
    """
    if len(data) > TAGS and sum(map(data.count, _TAG_SIGNS)) > TAGS:
        raise TooCostly("tags beyond reason")


@dataclass(slots=True)
class Budget:
    """What feedparser's parsers may do for one document, together."""

    left: int = FEEDPARSER

    def spend(self, units: int) -> None:
        """Take so much.

        Raises:
            TooCostly: there is no more.
        """
        self.left -= units
        if self.left < 0:
            raise TooCostly("feedparser would take too long")
