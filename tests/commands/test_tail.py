"""`telex tail`: what the log holds and what comes, each event once."""

import argparse
import asyncio
import random
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from commands.command_line import environment, finish, line_with, start, telex
from support.publisher import START, House, entry
from telex.adapters.sqlite.log import SqliteLog
from telex.adapters.sqlite.schema import SqliteSettings
from telex.commands.tail import _start, _Tail
from telex.core.events import ArticlePublished, FeedMoved
from telex.core.model import FeedId, Publisher
from telex.ports import Commit
from telex.testing.manual_clock import ManualClock
from telex.wire.cloudevents import records
from telex.wire.topics import Naming

MOVED = FeedMoved(
    FeedId("f1"), Publisher("news.example"), 1, START, "https://news.example/old", "https://news.example/new"
)


class Writer:
    """A log that a test writes, an event a second by its clock."""

    def __init__(self, log: SqliteLog, clock: ManualClock, claim) -> None:
        self.log, self.clock, self.claim, self.house = log, clock, claim, House.of()

    @classmethod
    async def open(cls, path) -> "Writer":
        clock = ManualClock()
        log = await SqliteLog.open(SqliteSettings(path, shards=1), clock=clock, random=random.Random(1))
        return cls(log, clock, await anext(log.claims()))

    async def publish(self, *names: str, title: str = "Titel") -> None:
        for name in names:
            found = self.house.show(entry(name, f"{title} {name}"), later=1)
            (event,) = [event for event in found if isinstance(event, ArticlePublished)]
            await self.append(event)

    async def append(self, event) -> None:
        self.clock.advance(1)
        await self.claim.append(Commit(records=tuple(records(event, Naming()))))

    async def close(self) -> None:
        await self.log.close()


@pytest.fixture
async def writer(tmp_path):
    made = await Writer.open(tmp_path / "log.sqlite")
    yield made
    await made.close()


@pytest.fixture
def filled(tmp_path):
    """A log of 20 articles, with a move of the feed in their midst."""

    async def fill() -> None:
        made = await Writer.open(tmp_path / "log.sqlite")
        await made.publish(*map(str, range(15)))
        await made.append(MOVED)
        await made.publish(*map(str, range(15, 20)))
        await made.close()

    asyncio.run(fill())
    return {"TELEX_LOG__PATH": "log.sqlite"}


def numbers(ended) -> list[str]:
    return [event["data"].get("title", "moved").removeprefix("Titel ") for event in ended.events()]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], ["11", "12", "13", "14", "moved", "15", "16", "17", "18", "19"]),
        (["--from", "-3"], ["17", "18", "19"]),
        (["--from", "-0"], []),
        (["--from", "latest"], []),
        (["--from", "-999999"], [*map(str, range(15)), "moved", *map(str, range(15, 20))]),
        (["--from", "earliest", "--count", "2"], ["0", "1"]),
        (["--from", "-2", "--topic", "news.articles"], ["18", "19"]),
        (["--from", "-7", "--topic", "news.articles"], ["13", "14", "15", "16", "17", "18", "19"]),
        (["--from", "-7", "--topic", "news.feedlog"], ["moved"]),
        (["--from", "-2", "--topic", "news.feedlog", "--topic", "news.articles"], ["18", "19"]),
        (["--from", "2100-01-01"], []),
        (["--from", "1990-01-01T00:00:00+02:00", "--count", "1"], ["0"]),
    ],
    ids=" ".join,
)
def test_it_begins_and_ends_where_it_is_told(inside, filled, options, expected):
    ended = inside("tail", *options, "--json", "--exit-at-end", **filled)
    assert (ended.code, ended.words, numbers(ended)) == (0, "", expected)


def test_a_time_begins_with_what_was_stored_then(inside, filled):
    moment = datetime.fromtimestamp(ManualClock().now() + 18, UTC)
    for text in (moment.isoformat(), f"{moment:%Y-%m-%dT%H:%M:%SZ}", f"{moment:%Y-%m-%dT%H:%M:%S}"):
        assert numbers(inside("tail", "--from", text, "--json", "--exit-at-end", **filled)) == ["16", "17", "18", "19"]


def test_lines_for_people_tell_day_time_source_and_title(inside, filled):
    ended = inside("tail", "--from", "-1", "--exit-at-end", **filled)
    (line,) = ended.lines
    datetime.fromisoformat(line.split("  ")[0])
    assert "  new          Titel 19" in line
    assert "\x1b" not in line


