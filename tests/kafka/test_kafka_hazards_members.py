"""Members that fall silent: a loop that stalls, a consumer that nobody waits on."""

import asyncio
import threading
from dataclasses import replace
from random import Random

import pytest
from aiokafka import AIOKafkaConsumer
from kafka_store import (
    Member,
    records_of,
    until,
)

from telex.adapters.kafka import KafkaLog, KafkaSettings, membership
from telex.errors import ClaimDied
from telex.testing.contracts import SHARDS, commit


class _Unattended(AIOKafkaConsumer):
    async def getmany(self, *_, **__):
        await asyncio.get_running_loop().create_future()


async def test_a_member_that_nobody_waits_on_leaves_for_ever(make_store, monkeypatch):
    store = make_store(max_poll_interval=1.0)
    with monkeypatch.context() as patch:
        patch.setattr(membership, "AIOKafkaConsumer", _Unattended)
        a = Member(await store.open("a"))
        await until(lambda: len(a.live) == SHARDS)
    await until(lambda: not a.live)
    assert a.log.membership.consumer.assignment()  # by its own word a member
    b = Member(await store.open("b"))
    await until(lambda: len(b.live) == SHARDS)
    left = b.log.membership.confirmed
    await until(lambda: b.log.membership.confirmed > left + 1.0)
    assert (len(b.live), a.live) == (SHARDS, {})


async def _take_over(settings: KafkaSettings, taken: threading.Event, leave: threading.Event) -> list[int]:
    """Another process's life: it takes every shard, writes, and leaves when it is told to."""
    log = await KafkaLog.open(settings, random=Random(2))
    won = []
    async for claim in log.claims():
        won.append(claim.shard)
        if claim.shard == 0:
            assert claim.restored.memories == {"feed": b"1"}
            await claim.append(commit(2))
        if set(won) == set(range(SHARDS)):
            break
    taken.set()
    await asyncio.get_running_loop().run_in_executor(None, leave.wait, 60)
    await log.close()
    return won


async def test_a_loop_that_stalls_for_longer_than_the_session_writes_nothing_afterwards(make_store):
    store = make_store(session=1.5)
    a = Member(await store.open("a"))
    await until(lambda: len(a.live) == SHARDS)
    first = dict(a.live)
    await first[0].append(commit(1))
    taken, leave = threading.Event(), threading.Event()
    settings = replace(store.settings, client_id="b")
    other = asyncio.get_running_loop().run_in_executor(None, lambda: asyncio.run(_take_over(settings, taken, leave)))
    try:
        assert taken.wait(60)  # the whole loop stands
        with pytest.raises(ClaimDied) as died:
            await first[0].append(commit(9))
        assert died.type is ClaimDied
        await until(lambda: all(claim.dead for claim in first.values()))
    finally:
        leave.set()
        await other
    claim = await a.claim(not_=first[0])
    assert claim.restored.memories == {"feed": b"2"}
    await claim.append(commit(3))
    assert await records_of(a.log) == ["a1", "a2", "a3"]
