"""A feed's document against its window: what is new, changed, back, missing or gone."""

from collections.abc import Container, Generator, Iterable
from dataclasses import replace
from typing import NamedTuple

from telex.core.arrivals import FeedArrived, StillSame
from telex.core.events import ArticleWithdrawn, FeedGap, FeedMoved
from telex.core.lifecycle import is_gap, merged, vanished
from telex.core.memory import FIELD_DIGEST_SIZE, Departed, Known, Mark, Meaning, Memory
from telex.core.model import Article, Backfill, Digest, Entry, Feed, FeedDocument, Provenance
from telex.core.recall import recalled
from telex.core.redact import redact_url
from telex.core.register import Register, Shown, Standing
from telex.core.schedule import first_rate, rate_after
from telex.core.verdict import Verdict, verdict
from telex.documents import limits
from telex.ingest import dating, health, pages
from telex.ingest.draft import Draft
from telex.ingest.meaning import (
    address,
    alike,
    changed_fields,
    changes,
    field_digest,
    meaning_of,
    significance,
    sketch_of,
)
from telex.ingest.normalise import Context, Named, draft, named
from telex.ingest.work import Work

FIRST_INTERVALS = 3.0
"""The back catalogue is what stands in the feed within so many of its longest intervals from the first poll."""


def document_arrived(work: Work, arrival: FeedArrived) -> Generator[None, None, None]:
    """Take a document in, step by step. One that is not whole adds what it shows, and changes nothing else."""
    document = arrival.document
    _learn_names(work, document)
    first_poll = _is_first(work)
    shown = yield from _meet_all(work, document, arrival.skew, first_poll=first_poll)
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
    work.known = tuple(_succeeding(work, known) for known in work.known)


def _succeeding(work: Work, known: Known) -> Known:
    """What is known of an entry, as an edit that no event told yet where its text succeeds: it rules from then on.

    An answer from an old cache must not have the last word.
    """
    if not work.register.succeeds(work.feed.id, known):
        return known
    version = max(shown.known.version for shown in work.register.shown[known.article])
    return replace(known, version=version, reign=version, marks=known.marks & ~Mark.TOLD | Mark.UNTOLD)


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


def _meet_all(
    work: Work, document: FeedDocument, skew: float, *, first_poll: bool
) -> Generator[None, None, list[Known]]:
    """Every entry once, in document order; what is unchanged stands for its key before any look-alike does."""
    by_raw = {known.raw: known for known in work.known if known.missing_since is None}
    by_key = {known.key: known for known in work.known}
    slots: list[Named | Known | None] = []
    for slot in document.slots:
        if not isinstance(slot, Entry):
            slots.append(by_raw.get(slot))
        elif not _says_nothing(slot):
            slots.append(named(slot))
            yield
    taken: set[Digest] = {slot.key for slot in slots if isinstance(slot, Known)}
    context = Context(work.feed, work.own_source(), document.language, work.now, document.repairs, skew)
    shown: list[Known] = []
    placed: set[Digest] = set()
    _look_for_repeated_ids(work, slots)
    for one in slots:
        if isinstance(one, Named):
            name = _well_named(work, one, by_key)
            if name.key not in taken:
                taken.add(name.key)
                shown.append(_meet(work, name, by_key.get(name.key), context, first_poll=first_poll))
                yield
        elif one is not None and one.key not in placed:
            placed.add(one.key)
            shown.append(one)
    return shown


def _says_nothing(entry: Entry) -> bool:
    """Whether there is nothing to publish: no id, no address, no text."""
    return not (entry.guid or entry.link or entry.title or entry.summary or entry.content)


def _look_for_repeated_ids(work: Work, slots: Iterable[Named | Known | None]) -> None:
    """Two entries with one id and two addresses: this feed's ids are no ids (design 4.2)."""
    first: dict[Digest, Named | Known] = {}
    for slot in slots:
        if slot is None or (isinstance(slot, Named) and (slot.entry.guid is None or slot.url is None)):
            continue
        other = first.setdefault(slot.key, slot)
        if other is not slot and _address_of(other) != _address_of(slot):
            work.head = replace(work.head, ids_repeat=True)
            return


def _address_of(one: Named | Known) -> bytes:
    """The part of an entry's meaning that is its address, the last of `FIELDS`."""
    return one.meaning[-FIELD_DIGEST_SIZE:] if isinstance(one, Known) else field_digest(address(one.url))


def _well_named(work: Work, name: Named, by_key: dict[Digest, Known]) -> Named:
    """The entry without its id where the feed's ids repeat, unless it is known by that id and at that address."""
    if not work.head.ids_repeat or name.entry.guid is None or name.url is None:
        return name
    known = by_key.get(name.key)
    if known and _address_of(known) == _address_of(name):
        return name
    return named(replace(name.entry, guid=None))


