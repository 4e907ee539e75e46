"""`telex run`: starts or says why not, and ends in good order."""

import asyncio
import re
import signal
import socket

import pytest

from commands.command_line import LOOPBACK, finish, line_with, start, telex
from support.loopback_servers import answer, serve

FEED = b"<rss version='2.0'><channel><title>T</title><item><title>x</title><guid>1</guid></item></channel></rss>"
QUIET = {**LOOPBACK, "TELEX_HTTP": "127.0.0.1:0", "TELEX_LOG__SHARDS": "4", "TELEX_LOG__LEASE": "4"}


@pytest.fixture
def catalogue(tmp_path):
    (tmp_path / "feeds.yaml").write_text("feeds:\n  - url: http://127.0.0.1:9/feed.xml\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_a_signal_ends_it_in_good_order_with_0(catalogue, tmp_path, number):
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # a run of the tests under nohup would be handed on
    process = await start("run", cwd=tmp_path, **QUIET)
    signal.signal(signal.SIGHUP, before)
    said = await line_with(process.stderr, "telex runs")
    assert re.search(r'"url":"http://127\.0\.0\.1:[0-9]+"', said)
    assert (tmp_path / "var" / "telex.sqlite").exists(), "the directory of the log is made"
    process.send_signal(number)
    ended = await finish(process)
    assert (ended.code, ended.out) == (0, b"")
    assert "telex stopped" in ended.words
    assert "Traceback" not in ended.words


async def test_a_missing_catalogue_ends_with_2_and_how_to_name_one(tmp_path):
    ended = await telex("run", cwd=tmp_path, **QUIET)
    assert ended.code == 2
    assert "feeds.yaml: cannot be read: No such file or directory; check the path and its permissions" in ended.words
    assert "--catalogue PATH or TELEX_CATALOGUE" in ended.words
    assert "Traceback" not in ended.words


async def test_a_broken_catalogue_ends_with_2_and_every_problem(tmp_path):
    (tmp_path / "bad.yaml").write_text("feeds:\n  - url: x\n  - {url: https://a.example/, nam: x}\n")
    ended = await telex("run", "--catalogue", "bad.yaml", cwd=tmp_path, **QUIET)
    assert ended.code == 2
    assert [line.split(": ")[0] for line in ended.words.splitlines() if line[0] != "{"] == [
        "bad.yaml:2:10",
        "bad.yaml:3:31",
    ]


async def test_a_port_that_is_taken_ends_with_2_and_the_remedy(catalogue, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = await telex("run", "--http", address, cwd=tmp_path, **QUIET)
    assert ended.code == 2
    assert f"cannot listen on {address}: " in ended.words
    assert "choose an address that is free" in ended.words
    assert "Traceback" not in ended.words


@pytest.mark.parametrize("content", [b"junk" * 5000, b"SQLite format 3\0" + b"\xff" * 8000], ids=["junk", "damaged"])
async def test_a_log_that_cannot_be_read_ends_with_1_and_what_to_do(catalogue, tmp_path, content):
    (tmp_path / "log.sqlite").write_bytes(content)
    ended = await telex("run", cwd=tmp_path, TELEX_LOG__PATH="log.sqlite", **QUIET)
    assert ended.code == 1
    assert "telex: log.sqlite: the event log is damaged" in ended.words
    assert "move it away to start with an empty log" in ended.words
    assert "Traceback" not in ended.words
    assert (tmp_path / "log.sqlite").read_bytes() == content


async def test_a_place_where_no_log_can_be_ends_with_2(catalogue, tmp_path):
    for place in (".", "feeds.yaml/log.sqlite"):
        ended = await telex("run", cwd=tmp_path, TELEX_LOG__PATH=place, **QUIET)
        assert ended.code == 2
        assert "; name a" in ended.words
        assert "Traceback" not in ended.words


async def test_two_processes_share_one_log_and_publish_once(tmp_path):
    async with serve(answer(FEED)) as server:
        (tmp_path / "feeds.yaml").write_text(f"feeds:\n  - url: {server.url()}\n")
        both = [await start("run", cwd=tmp_path, **QUIET) for _ in range(2)]
        for process in both:
            await line_with(process.stderr, "shard claimed")
        first = await telex(
            "tail", "--json", "--count", "1", "--topic", "news.articles", "--from", "earliest", cwd=tmp_path
        )
        for process in both:
            process.send_signal(signal.SIGTERM)
        ends = await asyncio.gather(*map(finish, both))
    assert [ended.code for ended in ends] == [0, 0]
    assert [event["data"]["title"] for event in first.events()] == ["x"]
    held = await telex(
        "tail", "--json", "--exit-at-end", "--topic", "news.articles", "--from", "earliest", cwd=tmp_path
    )
    assert len(held.events()) == 1
