"""One feed, once: fetch, read, ingest, commit, plan. And one page, for an article that waits."""

import asyncio
import hashlib
from dataclasses import replace
from urllib.parse import urlsplit

from telex.core.arrivals import (
    Arrival,
    FeedArrived,
    JunkArrived,
    Order,
    Ordered,
    PageArrived,
    PollFailed,
    StillSame,
    WantsDue,
)
from telex.core.events import ArticlePublished, ArticleUpdated, ArticleWithdrawn, Health
from telex.core.exchange import Exchange, Fetched, Gone, Kind, NotModified, Refusal, Refused, Request
from telex.core.facts import PollEnded
from telex.core.identity import digest
from telex.core.memory import FeedState, Head, Memory, Want, current
from telex.core.model import Digest, Feed, FeedId, PageDocument, ReadRequest, Unreadable, UnreadableReason
from telex.core.redact import redact_body, redact_text
from telex.core.schedule import RETRY_AFTER_LIMIT, Plan, Reason, after_failure, after_gone, after_success
from telex.errors import AppendRefused
from telex.ingest.ingest import Outcome, ingest
from telex.ingest.pages import PAGE_EXPIRY, PAGE_WAIT
from telex.ingest.window import needless
from telex.shard.commit import Committer
from telex.shard.publishers import Desk
from telex.shard.state import State
from telex.wire import memories as wire

DEAD_LETTER_LIMIT = 64 << 10
_HOLDING = frozenset({Refusal.RATE_LIMITED, Refusal.SERVER_ERROR})
_PAGE_TRIES = 3
_PAGE_PAUSE = 30.0


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


