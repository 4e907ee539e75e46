"""What it costs to read a document and make articles of its entries, measured in CPU time."""

import gc
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from telex.core.model import Entry, Feed, FeedId, Publisher, ReadRequest, Unreadable
from telex.documents.reader import read_feed
from telex.ingest.normalise import Context, draft, named, source_of

RATIO = 2.5
"""By how much the time may grow where the document doubles."""
_ATTEMPTS = 6
_PAIRS = 3
_PAUSE = 0.1
_URL = "https://feeds.example/feed.xml"
_FEED = Feed(FeedId("f"), _URL, Publisher("feeds.example"))
_CONTEXT = Context(_FEED, source_of(_FEED, "Feed", None), None, 1_700_000_000.0)


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of CPU for a size in bytes; what came out; how many times what its half took, 0 for the smallest."""

    size: int
    seconds: float
    outcome: str
    ratio: float = 0.0


def work(body: bytes) -> str:
    """All that a document costs; the answer says what it was."""
    document = read_feed(ReadRequest(body, None, _URL))
    if isinstance(document, Unreadable):
        assert document.reason != "reader_failed", document
        return f"{document.reason}: {document.detail}"
    for slot in document.slots:
        if isinstance(slot, Entry):
            draft(named(slot), _CONTEXT)
    return f"{len(document.slots)} entries {'' if document.complete else 'and more '}{' '.join(document.repairs)}"


def cost(body: bytes) -> Cost:
    """One measurement."""
    gc.collect()
    started = time.process_time()
    outcome = work(body)
    return Cost(len(body), time.process_time() - started, outcome)


def growth(
    family: Callable[[int], bytes], sizes: Iterable[int], *, floor: float, longest: float, enough: float = math.inf
) -> list[Cost]:
    """The cost for each size, up to the first that takes `enough` seconds.

    It is the last of several attempts, as many as it takes to keep to the bounds. The bounds are that it takes no
    longer than `longest`, and no more than `RATIO` times what it took for half of it; `floor` is what is too short to
    be compared, in seconds. A machine that does other work beside makes CPU time dearer for a while: what seems to
    break a bound is measured again in turns with its half, so that both meet the same machine; the least of each counts.
    """
    costs: list[Cost] = []
    half: bytes | None = None
    for size in sizes:
        body = family(size)
        best = cost(body)
        if half is not None:
            best = _beside(best, costs[-1], floor)
        for attempt in range(_ATTEMPTS):
            if is_bounded([best], longest):
                break
            time.sleep(_PAUSE * attempt)
            if half is None:
                best = cost(body)
                continue
            halves, wholes = zip(*((cost(half), cost(body)) for _ in range(_PAIRS)), strict=True)
            best = _beside(_least(wholes), _least(halves), floor)
        costs.append(best)
        half = body
        if len(costs) > 1 and best.seconds >= enough:
            break
    return costs


def _least(costs: Iterable[Cost]) -> Cost:
    return min(costs, key=lambda one: one.seconds)


def _beside(whole: Cost, half: Cost, floor: float) -> Cost:
    return replace(whole, ratio=whole.seconds / max(half.seconds, floor))


def is_bounded(costs: Iterable[Cost], longest: float) -> bool:
    """Whether all keep to the bounds."""
    return all(one.seconds <= longest and one.ratio <= RATIO for one in costs)


def told(costs: list[Cost]) -> str:
    """The costs in a line."""
    figures = "  ".join(f"{one.size / 1024:,.0f} KiB {one.seconds:.3f} s (× {one.ratio:.1f})" for one in costs)
    return f"{figures}  {costs[-1].outcome}"
