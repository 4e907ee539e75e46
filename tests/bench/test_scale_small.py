"""The scale benchmark, small: what it measures is measured, and what it says agrees with what the simulator saw."""

import pytest
import scale
import scale_world
from scale_simulator import Feeds

from telex.wire.memories import pack

WORLD = scale_world.World(feeds=60, publishers=15, entries=35, port=8099)


@pytest.mark.parametrize("feed", [1, 7, 59])
def test_the_state_is_what_telex_would_remember_of_the_documents(feed):
    pattern = scale_world.read_memory(WORLD, 0, 1_770_000_000.0)

    computed = scale_world.memory_of(WORLD, feed, pattern)

    assert computed == scale_world.read_memory(WORLD, feed, 1_770_000_000.0)
    assert len(computed.known) == 35
    assert len(pack(computed)) >= 35 * 60


def test_one_answer_in_ten_brings_news_and_the_others_are_not_modified(tmp_path):
    with (tmp_path / "log").open("wb") as log:
        feeds = Feeds(WORLD, 10, log)
        tags = [scale_world.etag(feed, 0) for feed in range(WORLD.feeds)]
        answers = []
        for _ in range(20):
            for feed in range(WORLD.feeds):
                answers.append(feeds.answer(feed, tags[feed], 0.0))
                tags[feed] = scale_world.etag(feed, feeds.versions[feed])

    assert sum(answer.startswith(b"HTTP/1.1 304") for answer in answers) == 18 * WORLD.feeds
    assert feeds.versions == [2] * WORLD.feeds


def test_every_publisher_has_an_address_of_its_own_and_other_names_have_none():
    hosts = {WORLD.host(feed) for feed in range(WORLD.feeds)}

    assert len(hosts) == len({scale_world.address_of(host) for host in hosts}) == 15
    assert scale_world.address_of("chronicle-70000.example") == "127.2.17.112"
    assert scale_world.address_of("chronicle-x.example") is None
    assert scale_world.address_of("www.example.org") is None


@pytest.mark.timeout(180)
def test_a_small_run_measures_what_the_simulator_saw():
    bench = scale.Bench(feeds=200, publishers=40, rate=100, minutes=0.1, log="sqlite")

    figures = scale.measure(bench)

    assert (figures["feeds"], figures["publishers"], figures["entries"], figures["log"]) == (200, 40, 35, "sqlite")
    assert figures["failed_polls"] == 0
    assert figures["polls"] <= figures["requests"] <= figures["polls"] + 50  # the last may have been cut off
    assert 0 < figures["polls_a_second"] <= 150
    assert 0.8 <= figures["not_modified_share"] < 1
    lag, committed = figures["schedule_lag_seconds"], figures["received_to_committed_seconds"]
    assert lag["count"] > 0
    assert 0 < lag["p50"] <= lag["p99"] <= lag["max"]  # never before it was due
    assert committed["count"] > 0
    assert 0 < committed["p50"] <= committed["p99"]
    assert 0 < figures["restore_after_catalogue_seconds"] < figures["restore_seconds"]
    memory = figures["memory_mib"]
    assert 20 < memory["restored_rss"] <= memory["restored_peak"] <= memory["end_peak"]
    assert figures["cpu_cores"] > 0
    assert figures["open_files_peak"] > 10
    assert figures["loop_lag_seconds"]["p50"] is not None
