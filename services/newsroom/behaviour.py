"""Endpoints whose path is their behaviour: one fault each, whenever it is asked for.

/behaviour/slow?seconds=   a whole feed, in pieces       /behaviour/delay?seconds=  nothing, then a feed
/behaviour/cut             ends before Content-Length    /behaviour/truncated.xml   a feed that stops in its middle
/behaviour/charset         UTF-8 that says us-ascii      /behaviour/echo            the request's headers, as JSON
/behaviour/cookie          a feed that sets a cookie     /behaviour/etag            a feed that honours If-None-Match
/behaviour/retry?seconds=  429 with Retry-After          /feed.xml?entries=         a small feed that never changes
/status/{code}             an empty answer               /redirect?to=&code=        there; /redirect-loop: to itself
/bomb.xml                  entities that multiply        /gzip-bomb?mib=            small on the wire, zeros inside
/junk?mib=                 bytes that are no text        /html, /empty              200, and no feed
/flip                      two meanings, turn by turn    /binary                    NUL bytes that call themselves XML
"""

import asyncio
import gzip
import zlib
from collections.abc import Awaitable, Callable
from itertools import count

from aiohttp import web

from newsroom.answers import Copy, send, send_cut

MIB = 1024 * 1024
_XML = {"Content-Type": "application/rss+xml; charset=utf-8"}
_HTML = "<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>Nous revenons bientôt</h1></body></html>"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def feed(entries: int, suffix: str = "") -> bytes:
    """A small RSS document with entries 1 to n; `suffix` goes into each title."""
    items = "".join(
        f"<item><title>Entry {n}{suffix}</title><link>http://static.example/{n}</link>"
        f"<guid isPermaLink='false'>static-{n}</guid><description>Summary of entry {n}, «\u00a0été\u00a0».</description></item>"
        for n in range(entries, 0, -1)
    )
    head = '<?xml version="1.0"?><rss version="2.0"><channel><title>Static</title><link>http://static.example/</link>'
    return f"{head}<description>Static</description>{items}</channel></rss>".encode()


def html_page() -> bytes:
    """An error page, as servers give it with status 200."""
    return _HTML.encode()


def bomb() -> bytes:
    """An XML document of 1 KB whose entities expand to 10^9 words ("billion laughs")."""
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    doctype = f'<!DOCTYPE rss [<!ENTITY l0 "laugh">{entities}]>'
    item = "<item><title>&l9;</title><guid>1</guid></item>"
    return f'<?xml version="1.0"?>{doctype}<rss version="2.0"><channel><title>x</title>{item}</channel></rss>'.encode()


