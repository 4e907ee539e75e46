"""A reader of Server-Sent Events as the HTML Standard has it (9.2.6), on a raw socket, and the server that it reads."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass

import orjson
from prometheus_client import CollectorRegistry
from web_log import NAMING

from telex.web.events import EventsConfig
from telex.web.server import WebConfig, WebServer

NOW = 1_800_000_000.0


class StillClock:
    def now(self):
        return NOW


@dataclass
class Message:
    """A dispatched event, as a browser's listener gets it."""

    type: str
    id: str
    data: str

    @property
    def event(self):
        return orjson.loads(self.data)


class RawReader:
    """One connection. `status`, `headers` of the answer; `lines` are those of the body, before interpretation."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.status = 0
        self.headers = {}
        self.lines = []
        self.last_id = ""

    async def read_head(self):
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        self.status = int(head[0].split()[1])
        self.headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)
        }

    async def messages(self):
        kind, data = "", []
        async for line in self._body_lines():
            self.lines.append(line)
            if not line:
                if data:
                    yield Message(kind or "message", self.last_id, "\n".join(data))
                kind, data = "", []
                continue
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            match name:
                case "event":
                    kind = value
                case "data":
                    data.append(value)
                case "id":
                    self.last_id = value

    async def take(self, count):
        found = []
        async for message in self.messages():
            found.append(message)
            if len(found) == count:
                break
        return found

    async def _body_lines(self):
        rest = b""
        async for chunk in self._chunks():
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                yield line.decode()
        assert not rest, "the stream ended within a line"

    async def _chunks(self):
        assert self.headers["transfer-encoding"] == "chunked"
        while size := int(await self.reader.readline(), 16):
            chunk = await self.reader.readexactly(size + 2)
            yield chunk[:-2]

    def close(self):
        self.writer.transport.abort()


class Served:
    """A running server."""

    def __init__(self, server, host, port):
        self.server, self.host, self.port = server, host, port
        self.url = f"http://{host}:{port}"
        self._readers = []

    async def open(self, query="", *, limit=2**16, **headers):
        """A raw reader of /events whose headers have been read."""
        reader, writer = await asyncio.open_connection(self.host, self.port, limit=limit)
        lines = [
            f"GET /events{query} HTTP/1.1",
            "Host: telex",
            *(f"{k.replace('_', '-')}: {v}" for k, v in headers.items()),
        ]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        raw = RawReader(reader, writer)
        self._readers.append(raw)
        await raw.read_head()
        return raw

    async def wait_readers(self, count):
        async with asyncio.timeout(20):
            while self.server.statistics().readers != count:
                await asyncio.sleep(0.01)

    def close(self):
        for reader in self._readers:
            reader.close()


@asynccontextmanager
async def serving(log, *, registry=None, ready=(), stop_within=5.0, **events):
    config = WebConfig(port=0, stop_within=stop_within, version="1.2.3", events=EventsConfig(**events))
    server = WebServer(
        config, log=log, naming=NAMING, clock=StillClock(), registry=registry or CollectorRegistry(), ready=ready
    )
    served = Served(server, *await server.start())
    try:
        yield served
    finally:
        served.close()
        await server.stop()
