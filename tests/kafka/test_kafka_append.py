"""All or nothing, whatever the broker answers: refusals, doubts, lost connections."""

import ast
import asyncio
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from aiokafka.errors import RequestTimedOutError
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.protocol.transaction import AddPartitionsToTxnRequest, EndTxnRequest
from kafka_careless import Blind, Trusting
from kafka_store import Member, article, contents, limit_topic, own_articles, records_of, until

import telex.adapters.kafka
from telex.adapters.kafka import KafkaTopics
from telex.core.model import FeedId
from telex.core.records import Record
from telex.errors import AppendRefused, AppendUnknown
from telex.ports import Commit
from telex.testing.contracts import TOPIC, commit

SOURCES = Path(telex.adapters.kafka.__file__).parent


def test_a_transaction_is_given_up_in_no_way_but_by_dropping_its_producer():
    for path in SOURCES.glob("*.py"):
        names = {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
        assert not names & {"abort_transaction", "transaction", "send_offsets_to_transaction"}, path


def test_no_record_is_sent_with_a_time_of_ours():
    for path in SOURCES.glob("*.py"):
        words = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.keyword)]
        assert not [each for each in words if each.arg == "timestamp_ms"], path
        assert all(getattr(each.value, "value", "") is None for each in words if each.arg == "timestamp"), path


async def test_events_lie_where_their_keys_belong_and_memories_in_the_shards_partition(store):
    own_articles(store)
    a = Member(await store.open("a"))
    numbers = range(20)
    records = tuple(article(store, number) for number in numbers)
    await (await a.claim(2)).append(Commit(records, {FeedId("feed"): b"m"}))
    assert await records_of(a.log) == [f"a{number}" for number in numbers]
    topics = store.settings.topics
    servers = ",".join(store.settings.bootstrap)
    for partition in range(3):
        found = [key for key, _ in await contents(servers, topics.articles, partition)]
        expected = [b"a%d" % n for n in numbers if DefaultPartitioner()(b"a%d" % n, [0, 1, 2], []) == partition]
        assert found == expected
        assert expected
    assert await contents(servers, topics.state, 2) == [(b"\xffformat", b"1"), (b"feed", b"m")]


@pytest.mark.parametrize("size", [300, 3000])
async def test_what_the_broker_refuses_is_refused_whole_and_the_shard_goes_on(make_store, servers, size):
    """Over the topic's limit: each record (3,000 bytes), or only the batch of all (10 × 300)."""
    store = make_store(Blind)
    own_articles(store)
    a = Member(await store.open("a"))
    claim = await a.claim()
    await claim.append(Commit((article(store, 0),), {FeedId("feed"): b"0"}))
    await limit_topic(servers, store.settings.topics.articles, 2000)
    many = tuple(article(store, number, os.urandom(size)) for number in range(1, 31))
    with pytest.raises(AppendRefused) as refused:
        await claim.append(Commit(many, {FeedId("feed"): b"1"}))
    assert (refused.value.reason, refused.value.culprit) == ("too_large", "feed")
    assert await claim.wait_dead() == "refused"
    again = await a.claim(not_=claim)
    assert again.restored.memories == {"feed": b"0"}
    # The limits were read anew: smaller batches, which the topic takes.
    if size < 2000:
        await again.append(Commit(many, {FeedId("feed"): b"2"}))
        assert await records_of(a.log) == [f"a{number}" for number in range(31)]
    else:
        await again.append(Commit((article(store, 99),), {FeedId("feed"): b"2"}))
        assert await records_of(a.log) == ["a0", "a99"]


async def test_a_commit_whose_sends_nobody_awaits_is_torn_and_told_as_written(make_store, servers):
    """Why every future is awaited: this is what happens otherwise."""
    store = make_store(Trusting)
    own_articles(store)
    a = Member(await store.open("a"))
    claim = await a.claim()
    await limit_topic(servers, store.settings.topics.articles, 2000)
    await claim.append(Commit((article(store, 1, os.urandom(3000)),), {FeedId("feed"): b"1"}))
    articles = [await contents(servers, store.settings.topics.articles, partition) for partition in range(3)]
    assert articles == [[], [], []]
    assert (b"feed", b"1") in await contents(servers, store.settings.topics.state)


async def test_records_above_the_limit_are_refused_before_anything_is_sent(store):
    own_articles(store)
    a = Member(await store.open("a"))
    claim = await a.claim()
    limit = a.log.limits.records[store.settings.topics.articles]
    sizes = len(b"a1") + 100
    await claim.append(Commit((article(store, 1, b"x" * (limit - 2 * sizes)),)))
    sent = claim.transactor._producer.client.send
    claim.transactor._producer.client.send = None
    with pytest.raises(AppendRefused, match="too_large"):
        await claim.append(Commit((article(store, 2, b"x" * limit),), {FeedId("feed"): b"1"}))
    claim.transactor._producer.client.send = sent
    assert await records_of(a.log) == ["a1"]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (Commit((Record(TOPIC, "k", (), None),)), "invalid"),
        (Commit((), {FeedId("\ud800"): b""}), "invalid"),
        (Commit((Record(TOPIC, "k", (("h", "\ud800"),), b""),)), "invalid"),
        (Commit((Record("nowhere", "k", (), b""),)), "unknown_topic"),
    ],
    ids=["tombstone", "feed", "header", "topic"],
)
async def test_what_can_never_be_stored_is_refused(store, wrong, reason):
    a = Member(await store.open("a"))
    claim = await a.claim()
    with pytest.raises(AppendRefused) as refused:
        await claim.append(wrong)
    assert refused.value.reason == reason
    await (await a.claim(not_=claim)).append(commit(1))
    assert await records_of(a.log) == ["a1"]


