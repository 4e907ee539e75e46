"""The verdict: what the log holds, and how the processes behaved, against the publishers' own ledger."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import orjson

from telex.core.lifecycle import HOLES_AT_ONCE, OLDER_NEEDED
from telex.core.model import FeedId
from telex.ports import CommandKind, Stored
from telex.testing.memory_faults import LATE_NOTICE
from telex.testing.memory_values import Happening
from telex.testing.simulation.run import Run
from telex.testing.simulation.web import Visit
from telex.testing.simulation.world import INTERVAL_MAX, PublisherSite, Spell, Story
from telex.wire.memories import unpack

DUE_AFTER = 9 * 3600.0
"""A story that stood this long in a feed's window has to be published, whatever went wrong meanwhile."""
EVIDENCE = 3 * 3600.0
"""How old the document may be, in seconds, that shows a withdrawal or a return to an earlier edition."""
USURPED = 3
"""How often a member may fence a shard that was assigned to another for half a minute: late notices happen."""


@dataclass(frozen=True, slots=True)
class Told:
    """One event of an article. `at` is the moment of the loop when it was committed."""

    at: float
    kind: str
    data: dict[str, Any]

    @property
    def edition(self) -> int | None:
        """Which edition of the story its title is from."""
        title = self.data["title"]
        return int(title.rpartition(" ")[2]) if title else None

    def meaning(self) -> tuple[object, ...]:
        """What an update has to change."""
        return tuple(self.data[name] for name in ("title", "summary", "body", "url"))


def judge(run: Run) -> list[str]:
    """Everything that is wrong, in words; empty where all is well."""
    run.world.advance(run.end)
    told = _told(run)
    wrong = list(run.loop.errors)
    for check in (_lines, _truth, _taken_away):
        wrong += check(run, told)
    for behaviour in (_letters, _wants, _inbox, _paused, _polite, _held, _starved, _swapped):
        wrong += behaviour(run)
    return wrong


def _told(run: Run) -> dict[str, list[Told]]:
    """The events of each story, by its id as the publisher writes it."""
    told: dict[str, list[Told]] = {}
    guids: dict[str, str] = {}  # a withdrawal names its article by id alone
    commits = iter([happening for happening in run.broker.history if happening.kind == "commit"])
    for stored, at in _with_time(run.broker.read(None, 0, 1_000_000), commits):
        headers = dict(stored.record.headers)
        if headers["ce_type"].startswith("telex.article.") and stored.record.value is not None:
            data = orjson.loads(stored.record.value)
            guid = guids.setdefault(data["id"], data["guid"] or data["id"])
            told.setdefault(guid, []).append(Told(at, headers["ce_type"].rpartition(".")[2], data))
    return told


def _with_time(records: tuple[Stored, ...], commits: Iterator[Happening]) -> Iterator[tuple[Stored, float]]:
    """Each record with the moment of its commit."""
    last = 0
    at = 0.0
    for stored in records:
        while stored.position > last:
            happening = next(commits)
            at = happening.at
            last = happening.first + len(happening.commit.records if happening.commit else ()) - 1
        yield stored, at


# What was published.


def _lines(run: Run, told: dict[str, list[Told]]) -> Iterator[str]:
    """Each article has one line of versions 1, 2, 3 …, and every event tells something new that is true."""
    stories = {story.guid: (site, story) for site in run.world.sites.values() for story in site.stories}
    shown = _shown(run)
    for guid, events in told.items():
        if guid not in stories:
            yield f"{guid} was never written"
            continue
        site, story = stories[guid]
        yield from _line(guid, events)
        for number, event in enumerate(events):
            before = events[number - 1] if number else None
            if event.kind == "withdrawn":
                yield from _withdrawal(site, story, event, shown)
            else:
                yield from _edition(site, story, before, event, shown)


def _line(guid: str, events: list[Told]) -> Iterator[str]:
    versions = [event.data["version"] for event in events]
    if versions != list(range(1, len(events) + 1)):
        yield f"{guid}: versions {versions}"
    kinds = [event.kind for event in events]
    if kinds[0] != "published" or kinds.count("published") != 1:
        yield f"{guid}: {kinds}"
    for before, after in pairwise(events):
        if "withdrawn" not in (before.kind, after.kind) and before.meaning() == after.meaning():
            yield f"{guid}: version {after.data['version']} tells what the one before told"
        if before.kind == after.kind == "withdrawn":
            yield f"{guid}: withdrawn twice"


def _shown(run: Run) -> dict[FeedId, list[Visit]]:
    """The whole documents that arrived, by feed and in order."""
    shown: dict[FeedId, list[Visit]] = {}
    for visit in run.web.visits:
        if visit.feed is not None and visit.shown is not None and visit.ended is not None and visit.complete:
            shown.setdefault(visit.feed, []).append(visit)
    return shown


def _arrived(site: PublisherSite, at: float, shown: dict[FeedId, list[Visit]]) -> Iterator[Visit]:
    """The publisher's documents that arrived within `EVIDENCE` before a moment."""
    for channel in site.channels:
        for visit in shown.get(channel.feed.id, ()):
            if visit.ended is not None and at - EVIDENCE <= visit.ended <= at:
                yield visit


