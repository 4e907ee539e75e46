"""GET /events over loopback: the shape of the stream, where it starts, what it tells."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import aiohttp
import pytest
from web_log import NAMING, SmallLog, article, dead_letter, gap, tombstone
from web_reader import NOW, serving

from support.schema_validation import assert_valid_event
from telex.ports import Stored
from telex.wire import cloudevents


def filled(count=5):
    log = SmallLog()
    log.append(*(article(number) for number in range(count)))
    return log


async def get(url, **headers):
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
        return answer.status, answer.headers, await answer.json(content_type=None)


async def test_an_event_is_one_id_and_one_data_line_of_structured_cloudevents():
    log = filled(2)
    async with serving(log) as served:
        raw = await served.open()
        first, second = await raw.take(2)
    assert raw.status == 200
    assert raw.headers["content-type"] == "text/event-stream"
    assert raw.headers["cache-control"] == "no-store"
    assert raw.headers["x-accel-buffering"] == "no"
    assert raw.lines[:2] == ["retry: 3000", ""]
    assert [line.partition(":")[0] for line in raw.lines[2:]] == ["id", "data", "", "id", "data", ""]
    assert (first.type, first.id, second.id) == ("message", "1", "2")
    assert first.data.encode() == cloudevents.structured(log.stored[0].record)
    assert_valid_event(first.event)


async def test_without_a_position_the_stream_starts_at_the_oldest_event_and_goes_on_live():
    log = filled(3)
    log.trim(1)
    async with serving(log) as served:
        raw = await served.open()
        assert [message.id for message in await raw.take(2)] == ["2", "3"]
        log.append(article(9))
        assert [message.id for message in await raw.take(1)] == ["4"]


@pytest.mark.parametrize("query", ["?from=earliest", "?last_event_id=0"])
async def test_the_oldest_event_can_be_asked_for(query):
    async with serving(filled(2)) as served:
        assert [message.id for message in await (await served.open(query)).take(2)] == ["1", "2"]


async def test_from_now_gives_only_what_comes_later():
    log = filled(3)
    async with serving(log) as served:
        raw = await served.open("?from=now")
        await served.wait_readers(1)
        log.append(article(9))
        assert [message.id for message in await raw.take(1)] == ["4"]


@pytest.mark.parametrize("form", ["?last_event_id=3", "header"])
async def test_a_reader_goes_on_after_its_last_event(form):
    async with serving(filled()) as served:
        raw = await (served.open(Last_Event_ID="3") if form == "header" else served.open(form))
        assert [message.id for message in await raw.take(2)] == ["4", "5"]


@pytest.mark.parametrize("query", ["?from=now", "?last_event_id=1", "?since=0"])
async def test_the_header_wins_so_that_a_browser_that_comes_back_misses_nothing(query):
    async with serving(filled()) as served:
        raw = await served.open(query, Last_Event_ID="3")
        assert [message.id for message in await raw.take(2)] == ["4", "5"]


def instants():
    at = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
    yield "1770091506000"
    yield "2026-02-03T04:05:06Z"
    yield "2026-02-03T05:05:06%2B01:00"
    yield "2026-02-03T05:05:06+01:00"  # not encoded, as many write it
    yield at.astimezone(timezone(timedelta(hours=-3))).isoformat()


@pytest.mark.parametrize("since", list(instants()))
async def test_since_gives_what_was_stored_then_or_later(since):
    log = SmallLog()
    for number, at in enumerate((1770091505.0, 1770091506.0, 1770091507.0)):
        log.append(article(number), at=at)
    async with serving(log) as served:
        assert [message.id for message in await (await served.open(f"?since={since}")).take(2)] == ["2", "3"]


@pytest.mark.parametrize(("query", "after"), [("?last_event_id=2", 2), ("?since=1000", None)])
async def test_events_that_retention_removed_are_told_first(query, after):
    log = SmallLog()
    for number in range(9):
        log.append(article(number), at=float(number))
    log.trim(6)
    async with serving(log) as served:
        raw = await served.open(query)
        told, *events = await raw.take(4)
    assert told.type == "telex.log.truncated"
    assert_valid_event(told.event)
    assert told.event["data"] == {"after": after, "resumed_after": 6}
    assert told.id == "6"
    assert [(message.type, message.id) for message in events] == [("message", "7"), ("message", "8"), ("message", "9")]


async def test_the_last_retained_position_is_no_truncation():
    log = filled()
    log.trim(3)
    async with serving(log) as served:
        assert [message.id for message in await (await served.open("?last_event_id=3")).take(2)] == ["4", "5"]


async def test_since_an_instant_of_which_everything_is_retained_is_no_truncation():
    log = SmallLog()
    for number in range(5):
        log.append(article(number), at=float(number))
    log.trim(2)
    async with serving(log) as served:
        assert [message.id for message in await (await served.open("?since=3500")).take(1)] == ["5"]


async def test_since_an_instant_to_come_misses_nothing_though_the_log_is_empty():
    log = filled()
    log.trim(5)
    async with serving(log) as served:
        raw = await served.open(f"?since={int(NOW * 1000) + 60_000}")
        await served.wait_readers(1)
        log.append(article(9))
        assert [message.type for message in await raw.take(1)] == ["message"]


async def test_retention_that_overtakes_a_reader_is_told_where_it_happened():
    log = filled(400)
    gate = asyncio.Event()
    read = log.read

    async def read_slowly(topics, after, limit):
        if after >= 64:
            await gate.wait()
        return await read(topics, after, limit)

    log.read = read_slowly
    async with serving(log) as served:
        raw = await served.open()
        assert [message.id for message in await raw.take(64)] == [str(number) for number in range(1, 65)]
        log.trim(300)
        gate.set()
        told, following = await raw.take(2)
    assert told.event["data"] == {"after": 64, "resumed_after": 300}
    assert following.id == "301"


async def test_retention_that_overtakes_the_tail_is_told_to_live_readers():
    log = filled(3)
    async with serving(log) as served:
        raw = await served.open("?from=now")
        log.append(article(7))
        assert (await raw.take(1))[0].id == "4"
        log.append(*(article(number) for number in range(20)))
        log.trim(14)
        told, following = await raw.take(2)
    assert told.event["data"] == {"after": 4, "resumed_after": 14}
    assert following.id == "15"


@pytest.mark.parametrize(
    ("query", "header", "parameter", "value"),
    [
        ("?form=now", None, "form", None),
        ("?Type=telex.slow", None, "Type", None),
        ("?from=yesterday", None, "from", "yesterday"),
        ("?from=", None, "from", ""),
        ("?since=noon", None, "since", "noon"),
        ("?since=2026-02-03T04:05:06", None, "since", "2026-02-03T04:05:06"),
        ("?since=99999999999999999999", None, "since", "99999999999999999999"),
        ("?last_event_id=-1", None, "last_event_id", "-1"),
        ("?last_event_id=%D9%A3", None, "last_event_id", "\u0663"),
        ("?last_event_id=9223372036854775808", None, "last_event_id", "9223372036854775808"),
        ("?last_event_id=6", None, "last_event_id", "6"),
        ("", "6", "Last-Event-ID", "6"),
        ("", "abc", "Last-Event-ID", "abc"),
        ("?from=now&since=0", None, "since", "0"),
        ("?from=now&from=now", None, "from", "now"),
        ("?type=telex.article.deleted", None, "type", "telex.article.deleted"),
        ("?type=telex.slow", None, "type", "telex.slow"),
        ("?topic=news.sport", None, "topic", "news.sport"),
        ("?language=fr_FR", None, "language", "fr_FR"),
        ("?publisher=", None, "publisher", ""),
        ("?feed=a&feed=", None, "feed", ""),
        ("?type=telex.feed.gap&topic=news.articles", None, "topic", None),
        ("?from=bad&last_event_id=1", None, "last_event_id", "1"),
        ("?since=bad", "3", "since", "bad"),
    ],
)
async def test_what_is_not_understood_is_named(query, header, parameter, value):
    async with serving(filled()) as served:
        headers = {"Last-Event-ID": header} if header else {}
        status, answered, problem = await get(f"{served.url}/events{query}", **headers)
        assert served.server.statistics().readers == 0
    assert status == 400
    assert answered["Content-Type"].startswith("application/problem+json")
    assert (problem["status"], problem["parameter"], problem["value"]) == (400, parameter, value)
    assert problem["detail"].startswith(f"{parameter}: ")


async def test_a_comment_keeps_a_quiet_connection_open():
    async with serving(filled(1), heartbeat=0.05) as served:
        raw = await served.open("?from=now")
        lines = [line async for line, _ in _zip(raw._body_lines(), 6)]
    assert lines[:2] == ["retry: 3000", ""]
    assert [line for line in lines[2:] if line.startswith(":")]
    assert not [line for line in lines[2:] if line.startswith(("data", "event"))]


async def _zip(lines, count):
    async for line in lines:
        yield line, count
        count -= 1
        if not count:
            return


async def test_a_filtered_reader_that_comes_back_after_a_quiet_time_has_missed_nothing():
    log = filled(1)
    async with serving(log, heartbeat=0.05) as served:
        raw = await served.open("?publisher=b.example&from=now")
        await served.wait_readers(1)
        log.append(*(article(number) for number in range(50)))
        async for _line in raw._body_lines():
            if _line == "id: 51":
                break
        log.trim(51)
        again = await served.open("?publisher=b.example", Last_Event_ID="51")
        log.append(article(99, publisher="b.example"))
        assert [(message.type, message.id) for message in await again.take(1)] == [("message", "52")]


async def test_what_is_no_event_is_passed_over():
    log = filled(1)
    log.append(tombstone(), article(5))
    log.append(gap(1))
    async with serving(log) as served:
        raw = await served.open()
        assert [message.id for message in await raw.take(3)] == ["1", "3", "4"]
        log.append(tombstone(), article(6))
        assert [message.id for message in await raw.take(1)] == ["6"]


async def test_a_record_of_a_foreign_program_is_passed_over():
    log = filled(1)
    log.append(article(2))
    bare = log.stored[0].record
    log.stored[0] = Stored(1, type(bare)(bare.topic, bare.key, (("content-type", "text/plain"),), b"hello"), 0.0)
    async with serving(log) as served:
        assert [message.id for message in await (await served.open()).take(1)] == ["2"]


async def test_head_checks_the_request_and_takes_no_place():
    async with serving(filled()) as served, aiohttp.ClientSession() as session:
        async with session.head(f"{served.url}/events") as answer:
            assert (answer.status, answer.headers["Content-Type"]) == (200, "text/event-stream")
        async with session.head(f"{served.url}/events?last_event_id=99") as answer:
            assert answer.status == 400
        assert served.server.statistics().readers == 0


async def test_no_more_readers_are_served_than_there_are_places():
    async with serving(filled(1), readers=2) as served:
        first, second = await served.open(), await served.open()
        status, headers, problem = await get(f"{served.url}/events")
        assert (status, problem["status"], headers["Retry-After"]) == (503, 503, "5")
        assert "all 2 places are taken" in problem["detail"]
        first.close()
        await served.wait_readers(1)
        third = await served.open()
        assert (second.status, third.status) == (200, 200)
        assert served.server.statistics().refused == 1


async def test_a_log_that_cannot_be_read_is_a_503_without_its_secrets():
    log = filled()
    log.away = True
    async with serving(log) as served:
        status, _, problem = await get(f"{served.url}/events")
    assert status == 503
    assert "the event log cannot be read now" in problem["detail"]
    assert "hunter2secret" not in problem["detail"]


async def test_streams_outlive_a_log_that_is_away_for_a_while(monkeypatch):
    monkeypatch.setattr("telex.web.tail._PAUSE", 0.01)
    log = filled(2)
    async with serving(log) as served:
        live = await served.open()
        await live.take(2)
        log.away = True
        log.append(article(3))
        await asyncio.sleep(0.05)
        log.away = False
        assert [message.id for message in await live.take(1)] == ["3"]


async def test_a_fault_in_the_tail_ends_the_streams_and_the_next_reader_is_served(caplog):
    log = filled(2)
    async with serving(log) as served:
        raw = await served.open()
        await raw.take(2)
        wait_newer, log.wait_newer = log.wait_newer, None  # what a fault of ours might look like
        log.append(article(3))
        rest = [message.id async for message in raw.messages()]
        assert rest in ([], ["3"])
        log.wait_newer = wait_newer
        assert "the tail of the event log failed" in caplog.text
        again = await served.open(Last_Event_ID=raw.last_id)
        log.append(article(4))
        assert (await again.take(1))[0].id == str(int(raw.last_id) + 1)


async def test_each_event_is_read_and_encoded_once_for_all_live_readers(monkeypatch):
    log = SmallLog()
    encoded = []
    monkeypatch.setattr(
        "telex.web.frames.structured", lambda record: encoded.append(record) or cloudevents.structured(record)
    )
    async with serving(log) as served:
        readers = [await served.open() for _ in range(20)]
        log.append(article(0))
        for reader in readers:
            await reader.take(1)
        reads = log.reads
        encoded.clear()  # whoever was still catching up when the first came read it alone
        log.append(*(article(number) for number in range(1, 31)))
        for reader in readers:
            assert [message.id for message in await reader.take(30)] == [str(number) for number in range(2, 32)]
        assert len(encoded) == 30
        assert log.reads - reads <= 3


async def test_a_log_nobody_reads_is_not_read():
    log = filled()
    async with serving(log) as served:
        raw = await served.open()
        await raw.take(5)
        raw.close()
        await served.wait_readers(0)
        reads = log.reads
        log.append(*(article(number) for number in range(9)))
        await asyncio.sleep(0.05)
        assert log.reads == reads


async def test_dead_letters_come_only_when_asked_for():
    log = filled(1)
    log.append(dead_letter(1), article(2))
    async with serving(log) as served:
        assert [message.id for message in await (await served.open()).take(2)] == ["1", "3"]
        for query in ("?type=telex.deadletter", f"?topic={NAMING.deadletters}"):
            (message,) = await (await served.open(query)).take(1)
            assert message.event["type"] == "telex.deadletter"
