"""Hazards that need brokers of their own (their table is in test_kafka_hazards): 3, 14, 4 and 12."""

import asyncio
from dataclasses import replace

import pytest
from aiokafka.client import CoordinationType
from aiokafka.errors import TopicAuthorizationFailedError
from kafka_careless import FEED, Aborting, Trusting, Unimpressed, articles_of, memories_of, send
from kafka_shard import Shard, check
from kafka_store import (
    KafkaStore,
    Member,
    article,
    contents,
    create_topic,
    own_articles,
    records_of,
)

from support import kafka
from support.kafka_proxy import Proxy
from telex.adapters.kafka import KafkaLog, producer
from telex.adapters.kafka.claim import KafkaClaim
from telex.errors import AppendRefused, AppendUnknown, ClaimDied
from telex.ports import Commit
from telex.testing.contracts import commit

# 3 and 14


@pytest.fixture(scope="module")
def three_brokers(tmp_path_factory):
    """A cluster whose brokers a test may kill and has to restart."""
    try:
        kafka.libraries()
    except kafka.NoKafkaError as error:
        pytest.skip(str(error))
    cluster = kafka.Cluster.make(tmp_path_factory.mktemp("three") / "cluster", brokers=3)
    cluster.start()
    yield cluster
    cluster.close()


async def start_again(broker: kafka.Broker) -> None:
    await asyncio.get_running_loop().run_in_executor(None, broker.start)


@pytest.mark.soak
@pytest.mark.kafka
@pytest.mark.timeout(240)
@pytest.mark.parametrize("log_type", [KafkaLog, Trusting])
async def test_a_partition_without_leader_tears_nothing(three_brokers, log_type):
    servers = three_brokers.servers
    store = KafkaStore(servers, log_type, shards=1, request_timeout=4.0)
    own_articles(store)
    topic = store.settings.topics.articles
    await create_topic(servers, topic, 3)  # of one copy each
    try:
        members = [Member(await store.open("a"))]
        shard = Shard(store, members, 0)
        await shard.go_on()
        cluster = shard.claim.transactor._producer.client.cluster
        leaders = [cluster._partitions[topic][partition].leader for partition in range(3)]
        victim = next(broker for broker in three_brokers.brokers if broker.node == leaders[0])
        victim.kill()
        going_on = asyncio.create_task(shard.go_on())
        await asyncio.wait((going_on,), timeout=12)
        await start_again(victim)
        async with asyncio.timeout(90):
            await going_on
            await shard.go_on()
        if log_type is KafkaLog:
            assert shard.happened["AppendUnknown"] >= 1
            await check(servers, store, [shard])
        else:
            assert shard.happened["AppendUnknown"] == 0
            memories = [
                value for key, value in await contents(servers, store.settings.topics.state) if key == b"feed-0"
            ]
            assert memories == [b"1", b"2", b"3"]
            found = await articles_of(servers, store)
            assert len(found) < 9
    finally:
        await store.close()


@pytest.mark.soak
@pytest.mark.kafka
@pytest.mark.timeout(240)
async def test_the_removal_of_the_coordinators_broker_is_survived(three_brokers):
    servers = three_brokers.servers
    store = KafkaStore(servers, shards=1, request_timeout=4.0)
    own_articles(store)
    try:
        members = [Member(await store.open("a"))]
        shard = Shard(store, members, 0)
        await shard.go_on()
        client = shard.claim.transactor._producer.client
        node = await client.coordinator_lookup(CoordinationType.TRANSACTION, store.settings.transactional_id(0))
        victim = next(broker for broker in three_brokers.brokers if broker.node == node)
        victim.kill()
        try:
            async with asyncio.timeout(90):
                for _ in range(5):
                    await shard.go_on()
            await check(",".join(each.address for each in three_brokers.brokers if each is not victim), store, [shard])
        finally:
            await start_again(victim)
    finally:
        await store.close()


class _Patient(producer.Transactor):
    """Hazard 14: no commit takes too long for it."""

    async def transact(self, parcels):
        self._settings = replace(self._settings, request_timeout=3600.0)
        await super().transact(parcels)


class WaitsForEver(KafkaLog):
    """A mutant."""

    transactor_type = _Patient


@pytest.mark.parametrize("log_type", [KafkaLog, WaitsForEver])
async def test_an_append_ends_though_nothing_is_answered(servers, log_type):
    async with Proxy(servers) as proxy:
        store = KafkaStore(proxy.servers, log_type, shards=1, request_timeout=1.5)
        try:
            a = Member(await store.open("a"))
            claim = await a.claim()
            await claim.append(commit(1))
            proxy.flows.clear()
            append = asyncio.create_task(claim.append(commit(2)))
            done, _ = await asyncio.wait((append,), timeout=6.0 if log_type is WaitsForEver else 30.0)
            proxy.flows.set()
            assert bool(done) == (log_type is KafkaLog)
            if log_type is KafkaLog:
                assert isinstance(append.exception(), AppendUnknown)
                assert (await a.claim(not_=claim)).restored.memories in ({"feed": b"1"}, {"feed": b"2"})
            else:
                append.cancel()
                await asyncio.wait((append,))
        finally:
            await store.close()


