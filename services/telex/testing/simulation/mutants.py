"""Small faults planted in the real code or in the log: each has to turn some seed red, or the alarm is broken."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace

from telex.core.memory import Memory
from telex.errors import AppendRefused, LogUnavailable
from telex.ports import Commit, Restored
from telex.shard.publishers import Desk, Publishers
from telex.testing.memory_log import MemoryClaim, MemoryLog
from telex.testing.memory_values import NoAnswer
from telex.testing.simulation.scenario import DAYS, Outcome, simulate
from telex.wire import memories as wire


@dataclass(frozen=True, slots=True)
class Mutant:
    """A fault: a log that has it, or a patch of the program that lasts for the simulation."""

    name: str
    what: str
    log_type: type[MemoryLog] = MemoryLog
    patched: Callable[[], AbstractContextManager[object]] = nullcontext


# In the log.


class _Zombie(MemoryClaim):
    """Does not notice that it is dead, and appends with the epoch of the claim that came after it."""

    async def append(self, commit: Commit) -> None:
        self._epoch = self._log.live[self._shard]._epoch  # noqa: SLF001 - this is the fault
        await super().append(commit)

    def die(self, reason: str) -> None:
        if reason not in {"revoked", "fenced"}:
            super().die(reason)


class DeadClaimAppends(MemoryLog):
    """A dead claim's appends go through the claim that its process holds now."""

    claim_type = _Zombie

    async def _claim_and_hold(self, shard: int) -> str:
        """Claim the shard anew as soon as it is ours again, whatever the old claim believes."""
        holding = asyncio.ensure_future(super()._claim_and_hold(shard))
        while not holding.done():
            await asyncio.sleep(5.0)
            claim = self.live.get(shard)
            if claim is not None and shard not in self._assigned:
                holding.cancel()
                return "revoked"
        return holding.result()


class RestoreFirst(MemoryLog):
    """Restores before it fences: what the old owner commits in between is forgotten."""

    async def _enter(self, shard: int) -> tuple[int, Restored]:
        restored = await self._restore(shard)
        return await self._fence(shard), restored


class AtOnce(MemoryLog):
    """Claims again at once when it is fenced, without asking whose the shard is."""

    async def _wait_confirmed(self, shard: int, reason: str, backoff: float) -> float:
        if reason == "fenced":
            await asyncio.sleep(self.broker.timing.backoff_min)
            return backoff
        return await super()._wait_confirmed(shard, reason, backoff)


class KeepsMemory(MemoryLog):
    """Takes the memories of its last claim for the truth, whoever owned the shard since."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._kept: dict[int, Restored] = {}

    async def _restore(self, shard: int) -> Restored:
        restored = self._kept.get(shard) or await super()._restore(shard)
        self._kept[shard] = replace(restored, memories=dict(restored.memories))
        return restored

    def keep(self, shard: int, commit: Commit) -> None:
        """Note what was appended."""
        kept = self._kept[shard]
        memories = {**kept.memories, **(commit.memories or {})}
        alive = {feed: memory for feed, memory in memories.items() if memory is not None}
        inbox = kept.inbox if commit.inbox is None else commit.inbox
        self._kept[shard] = Restored(alive, commit.schedule or kept.schedule, inbox)


class _KeepingClaim(MemoryClaim):
    async def _transact(self, commit: Commit) -> None:
        await super()._transact(commit)
        if isinstance(self._log, KeepsMemory):
            self._log.keep(self._shard, commit)


KeepsMemory.claim_type = _KeepingClaim


class _Reused(MemoryClaim):
    """Goes on with the producer that had a send refused: what it sent before joins its next commit."""

    async def _send(self, commit: Commit) -> None:
        try:
            await super()._send(commit)
        except AppendRefused as error:
            raise LogUnavailable(str(error)) from error


class Reuses(MemoryLog):
    """Uses a producer again after a refusal."""

    claim_type = _Reused


class _Abandoned(MemoryClaim):
    """Takes an unknown outcome for a failure, and tries again."""

    async def _transact(self, commit: Commit) -> None:
        try:
            await super()._transact(commit)
        except NoAnswer as error:
            raise LogUnavailable(str(error)) from error


class Abandons(MemoryLog):
    """Takes no answer for no."""

    claim_type = _Abandoned


class _Unawaited(MemoryClaim):
    """Commits without a look at what became of its sends."""

    async def _send(self, commit: Commit) -> None:
        try:
            await super()._send(commit)
        except AppendRefused:
            return


class SendsUnawaited(MemoryLog):
    """Does not await its sends."""

    claim_type = _Unawaited


class _EventsLater(MemoryClaim):
    """Commits memories, and with them the validators, before the events."""

    async def append(self, commit: Commit) -> None:
        if commit.records and commit.memories:
            await super().append(replace(commit, records=()))
            commit = replace(commit, memories=None, schedule=None, inbox=None)
        await super().append(commit)


class ValidatorsFirst(MemoryLog):
    """Commits validators before events."""

    claim_type = _EventsLater


class _Forgetful(MemoryClaim):
    async def _send(self, commit: Commit) -> None:
        await super()._send(replace(commit, inbox=None))


class ForgetsInbox(MemoryLog):
    """Does not commit the position of the inbox."""

    claim_type = _Forgetful


# In the program.


@contextmanager
def _replaced(owner: object, name: str, fault: object) -> Iterator[None]:
    """The owner's attribute is the fault meanwhile."""
    real = getattr(owner, name)
    setattr(owner, name, fault)
    try:
        yield
    finally:
        setattr(owner, name, real)


