"""What became of the entries that a document no longer shows: aged out, missing from its middle, or we cannot tell.

An entry that leaves at the old end of the window has aged out. One whose place is empty while older entries still
stand below it was taken away: after a grace, seen missing again, that is a withdrawal. Everything doubtful (a feed
that re-orders itself, many holes at once, a pinned entry) is ageing out: a flaky feed withdraws nothing.
"""

import itertools
from collections.abc import Sequence
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
    standing = [before[number] for number in sorted(survivors)]
    holes = [known for known in gone if _is_hole(place[known.key], known, standing, place)]
    if len([hole for hole in holes if hole.missing_since is None]) > max(HOLES_AT_ONCE, len(before) // 4):
        holes = [hole for hole in holes if hole.missing_since is not None]
    kept = {hole.key for hole in holes}
    missing = tuple(replace(hole, missing_since=hole.missing_since or now) for hole in holes)
    return Vanished(tuple(known for known in gone if known.key not in kept), missing)


def _is_hole(number: int, known: Known, standing: Sequence[Known], place: dict[Digest, int]) -> bool:
    above = [other for other in standing if place[other.key] < number]
    below = [other for other in standing if place[other.key] > number]
    published = known.published
    if published is None:
        return len(above) >= OLDER_NEEDED and len(below) >= OLDER_NEEDED
    return any(
        len([other for other in side if other.published is not None and other.published < published]) >= OLDER_NEEDED
        for side in (below, above)
        if side is below or not _newest_first(standing)
    )


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
