"""Feeds that are no feeds, or that attack, beside good neighbours: each costs itself alone."""

import asyncio
import gzip
import itertools
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from acceptance.origin import XML, Growing, Handler, Origin, item, rss
from acceptance.service import Service, wait_for, wait_until, write_catalogue
from newsroom import behaviour
from support.schema_validation import assert_valid_event

DATA = Path(os.environ.get("TELEX_DATA", Path(__file__).parents[3] / "shared/data")) / "hostile"
MEMORY = 400 << 20
GAP = 8.0
"""Seconds between two polls of a good neighbour that is due every second: generous, the machine may be busy."""


def answering(body: bytes, **headers: str) -> Handler:
    return lambda _request: web.Response(body=body, headers={"Content-Type": XML, **headers})


async def trickle(request: web.Request) -> web.StreamResponse:
    """A byte now and then, for ever."""
    response = web.StreamResponse(headers={"Content-Type": XML})
    await response.prepare(request)
    await response.write(b"<rss><channel>")
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.2)


async def cut(request: web.Request) -> web.StreamResponse:
    """Half of what Content-Length promises."""
    body = rss(*(item(f"cut-{n}") for n in range(20)))
    response = web.StreamResponse(headers={"Content-Type": XML})
    response.content_length = len(body)
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    assert request.transport is not None
    request.transport.abort()
    return response


def quadratic() -> bytes:
    """One entity of 100 kB, used a thousand times."""
    doctype = f'<!DOCTYPE rss [<!ENTITY long "{"x" * 100_000}">]>'
    return f'<?xml version="1.0"?>{doctype}<rss><channel><title>{"&long;" * 1000}</title></channel></rss>'.encode()


JUNK = bytes(range(256)) * 4096 * 10

DEAD: dict[str, tuple[str, bytes | Handler]] = {
    "html": ("html", answering(behaviour.html_page(), **{"Content-Type": "text/html"})),
    "html-as-xml": ("html", behaviour.html_page()),
    "empty": ("empty", b""),
    "junk": ("not_text", answering(JUNK, **{"Content-Type": "application/octet-stream"})),
    "binary": ("not_text", b"<?xml version='1.0'?>" + b"\0\1\2\3" * 500),
    "words": ("not_a_feed", b"The server is on holiday."),
    "other-xml": ("not_a_feed", b"<?xml version='1.0'?><note><to>you</to></note>"),
    "laughs": ("bomb", behaviour.bomb()),
    "quadratic": ("bomb", quadratic()),
    "deep": ("too_costly", b"<rss><channel>" + b"<a>" * 300_000 + b"</a>" * 300_000 + b"</channel></rss>"),
}
"""A dead letter and a failing feed each, and why."""

FAILING: dict[str, tuple[str, bytes | Handler]] = {
    "gzip-bomb": ("too_large", answering(behaviour.gzip_bomb(64), **{"Content-Encoding": "gzip"})),
    "gzip-broken": ("cut", answering(gzip.compress(rss(item("x")))[:-9], **{"Content-Encoding": "gzip"})),
    "larger": ("too_large", answering(JUNK + b"x")),
    "cut": ("cut", cut),
    "trickle": ("timeout", trickle),
}
"""No whole answer ever: failing after three, without a dead letter, for there is no body."""

LONG_AUTHOR = f"<author>{'a' * 31_744}</author>"
READ: dict[str, tuple[int, bytes | Handler]] = {
    "truncated": (6, rss(*(item(f"truncated-{n}") for n in range(9)))[: -len(item("x-1")) * 3]),
    "long-author": (1, rss(item("long-author-1", more=LONG_AUTHOR))),
    "says-ascii": (1, answering(rss(item("says-ascii-1", title="Été")), **{"Content-Type": "text/xml; charset=us-ascii"})),
    "says-utf-8": (1, rss(item("says-utf-8-1", title="Été")).decode().encode("cp1252")),
    "utf-16": (1, rss(item("utf-16-1", title="Été")).decode().encode("utf-16")),
}
"""Odd, but its articles are published: how many."""
