"""Runs a shard for every claim that the log gives, and ends them together."""

import asyncio
import contextlib

from telex.core.facts import ShardLost
from telex.core.redact import redact_text
from telex.errors import ClaimDied, LogCorrupt
from telex.ports import Claim, EventLog
from telex.shard.context import Context
from telex.shard.shard import Shard

_AFTER_FAULT = 5.0
"""Seconds for which a shard that ended by a fault of ours is left alone before it is given back."""


class Supervisor:
    """Owns the claims of one process. Crash-only: whatever ends a shard, the next claim's restore tells the truth."""

    def __init__(self, log: EventLog, context: Context) -> None:
        self._log = log
        self._context = context
        self._shards: dict[Claim, Shard] = {}
        self._owners: set[asyncio.Task[None]] = set()
        self._draining = False

    @property
    def shards(self) -> int:
        """How many shards this process owns now."""
        return len(self._shards)

    async def run(self) -> None:
        """Own whatever is claimed, until cancelled or the log fails for good.

        Raises:
            LogError: the log cannot be used at all.
        """
        async with asyncio.TaskGroup() as group:
            async for claim in self._log.claims():
                owner = group.create_task(self._own(claim))
                self._owners.add(owner)
                owner.add_done_callback(self._owners.discard)

    async def _own(self, claim: Claim) -> None:
        shard = self._shards[claim] = Shard(claim, self._context)
        if self._draining:
            shard.stop()
        reason: str = "released"
        detail: str | None = None
        try:
            await shard.run()
        except ClaimDied as died:
            reason, detail = await _why(claim), str(died)
        except Exception as fault:  # noqa: BLE001 - crash-only: a fault ends this claim, not the process
            cause = _cause(fault)
            if isinstance(cause, LogCorrupt):
                raise cause from None  # no claim can mend that: an operator has to act
            reason, detail = "failed", redact_text(f"{type(cause).__name__}: {cause}")[:1000]
            await asyncio.sleep(_AFTER_FAULT)
        del self._shards[claim]
        await claim.release()
        self._context.observer.observe(ShardLost(claim.shard, reason, detail))

    async def drain(self, limit: float) -> bool:
        """Stop polling, commit what is done, release every shard; whether that was done within `limit` seconds."""
        self._draining = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit):
                for shard in self._shards.values():
                    shard.stop()
                while self._owners:
                    await asyncio.wait(self._owners)
        return not self._owners


async def _why(claim: Claim) -> str:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(1.0):
            return await claim.wait_dead()
    return "failed"


def _cause(fault: BaseException) -> BaseException:
    """The first error in a group, a corrupt log before all others."""
    if not isinstance(fault, BaseExceptionGroup):
        return fault
    causes = [_cause(inner) for inner in fault.exceptions]
    return next((cause for cause in causes if isinstance(cause, LogCorrupt)), causes[0])
