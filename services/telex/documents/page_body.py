"""A story's blocks, or the body that metadata hold, as paragraphs of text and as HTML."""

import html
import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from telex.documents.page_blocks import Block, Kind

# Metadata bodies lose the breaks between their blocks: "… the end.The next …". A sentence's end, then a capital that
# begins a word, with nothing between. Not "U.S.A", "e.g.So", "3.5M", "node.Js": there a letter stands alone or the
# sentence is no sentence.
_RUN_TOGETHER = re.compile(
    r"(?<=[^\W\d_]{2}[.!?…])(?=[A-ZÀ-ÖØ-Þ][^\W\d_]*[\s’'])"
    r"|(?<=[.!?…][\"”»’)])(?=[A-ZÀ-ÖØ-Þ“«])"
    r"|(?<=[^\W\d_]{2}[.!?…])(?=[“«‘])"
    r"|(?<=[\u0600-\u06ff]{2}[.!؟…])(?=[\u0600-\u06ff])"
    r"|(?<=[।۔。！？])(?=[^\s\W])"
)
_TAGS = {Kind.PARAGRAPH: "p", Kind.QUOTE: "blockquote", Kind.CODE: "pre", Kind.CELL: "p", Kind.CAPTION: "p"}


def text_of(blocks: Sequence[Block]) -> str:
    """Paragraphs with a blank line between them; the items of a list and the cells of a table stand on lines of their own."""
    return "\n\n".join("\n".join(block.text for block in group) for group in _groups(blocks))


def html_of(blocks: Sequence[Block]) -> str:
    """The same as HTML: paragraphs, subheadings with their levels, lists, quotations."""
    return "\n".join(_element(group) for group in _groups(blocks))


def _groups(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    joined = (Kind.ITEM, Kind.CELL)
    for key, group in groupby(enumerate(blocks), key=lambda pair: pair[1].kind if pair[1].kind in joined else pair[0]):
        _ = key
        yield [block for _, block in group]


def _element(group: list[Block]) -> str:
    first = group[0]
    if first.kind is Kind.ITEM:
        return "<ul>" + "".join(f"<li>{_escaped(block)}</li>" for block in group) + "</ul>"
    if first.kind is Kind.HEADING:
        return f"<h{max(first.level, 2)}>{_escaped(first)}</h{max(first.level, 2)}>"
    tag = _TAGS[first.kind]
    return "".join(f"<{tag}>{_escaped(block)}</{tag}>" for block in group)


def _escaped(block: Block) -> str:
    return html.escape(block.text, quote=False).replace("\n", "<br>")


def parted(body: str) -> str:
    """The body of metadata as paragraphs: as its lines part it, else where sentences run together without a space."""
    lines = [line.strip() for line in body.split("\n") if line.strip()]
    if len(lines) == 1:
        lines = [part.strip() for part in _RUN_TOGETHER.split(lines[0]) if part.strip()]
    return "\n\n".join(lines)
