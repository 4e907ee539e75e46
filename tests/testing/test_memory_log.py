"""The memory log: the contract of every log, and what only its broker and its fault plan do."""

import asyncio
import contextlib
import random

import pytest

from telex.core.model import FeedId
from telex.errors import AppendRefused, ClaimDied, LogUnavailable
from telex.ports import Command, CommandKind, Commit, Record
from telex.testing.contracts import CONTRACT
from telex.testing.memory_broker import Broker
from telex.testing.memory_factory import MemoryFactory
from telex.testing.memory_faults import FaultPlan
from telex.testing.memory_log import MemoryLog
from telex.testing.memory_values import NoAnswer, Timing
from telex.testing.simulation.loop import quiet, simulated_loop

TIMING = Timing(heartbeat=5.0, session=15.0, answer=15.0)


@pytest.mark.parametrize("name", sorted(CONTRACT))
async def test_the_memory_log_keeps_the_contract(name):
    await CONTRACT[name](MemoryFactory())


def simulated(scenario):
    """Run the scenario on a simulated loop: a minute takes no time there."""
    with quiet(), simulated_loop() as loop:
        return loop.run_until_complete(scenario())


def commit(number):
    return Commit((Record("t", str(number), (), b"{}"),), {FeedId("f"): b"%d" % number})


def keys(broker):
    return [stored.record.key for stored in broker.read(None, 0, 1000)]


async def owner(broker, name, shard=0):
    """A member and its first claim of a shard."""
    log = MemoryLog(broker, name)
    async for claim in log.claims():
        if claim.shard == shard:
            return log, claim
    raise AssertionError("claims never end")


def test_a_member_that_is_not_heard_loses_its_shards_and_gets_some_back_when_it_is():
    async def scenario():
        faults = FaultPlan(random.Random(1))
        broker = Broker(1, timing=TIMING, faults=faults)
        _, first = await owner(broker, "a")
        faults.silence("a", 60.0)
        _, second = await owner(broker, "b")
        with pytest.raises(ClaimDied):
            await first.append(commit(1))
        await second.append(commit(2))
        reason = await first.wait_dead()
        await asyncio.sleep(120)
        joined = [happening.member for happening in broker.history if happening.kind == "join"]
        return reason, joined, keys(broker)

    assert simulated(scenario) == ("fenced", ["a", "b", "a"], ["2"])


def test_a_shard_is_not_claimed_again_before_the_group_confirms_it():
    async def scenario():
        faults = FaultPlan(random.Random(1))
        broker = Broker(1, timing=TIMING, faults=faults)
        _, claim = await owner(broker, "a")
        faults.silence("a", 1000.0)
        await asyncio.sleep(30)
        broker.fence("stranger", 0)
        with pytest.raises(ClaimDied):
            await claim.append(commit(1))
        await asyncio.sleep(900)
        fenced_meanwhile = [happening.member for happening in broker.history if happening.kind == "fence"]
        await asyncio.sleep(200)
        return fenced_meanwhile, [happening.member for happening in broker.history if happening.kind == "fence"]

    assert simulated(scenario) == (["a", "stranger"], ["a", "stranger", "a"])


def test_what_a_refused_commit_leaves_behind_goes_with_the_next_fence():
    async def scenario():
        broker = Broker(1, timing=TIMING, faults=FaultPlan(random.Random(1), refuse=1.0))
        log, claim = await owner(broker, "a")
        with pytest.raises(AppendRefused):
            await claim.append(commit(1))
        broker.faults.healthy = True
        async for after in log.claims():
            await after.append(commit(2))
            return keys(broker), broker.restore(0).memories
        raise AssertionError("claims never end")

    assert simulated(scenario) == (["2"], {"f": b"2"})


def test_what_a_refused_commit_leaves_behind_would_join_the_next_commit_of_its_epoch():
    async def scenario():
        broker = Broker(1, timing=TIMING, faults=FaultPlan(random.Random(1), refuse=1.0))
        epoch = broker.fence("a", 0)
        with pytest.raises(AppendRefused):
            broker.send("a", 0, epoch, commit(1))
        broker.faults.healthy = True
        broker.send("a", 0, epoch, commit(2))
        broker.commit("a", 0, epoch)
        return len(keys(broker)) + len(broker.history[-2].commit.memories or {})

    assert simulated(scenario) == 2


