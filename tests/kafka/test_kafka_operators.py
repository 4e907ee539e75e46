"""What an operator is told, and how soon: names given twice, topics that are not there, records that are too large."""

import asyncio
import os
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from kafka_store import Member, article, create_topic, limit_topic, own_articles, unique, until

from telex.adapters.kafka import membership, reader
from telex.adapters.kafka.reader import open_reader
from telex.core.model import FeedId
from telex.errors import AppendRefused, LogUnavailable
from telex.ports import Commit
from telex.testing.contracts import SHARDS, commit

TWICE = "another live process has kafka.instance 'one': give each its own"


async def _delete(servers: str, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        response = await admin.delete_topics([topic])
        assert [code for _, code in response.topic_error_codes] == [0]
    finally:
        await admin.close()


async def test_of_two_processes_with_one_name_the_elder_says_so_and_stays_away(make_store, monkeypatch):
    monkeypatch.setattr(membership, "_OUSTED_LEAST", 3.0)
    store = make_store()
    a = Member(await store.open("a", instance="one"))
    await until(lambda: len(a.live) == SHARDS)
    b = Member(await store.open("b", instance="one"))
    await until(lambda: len(b.live) == SHARDS)
    await until(lambda: a.log.trouble == TWICE)
    assert not a.live
    held = dict(b.live)
    await asyncio.sleep(1.5)  # longer than a failed membership waits
    assert b.live == held
    assert a.log.trouble == TWICE
    # Then it tries again; the other learns the same, and the next time it stays away for longer.
    await until(lambda: b.log.trouble == TWICE)
    await until(lambda: a.log.trouble is None and len(a.live) == SHARDS)
    await until(lambda: a.log.trouble == TWICE)
    assert a.log.membership._away == 6.0


async def test_an_ousted_process_takes_the_shards_back_when_the_other_has_gone(make_store, monkeypatch):
    monkeypatch.setattr(membership, "_OUSTED_LEAST", 1.0)
    store = make_store()
    a = Member(await store.open("a", instance="one"))
    await until(lambda: len(a.live) == SHARDS)
    b = await store.open("b", instance="one")
    Member(b)
    await until(lambda: a.log.trouble == TWICE)
    await b.close()
    await until(lambda: len(a.live) == SHARDS and a.log.trouble is None)
    await a.live[0].append(commit(1))


async def test_a_record_that_is_too_large_is_told_with_its_topic_its_size_and_its_limit(make_store, servers):
    store = make_store()
    own_articles(store)
    topic = store.settings.topics.articles
    await create_topic(servers, topic, 3, max_message_bytes="2000")
    a = Member(await store.open("a"))
    claim = await a.claim()
    with pytest.raises(AppendRefused) as refused:
        await claim.append(Commit((article(store, 1, os.urandom(2300)),), {FeedId("feed"): b"1"}))
    said = str(refused.value)
    assert said.startswith("append refused: too_large (feed feed): a record of 2,3")
    assert f"for {topic}, which takes 1,935 before compression: raise its max.message.bytes" in said


async def test_what_the_broker_alone_refuses_is_told_with_the_topics_of_the_commit(make_store, servers):
    store = make_store()
    own_articles(store)
    topic = store.settings.topics.articles
    a = Member(await store.open("a"))
    claim = await a.claim()
    await limit_topic(servers, topic, 2000)
    with pytest.raises(AppendRefused, match=r"max\.message\.bytes") as refused:
        await claim.append(Commit((article(store, 1, os.urandom(2300)),), {FeedId("feed"): b"1"}))
    assert topic in str(refused.value)


async def test_a_topic_that_was_deleted_is_named_soon_by_the_refusal_and_by_the_trouble(make_store, servers):
    store = make_store(request_timeout=10.0)
    a = Member(await store.open("a"))
    claim = await a.claim()
    await claim.append(commit(1))
    topic = store.settings.topics.events
    await _delete(servers, topic)
    began = time.monotonic()
    with pytest.raises(AppendRefused) as refused:
        await claim.append(commit(2))
    assert time.monotonic() - began < 10  # a commit may take 20
    assert refused.value.reason == "unknown_topic"
    assert f"the topic {topic} does not exist" in str(refused.value)
    assert "it creates its topics" in str(refused.value)
    await until(lambda: topic in (a.log.trouble or ""))
    assert "does not exist" in a.log.trouble
    assert "in time" not in a.log.trouble


async def test_a_claim_lives_again_once_the_topic_is_there_again(make_store, servers):
    store = make_store()
    a = Member(await store.open("a"))
    claim = await a.claim()
    topic = store.settings.topics.events
    await _delete(servers, topic)
    with pytest.raises(AppendRefused):
        await claim.append(commit(1))
    await create_topic(servers, topic, 1, message_timestamp_type="LogAppendTime")
    again = await a.claim(not_=claim)
    assert again.restored.memories == {}
    await again.append(commit(2))


async def test_a_reader_of_a_log_that_no_run_has_made_says_so_soon(make_store):
    store = make_store(request_timeout=10.0)
    began = time.monotonic()
    with pytest.raises(LogUnavailable) as error:
        await open_reader(replace(store.settings))
    assert time.monotonic() - began < 8
    assert f"the topic {store.settings.topics.events} does not exist" in str(error.value)
    assert "telex run" in str(error.value)


async def test_a_reader_that_came_too_early_leaves_nothing_behind(make_store, servers, monkeypatch):
    opened, make = [], reader.make_reader

    def make_noted(*arguments, **more):
        opened.append(make(*arguments, **more))
        return opened[-1]

    monkeypatch.setattr(reader, "make_reader", make_noted)
    store = make_store(request_timeout=10.0)
    with pytest.raises(LogUnavailable):
        await open_reader(store.settings)
    await create_topic(servers, store.settings.topics.events, 1, message_timestamp_type="LogAppendTime")
    await asyncio.sleep(3)
    assert len(opened) == 1
    assert all(consumer._closed for consumer in opened)


def test_telex_tail_before_the_first_run_says_one_line(servers, tmp_path):
    name = unique()
    environment = os.environ | {
        "TELEX_LOG__KIND": "kafka",
        "TELEX_KAFKA__BOOTSTRAP": servers,
        "TELEX_KAFKA__EVENTS_TOPIC": f"{name}.events",
    }
    command = [sys.executable, "-m", "telex", "tail", "--exit-at-end"]
    done = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert f"the topic {name}.events does not exist" in line
