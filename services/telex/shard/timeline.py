"""Which feed of a shard is due next. Instants are of `loop.time()`."""

import heapq
import itertools

from telex.core.model import FeedId


class Timeline:
    """A queue of feeds by due time; each stands in it at most once. `put` again moves a feed."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, FeedId]] = []
        self._due: dict[FeedId, tuple[float, int]] = {}
        self._order = itertools.count()

    def put(self, feed: FeedId, due: float) -> None:
        """Let `feed` be due at `due`, whatever was planned for it."""
        number = next(self._order)
        self._due[feed] = due, number
        heapq.heappush(self._heap, (due, number, feed))

    def remove(self, feed: FeedId) -> None:
        """Plan nothing for `feed`."""
        self._due.pop(feed, None)

    def __contains__(self, feed: object) -> bool:
        return feed in self._due

    def next_due(self) -> float | None:
        """When the next feed is due; None where nothing is planned."""
        while self._heap and self._due.get(self._heap[0][2]) != self._heap[0][:2]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now: float) -> list[tuple[FeedId, float]]:
        """Take out what is due by `now`, with how late each is."""
        taken = []
        while (due := self.next_due()) is not None and due <= now:
            _, _, feed = heapq.heappop(self._heap)
            del self._due[feed]
            taken.append((feed, now - due))
        return taken
