"""The part `lag`: how late the event loop is while the largest document is read, decided and committed.

A `telex run` of its own on SQLite polls small feeds every two seconds; one more answers with 9.5 MiB (gzip) once. Lag is what
telex measures itself, by the clock, from the first of those bytes to the commit; the same of two quiet seconds before is
the floor that this machine gives.
"""

import asyncio
import os
import signal
import socket
import sys
import tempfile
from argparse import Namespace
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import figures
from aiohttp import ClientError, ClientSession

from acceptance.large import ENTRIES, large_document, zipped
from acceptance.origin import Origin, item, rss
from acceptance.service import write_catalogue

_SMALL_FEEDS = 50
_EVERY = 2
_QUIET = 5.0
_PATIENCE = 120.0
_LAG = "telex_loop_lag_seconds_bucket"
_ARTICLES = 'telex_articles_total{type="published"}'


async def measure(given: Namespace) -> AsyncIterator[dict[str, object]]:
    """One run a round, at most three: the figures as far as they are there."""
    runs: list[dict[str, float]] = []
    for _ in range(min(given.rounds, 3)):
        runs.append(await _run())
        yield {"entries": ENTRIES, "small_feeds": _SMALL_FEEDS, "runs": runs}


async def _run() -> dict[str, float]:
    small = {f"/{number}.xml": rss(item(f"small-{number}")) for number in range(_SMALL_FEEDS)}
    document = zipped(large_document())
    loop = asyncio.get_running_loop()
    async with Origin({**small, "/large.xml": rss(item("first"))}) as origin:
        with tempfile.TemporaryDirectory() as folder:
            feeds = [
                {"url": origin.url(path), "id": path[1:-4], "publisher": f"{path[1:-4]}.example"}
                for path in origin.paths
            ]
            write_catalogue(Path(folder) / "feeds.yaml", *feeds)
            async with _telex(Path(folder)) as look, ClientSession() as session:
                await _wait(session, look, _SMALL_FEEDS + 1)
                before = await _look(session, look)
                await asyncio.sleep(_QUIET)
                quiet = await _look(session, look)
                origin.paths["/large.xml"], began = document, loop.time()
                await _wait(session, look, _SMALL_FEEDS + 1 + ENTRIES)
                after = await _look(session, look)
                return {
                    "seconds": loop.time() - began,
                    "quiet p99 at most, s": _at_most(before, quiet, 0.99),
                    "p50 at most, s": _at_most(quiet, after, 0.5),
                    "p99 at most, s": _at_most(quiet, after, 0.99),
                    "longest at most, s": _at_most(quiet, after, 1.0),
                }


@asynccontextmanager
async def _telex(folder: Path) -> AsyncIterator[str]:
    """A telex of its own; gives the address of its metrics."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {name: value for name, value in os.environ.items() if not name.startswith("TELEX_")}
    own |= {
        "TELEX_CATALOGUE": str(folder / "feeds.yaml"),
        "TELEX_LOG__PATH": str(folder / "telex.sqlite"),
        "TELEX_LOG__SHARDS": "8",
        "TELEX_HTTP": f"127.0.0.1:{port}",
        "TELEX_FETCH__ALLOW_NETWORKS": "127.0.0.0/8",
        "TELEX_FETCH__PER_HOST": "none",
        "TELEX_POLLING__INTERVAL_MIN": str(_EVERY),
        "TELEX_POLLING__INTERVAL_MAX": str(_EVERY),
        "TELEX_SERVICE__LOG_LEVEL": "warning",
    }
    telex = (sys.executable, "-m", "telex", "run")
    process = await asyncio.create_subprocess_exec(*telex, cwd=folder, env=own, stdin=DEVNULL, stdout=DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}/metrics"
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()


async def _look(session: ClientSession, address: str) -> dict[str, float]:
    async with session.get(address) as answer:
        lines = (await answer.text()).splitlines()
    return {name: float(number) for name, _, number in (line.rpartition(" ") for line in lines if line[:1] != "#")}


async def _wait(session: ClientSession, address: str, articles: int) -> None:
    async with asyncio.timeout(_PATIENCE):
        while True:
            try:
                if (await _look(session, address)).get(_ARTICLES, 0) >= articles:
                    return
            except ClientError:
                pass  # it is starting
            await asyncio.sleep(0.25)


def _at_most(before: dict[str, float], after: dict[str, float], share: float) -> float:
    """The bound of the histogram's bucket that this share of the observations between two looks stays within."""
    counts = {
        float(name.split('le="')[1].rstrip('"}')): number - before.get(name, 0.0)
        for name, number in after.items()
        if name.startswith(_LAG)
    }
    return next(bound for bound, number in sorted(counts.items()) if number >= share * counts[float("inf")])


def table(result: dict) -> list[str]:
    """Rows of Markdown."""
    names = list(result["runs"][0])
    head = [f"| run | {' | '.join(names)} |", f"|---|{'--:|' * len(names)}"]
    rows = [" | ".join(figures.short(run[name]) for name in names) for run in result["runs"]]
    return [*head, *(f"| {number} | {row} |" for number, row in enumerate(rows, 1))]