def test_a_lost_answer_is_an_unknown_outcome_and_the_commit_may_arrive_late():
    async def scenario():
        faults = FaultPlan(random.Random(5))
        broker = Broker(1, timing=TIMING, faults=faults)
        outcomes = set()
        for number in range(60):
            faults.lose, faults.late = 0.0, 0.0
            _, claim = await owner(broker, f"m{number}")
            faults.lose, faults.late = 0.3, 0.3
            with contextlib.suppress(ClaimDied):
                await claim.append(commit(number))
                assert str(number) in keys(broker)
                outcomes.add("told")
            await asyncio.sleep(30)
            if claim.is_dead:
                outcomes.add("in" if str(number) in keys(broker) else "out")
            await claim._log.close()
        assert len(keys(broker)) == len(set(keys(broker)))
        return outcomes

    assert simulated(scenario) == {"told", "in", "out"}


def test_an_unavailable_log_writes_nothing_and_kills_no_claim():
    async def scenario():
        broker = Broker(1, timing=TIMING)
        _, claim = await owner(broker, "a")
        broker.unavailable = "the disk is full"
        with pytest.raises(LogUnavailable, match="full"):
            await claim.append(commit(1))
        broker.unavailable = None
        await claim.append(commit(2))
        return keys(broker)

    assert simulated(scenario) == ["2"]


def test_a_cancelled_append_kills_its_claim():
    async def scenario():
        broker = Broker(1, timing=TIMING, faults=FaultPlan(random.Random(1)))
        _, claim = await owner(broker, "a")
        task = asyncio.ensure_future(claim.append(commit(1)))
        await asyncio.sleep(0.001)
        task.cancel()
        reason = await claim.wait_dead()
        with pytest.raises(ClaimDied):
            await claim.append(commit(2))
        return reason, task.cancelled()

    assert simulated(scenario) == ("unknown", True)


def test_a_member_that_was_expelled_and_came_back_claims_afresh_and_finds_its_commands():
    async def scenario():
        faults = FaultPlan(random.Random(1))
        broker = Broker(1, timing=TIMING, faults=faults)
        log, claim = await owner(broker, "a")
        faults.silence("a", 100.0)
        await asyncio.sleep(50)
        waiting = asyncio.ensure_future(claim.wait_inbox(0))
        await asyncio.sleep(1)
        await MemoryLog(broker, "operator").put(0, Command("c", CommandKind.POLL, FeedId("f")))
        with pytest.raises(ClaimDied, match="revoked"):
            await waiting
        async for after in log.claims():
            return await after.wait_inbox(0)
        raise AssertionError("claims never end")

    assert simulated(scenario) == ((1, Command("c", CommandKind.POLL, FeedId("f"))),)


def test_a_put_is_repeated_until_it_is_acknowledged():
    async def scenario():
        faults = FaultPlan(random.Random(3), lose=0.5)
        broker = Broker(1, timing=TIMING, faults=faults)
        for number in range(20):
            await MemoryLog(broker, "operator").put(0, Command(str(number), CommandKind.POLL, FeedId("f")))
        return [command.id for _, command in broker.commands(0, 0)]

    ids = simulated(scenario)
    assert list(dict.fromkeys(ids)) == [str(number) for number in range(20)]
    assert len(ids) > 20


def test_old_records_can_be_trimmed():
    async def scenario():
        broker = Broker(1, timing=TIMING)
        log, claim = await owner(broker, "a")
        for number in range(5):
            await claim.append(commit(number))
        broker.trim(2)
        return await log.bounds(), [stored.position for stored in await log.read(None, 0, 10)], await log.at(0.0)

    assert simulated(scenario) == ((2, 5), [3, 4, 5], 2)


def test_a_healthy_plan_strikes_nowhere():
    plan = FaultPlan(random.Random(1), lose=1, late=1, refuse=1, unavailable=1, fence=1, deadly=1, unaware=1)
    plan.healthy = True
    plan.silence("a", 1e9)
    assert all(plan.travel() < 1 for _ in range(100))
    assert all(plan.notice() < 5 for _ in range(100))
    assert not plan.is_unavailable(0.0)
    assert not plan.is_silent("a", 0.0)
    assert not any(plan.strikes(name) for name in ("lose", "refuse", "fence", "deadly"))


def test_no_answer_leaves_the_caller_in_doubt():
    async def scenario():
        broker = Broker(1, timing=TIMING, faults=FaultPlan(random.Random(1), lose=1.0))
        with pytest.raises(NoAnswer):
            await broker.call(lambda: 1)
        return asyncio.get_running_loop().time()

    assert simulated(scenario) == TIMING.answer
