"""Bytes to documents: what is new is read, what is known is named by its digest. Pure: no time, no network, no files.

`prepare` finds the kind and the entries in one cheap pass and says whether the rest is small and harmless; `finish`
does the rest. `read_feed` is both.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

from telex.core.identity import digest
from telex.core.model import (
    Digest,
    Entry,
    FeedDocument,
    PageDocument,
    PageRules,
    ReadRequest,
    Unreadable,
    UnreadableReason,
)
from telex.documents import costs, direct, feeds, jsonfeed, limits, page, parsers, quick, sniff, soup
from telex.documents.bombs import is_bomb
from telex.documents.budgets import FEEDPARSER, Budget, TooCostly, check_tags
from telex.documents.parsers import Parsed
from telex.documents.split import ILL_FORMED, OverBudget, Split, split

_ROOT_END = re.compile(rb"</(?:[\w.-]+:)?(?:rss|feed|rdf|channel)\s*>", re.IGNORECASE)
_BARE = re.compile(r"&(?!#?\w{1,40};)")
_CHEAP_WHOLE = 8 * 1024
_XML_OWN = frozenset({"lt", "gt", "amp", "quot", "apos"})


@dataclass(frozen=True, slots=True)
class Draft:
    """A document whose kind and entries are known and whose new entries are not read yet.

    `cheap` is whether all of the reading, from the first byte to what `finish` gives, takes 10 ms at most. `parsed` is
    what the direct reader noted where it was `asked` already: None where it refuses the document.
    """

    request: ReadRequest
    repairs: tuple[str, ...]
    cut: Split | None = None
    feed: dict[str, Any] | None = None
    items: tuple[tuple[dict[str, Any], Digest], ...] = ()
    cheap: bool = False
    asked: bool = False
    parsed: Parsed | None = None


def read_feed(request: ReadRequest) -> FeedDocument | Unreadable:
    """The feed's document in these bytes. Never raises, whatever the bytes; how long it takes, they decide."""
    draft = prepare(request)
    return draft if isinstance(draft, Unreadable) else finish(draft)


def read_page(
    body: bytes, content_type: str | None, url: str, rules: PageRules | None = None
) -> PageDocument | Unreadable:
    """The article's page in these bytes, read by the catalogue's rules where there are any. Never raises."""
    try:
        return page.read(body, content_type, url, rules)
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
        check_tags(source.data)
        if source.kind is sniff.Kind.JSON:
            return _prepare_json(request, source)
        return _prepare_xml(request, source, elements)
    except OverBudget:
        raise
    except TooCostly as error:
        return Unreadable(UnreadableReason.TOO_COSTLY, str(error))
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
    cheap = costs.of_json(len(source.data), new) <= costs.CHEAP
    return Draft(request, source.repairs, feed=feed, items=items, cheap=cheap)


def _finish_json(draft: Draft, feed: dict[str, Any]) -> FeedDocument:
    document = jsonfeed.read(feed, list(draft.items), draft.request.url, draft.request.known)
    return replace(document, repairs=(*draft.repairs, *document.repairs))


def _prepare_xml(request: ReadRequest, source: sniff.Source, elements: int | None) -> Draft | Unreadable:
    usual = quick.read(source.data, request.known, request.url, elements)
    if usual is not None:
        found, parsed, cheap = usual
        return Draft(request, source.repairs, cut=found, cheap=cheap, asked=True, parsed=parsed)
    cut = split(source.data, elements)
    if cut.entities and is_bomb(source.data, cut.entities):
        return Unreadable(UnreadableReason.BOMB, "entities that would expand without bound")
    mended: tuple[str, ...] = ()
    if cut.whole == ILL_FORMED:
        cut, mended = _mended(cut, elements)
    repairs = (*source.repairs, *mended, *cut.repairs)
    return _judged(Draft(request, repairs, cut=cut), cut)


