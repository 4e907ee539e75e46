"""Reads documents: small, harmless ones here, the rest in worker processes with limits of time and memory."""

import asyncio
import logging
import multiprocessing
import resource
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError as Abandoned
from concurrent.futures import TimeoutError as WallTimeout
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from typing import Any, ParamSpec, TypeVar

from pebble import ProcessExpired, ProcessPool

from telex.core.model import FeedDocument, PageDocument, PageRules, ReadRequest, Unreadable, UnreadableReason
from telex.documents import reader
from telex.documents.split import OverBudget
from telex.turns import Turns

_P = ParamSpec("_P")
_T = TypeVar("_T")

INLINE_BYTES = 256 * 1024
"""Longer bodies go to a worker unseen: one look at 10 MiB takes half a second."""
_INLINE_ELEMENTS = 6_000  # a look at one costs 1 to 1.5 µs
_WALL_FACTOR = 10  # of the CPU limit: a worker may wait for its turn on a busy machine
_QUEUED_PER_WORKER = 8
_JOBS_PER_WORKER = 1000  # then a fresh one, against fragmented memory
_TOO_COSTLY = (signal.SIGPROF, signal.SIGKILL, signal.SIGXCPU)


class InlineReader:
    """Reads everything in this process, without limits: for preview and simulation. Implements `DocumentReader`."""

    async def read_feed(self, request: ReadRequest) -> FeedDocument | Unreadable:
        """A feed's document."""
        return reader.read_feed(request)

    async def read_page(
        self, body: bytes, content_type: str | None, url: str, rules: PageRules | None = None
    ) -> PageDocument | Unreadable:
        """An article's page."""
        return reader.read_page(body, content_type, url, rules)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Let a worker that starts now inherit a mask without SIGINT: Ctrl-C reaches it before it can ignore it."""
    resource_tracker.ensure_running()  # its own start would lift the mask
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@dataclass(frozen=True, slots=True)
class ReaderStatistics:
    """What a `PooledReader` has done since it was made."""

    inline: int
    pooled: int
    failed: int


class PooledReader:
    """Reads small, harmless feeds in this process and the rest in workers. Implements `DocumentReader`.

    A worker that takes longer than `cpu_limit` (seconds of CPU), needs more than `memory_limit` (bytes beyond what it
    has at its start), hangs or dies costs that document alone: it is `Unreadable`, and the next finds a fresh worker.
    Workers start with the first document that needs one, and end with `close`, or with this process. Of those that are
    read here, the event loop gets a turn after each.
    """

    def __init__(self, *, workers: int = 1, cpu_limit: float = 2.0, memory_limit: int = 512 * 1024 * 1024) -> None:
        self._workers = workers
        self._cpu_limit = cpu_limit
        self._memory_limit = memory_limit
        self._slots = asyncio.Semaphore(workers * _QUEUED_PER_WORKER)
        self._turns = Turns()
        self._pool: ProcessPool | None = None
        self._waiting: set[asyncio.Future[Any]] = set()
        self._closed = False
        self._inline = self._pooled = self._failed = 0

    async def read_feed(self, request: ReadRequest) -> FeedDocument | Unreadable:
        """A feed's document."""
        if len(request.body) <= INLINE_BYTES:
            async with self._turns:
                read = self._read_here(request)
            if read is not None:
                return read
        return await self._run(reader.read_feed, request)

    def _read_here(self, request: ReadRequest) -> FeedDocument | Unreadable | None:
        """The document, where it is small and harmless."""
        # What needs a second look costs it: a draft holds a parse that is cheaper to repeat than to send.
        with suppress(OverBudget):
            draft = reader.prepare(request, _INLINE_ELEMENTS)
            if isinstance(draft, Unreadable):
                return draft
            if draft.cheap:
                self._inline += 1
                return reader.finish(draft)
        return None

    async def read_page(
        self, body: bytes, content_type: str | None, url: str, rules: PageRules | None = None
    ) -> PageDocument | Unreadable:
        """An article's page; always in a worker."""
        more = () if rules is None else (rules,)
        return await self._run(reader.read_page, body, content_type, url, *more)

    def statistics(self) -> ReaderStatistics:
        """What was done so far."""
        return ReaderStatistics(inline=self._inline, pooled=self._pooled, failed=self._failed)

    async def close(self) -> None:
        """End the workers; what they were reading becomes `Unreadable`. It may be called again."""
        self._closed = True
        pool, self._pool = self._pool, None
        for future in self._waiting:  # a stopped pool leaves its futures without an answer
            future.cancel()
        if pool is not None:
            await asyncio.to_thread(_end, pool)

    async def _run(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T | Unreadable:
        async with self._slots:
            if self._closed:
                return Unreadable(UnreadableReason.READER_FAILED, "the reader is closed")
            self._pooled += 1
            result = await self._attempt(work, *args, **kwargs)
            self._failed += isinstance(result, Unreadable)
            return result

    async def _attempt(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T | Unreadable:
        try:
            pool = await self._started()
            with _interrupts_held():
                limit = self._cpu_limit * _WALL_FACTOR
                job = pool.schedule(_limited, (work, self._cpu_limit, args, kwargs), timeout=limit)
            return await self._answer(asyncio.wrap_future(job))
        except ProcessExpired as error:
            return _expired(error.exitcode)
        except WallTimeout:
            return Unreadable(UnreadableReason.TOO_COSTLY, "it took too long to read")
        except MemoryError:
            return Unreadable(UnreadableReason.TOO_COSTLY, "it took too much memory to read")
        except (Abandoned, asyncio.CancelledError):
            if self._closed and not _is_cancelling():
                return Unreadable(UnreadableReason.READER_FAILED, "the reader is closed")
            raise
        except Exception as error:  # noqa: BLE001 - whatever a worker raises is a fact about the document
            return Unreadable(UnreadableReason.READER_FAILED, type(error).__name__)

    async def _answer(self, future: "asyncio.Future[_T]") -> _T:
        self._waiting.add(future)
        try:
            return await future
        finally:
            self._waiting.discard(future)

    async def _started(self) -> ProcessPool:
        broken = self._pool
        if broken is not None and broken.active:
            return broken
        self._pool = ProcessPool(
            max_workers=self._workers,
            max_tasks=_JOBS_PER_WORKER,
            initializer=_prepare_worker,
            initargs=(self._memory_limit,),
            # A fork of a process with threads and an event loop may inherit a lock that nobody releases.
            context=multiprocessing.get_context("spawn"),
        )
        started = self._pool
        if broken is not None:
            await asyncio.to_thread(_end, broken)
        return started


def _is_cancelling() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _expired(exit_code: int | None) -> Unreadable:
    if exit_code is not None and -exit_code in _TOO_COSTLY:
        return Unreadable(UnreadableReason.TOO_COSTLY, "it took too much time to read")
    return Unreadable(UnreadableReason.READER_FAILED, f"the reading process ended with {exit_code}")


def _end(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call] # pebble types only a part
    pool.join()


def _prepare_worker(memory_limit: int) -> None:
    """Set the limits of a worker, in the worker. Ctrl-C is for the parent, which ends its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    for name in ("trafilatura", "htmldate"):  # what they miss on a page is no news
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with suppress(OSError, ValueError):  # not every system can limit it
        used = _address_space()
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (used + memory_limit, hard))


def _address_space() -> int:
    """Bytes of address space in use; OSError where the system does not tell."""
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - a file of the kernel
        return int(file.read().split()[0]) * resource.getpagesize()


def _limited(work: Callable[..., _T], cpu_limit: float, args: tuple[object, ...], kwargs: dict[str, object]) -> _T:
    """Run one job in the worker; SIGPROF ends the process when the CPU time is used up, whatever C code it is in."""
    signal.setitimer(signal.ITIMER_PROF, cpu_limit)
    try:
        return work(*args, **kwargs)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
