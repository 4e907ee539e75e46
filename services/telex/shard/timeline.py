"""Which feed of a shard is due next. Instants are of `loop.time()`."""

import heapq
import itertools

from telex.core.model import FeedId


class Timeline:
    """A queue of feeds by due time; each stands in it at most once. `put` again moves a feed."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, FeedId]] = []
        self._planned: dict[FeedId, tuple[float, int, FeedId]] = {}
        self._order = itertools.count()

    def put(self, feed: FeedId, due: float) -> None:
        """Let `feed` be due at `due`, whatever was planned for it."""
        entry = self._planned[feed] = (due, next(self._order), feed)
        heapq.heappush(self._heap, entry)

    def remove(self, feed: FeedId) -> None:
        """Plan nothing for `feed`."""
        self._planned.pop(feed, None)

    def __contains__(self, feed: object) -> bool:
        return feed in self._planned

    def next_due(self) -> float | None:
        """When the next feed is due; None where nothing is planned."""
        while self._heap and self._planned.get(self._heap[0][2]) is not self._heap[0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now: float) -> list[tuple[FeedId, float]]:
        """Take out what is due by `now`, with how late each is."""
        taken = []
        while (due := self.next_due()) is not None and due <= now:
            _, _, feed = heapq.heappop(self._heap)
            del self._planned[feed]
            taken.append((feed, now - due))
        return taken
