"""The property: resuming anywhere while publishing goes on gives the same sequence as having stayed."""

import asyncio
import random

import pytest
from multidict import MultiDict
from web_log import NAMING, SmallLog, article, dead_letter, gap, tombstone
from web_reader import StillClock, serving

from telex.web.cursor import Lost
from telex.web.filters import wanted
from telex.web.positions import After, Oldest, start
from telex.web.tail import Limits, Reader, Tail

CHOICES = (
    MultiDict(),
    MultiDict({"publisher": "a"}),
    MultiDict({"topic": "news.articles"}),
    MultiDict({"type": "telex.feed.gap"}),
    MultiDict({"topic": "news.deadletters"}),
)


def news(rng, number):
    return rng.choice(
        (
            lambda: article(number, publisher=rng.choice("ab")),
            lambda: article(number, publisher=rng.choice("ab")),
            lambda: gap(number),
            lambda: dead_letter(number),
            tombstone,
        )
    )()


async def publish(log, rng, total):
    """Append in bursts, with pauses of any length."""
    number = 0
    while number < total:
        burst = min(rng.choice((1, 1, 2, 5, 20)), total - number)
        log.append(*(news(rng, number + offset) for offset in range(burst)))
        number += burst
        for _ in range(rng.randrange(30)):
            await asyncio.sleep(0)


class Subscriber:
    """Reads with interruptions: at random it leaves, perhaps in the middle of a wait, and resumes after its last id."""

    def __init__(self, log, tail, choice, rng, limits, restless):
        self.log, self.tail, self.limits, self.rng = log, tail, limits, rng
        self.wanted = wanted(choice, NAMING)
        self.restless = restless
        self.seen = []
        self.last = None

    async def run(self):
        while True:
            place = Oldest() if self.last is None else After(self.last, "x")
            reader = Reader(self.log, self.tail, self.wanted, await start(self.log, StillClock(), place), self.limits)
            try:
                await self._read(reader)
            finally:
                reader.leave()
            for _ in range(self.rng.randrange(40)):
                await asyncio.sleep(0)

    async def _read(self, reader):
        rounds = self.rng.randrange(1, 12) if self.restless else None
        while rounds is None or rounds > 0:
            task = asyncio.ensure_future(reader.wait_batch())
            if self.restless and self.rng.random() < 0.3:
                for _ in range(self.rng.randrange(6)):  # a heartbeat's time-out strikes anywhere
                    await asyncio.sleep(0)
                task.cancel()
            try:
                batch = await task
            except asyncio.CancelledError:
                if asyncio.current_task().cancelling():
                    raise
                batch = ()
            for item in batch:
                assert not isinstance(item, Lost)
                self.seen.append(item.position)
                self.last = item.position
            if reader.position is not None and self.last is not None:
                self.last = max(self.last, reader.position)
            rounds = None if rounds is None else rounds - 1


@pytest.mark.parametrize("block", range(10))
async def test_resuming_anywhere_gives_the_same_sequence_as_having_stayed(block):
    for seed in range(block * 20, block * 20 + 20):
        await _one_world(seed)


async def _one_world(seed):
    rng = random.Random(seed)
    log = SmallLog(random.Random(rng.random()))
    log.append(*(news(rng, number) for number in range(rng.randrange(30))))
    limits = Limits(page=rng.choice((1, 2, 3, 7, 64)), events=10_000)
    tail = Tail(log, limits)
    subscribers = [
        Subscriber(log, tail, rng.choice(CHOICES), random.Random(rng.random()), limits, restless=bool(which))
        for which in range(5)
    ]
    tasks = [asyncio.ensure_future(subscriber.run()) for subscriber in subscribers]
    await publish(log, rng, rng.randrange(150))
    expected = [
        [s.position for s in log.stored if s.record.value is not None and _takes(subscriber, s)]
        for subscriber in subscribers
    ]
    async with asyncio.timeout(30):
        while [subscriber.seen for subscriber in subscribers] != expected:
            for subscriber, whole in zip(subscribers, expected, strict=True):
                assert subscriber.seen == whole[: len(subscriber.seen)], f"seed {seed}"
            assert not [task for task in tasks if task.done()]
            await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    await tail.close()


def _takes(subscriber, stored):
    """What the subscriber should get, judged without the code under test."""
    headers = dict(stored.record.headers)
    match subscriber.wanted:
        case w if w.selection.publishers:
            sources = {f"/publishers/{publisher}" for publisher in w.selection.publishers}
            return headers["ce_source"] in sources and headers["ce_type"] != "telex.deadletter"
        case w if w.types:
            return headers["ce_type"] in w.types
        case w:
            return stored.record.topic in w.topics


@pytest.mark.parametrize("seed", range(4))
async def test_resuming_over_http_gives_the_same_sequence_as_having_stayed(seed):
    rng = random.Random(seed)
    log = SmallLog(random.Random(seed))
    log.append(*(article(number) for number in range(20)))
    total = 400

    async def stay(served):
        return [int(message.id) for message in await (await served.open()).take(total)]

    async def come_and_go(served):
        seen = []
        while len(seen) < total:
            raw = await served.open(Last_Event_ID=str(seen[-1]) if seen else "0")
            seen += [int(message.id) for message in await raw.take(min(rng.randrange(1, 90), total - len(seen)))]
            raw.close()
        return seen

    async with serving(log) as served, asyncio.timeout(60):
        readers = [asyncio.ensure_future(stay(served)), *(asyncio.ensure_future(come_and_go(served)) for _ in range(4))]
        for number in range(20, total):
            log.append(article(number))
            await asyncio.sleep(rng.choice((0, 0, 0.001)))
        for seen in await asyncio.gather(*readers):
            assert seen == list(range(1, total + 1))


async def test_a_reader_that_is_ahead_of_the_tail_gets_nothing_twice():
    """The tail's own read is held back while a second reader, with pages of its own, overtakes it."""
    log = SmallLog()
    log.append(article(1))
    limits = Limits(page=4)
    tail = Tail(log, limits)
    choice = wanted(MultiDict(), NAMING)
    first = Reader(log, tail, choice, await start(log, StillClock(), Oldest()), limits)
    assert [item.position for item in await first.wait_batch()] == [1]
    held = asyncio.Event()
    read = log.read

    async def held_read(topics, after, limit):
        if topics is None:
            await held.wait()
        return await read(topics, after, limit)

    log.read = held_read
    log.append(article(2), article(3))
    second = Reader(log, tail, choice, await start(log, StillClock(), Oldest()), limits)
    assert [item.position for item in await second.wait_batch()] == [1, 2, 3]
    assert second.is_live
    assert tail.position == 1
    held.set()
    assert [item.position for item in await first.wait_batch()] == [2, 3]
    log.append(article(4))
    assert [item.position for item in await second.wait_batch()] == [4]
    assert second.position == 4
    await tail.close()


async def test_positions_without_records_do_not_hold_the_tail_up():
    """Compaction can remove the newest record: then the log is longer than what can be read of it."""
    log = SmallLog()
    log.append(article(1))
    tail = Tail(log, Limits())
    reader = Reader(log, tail, wanted(MultiDict(), NAMING), await start(log, StillClock(), Oldest()), Limits())
    await reader.wait_batch()
    log.append(article(2), article(3))
    log.stored.pop()
    log.stored.pop()
    async with asyncio.timeout(20):
        while reader.position != 3:
            await asyncio.sleep(0)
    reads = log.reads
    for _ in range(50):
        await asyncio.sleep(0)
    assert log.reads == reads
    log.append(article(4))
    assert [item.position for item in await reader.wait_batch()] == [4]
    await tail.close()
