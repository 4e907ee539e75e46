"""telex as a person at a prompt meets it: a process of its own, with nothing of this machine's settings."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from support.schema_validation import assert_valid_event

LOOPBACK = {"TELEX_ALLOW_NETWORKS": "127.0.0.0/8"}
PATIENCE = 60.0


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it left on stdout and stderr."""

    code: int
    out: bytes
    words: str

    @property
    def lines(self) -> list[str]:
        return self.out.decode().splitlines()

    def events(self) -> list[dict[str, Any]]:
        """The structured CloudEvents on stdout, each on its line and valid."""
        found = [json.loads(line) for line in self.out.splitlines()]
        for event in found:
            assert_valid_event(event)
        return found


def environment(**variables: str) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("TELEX_") and name not in {"NO_COLOR", "PYTHONWARNINGS", "COLUMNS"}
    }
    return {**kept, "COLUMNS": "120", **variables}


async def start(*arguments: str, cwd: Path, stdin: int = DEVNULL, new_session: bool = False, **variables: str):
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "telex", *arguments),
        stdin=stdin,
        stdout=PIPE,
        stderr=PIPE,
        cwd=cwd,
        env=environment(**variables),
        start_new_session=new_session,
        limit=1 << 22,
    )


async def finish(process: Process, stdin: bytes | None = None) -> Ended:
    async with asyncio.timeout(PATIENCE):
        out, words = await process.communicate(stdin)
    assert process.returncode is not None
    return Ended(process.returncode, out, words.decode())


async def telex(*arguments: str, cwd: Path, stdin: bytes | None = None, **variables: str) -> Ended:
    """Run a command to its end."""
    process = await start(*arguments, cwd=cwd, stdin=DEVNULL if stdin is None else PIPE, **variables)
    return await finish(process, stdin)


async def line_with(stream: asyncio.StreamReader, wanted: str) -> str:
    """The next line of the stream that holds these words."""
    seen = []
    async with asyncio.timeout(PATIENCE):
        while line := (await stream.readline()).decode():
            seen.append(line)
            if wanted in line:
                return line
    raise AssertionError(f"no {wanted!r} in {seen}")


def processes_naming(folder: Path) -> list[str]:
    """The command lines of running processes that name the folder."""
    found = []
    for process in psutil.process_iter():
        try:
            words = " ".join(process.cmdline())
        except psutil.Error:
            continue
        if str(folder) in words:
            found.append(words)
    return found