async def test_a_tombstone_of_a_compacted_topic_is_stored_and_read(store):
    a = Member(await store.open("a"))
    gone = Record("news.feeds", "feed", (("ce_id", "x"),), None)
    await (await a.claim()).append(Commit((gone,)))
    assert [one.record for one in await a.log.read(None, 0, 10)] == [gone]


@pytest.mark.parametrize("kind", [EndTxnRequest, AddPartitionsToTxnRequest])
async def test_a_request_that_was_sent_twice_ends_the_claim_after_its_commit(store, kind):
    a = Member(await store.open("a"))
    claim = await a.claim()
    client = claim.transactor._producer.client
    watched, lost = client.send, []
    served = watched.__closure__

    async def once_unanswered(node, request, **more):
        if isinstance(request, kind) and not lost:
            lost.append(request)
            raise RequestTimedOutError
        return await inner(node, request, **more)

    # Below the watch: it has to see the failure.
    inner = next(cell.cell_contents for cell in served if getattr(cell.cell_contents, "__name__", "") == "send")
    for cell in served:
        if cell.cell_contents is inner:
            cell.cell_contents = once_unanswered
    await claim.append(commit(1))
    assert lost
    assert await claim.wait_dead() == "unknown"
    again = await a.claim(not_=claim)
    assert again.restored.memories == {"feed": b"1"}
    await again.append(commit(2))
    assert await records_of(a.log) == ["a1", "a2"]


async def test_a_cancelled_append_ends_the_claim_and_the_restore_tells_the_truth(store):
    a = Member(await store.open("a"))
    claim = await a.claim()
    task = asyncio.create_task(claim.append(commit(1)))
    await asyncio.sleep(0.002)
    task.cancel()
    await asyncio.wait((task,))
    assert await claim.wait_dead() == "unknown"
    again = await a.claim(not_=claim)
    seen = await records_of(a.log)
    assert again.restored.memories == ({"feed": b"1"} if seen else {})
    await again.append(commit(2))
    assert await records_of(a.log) == [*seen, "a2"]


async def test_one_append_at_a_time(store):
    a = Member(await store.open("a"))
    claim = await a.claim()
    first = asyncio.create_task(claim.append(commit(1)))
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError):
        await claim.append(commit(2))
    await first
    assert not claim.dead


async def test_a_commit_that_hangs_is_given_up_and_nothing_is_lost_or_twice(own_store, own_broker, monkeypatch):
    """A broker that is stopped answers nothing; one that is killed breaks its connections. Both come back."""
    monkeypatch.setattr("telex.testing.contracts.house.PATIENCE", 40.0)
    own_store.settings = replace(own_store.settings, request_timeout=1.5, transaction_timeout=5.0)
    a = Member(await own_store.open("a"))
    claim = await a.claim()
    await claim.append(commit(0))
    began = time.monotonic()
    own_broker.stop()
    with pytest.raises(AppendUnknown):
        await claim.append(commit(1))
    assert time.monotonic() - began < 10
    own_broker.resume()
    claim = await a.claim(not_=claim)
    seen = await records_of(a.log)
    assert seen in (["a0"], ["a0", "a1"])
    assert claim.restored.memories == {"feed": seen[-1][1:].encode()}
    own_broker.kill()
    with pytest.raises(AppendUnknown):
        await claim.append(commit(2))
    await until(lambda: a.log.trouble is not None)
    await asyncio.get_running_loop().run_in_executor(None, own_broker.start)
    claim = await a.claim(not_=claim)
    after = await records_of(a.log)
    assert after in (seen, [*seen, "a2"])
    assert claim.restored.memories == {"feed": after[-1][1:].encode()}
    await claim.append(commit(3))
    assert await records_of(a.log) == [*after, "a3"]


async def test_without_a_merged_topic_events_are_published_and_nothing_is_read(make_store, servers):
    store = make_store()
    topics = replace(store.settings.topics, events=None)
    store.settings = replace(store.settings, topics=topics)
    own_articles(store)
    a = Member(await store.open("a"))
    await (await a.claim()).append(Commit((article(store, 1),)))
    found = [await contents(servers, store.settings.topics.articles, partition) for partition in range(3)]
    assert [one for part in found for one in part] == [(b"a1", b"{}")]
    with pytest.raises(telex.errors.LogUnavailable, match="one order"):
        await a.log.bounds()


def test_topics_take_their_names_from_the_naming():
    naming = telex.wire.topics.Naming(articles="x")
    assert KafkaTopics.of(naming, state="s").articles == "x"
