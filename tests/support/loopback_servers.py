"""Servers on 127.0.0.1 for the tests of the fetch: they say exactly the bytes that a test gives them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from telex.adapters.http.fetcher import FetchLimits, HttpFetcher
from telex.core.exchange import Kind, Request
from telex.core.model import Publisher
from telex.testing.manual_clock import ManualClock

LOOPBACK = ("127.0.0.0/8",)
PUBLISHER = Publisher("example.org")


@dataclass
class Seen:
    """One request as it arrived."""

    line: str
    headers: dict[str, str]

    @property
    def path(self) -> str:
        return self.line.split(" ")[1]


Respond = Callable[[Seen, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Server:
    port: int = 0
    scheme: str = "http"
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0

    def url(self, path: str = "/feed", host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"

    @property
    def origin(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def paths(self) -> list[str]:
        return [seen.path for seen in self.seen]


@contextlib.asynccontextmanager
async def serve(respond: Respond | bytes | dict[str, bytes], *, tls=None) -> AsyncIterator[Server]:
    """A server that reads one request after the other and answers each with `respond`.

    Bytes are sent as they are; a dict gives them by path.
    """
    server = Server(scheme="https" if tls else "http")
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        server.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                pairs = (line.split(": ", 1) for line in head[1:] if line)
                seen = Seen(head[0], {name.lower(): value for name, value in pairs})
                server.seen.append(seen)
                if isinstance(respond, bytes):
                    writer.write(respond)
                elif isinstance(respond, dict):
                    writer.write(respond.get(seen.path, answer(status="404 Not Found")))
                else:
                    await respond(seen, writer)
                await writer.drain()
                if writer.is_closing():
                    return
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            return
        finally:
            tasks.discard(task)
            writer.close()

    listener = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def answer(body: bytes = b"", *headers: str, status: str = "200 OK") -> bytes:
    """A well-formed response."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode("utf-8") + b"\r\n\r\n" + body


def redirect(location: str, status: str = "302 Found", *headers: str) -> bytes:
    return answer(b"", f"Location: {location}", *headers, status=status)


def cutting(data: bytes) -> Respond:
    """Send the bytes, then close the connection."""

    async def respond(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        writer.close()

    return respond


@contextlib.asynccontextmanager
async def fetching(*, clock: ManualClock | None = None, tls=None, **limits) -> AsyncIterator[HttpFetcher]:
    """A fetcher that may talk to this machine, unless the test says otherwise."""
    limits.setdefault("allow_networks", LOOPBACK)
    async with HttpFetcher(FetchLimits(**limits), clock or ManualClock(), tls=tls) as fetcher:
        yield fetcher


def feed(url: str, **values) -> Request:
    return Request(url=url, publisher=PUBLISHER, **values)


def page(url: str, **values) -> Request:
    return Request(url=url, publisher=PUBLISHER, kind=Kind.PAGE, **values)
