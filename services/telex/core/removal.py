"""When a withdrawn article leaves the topic of latest versions: the withdrawal stands there for a while, then nothing."""

from dataclasses import dataclass, replace

from telex.core.memory import Departed, Mark, Memory, settled
from telex.core.model import ArticleId, FeedId
from telex.core.register import Register, Shown

REMOVE_AFTER = 7 * 86400.0
"""Seconds from a withdrawal to the tombstone: so long subscribers of the latest versions can see it."""


@dataclass(frozen=True, slots=True)
class Removals:
    """Articles whose tombstones are due, and the memory that knows that they were written."""

    articles: tuple[ArticleId, ...]
    memory: Memory


def removals(feed: FeedId, memory: Memory, register: Register, now: float) -> Removals:
    """Find what was withdrawn long enough ago. The same again with the new memory finds nothing.

    The feed that told of a withdrawal sees to its tombstone. An article that came back since, in whichever feed of the
    publisher (`register` holds the others), gets none. `memory` is the very object that came in where nothing is due.
    """
    due: list[ArticleId] = []

    def looked_at(left: Departed) -> Departed:
        if not left.awaits_removal or now - left.at < REMOVE_AFTER:
            return left
        known = left.known
        standing = register.standing(known.article, (Shown(feed, known, present=False),))
        if standing is not None and standing.withdrawn and standing.version == known.version:
            due.append(known.article)
        return replace(left, known=replace(known, marks=known.marks | Mark.REMOVED))

    departed = tuple(map(looked_at, memory.departed))
    if departed == memory.departed:
        return Removals((), memory)
    return Removals(tuple(due), settled(replace(memory, departed=departed), now, register.present))
