"""What the memory log and its members say to each other."""

import contextvars
from collections.abc import Callable
from dataclasses import dataclass

from telex.errors import LogError
from telex.ports import Commit

MAX_RECORD = 1024 * 1024
"""The largest value of one record, in bytes."""


class Fenced(LogError):
    """A newer epoch of the shard exists, or this one was ended."""


class NoAnswer(LogError):
    """The request or its answer is late or lost: whether it was served is not known."""


@dataclass(frozen=True, slots=True)
class Timing:
    """The group's times, in seconds.

    A member that is not heard for `session` is expelled; a request without `answer` in time has none;
    `backoff_min` and `backoff_max` bound the wait before a shard is claimed again.
    """

    heartbeat: float = 1.0
    session: float = 10.0
    answer: float = 15.0
    backoff_min: float = 0.2
    backoff_max: float = 10.0


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the broker's history: fence, commit, assign, join, expel, leave, release; `at` is the loop's time."""

    at: float
    kind: str
    shard: int
    member: str
    epoch: int = 0
    commit: Commit | None = None
    first: int = 0


@dataclass(slots=True, eq=False)
class Link:
    """A member as the broker reaches it. What is told to it runs in `context`, and so dies with its process.

    `joined` is the generation of the group that it joined last.
    """

    name: str
    told: Callable[[int, int, frozenset[int]], None]
    inbox_grew: Callable[[int], None]
    context: contextvars.Context
    silent: bool = False
    joined: int = 0
