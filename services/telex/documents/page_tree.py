"""A page's bytes as a tree that is safe to walk: bounded in size, in depth and in elements, whatever the page."""

import re
from itertools import islice
from typing import Any

import lxml.html
from lxml import etree

from telex.core.model import Unreadable, UnreadableReason
from telex.documents import encodings

_META = re.compile(rb"<meta[^>]{0,300}?charset\s*=\s*[\"']?([\w-]{2,40})", re.IGNORECASE)
_MAGIC = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"PK\x03\x04", b"\x1f\x8b")
_TAG = re.compile(r"<[A-Za-z]")
# Each alternative takes what it starts to its end, or to the end of the page: nothing is looked at twice.
_TOKEN = re.compile(
    r"<script\b[^>]*+>.*?(?:</script|\Z)"
    r"|<!--.*?(?:-->|\Z)"
    r"|<[A-Za-z][^\s/>]*+(?:[^>=]++|=\s*+(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z)|))*+(?:>|\Z)",
    re.DOTALL | re.IGNORECASE,
)
_LONG_VALUE = re.compile(r"=\s*+(?:\"[^\"]{4096,}+\"|'[^']{4096,}+')")
_NAME = re.compile(r"<[A-Za-z][\w:-]{0,40}")
_LONGEST_TAG = 8192

CUT = "page.cut"
PAGE_CHARACTERS = 4 * 1024 * 1024
"""What stands behind is not read: the longest article pages measured have a tenth of it."""
ELEMENTS = 60_000
DEPTH = 200
"""Elements below are not read."""


def decoded(body: bytes, content_type: str | None) -> tuple[str, tuple[str, ...]]:
    """The page's text and the names of what was guessed or cut. The first `meta` with a charset counts as declared."""
    if content_type is None or "charset" not in content_type.lower():
        declared = _META.search(body, 0, 4096)
        if declared:
            content_type = f"text/html; charset={declared[1].decode('ascii', 'replace')}"
    data, repairs = encodings.to_utf8(body, content_type)
    text = data.decode("utf-8", "replace").replace("\0", "")
    text = _tamed(text)
    if len(text) > PAGE_CHARACTERS:
        return text[:PAGE_CHARACTERS], (*repairs, CUT)
    return text, repairs


def parse(body: bytes, content_type: str | None) -> tuple[Any, tuple[str, ...]] | Unreadable:
    """The page's tree and the repairs, or why there is none. Linear in the page's size."""
    if not body.strip():
        return Unreadable(UnreadableReason.EMPTY, f"{len(body)} bytes, no text")
    if body.startswith(_MAGIC):
        return Unreadable(UnreadableReason.NOT_TEXT, "no page: data of another kind")
    text, repairs = decoded(body, content_type)
    if _TAG.search(text) is None:
        return Unreadable(UnreadableReason.NOT_TEXT, "no markup")
    try:
        tree = lxml.html.document_fromstring(text.encode(), parser=_parser())
    except etree.ParserError:  # nothing but declarations and comments
        return Unreadable(UnreadableReason.NOT_TEXT, "no element")
    if _bounded(tree) and CUT not in repairs:
        repairs = (*repairs, CUT)
    return tree, repairs


def _parser() -> Any:
    return lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, collect_ids=False)


def _tamed(text: str) -> str:
    """The page without attributes beyond reason: libxml2 is quadratic in the number of an element's attributes."""
    return _TOKEN.sub(_shorter, text) if len(text) > _LONGEST_TAG else text


def _shorter(token: re.Match[str]) -> str:
    tag = token[0]
    if len(tag) <= _LONGEST_TAG or tag[:7].lower() == "<script" or tag.startswith("<!--"):
        return tag
    tag = _LONG_VALUE.sub('=""', tag)
    if len(tag) <= _LONGEST_TAG:
        return tag
    name = _NAME.match(tag)
    return f"{name[0]}>" if name else ""


def _bounded(tree: Any) -> bool:
    """Cut the tree to its limits; whether anything was lost."""
    depth = count = 0
    deep: list[Any] = []
    walk = etree.iterwalk(tree, events=("start", "end"))
    for event, element in walk:
        if event == "end":
            depth -= 1
            continue
        depth += 1
        count += 1
        if depth > DEPTH or count > ELEMENTS:
            deep.append(element)
            walk.skip_subtree()
    for element in deep:  # with the text behind it: joining texts one by one is quadratic
        parent = element.getparent()
        if parent is not None:
            parent.remove(element)
    return bool(deep)


def is_large(tree: Any, elements: int) -> bool:
    """Whether the tree has more elements than that."""
    return sum(1 for _ in islice(tree.iter(), elements + 1)) > elements
