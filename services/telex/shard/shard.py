"""The loop of one claim: who is due is polled, what is asked is obeyed, until the claim dies or the service stops."""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any

from telex.core.arrivals import Order, Ordered
from telex.core.facts import PollEnded, ShardClaimed
from telex.core.memory import Memory, Want
from telex.core.model import Digest, Feed, FeedId
from telex.core.redact import redact_text
from telex.core.schedule import Reason, after_failure
from telex.errors import ClaimDied, LogCorrupt, LogUnavailable
from telex.ports import Claim, Command, CommandKind
from telex.shard.commit import Committer
from telex.shard.context import Context
from telex.shard.poll import Poller
from telex.shard.removal import Remover
from telex.shard.state import NO_ADDRESS, State
from telex.wire import memories as wire

_LEAST_PAUSE = 1.0
"""Seconds between two schedule records, also where a publisher's wish to be left alone is to be on record at once."""
_LOOK_AT_RETIRED = 3600.0
"""Seconds between two looks at the memories of feeds that left, where the catalogue gives no occasion."""


class Shard:
    """Owns the publishers that hash to it, for as long as its claim lives."""

    def __init__(self, claim: Claim, context: Context) -> None:
        self._claim = claim
        self._context = context
        self._state = State(claim, context)
        self._committer = Committer(claim, context)
        self._poller = Poller(self._state, self._committer)
        self._group = asyncio.TaskGroup()
        self._polls: set[asyncio.Task[None]] = set()
        self._in_flight: set[FeedId] = set()
        self._wants: dict[tuple[FeedId, Digest], asyncio.Task[None]] = {}
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()
        self._version = 0

    def stop(self) -> None:
        """Ask for an orderly end: no new polls; what is decided is committed; the schedule is recorded."""
        self._stopping.set()
        self._wake.set()

    async def run(self) -> None:
        """Work until stopped.

        Raises:
            ClaimDied: the claim died.
        """
        began = asyncio.get_running_loop().time()
        self._state.drop_unreadable()
        try:
            async with self._group as group:
                servants = [group.create_task(self._committer.run()), group.create_task(self._watch_claim())]
                await self._follow_catalogue_once()
                elapsed = asyncio.get_running_loop().time() - began
                self._context.observer.observe(ShardClaimed(self._claim.shard, len(self._state.feeds), elapsed))
                self._resume_wants()
                servants += [
                    group.create_task(work)
                    for work in (
                        self._schedule(),
                        self._obey_inbox(),
                        self._follow_catalogue(),
                        self._record(),
                        Remover(self._state, self._committer, self._guarded).run(),
                    )
                ]
                await self._stopping.wait()
                await self._wind_down()
                for servant in servants:
                    servant.cancel()
        except* ClaimDied as died:
            raise _first(died) from None

    async def _watch_claim(self) -> None:
        raise ClaimDied(await self._claim.wait_dead())

    async def _wind_down(self) -> None:
        self._poller.stopping = True
        for task in tuple(self._poller.fetching):
            task.cancel()
        while self._polls:
            await asyncio.wait(self._polls)
        await self._committer.submit(schedule=self._state.schedule_record())

    # Polls

    async def _schedule(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            for name, lag in self._state.timeline.pop_due(loop.time()):
                self._spawn_poll(name, lag)
            due = self._state.timeline.next_due()
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(due):
                    await self._wake.wait()

    def _spawn_poll(self, name: FeedId, lag: float) -> None:
        if name in self._in_flight:
            return  # its end plans the next
        self._in_flight.add(name)
        task = self._group.create_task(self._guarded_poll(name, lag))
        self._polls.add(task)
        task.add_done_callback(self._polls.discard)

    async def _guarded_poll(self, name: FeedId, lag: float) -> None:
        """A poll that can end its feed's turn, never the shard."""
        try:
            memory = await self._poller.poll(name, lag)
        except (ClaimDied, LogCorrupt):
            raise
        except Exception as why:  # noqa: BLE001 - hostile input may find a fault of ours: it costs this feed alone
            self._broke(name, lag, why)
        else:
            if memory is not None:
                self._sync_wants(name, memory)
        finally:
            self._in_flight.discard(name)
        self._wake.set()

    async def _guarded(self, name: FeedId, work: Coroutine[Any, Any, object]) -> None:
        """Work that is no poll, and may fail by a fault of ours: again it costs this feed alone."""
        try:
            await work
        except ClaimDied:
            raise
        except Exception as why:  # noqa: BLE001 - as for polls
            self._broke(name, 0.0, why)

    def _broke(self, name: FeedId, lag: float, why: Exception) -> None:
        feed = self._state.feeds.get(name)
        failures, next_in, next_reason = 1, 0.0, "left_catalogue"
        if feed is not None:
            state = self._state.states.get(name)
            failures = (state.failures if state else 0) + 1
            plan = after_failure(failures, self._context.bounds(feed), None, self._context.rng.random())
            self._state.plan(feed, plan.delay, plan.reason, failures)
            next_in, next_reason = plan.delay, str(plan.reason)
        detail = redact_text(f"{type(why).__name__}: {why}")[:500]
        self._context.observer.observe(
            PollEnded(
                feed=name,
                outcome="internal",
                lag=lag,
                elapsed=0.0,
                wire_bytes=0,
                articles=0,
                detail=detail,
                changed=failures == 1,
                next_in=next_in,
                next_reason=next_reason,
            )
        )

    # Wants

    def _resume_wants(self) -> None:
        for name in self._state.feeds:
            packed = self._state.memories.get(name)
            if packed is not None and wire.has_wants(packed):
                self._sync_wants(name, self._state.memory(name))

    def _sync_wants(self, name: FeedId, memory: Memory) -> None:
        for want in memory.wants:
            self._poller.renewed(name, want.key)
            if (name, want.key) not in self._wants and not self._stopping.is_set():
                task = self._group.create_task(self._guarded_want(name, want))
                self._wants[name, want.key] = task
                self._polls.add(task)
                task.add_done_callback(self._polls.discard)

    async def _guarded_want(self, name: FeedId, want: Want) -> None:
        try:
            await self._poller.want(name, want)
        except* ClaimDied as died:
            raise _first(died) from None
        except* Exception as why:  # noqa: BLE001 - as for polls
            self._broke(name, 0.0, why.exceptions[0])
        finally:
            self._wants.pop((name, want.key), None)

    # Inbox

    async def _obey_inbox(self) -> None:
        while True:
            try:
                commands = await self._claim.wait_inbox(self._state.inbox)
            except LogUnavailable:
                await asyncio.sleep(_LEAST_PAUSE)
                continue
            for position, command in commands:
                await self._obey(command)
                self._state.inbox = position
            self._state.changed = False
            await self._committer.submit(schedule=self._state.schedule_record(), inbox=self._state.inbox)

    async def _obey(self, command: Command) -> None:
        feed = self._state.feeds.get(command.feed)
        if feed is None:
            return
        match command.kind:
            case CommandKind.POLL:
                if feed.id in self._state.timeline and feed.id not in self._state.paused:
                    self._state.plan(feed, 0.0, Reason.COMMAND, 0)
            case CommandKind.PAUSE:
                self._state.paused.add(feed.id)
                self._state.timeline.remove(feed.id)
                await self._guarded(feed.id, self._poller.decide(feed.id, Ordered(Order.PAUSE)))
            case CommandKind.RESUME:
                self._state.paused.discard(feed.id)
                await self._guarded(feed.id, self._poller.decide(feed.id, Ordered(Order.RESUME)))
                self._state.plan(feed, 0.0, Reason.COMMAND, 0)
        self._wake.set()

    # Catalogue

    async def _follow_catalogue(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_AT_RETIRED):
                    await self._context.catalogue.wait_newer(self._version)
            await self._follow_catalogue_once()

    async def _follow_catalogue_once(self) -> None:
        self._version = self._context.catalogue.version
        new, left = self._state.adopt(self._context.catalogue.feeds(self._claim.shard))
        self._state.plan_first(new)
        self._wake.set()
        for feed in left:
            await self._retire(feed)
        await self._sort_orphans()

    async def _retire(self, feed: Feed) -> None:
        if feed.id not in self._state.memories:
            return
        async with self._state.publishers.desk(feed.publisher).lock:
            if feed.id not in self._state.feeds:
                await self._guarded(feed.id, self._poller.retire(feed))

    async def _sort_orphans(self) -> None:
        """What left long ago is forgotten; what left while nobody looked is retired now."""
        now = self._context.clock.now()
        for name, head in self._state.orphans():
            if self._state.expired(head, now):
                await self._committer.submit(memories={name: None})
                self._state.memories.pop(name, None)
            elif head.publisher is not None:
                self._state.note_retired(name, head.publisher)
                if head.retired_at is None:
                    await self._retire(Feed(name, head.url or NO_ADDRESS, head.publisher))

    # Schedule record

    async def _record(self) -> None:
        every = self._context.settings.schedule_every
        wait = every * self._context.rng.random()
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._state.hold_news.wait()
            self._state.hold_news.clear()
            if self._state.changed:
                self._state.changed = False
                await self._committer.submit(schedule=self._state.schedule_record())
            await asyncio.sleep(_LEAST_PAUSE)
            wait = every


def _first(group: BaseExceptionGroup[Any]) -> ClaimDied:
    for inner in group.exceptions:
        found = _first(inner) if isinstance(inner, BaseExceptionGroup) else inner
        if isinstance(found, ClaimDied):
            return found
    return ClaimDied("failed")
