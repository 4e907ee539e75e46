"""From rounds to figures: medians over the rounds, and the median of the ratios of each round, with their spread."""

import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass

PHASES = ("first", "unchanged", "changed")


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure of every round."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """What is quoted."""
        return statistics.median(self.values)

    def __str__(self) -> str:
        """The median, and from the least to the most."""
        if len(self.values) == 1:
            return short(self.median)
        return f"{short(self.median)} ({short(min(self.values))}–{short(max(self.values))})"


def short(value: float) -> str:
    """Three figures that count, and no more than are there."""
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3
    return f"{value:,.{digits}f}"


def cpu_per_poll(feeds: int, phase: str) -> Callable[[dict], float]:
    """CPU milliseconds of one poll of one feed."""
    return lambda peer: 1e3 * _total(peer[phase], "cpu_s") / len(peer[phase]) / feeds


def cpu_per_article(peer: dict) -> float:
    """CPU milliseconds an article of the first poll."""
    return 1e3 * _total(peer["first"], "cpu_s") / _total(peer["first"], "published")


def articles_per_cpu(phase: str) -> Callable[[dict], float]:
    """Articles published and acknowledged in a second of CPU."""
    return lambda peer: _total(peer[phase], "published") / _total(peer[phase], "cpu_s")


def wall_per_turn(phase: str) -> Callable[[dict], float]:
    """Seconds until all feeds are polled once and all is acknowledged."""
    return lambda peer: _total(peer[phase], "wall_s") / len(peer[phase])


def memory(peer: dict) -> float:
    """MiB that it held at most."""
    return peer["peak_mib"]


def of_rounds(rounds: Iterable[dict], name: str, figure: Callable[[dict], float]) -> Spread:
    """A program's figure in each round."""
    return Spread(tuple(figure(each["peers"][name]) for each in rounds))


def ratios(rounds: Iterable[dict], name: str, other: str, phase: str) -> Spread:
    """CPU of one program over that of the other, in each round, over those turns that both took."""
    found = []
    for each in rounds:
        mine, theirs = each["peers"][name][phase], each["peers"][other][phase]
        turns = min(len(mine), len(theirs))
        found.append(_total(mine[:turns], "cpu_s") / _total(theirs[:turns], "cpu_s"))
    return Spread(tuple(found))


def setups(rounds: Iterable[dict]) -> list[tuple[int, int]]:
    """Size of items and number of hosts, as they came."""
    return list(dict.fromkeys((each["size"], each["hosts"]) for each in rounds))


def rounds_of(rounds: Iterable[dict], setup: tuple[int, int]) -> list[dict]:
    """The rounds of one setup."""
    return [each for each in rounds if (each["size"], each["hosts"]) == setup]


def publishes(peer: dict) -> bool:
    """Whether it published anything: a floor does not."""
    return _total(peer["first"], "published") > 0


def _total(polls: Iterable[dict], what: str) -> float:
    return sum(poll[what] for poll in polls)
