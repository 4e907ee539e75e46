"""The rule of who may ask a host, played by a model without clock or network."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from telex.core.politeness import MAX_HOSTS, Held, HostLimits, Politeness, Queued, Start


def test_as_many_as_allowed_start_at_once_and_the_next_waits():
    rule = Politeness(HostLimits(concurrent=2))
    assert rule.ask("a", 0.0) == Start(0.0)
    assert rule.ask("a", 0.0) == Start(0.0)
    queued = rule.ask("a", 0.0)
    assert isinstance(queued, Queued)
    assert rule.ask("b", 0.0) == Start(0.0)
    assert rule.release("a", 5.0) == (queued.ticket, Start(5.0))


def test_without_a_limit_nobody_waits():
    rule = Politeness(HostLimits(concurrent=None))
    assert {rule.ask("a", 0.0) for _ in range(1000)} == {Start(0.0)}


def test_starts_lie_apart_as_the_delay_says():
    rule = Politeness(HostLimits(concurrent=None, min_delay=10.0))
    assert [rule.ask("a", 1.0) for _ in range(3)] == [Start(1.0), Start(11.0), Start(21.0)]
    for _ in range(3):
        rule.release("a", 22.0)
    assert rule.ask("a", 25.0) == Start(31.0)
    assert rule.ask("b", 25.0) == Start(25.0)


def test_a_held_host_is_not_asked_until_its_time_and_a_hold_is_never_shortened():
    rule = Politeness(HostLimits(max_hold=100.0))
    rule.hold("a", 60.0, 0.0)
    rule.hold("a", 10.0, 0.0)
    assert rule.ask("a", 59.0) == Held(60.0)
    assert rule.ask("b", 59.0) == Start(59.0)
    assert rule.ask("a", 60.0) == Start(60.0)
    rule.hold("b", 1e9, 60.0)
    assert rule.ask("b", 61.0) == Held(160.0)


def test_who_waits_when_a_hold_comes_is_told_of_it():
    rule = Politeness(HostLimits(concurrent=1))
    rule.ask("a", 0.0)
    first, second = rule.ask("a", 0.0), rule.ask("a", 0.0)
    assert isinstance(first, Queued)
    assert isinstance(second, Queued)
    rule.hold("a", 50.0, 1.0)
    assert rule.release("a", 1.0) == (first.ticket, Held(50.0))
    assert rule.release_held("a", 1.0) == (second.ticket, Held(50.0))
    assert rule.release_held("a", 1.0) is None


def test_who_gives_up_leaves_the_queue():
    rule = Politeness(HostLimits(concurrent=1))
    rule.ask("a", 0.0)
    first, second = rule.ask("a", 0.0), rule.ask("a", 0.0)
    assert isinstance(first, Queued)
    assert isinstance(second, Queued)
    rule.leave("a", first.ticket)
    assert rule.release("a", 1.0) == (second.ticket, Start(1.0))


def test_a_host_at_rest_is_forgotten():
    rule = Politeness(HostLimits(min_delay=1.0))
    for n in range(10_000):
        rule.ask(f"host{n}", float(n))
        rule.release(f"host{n}", float(n) + 0.5)
    assert len(rule) < 2000


def test_holds_of_however_many_hosts_are_bounded():
    rule = Politeness(HostLimits())
    for n in range(2 * MAX_HOSTS):
        rule.hold(f"host{n}", 3000.0 + n / 1e6, 0.0)
    assert len(rule) <= MAX_HOSTS * 5 // 4
    assert isinstance(rule.ask(f"host{2 * MAX_HOSTS - 1}", 1.0), Held)


STEPS = st.lists(
    st.tuples(st.sampled_from(["ask", "release", "leave", "hold"]), st.sampled_from("abc"), st.floats(0, 20)),
    max_size=80,
)


@given(STEPS, st.sampled_from([1, 2, 3]), st.sampled_from([0.0, 5.0]))
def test_no_sequence_of_steps_exceeds_the_limit_or_loses_a_turn(steps, concurrent, delay):
    rule = Politeness(HostLimits(concurrent, delay))
    running = dict.fromkeys("abc", 0)
    waiting: dict[str, list[int]] = {host: [] for host in "abc"}
    starts: dict[str, list[float]] = {host: [] for host in "abc"}
    now = 0.0
    for step, host, wait in steps:
        now += wait
        if step == "ask":
            answer = rule.ask(host, now)
            if isinstance(answer, Start):
                running[host] += 1
                starts[host].append(answer.at)
            elif isinstance(answer, Queued):
                waiting[host].append(answer.ticket)
        elif step == "release" and running[host]:
            running[host] -= 1
            turn = rule.release(host, now)
            while turn is not None:
                assert turn[0] == waiting[host].pop(0)
                if isinstance(turn[1], Start):
                    running[host] += 1
                    starts[host].append(turn[1].at)
                    break
                turn = rule.release_held(host, now)
        elif step == "leave" and waiting[host]:
            rule.leave(host, waiting[host].pop())
        elif step == "hold":
            rule.hold(host, now + wait, now)
        assert running[host] <= concurrent
        assert not waiting[host] or running[host]  # whoever waits, waits for somebody
    for times in starts.values():
        # A microsecond for the rounding of sums
        assert all(later - earlier >= delay - 1e-6 for earlier, later in pairwise(times))
