"""The live ownership of one shard: one producer, and what was restored after it had fenced all others."""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from telex.adapters.kafka.clients import transaction_error
from telex.adapters.kafka.faults import Fenced, detail, permanent
from telex.adapters.kafka.inbox import Inbox
from telex.adapters.kafka.parcels import Places, pack
from telex.adapters.kafka.producer import Transactor
from telex.adapters.kafka.state import Remembered
from telex.adapters.kafka.topics import Limits
from telex.errors import AppendRefused, AppendUnknown, ClaimDied
from telex.ports import Command, Commit, Restored
from telex.turns import Turns

COPY_MORE: Final = 300
"""Bytes: the copy of an event names its topic, and a topic's name has at most 249 characters."""
IN_FLIGHT: Final = 2.0
"""Seconds that a commit under way gets to end when its claim is revoked or released."""


class Keeper(Protocol):
    """What a claim needs of its log."""

    places: Places
    inbox: Inbox
    turns: Turns

    @property
    def limits(self) -> Limits:
        """What the topics take."""
        ...

    def claim_died(self, claim: "KafkaClaim", reason: str) -> None:
        """Plan when to claim the shard again."""
        ...

    def claim_works(self, claim: "KafkaClaim") -> None:
        """An append succeeded."""
        ...


class KafkaClaim:
    """The live ownership of one shard. Once dead it stays dead; its producer dies with it."""

    def __init__(self, log: Keeper, shard: int, transactor: Transactor, remembered: Remembered) -> None:
        self.transactor = transactor
        self._log = log
        self._shard = shard
        self._restored = remembered.restored()
        self._with_format = remembered.version is None
        self._appending = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._dead: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._retired: asyncio.Task[None] | None = None

    @property
    def shard(self) -> int:
        """Which shard, from 0."""
        return self._shard

    @property
    def restored(self) -> Restored:
        """What the shard remembered at the claim."""
        return self._restored

    @property
    def dead(self) -> bool:
        """Whether the claim is known to be dead."""
        return self._dead.done()

    def die(self, reason: str) -> None:
        """End the claim; the first reason stays. A commit under way may still end, no other begins."""
        if not self._dead.done():
            self._dead.set_result(reason)
            self._retired = asyncio.create_task(self._retire())
            self._log.claim_died(self, reason)

    async def _retire(self) -> None:
        try:
            async with asyncio.timeout(IN_FLIGHT):
                await self._idle.wait()
        except TimeoutError:
            await self.transactor.drop()  # who waits for the commit hears that its outcome is unknown
        await self.transactor.close()

    async def wait_retired(self) -> None:
        """Wait until nothing of a dead claim runs any more. Never raises."""
        if self._retired is not None:
            await asyncio.wait((self._retired,))

    @property
    def record_limit(self) -> int:
        """What the topic with the smallest limit takes, less what the copy in the merged topic has more."""
        return self._log.limits.smallest - COPY_MORE

    async def append(self, commit: Commit) -> None:
        """Make all of the commit visible, or none. One append at a time per claim.

        Cancelled while it runs, its outcome is unknown: the claim dies.

        Raises:
            AppendRefused: it can never succeed; the claim is dead.
            AppendUnknown: it may or may not be visible; the claim is dead.
            ClaimDied: the claim was dead before, or is fenced; nothing was written.
        """
        self._check()
        if self._appending:
            raise RuntimeError("one append at a time per claim")
        self._appending = True
        self._idle.clear()
        try:
            await self._append(commit)
        except AppendRefused:
            self.die("refused")
            raise
        except Fenced as error:
            self.die("fenced")
            raise ClaimDied(str(error)) from error
        except AppendUnknown:
            self.die("unknown")
            raise
        except asyncio.CancelledError:
            self.die("unknown")
            raise
        except BaseException:
            self.die("failed")
            raise
        finally:
            self._appending = False
            self._idle.set()

    async def _append(self, commit: Commit) -> None:
        log = self._log
        steps = pack(commit, self._shard, log.places, log.limits, with_format=self._with_format)
        parcels = await log.turns.run(steps)
        self._check()  # nothing was sent yet
        if not parcels:
            return
        try:
            await self.transactor.transact(parcels)
        except AppendRefused as refused:
            cause = refused.__cause__
            if permanent(cause) is None:  # a transaction that may not write to a topic fails its sends otherwise
                cause = transaction_error(self.transactor._producer)  # noqa: SLF001 - nobody else asks for it
            more = detail(refused.reason, cause, (parcel.topic for parcel in parcels))
            raise AppendRefused(refused.reason, refused.culprit, detail=refused.detail or more) from refused.__cause__
        self._with_format = self._with_format and not any(parcel.topic == self._log.places.state for parcel in parcels)
        self._log.claim_works(self)
        if not self.transactor.usable:
            # The commit is in. But a request of it was sent twice, and a late copy would act on the next commit.
            self.die("unknown")

    async def wait_inbox(self, after: int) -> tuple[tuple[int, Command], ...]:
        """Wait for commands past `after`, oldest first, each with its position.

        Raises:
            ClaimDied: the claim is dead.
        """
        while True:
            self._check()
            found, grown = self._log.inbox.commands(self._shard, after)
            if found:
                return found
            await asyncio.wait((grown, self._dead), return_when=asyncio.FIRST_COMPLETED)

    async def wait_dead(self) -> str:
        """Wait until the claim is dead; gives the reason: revoked, fenced, refused, unknown, released, failed."""
        return await asyncio.shield(self._dead)

    async def release(self) -> None:
        """End the claim. The shard stays assigned to this member, which claims it afresh. Never raises."""
        self.die("released")
        await self.wait_retired()

    def _check(self) -> None:
        if self._dead.done():
            raise ClaimDied(f"shard {self._shard}: the claim is dead ({self._dead.result()})")


Factory = Callable[[Keeper, int, Transactor, Remembered], KafkaClaim]
