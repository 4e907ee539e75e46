"""What the SQLite log promises beyond the contract: group commits, time, retention, limits."""

import asyncio
from random import Random

import pytest

from telex.adapters.sqlite.log import SqliteLog, SqliteSettings, open_reader
from telex.adapters.sqlite.schema import boot_time
from telex.core.model import FeedId
from telex.core.records import Record
from telex.errors import AppendRefused, ClaimDied, LogError
from telex.ports import Command, CommandKind, Commit
from telex.testing.manual_clock import ManualClock

DAY = 86400.0


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
async def opened(tmp_path, clock):
    """Opens members of one file; they are closed at the end."""
    logs = []

    async def open_(**changes):
        plain = {"path": tmp_path / "telex.db", "shards": 2, "heartbeat": 0.04, "retention_interval": 3600.0}
        log = await SqliteLog.open(SqliteSettings(**(plain | changes)), clock=clock, random=Random(len(logs)))
        logs.append(log)
        return log

    yield open_
    for log in logs:
        await log.close()


async def claim_all(log):
    claims = {}
    async with asyncio.timeout(10):
        async for claim in log.claims():
            claims[claim.shard] = claim
            if len(claims) == log.shards:
                break
    return claims


def event(key, topic="news.articles", value=b"{}"):
    return Record(topic, key, (), value)


async def keys(log, topics=None):
    return [stored.record.key for stored in await log.read(topics, 0, 10_000)]


async def run_retention(log):
    while await log.retain():
        pass


async def test_shards_that_append_at_once_share_transactions(opened):
    log = await opened(shards=32)
    claims = await claim_all(log)
    before = log.statistics()
    for turn in range(5):
        await asyncio.gather(*(claim.append(Commit((event(f"{turn}"),))) for claim in claims.values()))
    after = log.statistics()
    assert after.jobs - before.jobs >= 160
    assert after.commits - before.commits <= 60
    assert len(await keys(log)) == 160


async def test_one_fenced_append_does_not_harm_its_companions_in_a_transaction(opened):
    log = await opened()
    claims = await claim_all(log)
    await log.writer.run(lambda db: db.execute("UPDATE leases SET epoch = epoch + 1 WHERE shard = 1"))
    results = await asyncio.gather(
        claims[1].append(Commit((event("zombie"),))), claims[0].append(Commit((event("fine"),))), return_exceptions=True
    )
    assert isinstance(results[0], ClaimDied)
    assert results[1] is None
    assert await keys(log) == ["fine"]


async def test_an_append_that_is_cancelled_while_it_runs_ends_the_claim(opened):
    log = await opened()
    claim = (await claim_all(log))[0]
    task = asyncio.create_task(claim.append(Commit((event("doubtful"),))))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await claim.wait_dead() == "unknown"
    with pytest.raises(ClaimDied):
        await claim.append(Commit((event("later"),)))


async def test_too_large_a_record_or_memory_is_refused_and_its_feed_named(opened):
    log = await opened(max_record_bytes=1000)
    claims = await claim_all(log)
    with pytest.raises(AppendRefused) as refused:
        await claims[0].append(Commit((event("a"),), {FeedId("thin"): b"1", FeedId("fat"): b"x" * 1001}))
    assert (refused.value.reason, refused.value.culprit) == ("too_large", "fat")
    with pytest.raises(AppendRefused) as refused:
        await claims[1].append(Commit((event("a", value=b"x" * 1001),), {FeedId("only"): b"1"}))
    assert (refused.value.reason, refused.value.culprit) == ("too_large", "only")
    assert await keys(log) == []


@pytest.mark.parametrize("bad", [event("a", value=None), event("\ud800"), Record("t", "a", (("h", "\ud800"),), b"")])
async def test_what_cannot_be_stored_is_refused_as_invalid(bad, opened):
    log = await opened()
    claim = (await claim_all(log))[0]
    with pytest.raises(AppendRefused) as refused:
        await claim.append(Commit((event("fine"), bad)))
    assert refused.value.reason == "invalid"
    assert await keys(log) == []


# Time


async def test_a_clock_that_jumps_back_disturbs_neither_order_nor_leases(opened, clock):
    log = await opened(lease=5.0)
    claims = await claim_all(log)
    await claims[0].append(Commit((event("a"),)))
    first = clock.now()
    clock.advance(-1800)
    await claims[0].append(Commit((event("b"),)))
    await asyncio.sleep(0.15)  # some heartbeats
    await claims[1].append(Commit((event("c"),)))
    stored = await log.read(None, 0, 10)
    assert [one.record.key for one in stored] == ["a", "b", "c"]
    assert {one.at for one in stored} == {first}
    assert await log.at(first - 900) == 0
    clock.advance(-30 * DAY)
    await claims[0].append(Commit((event("d"),)))
    assert (await log.read(None, 3, 10))[0].at == clock.now()
    assert not claims[0].dead


async def test_a_member_of_an_earlier_boot_counts_as_lapsed(opened):
    log = await opened()
    await log.writer.run(
        lambda db: db.execute("INSERT INTO members (name, renewed, lease) VALUES ('old', ?, 8)", (boot_time() + 1e6,))
    )
    await log.writer.run(lambda db: db.execute("UPDATE leases SET owner = 'old'"))
    assert set(await claim_all(log)) == {0, 1}


async def test_a_live_member_keeps_its_shards_until_its_lease_lapses(opened):
    log = await opened()
    await log.writer.run(
        lambda db: db.execute("INSERT INTO members (name, renewed, lease) VALUES ('other', ?, 0.4)", (boot_time(),))
    )
    await log.writer.run(lambda db: db.execute("UPDATE leases SET owner = 'other'"))
    claims = await claim_all(log)
    assert set(claims) == {0, 1}
    members = await log.writer.run(lambda db: list(db.execute("SELECT name FROM members")))
    assert members == [(log._member,)]


