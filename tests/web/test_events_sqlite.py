"""GET /events on the real log: a file that is written while it is read."""

from random import Random

import aiohttp
from web_log import article, dead_letter, gap
from web_reader import StillClock, serving

from telex.adapters.sqlite.log import SqliteLog, SqliteSettings
from telex.ports import Commit


async def test_what_is_committed_to_a_file_is_served_whole_and_in_order(tmp_path):
    settings = SqliteSettings(tmp_path / "telex.db", shards=1)
    log = await SqliteLog.open(settings, clock=StillClock(), random=Random(1), member="m")
    claim = await anext(aiter(log.claims()))
    await claim.append(Commit(tuple(article(number) for number in range(150))))
    try:
        async with serving(log) as served:
            stayed, gaps = await served.open(), await served.open("?type=telex.feed.gap&from=now")
            await stayed.take(150)
            for number in range(150, 200):
                await claim.append(Commit((article(number), dead_letter(number), gap(number))))
            seen = await stayed.take(100)
            assert [message.event["subject"] for message in seen[::2]] == [f"{n:024x}" for n in range(150, 200)]
            assert [message.event["data"]["ordinal"] for message in await gaps.take(50)] == list(range(150, 200))
            resumed = await served.open(Last_Event_ID=seen[40].id)
            assert [message.id for message in await resumed.take(59)] == [message.id for message in seen[41:]]
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"{served.url}/events?last_event_id=301") as answer,
            ):
                assert answer.status == 400
    finally:
        await claim.release()
        await log.close()