def _meet(work: Work, name: Named, here: Known | None, context: Context, *, first_poll: bool) -> Known:
    entry, made = name.entry, draft(name, context)
    made.backfill = first_poll
    left = work.departed.get(name.key)
    mine = here or (left.known if left else None)
    if mine is None:
        work.fresh += 1
    else:
        made.id = mine.article
        dating.keep_published(made, mine.published)
    meaning = meaning_of(made)
    if mine is not None:
        mine = replace(mine, meaning=recalled(mine.meaning, meaning))
    if mine is not None and mine.meaning == meaning:
        mine = _succeeding(work, replace(mine, missing_since=None))
    standing = work.standing(made.id, mine, present=True)  # the document shows it: one that is back may rule again
    judged = verdict(
        me=work.feed.id,
        mine=mine,
        standing=standing,
        meaning=meaning,
        bodied=made.body is not None,
        skip=(first_poll and work.feed.backfill is Backfill.SKIP) or _is_forgotten(work, entry),
    )
    marks = Mark.BODIED if standing and standing.bodied else Mark.NONE
    reign = mine.reign if mine else 0
    met = Met(name.key, meaning, standing.version if standing else 0, reign, marks, sketch_of(made))
    met = _obey(work, judged, met, made, mine, standing)
    return Known(
        key=name.key,
        article=made.id,
        raw=entry.raw,
        meaning=meaning,
        version=met.version,
        first_seen=mine.first_seen if mine else work.now,
        published=_published(entry, made, mine),
        reign=met.reign,
        marks=met.marks,
        sketch=met.sketch,
    )


def _published(entry: Entry, made: Draft, mine: Known | None) -> float | None:
    """When the entry was published by its own word, from the first time on that it said so."""
    if entry.published is None or made.published_at_source != "feed":
        return mine.published if mine else None
    return made.published_at


class Met(NamedTuple):
    """What will be known of an entry that a document shows: `Known`, as far as its verdict decides or needs it."""

    key: Digest
    meaning: Meaning
    version: int
    reign: int
    marks: int
    sketch: bytes


def _is_forgotten(work: Work, entry: Entry) -> bool:
    """Whether an entry that nobody knows is of the time before the events that memory was built again from."""
    horizon = work.head.horizon
    return horizon is not None and entry.published is not None and entry.published < horizon


def _obey(work: Work, judged: Verdict, met: Met, made: Draft, mine: Known | None, standing: Standing | None) -> Met:
    if judged is Verdict.SKIP:
        return met._replace(marks=met.marks | Mark.SKIPPED)
    if judged is Verdict.UNTOLD:
        return met._replace(marks=met.marks | Mark.UNTOLD)
    if judged is Verdict.QUIET:
        return _judged_before(met, mine, standing)
    if judged is not Verdict.PUBLISH:
        before = _before(met, mine, standing)
        made.changes, made.backfill = changes(before, met.meaning, made), False
        likeness = alike(mine.sketch, met.sketch) if mine and before == mine.meaning else None
        made.significance = significance(changed_fields(before, met.meaning), likeness)
    if pages.was_taken_back(work, met.key, met.meaning):
        return met._replace(marks=met.marks | Mark.TOLD)
    told = standing.latest if standing and standing.version else b""
    if pages.wait_for_page(work, met.key, made, told):
        if standing and standing.withdrawn:
            met = met._replace(marks=met.marks | Mark.WITHDRAWN)  # until the event that says it is back
        return met if judged is Verdict.UPDATE else met._replace(reign=met.version + 1)
    article = work.emit(made, standing)
    reign = met.reign if judged is Verdict.UPDATE else article.version
    marks = (met.marks | Mark.BODIED) if article.body else met.marks
    return met._replace(version=article.version, reign=reign, marks=marks | Mark.TOLD)


def _before(met: Met, mine: Known | None, standing: Standing | None) -> Meaning:
    """What the edit replaces: this feed's text before; the text told last where this feed's is told late or is new."""
    if mine and mine.meaning != met.meaning:
        return mine.meaning
    return (standing.latest if standing else b"") or met.meaning


def _judged_before(met: Met, mine: Known | None, standing: Standing | None) -> Met:
    """Silence: the article's last version says the same, or this feed showed this text before, e.g. without its noise."""
    if standing and met.meaning == standing.latest:
        return met._replace(marks=met.marks | Mark.TOLD)
    if mine and mine.meaning == met.meaning:
        return met._replace(version=mine.version, marks=met.marks | (mine.marks & Mark.TOLD))
    return met


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
