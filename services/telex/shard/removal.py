"""Sees to it that withdrawn articles leave the topic of latest versions."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from telex.core.model import Feed, FeedId, Publisher
from telex.core.removal import removals
from telex.shard.commit import Cargo, Committer
from telex.shard.state import NO_ADDRESS, State
from telex.wire import cloudevents
from telex.wire import memories as wire

_EVERY = 3600.0
"""Seconds between two looks at the memories."""

Guard = Callable[[FeedId, Coroutine[Any, Any, object]], Coroutine[Any, Any, None]]
"""Runs work for a feed, and lets a fault of ours cost that feed alone."""


class Remover:
    """Writes tombstones that are due, in the same commit as the memory that knows of them."""

    def __init__(self, state: State, committer: Committer, guard: Guard) -> None:
        self._state = state
        self._context = state.context
        self._committer = committer
        self._guarded = guard

    async def run(self) -> None:
        """Look for ever; end at once where there is no topic of latest versions.

        Raises:
            ClaimDied: the shard is over.
        """
        while self._context.naming.current is not None:
            for name in tuple(self._state.memories):
                if wire.awaits_removal(self._state.memories.get(name, b"")):
                    await self._guarded(name, self._remove(name))
            await asyncio.sleep(_EVERY)

    async def _remove(self, name: FeedId) -> None:
        feed = self._state.feeds.get(name)
        publisher = feed.publisher if feed is not None else self._state.head(name).publisher
        if publisher is None:
            return
        async with self._state.publishers.desk(publisher).lock:
            await self._decide(feed or Feed(name, NO_ADDRESS, publisher), publisher)

    async def _decide(self, feed: Feed, publisher: Publisher) -> None:
        now = self._state.feeds.get(feed.id, feed)
        if now.publisher != publisher or feed.id not in self._state.memories:
            return  # the catalogue changed while we waited for the lock: next time
        memory = self._state.memory(feed.id)
        found = removals(feed.id, memory, self._state.register(now), self._context.clock.now())
        if found.memory is memory:
            return
        packed = wire.pack(found.memory)
        naming = self._context.naming
        records = [record for article in found.articles for record in cloudevents.tombstone(article, naming)]
        await self._committer.submit(Cargo(records), {feed.id: packed})
        self._state.set_memory(feed.id, packed)
