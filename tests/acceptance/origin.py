"""A server on 127.0.0.1 whose paths a test writes: bytes, or what a function answers; it notes who asked for what."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Self

from aiohttp import web

XML = "application/rss+xml; charset=utf-8"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse] | web.StreamResponse]


@dataclass(frozen=True)
class Asked:
    """One request: when by the test's loop, its path with query, its headers."""

    at: float
    path: str
    headers: tuple[tuple[str, str], ...]

    def shows(self, text: str) -> bool:
        """Whether the text stands anywhere in the request."""
        return text in self.path or any(text in value for _, value in self.headers)


class Origin:
    """One origin. `paths` may be changed while it serves; a path that is not there is a 404."""

    def __init__(self, paths: Mapping[str, bytes | Handler] | None = None) -> None:
        self.paths: dict[str, bytes | Handler] = dict(paths or {})
        self.asked: list[Asked] = []

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        """The address of a path."""
        return f"http://{host}:{self.port}{path}"

    def times(self, path: str) -> list[float]:
        """When the path was asked for."""
        return [asked.at for asked in self.asked if asked.path.partition("?")[0] == path]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        headers = tuple(request.headers.items())
        self.asked.append(Asked(asyncio.get_running_loop().time(), request.path_qs, headers))
        answer = self.paths.get(request.path)
        if answer is None:
            raise web.HTTPNotFound
        if isinstance(answer, bytes):
            return web.Response(body=answer, headers={"Content-Type": XML})
        response = answer(request)
        return await response if inspect.isawaitable(response) else response


def item(name: str, *, title: str | None = None, more: str = "") -> str:
    """An RSS item whose guid is its name."""
    title = title or f"Title of {name}"
    link = f"http://news.example/{name}"
    return f"<item><title>{title}</title><link>{link}</link><guid isPermaLink='false'>{name}</guid>{more}</item>"


def rss(*items: str, head: str = "") -> bytes:
    """An RSS document of these items."""
    channel = f"<title>News</title><link>http://news.example/</link><description>News</description>{head}"
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{channel}{"".join(items)}</channel></rss>'.encode()


class Growing:
    """A feed that shows one entry more each time it is asked, newest first, and never drops one."""

    def __init__(self, name: str, entries: int = 3, size: int = 0) -> None:
        self.name = name
        self.entries = entries
        self._more = f"<description>{'mot ' * (size // 4)}</description>" if size else ""

    def names(self) -> list[str]:
        """The guids of the entries shown so far."""
        return [f"{self.name}-{number}" for number in range(1, self.entries + 1)]

    def __call__(self, _request: web.Request) -> web.Response:
        self.entries += 1
        shown = [item(name, more=self._more) for name in reversed(self.names())]
        return web.Response(body=rss(*shown), headers={"Content-Type": XML})
