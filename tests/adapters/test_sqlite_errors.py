"""What goes wrong with the file is said clearly, and nothing is lost."""

import asyncio
import os
import tempfile
from pathlib import Path
from random import Random

import apsw
import pytest

from telex.adapters.sqlite import tables
from telex.adapters.sqlite.log import SqliteClaim, SqliteLog, SqliteSettings, open_reader
from telex.adapters.sqlite.schema import boot_time
from telex.core.model import FeedId
from telex.core.records import Record
from telex.errors import ConfigurationError, LogCorrupt, LogUnavailable
from telex.ports import Commit, Restored
from telex.testing.manual_clock import ManualClock


@pytest.fixture
def path(tmp_path):
    return tmp_path / "telex.db"


async def opened(path, **changes):
    settings = SqliteSettings(path, shards=1, heartbeat=0.04, busy_timeout=0.1, retention_interval=3600.0, **changes)
    return await SqliteLog.open(settings, clock=ManualClock(), random=Random(0))


async def first_claim(log):
    async with asyncio.timeout(10):
        return await anext(aiter(log.claims()))


def commit(number):
    record = Record("news.articles", f"a{number}", (), b"x" * 3000)
    return Commit((record,), {FeedId("f"): str(number).encode()})


async def count(log):
    return len(await log.read(None, 0, 10_000))


async def test_a_locked_file_takes_nothing_now_and_everything_later(path):
    log = await opened(path)
    claim = await first_claim(log)
    other = apsw.Connection(str(path))
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LogUnavailable, match="another process holds the event log locked") as raised:
        await claim.append(commit(1))
    assert str(path) in str(raised.value)
    assert not claim.dead
    other.execute("ROLLBACK")
    other.close()
    await claim.append(commit(1))
    assert await count(log) == 1
    await log.close()


async def test_a_full_disk_takes_nothing_and_the_claim_lives_until_there_is_room(path):
    log = await opened(path)
    claim = await first_claim(log)
    await log.writer.run(lambda db: db.pragma("max_page_count", db.pragma("page_count") + 8))
    written = 0
    with pytest.raises(LogUnavailable, match="no room left"):
        while True:
            await claim.append(commit(written))
            written += 1
    assert written > 0
    assert await count(log) == written
    with pytest.raises(LogUnavailable):
        await claim.append(commit(written))
    assert not claim.dead
    await log.writer.run(lambda db: db.pragma("max_page_count", 100_000))
    await claim.append(commit(written))
    await log.close()
    log = await opened(path)
    assert (await first_claim(log)).restored.memories == {"f": str(written).encode()}
    assert await count(log) == written + 1
    await log.close()


async def test_retention_makes_room_in_a_full_file(path):
    log = await opened(path, retention_age=None, retention_bytes=150_000)
    claim = await first_claim(log)
    await log.writer.run(lambda db: db.pragma("max_page_count", 60))
    written = 0
    with pytest.raises(LogUnavailable):
        while True:
            await claim.append(commit(written))
            written += 1
    while await log.retain():
        pass
    await claim.append(commit(written))
    assert not claim.dead
    await log.close()


async def filled(path):
    log = await opened(path)
    claim = await first_claim(log)
    for number in range(100):
        await claim.append(commit(number))
    await log.close()


async def test_a_damaged_log_names_the_file_and_the_remedy_and_ends_the_claims(path):
    await filled(path)
    data = bytearray(path.read_bytes())
    for page in range(1, len(data) // 4096):
        data[page * 4096 : page * 4096 + 200] = b"\xa5" * 200
    path.write_bytes(data)
    with pytest.raises(LogCorrupt) as raised:
        log = await opened(path)
        try:
            await first_claim(log)
        finally:
            await log.close()
    assert str(path) in str(raised.value)
    assert "backup" in str(raised.value)


async def test_damage_found_by_an_append_ends_its_claim_and_the_iteration(path):
    await filled(path)
    db = apsw.Connection(str(path))
    root = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'memories'").get
    db.close()
    data = bytearray(path.read_bytes())
    data[(root - 1) * 4096 : root * 4096] = b"\xa5" * 4096
    path.write_bytes(data)
    log = await opened(path)
    await log.writer.run(lambda db: tables.beat(db, log._member, boot_time(), 8.0))
    lease = tables.Lease(0, await log.writer.run(lambda db: take(db, log._member)), log._member)
    claim = SqliteClaim(log, lease, Restored({}, None, 0))
    with pytest.raises(LogCorrupt, match="damaged"):
        await claim.append(commit(1))
    assert await claim.wait_dead() == "failed"
    async with asyncio.timeout(10):
        with pytest.raises(LogCorrupt):
            await anext(aiter(log.claims()))
    await log.close()


def take(db, member):
    """A claim without its restore, which would meet the damage first."""
    db.execute("UPDATE leases SET epoch = epoch + 1, owner = ?", (member,))
    return db.execute("SELECT epoch FROM leases").get


async def test_a_file_that_is_no_database_is_left_alone(path):
    path.write_bytes(b"dear diary, " * 1000)
    with pytest.raises(LogCorrupt) as raised:
        await opened(path)
    assert str(path) in str(raised.value)
    assert path.read_bytes() == b"dear diary, " * 1000


async def test_a_database_of_another_program_is_left_alone(path):
    db = apsw.Connection(str(path))
    db.execute("CREATE TABLE notes (text)")
    db.close()
    before = path.read_bytes()
    for attempt in (opened, open_reader):
        with pytest.raises(LogCorrupt, match="another program") as raised:
            await attempt(path)
        assert str(path) in str(raised.value)
    assert path.read_bytes() == before


async def test_a_log_of_a_newer_telex_is_refused(path):
    await filled(path)
    db = apsw.Connection(str(path))
    db.pragma("user_version", 2)
    db.close()
    for attempt in (opened, open_reader):
        with pytest.raises(ConfigurationError, match="newer telex"):
            await attempt(path)


async def test_another_number_of_shards_is_refused_with_the_number_to_set(path):
    await filled(path)
    settings = SqliteSettings(path, shards=5)
    with pytest.raises(ConfigurationError, match="1 shards, not 5; set shards to 1"):
        await SqliteLog.open(settings, clock=ManualClock(), random=Random(0))


async def test_a_missing_directory_a_directory_and_a_missing_file_are_named(tmp_path):
    with pytest.raises(ConfigurationError, match="does not exist; make it"):
        await opened(tmp_path / "missing" / "telex.db")
    with pytest.raises(ConfigurationError, match="is a directory"):
        await opened(tmp_path)
    with pytest.raises(ConfigurationError, match="there is no event log"):
        await open_reader(tmp_path / "telex.db")


async def test_a_directory_or_a_file_that_may_not_be_written_is_named():
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        path = place / "telex.db"
        await filled(path)
        path.chmod(0o444)
        place.chmod(0o755)
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)  # root may write anywhere
        else:
            place.chmod(0o555)
        try:
            with pytest.raises(ConfigurationError, match="is not writable; grant telex the right"):
                await opened(place / "new.db")
            with pytest.raises(ConfigurationError, match="is not writable; grant telex the right"):
                await opened(path)
        finally:
            if root:
                os.seteuid(0)
            place.chmod(0o755)


async def test_two_processes_may_make_the_file_at_the_same_moment(path):
    logs = await asyncio.gather(*(opened(path) for _ in range(6)))
    for log in logs:
        assert log.shards == 1
        assert await log.bounds() == (0, 0)
        await log.close()
