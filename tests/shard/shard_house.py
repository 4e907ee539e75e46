"""A house for shards: the memory log, a scripted web, a catalogue to be changed, on a loop whose hours take no time."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

import orjson

from acceptance.origin import item, rss
from telex.adapters.reading import InlineReader
from telex.core.exchange import Exchange, Fetched, Refusal, Refused, Request
from telex.core.facts import Fact
from telex.core.memory import Memory, ScheduleRecord
from telex.core.model import Feed, FeedId, Publisher
from telex.ports import Command, CommandKind
from telex.shard.context import Context, ShardSettings
from telex.shard.shard import Shard
from telex.shard.supervisor import Supervisor
from telex.testing.memory_broker import Broker
from telex.testing.memory_log import MemoryClaim, MemoryLog
from telex.testing.memory_values import Timing
from telex.testing.scripted_fetcher import ScriptedFetcher
from telex.testing.simulation.loop import quiet, simulated_loop
from telex.testing.simulation.web import SimClock
from telex.wire import memories
from telex.wire.cloudevents import structured
from telex.wire.topics import Naming

T = TypeVar("T")
F = TypeVar("F", bound=Fact)
MINUTE = 60.0
HOUR = 3600.0
DAY = 86400.0
TIMING = Timing(heartbeat=HOUR, session=6 * HOUR)
"""Nobody is expelled for silence here, and a heart that beats seldom lets months pass in a moment."""


def simulated(scenario: Callable[["House"], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """A test on a simulated loop; nothing that the shards leave behind may fail unheard."""

    def test() -> None:
        with quiet(), simulated_loop() as loop:
            loop.run_until_complete(_with_house(scenario))
            assert loop.errors == []

    test.__name__, test.__doc__, test.__module__ = scenario.__name__, scenario.__doc__, scenario.__module__
    return test


async def _with_house(scenario: Callable[["House"], Coroutine[Any, Any, None]]) -> None:
    house = House()
    await scenario(house)
    await house.crash()


def feed(name: str, publisher: str = "news.example", **changed: Any) -> Feed:
    """A feed that is polled every minute."""
    url = f"https://{publisher}/{name}.xml"
    fields = {"interval_min": MINUTE, "interval_max": MINUTE, "withdraw_after": 0.0, **changed}
    return Feed(**{"id": FeedId(name), "url": url, "publisher": Publisher(publisher), **fields})


class Web(ScriptedFetcher):
    """A scripted web that takes its time, and notes when each address was asked and how many at once."""

    def __init__(self, clock: SimClock) -> None:
        super().__init__()
        self.delays: dict[str, float] = {}
        self.asked: list[tuple[float, str]] = []
        self.most: Counter[str] = Counter()
        self._active: Counter[str] = Counter()
        self._clock = clock

    def shows(self, url: str, *names: str, **titles: str) -> None:
        """From now on the address shows these entries."""
        self.answer(url, self.document(*(item(name, title=titles.get(name.replace("-", "_"))) for name in names)))

    def document(self, *items: str) -> Callable[[Request], Exchange]:
        return self.body(rss(*items))

    def body(self, body: bytes, content_type: str = "application/rss+xml") -> Callable[[Request], Exchange]:
        return lambda request: Fetched(request.url, body, self._clock.now(), content_type)

    def refusal(self, reason: Refusal, status: int, retry_in: float | None = None) -> Callable[[Request], Exchange]:
        def answer(_request: Request) -> Exchange:
            now = self._clock.now()
            return Refused(reason, f"{status}", now, status, None if retry_in is None else now + retry_in)

        return answer

    def times(self, url: str) -> list[float]:
        """When the address was asked, by the loop."""
        return [at for at, asked in self.asked if asked == url]

    async def fetch(self, request: Request) -> Exchange:
        self.asked.append((asyncio.get_running_loop().time(), request.url))
        self._active[request.publisher] += 1
        self.most[request.publisher] = max(self.most[request.publisher], self._active[request.publisher])
        try:
            await asyncio.sleep(self.delays.get(request.url, 0.1))
            return await super().fetch(request)
        finally:
            self._active[request.publisher] -= 1


class Catalogue:
    """A catalogue of one shard that a test changes."""

    def __init__(self) -> None:
        self.version = 1
        self._feeds: dict[FeedId, Feed] = {}
        self._newer = asyncio.Event()

    def set(self, *feeds: Feed) -> None:
        self._feeds = {feed.id: feed for feed in feeds}
        self.version += 1
        self._newer.set()
        self._newer = asyncio.Event()

    def feeds(self, shard: int) -> Mapping[FeedId, Feed]:
        assert shard == 0
        return self._feeds

    async def wait_newer(self, version: int) -> None:
        while self.version <= version:
            await self._newer.wait()


class Facts:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.seen: list[Fact] = []

    def observe(self, fact: Fact) -> None:
        self.seen.append(fact)

    def of(self, kind: type[F]) -> list[F]:
        return [fact for fact in self.seen if isinstance(fact, kind)]


class House:
    """One shard's world: everything outlives the process, which is started, stopped and killed."""

    def __init__(self, settings: ShardSettings | None = None) -> None:
        self.settings = settings or ShardSettings(backoff_cap=HOUR)
        self.naming = Naming()
        self.clock = SimClock(asyncio.get_running_loop())
        self.broker = Broker(1, clock=self.clock, timing=TIMING)
        self.web = Web(self.clock)
        self.catalogue = Catalogue()
        self.facts = Facts()
        self.log: MemoryLog | None = None
        self.supervisor: Supervisor | None = None
        self.task: asyncio.Task[None] | None = None
        self._members = 0

    def context(self) -> Context:
        """What a process gives to its shards."""
        return Context(
            self.catalogue,
            self.web,
            InlineReader(),
            self.clock,
            random.Random(7),
            self.facts,
            self.naming,
            self.settings,
        )

    def member(self) -> MemoryLog:
        """A process of its own, as the log sees it."""
        self._members += 1
        self.log = MemoryLog(self.broker, f"member-{self._members}")
        return self.log

    async def claim(self) -> MemoryClaim:
        """A claim of the shard."""
        async for claim in self.member().claims():
            return claim
        raise AssertionError("claims never end")

    def start(self, *feeds: Feed) -> None:
        """Start a process; with feeds, they are the catalogue from now on."""
        if feeds:
            self.catalogue.set(*feeds)
        self.supervisor = Supervisor(self.member(), self.context())
        self.task = asyncio.create_task(self.supervisor.run())

    async def begin(self, *feeds: Feed) -> tuple[Shard, "asyncio.Task[None]", MemoryClaim]:
        """Run one shard on a claim of its own, without a supervisor."""
        self.catalogue.set(*feeds)
        claim = await self.claim()
        shard = Shard(claim, self.context())
        return shard, asyncio.create_task(shard.run()), claim

    async def stop(self, within: float = 20.0) -> bool:
        """End the process in good order; whether it came to its end in time."""
        assert self.supervisor is not None
        assert self.log is not None
        drained = await self.supervisor.drain(within)
        await self._cancel()
        await self.log.close()
        return drained

    async def crash(self) -> None:
        """End the process as it stands."""
        if self.log is not None:
            self.log.crash()
        await self._cancel()
        self.broker.expire()

    async def _cancel(self) -> None:
        task, self.task = self.task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def order(self, kind: CommandKind, name: str, number: int = 1) -> None:
        """Put a command into the inbox."""
        assert self.log is not None
        await self.log.put(0, Command(f"command-{number}", kind, FeedId(name)))

    # What is in the log.

    def events(self, *kinds: str) -> list[dict[str, Any]]:
        """The events in the log, of these kinds (their types without `telex.`)."""
        found = [orjson.loads(structured(each.record)) for each in self.broker.read(None, 0, 100_000)]
        return [event for event in found if not kinds or event["type"].removeprefix("telex.") in kinds]

    def published(self) -> list[str]:
        """The guids of published articles, in order."""
        return [event["data"]["guid"] for event in self.events("article.published")]

    def health(self, name: str) -> list[str]:
        """What was told of a feed's health, in order."""
        return [event["data"]["health"] for event in self.events("feed.status") if event["subject"] == name]

    def memory(self, name: str) -> Memory | None:
        """A feed's memory, as committed."""
        packed = self.broker.restore(0).memories.get(FeedId(name))
        return memories.unpack(packed) if packed else None

    def schedule(self) -> ScheduleRecord:
        """The schedule record, as committed."""
        packed = self.broker.restore(0).schedule
        return memories.unpack_schedule(packed) if packed else ScheduleRecord({}, {})
