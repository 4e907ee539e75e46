"""The entries of a document, each met with what was known of it: named, judged, told."""

from collections.abc import Generator
from dataclasses import replace
from typing import NamedTuple

from telex.core.memory import Known, Mark, Meaning
from telex.core.model import Backfill, Digest, Entry, FeedDocument
from telex.core.recall import recalled
from telex.core.register import Standing
from telex.core.verdict import Verdict, verdict
from telex.ingest import dating, flaps, naming, pages
from telex.ingest.draft import Draft
from telex.ingest.meaning import (
    alike,
    changed_fields,
    changes,
    meaning_of,
    significance,
    sketch_of,
)
from telex.ingest.normalise import Context, Named, draft, named
from telex.ingest.work import Work


def meet_all(
    work: Work, document: FeedDocument, skew: float, *, first_poll: bool
) -> Generator[None, None, list[Known]]:
    """Every entry once, in document order; what is unchanged stands for its key before any look-alike does."""
    by_raw = {known.raw: known for known in work.known if known.missing_since is None}
    slots: list[Named | Known | None] = []
    for slot in document.slots:
        if not isinstance(slot, Entry):
            slots.append(by_raw.get(slot))
        elif not _says_nothing(slot):
            slots.append(named(slot))
            yield
    context = Context(work.feed, work.own_source(), document.language, work.now, document.repairs, skew)
    slots = naming.settle(work, slots, context)
    yield
    taken: set[Digest] = {slot.key for slot in slots if isinstance(slot, Known)}
    by_key = {known.key: known for known in work.known}
    shown: list[Known] = []
    placed: set[Digest] = set()
    for one in slots:
        if isinstance(one, Named):
            if one.key not in taken:
                taken.add(one.key)
                shown.append(_meet(work, one, by_key.get(one.key), context, first_poll=first_poll))
                yield
        elif one is not None and one.key not in placed:
            placed.add(one.key)
            shown.append(one)
    return shown


def _says_nothing(entry: Entry) -> bool:
    """Whether there is nothing to publish: no id, no address, no text."""
    return not (entry.guid or entry.link or entry.title or entry.summary or entry.content)


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
        mine = succeeding(work, replace(mine, missing_since=None))
    standing = work.standing(made.id, mine, present=True)  # the document shows it: one that is back may rule again
    judged = verdict(
        me=work.feed.id,
        mine=mine,
        standing=standing,
        meaning=meaning,
        bodied=made.body is not None,
        skip=(first_poll and work.feed.backfill is Backfill.SKIP) or _is_forgotten(work, entry),
    )
    if judged is Verdict.UPDATE and mine and (held := _held(work, mine, meaning, entry)):
        return held
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
        past=flaps.past_of(mine, meaning) if mine else None,
    )


def _held(work: Work, mine: Known, meaning: Meaning, entry: Entry) -> Known | None:
    """The entry as it stays known where its edit is held back (`flaps`). One that no event told yet has nothing to hold."""
    waiting = work.wants.get(mine.key)
    if waiting and waiting.draft.version == 0:
        return None
    held = flaps.held(mine, meaning, entry.raw, work.now, work.feed.withdraw_after)
    work.held += held is not None and not mine.marks & Mark.HELD
    return held


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


def succeeding(work: Work, known: Known) -> Known:
    """What is known of an entry, as an edit that no event told yet where its text succeeds: it rules from then on.

    An answer from an old cache must not have the last word.
    """
    if not work.register.succeeds(work.feed.id, known):
        return known
    version = max(shown.known.version for shown in work.register.shown[known.article])
    return replace(known, version=version, reign=version, marks=known.marks & ~Mark.TOLD | Mark.UNTOLD)
