"""One memory log with power over its members, for the contract suite (`telex.testing.contracts`)."""

from telex.core.model import FeedId
from telex.core.records import Record
from telex.ports import Clock, Commit
from telex.testing.contracts import SHARDS, TOPIC, Log
from telex.testing.memory_broker import Broker
from telex.testing.memory_log import MemoryLog
from telex.testing.memory_values import MAX_RECORD


class MemoryFactory:
    """A `LogFactory`: opens members of one broker and does to them what a member cannot do to itself.

    `log_type` is the kind of member that it opens.
    """

    def __init__(self, clock: Clock | None = None, log_type: type[MemoryLog] = MemoryLog) -> None:
        self.broker = Broker(SHARDS, clock=clock)
        self._log_type = log_type

    async def open(self, member: str) -> MemoryLog:
        """A member, as a process of its own would open it."""
        return self._log_type(self.broker, member)

    async def crash(self, log: Log) -> None:
        """The member's process dies."""
        _mine(log).crash()

    async def stall(self, log: Log) -> None:
        """The member falls silent, but its claims can still be used."""
        _mine(log).stall()

    async def expire(self) -> None:
        """Crashed and stalled members lose their shards now."""
        self.broker.expire()

    async def lose_answer(self, log: Log) -> None:
        """The next append of this member ends with an unknown outcome."""
        _mine(log).loses_answer = True

    def unacceptable(self) -> Commit:
        """A commit with a record larger than the broker takes."""
        huge = Record(TOPIC, "huge", (), b"x" * (MAX_RECORD + 1))
        fine = Record(TOPIC, "fine", (), b"{}")
        return Commit((fine, huge), {FeedId("feed"): b"never"})


def _mine(log: Log) -> MemoryLog:
    if not isinstance(log, MemoryLog):
        raise TypeError(f"not a member of this broker: {log!r}")
    return log
