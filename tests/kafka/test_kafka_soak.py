"""A storm for many minutes on three brokers, judged as ever: exactly once. And how long large memories take to come back.

TELEX_SOAK_MINUTES (20) is how long it rages, TELEX_SOAK_SEED its seed.
"""

import os
import time
from collections import Counter
from random import Random

import pytest
from kafka_store import settings

from support import kafka
from support.fleet import PAGES, Fleet, fleet
from support.fleet_processes import Member, Press
from support.fleet_storm import Storm
from support.verdict import left_open, markers
from telex.adapters.kafka import KafkaLog
from telex.core.model import FeedId
from telex.ports import Commit

MINUTES = float(os.environ.get("TELEX_SOAK_MINUTES", "20"))
KILLS, STOPS = 5, 1.25
"""The least number of them in a minute."""
ABORTED = 0.25
SESSION = 3.0
BACK, GAP, RESTORED = 20.0, 3.0, 10.0
FEEDS, ENTRIES, SHARDS = 100_000, 35, 32


@pytest.fixture
def cluster(tmp_path):
    """Three brokers, every partition on each of them, with access rules."""
    try:
        kafka.libraries()
    except kafka.NoKafkaError as error:
        pytest.skip(str(error))
    with kafka.running(tmp_path / "cluster", brokers=3, guarded=True) as made:
        yield made


@pytest.mark.kafka
@pytest.mark.soak
@pytest.mark.timeout(0)
def test_nothing_is_lost_and_nothing_told_twice_in_a_storm(cluster, tmp_path):
    seed = int(os.environ.get("TELEX_SOAK_SEED", time.time_ns() % 1_000_000))
    print(f"\nseed {seed}, {MINUTES:g} minutes", flush=True)
    press = Press(tmp_path, publishers=30, pace=0.25, seed=seed)
    with fleet(tmp_path, cluster, press, settings=_settings(cluster)) as made:
        members = [made.member(name) for name in "abcd"]
        for member in members:
            member.start()
        made.wait_owned(*members)
        gaps = [_restarted(made, member) for member in members[:3]]
        made.wait_owned(*members)
        calm = [_killed(made, member, heirs) for heirs in (False, True) for member in members[:3]]
        made.wait_owned(*members)
        storm = Storm(made, seed, MINUTES * 60, SESSION)
        storm.run()
        made.wait_owned(*members, patience=180)
        made.press.settle(patience=180)
        every, alone = storm.back_times()
        verdict = made.judge(PAGES)
        standing = next(broker for broker in cluster.brokers if broker.process is not None)
        ends = markers(standing.folder)
        raised = [each for member in members for each in member.done() if "raised" in each]
        fences = sum(each["cause"] == "ProducerFenced" for each in raised)
        killed = [each for member in members for each in member.done() if each.get("deed") == "KILL"]
        aborted = sum(left_open(ends, each["shard"], each["at"]) for each in killed)
        kinds = Counter(marker.kind for marker in ends)
        kills = storm.counts["kills"] + len(calm)
        for name, count in sorted(storm.counts.items()):
            print(f"{name}: {count}")
        print(f"transactions: {kinds['COMMIT']} committed, {kinds['ABORT']} aborted")
        print(f"kills in all: {kills}, and {aborted} of them left a transaction open, which was aborted")
        print(f"appends that failed: {len(raised)}, fenced when they went on: {fences}")
        print(f"back at work after a kill, s: {_spread(every)}; where nothing else happened: {_spread(alone)}")
        print(f"back at work in calm, s: restarted at once {_all(calm[:3])}; by the others {_all(calm[3:])}")
        print(f"gaps of a rolling restart, s: {_all(gaps)}")
        print(f"articles {verdict.articles}, updates {verdict.updates}, withdrawals {verdict.withdrawals}", flush=True)
        assert verdict.wrong == []
        assert kills >= KILLS * MINUTES
        assert storm.counts["stops"] >= STOPS * MINUTES
        assert aborted >= ABORTED * kills
        assert fences >= 1
        assert max((*calm, *alone)) < BACK
        assert max(gaps) < GAP


def _settings(cluster: kafka.Cluster) -> dict[str, str]:
    """Members come in where access rules count, and are quick to give up."""
    return {
        "TELEX_KAFKA__BOOTSTRAP": cluster.guarded,
        "TELEX_KAFKA__SASL": "PLAIN",
        "TELEX_KAFKA__USERNAME": kafka.USER,
        "TELEX_KAFKA__PASSWORD": kafka.PASSWORD,
        "TELEX_KAFKA__SESSION": str(SESSION),
        "TELEX_KAFKA__REQUEST_TIMEOUT": "5",
        "TELEX_KAFKA__TRANSACTION_TIMEOUT": "8",
    }


def _restarted(made: Fleet, member: Member) -> float:
    asked = member.terminate()
    member.start()
    return made.gap_of_restart(member, asked)


def _killed(made: Fleet, member: Member, others: bool) -> float:
    """Killed inside a transaction; started again at once, or when the others have taken over."""
    at = member.shoot("inside", "KILL")
    if not others:
        member.start()
    back = made.back_after(member, at)
    if others:
        member.start()
        made.wait_owned(*made.members.values())
    return back


def _all(times: list[float]) -> str:
    return ", ".join(f"{time:.2f}" for time in times)


def _spread(times: list[float]) -> str:
    if not times:
        return "none"
    return f"{len(times)} times, median {times[len(times) // 2]:.2f}, longest {times[-1]:.2f}"


@pytest.mark.soak
@pytest.mark.timeout(0)
async def test_the_memory_of_a_hundred_thousand_feeds_comes_back_in_time(servers):
    chosen = settings(servers, shards=SHARDS)
    # An entry takes 53 bytes packed, and nothing in it can be compressed.
    packed = Random(1).randbytes(ENTRIES * 53 + FEEDS)
    log = await KafkaLog.open(chosen, random=Random(1))
    claims = log.claims()
    for _ in range(SHARDS):
        claim = await anext(claims)
        feeds = range(claim.shard, FEEDS, SHARDS)
        for start in range(0, len(feeds), 500):
            part = feeds[start : start + 500]
            await claim.append(Commit(memories={FeedId(f"{n:016x}"): packed[n : n + ENTRIES * 53] for n in part}))
    await log.close()
    log = await KafkaLog.open(chosen, random=Random(2))
    began = time.perf_counter()
    claims = log.claims()
    found = 0
    for _ in range(SHARDS):
        found += len((await anext(claims)).restored.memories)
    took = time.perf_counter() - began
    await log.close()
    print(f"\n{found} memories of {ENTRIES} entries restored in {took:.2f} s, joining the group included", flush=True)
    assert found == FEEDS
    assert took < RESTORED
