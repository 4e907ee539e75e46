"""Waits for a host's turn: the asyncio side of `core.politeness`."""

import asyncio

from telex.core.politeness import Held, HostLimits, Politeness, Queued, Start


class HostHeld(Exception):
    """The host asked to be left alone.

    Attributes:
        seconds: for how long from now.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class HostGate:
    """Lets requests through per host, first come, first served. Entering and `leave` come in pairs."""

    def __init__(self, limits: HostLimits) -> None:
        self._rule = Politeness(limits)
        self._waiting: dict[int, asyncio.Future[Start | Held]] = {}
        self._loop = asyncio.get_running_loop()

    def __len__(self) -> int:
        """How many hosts are remembered."""
        return len(self._rule)

    def enter_nowait(self, host: str, now: float) -> Start | Queued:
        """Take a slot of the host, or a place in its queue: then, or where the slot is for later, `wait` for it.

        Raises:
            HostHeld: it asked to be left alone; no slot is taken.
        """
        answer = self._rule.ask(host, now)
        if isinstance(answer, Held):
            raise HostHeld(answer.until - now)
        return answer

    async def wait(self, host: str, answer: Start | Queued) -> None:
        """Wait for what `enter_nowait` gave; on cancellation it is given back.

        Raises:
            HostHeld: meanwhile the host asked to be left alone; no slot is taken.
        """
        turn = await self._wait(host, answer.ticket) if isinstance(answer, Queued) else answer
        if isinstance(turn, Held):
            raise HostHeld(turn.until - self._loop.time())
        wait = turn.at - self._loop.time()
        if wait > 0:
            try:
                await asyncio.sleep(wait)
            except asyncio.CancelledError:
                self.leave(host)
                raise

    def leave(self, host: str) -> None:
        """Give the slot back."""
        self._tell(host, self._rule.release(host, self._loop.time()))

    def hold(self, host: str, seconds: float) -> None:
        """Let nobody through for so long."""
        now = self._loop.time()
        self._rule.hold(host, now + seconds, now)

    async def _wait(self, host: str, ticket: int) -> Start | Held:
        future: asyncio.Future[Start | Held] = self._loop.create_future()
        self._waiting[ticket] = future
        try:
            return await future
        except asyncio.CancelledError:
            if self._waiting.pop(ticket, None) is not None:
                self._rule.leave(host, ticket)
            elif not future.cancelled() and isinstance(future.result(), Start):
                self.leave(host)  # the turn came in the same step of the loop as the cancellation
            raise

    def _tell(self, host: str, next_turn: tuple[int, Start | Held] | None) -> None:
        while next_turn is not None:
            ticket, answer = next_turn
            self._waiting.pop(ticket).set_result(answer)
            next_turn = self._rule.release_held(host, self._loop.time()) if isinstance(answer, Held) else None
