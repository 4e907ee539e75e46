"""The probe of the loop's lag: what it tells is what work that was due had to wait."""

import asyncio
import contextlib
import itertools
import time

import pytest

from telex.adapters.lag import LoopLag


async def measured(work):
    """What the probe observed while `work` ran, and its statistics."""
    observed = []
    lag = LoopLag(observed.append, interval=0.01)
    probe = asyncio.create_task(lag.run())
    await asyncio.sleep(0.05)
    del observed[:]
    await work()
    await asyncio.sleep(0.05)
    probe.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await probe
    return observed, lag.statistics()


async def test_all_that_was_due_while_the_loop_stood_still_counts_with_its_lag():
    async def stand_still():
        time.sleep(0.5)

    observed, statistics = await measured(stand_still)
    assert sum(lag > 0.1 for lag in observed) >= 35
    assert max(observed) == statistics.worst >= 0.45
    held_up = sorted((lag for lag in observed if lag > 0.1), reverse=True)
    assert all(one - other == pytest.approx(0.01) for one, other in itertools.pairwise(held_up))


async def test_a_loop_that_is_free_is_measured_as_often_as_the_interval_says():
    began = time.monotonic()

    async def rest():
        await asyncio.sleep(0.5)

    observed, _ = await measured(rest)
    assert 30 <= len(observed) <= (time.monotonic() - began) / 0.01 + 1
