"""A program under measurement, driven by lines.

CMD --feeds-file F --bootstrap B --topic T
  it prints  ready [PID]                PID: the process to account, if that is not itself
  it reads   poll                       polls every feed once, now
  it prints  done <published> [wall_s]  once all that it publishes is acknowledged
  it reads   quit
"""

import asyncio
import os
import sys
import time
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Self

from accounting import Tree

PATIENCE = 300.0
"""Seconds that a program may take over a line."""
_GRACE = 30.0


class Program:
    """One that runs. `close` it, whatever happens."""

    def __init__(self, name: str, process: Process, log: Path) -> None:
        self.name, self._process, self._log = name, process, log
        self._began = time.monotonic()
        self.tree = Tree(process.pid)

    @classmethod
    async def start(cls, name: str, command: tuple[str, ...], folder: Path) -> Self:
        """Start it; what it says on stderr goes to a file. Programs of this Python are found first."""
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
        environment = os.environ | {"PATH": path, "PEER_WORK": str(folder), "PYTHONWARNINGS": "ignore"}
        log = folder / f"{name}.log"
        with log.open("wb") as stderr:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=PIPE, stdout=PIPE, stderr=stderr, env=environment, start_new_session=True
            )
        return cls(name, process, log)

    def said(self) -> str:
        """What it said on stderr, the end of it."""
        return self._log.read_text(errors="replace")[-2000:]

    async def wait_ready(self) -> None:
        """Return once it may be told to poll."""
        line = await self._line("ready")
        if line:
            self.tree = Tree(int(line[0]))
        self._ready = time.monotonic() - self._began

    def start_up(self) -> dict[str, float]:
        """What it took to become ready."""
        return {"ready_s": self._ready, "ready_cpu_s": self.tree.cpu(), "ready_mib": self.tree.peak_memory()}

    async def poll(self) -> dict[str, float]:
        """One poll of all feeds: CPU and wall seconds, and how many articles it published."""
        cpu, began = self.tree.cpu(), time.monotonic()
        self._process.stdin.write(b"poll\n")
        published, *wall = await self._line("done")
        taken = time.monotonic() - began
        return {
            "cpu_s": self.tree.cpu() - cpu,
            "wall_s": float(wall[0]) if wall else taken,
            "published": int(published),
        }

    async def _line(self, word: str) -> list[str]:
        """The words after this one in the line that it prints next."""
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), PATIENCE)
        except TimeoutError:
            line = b""
        first, *more = line.decode().split() or [""]
        if first != word:
            raise RuntimeError(f"{self.name} printed {line!r} where {word} was due; it said: {self.said()}")
        return more

    async def close(self) -> None:
        """Let it quit; make it, where it does not."""
        if self._process.returncode is None:
            self._process.stdin.write(b"quit\n")
            self._process.stdin.close()
            try:
                await asyncio.wait_for(self._process.wait(), _GRACE)
            except TimeoutError:
                await stop(self._process)


async def stop(process: Process) -> None:
    """SIGTERM, and SIGKILL if that does not help."""
    for signal in (process.terminate, process.kill):
        if process.returncode is None:
            signal()
            try:
                await asyncio.wait_for(process.wait(), _GRACE)
            except TimeoutError:
                continue
