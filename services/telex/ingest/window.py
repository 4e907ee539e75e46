"""A feed's document against its window: what is new, changed, back, missing or gone."""

from collections.abc import Container, Generator, Iterable
from dataclasses import replace

from telex.core.arrivals import FeedArrived, StillSame
from telex.core.events import ArticleWithdrawn, FeedGap, FeedMoved
from telex.core.lifecycle import is_gap, merged, vanished
from telex.core.memory import Departed, Known, Mark, Memory
from telex.core.model import Article, Digest, Entry, Feed, FeedDocument, Provenance
from telex.core.redact import redact_url
from telex.core.register import Register, Shown
from telex.core.schedule import first_rate, rate_after
from telex.documents import limits
from telex.ingest import flaps, health
from telex.ingest.meeting import meet_all, succeeding
from telex.ingest.normalise import named
from telex.ingest.work import Work

FIRST_INTERVALS = 3.0
"""The back catalogue is what stands in the feed within so many of its longest intervals from the first poll."""


def document_arrived(work: Work, arrival: FeedArrived) -> Generator[None, None, None]:
    """Take a document in, step by step. One that is not whole adds what it shows, and changes nothing else."""
    document = arrival.document
    _learn_names(work, document)
    first_poll = _is_first(work)
    shown = yield from meet_all(work, document, arrival.skew, first_poll=first_poll)
    keys = [known.key for known in shown]
    before = work.known
    if not document.complete:
        here = set(keys)
        rest = [known for known in before if known.key not in here]
        for key in keys:
            work.departed.pop(key, None)
        room = max(0, limits.ENTRIES - len(shown))
        for known in rest[room:]:
            work.departed[known.key] = Departed(replace(known, missing_since=None), work.now)
        work.known = (*shown, *rest[:room])
        return
    if not first_poll and is_gap(before, keys, frozenset(work.departed)):
        _gap(work, len(shown))
    yield
    lost = vanished(before, keys, work.now)
    for known in lost.aged:
        work.departed[known.key] = Departed(replace(known, missing_since=None), work.now)
    for key in keys:
        work.departed.pop(key, None)
    work.known = merged(shown, before, lost.missing)
    deleted = _deleted(work, document, keys)
    yield
    confirm_missing(work, deleted)
    yield
    succeed(work)
    yield
    _accept(work, arrival, first_poll=first_poll)
    _ask_for_texts(work)


def _deleted(work: Work, document: FeedDocument, shown: Iterable[Digest]) -> frozenset[Digest]:
    """What the document says was deleted (RFC 6721): missing from now on, also where it had aged out before."""
    if not document.withdrawn:
        return frozenset()
    gone = frozenset(named(Entry(raw=Digest(b""), guid=ref)).key for ref in document.withdrawn).difference(shown)
    left = [key for key in gone if key in work.departed and not work.departed[key].known.marks & Mark.WITHDRAWN]
    window = (*work.known, *(work.departed.pop(key).known for key in left))
    work.known = tuple(
        replace(known, missing_since=known.missing_since or work.now) if known.key in gone else known
        for known in window
    )
    return gone


def _is_first(work: Work) -> bool:
    """Whether what the feed shows is its back catalogue.

    No document was accepted whole yet. One that is always cut off never will be: its news are news all the same.
    """
    if work.head.accepted_at is not None:
        return False
    began = min((known.first_seen for known in work.known), default=work.now)
    return work.now - began <= FIRST_INTERVALS * work.feed.interval_max


def still_same(work: Work, arrival: StillSame) -> None:
    """The document did not change: what is missing is missing still."""
    confirm_missing(work)
    succeed(work)
    _ask_for_texts(work)
    moved(work, arrival.moved_to)
    health.recovered(work)


def moved(work: Work, to: str | None) -> None:
    """Follow a permanent redirect, and say so: the catalogue should follow too."""
    at = work.head.url or work.feed.url
    if to is None or to == at:
        return
    work.head = replace(work.head, url=None if to == work.feed.url else to)
    work.events.append(
        FeedMoved(work.feed.id, work.feed.publisher, work.next_ordinal(), work.now, redact_url(at), redact_url(to))
    )


def succeed(work: Work) -> None:
    """Note the texts that succeed and that the arrival did not bring: they are told once the document was read whole.

    A text that it brings was judged when it was met, and told.
    """
    work.known = tuple(succeeding(work, known) for known in work.known)


