"""One feed, once: fetch, read, ingest, commit, plan. And one page, for an article that waits."""

import asyncio
from collections.abc import Generator
from dataclasses import dataclass

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
from telex.core.events import Health
from telex.core.exchange import Exchange, Fetched, Gone, Kind, NotModified, Refusal, Refused, Request
from telex.core.facts import PollEnded
from telex.core.identity import digest
from telex.core.memory import FeedState, Head, Memory, Want, current
from telex.core.model import Digest, Feed, FeedId, PageDocument, ReadRequest, Unreadable, UnreadableReason
from telex.core.schedule import RETRY_AFTER_LIMIT, Plan, Reason, after_failure, after_gone, after_success
from telex.errors import AppendRefused
from telex.ingest.ingest import ingesting
from telex.ingest.pages import PAGE_EXPIRY, PAGE_WAIT
from telex.ingest.window import needless
from telex.shard.answers import HOLDING, Ending, ending_of, is_news, junk_of, no_turn, quiet_end, request_for, skew_of
from telex.shard.commit import Cargo, Committer
from telex.shard.passage import Passage
from telex.shard.publishers import Desk
from telex.shard.state import State
from telex.wire import memories as wire
from telex.wire.cloudevents import EventType

_ARTICLES = frozenset({EventType.ARTICLE_PUBLISHED, EventType.ARTICLE_UPDATED, EventType.ARTICLE_WITHDRAWN})
_PAGE_TRIES = 3
_PAGE_PAUSE = 30.0


