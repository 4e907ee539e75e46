"""What trafilatura takes for a page's text, as one opinion among several; our own where the page is beyond it."""

import functools
from collections import Counter
from collections.abc import Sequence
from typing import Any

from telex.documents import page_tree
from telex.documents.page_blocks import Block, Kind, squashed

ELEMENTS = 8_000
CHARACTERS = 600_000
"""Pages beyond are left to our own opinion: trafilatura is not linear. The largest article page measured has 3,200."""
_COMPARISONS = 200_000_000
_PIECE = 25
_PROSE = 60


@functools.cache
def _extract() -> Any:
    from trafilatura import bare_extraction  # noqa: PLC0415 - takes half a second to import

    return bare_extraction


def votes(tree: Any, blocks: Sequence[Block], keys: Sequence[str], url: str) -> tuple[list[bool], str]:
    """Which blocks are text by the first opinion there is, and the text that trafilatura gave, empty without one."""
    text = _trafilatura(tree, blocks, url)
    found = _matched(blocks, keys, text) if text else []
    return (found, text) if any(found) else (_own(blocks), text)


def _trafilatura(tree: Any, blocks: Sequence[Block], url: str) -> str:
    if sum(len(block.text) for block in blocks) > CHARACTERS or page_tree.is_large(tree, ELEMENTS):
        return ""
    try:
        found = _extract()(tree, url=url, with_metadata=False, include_comments=False, include_tables=True)
    except Exception:  # noqa: BLE001 - a page that breaks it is left to our own opinion
        return ""
    return getattr(found, "text", None) or ""


def _matched(blocks: Sequence[Block], keys: Sequence[str], text: str) -> list[bool]:
    """Which blocks' texts stand in the given text: as a line, as some lines, or inside one."""
    lines: set[str] = set()
    for line in text.split("\n"):
        lines.add(squashed(line))
        if "|" in line:
            lines.update(squashed(cell) for cell in line.split("|"))
    whole = squashed(text)
    pieces = len(whole) * len(keys) <= _COMPARISONS

    def stands(block: Block, key: str) -> bool:
        if not key:
            return False
        if key in lines or (pieces and len(key) >= _PIECE and key in whole):
            return True
        return "\n" in block.text and all(squashed(line) in lines for line in block.text.split("\n"))

    return [stands(block, key) for block, key in zip(blocks, keys, strict=True)]


def _own(blocks: Sequence[Block]) -> list[bool]:
    """The blocks of the frame that holds most prose."""
    prose: Counter[int] = Counter()
    for block in blocks:
        if _is_prose(block):
            prose[block.frame] += len(block.text)
    if not prose:
        return [False] * len(blocks)
    frame, _ = prose.most_common(1)[0]
    return [block.frame == frame and block.kind is not Kind.CAPTION for block in blocks]


def _is_prose(block: Block) -> bool:
    return (
        block.kind in (Kind.PARAGRAPH, Kind.QUOTE)
        and len(block.text) >= _PROSE
        and block.linked * 2 < len(block.text)
        and not block.noise
    )
