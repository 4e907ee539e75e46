"""What it costs to read a document and make articles of its entries, measured in CPU time."""

import gc
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from telex.core.model import Entry, Feed, FeedId, Publisher, ReadRequest, Unreadable
from telex.documents.reader import read_feed
from telex.ingest.normalise import Context, draft, named, source_of

RATIO = 2.5
"""By how much the time may grow where the document doubles."""
_URL = "https://feeds.example/feed.xml"
_FEED = Feed(FeedId("f"), _URL, Publisher("feeds.example"))
_CONTEXT = Context(_FEED, source_of(_FEED, "Feed", None), None, 1_700_000_000.0)


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of CPU for a size in bytes; what came out."""

    size: int
    seconds: float
    outcome: str


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

    It is the least of as many attempts as it takes to keep to the bounds, four at most. The bounds are that it takes no
    longer than `longest`, and no more than `RATIO` times what it took for half of it; `floor` is what is too short to
    be compared, in seconds.
    """
    costs: list[Cost] = []
    for size in sizes:
        body = family(size)
        best = cost(body)
        for _ in range(3):
            if is_bounded([*costs, best], floor, longest):
                break
            best = min(best, cost(body), key=lambda one: one.seconds)
        costs.append(best)
        if len(costs) > 1 and best.seconds >= enough:
            break
    return costs


def is_bounded(costs: list[Cost], floor: float, longest: float) -> bool:
    """Whether the last keeps to the bounds."""
    last = costs[-1]
    if last.seconds > longest:
        return False
    return len(costs) < 2 or last.seconds <= RATIO * max(costs[-2].seconds, floor)


def told(costs: list[Cost]) -> str:
    """The costs in a line."""
    figures = "  ".join(f"{one.size / 1024:,.0f} KiB {one.seconds:.3f} s" for one in costs)
    return f"{figures}  {costs[-1].outcome}"
