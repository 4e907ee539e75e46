"""The benchmark, small: every program publishes what the simulator held, and the page renders."""

import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import dispatches
import figures
import psutil
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from simulator import CONTENT_TYPE, Simulation
from topics import Articles

from support import kafka
from telex.core.model import FeedDocument, ReadRequest
from telex.documents.reader import read_feed

BENCH = Path(__file__).parent / "bench.py"
FEEDS, ITEMS, CHANGES = 8, 5, 1


@pytest.fixture(scope="module")
def servers():
    """The bootstrap address of the broker of this test run."""
    try:
        return kafka.shared_servers()
    except kafka.NoKafkaError as error:
        pytest.skip(str(error))


def command(servers, *more):
    return [
        *(sys.executable, str(BENCH), "peers", "--bootstrap", servers, "--no-warm-up", "--rounds", "1"),
        *("--feeds", str(FEEDS), "--items", str(ITEMS), "--sizes", "600", "--shards", "4", *more),
    ]


def environment():
    return {name: value for name, value in os.environ.items() if name != "TELEX_PEERS"}


async def topics(servers):
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        return set(await admin.list_topics())
    finally:
        await admin.close()


@pytest.mark.kafka
def test_every_program_publishes_exactly_what_the_simulator_held(servers, tmp_path):
    file = tmp_path / "found.json"
    done = subprocess.run(
        command(servers, "--hosts", "3", "--polls", "2", "--changes", str(CHANGES), "--json", str(file)),
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "SKIPPED go" in done.stderr
    (found,) = json.loads(file.read_text())["parts"]["peers"]["result"]["rounds"]
    # The bench itself ends with an error where an article is lost, foreign or there twice.
    published = {name: each.get("articles") for name, each in found["peers"].items()}
    all_of_them = FEEDS * (ITEMS + CHANGES)
    assert published == {
        "telex": all_of_them,
        "floor": None,
        "plain-conditional": all_of_them,
        "plain": all_of_them,
    }
    turns = {name: [len(each[phase]) for phase in figures.PHASES] for name, each in found["peers"].items()}
    assert turns == {name: [1, 2, CHANGES] for name in published}

    rendered = subprocess.run(
        [sys.executable, str(BENCH), "report", str(file), "--to", str(tmp_path / "docs")],
        capture_output=True,
        text=True,
        check=True,
    )
    page, plot = (Path(line) for line in rendered.stdout.split())
    assert "| plain-conditional |" in page.read_text()
    assert f"({plot.name})" in page.read_text()
    bars = ET.parse(plot).getroot().findall("{http://www.w3.org/2000/svg}rect")
    assert len(bars) == 1 + 3 * len(published) - 1  # the ground; a bar a phase and program, less the floor's first


@pytest.mark.kafka
def test_an_interrupted_bench_leaves_no_process_and_no_topic(servers, tmp_path):
    bench = subprocess.Popen(
        command(servers, "--hosts", "1", "--polls", "100000", "--patience", "1000"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment() | {"TMPDIR": str(tmp_path)},
        start_new_session=True,
    )
    while not list(tmp_path.glob("telex-bench-*/peer-telex-*")):  # the programs are starting
        assert bench.poll() is None
        time.sleep(0.05)
    started = psutil.Process(bench.pid).children(recursive=True)
    assert [topic for topic in asyncio.run(topics(servers)) if topic.startswith(f"bench-{bench.pid}-")]
    assert len(started) >= 5  # the simulator and four programs
    os.kill(bench.pid, signal.SIGINT)
    _, said = bench.communicate(timeout=60)
    assert bench.returncode == 130, said.decode()
    assert not [process for process in started if process.is_running()]
    assert not list(tmp_path.iterdir())
    whose = [f"bench-{bench.pid}-", *(f"peer-telex-{process.pid}-" for process in started)]
    assert not [topic for topic in asyncio.run(topics(servers)) if topic.startswith(tuple(whose))]


def asked(simulation, path, *headers):
    return simulation.answer("\r\n".join((f"GET {path} HTTP/1.1", "Host: localhost", *headers, "")).encode())


def header(answer, name):
    return answer.partition(name.encode() + b": ")[2].partition(b"\r\n")[0].decode()


def test_the_simulator_answers_304_to_who_knows_the_feed_until_it_changes():
    simulation = Simulation(2, ITEMS, 600)
    whole = asked(simulation, "/feed/1.xml")
    etag, modified = header(whole, "ETag"), header(whole, "Last-Modified")
    knowing = (f"If-None-Match: {etag}", f"if-modified-since: {modified}")
    assert asked(simulation, "/feed/1.xml", *knowing).startswith(b"HTTP/1.1 304 ")
    assert asked(simulation, "/feed/1.xml", knowing[1]).startswith(b"HTTP/1.1 304 ")
    assert asked(simulation, "/feed/1.xml", 'If-None-Match: "another"', knowing[1]).startswith(b"HTTP/1.1 200 ")
    asked(simulation, "/tick")
    assert asked(simulation, "/feed/1.xml", *knowing).startswith(b"HTTP/1.1 200 ")
    assert asked(simulation, "/feed/2.xml").startswith(b"HTTP/1.1 404 ")
    counted = simulation.statistics()
    assert (counted["requests"], counted["ok200"], counted["nm304"]) == (5, 3, 2)


@pytest.mark.parametrize("size", [600, 3072])
@pytest.mark.parametrize("feed", [0, 1])
def test_a_simulated_feed_is_read_whole_and_has_the_size_it_should(feed, size):
    simulation = Simulation(2, 20, size)
    asked(simulation, "/tick")
    body = asked(simulation, f"/feed/{feed}.xml").partition(b"\r\n\r\n")[2]
    document = read_feed(ReadRequest(body, CONTENT_TYPE, f"http://127.0.0.1/feed/{feed}.xml"))
    assert isinstance(document, FeedDocument)
    assert [entry.guid for entry in document.slots] == [dispatches.guid(feed, number) for number in range(21, 1, -1)]
    assert not document.repairs
    items = ET.fromstring(body).findall("channel/item")
    contents = "{http://purl.org/rss/1.0/modules/content/}encoded"
    html = [(item.findtext("description") + item.findtext(contents, "")).encode() for item in items]
    assert 0.9 * size < statistics.mean(map(len, html)) < 1.1 * size


def test_what_is_lost_foreign_or_there_twice_is_complained_about():
    found = Articles()
    for number in (1, 2):
        found.add(b'{"id":"%s"}' % dispatches.guid(0, number).encode())
    assert found.complaint(1, 2) is None
    assert found.complaint(1, 3) == "1 articles lost, 0 too many, 0 records of no item"
    found.add(b'{"id":"%s"}' % dispatches.guid(0, 2).encode())
    found.add(b"{}")
    assert found.complaint(1, 2) == "0 articles lost, 1 too many, 1 records of no item"


def test_a_ratio_is_that_of_the_turns_that_both_took():
    def polls(*seconds):
        return [{"cpu_s": each, "wall_s": 1.0, "published": 0} for each in seconds]

    rounds = [
        {"peers": {"telex": {"unchanged": polls(1.0, 3.0, 90.0)}, "plain": {"unchanged": polls(4.0, 4.0)}}},
        {"peers": {"telex": {"unchanged": polls(1.0)}, "plain": {"unchanged": polls(1.0, 70.0)}}},
        {"peers": {"telex": {"unchanged": polls(4.0)}, "plain": {"unchanged": polls(1.0)}}},
    ]
    found = figures.ratios(rounds, "telex", "plain", "unchanged")
    assert found.values == (0.5, 1.0, 4.0)
    assert str(found) == "1.00 (0.500–4.00)"