def _withdrawal(site: PublisherSite, story: Story, event: Told, shown: dict[FeedId, list[Visit]]) -> Iterator[str]:
    """A story that stands is withdrawn only if a document lacked it: an old one, that came late."""
    stands = all(
        any(
            spell.feed == feed and spell.since <= event.at - EVIDENCE
            for spell in story.spells
            if _lasts(spell.until, event.at)
        )
        for feed in {spell.feed for spell in story.spells if spell.since <= event.at}
    )
    lacking = any(
        story.number not in {item[0] for item in visit.shown or ()} for visit in _arrived(site, event.at, shown)
    )
    if stands and not lacking:
        yield f"{story.guid}: withdrawn at {event.at:.0f} while it stood in every feed"


def _lasts(until: float | None, at: float) -> bool:
    return until is None or until > at


def _edition(
    site: PublisherSite, story: Story, before: Told | None, event: Told, shown: dict[FeedId, list[Visit]]
) -> Iterator[str]:
    """Every edition told was written by then, and one that goes back was shown again."""
    edition = event.edition
    if edition is None or not 1 <= edition <= sum(moment <= event.at for moment in story.editions):
        yield f"{story.guid}: edition {edition} told at {event.at:.0f} was not written"
    elif before is not None and before.edition is not None and edition < before.edition:
        again = any(
            (story.number, edition) == item[:2] for v in _arrived(site, event.at, shown) for item in v.shown or ()
        )
        if not again:
            yield f"{story.guid}: back to edition {edition} at {event.at:.0f}, which nobody showed"


def _truth(run: Run, told: dict[str, list[Told]]) -> Iterator[str]:
    """Every due article is published; of those that stand the last word is the truth."""
    for site in run.world.sites.values():
        for story in site.stories:
            events = told.get(story.guid)
            if events is None:
                if (
                    any((run.end if s.until is None else s.until) - s.since > DUE_AFTER for s in story.spells)
                    or story.stands()
                ):
                    yield f"{story.guid}: lost; stood {[(s.feed, s.since, s.until) for s in story.spells]}"
            elif story.stands():
                last = events[-1]
                if last.kind == "withdrawn":
                    yield f"{story.guid}: withdrawn at {last.at:.0f}, but stands"
                elif last.data["title"] != story.title():
                    yield f"{story.guid}: {last.data['title']!r} told last, at {last.at:.0f}; truth {story.title()!r}"


def _taken_away(run: Run, told: dict[str, list[Told]]) -> Iterator[str]:
    """A story that was known and leaves a clear hole in a feed for hours is told as withdrawn."""
    for site in run.world.sites.values():
        for story in site.stories:
            events = told.get(story.guid)
            if not events or story.stands() or events[-1].kind == "withdrawn":
                continue
            gone = max(spell.until or 0.0 for spell in story.spells)
            # An old answer that came late may have brought it back, to where its hole is no longer clear.
            if events[-1].at < gone and _clear_hole(run, site, story):
                yield f"{story.guid}: taken away at {gone:.0f}, never told"


def _clear_hole(run: Run, site: PublisherSite, story: Story) -> bool:
    """Whether all feeds that showed the story last knew it for long, and long showed older ones below a lone hole.

    A feed in which the hole is not clear may take it for ageing out, and then nothing is told.
    """
    gone = max(spell.until or 0.0 for spell in story.spells)
    last = [spell for spell in story.spells if spell.until == gone]
    return gone + DUE_AFTER < run.end and all(
        _is_clear(site, story, spell, gone) and _was_shown_last(run, story, spell, gone) for spell in last
    )


def _was_shown_last(run: Run, story: Story, spell: Spell, gone: float) -> bool:
    """Whether the last document that the feed gave before showed the story: an old copy without it hid its going."""
    before = [visit for visit in run.web.visits if visit.feed == spell.feed and visit.shown and visit.began < gone]
    return bool(before) and any(number == story.number for number, *_ in before[-1].shown or ())


def _is_clear(site: PublisherSite, story: Story, spell: Spell, gone: float) -> bool:
    if not spell.withdrawn or gone - spell.since < DUE_AFTER:
        return False
    here = [(other, s) for other in site.stories for s in other.spells if s.feed == spell.feed]
    older = [s for other, s in here if other.editions[0] < story.editions[0]]
    below = [s for s in older if _spans(s, gone - DUE_AFTER, gone + DUE_AFTER)]
    holes = [s for _, s in here if s.withdrawn and s.until is not None and abs(s.until - gone) < DUE_AFTER]
    return len(below) >= OLDER_NEEDED and len(holes) <= HOLES_AT_ONCE


def _spans(spell: Spell, since: float, until: float) -> bool:
    return spell.since <= since and _lasts(spell.until, until)


