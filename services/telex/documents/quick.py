"""The usual case: a document whose entries can be told by their tags alone, and whose new entries are read directly.

To `split` a document costs a call of Python for each tag in it. Here a regular expression finds the entries, the
splitter sees the document without what is in them, and the direct reader reads the header with the entries that are not
known. That is as certain as the long way. In a well-formed document `<` begins markup wherever it is in no comment, CDATA
section or processing instruction. The direct reader takes well-formed documents only, and what it does not see are entries
whose bytes were well-formed before where the same was in scope: that is what a digest is over. A test demands equal
documents of both ways. Whatever is unusual goes the long way.
"""

import re
from dataclasses import replace
from typing import Final

from telex.core.model import Digest
from telex.documents import budgets, costs, direct, limits
from telex.documents.parsers import Parsed
from telex.documents.split import LONG_ELEMENTS, LONG_TEXT, Slice, Split, split

_MARK: Final = re.compile(rb"<(?:[!?]|/?(?:item|entry)(?=[\s/>]))")
"""What begins and ends entries, and what may hold something that only looks like it."""
_OPEN: Final = re.compile(rb"<(item|entry)(?:[^<>\"']|\"[^<\"]*\"|'[^<']*')*>")
_CLOSE: Final = re.compile(rb"</(item|entry)\s*>")
_HIDING: Final = ((b"<![CDATA[", b"]]>"), (b"<!--", b"-->"), (b"<?", b"?>"))
_TEXTS: Final = re.compile(
    rb"<(?:(?P<name>[\w:.-]+)[^<>]*|/[^<>]*)>\s*(?:<!\[CDATA\[(?P<data>.*?)\]\]>|(?P<text>[^<]{%d}))" % LONG_TEXT,
    re.DOTALL,
)
"""A CDATA section or a long text, with the tag before it."""
_CDATA: Final = b"<![CDATA["
_SLASH: Final = ord("/")
_HIDERS: Final = frozenset(b"!?")
_Place = tuple[int, int, int, int]
"""Where an entry starts, where its content starts and ends, and where it ends."""


def read(data: bytes, known: frozenset[Digest], url: str, elements: int | None) -> tuple[Split, Parsed, bool] | None:
    """The document's entries, what the direct reader notes of those that are not known, and whether that is cheap.

    How many elements there are is an estimate, and those of the entries are counted with the others.

    None where the document has to go the long way: it is not well-formed, has a DTD, entries inside entries, a text that
    has to be weighed, or something that the direct reader leaves to feedparser; or, where `elements` bounds the work,
    it has more XML elements or would take longer than what is cheap.
    """
    tags = data.count(b"<")
    if tags > 2 * (budgets.ELEMENTS if elements is None else elements):
        return None
    places = _places(data)
    cut = _cut(data, places, tags) if places else None
    if cut is None:
        return None
    cheap = costs.of_seeing(cut) + costs.of_reading(cut, known, by_feedparser=False) <= costs.CHEAP
    if elements is not None and not cheap:
        return None
    unknown = cut.unknown(known)
    if any(_is_heavy(data, piece) for piece in unknown):
        return None
    parsed = direct.parse(cut.without(known), url)
    if parsed is None or len(parsed.entries) != len(unknown):
        return None
    return cut, parsed, cheap


def _is_heavy(data: bytes, piece: Slice) -> bool:
    """Whether a long text stands elsewhere than at the beginning of an element that may be long; or many attributes."""
    if piece.end - piece.start <= LONG_TEXT:
        return False
    if data.count(b"=", piece.start, piece.end) > budgets.ATTRIBUTES:
        return True
    sections = 0
    for found in _TEXTS.finditer(data, piece.start, piece.end):
        section, name = found["data"], found["name"]
        sections += section is not None
        if section is None or len(section) > LONG_TEXT:
            local = name.rpartition(b":")[2].decode("ascii", "replace").lower() if name else ""
            if local not in LONG_ELEMENTS:
                return True
    return sections != data.count(_CDATA, piece.start, piece.end)


def _places(data: bytes) -> list[_Place] | None:
    """Where the entries are; None where that cannot be told."""
    places: list[_Place] = []
    name, start, content = b"", 0, 0
    mark = _MARK.search(data)
    while mark is not None:
        at = mark.start()
        kind = data[at + 1]
        if kind in _HIDERS:
            behind = _behind(data, at)
        elif kind == _SLASH:
            close = _CLOSE.match(data, at)
            if close is None or close[1] != name:
                return None
            behind = close.end()
            places.append((start, content, at, behind))
            name = b""
        else:
            tag = _OPEN.match(data, at)
            if tag is None or name or data[tag.end() - 2] == _SLASH:
                return None
            name, start, content = tag[1], at, tag.end()
            behind = content
        if not behind:
            return None
        mark = _MARK.search(data, behind)
    return places if not name and len(places) <= limits.ENTRIES else None


def _behind(data: bytes, at: int) -> int:
    """Where a CDATA section, comment or processing instruction ends; 0 where it does not, or it is something else."""
    for begin, end in _HIDING:
        if data.startswith(begin, at):
            found = data.find(end, at + len(begin))
            return found + len(end) if found >= 0 else 0
    return 0


def _cut(data: bytes, places: list[_Place], tags: int) -> Split | None:
    """The document as the splitter gives it, found by splitting it without what is in its entries.

    What stands in the same place and begins with the same tag inherits the same: one of a row of entries is enough.
    """
    parts: list[bytes] = []
    starts: list[int] = []
    rows: list[int] = []
    at = taken = 0
    tag = b""
    for start, content, behind, end in places:
        if data[start:content] == tag and not data[at:start].strip():
            taken += end - at
        else:
            parts += (data[at:content], data[behind:end])
            starts.append(start - taken)
            taken += behind - content
            tag = data[start:content]
        rows.append(len(starts) - 1)
        at = end
    parts.append(data[at:])
    frame = split(b"".join(parts))
    if frame.whole is not None or not frame.complete or frame.costly or frame.repairs or frame.dropped:
        return None
    if [piece.start for piece in frame.slices] != starts:
        return None
    digests = [frame.digests(piece.scope) for piece in frame.slices]
    slices = tuple(
        Slice(start, end, digests[row](data[start:end]), 0, frame.slices[row].scope)
        for row, (start, _, _, end) in zip(rows, places, strict=True)
    )
    return replace(frame, data=data, slices=slices, end=len(data), elements=tags // 2)
