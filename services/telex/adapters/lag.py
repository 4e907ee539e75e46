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
    """Measures how much later than due the loop gets to what is due every `interval` seconds, and tells `observe`.

    What was due while the loop was held up counts, too, with the lag that it had: a loop that stands still for a second
    delays a second's worth of work, not one probe. So the quantiles of what is observed are those of any work's delay.
    """

    def __init__(self, observe: Callable[[float], None], interval: float = 0.05) -> None:
        self._observe = observe
        self._interval = interval
        self._last = self._worst = 0.0

    def statistics(self) -> LagStatistics:
        """What was measured so far."""
        return LagStatistics(self._last, self._worst)

    async def run(self) -> None:
        """Measure until cancelled."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due += self._interval
            await asyncio.sleep(due - loop.time())
            self._last = lag = max(0.0, loop.time() - due)
            self._worst = max(self._worst, lag)
            self._observe(lag)
            while lag > self._interval:
                lag -= self._interval
                due += self._interval
                self._observe(lag)
