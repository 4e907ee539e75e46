"""The part `scale`, as `bench.py` runs it: scale.py in a process of its own, which prints its figures as JSON."""

import asyncio
import json
import os
import shlex
import signal
import sys
from argparse import ArgumentParser, Namespace
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import figures

from support import kafka

_PROGRAM = Path(__file__).parent / "scale.py"


def add_arguments(parser: ArgumentParser) -> None:
    """The options of this part."""
    group = parser.add_argument_group("scale")
    group.add_argument("--scale", default="", metavar="OPTIONS", help='of scale.py, e.g. "--feeds 10000 --minutes 1"')


async def measure(given: Namespace) -> AsyncIterator[dict[str, object]]:
    """The figures, once.

    Raises:
        support.kafka.NoKafkaError: there is no broker and none can be started.
    """
    options = shlex.split(given.scale)
    if "sqlite" not in options:
        kafka.libraries()
    command = (sys.executable, str(_PROGRAM), *options)
    environment = os.environ | {"PYTHONPATH": str(_PROGRAM.parents[1])}
    process = await asyncio.create_subprocess_exec(
        *command, stdin=DEVNULL, stdout=PIPE, env=environment, start_new_session=True
    )
    try:
        printed, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)  # it tidies up
            await process.wait()
    if process.returncode:
        raise RuntimeError(f"{shlex.join(command)} ended with {process.returncode}")
    yield json.loads(printed)


def table(result: dict) -> list[str]:
    """Rows of Markdown."""
    return ["| figure | |", "|---|--:|", *(f"| {name} | {value} |" for name, value in _flat(result))]


def _flat(found: dict, before: str = "") -> Iterator[tuple[str, str]]:
    for name, value in found.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}, ")
        else:
            shown = (
                figures.short(value) if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else value
            )
            yield f"{before}{name}".replace("_", " "), shown
