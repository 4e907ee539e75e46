"""Who owns what: rebalances, static names, fences, expulsion."""

import asyncio

import pytest
from aiokafka import AIOKafkaProducer
from kafka_store import KafkaStore, Member, until

from telex.errors import ClaimDied
from telex.testing.contracts import SHARDS, commit


async def test_claims_that_stay_with_a_member_survive_a_rebalance(store):
    a = Member(await store.open("a"))
    await until(lambda: len(a.live) == SHARDS)
    first = dict(a.live)
    b = Member(await store.open("b"))
    await until(lambda: len(b.live) == SHARDS // 2 and len(a.live) == SHARDS // 2)
    for shard in b.live:
        assert await first[shard].wait_dead() == "revoked"
    for shard, claim in a.live.items():
        assert claim is first[shard]
        await claim.append(commit(shard, f"f{shard}"))
    assert len(a.won) == SHARDS


async def test_a_restart_in_place_revokes_nothing_elsewhere(store):
    a = Member(await store.open("a", instance="one"))
    b = Member(await store.open("b", instance="two"))
    await until(lambda: len(a.live) == len(b.live) == SHARDS // 2)
    kept, mine = dict(b.live), set(a.live)
    for shard, claim in a.live.items():
        await claim.append(commit(shard, f"f{shard}"))
    generation = b.log.membership._generation
    await a.log.close()
    again = Member(await store.open("a", instance="one"))
    await until(lambda: set(again.live) == mine)
    for shard, claim in again.live.items():
        assert claim.restored.memories == {f"f{shard}": b"%d" % shard}
    assert b.live == kept
    assert len(b.won) <= SHARDS
    assert b.log.membership._generation == generation


async def test_a_member_with_a_name_that_stays_away_loses_its_shards_after_its_session(make_store):
    store = make_store(session=1.5)
    a = Member(await store.open("a", instance="one"))
    await (await a.claim()).append(commit(1))
    await store.crash(a.log)
    b = Member(await store.open("b", instance="two"))
    await until(lambda: len(b.live) == SHARDS)
    assert b.live[0].restored.memories == {"feed": b"1"}


async def test_an_expelled_member_loses_all_its_claims_at_once_and_comes_back(store):
    a = Member(await store.open("a"))
    await until(lambda: len(a.live) == SHARDS)
    first = dict(a.live)
    store._gone.add(a.log.membership.consumer._coordinator.member_id)
    await store.expire()
    await until(lambda: not any(claim is first[shard] for shard, claim in a.live.items()))
    assert {await claim.wait_dead() for claim in first.values()} == {"revoked"}
    await until(lambda: len(a.live) == SHARDS)


async def _fence(store: KafkaStore, shard: int) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=list(store.settings.bootstrap), transactional_id=store.settings.transactional_id(shard)
    )
    await producer.start()
    await producer.stop()


async def test_after_a_fence_a_shard_is_claimed_again_only_when_a_later_heartbeat_confirms_it(make_store):
    store = make_store(heartbeat=1.0)
    a = Member(await store.open("a"))
    claim = await a.claim()
    await _fence(store, 0)
    with pytest.raises(ClaimDied) as died:
        await claim.append(commit(1))
    assert died.type is ClaimDied
    fenced = asyncio.get_running_loop().time()
    assert await claim.wait_dead() == "fenced"
    again = await a.claim(not_=claim)
    assert a.log.membership.confirmed > fenced - 0.01
    await again.append(commit(2))
    assert again.restored.memories == {}


async def test_a_fenced_member_that_the_group_does_not_hear_claims_nothing(store):
    a = Member(await store.open("a"))
    claim = await a.claim()
    await store.stall(a.log)
    await _fence(store, 0)
    with pytest.raises(ClaimDied):
        await claim.append(commit(1))
    await asyncio.sleep(1.0)  # many times the backoff and the heartbeat
    assert 0 not in a.live


async def test_a_member_whose_waiting_is_longer_than_its_poll_interval_stays(make_store):
    store = make_store(max_poll_interval=1.0)
    a = Member(await store.open("a"))
    await until(lambda: len(a.live) == SHARDS)
    first = dict(a.live)
    await asyncio.sleep(2.5)
    assert a.live == first
    assert a.log.membership.confirmed > asyncio.get_running_loop().time() - 1.0