def _letters(run: Run) -> Iterator[str]:
    """The same junk is one dead letter, not one with every poll."""
    last: dict[str, str] = {}
    for stored in run.broker.read(None, 0, 1_000_000):
        if dict(stored.record.headers)["ce_type"] == "telex.deadletter" and stored.record.value is not None:
            data = orjson.loads(stored.record.value)
            if last.get(data["feed"]) == data["sha256"]:
                yield f"{data['feed']}: the same dead letter twice"
            last[data["feed"]] = data["sha256"]


# What is remembered.


def _wants(run: Run) -> Iterator[str]:
    """After the calm nothing waits for a page any more."""
    for shard in range(run.broker.shards):
        for feed, packed in run.broker.restore(shard).memories.items():
            for want in unpack(packed).wants:
                yield f"{feed}: {want.draft.guid} still waits for its page"


def _inbox(run: Run) -> Iterator[str]:
    """Every command was obeyed, and that is remembered."""
    for shard in range(run.broker.shards):
        commands = run.broker.commands(shard, 0)
        position = run.broker.restore(shard).inbox
        if position != len(commands):
            yield f"shard {shard}: inbox at {position}, {len(commands)} commands"


def _paused(run: Run) -> Iterator[str]:
    """In the calm, poll means now, and pause means no more until resume."""
    calm = [order for order in run.orders if order.at > run.calm_from]
    for order in calm:
        feed = order.command.feed
        if order.command.kind is CommandKind.POLL and not _visits(run, feed, order.at, order.at + 120):
            yield f"{feed}: not polled within two minutes of the order at {order.at:.0f}"
        if order.command.kind is CommandKind.PAUSE:
            resumed = next(o.at for o in calm if o.command.kind is CommandKind.RESUME and o.command.feed == feed)
            if _visits(run, feed, order.at + 120, resumed):
                yield f"{feed}: polled while paused at {order.at:.0f}"
            if not _visits(run, feed, resumed, resumed + 120):
                yield f"{feed}: not polled after the pause ended at {resumed:.0f}"


def _visits(run: Run, feed: FeedId, since: float, until: float) -> list[Visit]:
    return [visit for visit in run.web.visits if visit.feed == feed and since <= visit.began < until]


# How the processes behaved.


def _polite(run: Run) -> Iterator[str]:
    """One request at a time to a publisher from each process."""
    yield from run.web.crowds


def _held(run: Run) -> Iterator[str]:
    """Who was asked to wait waits, and so does the next owner once a schedule record with the hold is in the log."""
    for asked in run.web.visits:
        if asked.hold is None or asked.ended is None:
            continue
        epoch = _epoch(run, asked)
        since = _recorded(run, asked, epoch)
        for visit in run.web.visits:
            if visit.publisher == asked.publisher and since < visit.began < asked.hold_until - 5:
                early = asked.hold - visit.calendar
                # A clock that jumped ahead believes to be in time; an owner from before does not know that it is none.
                if early > 1 and _epoch(run, visit) >= epoch:
                    yield f"{visit.process} asks {visit.publisher} at {visit.began:.0f}, {early:.0f} s before it may"


def _epoch(run: Run, visit: Visit) -> int:
    """The epoch of the claim under which the process made this request."""
    shard = run.world.shard[visit.publisher]
    fences = (h for h in run.broker.history if h.kind == "fence" and h.shard == shard and h.at <= visit.began)
    return max((h.epoch for h in fences if visit.process.startswith(h.member)), default=0)


def _recorded(run: Run, asked: Visit, epoch: int) -> float:
    """When a schedule record of the claim that was asked to wait was committed that surely knows of it."""
    shard = run.world.shard[asked.publisher]
    known = (asked.ended or 0.0) + 30  # the longest that a commit travels which was on its way
    mine = (h for h in run.broker.history if h.shard == shard and h.epoch == epoch and h.at > known)
    return next((h.at for h in mine if h.commit and h.commit.schedule is not None), float("inf")) + 5


def _starved(run: Run) -> Iterator[str]:
    """Before the end of the calm every feed is polled as often as its interval says."""
    paused = {order.command.feed for order in run.orders if order.at > run.calm_from}
    for feed in run.world.feeds:
        if feed not in paused and not _visits(run, feed, run.end - 1.5 * INTERVAL_MAX, run.end):
            yield f"{feed}: starved"


def _swapped(run: Run) -> Iterator[str]:
    """Nobody takes a shard again and again from the member that the group gave it to, and in the calm nobody does."""
    owner: dict[int, tuple[str, float]] = {}
    usurped: Counter[tuple[str, int]] = Counter()
    late: Counter[int] = Counter()
    for happening in run.broker.history:
        if happening.kind == "assign":
            owner[happening.shard] = happening.member, happening.at
        elif happening.kind == "fence":
            member, since = owner.get(happening.shard, ("", 0.0))
            usurped[happening.member, happening.shard] += member != happening.member and happening.at - since > 30
            late[happening.shard] += happening.at > run.calm_from + LATE_NOTICE + 1200
    yield from (f"{member} took shard {shard} {n} times" for (member, shard), n in usurped.items() if n > USURPED)
    yield from (f"shard {shard} changed hands {n} times in the calm" for shard, n in late.items() if n > 0)
