"""A page as blocks of text in the order of reading, each with what its place in the page says of it. One linear walk."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any

from lxml import etree


class Kind(StrEnum):
    """What a block is in its page."""

    PARAGRAPH = "p"
    HEADING = "h"
    ITEM = "li"
    QUOTE = "blockquote"
    CELL = "td"
    CODE = "pre"
    CAPTION = "figcaption"


@dataclass(frozen=True, slots=True)
class Block:
    """A run of text that a reader sees as one.

    `level` is a heading's. `linked` is how many of its characters stand in links. `noise` are the names of the elements
    around it that say of themselves that they are no story. `frame` numbers the innermost element that frames several
    blocks, `article` the innermost article element, 0 outside of all; `shape` is the names of its parent and of its own
    element, by which blocks that are marked up alike are known.
    """

    text: str
    kind: Kind
    level: int
    linked: int
    noise: tuple[str, ...]
    frame: int
    shape: str
    article: int


def _names(text: str, separator: str | None = None) -> frozenset[str]:
    return frozenset(text.split(separator))


_SKIPPED = _names(
    "script style template iframe noembed noframes object svg select textarea button input label noscript head canvas"
    " audio video map math option datalist dialog embed"
)
_BLOCKS = _names(
    "address article aside blockquote body center dd details dir div dl dt fieldset figcaption figure footer form h1 h2"
    " h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol p pre section summary table tbody td tfoot th thead"
    " tr ul caption"
)
_KINDS = {
    "li": Kind.ITEM, "dd": Kind.ITEM, "dt": Kind.ITEM, "blockquote": Kind.QUOTE, "td": Kind.CELL, "th": Kind.CELL,
    "pre": Kind.CODE, "figcaption": Kind.CAPTION, "figure": Kind.CAPTION, "caption": Kind.CAPTION,
    **{f"h{level}": Kind.HEADING for level in range(1, 7)},
}  # fmt: skip
_WITHIN = _names("p h1 h2 h3 h4 h5 h6 ul ol li dl dt dd blockquote pre table thead tbody tr td th center")
_NOISY_TAGS = frozenset({"nav", "aside", "footer", "form", "menu", "fieldset"})
_NOISY_ROLES = _names("navigation complementary contentinfo search dialog alertdialog menu menubar banner")
_NOISY_WORDS = _names(
    "related recommend recommended recommendation recommendations recirc recirculation newsletter newsletters subscribe"
    " subscription signup share shares sharing sharebar sharetools social socials comments disqus footer sidebar advert"
    " adverts advertisement advertising ads sponsored sponsor outbrain taboola cookie cookies consent gdpr breadcrumb"
    " breadcrumbs nav navbar navigation menu byline bylines caption captions credit credits tags taglist trending popular"
    " promo promos promotion modal popup tooltip toolbar copyright disclaimer bio timestamp pagination"
    " pager hidden invisible donate donation login signin register readmore hide cta disclosure mostread noprint metadata"
    " dropdown offscreen authorbox postmeta tagcloud follow playlist jobs affiliate"
)
_NOISY_PAIRS = _names(
    "read more|read next|read also|more on|more from|more stories|most read|most popular|sign up|log in|sr only"
    "|screen reader|visually hidden|skip link|also read|see also|see more|tag list|post meta|entry meta|article meta"
    "|author bio|author box|author info|about author|about authors|next article|prev next|post navigation|ad slot"
    "|ad container|ad wrapper|ad unit|lire aussi|a lire|leia mais|leia tambem|leia mas|lee tambien|mehr zum"
    "|article tags|story tags|article footer|post footer|entry footer|article share|up next|editors picks"
    "|top stories|latest news|latest stories|inline links|link list|call out|call to|print header|print footer"
    "|print tools|print only|image widget|image caption|image credit|photo caption|photo credit|media caption"
    "|ad disclaimer",
    "|",
)
_STORY_WORDS = frozenset({"articlebody", "storybody", "postcontent", "entrycontent"})
_STORY_PAIRS = _names(
    "article body|article content|story body|story content|post content|post body|entry content|body text|article text"
    "|story text",
    "|",
)
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_CAMEL = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_WHITE = re.compile(r"[ \t\r\n\f\v\u200b\ufeff\u2028\u2029]+")
_BREAK = "\0"  # no text of a tree has it
_AROUND_BREAK = re.compile(r" ?\0[ \0]*")
_NOT_WORD = re.compile(r"[\W_]+")
_NAME_LIMIT = 300
_MOST_NOISE = 8


def blocks(tree: Any) -> list[Block]:
    """The page's blocks."""
    return list(_Walker(tree).walk())


def squashed(text: str) -> str:
    """The text's letters and digits alone, in one case: what two ways to write the same text share."""
    return _NOT_WORD.sub("", text.casefold())


