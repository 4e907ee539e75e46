"""The publishers of a shard: one request at a time, one ingest at a time, and the times they asked for."""

import asyncio
from dataclasses import dataclass, field

from telex.core.model import FeedId, Publisher


@dataclass(slots=True)
class Desk:
    """What a shard holds of one publisher.

    `gate` bounds requests, `lock` makes ingest and the advance of memory one after the other. `feeds` are those of the
    catalogue, `retired` left it but their articles count. `held_until` is of `loop.time()`: the calendar may jump.
    `held_to` is the calendar's instant of the same as it was told, for whoever owns the publisher next.
    """

    gate: asyncio.Semaphore
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    feeds: tuple[FeedId, ...] = ()
    retired: frozenset[FeedId] = frozenset()
    held_until: float = 0.0
    held_to: float = 0.0

    def hold(self, wait: float, now: float, loop_now: float) -> None:
        """Leave the publisher alone for `wait` seconds at least. The other two are now, by both clocks."""
        self.held_until = max(self.held_until, loop_now + wait)
        self.held_to = max(self.held_to, now + wait)


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
        """Publishers that asked to be left alone, with the calendar's instant until when. Both arguments are now.

        Where the calendar jumped since, the later instant counts: too long a rest costs no ban.
        """
        held = ((name, desk, desk.held_until - loop_now) for name, desk in self._desks.items())
        return {name: max(desk.held_to, now + wait) for name, desk, wait in held if wait > 0}
