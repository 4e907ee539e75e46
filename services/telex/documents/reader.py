"""Bytes to documents: what is new is read, what is known is named by its digest. Pure: no time, no network, no files.

`prepare` finds the kind and the entries in one cheap pass and says whether the rest is small and harmless; `finish`
does the rest. `read_feed` is both.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

from telex.core.identity import digest
from telex.core.model import Digest, Entry, FeedDocument, PageDocument, ReadRequest, Unreadable, UnreadableReason
from telex.documents import direct, feeds, jsonfeed, limits, page, parsers, sniff
from telex.documents.bombs import is_bomb
from telex.documents.parsers import Parsed
from telex.documents.split import OverBudget, Split, split

CHEAP_BYTES = 64 * 1024
CHEAP_ENTRIES = 40
CHEAP_ELEMENTS = 2500  # feedparser takes some 14 µs for each
_ROOT_END = re.compile(rb"</(?:[\w.-]+:)?(?:rss|feed|rdf|channel)\s*>", re.IGNORECASE)
_BARE = re.compile(r"&(?!#?\w{1,40};)")
_XML_OWN = frozenset({"lt", "gt", "amp", "quot", "apos"})


@dataclass(frozen=True, slots=True)
class Draft:
    """A document whose kind and entries are known and whose new entries are not read yet.

    `cheap` is whether `finish` surely takes milliseconds.
    """

    request: ReadRequest
    repairs: tuple[str, ...]
    cut: Split | None = None
    feed: dict[str, Any] | None = None
    items: tuple[tuple[dict[str, Any], Digest], ...] = ()
    cheap: bool = False


def read_feed(request: ReadRequest) -> FeedDocument | Unreadable:
    """The feed's document in these bytes. Never raises, whatever the bytes; how long it takes, they decide."""
    draft = prepare(request)
    return draft if isinstance(draft, Unreadable) else finish(draft)


def read_page(body: bytes, content_type: str | None, url: str) -> PageDocument | Unreadable:
    """The article's page in these bytes. Never raises."""
    try:
        return page.read(body, content_type, url)
    except Exception as error:  # noqa: BLE001 - a page that breaks a parser is a fact about the page
        return Unreadable(UnreadableReason.READER_FAILED, type(error).__name__)


def prepare(request: ReadRequest, elements: int | None = None) -> Draft | Unreadable:
    """The document's kind and entries. Never raises but OverBudget, which needs `elements`.

    Args:
        request: the bytes.
        elements: how many XML elements to look at, at most; None is all.

    Raises:
        OverBudget: there are more elements.
    """
    try:
        source = sniff.sniff(request.body, request.content_type)
        if isinstance(source, Unreadable):
            return source
        if source.kind is sniff.Kind.JSON:
            return _prepare_json(request, source)
        return _prepare_xml(request, source, elements)
    except OverBudget:
        raise
    except Exception as error:  # noqa: BLE001 - bytes that break a parser are a fact about the feed
        return Unreadable(UnreadableReason.READER_FAILED, type(error).__name__)


def finish(draft: Draft) -> FeedDocument | Unreadable:
    """The document, its new entries read. Never raises."""
    try:
        if draft.feed is not None:
            return _finish_json(draft, draft.feed)
        if draft.cut is not None:
            return _finish_xml(draft, draft.cut)
    except Exception as error:  # noqa: BLE001 - bytes that break a parser are a fact about the feed
        return Unreadable(UnreadableReason.READER_FAILED, type(error).__name__)
    return Unreadable(UnreadableReason.READER_FAILED, "an empty draft")


def _prepare_json(request: ReadRequest, source: sniff.Source) -> Draft | Unreadable:
    feed = jsonfeed.load(source.data)
    if isinstance(feed, Unreadable):
        return feed
    try:
        items = tuple(jsonfeed.slots(feed))
    except RecursionError:
        return Unreadable(UnreadableReason.BOMB, "JSON nested beyond reason")
    new = sum(raw not in request.known for _, raw in items)
    cheap = len(source.data) <= CHEAP_BYTES or new <= CHEAP_ENTRIES
    return Draft(request, source.repairs, feed=feed, items=items, cheap=cheap)


def _finish_json(draft: Draft, feed: dict[str, Any]) -> FeedDocument:
    document = jsonfeed.read(feed, list(draft.items), draft.request.url, draft.request.known)
    return replace(document, repairs=(*draft.repairs, *document.repairs))