class _Walker:
    """The state of one walk."""

    def __init__(self, tree: Any) -> None:
        self._tree = tree
        self._parts: list[str] = []
        self._linked = 0
        self._size = 0
        self._links = 0
        self._breaks = 0
        self._frames: list[tuple[int, str, str]] = [(0, "", "")]
        self._kinds: list[Kind] = [Kind.PARAGRAPH]
        self._noise: list[str] = []
        self._articles: list[int] = [0]
        self._names: dict[tuple[str, str], bool] = {}
        self._count = 0

    def walk(self) -> Iterator[Block]:
        events = etree.iterwalk(self._tree, events=("start", "end"))
        for event, element in events:
            if event == "start":
                yield from self._start(element, events)
            else:
                yield from self._end(element)
        yield from self._flush()

    def _start(self, element: Any, events: Any) -> Iterator[Block]:
        tag = element.tag
        if tag in _SKIPPED:
            events.skip_subtree()
            return
        if tag in _BLOCKS:
            yield from self._flush()
            self._open(element, tag)
        elif tag == "br":
            self._breaks += 1
            if self._breaks == 2:
                yield from self._flush(br=True)
            else:
                self._parts.append(_BREAK)
        elif tag == "a":
            self._links += 1
        self._add(element.text)

    def _end(self, element: Any) -> Iterator[Block]:
        tag = element.tag
        if tag in _BLOCKS:
            yield from self._flush()
            self._close(tag)
        elif tag == "a":
            self._links = max(0, self._links - 1)
        self._add(element.tail)

    def _open(self, element: Any, tag: str) -> None:
        self._count += 1
        name = f"{element.get('class') or ''} {element.get('id') or ''}"[:_NAME_LIMIT]
        parent = self._frames[-1]
        number = parent[0] if tag in _WITHIN else self._count
        own = f"{tag}.{name}"
        self._frames.append((number, own, f"{parent[1]}>{own}"))
        if tag == "article":
            self._articles.append(self._count)
        kind = _KINDS.get(tag)
        self._kinds.append(kind or (Kind.PARAGRAPH if self._kinds[-1] is Kind.HEADING else self._kinds[-1]))
        self._noise.append(self._noise_of(element, tag, name))

    def _close(self, tag: str) -> None:
        if len(self._frames) > 1:
            self._frames.pop()
            self._kinds.pop()
            self._noise.pop()
            if tag == "article":
                self._articles.pop()

    def _noise_of(self, element: Any, tag: str, name: str) -> str:
        if tag in ("html", "body", "main"):
            return ""
        hidden = element.get("hidden") is not None or element.get("aria-hidden") == "true"
        if hidden and "paywall" in name:  # the story itself, shown to subscribers
            return ""
        if hidden or _HIDDEN_STYLE.search((element.get("style") or "")[:_NAME_LIMIT]):
            return f"hidden {self._count}"
        if tag in _NOISY_TAGS or (element.get("role") or "").lower() in _NOISY_ROLES:
            return f"{tag}.{name}"
        key = (tag, name)
        found = self._names.get(key)
        if found is None:
            found = self._names[key] = _sounds_noisy(name)
        return f"{tag}.{name}" if found else ""

    def _add(self, text: str | None) -> None:
        if not text:
            return
        self._parts.append(text)
        size = len(text) if not text.isspace() else 0
        if size:
            self._breaks = 0
        self._size += size
        if self._links:
            self._linked += size

    def _flush(self, *, br: bool = False) -> Iterator[Block]:
        if self._size:
            text = _WHITE.sub(" ", "".join(self._parts))
            text = _AROUND_BREAK.sub("\n", text).strip()
            if text:
                frame, own, shape = self._frames[-1]
                yield Block(
                    text,
                    self._kinds[-1],
                    self._level(own),
                    min(self._linked, len(text)),
                    tuple(name for name in self._noise if name)[:_MOST_NOISE],
                    frame,
                    shape,
                    self._articles[-1],
                )
        self._parts.clear()
        self._linked = self._size = 0
        if not br:
            self._breaks = 0

    def _level(self, own: str) -> int:
        return int(own[1]) if self._kinds[-1] is Kind.HEADING and own[1:2].isdigit() else 0


def _sounds_noisy(name: str) -> bool:
    words = [word.lower() for word in _CAMEL.findall(name)]
    pairs = {f"{one} {two}" for one, two in pairwise(words)}
    if not _STORY_PAIRS.isdisjoint(pairs) or not _STORY_WORDS.isdisjoint(words):
        return False
    return not (_NOISY_WORDS.isdisjoint(words) and _NOISY_PAIRS.isdisjoint(pairs))
