"""Readers that take nothing: a bounded buffer, a word, the end."""

import asyncio

from web_log import SmallLog, article
from web_reader import serving

from support.schema_validation import assert_valid_event
from telex.web.tail import Limits

BIG = 200_000


async def flood(log, until, *, keeping_up=None):
    """Append large events until the condition holds, no faster than `keeping_up` reads them."""
    async with asyncio.timeout(60):
        while not until():
            newest = log.append(article(log.newest, padding=BIG))
            while keeping_up is not None and keeping_up.last_id != str(newest):
                await asyncio.sleep(0.001)
            await asyncio.sleep(0.001)


async def test_a_slow_reader_is_told_and_ended_and_can_come_back():
    log = SmallLog()
    log.append(article(0))
    async with serving(log, limits=Limits(events=20)) as served:
        slow = await served.open()
        quick = await served.open()
        kept = asyncio.ensure_future(_drain(quick))
        await slow.take(1)
        await flood(log, lambda: served.server.statistics().slow, keeping_up=quick)
        messages = [message async for message in slow.messages()]
        told = messages.pop()
        assert told.type == "telex.slow"
        assert_valid_event(told.event)
        last = int(messages[-1].id)
        assert told.event["data"]["last_event_id"] == last
        assert told.event["data"]["buffered"] > 20
        assert [int(message.id) for message in messages] == list(range(2, last + 1))
        again = await served.open(Last_Event_ID=str(last))
        assert (await again.take(1))[0].id == str(last + 1)
        assert not kept.done(), "the quick reader was ended too"
        assert served.server.statistics().slow == 1
        kept.cancel()


async def _drain(raw):
    async for _ in raw.messages():
        pass


async def test_the_buffer_is_bounded_in_bytes_too():
    log = SmallLog()
    log.append(article(0))
    async with serving(log, limits=Limits(events=10_000, size=2_000_000), farewell=0.1) as served:
        slow = await served.open()
        await slow.take(1)
        await flood(log, lambda: served.server.statistics().slow)
        assert served.server.statistics().slow == 1
        await served.wait_readers(0)


async def test_a_reader_that_takes_nothing_while_it_catches_up_is_ended():
    log = SmallLog()
    log.append(*(article(number, padding=BIG) for number in range(200)))
    async with serving(log, stall=0.2, farewell=0.1) as served:
        stuck = await served.open()
        assert stuck.status == 200
        await served.wait_readers(0)
        assert served.server.statistics().slow == 1


async def test_a_reader_that_is_slow_to_catch_up_is_paced_and_gets_everything():
    log = SmallLog()
    log.append(*(article(number, padding=BIG) for number in range(150)))
    async with serving(log, limits=Limits(events=5, size=1_000_000)) as served:
        raw = await served.open()
        seen = []
        async for message in raw.messages():
            seen.append(int(message.id))
            await asyncio.sleep(0.001)
            if len(seen) == 150:
                break
        assert seen == list(range(1, 151))


async def test_a_reader_that_goes_away_frees_its_place_at_once():
    log = SmallLog()
    async with serving(log) as served:
        raw = await served.open()
        await served.wait_readers(1)
        raw.close()
        await served.wait_readers(0)
