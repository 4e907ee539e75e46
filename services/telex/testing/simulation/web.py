"""The scripted web between the program and the publishers, with its faults, and a ledger of every visit."""

import asyncio
import random
import re
from collections import Counter
from dataclasses import dataclass, field

from telex.core.exchange import Exchange, Fetched, Kind, NotModified, Refusal, Refused, Request
from telex.core.model import FeedDocument, FeedId, PageDocument, PageRules, Publisher, ReadRequest, Unreadable
from telex.documents.reader import read_feed
from telex.testing.simulation import writing
from telex.testing.simulation.loop import SimLoop
from telex.testing.simulation.world import EPOCH, Channel, PublisherSite, Snapshot, World

_PAGE = re.compile(r"http://([^/]+)/articles/(\d+)")
FAULTS = ("stale", "cut", "server_error", "timeout", "rate_limited", "uncalled_304", "html", "truncated")


class SimClock:
    """A process's calendar: the loop's time since `EPOCH`, off by `offset` seconds, which may jump."""

    def __init__(self, loop: asyncio.AbstractEventLoop, offset: float = 0.0) -> None:
        self.offset = self._most = offset
        self._loop = loop

    def jump(self, offset: float) -> None:
        """Be off by this much from now on."""
        self.offset = offset
        self._most = max(self._most, offset)

    def latest(self) -> float:
        """What it may have been taken for: now, by the most that it was ever ahead."""
        return EPOCH + self._loop.time() + self._most

    def now(self) -> float:
        """Seconds since 1970-01-01T00:00:00Z."""
        return EPOCH + self._loop.time() + self.offset


@dataclass(slots=True)
class Visit:
    """One request as the publisher saw it, times by the loop. `shown` are the stories of a document that arrived.

    `complete` is False where not all of a document arrived. `calendar` is the latest that the process may have believed
    it to be. The answer asked it to leave the publisher alone until `hold_until`, which is `hold` on its calendar.
    """

    process: str
    publisher: Publisher
    feed: FeedId | None
    began: float
    calendar: float
    ended: float | None = None
    answer: str = ""
    shown: tuple[tuple[int, int, int], ...] | None = None
    complete: bool = True
    hold: float | None = None
    hold_until: float = 0.0


@dataclass(slots=True)
class Web:
    """What all processes reach the publishers through. Each seed draws its own rates of faults."""

    loop: SimLoop
    world: World
    rng: random.Random
    healthy: bool = False
    visits: list[Visit] = field(default_factory=list)
    crowds: list[str] = field(default_factory=list)
    struck: Counter[str] = field(default_factory=Counter)
    fault_rate: float = 0.0
    slow_rate: float = 0.0
    _active: Counter[tuple[str, Publisher]] = field(default_factory=Counter)

    @classmethod
    def drawn(cls, loop: SimLoop, world: World, rng: random.Random) -> "Web":
        """A web whose rates of faults are themselves drawn."""
        return cls(loop, world, rng, fault_rate=rng.choice([0.0, 0.03, 0.15]), slow_rate=rng.choice([0.0, 0.05, 0.2]))

    def enter(self, process: str, request: Request, calendar: float) -> Visit:
        """A request arrives; more than one of a process at the same publisher is impolite."""
        found = self.world.channels.get(request.url)
        visit = Visit(process, request.publisher, found[1].feed.id if found else None, self.loop.time(), calendar)
        self.visits.append(visit)
        self._active[process, request.publisher] += 1
        if self._active[process, request.publisher] > 1:
            self.crowds.append(f"{self.loop.time():.0f} {process} asks {request.publisher} twice at a time")
        return visit

    def leave(self, visit: Visit) -> None:
        """The exchange is over, also by being given up."""
        self._active[visit.process, visit.publisher] -= 1

    def draw_fault(self) -> str | None:
        """The fault that strikes an exchange, or none."""
        if self.healthy or self.rng.random() >= self.fault_rate:
            return None
        fault = self.rng.choice(FAULTS)
        self.struck[fault] += 1
        return fault

    async def travel(self) -> None:
        """Bytes take their time."""
        slow = not self.healthy and self.rng.random() < self.slow_rate
        await asyncio.sleep(self.rng.uniform(5, 45) if slow else self.rng.expovariate(1 / 0.3))