def needless(feed: Feed, memory: Memory, register: Register) -> frozenset[Digest]:
    """The digests of entries that need no reading when the feed's document arrives.

    Those that are known, but for what is open in the feed's own memory and for a text that succeeds: the document that
    shows it tells it.
    """
    return memory.raws() - {known.raw for known in memory.known if register.succeeds(feed.id, known)}


def _ask_for_texts(work: Work) -> None:
    """Ask for the document whole where a text that may be told stands in it and was not read."""
    if any(_may_be_told(work, known) for known in work.known):
        work.head = replace(work.head, etag=None, last_modified=None, body=None)


def _may_be_told(work: Work, known: Known) -> bool:
    """Whether an untold edit may be told now: its feed's text came to rule."""
    if flaps.stayed(known, work.now, work.feed.withdraw_after):
        return known.missing_since is None
    if not known.marks & Mark.UNTOLD:
        return False
    present = known.missing_since is None
    standing = work.register.standing(known.article, (Shown(work.feed.id, known, present),))
    return present and standing is not None and standing.ruler == work.feed.id and standing.version == known.version


def _learn_names(work: Work, document: FeedDocument) -> None:
    home = redact_url(document.home_url) if document.home_url else None
    work.head = replace(
        work.head,
        title=(document.title or work.head.title or "")[:300] or None,
        home_url=home or work.head.home_url,
    )


def _accept(work: Work, arrival: FeedArrived, *, first_poll: bool) -> None:
    head = work.head
    since = work.now - head.accepted_at if head.accepted_at is not None else 3600.0
    rate = rate_after(head.rate, since, work.fresh)
    if first_poll:
        rate = first_rate((known.published for known in work.known), work.now)
    work.head = replace(
        head,
        etag=arrival.etag,
        last_modified=arrival.last_modified,
        body=arrival.body,
        accepted_at=work.now,
        rate=rate,
        horizon=None,
        hints=arrival.document.hints,
    )
    moved(work, arrival.moved_to)
    health.recovered(work)


def confirm_missing(work: Work, deleted: Container[Digest] = ()) -> None:
    """Withdraw what has been missing for the feed's grace and still is, and what no other feed shows either.

    What the feed says was `deleted` needs neither grace nor a second look.
    """
    window = []
    for known in work.known:
        since = known.missing_since
        if since is not None and since > work.now:
            # The calendar ran ahead when it was missed: the grace begins anew.
            window.append(replace(known, missing_since=work.now))
            continue
        in_grace = since is not None and work.now - since < work.feed.withdraw_after and known.key not in deleted
        if since is None or in_grace or known.key in work.wants:
            window.append(known)
            continue
        work.departed[known.key] = Departed(_withdraw(work, replace(known, missing_since=None), since), work.now)
    work.known = tuple(window)


def _withdraw(work: Work, known: Known, since: float) -> Known:
    article = _remembered(work, known, since)
    standing = work.standing(known.article, known, present=False)
    if standing is None or standing.showing or standing.withdrawn or standing.version == 0:
        return known
    article = replace(
        article,
        version=standing.version + 1,
        source=work.source(standing),
        first_seen_at=standing.first_seen,
    )
    work.events.append(ArticleWithdrawn(article))
    return replace(known, version=article.version, marks=known.marks | Mark.WITHDRAWN)


def _remembered(work: Work, known: Known, since: float) -> Article:
    return Article(
        id=known.article,
        version=known.version,
        url=None,
        link=None,
        guid=None,
        title=None,
        summary=None,
        body=None,
        body_html=None,
        truncated=False,
        language=None,
        authors=(),
        published_at=known.published,
        updated_at=None,
        first_seen_at=known.first_seen,
        published_at_source="feed" if known.published is not None else None,
        source=work.source(None),
        feeds=(),
        categories=(),
        topics=(),
        places=(),
        mentions=(),
        media=(),
        word_count=0,
        rights=None,
        backfill=False,
        significance=None,
        changes=(),
        provenance=Provenance(fetched_at=work.now, entry_digest=known.raw.hex(), body_from=None, missing_since=since),
    )


def _gap(work: Work, entries: int) -> None:
    last = work.head.accepted_at or work.now
    work.events.append(FeedGap(work.feed.id, work.feed.publisher, work.next_ordinal(), work.now, last, entries))
