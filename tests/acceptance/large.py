"""The largest document that telex takes, as its origin serves it."""

import gzip
from collections.abc import Callable

from aiohttp import web

from acceptance.origin import XML, item, rss

SIZE = int(9.5 * 2**20)
ENTRIES = 8_000


def large_document() -> bytes:
    """As many bytes as `SIZE`, in `ENTRIES` entries."""
    words = "The harbour council votes on the budget of the new tram line. " * 40
    bare = len(rss(*(item(f"large-{number}") for number in range(ENTRIES))))
    room = (SIZE - bare) // ENTRIES - len("<description>&lt;p&gt;&lt;/p&gt;</description>")
    text = f"<description>&lt;p&gt;{words[:room]}&lt;/p&gt;</description>"
    document = rss(*(item(f"large-{number}", more=text) for number in range(ENTRIES)))
    assert SIZE * 0.98 < len(document) <= SIZE
    return document


def zipped(document: bytes) -> Callable[[web.Request], web.Response]:
    """What serves it with gzip."""
    body = gzip.compress(document)
    headers = {"Content-Type": XML, "Content-Encoding": "gzip"}
    return lambda _request: web.Response(body=body, headers=headers)
