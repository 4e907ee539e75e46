"""Readers: what is small is read here, the rest in workers that may hang, die or eat memory."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time

import psutil
import pytest

from telex.adapters.reading import InlineReader, PooledReader
from telex.core.model import FeedDocument, PageDocument, Unreadable, UnreadableReason
from telex.ports import ReadRequest

URL = "https://feeds.example/feed"
SMALL = ReadRequest(b"<rss version='2.0'><channel><item><guid>a</guid></item></channel></rss>", None, URL)
MANY = ReadRequest(
    b"<rss version='2.0'><channel>" + b"<item><guid>a</guid></item>" * 1000 + b"</channel></rss>", "text/xml", URL
)
PAGE = (
    b"<html><body><article><h1>T</h1><p>"
    + b"One long sentence about the harbour. " * 20
    + b"</p></article></body></html>"
)


def hang(body: bytes, *_):
    """Takes CPU time for ever."""
    while body:
        pass


def sleep(*_):
    """Takes no CPU time, for ever."""
    time.sleep(3600)


def die(*_):
    os._exit(3)


def killed(*_):
    os.kill(os.getpid(), signal.SIGKILL)


def eat(*_):
    return len([bytes(1024 * 1024 * number) for number in range(500)])


def fail(*_):
    raise ZeroDivisionError


def process_id(*_):
    return os.getpid()


@pytest.fixture
async def pooled():
    reader = PooledReader(workers=1, cpu_limit=1.0, memory_limit=256 * 1024 * 1024)
    yield reader
    await reader.close()


async def test_a_small_feed_needs_no_worker(pooled):
    before = psutil.Process().children()
    document = await pooled.read_feed(SMALL)
    assert isinstance(document, FeedDocument)
    assert (pooled.statistics().inline, pooled.statistics().pooled) == (1, 0)
    assert psutil.Process().children() == before


async def test_what_is_no_feed_needs_no_worker(pooled):
    document = await pooled.read_feed(ReadRequest(b"<html>", None, URL))
    assert isinstance(document, Unreadable)
    assert document.reason is UnreadableReason.HTML
    assert pooled.statistics().pooled == 0


@pytest.mark.parametrize(
    "request_",
    [
        MANY,
        ReadRequest(SMALL.body.replace(b"<item>", b"</x><item>"), None, URL),
        ReadRequest(SMALL.body + b" " * 300_000, None, URL),
        ReadRequest(SMALL.body.replace(b"</item>", b"</item>" + b"<x/>" * 11_000), None, URL),
    ],
    ids=["many entries", "ill-formed", "long", "many elements"],
)
async def test_the_rest_is_read_by_a_worker_with_the_same_result(pooled, request_):
    document = await pooled.read_feed(request_)
    assert document == await InlineReader().read_feed(request_)
    assert isinstance(document, FeedDocument)
    assert pooled.statistics().pooled == 1


async def test_a_page_is_read_by_a_worker_with_the_same_result(pooled):
    page = await pooled.read_page(PAGE, "text/html", URL)
    assert isinstance(page, PageDocument)
    assert page == await InlineReader().read_page(PAGE, "text/html", URL)
    assert pooled.statistics().pooled == 1


@pytest.mark.parametrize(
    ("work", "reason"),
    [
        (hang, UnreadableReason.TOO_COSTLY),
        (eat, UnreadableReason.TOO_COSTLY),
        (killed, UnreadableReason.TOO_COSTLY),
        (die, UnreadableReason.READER_FAILED),
        (fail, UnreadableReason.READER_FAILED),
    ],
)
async def test_a_document_that_breaks_its_worker_costs_itself_alone(pooled, work, reason, monkeypatch):
    monkeypatch.setattr("telex.documents.reader.read_page", work)
    broken = asyncio.create_task(pooled.read_page(b"x", None, URL))
    await asyncio.sleep(0)
    monkeypatch.undo()
    others = await asyncio.gather(*(pooled.read_feed(MANY) for _ in range(3)))
    found = await broken
    assert isinstance(found, Unreadable), found
    assert found.reason is reason
    assert all(isinstance(one, FeedDocument) for one in others)
    assert pooled.statistics().failed == 1


async def test_a_worker_that_sleeps_is_ended(monkeypatch):
    reader = PooledReader(workers=1, cpu_limit=0.1)
    try:
        monkeypatch.setattr("telex.documents.reader.read_page", sleep)
        found = await reader.read_page(b"x", None, URL)
        assert isinstance(found, Unreadable)
        assert found.reason is UnreadableReason.TOO_COSTLY
    finally:
        await reader.close()


async def test_a_worker_is_used_again(pooled, monkeypatch):
    monkeypatch.setattr("telex.documents.reader.read_page", process_id)
    first = await pooled.read_page(b"", None, URL)
    assert first == await pooled.read_page(b"", None, URL)
    assert first != os.getpid()


async def test_a_cancelled_read_ends_its_worker_and_no_other(pooled, monkeypatch):
    await pooled.read_feed(MANY)
    monkeypatch.setattr("telex.documents.reader.read_page", sleep)
    task = asyncio.create_task(pooled.read_page(b"x", None, URL))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    monkeypatch.undo()
    assert isinstance(await pooled.read_feed(MANY), FeedDocument)


async def test_closing_ends_what_is_being_read_and_all_workers(monkeypatch):
    reader = PooledReader(workers=2)
    monkeypatch.setattr("telex.documents.reader.read_page", sleep)
    tasks = [asyncio.create_task(reader.read_page(b"x", None, URL)) for _ in range(30)]
    await asyncio.sleep(0.3)
    await reader.close()
    results = await asyncio.gather(*tasks)
    assert all(isinstance(one, Unreadable) and one.reason is UnreadableReason.READER_FAILED for one in results)
    assert [one for one in psutil.Process().children() if "spawn_main" in " ".join(one.cmdline())] == []
    await reader.close()
    assert isinstance(await reader.read_feed(SMALL), FeedDocument)
    assert isinstance(await reader.read_feed(MANY), Unreadable)


async def test_workers_leave_an_interrupt_to_their_parent(pooled, monkeypatch):
    monkeypatch.setattr("telex.documents.reader.read_page", process_id)
    worker = await pooled.read_page(b"", None, URL)
    os.kill(worker, signal.SIGINT)
    assert await pooled.read_page(b"", None, URL) == worker


PARENT = """
import asyncio, os, signal, sys
from telex.adapters.reading import PooledReader
from telex.ports import ReadRequest

async def main():
    reader = PooledReader(workers=1)
    await reader.read_feed(ReadRequest(b"<rss><channel>" + b"<item><guid>a</guid></item>" * 1000 + b"</channel></rss>", None, "https://a.example/"))
    print("ready", flush=True)
    await asyncio.sleep(60)

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_workers_end_with_a_parent_that_is_killed(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(textwrap.dedent(PARENT))
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout.readline() == b"ready\n"
        children = psutil.Process(parent.pid).children(recursive=True)
        assert children
        parent.kill()
    _, alive = psutil.wait_procs(children, timeout=20)
    assert alive == []
