"""The publishers' web server: every feed of a `World` in one lean process, and a log of who asked when.

    scale_simulator.py FEEDS PUBLISHERS ENTRIES PORT NEWS_EVERY LOG

Each feed brings one new entry with every NEWS_EVERY-th request for it, spread evenly over the feeds; the others are
answered 304 where the validator is the feed's. It prints `ready` once it listens, and ends with SIGTERM. The log holds
a `REQUEST` for each: when it was read and when its answer was written (CLOCK_MONOTONIC, the same in every process),
the feed's number and the status.
"""

import asyncio
import signal
import struct
import sys
import time
from pathlib import Path
from typing import BinaryIO

from scale_world import TYPE, World, etag

REQUEST = struct.Struct("<ddIH")
_BACKLOG = 4096
_NOT_MODIFIED = "HTTP/1.1 304 Not Modified\r\nETag: %s\r\n\r\n"
_OK = "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nETag: %s\r\nContent-Length: %d\r\n\r\n"


class Feeds:
    """How far each feed has come."""

    def __init__(self, world: World, news_every: int, log: BinaryIO) -> None:
        self.world = world
        self.every = news_every
        self.log = log
        self.asked = [0] * world.feeds
        self.versions = [0] * world.feeds

    def answer(self, feed: int, validator: str, began: float) -> bytes:
        """The answer to the next request for a feed."""
        self.asked[feed] += 1
        if (self.asked[feed] + feed) % self.every == 0:
            self.versions[feed] += 1
        tag = etag(feed, self.versions[feed])
        status = 304 if validator == tag else 200
        answer = (_NOT_MODIFIED % tag).encode()
        if status == 200:
            body = self.world.document(feed, self.versions[feed])
            answer = (_OK % (TYPE, tag, len(body))).encode() + body
        self.log.write(REQUEST.pack(began, time.monotonic(), feed, status))
        return answer


class Connection(asyncio.Protocol):
    """One connection: requests without bodies, one after the other."""

    def __init__(self, feeds: Feeds) -> None:
        self.feeds = feeds
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        began = time.monotonic()
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            name = lines[0].split(" ")[1][1:].removesuffix(".xml")
            validators = [line[15:] for line in lines if line[:15].lower() == "if-none-match: "]
            if not name.isdigit() or int(name) >= self.feeds.world.feeds:
                self.transport.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                continue
            self.transport.write(self.feeds.answer(int(name), validators[0] if validators else "", began))


async def serve(feeds: Feeds) -> None:
    """Serve until SIGTERM."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    # All of 127.0.0.0/8 can only be had with everything.
    server = await loop.create_server(lambda: Connection(feeds), "0.0.0.0", feeds.world.port, backlog=_BACKLOG)
    print("ready", flush=True)
    await stop.wait()
    server.close()


def main() -> None:
    *numbers, log = sys.argv[1:]
    count, publishers, entries, port, news_every = map(int, numbers)
    with Path(log).open("wb") as file:
        asyncio.run(serve(Feeds(World(count, publishers, entries, port), news_every, file)))


if __name__ == "__main__":
    main()