def _prepare_xml(request: ReadRequest, source: sniff.Source, elements: int | None) -> Draft | Unreadable:
    cut = split(source.data, elements)
    if cut.entities and is_bomb(source.data, cut.entities):
        return Unreadable(UnreadableReason.BOMB, "entities that would expand without bound")
    repairs = (*source.repairs, *cut.repairs)
    return Draft(request, repairs, cut=cut, cheap=_is_cheap(cut, request.known))


def _is_cheap(cut: Split, known: frozenset[Digest]) -> bool:
    if cut.costly or cut.whole is not None:
        return cut.whole == "empty_entry" and not cut.costly and len(cut.data) < CHEAP_BYTES // 8
    new = cut.unknown(known)
    skipped = sum(piece.end - piece.start for piece in cut.slices if piece.raw in known)
    elements = cut.elements + sum(piece.elements for piece in new)
    size = cut.end - cut.root - skipped
    return len(new) <= CHEAP_ENTRIES and elements <= CHEAP_ELEMENTS and size <= CHEAP_BYTES


def _finish_xml(draft: Draft, cut: Split) -> FeedDocument:
    if cut.whole is None:
        request = draft.request
        data = cut.without(request.known)
        # The reference and the fallback is feedparser; the direct reader says the same, or nothing.
        parsed = direct.parse(data, request.url) or parsers.parse_strict(data, request.url)
        new = cut.unknown(request.known)
        # A document in which feedparser finds other entries than expat did is read whole.
        if parsed is not None and len(parsed.entries) == len(new):
            return _from_slices(draft, cut, parsed)
    return _whole(draft, cut)


def _from_slices(draft: Draft, cut: Split, parsed: Parsed) -> FeedDocument:
    request = draft.request
    feed = feeds.header(parsed, request.url)
    new = iter(parsed.entries)
    slots: list[Entry | Digest] = []
    for piece in cut.slices:
        if piece.raw in request.known:
            slots.append(piece.raw)
        else:
            slots.append(feeds.entry(next(new), feed, request.url, piece.raw))
    return _document(feed, slots, complete=cut.complete, dropped=cut.dropped, repairs=draft.repairs)


def _whole(draft: Draft, cut: Split) -> FeedDocument:
    """Read everything; the digests are over what was read, so that they are the same next time."""
    request = draft.request
    parsed = _parse_whole(cut, request.url)
    strict = parsed is not None
    complete = strict or bool(_ROOT_END.search(cut.data, max(cut.root, 0)))
    if parsed is None:
        root = max(cut.root, sniff.root_start(cut.data), 0)
        text = cut.data[root:].decode("utf-8", "replace")
        parsed = parsers.parse_loose(text, request.url)
    feed = feeds.header(parsed, request.url)
    slots: list[Entry | Digest] = []
    for facts in parsed.entries:
        if facts.closed or complete:
            found = feeds.entry(facts, feed, request.url, Digest(b""))
            raw = digest(b"parsed", repr(found).encode("utf-8", "replace"))
            slots.append(raw if raw in request.known else replace(found, raw=raw))
    repairs = draft.repairs if strict else (*draft.repairs, "xml.ill_formed")
    dropped = _more_entries(cut.data) if parsed.overflowed else 0
    return _document(feed, slots, complete=complete, dropped=dropped, repairs=repairs)


def _parse_whole(cut: Split, url: str) -> Parsed | None:
    if cut.whole == "ill_formed" or cut.root < 0:
        return None
    declared = "".join(
        f'<!ENTITY {name} "{_literal(value)}">' for name, value in cut.entities.items() if name not in _XML_OWN
    )
    subset = f"<!DOCTYPE feed [{declared}]>".encode() if declared else b""
    return parsers.parse_strict(subset + cut.data[cut.root : cut.end] + cut.closing, url)


def _literal(value: str) -> str:
    """The entity's text as a declaration writes it: its markup becomes text, its references stay."""
    value = _BARE.sub("&amp;", value).replace("<", "&lt;")
    return value.replace('"', "&#34;").replace("%", "&#37;")


def _more_entries(data: bytes) -> int:
    starts = len(re.findall(rb"<(?:[\w.-]{1,20}:)?(?:item|entry)[\s>/]", data, re.IGNORECASE))
    return max(starts - limits.ENTRIES, 1)


def _document(
    feed: feeds.Header, slots: list[Entry | Digest], *, complete: bool, dropped: int, repairs: tuple[str, ...]
) -> FeedDocument:
    return FeedDocument(
        format=feed.format,
        slots=tuple(slots),
        complete=complete,
        title=feed.title,
        home_url=feed.home_url,
        language=feed.language,
        hints=feed.hints,
        repairs=repairs,
        dropped=dropped,
    )
