"""What aiokafka and Kafka do behind one's back: each protection is taken away once, and the damage shown.

Which test holds which hazard (modules without their `test_kafka_`, tests by their first words):

1. A failed send, and a commit that succeeds all the same. append: a_commit_whose_sends_nobody_awaits,
   what_the_broker_refuses_is_refused_whole.
2. Sequence numbers that a failed batch has used. Here: a_producer_with_a_failed_send.
3. A partition without leader. hazards_brokers: a_partition_without_leader (soak).
4. An abort that ends nothing. hazards_brokers: what_was_refused_never_appears. append: a_transaction_is_given_up_in_no_way.
5. What is left open hides what others write. Here: what_is_open_is_ended. restore: what_a_dead_owner_left_open.
6. A request to commit that arrives late (KAFKA-17754). Here: a_late_copy_of_a_commit. append: a_request_that_was_sent_twice.
7. A batch above its topic's limit. Here: batches_stay_below. append: what_the_broker_refuses_is_refused_whole (300).
8. A clock that is fast. Here: a_fast_clock_is_named. append: no_record_is_sent_with_a_time_of_ours.
9. A cancelled commit that goes on. Here: a_cancelled_commit. append: a_cancelled_append.
10. A send that still waits for room when the commit starts. Here: every_send_ends_before_the_commit.
11. Guards that are assert statements. Here: the_guards_of_transactions. start: python_without_assertions_is_refused.
12. A transactional id that expired. hazards_brokers: a_producer_that_was_idle_too_long.
13. A fence that only a send's future knows. Here: a_zombie_learns_of_its_fence.
14. Brokers that do not answer, a coordinator that is removed. hazards_brokers: an_append_ends_though_nothing_is_answered,
    the_removal_of_the_coordinators_broker (soak). append: a_commit_that_hangs.

Beside these: an open transaction of another program (restore: a_foreign_open_transaction), a loop that stalls for longer
than its session and a member that nobody waits on (hazards_members; membership: a_member_whose_waiting_is_longer).
"""

import asyncio
import functools
import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from typing import ClassVar

import pytest
from aiokafka import AIOKafkaProducer
from kafka_careless import FEED, AbortsAndGoesOn, Blind, Trusting, Unimpressed, articles_of, memories_of, send
from kafka_shard import Shard
from kafka_store import (
    KafkaStore,
    Member,
    article,
    create_topic,
    limit_topic,
    own_articles,
    records_of,
    until,
)

from support.kafka_proxy import Api, Kind, Proxy
from telex.adapters.kafka import KafkaLog, KafkaSettings, clients, producer
from telex.errors import AppendRefused, ClaimDied
from telex.ports import Commit
from telex.testing.contracts import commit

# 2


@pytest.mark.parametrize("log_type", [Blind, Trusting, AbortsAndGoesOn])
async def test_a_producer_with_a_failed_send_is_never_used_again(make_store, servers, log_type):
    store = make_store(log_type)
    own_articles(store)
    a = Member(await store.open("a"))
    claim = await a.claim()
    await limit_topic(servers, store.settings.topics.articles, 2000)
    ended = []
    for number, size in enumerate((3000, 100, 100)):
        made = replace(article(store, 7, os.urandom(size)), headers=())
        claim = a.live.get(0) or await a.claim()
        try:
            await claim.append(Commit((made,), {FEED: b"%d" % number}))
            ended.append("written")
        except ClaimDied as error:
            ended.append(type(error).__name__)
    found, memories = await articles_of(servers, store), await memories_of(servers, store)
    if log_type is Blind:
        assert (ended, found, memories) == (["AppendRefused", "written", "written"], ["a7"] * 2, [b"1", b"2"])
    elif log_type is Trusting:  # three times told as written, three times lost
        assert (ended, found, memories) == (["written"] * 3, [], [b"0", b"1", b"2"])
    else:  # the shard is stuck
        assert ended[0] == "AppendRefused"
        assert "written" not in ended
        assert (found, memories) == ([], [])


# 5


class _EachItsOwn(KafkaSettings):
    claims: ClassVar[Counter[str]] = Counter()

    def transactional_id(self, shard):
        self.claims[self.group] += 1
        return f"{super().transactional_id(shard)}-{self.claims[self.group]}"


class NewIdPerClaim(KafkaLog):
    """Hazard 5: nobody ends what the last claim left open."""

    async def _fence(self, shard):
        self._settings = _EachItsOwn(**{name: getattr(self._settings, name) for name in KafkaSettings.__slots__})
        return await super()._fence(shard)


