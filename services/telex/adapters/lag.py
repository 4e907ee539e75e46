"""How late the event loop is: a probe that sleeps and compares."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LagStatistics:
    """Seconds: the last lag that was measured, and the worst since the start."""

    last: float
    worst: float


class LoopLag:
    """Measures every `interval` seconds how much later than due the loop got to it, and tells `observe`."""

    def __init__(self, observe: Callable[[float], None], interval: float = 0.25) -> None:
        self._observe = observe
        self._interval = interval
        self._last = self._worst = 0.0

    def statistics(self) -> LagStatistics:
        """What was measured so far."""
        return LagStatistics(self._last, self._worst)

    async def run(self) -> None:
        """Measure until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + self._interval
            await asyncio.sleep(self._interval)
            self._last = max(0.0, loop.time() - due)
            self._worst = max(self._worst, self._last)
            self._observe(self._last)