@pytest.mark.parametrize(
    "wrong",
    [
        *(["--from", "yesterday"], ["--from", "2026-13-01"], ["--from=--5"], ["--from=-x"], ["--from", ""]),
        *(["--count", "0"], ["--count", "ten"], ["--count=-1"]),
    ],
    ids=" ".join,
)
def test_a_bad_position_or_count_ends_with_2_and_says_what_is_good(inside, wrong):
    ended = inside("tail", *wrong)
    assert (ended.code, ended.out) == (2, b"")
    assert "use earliest, latest, -N or a time" in ended.words or "use 1 or more" in ended.words


def test_a_missing_log_ends_with_2_and_says_which_file(inside):
    ended = inside("tail", TELEX_LOG__PATH="nothing.sqlite")
    assert (ended.code, ended.out) == (2, b"")
    assert ended.words == "nothing.sqlite: there is no event log; name the file that `telex run` writes\n"


def test_a_file_that_is_no_log_ends_with_1_and_what_to_do(inside, tmp_path):
    (tmp_path / "log.sqlite").write_bytes(b"junk" * 5000)
    ended = inside("tail", TELEX_LOG__PATH="log.sqlite")
    assert (ended.code, ended.out) == (1, b"")
    assert ended.words.startswith("telex: log.sqlite: the event log is damaged")


def test_a_topic_that_the_settings_do_not_name_is_doubted(inside, filled):
    ended = inside("tail", "--topic", "news.article", "--exit-at-end", **filled)
    assert (ended.code, ended.out) == (0, b"")
    assert "no topic 'news.article', only news.articles, " in ended.words


def test_a_closed_pipe_is_quiet(filled, tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "telex", "tail", "--from", "earliest", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env=environment(**filled),
        pipesize=4096,  # less than the log's events, so that the rest meets a closed pipe
    )
    assert process.stdout.readline().startswith(b'{"specversion"')
    process.stdout.close()
    words = process.stderr.read()
    process.stderr.close()
    assert (process.wait(60), words) == (0, b"")


async def test_it_follows_a_writer_and_misses_nothing(writer, tmp_path):
    names = [str(number) for number in range(60)]
    await writer.publish(*names[:10])
    options = ("--from", "earliest", "--json", "--count", "60")
    process = await start("tail", *options, cwd=tmp_path, TELEX_LOG__PATH="log.sqlite")
    await line_with(process.stdout, "Titel 9")
    for name in names[10:]:
        await writer.publish(name)
        await asyncio.sleep(0.005)
    ended = await finish(process)
    assert (ended.code, numbers(ended)) == (0, names[10:])


@pytest.mark.parametrize("topics", [None, ["news.articles"]])
async def test_what_lands_between_a_look_and_the_wait_is_not_skipped(writer, topics, capfdbinary):
    class Racing:
        """Reads the log; after each look that found nothing something lands."""

        bounds, at, wait_newer = writer.log.bounds, writer.log.at, writer.log.wait_newer

        async def read(self, *arguments):
            found = await writer.log.read(*arguments)
            if not found:
                await writer.publish(str(next(names)))
            return found

    names = iter(range(100))
    arguments = argparse.Namespace(topic=topics, start=_start("latest"), count=5, exit_at_end=False, json=False)
    async with asyncio.timeout(30):
        assert await _Tail(Racing(), arguments).run() == 0
    told = capfdbinary.readouterr().out.decode().splitlines()
    assert [line.rpartition(" ")[2] for line in told] == ["0", "1", "2", "3", "4"]


async def test_an_interrupt_ends_it_with_130_and_no_traceback(writer, tmp_path):
    await writer.publish("0")
    process = await start("tail", cwd=tmp_path, TELEX_LOG__PATH="log.sqlite")
    await line_with(process.stdout, "Titel 0")
    process.send_signal(2)
    ended = await finish(process)
    assert (ended.code, ended.words) == (130, "")


async def test_hostile_titles_of_the_log_do_not_reach_the_terminal(writer, tmp_path):
    await writer.publish("0", title="a\x1b]0;owned\x07\x9b2J\u202e")
    ended = await telex("tail", "--exit-at-end", cwd=tmp_path, TELEX_LOG__PATH="log.sqlite")
    assert ended.out.decode().strip().isprintable()
    assert "owned" in ended.out.decode()
