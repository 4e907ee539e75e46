"""`telex demo`: the whole pipeline on the screen, and nothing left behind."""

import asyncio
import os
import pty
import re
import signal
import socket
import sys
import urllib.request

import pytest

from commands.command_line import PATIENCE, environment, finish, line_with, processes_naming, start

LINE = re.compile(r"\d\d:\d\d:\d\d  .{26}  (?:fr|en|  )  (?:new|edited|withdrawn|feed|gap|moved|dead letter) +\S.*")
SUMMARY = re.compile(r"-- \d+ s: \d+ new, \d+ edited, \d+ withdrawn from \d+ publishers, \d+\.\d events/s")


def assert_nothing_left(folder):
    assert list(folder.iterdir()) == []
    assert processes_naming(folder) == []


@pytest.fixture
def place(tmp_path):
    """Where the demo puts its files; beside it a working folder with settings that are not the demo's."""
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "telex.yaml").write_text("fetch: {proxy: http://proxy.invalid:1}\nnonsense: 1\n")
    (tmp_path / "temp").mkdir()
    return tmp_path / "temp"


async def test_off_a_terminal_it_prints_plain_lines_and_a_summary_and_takes_a_free_port(place):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        process = await start(
            *("demo", "--seconds", "6", "--http", address),
            cwd=place.parent / "here",
            TMPDIR=str(place),
            TELEX_HTTP="nonsense",
        )
        events = (await line_with(process.stderr, "events ")).split()[1]
        metrics = (await line_with(process.stderr, "metrics ")).split()[1]
        first = await line_with(process.stdout, "  new  ")  # flushed: it is here before the end
        assert process.returncode is None

        def ask(url: str) -> bytes:
            return urllib.request.urlopen(url, timeout=30).read(200)

        assert b"retry:" in await asyncio.to_thread(ask, events)
        assert b"# HELP" in await asyncio.to_thread(ask, metrics)
        ended = await finish(process)
    lines = [first.rstrip("\n"), *ended.lines]
    assert ended.code == 0
    assert events.endswith("/events")
    assert address not in events
    assert len(lines) > 20
    assert SUMMARY.fullmatch(lines[-1])
    assert [line for line in lines if not LINE.fullmatch(line) and not SUMMARY.fullmatch(line)] == []
    assert b"\x1b" not in ended.out
    assert_nothing_left(place)


async def test_a_port_that_is_taken_is_said(place):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        process = await start("demo", "--seconds", "0.5", "--http", address, cwd=place, TMPDIR=str(place))
        ended = await finish(process)
    assert ended.code == 0
    assert f"cannot listen on {address}: " in ended.words
    assert "taking a free port instead" in ended.words
    assert_nothing_left(place)


@pytest.mark.parametrize("whom", ["telex alone", "the group"])
async def test_an_interrupt_ends_it_cleanly_with_0(place, whom):
    process = await start("demo", "--http", "127.0.0.1:0", cwd=place, new_session=True, TMPDIR=str(place))
    await line_with(process.stdout, "  new  ")
    assert processes_naming(place)
    if whom == "telex alone":
        process.send_signal(signal.SIGINT)
    else:
        os.killpg(process.pid, signal.SIGINT)
    ended = await finish(process)
    assert ended.code == 0
    assert SUMMARY.fullmatch(ended.lines[-1])
    assert "Traceback" not in ended.words
    assert ended.words.splitlines()[-1] in {"", "Ctrl-C ends the demo."}
    assert_nothing_left(place)


async def test_a_newsroom_that_does_not_start_is_told_with_its_words(place):
    (place.parent / "newsroom.py").write_text("raise SystemExit('the presses are on strike')")
    process = await start("demo", "--http", "127.0.0.1:0", cwd=place.parent, TMPDIR=str(place))
    ended = await finish(process)
    assert (ended.code, ended.out) == (1, b"")
    assert ended.words == "telex demo: the newsroom did not start\n  the presses are on strike\n"
    assert_nothing_left(place)


async def test_a_closed_pipe_ends_it_quietly(place):
    process = await start("demo", "--http", "127.0.0.1:0", cwd=place, TMPDIR=str(place))
    await line_with(process.stdout, "  new  ")
    process._transport.get_pipe_transport(1).close()
    async with asyncio.timeout(PATIENCE):
        words = (await process.stderr.read()).decode()
        assert await process.wait() == 0
    assert words.endswith("Ctrl-C ends the demo.\n\n")
    assert_nothing_left(place)


async def on_a_terminal(place, wanted: bytes, times: int, **variables: str) -> tuple[int | None, bytes]:
    """Run the demo on a pseudo terminal until it showed something so many times; its exit code and all it showed."""
    master, slave = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "telex", "demo", "--http", "127.0.0.1:0"),
        stdin=slave,
        stdout=slave,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=place,
        env=environment(TMPDIR=str(place), TERM="xterm", COLUMNS="70", **variables),
    )
    os.close(slave)
    shown = bytearray()

    def collect() -> None:
        signalled = False
        while True:
            try:
                shown.extend(os.read(master, 65536))
            except OSError:  # Linux: the other end is closed
                return
            if not signalled and shown.count(wanted) >= times:
                process.send_signal(signal.SIGINT)
                signalled = True

    async with asyncio.timeout(PATIENCE):
        await asyncio.to_thread(collect)
        await process.wait()
    os.close(master)
    return process.returncode, bytes(shown)


async def test_on_a_terminal_the_summary_is_redrawn_below_coloured_lines(place):
    code, shown = await on_a_terminal(place, b"\r\x1b[K-- 2 s: ", 1)
    assert code == 0
    assert b"\x1b[32mnew        \x1b[0m" in shown
    assert shown.count(b"\r\x1b[K-- ") > 20
    for row in shown.decode().replace("\r\x1b[K", "\n").splitlines()[:-1]:  # the last is whole, wherever it wraps
        assert len(re.sub(r"\x1b\[\d+m", "", row)) <= 69
    assert shown.endswith(b"events/s\r\n")
    assert_nothing_left(place)


async def test_no_color_is_plain_on_a_terminal_too(place):
    code, shown = await on_a_terminal(place, b"  new  ", 3, NO_COLOR="1")
    assert code == 0
    assert b"\x1b" not in shown
    assert_nothing_left(place)


@pytest.mark.parametrize(
    "wrong",
    [
        ["--seconds", "0"],
        ["--seconds", "nan"],
        ["--seconds", "x"],
        ["--seed", "x"],
        ["--faults", "all"],
        ["--http", "x"],
    ],
    ids=" ".join,
)
def test_a_wrong_option_ends_with_2_and_starts_nothing(inside, wrong, place):
    ended = inside("demo", *wrong, TMPDIR=str(place))
    assert (ended.code, ended.out) == (2, b"")
    assert wrong[0].strip("-") in ended.words
