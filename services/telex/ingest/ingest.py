"""The one function: what arrived for a feed and what we remember in; events and a new memory out. Pure."""

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import assert_never

from telex.core.arrivals import (
    Arrival,
    FeedArrived,
    JunkArrived,
    Ordered,
    PageArrived,
    PollFailed,
    StillSame,
    WantsDue,
)
from telex.core.events import Event
from telex.core.memory import Memory, current, settled
from telex.core.model import Feed
from telex.core.register import Register
from telex.ingest import health, pages, window
from telex.ingest.work import Work
from telex.tagging.tags import UNTAGGED, Tagger


@dataclass(frozen=True, slots=True)
class Outcome:
    """What follows from an arrival. `memory` is the very object that came in where there is nothing to write.

    `fresh` counts entries that the feed had not shown before, `held` those whose edit is held back from now on (`flaps`). Wants stand in the memory, with their deadlines.
    """

    events: tuple[Event, ...]
    memory: Memory
    fresh: int = 0
    held: int = 0


def ingest(
    feed: Feed, memory: Memory, register: Register, arrival: Arrival, now: float, tagger: Tagger = UNTAGGED
) -> Outcome:
    """Decide what an arrival means.

    `register` holds the publisher's other feeds. `now` is when it arrived, in seconds since 1970. `tagger` tags
    the articles that go out. The same arrival twice publishes nothing the second time; the result depends on nothing but the arguments.
    """
    steps = ingesting(feed, memory, register, arrival, now, tagger)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            outcome: Outcome = done.value
            return outcome


def ingesting(
    feed: Feed, memory: Memory, register: Register, arrival: Arrival, now: float, tagger: Tagger = UNTAGGED
) -> Generator[None, None, Outcome]:
    """`ingest` in steps, an entry or a pass over the window each: a document may have ten thousand entries."""
    head = replace(current(feed, memory.head), publisher=feed.publisher)
    work = Work(feed, replace(memory, head=head), register, now, tagger)
    match arrival:
        case FeedArrived():
            yield from window.document_arrived(work, arrival)
        case StillSame():
            window.still_same(work, arrival)
        case JunkArrived():
            health.junk_arrived(work, arrival)
        case PollFailed():
            health.poll_failed(work, arrival)
        case PageArrived():
            pages.page_arrived(work, arrival)
        case WantsDue():
            pages.wants_due(work)
        case Ordered():
            health.ordered(work, arrival)
        case _:
            assert_never(arrival)
    yield
    after = settled(work.memory(), now, register.present)
    if not work.events and after == memory:
        return Outcome((), memory, work.fresh, work.held)
    return Outcome(tuple(work.events), after, work.fresh, work.held)
