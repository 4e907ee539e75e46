"""What became of the entries that a document no longer shows: aged out, missing from its middle, or we cannot tell.

An entry that leaves at the old end of the window has aged out. One whose place is empty while older entries still
stand below it was taken away: after a grace, seen missing again, that is a withdrawal. Everything doubtful (a feed
that re-orders itself, many holes at once, a pinned entry) is ageing out: a flaky feed withdraws nothing.
"""

import itertools
import math
from collections.abc import Container, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from telex.core.memory import Known
from telex.core.model import Digest

OLDER_NEEDED = 2
"""Entries that must stand on the old side of a hole: one alone may be pinned there."""
HOLES_AT_ONCE = 2
"""More holes than this, and than a quarter of the window, are the feed's fault."""
GAP_WINDOW = 5
"""A window of fewer entries says nothing about a gap."""


@dataclass(frozen=True, slots=True)
class Vanished:
    """Entries of the old window that the new one does not show. `missing` keep a place in the window."""

    aged: tuple[Known, ...]
    missing: tuple[Known, ...]


def vanished(before: Sequence[Known], shown: Sequence[Digest], now: float) -> Vanished:
    """Sort out what the new document, showing the entries `shown` in this order, no longer shows.

    `before` is the old window in its order, entries already missing included.
    """
    place = {known.key: number for number, known in enumerate(before)}
    survivors = [place[key] for key in shown if key in place]
    here = set(survivors)
    gone = [known for number, known in enumerate(before) if number not in here]
    ordered = all(a < b for a, b in itertools.pairwise(survivors))
    if not survivors or not ordered:
        return Vanished(tuple(gone), ())
    holes = _holes(before, here)
    if len([hole for hole in holes if hole.missing_since is None]) > max(HOLES_AT_ONCE, len(before) // 4):
        holes = [hole for hole in holes if hole.missing_since is not None]
    kept = {hole.key for hole in holes}
    missing = tuple(replace(hole, missing_since=hole.missing_since or now) for hole in holes)
    return Vanished(tuple(known for known in gone if known.key not in kept), missing)


def _holes(before: Sequence[Known], here: AbstractSet[int]) -> list[Known]:
    """Those that are gone while enough older entries stand beside them: below, or above where the oldest come first.

    One pass in each direction: a window may have 10,000 entries.
    """
    newest_first = _newest_first([before[number] for number in sorted(here)])
    if newest_first and max(here) == len(here) - 1:
        return []  # nothing older stands below what is gone: the usual case
    above = _oldest_beside(range(len(before)), before, here)
    below = _oldest_beside(range(len(before) - 1, -1, -1), before, here)
    holes = []
    for number, known in enumerate(before):
        if number in here:
            continue
        (up, older_up), (down, older_down) = above[number], below[number]
        if known.published is None:
            is_hole = up >= OLDER_NEEDED and down >= OLDER_NEEDED
        else:
            is_hole = older_down < known.published or (not newest_first and older_up < known.published)
        if is_hole:
            holes.append(known)
    return holes


def _oldest_beside(
    numbers: Iterable[int], before: Sequence[Known], here: Container[int]
) -> dict[int, tuple[int, float]]:
    """Of each place: how many stand before it on this way, and the date that `OLDER_NEEDED` of them do not exceed."""
    beside: dict[int, tuple[int, float]] = {}
    standing, oldest = 0, [math.inf] * OLDER_NEEDED
    for number in numbers:
        beside[number] = standing, oldest[-1]
        if number in here:
            standing += 1
            published = before[number].published
            if published is not None:
                oldest = sorted((*oldest, published))[:OLDER_NEEDED]
    return beside


def _newest_first(standing: Sequence[Known]) -> bool:
    dated = [known.published for known in standing if known.published is not None]
    return len(dated) < 2 or dated[0] >= dated[-1]


def merged(shown: Sequence[Known], before: Sequence[Known], missing: Sequence[Known]) -> tuple[Known, ...]:
    """The new window: what is shown, with each missing entry below the one that stood above it."""
    if not missing:
        return tuple(shown)
    absent = {known.key: known for known in missing}
    followers: dict[Digest | None, list[Known]] = {}
    above: Digest | None = None
    present = {known.key for known in shown}
    for known in before:
        if known.key in absent:
            followers.setdefault(above, []).append(absent[known.key])
        elif known.key in present:
            above = known.key
    window = list(followers.get(None, ()))
    for known in shown:
        window.append(known)
        window += followers.get(known.key, ())
    return tuple(window)


def is_gap(before: Sequence[Known], shown: Sequence[Digest], departed: frozenset[Digest]) -> bool:
    """Whether a full window shares no entry with the one before it: then articles may have been missed."""
    standing = {known.key for known in before}
    if len(standing) < GAP_WINDOW or len(shown) < len(standing):
        return False
    return not any(key in standing or key in departed for key in shown)