def gzip_bomb(mib: int) -> bytes:
    """A gzip stream that expands to `mib` MiB of spaces; some 1 KB for each."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    block = b" " * MIB
    return b"".join([*(compressor.compress(block) for _ in range(mib)), compressor.flush()])


def routes() -> list[web.AbstractRouteDef]:
    """All of them, to be added to an application."""
    handlers: dict[str, Handler] = {
        "/feed.xml": _feed,
        "/behaviour/slow": _slow,
        "/behaviour/delay": _delay,
        "/behaviour/cut": _cut,
        "/behaviour/truncated.xml": _truncated,
        "/behaviour/charset": _charset,
        "/behaviour/echo": _echo,
        "/behaviour/cookie": _cookie,
        "/behaviour/etag": _etag,
        "/behaviour/retry": _retry,
        "/status/{code}": _status,
        "/redirect": _redirect,
        "/redirect-loop": _loop,
        "/bomb.xml": _always(bomb),
        "/gzip-bomb": _gzip_bomb,
        "/junk": _junk,
        "/binary": _always(lambda: b"<?xml version='1.0'?>" + b"\0\1\2\3" * 500),
        "/html": _always(html_page, "text/html; charset=utf-8"),
        "/empty": _always(bytes),
        "/flip": _flipping(),
    }
    return [web.get(path, handler) for path, handler in handlers.items()]


def number(request: web.Request, name: str, default: float, most: float) -> float:
    """A number of the query, within [0, most].

    Raises:
        web.HTTPBadRequest: it is no such number.
    """
    try:
        value = float(request.query.get(name, default))
    except ValueError:
        value = -1.0
    if not 0 <= value <= most:
        raise web.HTTPBadRequest(text=f"{name}: a number from 0 to {most:g}\n")
    return value


async def _whole(request: web.Request, body: bytes, headers: dict[str, str] | None = None) -> web.StreamResponse:
    return (await send(request, body, headers or _XML))[0]


async def _feed(request: web.Request) -> web.StreamResponse:
    return await _whole(request, feed(int(number(request, "entries", 10, 20_000))))


async def _slow(request: web.Request) -> web.StreamResponse:
    return (await send(request, feed(10), _XML, over=number(request, "seconds", 5, 600)))[0]


async def _delay(request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(number(request, "seconds", 5, 600))
    return await _whole(request, feed(10))


async def _truncated(request: web.Request) -> web.StreamResponse:
    body = feed(10)
    return await _whole(request, body[: len(body) * 2 // 3])


async def _charset(request: web.Request) -> web.StreamResponse:
    return await _whole(request, feed(10), {"Content-Type": "application/rss+xml; charset=us-ascii"})


async def _echo(request: web.Request) -> web.StreamResponse:
    return web.json_response(dict(request.headers))


async def _cookie(request: web.Request) -> web.StreamResponse:
    return await _whole(request, feed(3), {**_XML, "Set-Cookie": "visitor=1; Path=/"})


async def _etag(request: web.Request) -> web.StreamResponse:
    copy = Copy(feed(5), _XML["Content-Type"], 0.0)
    if copy.unchanged_for(request, 2.0):
        return web.Response(status=304, headers=copy.validators(2.0))
    return await _whole(request, copy.body, copy.headers(2.0))


async def _retry(request: web.Request) -> web.StreamResponse:
    return web.Response(status=429, headers={"Retry-After": str(int(number(request, "seconds", 30, 86_400)))})


async def _status(request: web.Request) -> web.StreamResponse:
    code = request.match_info["code"]
    if not (code.isdecimal() and 200 <= int(code) <= 599):
        raise web.HTTPBadRequest(text="code: 200 to 599\n")
    return web.Response(status=int(code))


async def _redirect(request: web.Request) -> web.StreamResponse:
    code = int(number(request, "code", 302, 308))
    if code not in {301, 302, 303, 307, 308}:
        raise web.HTTPBadRequest(text="code: 301, 302, 303, 307 or 308\n")
    return web.Response(status=code, headers={"Location": request.query.get("to", "/feed.xml")})


async def _loop(_: web.Request) -> web.StreamResponse:
    return web.Response(status=302, headers={"Location": "/redirect-loop"})


async def _gzip_bomb(request: web.Request) -> web.StreamResponse:
    body = gzip_bomb(int(number(request, "mib", 64, 1024)))
    return await _whole(request, body, {**_XML, "Content-Encoding": "gzip"})


async def _junk(request: web.Request) -> web.StreamResponse:
    block = gzip.compress(bytes(range(256)) * 16, mtime=0)
    size = int(number(request, "mib", 10, 1024) * MIB)
    return await _whole(
        request, (block * (size // len(block) + 1))[:size], {"Content-Type": "application/octet-stream"}
    )


def _flipping() -> Handler:
    turns = count()

    async def flip(request: web.Request) -> web.StreamResponse:
        return await _whole(request, feed(5, (" at first", " after all")[next(turns) % 2]))

    return flip


def _always(body: Callable[[], bytes], content_type: str = _XML["Content-Type"]) -> Handler:
    """A handler that gives one body."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return await _whole(request, body(), {"Content-Type": content_type})

    return answer


async def _cut(request: web.Request) -> web.StreamResponse:
    return await send_cut(request, feed(20), _XML)