# 4


async def allow_no_writes(servers: str, *topics: str) -> None:
    """A topic that has rules at all may be used only as they say."""
    where = [word for topic in topics for word in ("--topic", topic)]
    rule = ("--allow-principal", "User:ANONYMOUS", "--operation", "Read", "--operation", "DescribeConfigs", *where)
    command = ("org.apache.kafka.tools.AclCommand", "--bootstrap-server", servers, "--add", "--force", *rule)
    await asyncio.get_running_loop().run_in_executor(None, lambda: kafka.java(*command))


class _OneByOne(producer.Transactor):
    async def transact(self, parcels):
        try:
            await self._producer.begin_transaction()
            for parcel in parcels:
                await (await send(self._producer, parcel))
            await self._producer.commit_transaction()
        except TopicAuthorizationFailedError as error:
            await self._producer.abort_transaction()
            raise AppendRefused("not_authorised") from error


class Aborts(KafkaLog):
    """Hazard 4: it awaits every send, and aborts what was refused."""

    transactor_type = _OneByOne
    claim_type = Unimpressed


async def until_refused(member: Member, store: KafkaStore) -> list[str]:
    """Append commits until one is refused: a rule takes a while. The events of those that were written."""
    written = []
    async with asyncio.timeout(20):
        while True:
            made = article(store, len(written))
            try:
                await (await member.claim()).append(Commit((made,), {FEED: b"%d" % len(written)}))
            except AppendRefused as error:
                reason = error.reason
                break
            written.append(made.key)
    assert reason == "not_authorised"
    return written


async def test_what_was_refused_never_appears(servers, tmp_path):
    cluster = kafka.Cluster.make(
        tmp_path / "cluster",
        authorizer_class_name="org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        allow_everyone_if_no_acl_found="true",
    )
    cluster.start()
    shards = []
    try:
        for log_type in (KafkaLog, Aborts):
            store = KafkaStore(cluster.servers, log_type, shards=1)
            own_articles(store)
            shards.append((Member(await store.open("a")), store))
            await (await shards[-1][0].claim()).append(Commit((), {FEED: b"first"}))
        await allow_no_writes(cluster.servers, *(store.settings.topics.state for _, store in shards))
        for member, store in shards:
            written = await until_refused(member, store)
            await (await member.claim()).append(Commit((article(store, 99),)))
            found = await articles_of(cluster.servers, store)
            assert await memories_of(cluster.servers, store) == [b"first", *(key[1:].encode() for key in written)]
            if member.log.claim_type is KafkaClaim:
                assert found == sorted([*written, "a99"])
            else:  # what was refused came with the commit after it, and nobody remembers it
                assert found == sorted([*written, f"a{len(written)}", "a99"])
    finally:
        for _, store in shards:
            await store.close()
        cluster.close()


# 12


@pytest.mark.parametrize("mutant", [False, True], ids=["KafkaLog", "GoesOn"])
async def test_a_producer_that_was_idle_too_long_is_replaced(idle_broker, mutant):
    class GoesOn(KafkaLog):
        transactor_type = Aborting
        claim_type = Unimpressed

    store = KafkaStore(idle_broker, GoesOn if mutant else KafkaLog, shards=1)
    try:
        a = Member(await store.open("a"))
        claim = await a.claim()
        await claim.append(commit(1))
        number = 1
        async with asyncio.timeout(60):
            with pytest.raises((AppendUnknown, AssertionError) if mutant else AppendUnknown):
                while True:
                    await asyncio.sleep(4.0)
                    number += 1
                    await claim.append(commit(number))
        if mutant:
            for _ in range(2):
                with pytest.raises((ClaimDied, AssertionError)):
                    await claim.append(commit(number))
            return
        again = await a.claim(not_=claim)
        assert again.restored.memories == {"feed": b"%d" % (number - 1)}
        await again.append(commit(number))
        assert await records_of(a.log) == [f"a{each}" for each in range(1, number + 1)]
    finally:
        await store.close()


@pytest.fixture(scope="module")
def idle_broker(servers, tmp_path_factory):
    """The address of a broker that soon forgets transactional ids."""
    cluster = kafka.Cluster.make(
        tmp_path_factory.mktemp("idle") / "cluster",
        transactional_id_expiration_ms="2000",
        transaction_remove_expired_transaction_cleanup_interval_ms="300",
    )
    cluster.start()
    yield cluster.servers
    cluster.close()