@pytest.mark.parametrize("log_type", [KafkaLog, NewIdPerClaim])
async def test_what_is_open_is_ended_by_the_next_claim(make_store, log_type):
    store = make_store(log_type, shards=1, transaction_timeout=60.0)
    own_articles(store)
    shard = Shard(store, [Member(await store.open("a"))], 0)
    await shard.go_on()
    through = shard.claim.transactor._producer
    await through.begin_transaction()
    await (await through.send(store.settings.topics.state, b"never", b"feed-0", partition=0))
    shard.claim.die("failed")
    await shard.claim.transactor.drop()
    going_on = asyncio.create_task(shard.go_on())
    done, _ = await asyncio.wait((going_on,), timeout=3.0 if log_type is NewIdPerClaim else 30.0)
    assert bool(done) == (log_type is KafkaLog)
    if done:
        assert (shard.told, shard.happened) == (2, {"claim failed": 1})
    going_on.cancel()
    await asyncio.wait((going_on,))


# 6


class _NeverDoubts(producer.Transactor):
    def _note_failed(self, request):
        """Who cares."""


class NeverDoubts(KafkaLog):
    """Hazard 6: a commit that was asked for twice is a commit."""

    transactor_type = _NeverDoubts


@pytest.mark.parametrize("log_type", [KafkaLog, NeverDoubts])
async def test_a_late_copy_of_a_commit_commits_nothing_of_the_next(servers, log_type):
    async with Proxy(servers) as proxy:
        store = KafkaStore(proxy.servers, log_type, shards=1, request_timeout=2.0, transaction_timeout=30.0)
        try:
            a = Member(await store.open("a"))
            claim = await a.claim()
            late = proxy.arm(Api.END_TXN, Kind.HOLD, names=store.settings.transactional_id(0).encode())
            await claim.append(commit(1))  # asked for again on another connection, and answered
            assert late.hits == 1
            assert claim.dead == (log_type is KafkaLog)
            claim = await a.claim(not_=claim if claim.dead else None)
            assert await memories_of(servers, store) == [b"1"]
            through = claim.transactor._producer
            await through.begin_transaction()
            await (await through.send(store.settings.topics.state, b"2", b"feed", partition=0))
            late.released.set()
            await late.over.wait()
            assert late.left
            claim.die("failed")  # killed before its event is sent
            await claim.transactor.drop()
            again = await a.claim(not_=claim)
            assert await records_of(a.log) == ["a1"]
            assert again.restored.memories == {"feed": b"1" if log_type is KafkaLog else b"2"}
        finally:
            await store.close()


# 7


class LimitsNoBatch(KafkaLog):
    """Hazard 7: each record is within its limit, so all is well."""

    async def _fence(self, shard):
        transactor = await super()._fence(shard)
        await transactor.drop()
        transactor = self.transactor_type(self._settings, shard, replace(self._limits, batch=1 << 20))
        await transactor.start()
        return transactor


@pytest.mark.parametrize("log_type", [KafkaLog, LimitsNoBatch])
async def test_batches_stay_below_the_limits_of_their_topics(make_store, servers, log_type):
    store = make_store(log_type)
    own_articles(store)
    await create_topic(servers, store.settings.topics.articles, 3, max_message_bytes="2000")
    a = Member(await store.open("a"))
    many = Commit(tuple(article(store, number, os.urandom(300)) for number in range(30)), {FEED: b"1"})
    claim = await a.claim()
    if log_type is KafkaLog:
        await claim.append(many)
        assert len(await articles_of(servers, store)) == 30
        return
    for _ in range(3):  # and so on for ever
        with pytest.raises(AppendRefused, match="too_large"):
            await claim.append(many)
        claim = await a.claim(not_=claim)
    assert await articles_of(servers, store) == []


# 8


class _Dating(producer.Transactor):
    ahead = 0.0

    def __init__(self, *args):
        super().__init__(*args)
        plain = self._producer.create_batch

        def dated():
            batch = plain()
            batch.append = functools.partial(self._add, batch.append)
            return batch

        self._producer.create_batch = dated

    def _add(self, append, *, timestamp, **more):
        assert timestamp is None
        return append(timestamp=round((time.time() + self.ahead) * 1000), **more)


class FastClock(KafkaLog):
    """Hazard 8: what it sends is of the future, by its clock or by a publisher's date."""

    transactor_type = _Dating


async def test_a_fast_clock_is_named_and_nothing_of_it_is_written(make_store, monkeypatch):
    store = make_store(FastClock)
    a = Member(await store.open("a"))
    claim = await a.claim()
    await claim.append(commit(1))
    monkeypatch.setattr(_Dating, "ahead", 2 * 3600.0)
    with pytest.raises(AppendRefused) as refused:
        await claim.append(commit(2))
    assert refused.value.reason == "clock"
    monkeypatch.undo()
    claim = await a.claim(not_=claim)
    assert claim.restored.memories == {"feed": b"1"}
    await claim.append(commit(3))
    assert await records_of(a.log) == ["a1", "a3"]


