"""A simulated event loop: no IO, no threads, no wall clock. Processes in it can be killed or stopped at any await."""

import asyncio
import contextvars
import gc
import heapq
import itertools
import sys
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple, TypeVar, TypeVarTuple
from weakref import WeakSet

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

PROCESS: contextvars.ContextVar["Process | None"] = contextvars.ContextVar("process", default=None)
"""The process that the running callback belongs to; None is the world: network, broker, publishers, scenario."""

MAX_STEPS = 20_000_000
"""A run that takes more callbacks than this spins."""


class Stuck(Exception):
    """Nothing can happen any more (a deadlock), or far too much happens (a loop without end)."""


class Note(NamedTuple):
    """A line of the story: when, after how many callbacks, what."""

    at: float
    step: int
    what: object


class Process:
    """Once killed its callbacks are dropped: no `finally` runs, as by SIGKILL. While stopped they are parked."""

    def __init__(self, loop: "SimLoop", name: str) -> None:
        self.name = name
        self.alive = True
        self.stopped = False
        self.parked: list[asyncio.Handle] = []
        self.tasks: WeakSet[asyncio.Task[Any]] = WeakSet()
        self._loop = loop
        self._buried: list[asyncio.Task[Any]] = []
        self._context = contextvars.Context()
        self._context.run(PROCESS.set, self)

    @property
    def runs(self) -> bool:
        """Whether its callbacks run now."""
        return self.alive and not self.stopped

    def run(self, call: Callable[[], T]) -> T:
        """Call inside the process: what it starts there belongs to the process."""
        return self._context.run(call)

    def spawn(self, coroutine: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """Start a task of this process."""
        return self._context.run(self._loop.create_task, coroutine)

    def kill(self) -> None:
        """End it here, whatever it awaits."""
        self.alive = False
        self.parked.clear()
        # A strong reference: a coroutine that is collected would be closed, and so run its `finally`.
        self._buried = [task for task in self.tasks if not task.done()]

    def stop(self) -> None:
        """Park its callbacks, as by SIGSTOP."""
        self.stopped = True

    def resume(self) -> None:
        """Run what was parked and go on."""
        self.stopped = False
        self._loop.schedule(self.parked)
        self.parked = []

    def dissolve(self) -> None:
        """Close what is left of it, after the verdict: what its coroutines do now is of no account."""
        self.alive = False
        for task in [task for task in self.tasks if not task.done()]:
            task._log_destroy_pending = False  # type: ignore[attr-defined]  # noqa: SLF001 - it is meant to be pending
            coroutine = task.get_coro()
            with suppress(BaseException):  # whatever a closed coroutine says
                if isinstance(coroutine, Coroutine):
                    coroutine.close()


class SimLoop(asyncio.BaseEventLoop):
    """Runs callbacks first in, first out; when none is ready time jumps to the next timer.

    `story` holds what `note` was told. `errors` holds exceptions that nobody took.
    """

    _ready: "deque[Any]"

    def __init__(self) -> None:
        super().__init__()
        self.steps = 0
        self.story: list[Note] = []
        self.errors: list[str] = []
        self.processes: list[Process] = []
        self._now = 0.0
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._numbers = itertools.count()
        self.set_exception_handler(_keep_error)

    def time(self) -> float:
        """Seconds of the simulation."""
        return self._now

    def process(self, name: str) -> Process:
        """A new process."""
        process = Process(self, name)
        self.processes.append(process)
        return process

    def note(self, what: object) -> None:
        """Add a line to the story: it is written down as `str(what)` when it is read."""
        self.story.append(Note(self._now, self.steps, what))

    def forget_timers(self) -> None:
        """Let go of everything that is still to come."""
        self._timers.clear()

    def schedule(self, handles: list[asyncio.Handle]) -> None:
        """Have these callbacks run soon, in this order."""
        self._ready.extend(handles)

    def create_task(self, coro: Any, *, name: object = None, context: contextvars.Context | None = None) -> Any:
        """Start a task; it belongs to the process that starts it."""
        task: asyncio.Task[Any] = asyncio.Task(
            coro, loop=self, name=None if name is None else str(name), context=context
        )
        process = PROCESS.get() if context is None else context.get(PROCESS)
        if process is not None:
            process.tasks.add(task)
        return task

    def call_soon(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: contextvars.Context | None = None
    ) -> asyncio.Handle:
        """Have it run next, after what is ready already."""
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_later(
        self, delay: float, callback: Callable[[*Ts], object], *args: *Ts, context: contextvars.Context | None = None
    ) -> asyncio.TimerHandle:
        """Have it run in `delay` seconds."""
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[[*Ts], object], *args: *Ts, context: contextvars.Context | None = None
    ) -> asyncio.TimerHandle:
        """Have it run at a moment; of one moment, those that were set first run first."""
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._timers, (when, next(self._numbers), timer))
        return timer

    def _run_once(self) -> None:
        ready, timers = self._ready, self._timers
        if not ready:
            if not timers:
                raise Stuck("nothing is ready and nothing is scheduled")
            self._now = max(self._now, timers[0][0])
        while timers and timers[0][0] <= self._now:
            ready.append(heapq.heappop(timers)[2])
        if self.steps > MAX_STEPS:
            raise Stuck(f"more than {MAX_STEPS} callbacks")
        for _ in range(len(ready)):
            handle = ready.popleft()
            if handle._cancelled:  # noqa: SLF001
                continue
            process = handle._context.get(PROCESS)  # noqa: SLF001
            if process is None or (process.alive and not process.stopped):
                self.steps += 1
                handle._run()  # noqa: SLF001
            elif process.alive:
                process.parked.append(handle)

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Cancelled timers stay in the heap until their time."""

    def _write_to_self(self) -> None:
        """Called from another thread or by a finaliser: there is no selector to wake."""

    def run_in_executor(self, *_args: Any) -> Any:  # type: ignore[override]  # whatever is asked is refused
        """Refuse: threads and processes live behind a port."""
        raise RuntimeError("no threads and no executors in a simulation: put them behind a port")


def _keep_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A task that failed and was forgotten is an error; an answer that nobody waits for any more is none."""
    if isinstance(loop, SimLoop) and ("task" in context or isinstance(context.get("future"), asyncio.Task)):
        loop.errors.append(f"{context['message']}: {context.get('exception')!r}")


@contextmanager
def simulated_loop() -> Iterator[SimLoop]:
    """A fresh loop, made the current one; afterwards everything that is left of its processes goes quietly."""
    loop = SimLoop()
    asyncio.set_event_loop(loop)
    try:
        yield loop
    finally:
        for process in loop.processes:
            process.dissolve()
        loop.processes.clear()
        loop.set_exception_handler(lambda *_: None)
        loop.close()
        loop.forget_timers()
        asyncio.set_event_loop(None)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the garbage collector at rest meanwhile: when it runs depends on hash seeds, and what it closes would act.

    Nothing is said of what killed coroutines do when they are closed in the end.
    """
    collected = gc.isenabled()
    gc.disable()
    gc.freeze()
    hook, sys.unraisablehook = sys.unraisablehook, lambda _: None
    try:
        yield
        gc.collect()
    finally:
        gc.unfreeze()
        sys.unraisablehook = hook
        if collected:
            gc.enable()
