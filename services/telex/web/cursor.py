"""A place in the log that moves forward, page by page, and notices what retention took away before it."""

from dataclasses import dataclass

from telex.ports import LogReader, Stored


@dataclass(frozen=True, slots=True)
class Lost:
    """Events after `after` (None: asked by time) up to `resumed_after` are no longer there, or may not be."""

    after: int | None
    resumed_after: int


@dataclass(frozen=True, slots=True)
class Page:
    """What was read at once; `lost` comes before it. A page that is not `full` reached what was the end before it."""

    stored: tuple[Stored, ...]
    lost: Lost | None
    full: bool


class Cursor:
    """Reads `topics` (None: all) after `position`. `newest` is a position that the log is known to have reached."""

    def __init__(self, log: LogReader, topics: frozenset[str] | None, position: int, newest: int) -> None:
        self.position = position
        self._newest = newest
        self._log = log
        self._topics = topics

    async def read(self, limit: int) -> Page:
        """The next records, at most `limit`. Cancelled or failed, the cursor has not moved.

        Raises:
            LogError: the log cannot be read now.
        """
        stored = await self._log.read(self._topics, self.position, limit)
        floor, newest = await self._log.bounds()  # after reading: what it says is there was there then
        full = len(stored) >= limit
        lost = self._lost(stored, floor)
        end = stored[-1].position if stored else self.position
        if not full:
            # Where the topics are few, or rows were compacted, the records end long before the log does.
            end = max(end, self._newest)
        if lost is not None:
            end = max(end, lost.resumed_after)
        self.position, self._newest = end, newest
        return Page(stored, lost, full)

    def _lost(self, stored: tuple[Stored, ...], floor: int) -> Lost | None:
        """Whether retention overtook the cursor. It removes the oldest first: what follows on directly was read whole."""
        if floor <= self.position or (stored and stored[0].position == self.position + 1):
            return None
        return Lost(self.position, min(floor, stored[0].position - 1) if stored else floor)
