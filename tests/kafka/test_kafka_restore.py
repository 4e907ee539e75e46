"""What a new owner remembers: of compacted partitions, after aborted transactions, beside foreign ones."""

import asyncio
from dataclasses import replace

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete
from aiokafka.structs import TopicPartition
from kafka_store import Member, alter_topic, contents, records_of, until

from telex.adapters.kafka import restore
from telex.adapters.kafka.parcels import Parcel
from telex.adapters.kafka.state import FORMAT, NewerFormatError, Remembered
from telex.core.model import FeedId
from telex.errors import LogCorrupt
from telex.ports import Command, CommandKind, Commit
from telex.testing.contracts import SHARDS, commit


async def test_a_compacted_partition_that_ends_with_markers_is_restored(make_store, servers):
    store = make_store()
    a = Member(await store.open("a"))
    state = store.settings.topics.state
    await alter_topic(
        servers,
        state,
        cleanup_policy="compact",
        segment_ms="100",
        min_cleanable_dirty_ratio="0.01",
        delete_retention_ms="0",
    )
    claim = await a.claim()
    for turn in range(12):
        memories = {FeedId(f"f{number}"): b"%d" % turn for number in range(50)}
        await claim.append(Commit((), memories, b"plan %d" % turn, turn))
        await asyncio.sleep(0.05)
    await claim.append(Commit((), {FeedId(f"f{number}"): None for number in range(25)}))

    async def compacted() -> bool:
        await claim.append(Commit((), {FeedId("last"): b"x"}))  # the segment that is written to stays as it is
        return len(await contents(servers, state)) < 250

    async with asyncio.timeout(30):
        while not await compacted():
            await asyncio.sleep(0.2)
    await _abort(claim)
    again = await a.claim(not_=claim)
    expected = {f"f{number}": b"11" for number in range(25, 50)} | {"last": b"x"}
    assert dict(again.restored.memories) == expected
    assert (again.restored.schedule, again.restored.inbox) == (b"plan 11", 11)


async def _abort(claim) -> None:
    """Send half of a commit, and die: the next claim's producer leaves an abort marker at the end."""
    producer = claim.transactor._producer
    await producer.begin_transaction()
    await (await producer.send(claim._log.places.state, b"never", b"f30", partition=claim.shard))
    claim.die("failed")
    await claim.transactor.drop()


async def test_what_a_dead_owner_left_open_is_ended_by_the_next_claim_at_once(store, servers):
    a = Member(await store.open("a"))
    claim = await a.claim()
    await claim.append(commit(1))
    await _abort(claim)
    began = asyncio.get_running_loop().time()
    again = await a.claim(not_=claim)
    assert asyncio.get_running_loop().time() - began < 5  # not the time-out, which is 10 s
    assert again.restored.memories == {"feed": b"1"}
    state = store.settings.topics.state
    assert (b"f30", b"never") in await contents(servers, state, isolation="read_uncommitted")
    assert (b"f30", b"never") not in await contents(servers, state)
    await again.append(commit(2))
    assert await records_of(a.log) == ["a1", "a2"]


async def test_a_foreign_open_transaction_holds_up_its_shard_alone_and_is_named(make_store, servers, monkeypatch):
    monkeypatch.setattr(restore, "_SWEEP", 0.0)
    store = make_store(request_timeout=1.0, transaction_timeout=1.0)
    log = await store.open("a")
    foreign = AIOKafkaProducer(bootstrap_servers=servers, transactional_id=f"foreign-{store.settings.group}")
    await foreign.start()
    await foreign.begin_transaction()
    await foreign.send_and_wait(store.settings.topics.state, b"foreign", b"f", partition=0)
    a = Member(log)
    await until(lambda: len(a.live) == SHARDS - 1)
    await until(lambda: log.trouble is not None)
    assert f"{store.settings.topics.state}-0: a transaction of another program is open" in log.trouble
    assert 0 not in a.live
    await foreign.abort_transaction()
    await foreign.stop()
    claim = await a.claim(0)
    assert claim.restored.memories == {}
    await claim.append(commit(1))
    assert log.trouble is None


async def test_a_state_of_a_newer_telex_is_refused_with_words(store):
    a = Member(await store.open("a"))
    claim = await a.claim()
    await claim.append(commit(1))
    await claim.transactor.transact([Parcel(store.settings.topics.state, 0, FORMAT, b"99")])
    await claim.release()
    await until(lambda: a.error is not None)
    assert isinstance(a.error, NewerFormatError)
    assert "format 99" in str(a.error)


