"""Log lines: what gets one, what it says, what it must not say."""

import asyncio
import io
import json
import logging
import sys
import warnings
from dataclasses import replace

import pytest
import structlog

from telex.adapters.lag import LoopLag
from telex.adapters.logs import LogObserver, configure, redact
from telex.core.facts import (
    CatalogueReloaded,
    Committed,
    LogPaused,
    MemoryDropped,
    PollEnded,
    ShardClaimed,
    ShardLost,
)
from telex.core.model import FeedId

SECRET = "hunter2secret"


def poll(outcome, *, changed=False, detail=None):
    return PollEnded(FeedId("rfi-fr"), outcome, 0.0, 0.1, 10, 0, detail, changed, 312.5, "backoff")


@pytest.fixture
def stream():
    root, telex = logging.getLogger(), logging.getLogger("telex")
    before = list(root.handlers), root.level, telex.level
    yield io.StringIO()
    root.handlers[:], root.level, telex.level = before[0], before[1], before[2]
    root.manager._clear_cache()
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def lines(stream):
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def told(stream, *facts, level="debug"):
    configure(level, stream)
    observer = LogObserver()
    for fact in facts:
        observer.observe(fact)
    return lines(stream)


@pytest.mark.parametrize("outcome", ["changed", "unchanged", "not_modified", "timeout", "gone", "internal"])
def test_a_poll_that_changes_nothing_about_the_feed_gives_no_line(stream, outcome):
    assert told(stream, poll(outcome), Committed(1, 0.1, 1, 1, (), (), ())) == []


def test_entries_that_flap_are_told_with_their_feed(stream):
    (line,) = told(stream, replace(poll("changed"), held=2))
    assert (line["level"], line["feed"], line["entries"]) == ("info", "rfi-fr", 2)
    assert line["event"].startswith("entries flap")


@pytest.mark.parametrize(
    ("outcome", "level", "event"),
    [
        ("timeout", "warning", "feed fails"),
        ("unreadable", "warning", "feed fails"),
        ("gone", "warning", "feed gone"),
        ("internal", "error", "poll broke"),
        ("changed", "info", "feed answers"),
        ("not_modified", "info", "feed answers"),
    ],
)
def test_a_change_of_a_feeds_health_gives_a_line_with_its_id(stream, outcome, level, event):
    (line,) = told(stream, poll(outcome, changed=True, detail="no answer in 10 s"))
    assert (line["level"], line["event"], line["feed"], line["outcome"]) == (level, event, "rfi-fr", outcome)
    assert (line["next_in"], line["next_reason"]) == (312.5, "backoff")
    assert line.get("detail") == ("no answer in 10 s" if level != "info" else None)
    assert line["timestamp"].endswith("Z")
    assert line["logger"] == "telex"


@pytest.mark.parametrize(
    ("fact", "level", "event", "values"),
    [
        (ShardClaimed(3, 12, 0.12345), "info", "shard claimed", {"shard": 3, "feeds": 12, "elapsed": 0.123}),
        (ShardLost(3, "released", None), "info", "shard released", {"reason": "released"}),
        (ShardLost(3, "revoked", None), "info", "shard lost", {"reason": "revoked"}),
        (ShardLost(3, "fenced", "why"), "warning", "shard lost", {"reason": "fenced", "detail": "why"}),
        (
            LogPaused(3, resumed=False, detail="full"),
            "warning",
            "log takes no appends, polling waits",
            {"detail": "full"},
        ),
        (LogPaused(3, resumed=True, detail=None), "info", "log takes appends again", {"shard": 3}),
        (MemoryDropped(FeedId("f"), "oldest 20"), "warning", "memory dropped", {"feed": "f", "what": "oldest 20"}),
        (CatalogueReloaded(2, 40, accepted=True, problems=()), "info", "catalogue loaded", {"version": 2, "feeds": 40}),
    ],
)
def test_what_concerns_an_operator_gives_a_line(stream, fact, level, event, values):
    (line,) = told(stream, fact)
    assert (line["level"], line["event"]) == (level, event)
    assert values.items() <= line.items()


def test_a_refused_catalogue_tells_its_first_problems_and_counts_the_others(stream):
    problems = tuple(f"telex.yaml:{number}: url: bad" for number in range(50))
    (line,) = told(stream, CatalogueReloaded(2, 40, accepted=False, problems=problems))
    assert line["level"] == "error"
    assert line["problems"] == list(problems[:20])
    assert line["more"] == 30


def test_the_level_decides_what_is_written(stream):
    assert [
        line["event"]
        for line in told(stream, poll("changed", changed=True), poll("dns", changed=True), level="warning")
    ] == ["feed fails"]


