"""The simulated loop: virtual time, and processes that die or stop at an await."""

import asyncio

import pytest

from telex.testing.simulation.loop import Stuck, quiet, simulated_loop


@pytest.fixture
def loop():
    with quiet(), simulated_loop() as loop:
        yield loop


def test_time_jumps_to_the_next_timer(loop):
    async def wait():
        await asyncio.sleep(86400)
        return loop.time()

    assert loop.run_until_complete(wait()) == 86400


def test_timers_of_one_moment_run_in_the_order_in_which_they_were_set_due(loop):
    order = []

    async def live():
        for delay in (3, 1, 2):
            loop.call_later(delay, order.append, delay)
        await asyncio.sleep(4)

    loop.run_until_complete(live())
    assert order == [1, 2, 3]


def test_a_killed_process_runs_no_finally(loop):
    said = []

    async def work():
        try:
            await asyncio.sleep(10)
            said.append("worked")
        finally:
            said.append("finally")

    async def live():
        process = loop.process("a")
        process.spawn(work())
        await asyncio.sleep(1)
        process.kill()
        await asyncio.sleep(100)
        return list(said)

    assert loop.run_until_complete(live()) == []


def test_what_a_process_starts_dies_with_it(loop):
    said = []

    async def child():
        await asyncio.sleep(10)
        said.append("child")

    async def parent():
        loop.call_later(10, said.append, "timer")
        async with asyncio.TaskGroup() as group:
            group.create_task(child())

    async def live():
        process = loop.process("a")
        process.spawn(parent())
        await asyncio.sleep(1)
        process.kill()
        await asyncio.sleep(100)

    loop.run_until_complete(live())
    assert said == []


def test_a_stopped_process_goes_on_where_it_stood(loop):
    ticks = []

    async def work():
        while True:
            await asyncio.sleep(10)
            ticks.append(loop.time())

    async def live():
        process = loop.process("a")
        process.spawn(work())
        await asyncio.sleep(15)
        process.stop()
        await asyncio.sleep(100)
        process.resume()
        await asyncio.sleep(15)
        process.kill()

    loop.run_until_complete(live())
    assert ticks == [10, 115, 125]


def test_the_world_goes_on_while_a_process_is_stopped(loop):
    async def live():
        process = loop.process("a")
        answer = loop.create_future()

        async def ask():
            return await answer

        asked = process.spawn(ask())
        await asyncio.sleep(1)
        process.stop()
        answer.set_result("late")
        await asyncio.sleep(1)
        before = asked.done()
        process.resume()
        return before, await asked

    assert loop.run_until_complete(live()) == (False, "late")


def test_a_deadlock_is_told(loop):
    async def wait_for_ever():
        await loop.create_future()

    with pytest.raises(Stuck, match="nothing is scheduled"):
        loop.run_until_complete(wait_for_ever())


def test_threads_are_refused(loop):
    async def escape():
        await loop.run_in_executor(None, print)

    with pytest.raises(RuntimeError, match="behind a port"):
        loop.run_until_complete(escape())


def test_a_task_that_failed_and_was_forgotten_is_an_error(loop):
    async def fail():
        raise ValueError("nobody took me")

    async def live():
        loop.process("a").spawn(fail())
        await asyncio.sleep(1)

    loop.run_until_complete(live())
    assert len(loop.errors) == 1
    assert "nobody took me" in loop.errors[0]
