"""The publishers of a shard: one request at a time, one ingest at a time, and the times they asked for."""

import asyncio
from dataclasses import dataclass, field

from telex.core.model import FeedId, Publisher


@dataclass(slots=True)
class Desk:
    """What a shard holds of one publisher.

    `gate` bounds requests, `lock` makes ingest and the advance of memory one after the other. `feeds` are those of the
    catalogue, `retired` left it but their articles count. `held_until` is of `loop.time()`: the calendar may jump.
    """

    gate: asyncio.Semaphore
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    feeds: set[FeedId] = field(default_factory=set)
    retired: set[FeedId] = field(default_factory=set)
    held_until: float = 0.0


class Publishers:
    """Desks by publisher, made when first needed."""

    def __init__(self, per_publisher: int) -> None:
        self._limit = per_publisher
        self._desks: dict[Publisher, Desk] = {}

    def desk(self, publisher: Publisher) -> Desk:
        """The publisher's desk."""
        found = self._desks.get(publisher)
        if found is None:
            found = self._desks[publisher] = Desk(asyncio.Semaphore(self._limit))
        return found

    def holds(self, now: float, loop_now: float) -> dict[str, float]:
        """Publishers that asked to be left alone, with the calendar's instant until when. Both arguments are now."""
        held = ((name, desk.held_until - loop_now) for name, desk in self._desks.items())
        return {name: now + wait for name, wait in held if wait > 0}
