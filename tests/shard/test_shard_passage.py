"""What a process has under way is bounded, and one that waits costs nobody else its turn."""

import asyncio
from dataclasses import replace

import pytest
from shard_house import MINUTE, House, feed, simulated

from telex.core.facts import PollEnded, ShardLost
from telex.shard.passage import LEAST, Passage, Room
from telex.turns import Turns


async def settle():
    for _ in range(20):
        await asyncio.sleep(0)


# Room


async def entered(room, *sizes):
    """Tasks that take room, in this order; their results are what to give back."""
    tasks = [asyncio.create_task(room.take(size)) for size in sizes]
    await settle()
    return tasks


async def test_no_more_is_let_in_than_there_is_room_and_who_waits_comes_in_order():
    room = Room(100)
    tasks = await entered(room, *[25] * 4, 20, 10)
    assert [task.done() for task in tasks] == [True] * 4 + [False] * 2
    room.give(tasks[0].result())
    await settle()
    assert [task.done() for task in tasks[4:]] == [True, False]
    room.give(tasks[1].result())
    await settle()
    assert tasks[5].done()


async def test_of_what_is_larger_than_a_share_one_is_let_in_at_a_time_and_keeps_nobody_small_out():
    room = Room(100)
    large, second = await entered(room, 10_000, 500)
    assert large.done()
    assert not second.done()
    small = await entered(room, 25, 25, 25)
    assert all(task.done() for task in small)
    room.give(large.result())
    await settle()
    assert second.done()


async def test_who_gives_up_waiting_leaves_the_room_to_the_next():
    room = Room(100)
    *held, first, second = await entered(room, *[25] * 4, 25, 5)
    first.cancel()
    await settle()
    assert not second.done()
    room.give(held[0].result())
    await settle()
    assert second.done()
    room.give(second.result())
    again = await entered(room, 25)
    assert again[0].done()


async def test_one_that_gives_up_as_its_turn_comes_gives_the_room_back():
    room = Room(100)
    *held, first = await entered(room, *[25] * 4, 25)
    room.give(held[0].result())
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert (await entered(room, 25))[0].done()


async def test_a_large_one_that_gives_up_lets_the_next_large_one_in():
    room = Room(100)
    held = await entered(room, *[25] * 4)
    first, second = await entered(room, 500, 500)
    first.cancel()
    room.give(held[0].result())
    await settle()
    assert second.done()


# Passages


async def test_a_slot_is_free_once_there_is_room_and_everything_is_given_back():
    slots, room = asyncio.Semaphore(1), Room(4 * LEAST)
    async with Passage(slots, room) as passage:
        await passage.begin()
        assert slots.locked()
        await passage.admit(0)
        assert not slots.locked()
        others = await entered(room, *[LEAST] * 4)
        assert [task.done() for task in others] == [True, True, True, False]
    await settle()
    assert all(task.done() for task in others)
    with pytest.raises(ZeroDivisionError):
        async with Passage(slots, room) as passage:
            await passage.begin()
            raise ZeroDivisionError
    assert not slots.locked()


# Turns


def counting(name, steps, log, loop):
    """Steps of long work on a simulated loop; each notes how often the loop had turned."""
    for _ in range(steps):
        log.append((name, loop.turns))
        loop.now += 0.003
        yield
    return name


class Beats:
    """Counts the loop's turns, and is its clock: no time passes but what work says it took."""

    def __init__(self, monkeypatch):
        self.turns, self.now = 0, 0.0
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: self.now)
        self.task = asyncio.create_task(self._beat())

    async def _beat(self):
        while True:
            self.turns += 1
            await asyncio.sleep(0)


async def test_long_work_goes_in_slices_by_turns_with_others_and_the_loop_turns_in_between(monkeypatch):
    loop, log, turns = Beats(monkeypatch), [], Turns()
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(turns.run(counting(name, 6, log, loop))) for name in "ab"]
    finally:
        loop.task.cancel()
    assert [task.result() for task in tasks] == ["a", "b"]
    assert "".join(name for name, _ in log) == "aabbaabbaabb", "two steps fill a slice, and nobody goes twice in a row"
    at = [turn for _, turn in log]
    assert all(later > earlier for earlier, later in zip(at[1::2], at[2::2], strict=False)), "a turn between slices"


async def test_many_short_pieces_that_are_due_at_once_leave_the_loop_a_turn_after_each(monkeypatch):
    loop, log, turns = Beats(monkeypatch), [], Turns()
    try:
        async with asyncio.TaskGroup() as group:
            for number in range(50):
                group.create_task(turns.run(counting(number, 1, log, loop)))
    finally:
        loop.task.cancel()
    assert [name for name, _ in log] == list(range(50))
    assert len({turn for _, turn in log}) == 50


async def test_work_that_fails_or_is_given_up_hands_its_turn_on():
    turns = Turns()

    def broken():
        yield
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await turns.run(broken())

    def endless():
        while True:
            yield

    task = asyncio.create_task(turns.run(endless()))
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.wait_for(turns.run(iter_of("done")), 5) == "done"


def iter_of(value):
    yield
    return value


# A shard


class CountedRoom(Room):
    """Keeps how many are inside, and the most that were."""

    def __init__(self, size):
        super().__init__(size)
        self.inside = self.most = 0

    async def take(self, size):
        taken = await super().take(size)
        self.inside += 1
        self.most = max(self.most, self.inside)
        return taken

    def give(self, taken):
        self.inside -= 1
        super().give(taken)


@simulated
async def test_of_three_thousand_feeds_due_at_once_only_so_many_are_between_answer_and_commit(house: House):
    room_for = 40
    house.settings = replace(house.settings, under_way=room_for * (LEAST + 600), release_rate=1e6)
    feeds = [
        feed(f"f{number}", f"p{number}.example", interval_min=3600.0, interval_max=3600.0) for number in range(3000)
    ]
    for each in feeds:
        house.web.shows(each.url, *(f"{each.id}-{number}" for number in range(3)))
    context = house.context()
    room = CountedRoom(house.settings.under_way)
    object.__setattr__(context, "room", room)
    house.context = lambda: context
    house.start(*feeds)
    house.broker.unavailable = "the disk is slow"  # until all that are let in have been decided
    await asyncio.sleep(MINUTE)
    assert room.inside == room_for
    assert len(house.web.asked) <= house.settings.concurrency + room_for, "who finds no room keeps its slot"
    house.broker.unavailable = None
    await asyncio.sleep(30 * MINUTE)
    assert house.facts.of(ShardLost) == []
    assert {fact.feed for fact in house.facts.of(PollEnded) if fact.outcome == "changed"} == {each.id for each in feeds}
    assert len(house.published()) == 9000
    assert room.most == room_for
    assert room.inside == 0
