#!/usr/bin/env python3
"""Feeds over HTTP for the benchmark: every answer is made beforehand, so that a request costs a look-up and a write.

    http://127.0.0.1:PORT/feed/<n>.xml    feed n; with --hosts K also at 127.0.1.1 … 127.0.1.K, and at these alone
    …/tick                                every feed gets one new item on top and loses its oldest
    …/stats[?reset=1]                     counters as JSON: requests, ok200, nm304, bytes; items_total ever shown

It prints one line once it serves.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
from collections import deque
from contextlib import suppress
from hashlib import blake2b

import dispatches

CONTENT_TYPE = "application/rss+xml; charset=utf-8"


def hosts_of(count: int) -> list[str]:
    """The addresses that feeds are spread over."""
    return ["127.0.0.1"] if count == 1 else [f"127.0.1.{number + 1}" for number in range(count)]


class SimulatedFeed:
    """One feed and both of its answers."""

    def __init__(self, number: int, items: int, size: int) -> None:
        self.number, self.size, self.newest = number, size, items
        self.items = deque((self._item(each) for each in range(items, 0, -1)), maxlen=items)
        self._answer()

    def publish(self) -> None:
        """One item more on top, the oldest drops out."""
        self.newest += 1
        self.items.pop()
        self.items.appendleft(self._item(self.newest))
        self._answer()

    def _item(self, number: int) -> bytes:
        return dispatches.item(self.number, number, self.size).encode()

    def _answer(self) -> None:
        head = dispatches.head(self.number, self.newest).encode()
        body = b"".join((head, *self.items, dispatches.TAIL.encode()))
        etag = f'"{blake2b(body, digest_size=8).hexdigest()}"'
        modified = dispatches.published(self.newest).replace("+0000", "GMT")
        validators = f"ETag: {etag}\r\nLast-Modified: {modified}\r\nServer: simulator\r\n"
        self.matching = f"\r\nif-none-match: {etag}\r\n".encode()
        self.since = f"\r\nif-modified-since: {modified.lower()}\r\n".encode()
        self.length = len(body)
        kind = f"Content-Type: {CONTENT_TYPE}\r\nContent-Length: {len(body)}\r\n"
        self.whole = f"HTTP/1.1 200 OK\r\n{kind}{validators}\r\n".encode() + body
        self.unchanged = f"HTTP/1.1 304 Not Modified\r\n{validators}\r\n".encode()

    def is_known(self, request: bytes) -> bool:
        """Whether the request, in lower case, holds a validator of what is shown now (RFC 9110, section 13.2.2)."""
        if b"\r\nif-none-match:" in request:
            return self.matching in request
        return self.since in request


class Simulation:
    """All feeds, and what was asked of them."""

    def __init__(self, feeds: int, items: int, size: int) -> None:
        self.feeds = {b"/feed/%d.xml" % number: SimulatedFeed(number, items, size) for number in range(feeds)}
        self.reset()

    def reset(self) -> None:
        """Count from nothing."""
        self.whole = self.unchanged = self.bytes = 0

    def answer(self, request: bytes) -> bytes:
        """The answer to a request: its head, whole."""
        target = request[4 : request.index(b" ", 4)]
        feed = self.feeds.get(target)
        if feed is None:
            return self._control(target)
        if feed.is_known(request.lower()):
            self.unchanged += 1
            return feed.unchanged
        self.whole += 1
        self.bytes += feed.length
        return feed.whole

    def _control(self, target: bytes) -> bytes:
        path, _, query = target.partition(b"?")
        status, found = "200 OK", {}
        if path == b"/tick":
            for feed in self.feeds.values():
                feed.publish()
        elif path == b"/stats":
            found = self.statistics()
            if b"reset=1" in query:
                self.reset()
        else:
            status = "404 Not Found"
        body = json.dumps(found).encode()
        kind = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        return f"HTTP/1.1 {status}\r\n{kind}\r\n".encode() + body

    def statistics(self) -> dict[str, int]:
        """The counters, by the names of the protocol."""
        feeds = self.feeds.values()
        return {
            "requests": self.whole + self.unchanged,
            "ok200": self.whole,
            "nm304": self.unchanged,
            "bytes": self.bytes,
            "items_total": sum(feed.newest for feed in feeds),
            "body_bytes": next(iter(feeds)).length,
        }


class Exchanges(asyncio.Protocol):
    """The requests of one connection, one after the other; it stays open until the client ends it."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation, self.pending = simulation, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.pending += data
        while b"\r\n\r\n" in self.pending:
            request, _, self.pending = self.pending.partition(b"\r\n\r\n")
            if not request.startswith(b"GET "):
                self.transport.close()
                return
            self.transport.write(self.simulation.answer(request + b"\r\n"))


async def serve(simulation: Simulation, hosts: list[str], port: int) -> None:
    """Until SIGTERM or SIGINT."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    server = await loop.create_server(lambda: Exchanges(simulation), hosts, port, backlog=4096)
    print(f"{len(simulation.feeds)} feeds at {', '.join(hosts)}, port {port}", flush=True)
    await ended.wait()
    server.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--feeds", type=int, default=200)
    parser.add_argument("--items", type=int, default=20, help="in each feed at any time")
    parser.add_argument("--desc", type=int, default=600, help="bytes of HTML in an item's description")
    parser.add_argument("--content", type=int, default=0, help="bytes of HTML beyond the description")
    parser.add_argument("--hosts", type=int, default=1, help="addresses that it serves at, 250 at most")
    given = parser.parse_args()
    if given.content and given.desc != dispatches.SUMMARY:
        parser.error(f"with --content the description has {dispatches.SUMMARY} bytes")
    simulation = Simulation(given.feeds, given.items, given.desc + given.content)
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(simulation, hosts_of(given.hosts), given.port))
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # the feeds are many objects, and need no tidying
