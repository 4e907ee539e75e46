"""A proxy before a real Kafka that does to one chosen request what a bad network may do to any.

It understands frames (length, api key, api version, correlation id, client id) and rewrites the addresses in the answers
to Metadata and FindCoordinator: so clients stay behind it whatever the brokers advertise, and it can stand before brokers
that others use without it.
"""

import asyncio
import struct
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Self

LIMIT = 64 << 20
LAST_ANSWERS = 3.0
"""Seconds that a copy that nobody waits for is waited for. Some have no answer: the last JoinGroup of a member has it."""


class Api(IntEnum):
    """The requests that tests name (Kafka protocol guide, API keys)."""

    PRODUCE = 0
    FETCH = 1
    LIST_OFFSETS = 2
    METADATA = 3
    FIND_COORDINATOR = 10
    JOIN_GROUP = 11
    HEARTBEAT = 12
    LEAVE_GROUP = 13
    SYNC_GROUP = 14
    API_VERSIONS = 18
    INIT_PRODUCER_ID = 22
    ADD_PARTITIONS_TO_TXN = 24
    END_TXN = 26


class Kind(StrEnum):
    """What happens to the request.

    hold: it, and all behind it on its connection, arrives later; also when its client gave up meanwhile and asked again
    elsewhere. cut before: the connection ends and the request never arrives. cut after: it is served and the connection
    ends before the answer. twice: a copy is served on a connection of its own before the client gets its answer.
    """

    HOLD = "hold"
    CUT_BEFORE = "cut before"
    CUT_AFTER = "cut after"
    TWICE = "twice"


@dataclass(eq=False)
class Fault:
    """What shall happen, once, and whether it did.

    It strikes the `nth` request of this api that holds the bytes `names` (a transactional id, a topic, a group), and is
    of the client `client_id` where that is given. A held request goes on after `seconds`, or when `released` is set.
    """

    api: Api
    kind: Kind
    names: bytes = b""
    client_id: str | None = None
    nth: int = 1
    seconds: float = 3600.0
    seen: int = 0
    hits: int = 0
    left: bool = False
    """Whether the client of a held request had gone when it arrived."""
    hit: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """All of it is done: of a held or doubled request the last copy was answered, or will not be."""

    def strikes(self, head: "Head", frame: bytes) -> bool:
        """Whether it is this request's turn."""
        if self.hits or head.api != self.api or self.names not in frame:
            return False
        if self.client_id not in (None, head.client_id):
            return False
        self.seen += 1
        if self.seen < self.nth:
            return False
        self.hits += 1
        self.hit.set()
        return True


@dataclass(frozen=True, slots=True)
class Head:
    """What every request begins with."""

    api: int
    version: int
    correlation: int
    client_id: str | None

    @classmethod
    def of(cls, frame: bytes) -> Self:
        """The head of a frame."""
        api, version, correlation, size = struct.unpack_from(">hhih", frame, 4)
        return cls(api, version, correlation, frame[14 : 14 + size].decode() if size >= 0 else None)


class Proxy:
    """Listens for every broker of a cluster at an address of its own."""

    def __init__(self, servers: str) -> None:
        self._bootstrap = servers.split(",")
        self._faults: list[Fault] = []
        self._ports: dict[tuple[str, int], int] = {}
        self._opening = asyncio.Lock()
        self._servers: list[asyncio.Server] = []
        self._connections: set[asyncio.Task[None]] = set()
        self.errors: list[BaseException] = []
        self.flows = asyncio.Event()
        """Cleared, nothing arrives; connections stay and are taken."""
        self.flows.set()

    async def __aenter__(self) -> Self:
        for server in self._bootstrap:
            host, _, port = server.rpartition(":")
            await self.port_of(host, int(port))
        return self

    async def __aexit__(self, *_: object) -> None:
        for server in self._servers:
            server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await asyncio.sleep(0)  # transports end in the loop's next turn
        if self.errors:
            raise ExceptionGroup("the proxy failed", [error for error in self.errors if isinstance(error, Exception)])

    @property
    def servers(self) -> str:
        """The bootstrap address behind which everything is."""
        return ",".join(f"127.0.0.1:{self._ports[host, int(port)]}" for host, _, port in map(_parts, self._bootstrap))

    def arm(self, api: Api, kind: Kind, **more: object) -> Fault:
        """Have something happen from now on, once."""
        fault = Fault(api, kind, **more)  # type: ignore[arg-type]
        self._faults.append(fault)
        return fault

    def strike(self, head: Head, frame: bytes) -> Fault | None:
        """The fault whose turn it is."""
        return next((fault for fault in self._faults if fault.strikes(head, frame)), None)

    async def port_of(self, host: str, port: int) -> int:
        """Where clients reach this broker."""
        async with self._opening:
            if (host, port) not in self._ports:
                server = await asyncio.start_server(self._accept(host, port), "127.0.0.1", 0, limit=LIMIT)
                self._servers.append(server)
                self._ports[host, port] = server.sockets[0].getsockname()[1]
            return self._ports[host, port]

    def _accept(self, host: str, port: int) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]:
        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.get_running_loop().create_task(_Connection(self, reader, writer).run(host, port))
            self._connections.add(task)
            task.add_done_callback(self._note_end)

        return accept

    def _note_end(self, task: "asyncio.Task[None]") -> None:
        self._connections.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.errors.append(error)