def _mended(cut: Split, elements: int | None) -> tuple[Split, tuple[str, ...]]:
    """The document as it is where its entities and ampersands are all that was wrong with it."""
    data, repairs = soup.mended(cut.data)
    again = split(data, elements) if repairs else cut
    return (cut, ()) if again.whole == ILL_FORMED else (again, repairs)


def _judged(draft: Draft, cut: Split) -> Draft:
    """The draft, with whether it is cheap. What is cheap for the direct reader alone, it is asked to read first."""
    if cut.costly:
        return draft
    if cut.whole is not None:
        return replace(draft, cheap=cut.whole == "empty_entry" and len(cut.data) <= _CHEAP_WHOLE)
    request, seen = draft.request, costs.of_seeing(cut)
    if seen + costs.of_reading(cut, request.known, by_feedparser=True) <= costs.CHEAP:
        return replace(draft, cheap=True)
    if seen + costs.of_reading(cut, request.known, by_feedparser=False) > costs.CHEAP:
        return draft
    parsed = direct.parse(cut.without(request.known), request.url)
    cheap = parsed is not None and len(parsed.entries) == len(cut.unknown(request.known))
    return replace(draft, asked=True, parsed=parsed, cheap=cheap)


def _finish_xml(draft: Draft, cut: Split) -> FeedDocument:
    if cut.whole is None:
        request = draft.request
        data, budget = cut.without(request.known), Budget(FEEDPARSER - 2 * cut.size)
        # The reference and the fallback is feedparser; the direct reader says the same, or nothing.
        parsed = draft.parsed if draft.asked else direct.parse(data, request.url)
        parsed = parsed or parsers.parse_strict(data, request.url, budget)
        new = cut.unknown(request.known)
        # A document in which feedparser finds other entries than expat did is read whole.
        if parsed is not None and len(parsed.entries) == len(new) and not parsed.costly:
            return _from_slices(draft, cut, parsed)
        return _whole(draft, cut, budget, parsed if parsed is not None and parsed.costly else None)
    return _whole(draft, cut, Budget())


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


def _whole(draft: Draft, cut: Split, budget: Budget, parsed: Parsed | None = None) -> FeedDocument:
    """Read everything; the digests are over what was read, so that they are the same next time.

    What would cost too much is read as far as the budget goes, and is not complete.
    """
    request = draft.request
    parsed = parsed or _parse_whole(cut, request.url, budget)
    strict = parsed is not None
    complete = strict or bool(_ROOT_END.search(cut.data, max(cut.root, 0)))
    if parsed is None:
        root = max(cut.root, sniff.root_start(cut.data), 0)
        text = cut.data[root:].decode("utf-8", "replace")
        parsed = parsers.parse_loose(text, request.url, budget)
    complete = complete and not parsed.costly
    feed = feeds.header(parsed, request.url)
    slots: list[Entry | Digest] = []
    for facts in parsed.entries:
        if facts.closed or complete:
            found = feeds.entry(facts, feed, request.url, Digest(b""))
            raw = digest(b"parsed", repr(found).encode("utf-8", "replace"))
            slots.append(raw if raw in request.known else replace(found, raw=raw))
    repairs = draft.repairs if strict else (*draft.repairs, "xml.ill_formed")
    repairs = (*repairs, "xml.cut") if parsed.costly else repairs
    dropped = _more_entries(cut.data) if parsed.overflowed else 0
    return _document(feed, slots, complete=complete, dropped=dropped, repairs=repairs)


def _parse_whole(cut: Split, url: str, budget: Budget) -> Parsed | None:
    if cut.whole == ILL_FORMED or cut.root < 0:
        return None
    declared = "".join(
        f'<!ENTITY {name} "{_literal(value)}">' for name, value in cut.entities.items() if name not in _XML_OWN
    )
    subset = f"<!DOCTYPE feed [{declared}]>".encode() if declared else b""
    return parsers.parse_strict(subset + cut.data[cut.root : cut.end] + cut.closing, url, budget)


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
        withdrawn=feed.withdrawn,
        repairs=repairs,
        dropped=dropped,
    )