@dataclass(frozen=True, slots=True)
class _Decided:
    """What is to be committed, and the memory as it is then. `packed` is None where there is nothing to commit.

    `document` is what it was decided of, where that was a feed's document; `held` counts edits that are held back.
    """

    memory: Memory
    packed: bytes | None = None
    cargo: Cargo | None = None
    document: Digest | None = None
    held: int = 0

    @property
    def articles(self) -> int:
        """How many events tell of articles."""
        types = self.cargo.types if self.cargo else {}
        return sum(count for kind, count in types.items() if kind in _ARTICLES)


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
        async with desk.gate, self._context.passage() as passage:
            feed = self._state.feeds.get(name)
            if feed is None or self.stopping or name in self._state.paused or self._held(feed, desk):
                return None
            began = asyncio.get_running_loop().time()
            head = current(feed, self._state.head(name))
            exchange = await self._fetch(request_for(feed, head), passage)
            self._hold(desk, exchange)
            async with desk.lock:
                asked, feed = feed, self._state.feeds.get(name)
                if feed is None:
                    return None  # it left the catalogue meanwhile, and is retired: an answer would bring it back
                if (feed.url, feed.publisher) != (asked.url, asked.publisher):
                    self._state.plan(feed, 0.0, Reason.FIRST, 0)  # the answer is another address's
                    return None
                return await self._take(feed, exchange, lag, began, passage)

    async def _fetch(self, request: Request, passage: Passage) -> Exchange:
        task = asyncio.current_task()
        assert task is not None
        self.fetching.add(task)
        try:
            await self._committer.wait_room()
            await passage.begin()
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

    async def _take(self, feed: Feed, exchange: Exchange, lag: float, began: float, passage: Passage) -> Memory | None:
        if no_turn(exchange):
            self._state.plan(feed, feed.interval_min, Reason.HELD, self._failures(feed.id))
            return None
        failures = self._failures(feed.id) + 1
        before = head = self._state.head(feed.id)
        body = digest(exchange.body) if isinstance(exchange, Fetched) else None
        ending, decided = quiet_end(feed, head, exchange, body), _Decided(Memory(head))
        if ending is None:
            memory = self._state.memory(feed.id)
            before = memory.head
            arrival, outcome = await self._arrival(feed, memory, exchange, body, failures)
            ending = ending_of(outcome, arrival)
            await passage.admit(len(exchange.body) if isinstance(exchange, Fetched) else 0)
            decided = await self._work_out(feed, memory, arrival)
            del memory, arrival  # a document as objects is many times its size, and commits may take a while
            await self._commit(feed, decided)
        plan = self._plan(feed, decided.memory.head, ending, exchange, failures)
        self._state.plan(feed, plan.delay, plan.reason, failures if ending.failed else 0)
        self._observe(feed, decided, ending, exchange, lag, began, plan, before.health)
        return decided.memory if decided.packed is not None else None

    def _failures(self, name: FeedId) -> int:
        state: FeedState | None = self._state.states.get(name)
        return state.failures if state else 0

    async def _arrival(
        self, feed: Feed, memory: Memory, exchange: Exchange, body: Digest | None, failures: int
    ) -> tuple[Arrival, str]:
        match exchange:
            case NotModified():
                return StillSame(exchange.moved_to), "not_modified"
            case Gone():
                return PollFailed("gone", "410 Gone", failures, gone=True), "gone"
            case Refused():
                return PollFailed(str(exchange.reason), exchange.detail, failures), str(exchange.reason)
            case Fetched():
                assert body is not None
                if current(feed, memory.head).body == body:
                    return StillSame(exchange.moved_to), "unchanged"
                return await self._document(feed, memory, exchange, body, failures)

    async def _document(
        self, feed: Feed, memory: Memory, exchange: Fetched, body: Digest, failures: int
    ) -> tuple[Arrival, str]:
        if refused := self._context.refusals.of_document(feed.id, body):
            junk = Unreadable(UnreadableReason.REFUSED, refused)
            return await self._junk(feed, exchange, junk, body, failures), "refused"
        known = needless(feed, memory, self._state.register(feed))
        request = ReadRequest(exchange.body, exchange.content_type, exchange.url, known)
        read = await self._context.reader.read_feed(request)
        if isinstance(read, Unreadable):
            return await self._junk(feed, exchange, read, body, failures), "unreadable"
        arrival = FeedArrived(
            document=read,
            body=body,
            url=exchange.url,
            moved_to=exchange.moved_to,
            etag=exchange.etag,
            last_modified=exchange.last_modified,
            skew=skew_of(exchange),
        )
        return arrival, "changed" if read.complete else "incomplete"

    async def _junk(
        self, feed: Feed, exchange: Fetched, unreadable: Unreadable, body: Digest, failures: int
    ) -> JunkArrived:
        async with self._context.turns:
            return junk_of(feed, exchange, unreadable, body, failures)

    async def _decide(self, feed: Feed, arrival: Arrival) -> Memory:
        """Ingest and commit what is no poll's answer; the memory as it is then. The caller holds the publisher's lock."""
        async with self._context.passage() as passage:
            await passage.admit(0)
            decided = await self._work_out(feed, self._state.memory(feed.id), arrival)
            await self._commit(feed, decided)
            return decided.memory

    async def _work_out(self, feed: Feed, memory: Memory, arrival: Arrival) -> _Decided:
        return await self._context.turns.run(self._deciding(feed, memory, arrival))

    def _deciding(self, feed: Feed, memory: Memory, arrival: Arrival) -> Generator[None, None, _Decided]:
        now = self._context.clock.now()
        outcome = yield from ingesting(feed, memory, self._state.register(feed), arrival, now, self._context.tagger)
        if outcome.memory is memory and not outcome.events:
            return _Decided(memory)
        cargo = yield from self._committer.loading(outcome.events)
        packed = wire.pack_within(outcome.memory, self._committer.memory_limit)
        document = arrival.body if isinstance(arrival, FeedArrived) else None
        return _Decided(outcome.memory, packed, cargo, document, outcome.held)

    async def _commit(self, feed: Feed, decided: _Decided) -> None:
        """The state advances only when the log took it."""
        if decided.packed is None:
            return
        try:
            await self._committer.submit(decided.cargo, {feed.id: decided.packed})
        except AppendRefused as refused:
            self._context.refusals.note(feed.id, decided.document, refused)
            raise
        self._state.set_memory(feed.id, decided.packed)

    def _hold(self, desk: Desk, exchange: Exchange) -> None:
        if not isinstance(exchange, Refused) or exchange.reason not in HOLDING or no_turn(exchange):
            return
        if exchange.retry_at is not None:
            now = self._context.clock.now()
            desk.hold(min(exchange.retry_at - now, RETRY_AFTER_LIMIT), now, asyncio.get_running_loop().time())
            self._state.changed = True
            self._state.hold_news.set()

    def _plan(self, feed: Feed, head: Head, ending: Ending, exchange: Exchange, failures: int) -> Plan:
        bounds, jitter = self._context.bounds(feed), self._context.rng.random()
        now = self._context.clock.now()
        if ending.gone:
            return after_gone(bounds, jitter)
        if ending.failed:
            retry_at = exchange.retry_at if isinstance(exchange, Refused) else None
            return after_failure(failures, bounds, None if retry_at is None else retry_at - now, jitter)
        max_age = exchange.max_age if isinstance(exchange, Fetched | NotModified) else None
        since = max(0.0, now - head.accepted_at) if head.accepted_at is not None else 0.0
        return after_success(head.rate, since, bounds, head.hints, max_age, now, jitter)

    def _observe(
        self,
        feed: Feed,
        decided: _Decided,
        ending: Ending,
        exchange: Exchange,
        lag: float,
        began: float,
        plan: Plan,
        before: Health | None,
    ) -> None:
        fact = PollEnded(
            feed=feed.id,
            outcome=ending.outcome,
            lag=lag,
            elapsed=asyncio.get_running_loop().time() - began,
            wire_bytes=exchange.wire_bytes if isinstance(exchange, Fetched) else 0,
            articles=decided.articles,
            detail=ending.detail,
            changed=is_news(before, decided.memory.head.health),
            next_in=plan.delay,
            next_reason=str(plan.reason),
            held=decided.held,
        )
        self._context.observer.observe(fact)

    async def decide(self, name: FeedId, arrival: Arrival) -> Memory | None:
        """Ingest something that is no poll's answer; the memory as it is then. None where the feed is unknown."""
        feed = self._state.feeds.get(name)
        if feed is None:
            return None
        async with self._state.publishers.desk(feed.publisher).lock:
            return await self._decide(feed, arrival)

    async def retire(self, feed: Feed) -> None:
        """Note that a feed left the catalogue. The caller holds the publisher's lock."""
        await self._decide(feed, Ordered(Order.RETIRE))

    async def fetch_page(self, name: FeedId, want: Want) -> PageDocument:
        """The page that an article waits for; an empty one where it cannot be had."""
        url = want.draft.link or ""
        if self._context.refusals.of_pages(name):
            return PageDocument(url, repairs=("page.refused",))
        for attempt in range(_PAGE_TRIES):
            await asyncio.sleep(attempt * _PAGE_PAUSE)
            answer = await self._ask_page(name, url)
            match answer:
                case None:
                    break
                case PageDocument():
                    return answer
                case Unreadable():
                    return PageDocument(url, repairs=(f"page.unreadable_{answer.reason}",))
                case Refused() if answer.reason in (Refusal.ROBOTS, Refusal.UNAUTHORISED):
                    return PageDocument(url, repairs=(f"page.{answer.reason}",))
        return PageDocument(url, repairs=("page.not_had",))

    async def _ask_page(self, name: FeedId, url: str) -> Exchange | PageDocument | Unreadable | None:
        """Take a turn at the publisher, unless it asks to be left alone meanwhile; None where the feed rests or left.

        A page is read before the next is asked for: what waits for a worker is bounded.
        """
        loop = asyncio.get_running_loop()
        while (feed := self._state.feeds.get(name)) is not None and name not in self._state.paused:
            desk = self._state.publishers.desk(feed.publisher)
            await asyncio.sleep(max(0.0, desk.held_until - loop.time()))
            async with desk.gate, self._context.pages:
                if self.stopping:
                    raise asyncio.CancelledError
                if name in self._state.feeds and name not in self._state.paused and desk.held_until <= loop.time():
                    async with self._context.passage() as passage:
                        exchange = await self._fetch(Request(url, feed.publisher, Kind.PAGE), passage)
                    self._hold(desk, exchange)
                    return await self._read_page(feed, exchange) if isinstance(exchange, Fetched) else exchange
        return None

    async def _read_page(self, feed: Feed, page: Fetched) -> PageDocument | Unreadable:
        return await self._context.reader.read_page(page.body, page.content_type, page.url, feed.page_rules)

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
