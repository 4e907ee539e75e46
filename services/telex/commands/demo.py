"""`telex demo`: the newsroom and telex together, with the articles live on the screen."""

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections import Counter
from pathlib import Path
from typing import Any

import orjson

from telex.adapters import logs
from telex.adapters.clock import SystemClock
from telex.app import Service
from telex.commands.common import Exit, Subparsers, is_terminal, run_async, say, until
from telex.commands.lines import line_of
from telex.errors import ConfigurationError
from telex.ports import LogReader
from telex.settings import Config, load_settings
from telex.wire.cloudevents import structured

_PATIENCE = 20.0
_PLAIN_SUMMARY_EVERY = 15.0
_REDRAW_EVERY = 0.5


def add(parsers: Subparsers) -> None:
    """Declare the command."""
    parser = parsers.add_parser("demo", help="simulated publishers and telex together; needs nothing else")
    parser.add_argument("--seconds", type=float, metavar="S", help="stop after S seconds (default: on Ctrl-C)")
    parser.add_argument("--seed", default="1", help="which invented news (default 1)")
    parser.add_argument("--faults", choices=["off", "some", "many"], default="some", help="how ill the publishers are")
    parser.add_argument("--http", metavar="HOST:PORT", default="127.0.0.1:8080", help="where telex listens")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """0 after Ctrl-C or the time that was asked for."""
    folder = Path(tempfile.mkdtemp(prefix="telex-demo-"))
    logs.configure("error")

    async def work(stop: asyncio.Event) -> int:
        newsroom = await _start_newsroom(folder, arguments)
        try:
            return await _show(folder, arguments, stop)
        finally:
            newsroom.terminate()
            await newsroom.wait()

    try:
        return run_async(work)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _start_newsroom(folder: Path, arguments: argparse.Namespace) -> Process:
    """The newsroom is a service of its own: telex meets it over HTTP alone."""
    newsroom = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "newsroom", "--port", "0", "--seed", arguments.seed, "--faults", arguments.faults,
        "--catalogue", str(folder / "feeds.yaml"), "--articles-start", "4",
        stdout=PIPE, start_new_session=True,
    )  # fmt: skip
    assert newsroom.stdout is not None
    async with asyncio.timeout(_PATIENCE):
        first = await newsroom.stdout.readline()
    say(first.decode().strip() or "the newsroom did not start")
    return newsroom


def _config(folder: Path, http: str) -> Config:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("TELEX_")}
    flags = {
        "catalogue.paths": (str(folder / "feeds.yaml"),),
        "log.path": folder / "demo.sqlite",
        "log.shards": 8,
        "http.listen": http,
        "fetch.allow_networks": ("127.0.0.0/8",),
        "polling.backoff_cap": 20.0,
    }
    return load_settings(environ=environ, flags=flags)


async def _started(folder: Path, http: str) -> Service:
    service = Service(_config(folder, http))
    try:
        await service.start()
    except ConfigurationError as taken:
        say(f"{taken}\ntaking a free port instead")
        service = Service(_config(folder, http.rpartition(":")[0] + ":0"))
        await service.start()
    return service


async def _show(folder: Path, arguments: argparse.Namespace, stop: asyncio.Event) -> int:
    service = await _started(folder, arguments.http)
    say(f"events   {service.url}/events\nmetrics  {service.url}/metrics\nCtrl-C ends the demo.\n")
    screen = _Screen(service.log)
    try:
        async with asyncio.timeout(arguments.seconds):
            await until(stop, screen.run())
    except TimeoutError:
        pass
    finally:
        screen.close()
        await service.stop()
    return Exit.DONE


class _Screen:
    """Prints each event as a line; on a terminal with a running summary below, else with one now and then."""

    def __init__(self, log: LogReader) -> None:
        self._log = log
        self._terminal = is_terminal()
        self._counts: Counter[str] = Counter()
        self._titles: dict[str, str] = {}
        self._sources: set[str] = set()
        self._began = asyncio.get_running_loop().time()

    async def run(self) -> None:
        """Print for ever."""
        await asyncio.gather(self._events(), self._summaries())

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
            width = shutil.get_terminal_size().columns
            print(f"\r\x1b[K{_cut(line, width)}\n{_cut(self._summary(), width - 1)}", end="", flush=True)
        else:
            print(line, flush=True)

    async def _summaries(self) -> None:
        while True:
            await asyncio.sleep(_REDRAW_EVERY if self._terminal else _PLAIN_SUMMARY_EVERY)
            if self._terminal:
                width = shutil.get_terminal_size().columns
                print(f"\r\x1b[K{_cut(self._summary(), width - 1)}", end="", flush=True)
            else:
                print(self._summary(), flush=True)

    def _summary(self) -> str:
        elapsed = max(1.0, asyncio.get_running_loop().time() - self._began)
        told = sum(self._counts[kind] for kind in ("published", "updated", "withdrawn"))
        return (
            f"-- {elapsed:.0f} s: {self._counts['published']} new, {self._counts['updated']} edited, "
            f"{self._counts['withdrawn']} withdrawn from {len(self._sources)} publishers, {told / elapsed:.1f} events/s"
        )

    def close(self) -> None:
        """Leave the cursor on a line of its own."""
        print(("\r\x1b[K" if self._terminal else "") + self._summary(), flush=True)


def _cut(line: str, width: int) -> str:
    """The line in one row of the terminal; colour codes take no room."""
    shown, out, coloured = 0, "", False
    for character in line:
        if character == "\x1b":
            coloured = True
        elif coloured:
            coloured = character != "m"
        else:
            shown += 1
        if shown > width:
            return out + "\x1b[0m"
        out += character
    return out