@dataclass(slots=True)
class _Expected:
    head: Head
    frame: bytes
    fault: Fault | None


class _Connection:
    """One connection of a client, and the one to its broker."""

    def __init__(self, proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._proxy = proxy
        self._reader, self._writer = reader, writer
        self._asked: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._expected: deque[_Expected] = deque()
        self._gone = False

    async def run(self, host: str, port: int) -> None:
        """Until one of the two ends; never raises what a network may cause."""
        try:
            self._above = await asyncio.open_connection(host, port, limit=LIMIT)
            try:
                await self._serve()
            finally:
                self._above[1].transport.abort()
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            self._writer.transport.abort()

    async def _serve(self) -> None:
        tasks = [asyncio.ensure_future(work) for work in (self._listen(), self._pass_on(), self._answer())]
        try:
            # The listener's end is no end: what its client has sent may still have to arrive.
            await asyncio.wait(tasks[1:], return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done() and not task.cancelled() and (error := task.exception()) is not None:
                    raise error
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                self._asked.put_nowait(await _frame(self._reader))
        self._gone = True
        self._asked.put_nowait(None)

    async def _pass_on(self) -> None:
        held = False
        while (frame := await self._asked.get()) is not None:
            head = Head.of(frame)
            fault = self._proxy.strike(head, frame)
            if fault is not None and fault.kind is Kind.CUT_BEFORE:
                fault.over.set()
                return
            if fault is not None and fault.kind is Kind.HOLD:
                with suppress(TimeoutError):
                    await asyncio.wait_for(fault.released.wait(), fault.seconds)
                fault.left = self._gone
            await self._proxy.flows.wait()
            held = held or (fault is not None and fault.kind in (Kind.HOLD, Kind.TWICE))
            self._expected.append(_Expected(head, frame, fault))
            self._above[1].write(frame)
            await self._above[1].drain()
        if held:
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_ANSWERS):
                    while self._expected:
                        await asyncio.sleep(0.01)
            for expected in self._expected:
                if expected.fault is not None:
                    expected.fault.over.set()

    async def _answer(self) -> None:
        while True:
            answer = await _frame(self._above[0])
            expected = self._expected[0]
            fault = expected.fault
            if fault is not None and fault.kind is Kind.TWICE:
                await self._send_copy(expected.frame)
            if fault is not None:
                fault.over.set()
                if fault.kind is Kind.CUT_AFTER:
                    return
            if not self._gone:
                self._writer.write(await self._rewritten(expected.head, answer))
                await self._writer.drain()
            self._expected.popleft()

    async def _send_copy(self, frame: bytes) -> None:
        reader, writer = await asyncio.open_connection(*self._above[1].get_extra_info("peername")[:2], limit=LIMIT)
        try:
            writer.write(frame)
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_ANSWERS):
                    await _frame(reader)
        finally:
            writer.transport.abort()

    async def _rewritten(self, head: Head, answer: bytes) -> bytes:
        """The answer with our addresses where it tells of brokers'."""
        if head.api not in _FLEXIBLE:
            return answer
        if head.version >= _FLEXIBLE[head.api]:
            raise ValueError(f"the proxy does not know this version: {head}")
        told = _Told(answer)
        if head.api == Api.METADATA:
            told.copy(4 if head.version >= 3 else 0)  # the throttle time
            for _ in range(told.number()):
                await self._move(told)
                if head.version >= 1:
                    told.text()  # the rack
        else:
            told.copy(6 if head.version >= 1 else 2)
            if head.version >= 1:
                told.text()  # the error in words
            await self._move(told)
        return told.end()

    async def _move(self, told: "_Told") -> None:
        told.copy(4)  # the broker's id
        start = len(told.made)
        host = told.text()
        port = told.number()
        if host:
            told.made[start:] = struct.pack(">h9si", 9, b"127.0.0.1", await self._proxy.port_of(host.decode(), port))


_FLEXIBLE = {Api.METADATA: 9, Api.FIND_COORDINATOR: 3}
"""The answers that tell addresses, and the versions from which they are laid out otherwise (KIP-482)."""


class _Told:
    """An answer that is read and, in the same steps, written anew."""

    def __init__(self, answer: bytes) -> None:
        self.made = bytearray(answer[4:8])
        self._answer, self._at = answer, 8

    def copy(self, size: int) -> bytes:
        part = self._answer[self._at : self._at + size]
        self._at += size
        self.made += part
        return part

    def number(self) -> int:
        return int.from_bytes(self.copy(4), signed=True)

    def text(self) -> bytes:
        return self.copy(max(0, int.from_bytes(self.copy(2), signed=True)))

    def end(self) -> bytes:
        self.copy(len(self._answer) - self._at)
        return struct.pack(">i", len(self.made)) + self.made


async def _frame(reader: asyncio.StreamReader) -> bytes:
    """The next frame, its length included."""
    size = await reader.readexactly(4)
    return size + await reader.readexactly(int.from_bytes(size))


def _parts(server: str) -> tuple[str, str, str]:
    return server.rpartition(":")