def test_an_unknown_level_is_refused(stream):
    with pytest.raises(ValueError, match="no log level: 'loud'"):
        configure("loud", stream)


class Odd:
    def __str__(self):
        return f"https://a.example/?token={SECRET}"


@pytest.mark.parametrize(
    "value",
    [
        f"GET https://user:{SECRET}@a.example/feed?token={SECRET}",
        [f"token={SECRET}"],
        {"deep": {"er": (f"password={SECRET}",)}},
        {f"token={SECRET}": 1},
        Odd(),
        ValueError(f"api_key={SECRET}"),
        {f"token={SECRET}"},
        [[[[[[f"token={SECRET}"]]]]]],
        f"token={SECRET}".encode(),
    ],
)
@pytest.mark.parametrize("as_json", [True, False])
def test_no_secret_gets_into_a_line_wherever_it_stands(stream, value, as_json):
    configure("debug", stream, json=as_json)
    structlog.get_logger("telex").warning(f"failed token={SECRET}", value=value)
    assert "failed" in stream.getvalue()
    assert SECRET not in stream.getvalue()


@pytest.mark.parametrize("as_json", [True, False])
def test_a_traceback_is_redacted_and_keeps_its_end(stream, as_json):
    configure("debug", stream, json=as_json)

    def deep(depth):
        if depth:
            deep(depth - 1)
        raise RuntimeError(message)

    message = f"https://a.example/?token={SECRET} the very end"
    try:
        deep(200)
    except RuntimeError:
        structlog.get_logger("telex").exception("broke")
        logging.getLogger("aiohttp.server").exception("broke there")
    text = stream.getvalue()
    assert SECRET not in text
    assert text.count("the very end") == 2
    assert len(text) < 60_000


def test_libraries_log_the_same_way_from_warnings_on(stream):
    configure("debug", stream)
    logging.getLogger("aiohttp.client").info("uneventful")
    logging.getLogger("aiohttp.client").warning("cannot reach %s", f"https://a.example/?sig={SECRET}")
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        logging.captureWarnings(capture=True)
        warnings.warn("old ways", DeprecationWarning, stacklevel=1)
    found = lines(stream)
    assert [line["level"] for line in found] == ["warning", "warning"]
    assert found[0]["event"] == "cannot reach https://a.example/?sig=***"
    assert found[0]["logger"] == "aiohttp.client"
    assert "old ways" in found[1]["event"]


def test_a_line_is_one_line_and_valid_json_whatever_stands_in_it(stream):
    configure("debug", stream)
    structlog.get_logger("telex").info(
        "odd\nevent", text="a\r\nb\ud800\x1b[31m", number=2**70, none=None, nan=float("nan")
    )
    (line,) = lines(stream)
    assert line["event"] == "odd\nevent"
    assert line["text"] == "a\r\nb\ufffd\x1b[31m"


def test_text_for_terminals_cannot_steer_them(stream):
    configure("debug", stream, json=False)
    structlog.get_logger("telex").info("feed fails", detail="\x1b[2Jgone\x9b", feed="f1", problems=["\x1b]0;x"])
    assert "feed fails" in stream.getvalue()
    assert "feed=f1" in stream.getvalue()
    assert not {"\x1b", "\x9b"} & set(stream.getvalue())


def test_the_cost_of_a_line_is_bounded(stream):
    event = redact(
        None, "info", {"event": "x" * 10**6, "list": ["y" * 10**5] * 10**4, "map": {i: i for i in range(10**4)}}
    )
    assert len(event["event"]) <= 2048
    assert len(event["list"]) == 100
    assert len(event["map"]) == 100


def test_a_closed_stream_costs_the_line_and_nothing_else(stream, capsys):
    configure("debug", stream)
    stream.close()
    LogObserver().observe(poll("dns", changed=True))
    assert capsys.readouterr().err == ""


def test_configuring_again_replaces_the_stream(stream):
    configure("debug", sys.stderr)
    configure("debug", stream)
    structlog.get_logger("telex").info("once")
    assert len(lines(stream)) == 1
    assert logging.getLogger().handlers.count(logging.getLogger().handlers[-1]) == 1


async def test_the_lag_of_the_loop_is_measured():
    found = []
    probe = LoopLag(found.append, interval=0.01)
    task = asyncio.create_task(probe.run())
    async with asyncio.timeout(20):
        while not found:
            await asyncio.sleep(0.005)
        blocked = asyncio.get_running_loop().time() + 0.1
        while asyncio.get_running_loop().time() < blocked:
            pass
        while max(found) < 0.05:
            await asyncio.sleep(0.005)
    task.cancel()
    assert probe.statistics().worst == max(found)
    assert min(found) >= 0