# 9


class _Carefree(producer.Transactor):
    async def transact(self, parcels):
        try:
            await super().transact(parcels)
        except asyncio.CancelledError:
            self._ended = False
            raise


class TakesCancelledForUndone(KafkaLog):
    """Hazard 9: what was cancelled did not happen."""

    transactor_type = _Carefree
    claim_type = Unimpressed


@pytest.mark.parametrize("log_type", [KafkaLog, TakesCancelledForUndone])
async def test_a_cancelled_commit_may_have_happened(servers, log_type):
    async with Proxy(servers) as proxy:
        store = KafkaStore(proxy.servers, log_type, shards=1)
        try:
            a = Member(await store.open("a"))
            claim = await a.claim()
            held = proxy.arm(Api.END_TXN, Kind.HOLD, names=store.settings.transactional_id(0).encode())
            append = asyncio.create_task(claim.append(commit(1)))
            await held.hit.wait()
            append.cancel()
            await asyncio.wait((append,))
            assert append.cancelled()
            held.released.set()
            await held.over.wait()
            if log_type is KafkaLog:
                assert await claim.wait_dead() == "unknown"
                claim = await a.claim(not_=claim)
            if claim.restored.memories != {"feed": b"1"}:
                through = claim.transactor._producer
                await until(lambda: through._txn_manager.state.name == "READY")
                await claim.append(commit(1))
            assert await records_of(a.log) == ["a1"] * (1 if log_type is KafkaLog else 2)
        finally:
            await store.close()


# 10


class _Hasty(producer.Transactor):
    async def transact(self, parcels):
        through = self._producer
        await through.begin_transaction()
        sends = [asyncio.create_task(send(through, parcel)) for parcel in parcels]
        for each in sends:
            each.add_done_callback(clients.retrieve)
        await asyncio.sleep(0)
        await through.commit_transaction()


class CommitsWhileItSends(KafkaLog):
    """Hazard 10."""

    transactor_type = _Hasty


@pytest.mark.parametrize("log_type", [KafkaLog, CommitsWhileItSends])
async def test_every_send_ends_before_the_commit(make_store, servers, log_type):
    store = make_store(log_type, batch_size=2000, compression=None)
    own_articles(store)
    a = Member(await store.open("a"))
    claim = await a.claim()
    many = tuple(article(store, number, os.urandom(500)) for number in range(60))
    await claim.append(Commit(many, {FEED: b"1"}))
    is_whole = len(await articles_of(servers, store)) == 60 and await memories_of(servers, store) == [b"1"]
    assert is_whole == (log_type is KafkaLog)


# 11


def test_the_guards_of_transactions_are_assertions():
    """Why python -O is refused: begun twice, a transaction is not minded."""
    code = (
        "import asyncio\n"
        "from aiokafka.producer.transaction_manager import TransactionManager\n"
        "async def main():\n"
        "    manager = TransactionManager('x', 1000)\n"
        "    manager.set_pid_and_epoch(1, 0)\n"
        "    manager.begin_transaction()\n"
        "    manager.begin_transaction()\n"
        "asyncio.run(main())"
    )
    plain, bare = (
        subprocess.run([sys.executable, *flags, "-c", code], capture_output=True, text=True, check=False)
        for flags in ((), ("-O",))
    )
    assert (plain.returncode, bare.returncode) == (1, 0)
    assert "AssertionError" in plain.stderr


# 13


@pytest.mark.parametrize("log_type", [KafkaLog, Trusting])
async def test_a_zombie_learns_of_its_fence_before_it_asks_for_a_commit(servers, log_type):
    async with Proxy(servers) as proxy:
        store = KafkaStore(proxy.servers, log_type, shards=1)
        try:
            a = Member(await store.open("a"))
            claim = await a.claim()
            await claim.append(commit(1))
            name = store.settings.transactional_id(0)
            asked = proxy.arm(Api.END_TXN, Kind.CUT_AFTER, names=name.encode())
            held = proxy.arm(Api.PRODUCE, Kind.HOLD, names=name.encode())
            append = asyncio.create_task(claim.append(commit(2)))
            await held.hit.wait()  # its partitions are added, its records under way
            other = AIOKafkaProducer(bootstrap_servers=servers, transactional_id=name)
            await other.start()
            await other.stop()
            held.released.set()
            await asyncio.wait((append,))
            assert (type(append.exception()) is ClaimDied) == (log_type is KafkaLog)
            assert asked.hits == (0 if log_type is KafkaLog else 1)
        finally:
            await store.close()
