"""telex as its users run it: a process of its own, beside a newsroom in this one."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from pathlib import Path

from telex.adapters.sqlite_reader import open_reader
from telex.ports import Stored


class Service:
    """`telex run` on a SQLite file and a catalogue file; may be killed and started again."""

    def __init__(self, folder: Path, catalogue: Path, **settings: str) -> None:
        self.log = folder / "telex.sqlite"
        self.words = folder / "words.txt"
        self.process: Process | None = None
        self._environment = {
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
        with self.words.open("ab") as words:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "telex", "run", stdin=PIPE, stdout=words, stderr=words, env=self._environment
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

    def said(self) -> str:
        """What the process printed so far."""
        return self.words.read_text(encoding="utf-8") if self.words.exists() else ""


async def wait_until(condition: Callable[[], bool], *, what: str, patience: float = 60.0) -> None:
    """Wait until the condition holds."""
    for _ in range(int(patience / 0.1)):
        if condition():
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"waited {patience:g} s for {what}")
