"""`telex demo`: the newsroom and telex together, with the articles live on the screen."""

import argparse
import asyncio
import math
import shutil
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from telex.adapters import logs
from telex.adapters.clock import SystemClock
from telex.app import Service
from telex.commands.common import Exit, Subparsers, is_terminal, report, run_async, say, until
from telex.commands.lines import Titles, cut, line_of
from telex.errors import ConfigurationError
from telex.ports import LogReader
from telex.settings import Config, load_settings
from telex.wire.cloudevents import structured

_PATIENCE = 20.0
_GRACE = 5.0
_PLAIN_SUMMARY_EVERY = 15.0
_REDRAW_EVERY = 0.5
_WORDS = "newsroom.txt"


def add(parsers: Subparsers) -> None:
    """Declare the command."""
    parser = parsers.add_parser("demo", help="simulated publishers and telex together; needs nothing else")
    parser.add_argument("--seconds", type=_seconds, metavar="S", help="stop after S seconds (default: on Ctrl-C)")
    parser.add_argument("--seed", type=int, metavar="N", default=1, help="which invented news (default %(default)s)")
    parser.add_argument(
        "--faults",
        choices=["off", "some", "many"],
        default="some",
        help="how ill the publishers are (default %(default)s)",
    )
    parser.add_argument(
        "--http", metavar="HOST:PORT", default="127.0.0.1:8080", help="where telex listens (default %(default)s)"
    )
    parser.set_defaults(run=run)


def _seconds(text: str) -> float:
    with suppress(ValueError):
        if math.isfinite(seconds := float(text)) and seconds > 0:
            return seconds
    raise argparse.ArgumentTypeError(f"{text!r} is no time; use seconds, more than 0")


def run(arguments: argparse.Namespace) -> int:
    """0 after Ctrl-C or the time that was asked for."""
    folder = Path(tempfile.mkdtemp(prefix="telex-demo-"))
    logs.configure("error")

    async def work(stop: asyncio.Event) -> int:
        config = _config(folder, arguments.http)
        newsroom = await _start_newsroom(folder, arguments)
        try:
            address = await until(stop, _address(newsroom))
            if stop.is_set():
                return Exit.DONE
            if not address:
                return _not_started(folder)
            say(address)
            return await _show(await _started(config), arguments.seconds, stop)
        finally:
            await _end(newsroom)

    try:
        return run_async(work)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _start_newsroom(folder: Path, arguments: argparse.Namespace) -> Process:
    """The newsroom is a service of its own: telex meets it over HTTP alone. Ctrl-C is for telex, which ends it."""
    # Its words are kept from the screen: it complains of each answer that telex drops when it stops.
    with (folder / _WORDS).open("wb") as words:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "newsroom", "--port", "0", f"--seed={arguments.seed}", "--faults", arguments.faults,
            "--catalogue", str(folder / "feeds.yaml"), "--articles-start", "4",
            stdout=PIPE, stderr=words, start_new_session=True,
        )  # fmt: skip


def _not_started(folder: Path) -> int:
    say("telex demo: the newsroom did not start")
    for line in (folder / _WORDS).read_text(encoding="utf-8", errors="replace").splitlines():
        say(f"  {line}")
    return Exit.PROBLEM


async def _address(newsroom: Process) -> str:
    """What the newsroom says first: where it is; empty where it does not start."""
    assert newsroom.stdout is not None
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            return (await newsroom.stdout.readline()).decode().strip()
    return ""


async def _end(newsroom: Process) -> None:
    with suppress(ProcessLookupError):
        newsroom.terminate()
    try:
        async with asyncio.timeout(_GRACE):
            await newsroom.wait()
    except TimeoutError:
        newsroom.kill()
        await newsroom.wait()