# Retention


async def test_records_past_their_age_are_deleted_from_the_oldest_on(opened, clock):
    log = await opened(retention_age=30 * DAY)
    claim = (await claim_all(log))[0]
    await claim.append(Commit(tuple(event(f"old{number}") for number in range(1200)), {FeedId("f"): b"kept"}))
    clock.advance(20 * DAY)
    await claim.append(Commit((event("new"),)))
    clock.advance(11 * DAY)
    slices = 1
    while await log.retain():
        slices += 1
    assert slices >= 3
    assert await keys(log) == ["new"]
    assert await log.bounds() == (1200, 1201)
    assert await log.at(0) == 1200
    clock.advance(30 * DAY)
    await run_retention(log)
    assert await log.bounds() == (1201, 1201)
    await claim.append(Commit((event("next"),)))
    assert [one.position for one in await log.read(None, 0, 10)] == [1202]


async def test_records_of_a_wrong_future_do_not_hold_up_retention(opened, clock):
    log = await opened(retention_age=30 * DAY)
    claim = (await claim_all(log))[0]
    clock.advance(3650 * DAY)
    await claim.append(Commit((event("of the future"),)))
    clock.advance(-3650 * DAY)
    await claim.append(Commit((event("of today"),)))
    clock.advance(31 * DAY)
    await claim.append(Commit((event("later"),)))
    await run_retention(log)
    assert await keys(log) == ["later"]


async def test_the_oldest_records_go_while_the_file_uses_too_much(opened):
    log = await opened(retention_age=None, retention_bytes=2_000_000)
    claim = (await claim_all(log))[0]
    for number in range(60):
        await claim.append(Commit(tuple(event(f"{number}.{part}", value=b"x" * 2000) for part in range(40))))
    await run_retention(log)
    oldest, newest = await log.bounds()
    left = await log.read(None, 0, 10_000)
    assert 0 < oldest < newest == 2400
    assert [one.position for one in left] == list(range(oldest + 1, newest + 1))
    used = await log.writer.run(lambda db: (db.pragma("page_count") - db.pragma("freelist_count")) * 4096)
    assert used <= 2_000_000


async def test_compacted_topics_keep_the_latest_of_each_key_for_ever(opened, clock):
    log = await opened(retention_age=30 * DAY)
    claim = (await claim_all(log))[0]
    for state in range(3):
        await claim.append(Commit(tuple(event(f"feed{n}", "news.feeds", b"%d" % state) for n in range(300))))
        await claim.append(Commit((event(f"article{state}"),)))
    await claim.append(Commit((event("feed0", "news.feeds", None),)))
    await run_retention(log)
    feeds = await log.read(frozenset({"news.feeds"}), 0, 10_000)
    assert {one.record.key: one.record.value for one in feeds} == {f"feed{n}": b"2" for n in range(1, 300)} | {
        "feed0": None
    }
    assert len(feeds) == 300
    assert await keys(log, frozenset({"news.articles"})) == ["article0", "article1", "article2"]
    clock.advance(31 * DAY)
    await run_retention(log)
    assert len(await keys(log)) == 299
    assert await log.bounds() == (903, 904)


async def test_commands_go_once_their_position_is_committed(opened):
    log = await opened()
    claim = (await claim_all(log))[0]
    positions = [await log.put(shard, Command("c", CommandKind.POLL, FeedId("f"))) for shard in (0, 0, 1)]
    await claim.append(Commit(inbox=positions[0]))
    await run_retention(log)
    left = await log.writer.run(lambda db: list(db.execute("SELECT id FROM inbox ORDER BY id")))
    assert left == [(positions[1],), (positions[2],)]


async def test_the_write_ahead_log_stays_short(opened, tmp_path):
    log = await opened()
    claim = (await claim_all(log))[0]
    for number in range(400):
        await claim.append(Commit(tuple(event(f"{number}.{part}", value=b"x" * 4000) for part in range(20))))
    assert (tmp_path / "telex.db-wal").stat().st_size < 10_000_000
    assert (tmp_path / "telex.db").stat().st_size > 20_000_000


# Reading from elsewhere


async def test_a_reader_alone_reads_a_log_in_use_and_at_rest(opened, tmp_path):
    log = await opened()
    claim = (await claim_all(log))[0]
    reader = await open_reader(tmp_path / "telex.db")
    waiting = asyncio.create_task(reader.wait_newer(0))
    await claim.append(Commit((event("a"),)))
    async with asyncio.timeout(10):
        await waiting
    assert await keys(reader) == ["a"]
    await reader.close()
    await log.close()
    reader = await open_reader(tmp_path / "telex.db")
    assert await keys(reader) == ["a"]
    waiting = asyncio.create_task(reader.wait_newer(1))
    await asyncio.sleep(0.01)
    await reader.close()
    with pytest.raises(LogError):
        await waiting


async def test_a_command_for_a_shard_that_does_not_exist_is_an_error(opened):
    log = await opened()
    with pytest.raises(ValueError, match="no shard 2"):
        await log.put(2, Command("c", CommandKind.POLL, FeedId("f")))


async def test_commands_that_only_a_newer_telex_knows_are_left_out(opened):
    log = await opened()
    claim = (await claim_all(log))[0]
    await log.writer.run(
        lambda db: db.execute("INSERT INTO inbox (shard, command, kind, feed) VALUES (0,'x','new','f')")
    )
    known = await log.put(0, Command("c", CommandKind.PAUSE, FeedId("f")))
    async with asyncio.timeout(10):
        assert await claim.wait_inbox(0) == ((known, Command("c", CommandKind.PAUSE, FeedId("f"))),)