def test_foreign_records_in_the_state_topic_are_told():
    with pytest.raises(LogCorrupt, match="no feed's"):
        Remembered().take(b"a\xfe", b"")
    with pytest.raises(LogCorrupt, match="inbox"):
        Remembered().take(b"\xffinbox", b"x")
    newer = Remembered()
    newer.take(b"\xffsomething of a newer telex", b"x")
    assert newer == Remembered()


async def test_a_large_memory_of_many_records_is_restored(store):
    a = Member(await store.open("a"))
    claim = await a.claim()
    for part in range(10):
        await claim.append(Commit((), {FeedId(f"f{part}-{number}"): bytes([part]) * 3000 for number in range(300)}))
    await claim.release()
    restored = (await a.claim(not_=claim)).restored.memories
    assert len(restored) == 3000
    assert all(memory == bytes([int(feed[1:].partition("-")[0])]) * 3000 for feed, memory in restored.items())


async def test_positions_mean_the_same_to_every_instance_and_after_a_restart(store):
    a = Member(await store.open("a"))
    claim = await a.claim()
    for number in range(5):
        await claim.append(commit(number))
    await _abort(claim)
    claim = await a.claim(not_=claim)
    for number in range(5, 10):
        await claim.append(commit(number))
    whole = await a.log.read(None, 0, 100)
    other = await store.open("b")
    for stored in whole:
        rest = await other.read(None, stored.position, 100)
        assert rest == whole[whole.index(stored) + 1 :]
    await a.log.close()
    again = await store.open("a")
    assert await again.read(None, whole[3].position, 3) == whole[4:7]
    assert await again.bounds() == (0, whole[-1].position)


async def test_what_retention_removed_shows_in_the_bounds(store, servers):
    a = Member(await store.open("a"))
    claim = await a.claim()
    for number in range(6):
        await claim.append(commit(number))
    whole = await a.log.read(None, 0, 100)
    events = TopicPartition(store.settings.topics.events, 0)
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    await admin.delete_records({events: RecordsToDelete(before_offset=whole[3].position - 1)})
    floor, newest = await a.log.bounds()
    assert (floor, newest) == (whole[3].position - 1, whole[-1].position)
    assert await a.log.read(None, 0, 100) == whole[3:]
    assert await a.log.at(whole[0].at) == floor
    await admin.delete_records({events: RecordsToDelete(before_offset=-1)})
    await admin.close()
    floor, newest = await a.log.bounds()
    assert floor == newest >= whole[-1].position
    assert await a.log.read(None, 0, 100) == ()
    await claim.append(commit(9))
    assert await records_of(a.log) == ["a9"]


async def test_an_open_transaction_of_another_owner_does_not_hang_a_reader(store):
    a = Member(await store.open("a"))
    first, second = await a.claim(0), await a.claim(1)
    await first.append(commit(1))
    producer = second.transactor._producer
    await producer.begin_transaction()
    await (await producer.send(store.settings.topics.events, b"x", b"open", partition=0))
    await first.append(commit(2))
    async with asyncio.timeout(10):
        assert await records_of(a.log) == ["a1"]  # what is behind it becomes visible when it ends
    second.die("failed")
    await second.transactor.drop()
    await a.claim(1, not_=second)
    assert await records_of(a.log) == ["a1", "a2"]


async def test_commands_survive_a_reader_that_breaks_and_an_inbox_that_was_made_anew(store):
    a = Member(await store.open("a"))
    claim = await a.claim()
    command = Command("c1", CommandKind.PAUSE, FeedId("é"))
    await claim.append(Commit((), None, None, 40))
    await claim.release()
    claim = await a.claim(not_=claim)
    assert claim.restored.inbox == 40
    async with asyncio.timeout(10):
        position = await a.log.put(0, command)
        assert position == 1
        assert await claim.wait_inbox(40) == ((1, command),)
        await a.log.inbox._consumer.stop()
        late = replace(command, id="c2")
        assert await a.log.put(0, late) == 2
        assert await claim.wait_inbox(1) == ((2, late),)
    with pytest.raises(ValueError, match="no shard 9"):
        await a.log.put(9, command)