@contextmanager
def _wants_lost() -> Iterator[None]:
    """Memories are packed without their wants."""
    real = wire.pack

    def pack(memory: Memory) -> bytes:
        return real(replace(memory, wants=(), head=replace(memory.head, has_wants=False)))

    with _replaced(wire, "pack", pack):
        yield


@contextmanager
def _several_at_a_time() -> Iterator[None]:
    """Every publisher is asked for any number of things at a time."""
    real = Desk.__init__

    def init(self: Desk, gate: asyncio.Semaphore, *args: object, **kwargs: object) -> None:
        del gate
        real(self, asyncio.Semaphore(10), *args, **kwargs)  # type: ignore[arg-type]

    with _replaced(Desk, "__init__", init):
        yield


@contextmanager
def _holds_forgotten() -> Iterator[None]:
    """The schedule record does not say who asked to be left alone."""
    with _replaced(Publishers, "holds", lambda *_: {}):
        yield


MUTANTS: dict[str, Mutant] = {
    mutant.name: mutant
    for mutant in (
        Mutant("append-through-dead-claim", "a poll in flight appends through a later claim", DeadClaimAppends),
        Mutant("validators-before-events", "validators are committed before the events", ValidatorsFirst),
        Mutant("restore-before-fencing", "the old owner may still append after the restore", RestoreFirst),
        Mutant("claim-again-on-fence", "a fenced member claims at once", AtOnce),
        Mutant("lost-want", "wants are not remembered", patched=_wants_lost),
        Mutant("reuse-after-refusal", "a producer is used again after a refusal", Reuses),
        Mutant("unknown-is-failure", "no answer is taken for no", Abandons),
        Mutant("stale-kept-memory", "memories of an earlier claim are kept", KeepsMemory),
        Mutant("inbox-not-committed", "the inbox's position is not committed", ForgetsInbox),
        Mutant("unawaited-send", "a commit does not await its sends", SendsUnawaited),
        Mutant("several-at-a-time", "a publisher is asked several things at a time", patched=_several_at_a_time),
        Mutant("forgotten-hold", "a restart forgets who asked to be left alone", patched=_holds_forgotten),
    )
}


def simulate_mutant(name: str, seed: int, days: float = DAYS, *, story: bool = False) -> Outcome:
    """Simulate a seed with a fault planted.

    Raises:
        KeyError: no mutant has this name.
    """
    mutant = MUTANTS[name]
    with mutant.patched():
        return simulate(seed, days, mutant.log_type, story=story)