class SimFetcher:
    """The `Fetcher` of one process."""

    def __init__(self, web: Web, process: str, clock: SimClock) -> None:
        self._web = web
        self._process = process
        self._clock = clock

    async def fetch(self, request: Request) -> Exchange:
        """Ask the publisher; the answer may be old when it arrives."""
        visit = self._web.enter(self._process, request, self._clock.latest())
        try:
            await self._web.travel()
            answer = self._answer(request, visit)
            await self._web.travel()
        finally:
            self._web.leave(visit)
        return self._arrive(answer, visit)

    def _arrive(self, answer: Exchange | float, visit: Visit) -> Exchange:
        """An answer's times are those of its arrival; a number is a 429's Retry-After in seconds."""
        visit.ended = self._web.loop.time()
        now = self._clock.now()
        elapsed = visit.ended - visit.began
        match answer:
            case Fetched():
                visit.answer = "fetched"
                return Fetched(
                    answer.url,
                    answer.body,
                    now,
                    answer.content_type,
                    answer.etag,
                    wire_bytes=len(answer.body),
                    elapsed=elapsed,
                )
            case NotModified():
                visit.answer = "not_modified"
                return NotModified(answer.url, now, elapsed=elapsed)
            case Refused():
                visit.answer = answer.reason.value
                return Refused(answer.reason, answer.detail, now, answer.status, elapsed=elapsed)
            case float():
                visit.answer, visit.hold, visit.hold_until = "rate_limited", now + answer, visit.ended + answer
                return Refused(Refusal.RATE_LIMITED, "429", now, 429, retry_at=now + answer, elapsed=elapsed)
            case _:
                raise AssertionError(answer)

    def _answer(self, request: Request, visit: Visit) -> Exchange | float:
        fault = self._web.draw_fault()
        match fault:
            case "cut":
                return Refused(Refusal.CUT, "the body ended early", 0.0)
            case "server_error":
                return Refused(Refusal.SERVER_ERROR, "503", 0.0, 503)
            case "timeout":
                return Refused(Refusal.TIMEOUT, "no answer", 0.0)
            case "rate_limited":
                return self._web.rng.uniform(120, 1800)
            case "html":
                return Fetched(request.url, writing.SORRY, 0.0, writing.HTML)
            case "uncalled_304" if request.etag is not None:
                return NotModified(request.url, 0.0)
        if request.kind is Kind.PAGE:
            return _page(request)
        site, channel = self._web.world.channels[request.url]
        site.advance(self._web.loop.time())
        back = self._web.rng.randint(1, 3) if fault == "stale" else 0
        snapshot = channel.snapshots[max(0, len(channel.snapshots) - 1 - back)]
        return self._document(request, visit, site, channel, snapshot, cut=fault == "truncated")

    def _document(
        self, request: Request, visit: Visit, site: PublisherSite, channel: Channel, snapshot: Snapshot, *, cut: bool
    ) -> Exchange:
        etag = f'"{snapshot.revision}"'
        if request.etag == etag:
            return NotModified(request.url, 0.0)
        body = writing.document_of(site, channel, snapshot)
        if cut:
            body = body[: int(len(body) * self._web.rng.uniform(0.3, 0.95))]
        visit.shown, visit.complete = snapshot.items, not cut
        return Fetched(request.url, body, 0.0, writing.content_type_of(channel), etag)


def _page(request: Request) -> Exchange:
    found = _PAGE.match(request.url)
    if found is None:
        return Refused(Refusal.CLIENT_ERROR, "404", 0.0, 404)
    return Fetched(request.url, writing.page(found[1], int(found[2])), 0.0, writing.HTML)


class SimReader:
    """A `DocumentReader` that reads at once: the simulated publishers are not hostile, and a process would be IO."""

    async def read_feed(self, request: ReadRequest) -> FeedDocument | Unreadable:
        """A feed's document, by the real reader."""
        return read_feed(request)

    async def read_page(
        self,
        body: bytes,
        content_type: str | None,
        url: str,
        rules: PageRules | None = None,  # noqa: ARG002 - the pages here are ours
    ) -> PageDocument | Unreadable:
        """An article's page, by a reader of our own: the real one would take most of the simulation's time."""
        del content_type
        return writing.read_page(body, url)