class Poller:
    """Polls feeds and fetches pages for one shard."""

    def __init__(self, state: State, committer: Committer) -> None:
        self._state = state
        self._context = state.context
        self._committer = committer
        self.fetching: set[asyncio.Task[None]] = set()
        """Tasks that wait for a publisher: nothing is lost when they are cancelled."""
        self._nudges: dict[tuple[FeedId, Digest], asyncio.Future[None]] = {}
        self.stopping = False

    async def poll(self, name: FeedId, lag: float) -> Memory | None:
        """Poll a feed that is due; its memory where that was advanced.

        Raises:
            ClaimDied: the shard is over.
        """
        feed = self._state.feeds.get(name)
        if feed is None:
            return None
        desk = self._state.publishers.desk(feed.publisher)
        async with desk.gate:
            feed = self._state.feeds.get(name)
            if feed is None or self.stopping or name in self._state.paused or self._held(feed, desk):
                return None
            began = asyncio.get_running_loop().time()
            head = current(feed, self._state.head(name))
            exchange = await self._fetch(_request(feed, head))
            self._hold(desk, exchange)
            async with desk.lock:
                asked, feed = feed, self._state.feeds.get(name)
                if feed is None:
                    return None  # it left the catalogue meanwhile, and is retired: an answer would bring it back
                if (feed.url, feed.publisher) != (asked.url, asked.publisher):
                    self._state.plan(feed, 0.0, Reason.FIRST, 0)  # the answer is another address's
                    return None
                return await self._take(feed, exchange, lag, began)

    async def _fetch(self, request: Request) -> Exchange:
        task = asyncio.current_task()
        assert task is not None
        self.fetching.add(task)
        try:
            await self._committer.wait_room()
            async with self._context.slots:
                return await self._context.fetcher.fetch(request)
        finally:
            self.fetching.discard(task)

    def _held(self, feed: Feed, desk: Desk) -> bool:
        """Put the feed off where its publisher asked to be left alone."""
        wait = desk.held_until - asyncio.get_running_loop().time()
        if wait <= 0:
            return False
        state = self._state.states.get(feed.id)
        self._state.plan(
            feed, wait * (1 + 0.05 * self._context.rng.random()), Reason.HELD, state.failures if state else 0
        )
        return True

    async def _take(self, feed: Feed, exchange: Exchange, lag: float, began: float) -> Memory | None:
        if _no_turn(exchange):
            self._state.plan(feed, feed.interval_min, Reason.HELD, self._failures(feed.id))
            return None
        failures = self._failures(feed.id) + 1
        head = self._state.head(feed.id)
        still = _still_same(feed, head, exchange)
        if still is not None and _nothing_to_decide(still[1], head):
            outcome_name, arrival = still
            memory = Memory(head)
            outcome = Outcome((), memory)
        else:
            memory = self._state.memory(feed.id)
            if still is not None:
                outcome_name, arrival = still
            else:
                assert not isinstance(exchange, NotModified)
                outcome_name, arrival = await self._arrival(feed, memory, exchange, failures)
            outcome = await self._decide(feed, memory, arrival)
        plan = self._plan(feed, outcome.memory.head, arrival, exchange, failures)
        failed = isinstance(arrival, PollFailed | JunkArrived)
        self._state.plan(feed, plan.delay, plan.reason, failures if failed else 0)
        self._observe(feed, outcome, outcome_name, arrival, exchange, lag, began, plan, memory.head.health)
        return outcome.memory if outcome.memory is not memory else None

    def _failures(self, name: FeedId) -> int:
        state: FeedState | None = self._state.states.get(name)
        return state.failures if state else 0

    async def _arrival(
        self, feed: Feed, memory: Memory, exchange: Fetched | Gone | Refused, failures: int
    ) -> tuple[str, Arrival]:
        match exchange:
            case Gone():
                return "gone", PollFailed("gone", "410 Gone", failures, gone=True)
            case Refused():
                return str(exchange.reason), PollFailed(str(exchange.reason), exchange.detail, failures)
            case Fetched():
                body = _body_digest(exchange.body)
                if refused := self._context.refusals.of_document(feed.id, body):
                    return "refused", _junk(feed, exchange, Unreadable(UnreadableReason.REFUSED, refused), failures)
                known = needless(feed, memory, self._state.register(feed))
                request = ReadRequest(exchange.body, exchange.content_type, exchange.url, known)
                read = await self._context.reader.read_feed(request)
                if isinstance(read, Unreadable):
                    return "unreadable", _junk(feed, exchange, read, failures)
                return "changed" if read.complete else "incomplete", FeedArrived(
                    document=read,
                    body=body,
                    url=exchange.url,
                    moved_to=exchange.moved_to,
                    etag=exchange.etag,
                    last_modified=exchange.last_modified,
                )

    async def _decide(self, feed: Feed, memory: Memory, arrival: Arrival) -> Outcome:
        """Ingest and commit; the state advances only when the log took it."""
        now = self._context.clock.now()
        outcome = ingest(feed, memory, self._state.register(feed), arrival, now)
        if outcome.memory is not memory or outcome.events:
            packed = wire.pack_within(outcome.memory, self._committer.memory_limit)
            try:
                await self._committer.submit(outcome.events, {feed.id: packed})
            except AppendRefused as refused:
                document = arrival.body if isinstance(arrival, FeedArrived) else None
                self._context.refusals.note(feed.id, document, refused)
                raise
            self._state.set_memory(feed.id, packed)
        return outcome

    def _hold(self, desk: Desk, exchange: Exchange) -> None:
        if not isinstance(exchange, Refused) or exchange.reason not in _HOLDING or _no_turn(exchange):
            return
        if exchange.retry_at is not None:
            wait = min(exchange.retry_at - self._context.clock.now(), RETRY_AFTER_LIMIT)
            desk.held_until = max(desk.held_until, asyncio.get_running_loop().time() + wait)
            self._state.changed = True
            self._state.hold_news.set()

    def _plan(self, feed: Feed, head: Head, arrival: Arrival, exchange: Exchange, failures: int) -> Plan:
        bounds, jitter = self._context.bounds(feed), self._context.rng.random()
        now = self._context.clock.now()
        if isinstance(arrival, PollFailed) and arrival.gone:
            return after_gone(bounds, jitter)
        if isinstance(arrival, PollFailed | JunkArrived):
            retry_at = exchange.retry_at if isinstance(exchange, Refused) else None
            return after_failure(failures, bounds, None if retry_at is None else retry_at - now, jitter)
        max_age = exchange.max_age if isinstance(exchange, Fetched | NotModified) else None
        since = max(0.0, now - head.accepted_at) if head.accepted_at is not None else 0.0
        return after_success(head.rate, since, bounds, head.hints, max_age, now, jitter)

    def _observe(
        self,
        feed: Feed,
        outcome: Outcome,
        name: str,
        arrival: Arrival,
        exchange: Exchange,
        lag: float,
        began: float,
        plan: Plan,
        before: Health | None,
    ) -> None:
        articles = ArticlePublished | ArticleUpdated | ArticleWithdrawn
        detail = arrival.detail if isinstance(arrival, PollFailed) else None
        fact = PollEnded(
            feed=feed.id,
            outcome=name,
            lag=lag,
            elapsed=asyncio.get_running_loop().time() - began,
            wire_bytes=exchange.wire_bytes if isinstance(exchange, Fetched) else 0,
            articles=sum(isinstance(event, articles) for event in outcome.events),
            detail=arrival.unreadable.detail if isinstance(arrival, JunkArrived) else detail,
            changed=_is_news(before, outcome.memory.head.health),
            next_in=plan.delay,
            next_reason=str(plan.reason),
        )
        self._context.observer.observe(fact)

    async def decide(self, name: FeedId, arrival: Arrival) -> Memory | None:
        """Ingest something that is no poll's answer; the memory as it is then. None where the feed is unknown."""
        feed = self._state.feeds.get(name)
        if feed is None:
            return None
        async with self._state.publishers.desk(feed.publisher).lock:
            return (await self._decide(feed, self._state.memory(name), arrival)).memory

    async def retire(self, feed: Feed) -> None:
        """Note that a feed left the catalogue. The caller holds the publisher's lock."""
        await self._decide(feed, self._state.memory(feed.id), Ordered(Order.RETIRE))

    async def fetch_page(self, name: FeedId, want: Want) -> PageDocument:
        """The page that an article waits for; an empty one where it cannot be had."""
        url = want.draft.link or ""
        if self._context.refusals.of_pages(name):
            return PageDocument(url, repairs=("page.refused",))
        for attempt in range(_PAGE_TRIES):
            await asyncio.sleep(attempt * _PAGE_PAUSE)
            exchange = await self._ask_page(name, url)
            if exchange is None:
                break
            if isinstance(exchange, Fetched):
                page = await self._context.reader.read_page(exchange.body, exchange.content_type, exchange.url)
                if isinstance(page, PageDocument):
                    return page
                return PageDocument(url, repairs=(f"page.unreadable_{page.reason}",))
            if isinstance(exchange, Refused) and exchange.reason in (Refusal.ROBOTS, Refusal.UNAUTHORISED):
                return PageDocument(url, repairs=(f"page.{exchange.reason}",))
        return PageDocument(url, repairs=("page.not_had",))

    async def _ask_page(self, name: FeedId, url: str) -> Exchange | None:
        """Take a turn at the publisher, unless it asks to be left alone meanwhile; None where the feed rests or left."""
        loop = asyncio.get_running_loop()
        while (feed := self._state.feeds.get(name)) is not None and name not in self._state.paused:
            desk = self._state.publishers.desk(feed.publisher)
            await asyncio.sleep(max(0.0, desk.held_until - loop.time()))
            async with desk.gate:
                if self.stopping:
                    raise asyncio.CancelledError
                if name in self._state.feeds and name not in self._state.paused and desk.held_until <= loop.time():
                    exchange = await self._fetch(Request(url, feed.publisher, Kind.PAGE))
                    self._hold(desk, exchange)
                    return exchange
        return None

    async def _page_or_none(self, name: FeedId, want: Want) -> PageDocument:
        try:
            return await self.fetch_page(name, want)
        except Exception:  # noqa: BLE001 - a page may find a fault of ours: its article goes out without it
            return PageDocument(want.draft.link or "", repairs=("page.failed",))

    async def want(self, name: FeedId, want: Want) -> None:
        """See a want through: the page, or going out without it at its deadline.

        Raises:
            ClaimDied: the shard is over.
        """
        async with asyncio.TaskGroup() as group:
            page = group.create_task(self._page_or_none(name, want))
            while not self.stopping and (wait := self._patience(name, want.key)) is not None:
                if await self._is_done(name, want.key, page, wait):
                    await self.decide(name, PageArrived(want.key, page.result()))
                    return
                await self.decide(name, WantsDue())
            page.cancel()

    def _patience(self, name: FeedId, key: Digest) -> float | None:
        """Seconds until a want as it is now has to be looked at; None where there is none any more.

        An edit may have renewed it, and the calendar may run otherwise than the loop, or jump.
        """
        if name not in self._state.feeds:
            return None
        for want in self._state.memory(name).wants:
            if want.key == key:
                limit, most = (want.expires, PAGE_EXPIRY) if want.draft.version else (want.deadline, PAGE_WAIT)
                return min(max(0.0, limit - self._context.clock.now()), most)
        return None

    def renewed(self, name: FeedId, key: Digest) -> None:
        """Let the task that sees the want through look at it again: its deadline may be another."""
        nudge = self._nudges.get((name, key))
        if nudge is not None and not nudge.done():
            nudge.set_result(None)

    async def _is_done(self, name: FeedId, key: Digest, page: "asyncio.Task[PageDocument]", wait: float) -> bool:
        """Wait for the page. Only here may a want be cancelled: never between a commit and what we remember of it."""
        task = asyncio.current_task()
        assert task is not None
        nudge = self._nudges[name, key] = asyncio.get_running_loop().create_future()
        self.fetching.add(task)
        try:
            await asyncio.wait({page, nudge}, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.fetching.discard(task)
            del self._nudges[name, key]
        return page.done()


def _request(feed: Feed, head: Head) -> Request:
    return Request(
        url=head.url or feed.url,
        publisher=feed.publisher,
        kind=Kind.FEED,
        etag=head.etag,
        last_modified=head.last_modified,
        origin=_origin(feed.url),
        headers=feed.headers,
        credentials=feed.credentials,
    )


def _is_news(before: Health | None, after: Health | None) -> bool:
    """Whether a change of health is worth a line: that a new feed answers is not."""
    return before is not after and not (before is None and after is Health.OK)


def _no_turn(exchange: Exchange) -> bool:
    """Whether the request had no turn at a busy host: our own limit, and nobody's fault."""
    return isinstance(exchange, Refused) and exchange.reason is Refusal.RATE_LIMITED and exchange.status is None


def _body_digest(body: bytes) -> Digest:
    return digest(body)


def _junk(feed: Feed, exchange: Fetched, unreadable: Unreadable, failures: int) -> JunkArrived:
    return JunkArrived(
        unreadable=replace(unreadable, detail=redact_text(unreadable.detail)),
        url=exchange.url,
        content_type=exchange.content_type,
        digest=_body_digest(exchange.body),
        sha256=hashlib.sha256(exchange.body).hexdigest(),
        length=len(exchange.body),
        body=redact_body(exchange.body[:DEAD_LETTER_LIMIT], (feed.url, exchange.url), exchange.secrets),
        failures=failures,
    )


def _still_same(feed: Feed, head: Head, exchange: Exchange) -> tuple[str, Arrival] | None:
    """The outcome and the arrival of an answer that brings nothing new; None where it may."""
    match exchange:
        case NotModified():
            return "not_modified", StillSame(exchange.moved_to)
        case Fetched() if current(feed, head).body == _body_digest(exchange.body):
            return "unchanged", StillSame(exchange.moved_to)
        case _:
            return None


def _nothing_to_decide(arrival: Arrival, head: Head) -> bool:
    """The common case, an unchanged feed in good health: nothing is unpacked and nothing is written."""
    if not isinstance(arrival, StillSame) or arrival.moved_to is not None:
        return False
    return head.health is Health.OK and not head.unsettled and head.retired_at is None