def _config(folder: Path, http: str) -> Config:
    """The demo's own settings: whatever this machine's file and variables say is for the real service."""
    file = folder / "telex.yaml"
    file.touch()
    flags = {
        "catalogue.paths": (str(folder / "feeds.yaml"),),
        "log.path": folder / "demo.sqlite",
        "log.shards": 8,
        "http.listen": http,
        "fetch.allow_networks": ("127.0.0.0/8",),
        "polling.backoff_cap": 20.0,
    }
    return load_settings(file=str(file), environ={}, flags=flags)


async def _started(config: Config) -> Service:
    service = Service(config)
    try:
        await service.start()
    except ConfigurationError as error:
        if any(problem.where != "http" for problem in error.problems):
            raise
        report(error)
        say("taking a free port instead")
        folder = config.log.path.parent
        service = Service(_config(folder, f"{config.http.listen.rpartition(':')[0]}:0"))
        await service.start()
    return service


async def _show(service: Service, seconds: float | None, stop: asyncio.Event) -> int:
    for line in (f"events   {service.url}/events", f"metrics  {service.url}/metrics", "Ctrl-C ends the demo.", ""):
        say(line)
    screen = _Screen(service.log)
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await until(stop, screen.run())
        screen.close()
    finally:
        await service.stop()
    return Exit.DONE


class _Screen:
    """Prints each event as a line; on a terminal with a running summary below, else with one now and then."""

    def __init__(self, log: LogReader) -> None:
        self._log = log
        self._terminal = is_terminal()
        self._counts: Counter[str] = Counter()
        self._titles = Titles()
        self._sources: set[str] = set()
        self._began = asyncio.get_running_loop().time()

    async def run(self) -> None:
        """Print for ever."""
        summaries = asyncio.create_task(self._summaries())
        try:
            await self._events()
        finally:
            summaries.cancel()
            await asyncio.gather(summaries, return_exceptions=True)

    async def _events(self) -> None:
        after = 0
        while True:
            batch = await self._log.read(None, after, 200)
            for stored in batch:
                after = stored.position
                if stored.record.value is not None:
                    self._print(orjson.loads(structured(stored.record)))
            if not batch:
                await self._log.wait_newer(after)

    def _print(self, event: dict[str, Any]) -> None:
        kind = event["type"].removeprefix("telex.").removeprefix("article.")
        self._counts[kind] += 1
        if event["type"].startswith("telex.article."):
            self._sources.add(event["data"]["source"]["publisher"])
        elif kind == "feed.status" and event["data"]["health"] == "ok" and event["data"]["reason"] == "answered":
            return  # forty feeds that answer are no news
        line = line_of(event, SystemClock().now(), titles=self._titles, colour=self._terminal)
        if self._terminal:
            # A character less than fits: some terminals wrap as soon as the last column is taken.
            print(f"\r\x1b[K{cut(line, _width())}\n", end="")
            self._redraw()
        else:
            print(line, flush=True)

    async def _summaries(self) -> None:
        while True:
            await asyncio.sleep(_REDRAW_EVERY if self._terminal else _PLAIN_SUMMARY_EVERY)
            if self._terminal:
                self._redraw()
            else:
                print(self._summary(), flush=True)

    def _redraw(self) -> None:
        print(f"\r\x1b[K{cut(self._summary(), _width())}", end="", flush=True)

    def _summary(self) -> str:
        elapsed = max(1.0, asyncio.get_running_loop().time() - self._began)
        told = sum(self._counts[kind] for kind in ("published", "updated", "withdrawn"))
        return (
            f"-- {elapsed:.0f} s: {self._counts['published']} new, {self._counts['updated']} edited, "
            f"{self._counts['withdrawn']} withdrawn from {len(self._sources)} publishers, {told / elapsed:.1f} events/s"
        )

    def close(self) -> None:
        """Leave the last summary, and the cursor on a line of its own."""
        print(("\r\x1b[K" if self._terminal else "") + self._summary(), flush=True)


def _width() -> int:
    return shutil.get_terminal_size().columns - 1
