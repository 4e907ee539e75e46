"""Exactly once: telex and its broker are killed, stopped, restarted, added and removed; then Kafka is read and judged."""

import time
from collections import Counter

import pytest

from support import kafka
from support.fleet import PAGES, Fleet, fleet
from support.fleet_processes import Member, Press, until
from support.verdict import left_open, markers

LOST = 6


@pytest.fixture
def cluster(tmp_path):
    """A broker that may be killed."""
    try:
        kafka.libraries()
    except kafka.NoKafkaError as error:
        pytest.skip(str(error))
    with kafka.running(tmp_path / "cluster") as made:
        yield made


@pytest.mark.kafka
@pytest.mark.timeout(300)
def test_nothing_is_lost_and_nothing_told_twice_whatever_is_killed(cluster, tmp_path, record_property):
    figures: dict[str, object] = {}
    # A publisher's feeds are asked at about the same time: one kill may cost several answers that show an article.
    with fleet(tmp_path, cluster, Press(tmp_path, publishers=24, pace=0.15), lost=LOST) as made:
        a, b, c = (made.member(name) for name in "abc")
        a.start()
        made.wait_owned(a)
        figures["back after a kill, restarted at once"] = killed_and_restarted(made, a)
        b.start()
        made.wait_owned(a, b)
        figures["back after a kill, by another member"] = killed_and_replaced(made, a, b)
        b.start()
        c.start()
        made.wait_owned(a, b, c)
        figures["back after a stop inside a transaction"] = stopped_inside_a_transaction(made, c)
        made.wait_owned(a, b, c)
        figures["back after the broker's kill"] = broker_killed(made, a, b, c)
        figures["gaps of the rolling restart"] = [restarted(made, member) for member in (a, b, c)]
        killed_while_claiming(made, a)
        made.wait_owned(a, b, c)
        c.terminate()
        made.wait_owned(a, b)
        made.press.settle()
        verdict = made.judge(PAGES)
        ends = markers(cluster.brokers[0].folder)
        done = [each for member in (a, b, c) for each in member.done()]
        kills = [each for each in done if each.get("deed") == "KILL"]
        open_ = sum(left_open(ends, each["shard"], each["at"]) for each in kills)
        figures |= {"kills": f"{len(kills)}, {open_} of them left a transaction open, which was aborted"}
        figures |= {"transactions": dict(Counter(marker.kind for marker in ends))}
        figures |= {"articles": verdict.articles, "updates": verdict.updates, "withdrawals": verdict.withdrawals}
        for what, figure in figures.items():
            record_property("figure", f"{what}: {_shown(figure)}")
        print(figures)
        assert verdict.wrong == []
        assert verdict.articles > 150
        assert verdict.updates > 10
        assert len(kills) >= 5
        assert open_ >= 2


def _shown(figure) -> str:
    if isinstance(figure, list):
        return ", ".join(map(_shown, figure))
    return f"{figure:.2f} s" if isinstance(figure, float) else str(figure)


def killed_and_restarted(made: Fleet, member: Member) -> list[float]:
    """Killed inside a transaction; and after its commit was asked for, but before the answer."""
    times = []
    for point in ("telling", "committing"):
        at = member.shoot(point, "KILL")
        member.start()
        times.append(made.back_after(member, at))
    return times


def killed_and_replaced(made: Fleet, heir: Member, victim: Member) -> float:
    """Killed inside a transaction, and not started again."""
    at = victim.shoot("inside", "KILL", after=2)
    back = made.back_after(victim, at)
    made.wait_owned(heir)
    return back


def stopped_inside_a_transaction(made: Fleet, member: Member) -> float:
    """Stopped past its session; others have taken over when it goes on and asks for its commit."""
    at = member.shoot("telling", "STOP")
    back = made.back_after(member, at)
    member.thaw()
    stopped = member.done()[-1]
    until(lambda: _given_up(member, stopped["shard"], at), "the commit to fail")
    return back


def _given_up(member: Member, shard: int, at: float) -> bool:
    """Whether the commit that was stopped failed, and none of its process came through before.

    Two tidings race once the process goes on: Kafka's answer, that a newer producer exists; and the group's, that the
    shard was given to another, for which the commit is cancelled.
    """
    ends = [each for each in member.done() if each.get("shard") == shard and each["at"] > at and "raised" in each]
    if not ends:
        return False
    assert (ends[0]["raised"], ends[0]["cause"]) in {("Fenced", "ProducerFenced"), ("CancelledError", "NoneType")}
    commits = [each for each in member.commits() if each["committed"] == shard and at < each["at"] < ends[0]["at"]]
    assert not commits, "a commit came through the fence"
    return True


def broker_killed(made: Fleet, *members: Member) -> float:
    """Killed, and started again after a while."""
    broker = made.cluster.brokers[0]
    broker.kill()
    at = time.time()
    time.sleep(1.5)
    broker.start()
    back = made.first_commit(at) - at
    made.wait_owned(*members)
    return back


def restarted(made: Fleet, member: Member) -> float:
    """Ended in good order and started again; its shards stay its own."""
    asked = member.terminate()
    member.start()
    return made.gap_of_restart(member, asked)


def killed_while_claiming(made: Fleet, member: Member) -> None:
    """Killed between fence and restore; and between restore and first commit; and when a commit was just made."""
    for point in ("fenced", "restored", "committed"):
        if member.alive:
            member.kill()
        member.aim(point, "KILL")
        member.start()
        until(lambda: not member.alive, f"its death when it is {point}")
    member.start()
