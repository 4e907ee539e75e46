"""telex as its users run it: a process of its own, beside a newsroom in this one."""

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import psutil
import yaml

from telex.adapters.sqlite.reader import open_reader
from telex.ports import Stored
from telex.wire.cloudevents import structured


class Service:
    """`telex run` on a SQLite file and a catalogue file; may be killed and started again."""

    def __init__(self, folder: Path, catalogue: Path, **settings: str) -> None:
        self.log = folder / "telex.sqlite"
        self.words = folder / "words.txt"
        self.process: Process | None = None
        self.starts = 0
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TELEX_")},
            "TELEX_CATALOGUE": str(catalogue),
            "TELEX_LOG__PATH": str(self.log),
            "TELEX_LOG__SHARDS": "8",
            "TELEX_HTTP": "127.0.0.1:0",
            "TELEX_FETCH__ALLOW_NETWORKS": "127.0.0.0/8",
            "TELEX_FETCH__PER_HOST": "none",
            "TELEX_LOG__LEASE": "4",
            **settings,
        }

    async def start(self) -> None:
        """Start the process; it writes its words into a file."""
        self.starts += 1
        with self.words.open("ab") as words:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "telex", "run", stdin=PIPE, stdout=words, stderr=words, env=self.environment
            )

    async def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        assert self.process is not None
        self.process.kill()
        await self.process.wait()

    async def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), 30)

    async def stored(self) -> list[Stored]:
        """Everything in the log."""
        reader = await open_reader(self.log)
        try:
            found: list[Stored] = []
            while batch := await reader.read(None, found[-1].position if found else 0, 5000):
                found += batch
            return found
        finally:
            await reader.close()

    async def events(self, *kinds: str) -> list[dict[str, Any]]:
        """The events in the log, structured; only of these types where some are named."""
        found = [orjson.loads(structured(each.record)) for each in await self.stored() if each.record.value is not None]
        return [event for event in found if not kinds or event["type"] in kinds]

    def said(self) -> str:
        """What the process printed so far."""
        return self.words.read_text(encoding="utf-8") if self.words.exists() else ""

    async def url(self) -> str:
        """Where it answers, once it does: the last start's."""
        running = re.compile(r'"event":"telex runs".*?"url":"(http[^"]+)"')
        assert self.process is not None
        process, begun = self.process, self.starts
        await wait_until(
            lambda: len(running.findall(self.said())) >= begun or process.returncode is not None, what="telex to run"
        )
        assert process.returncode is None, self.said()
        return running.findall(self.said())[-1]

    async def get(self, path: str) -> tuple[int, str]:
        """Ask its HTTP; the status and the text."""
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session,
            session.get(await self.url() + path) as response,
        ):
            return response.status, await response.text()

    async def get_lines(self, path: str, count: int) -> list[str]:
        """The first `count` lines with data of a stream of events."""
        lines: list[str] = []
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session,
            session.get(await self.url() + path) as response,
        ):
            assert response.status == 200
            async for line in response.content:
                if line.startswith(b"data:"):
                    lines.append(line.decode().rstrip("\n"))
                if len(lines) == count:
                    break
        return lines

    async def metric(self, sample: str) -> float:
        """The value of a sample of /metrics, named with its labels as it stands there."""
        _, text = await self.get("/metrics")
        found = re.search(rf"^{re.escape(sample)} (\S+)$", text, re.MULTILINE)
        assert found is not None, f"no {sample} in:\n{text}"
        return float(found[1])

    def resident(self) -> int:
        """Bytes of memory that the process and its children hold now."""
        assert self.process is not None
        main = psutil.Process(self.process.pid)
        total = 0
        for each in (main, *main.children(recursive=True)):
            try:
                total += each.memory_info().rss
            except psutil.NoSuchProcess:  # a worker that just ended
                continue
        return total


def write_catalogue(path: Path, *feeds: dict[str, Any], **defaults: Any) -> None:
    """Replace a catalogue file as a whole, as careful programs do; intervals are one second unless a feed says more."""
    new = path.with_name(f".{path.name}.new")
    defaults = {"interval": {"min": 1, "max": 1}, **defaults}
    new.write_text(yaml.safe_dump({"defaults": defaults, "feeds": list(feeds)}, allow_unicode=True))
    new.replace(path)


async def wait_for(condition: Callable[[], Awaitable[Any]], *, what: str, patience: float = 60.0) -> Any:
    """Wait until the condition gives something true; gives that."""
    loop = asyncio.get_running_loop()
    end = loop.time() + patience
    while not (found := await condition()):
        if loop.time() > end:
            raise AssertionError(f"waited {patience:g} s for {what}")
        await asyncio.sleep(0.1)
    return found


async def wait_until(condition: Callable[[], bool], *, what: str, patience: float = 60.0) -> None:
    """Wait until the condition holds."""
    for _ in range(int(patience / 0.1)):
        if condition():
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"waited {patience:g} s for {what}")
