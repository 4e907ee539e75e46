"""The newsroom as an HTTP service on 127.0.0.1: feeds, pages, the catalogue, the ledger, and wishes of operators."""

import asyncio
import socket
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from newsroom import behaviour, catalogue, pages
from newsroom.answers import Copy, send
from newsroom.faults import PAGE_FAULTS, Fault, Faults, Level
from newsroom.feeds import FeedDesk
from newsroom.ledger import Ledger, PageFact, encode
from newsroom.world import Plan, World

HOST = "127.0.0.1"
TICK = 0.25
"""The world advances at least so often, in seconds: a clock set by hand is noticed."""
STOP_WITHIN = 0.5
"""Open answers get so many seconds when the service stops."""


@dataclass(frozen=True, slots=True)
class Config:
    """How a newsroom is set up. `slow` is how long a slow body takes, `retry_after` what a 429 asks for; in seconds."""

    plan: Plan = field(default_factory=Plan)
    port: int = 0
    faults: Level = Level.OFF
    ledger: Path | None = None
    catalogue: Path | None = None
    slow: float = 3.0
    retry_after: int = 3


class Newsroom:
    """A running newsroom: `async with Newsroom(config) as newsroom`.

    `world`, `ledger` and `faults` may be used while it runs. `clock` gives the time in epoch seconds; it may be set by
    hand, and the world follows it.
    """

    def __init__(self, config: Config | None = None, clock: Callable[[], float] = time.time) -> None:
        self.config = config or Config()
        self.clock = clock
        self.ledger = Ledger(self.config.ledger)
        self.faults = Faults(self.config.faults, self.config.plan.seed)
        self.world: World
        self.url: str
        self._desk: FeedDesk
        self._runner: web.AppRunner | None = None
        self._ticker: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen, make the world at the address, and write the catalogue.

        Raises:
            OSError: the port is taken, or a file cannot be written.
        """
        app = web.Application()
        app.add_routes([*self._routes(), *behaviour.routes()])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_WITHIN, handle_signals=False)
        await self._runner.setup()
        # Bound before the world is made, for its links need the port; listening after, for requests need the world.
        listener = _bound(self.config.port)
        self.url = f"http://{HOST}:{listener.getsockname()[1]}"
        self.world = World(self.config.plan, self.url, self.clock())
        self._desk = FeedDesk(
            self.world, self.ledger, self.faults, self.clock, self.config.slow, self.config.retry_after
        )
        self.advance()
        await web.SockSite(self._runner, listener).start()
        if self.config.catalogue:
            self._write_catalogue(self.config.catalogue)
        self._ticker = asyncio.create_task(self._tick(), name="newsroom")

    async def stop(self) -> None:
        """Stop listening, and close the ledger. Answers on their way are cut off after a moment."""
        if self._ticker:
            self._ticker.cancel()
            await asyncio.gather(self._ticker, return_exceptions=True)
        if self._runner:
            await self._runner.cleanup()
        self.ledger.close()

    def catalogue(self) -> str:
        """The catalogue of all feeds, as YAML."""
        return catalogue.as_yaml(self.world)

    def advance(self) -> None:
        """Bring the world and the ledger to the clock's time."""
        self.ledger.note(*self.world.advance(self.clock()))

    def quiet(self) -> None:
        """Stop the news, after what is due, and count anew how often each feed is asked."""
        self.advance()
        self.world.quiet()
        self._desk.answered.clear()

    def asked(self) -> int:
        """How often the least asked feed has answered with the truth since the news stopped, or since the start.

        From 2 on, whoever asks one feed after the other has taken in what the windows show at the end.
        """
        return min((self._desk.answered[window.feed.id] for window in self.world.windows.values()), default=0)

    def publish(self, publisher: str | None = None) -> str:
        """Publish an article of a publisher (its slug) or of any; its key."""
        self.advance()
        key = self.world.publish(publisher, self.clock())
        self.advance()
        return key

    def edit(self, key: str | None = None) -> str | None:
        """Edit an article by its key, or any; its key, None where there is none."""
        self.advance()
        edited = self.world.edit(key, self.clock())
        self.advance()
        return edited

    def withdraw(self, key: str | None = None) -> str | None:
        """Withdraw an article by its key, or any; its key, None where there is none."""
        self.advance()
        withdrawn = self.world.withdraw(key, self.clock())
        self.advance()
        return withdrawn

    async def _tick(self) -> None:
        while True:
            self.advance()
            await asyncio.sleep(min(max(self.world.next_at - self.clock(), 0.005), TICK))

    def _write_catalogue(self, path: Path) -> None:
        whole = path.with_name(f".{path.name}.new")
        whole.write_text(self.catalogue(), encoding="utf-8")
        whole.replace(path)

    def _routes(self) -> list[web.AbstractRouteDef]:
        return [
            web.get("/p/{publisher}/{file:[a-z0-9-]+\\.(?:xml|atom|json)}", self._feed),
            web.get("/p/{publisher}/{via:moved|once}/{file}", self._feed),
            web.get("/p/{publisher}/a/{file}", self._page),
            web.get("/p/{publisher}/img/{file}", _picture),
            web.get("/p/{publisher}/", self._home),
            web.get("/catalogue.yaml", self._catalogue),
            web.get("/robots.txt", _robots),
            web.get("/ledger", self._ledger),
            web.post("/admin/quiet", self._admin_quiet),
            web.get("/admin/asked", self._admin_asked),
            web.post("/admin/faults", self._admin_faults),
            web.post("/admin/publish", self._admin_publish),
            web.post("/admin/{wish:edit|withdraw}", self._admin_article),
        ]

    async def _feed(self, request: web.Request) -> web.StreamResponse:
        self.advance()
        return await self._desk.answer(request)

    async def _page(self, request: web.Request) -> web.StreamResponse:
        self.advance()
        now = self.clock()
        path = request.path
        article = self.world.article(path)
        if article is None:
            return web.Response(status=404, body=behaviour.html_page(), content_type="text/html")
        window = self.world.window(article.feeds[0])
        noise, noisy_at = self.world.noise(window, now)
        related = [other for other in window.now.articles if other.key != article.key][:4]
        body = pages.write(article, related, self.url, noise)
        copy = Copy(body, "text/html; charset=utf-8", max(article.updated_at, window.now.at, noisy_at))
        fault = self.faults.draw(article.publisher.slug, PAGE_FAULTS) if request.method == "GET" else None
        if fault in {Fault.SERVER_ERROR, Fault.CUT}:
            return await self._desk.fail(request, fault, copy)
        if copy.unchanged_for(request, now):
            return web.Response(status=304, headers=copy.validators(now))
        over = self.config.slow if fault is Fault.SLOW else 0.0
        response, sent = await send(request, copy.body, copy.headers(now), over=over)
        if sent:
            self.ledger.note(PageFact(article.key, article.revision, self.clock()))
        return response

    async def _home(self, request: web.Request) -> web.StreamResponse:
        publisher = self.world.publishers.get(request.match_info["publisher"])
        if publisher is None:
            raise web.HTTPNotFound
        links = "".join(
            f'<link rel="alternate" type="application/rss+xml" href="{feed.path}">' for feed in publisher.feeds
        )
        html = f"<!DOCTYPE html><html><head><title>{publisher.slug}</title>{links}</head><body></body></html>"
        return web.Response(text=html, content_type="text/html")

    async def _catalogue(self, _: web.Request) -> web.StreamResponse:
        return web.Response(text=self.catalogue(), content_type="application/yaml")

    async def _ledger(self, _: web.Request) -> web.StreamResponse:
        self.advance()
        return web.Response(text="".join(map(encode, self.ledger.facts)), content_type="application/x-ndjson")

    async def _admin_quiet(self, _: web.Request) -> web.StreamResponse:
        self.quiet()
        return web.Response(status=204)

    async def _admin_asked(self, _: web.Request) -> web.StreamResponse:
        return web.json_response({"asked": self.asked()})

    async def _admin_faults(self, request: web.Request) -> web.StreamResponse:
        try:
            self.faults.level = Level(request.query.get("level", ""))
        except ValueError:
            raise web.HTTPBadRequest(text=f"level: {', '.join(Level)}\n") from None
        return web.Response(status=204)

    async def _admin_publish(self, request: web.Request) -> web.StreamResponse:
        try:
            key = self.publish(request.query.get("publisher"))
        except KeyError:
            raise web.HTTPNotFound(text="no such publisher\n") from None
        return web.json_response({"key": key})

    async def _admin_article(self, request: web.Request) -> web.StreamResponse:
        wish = self.edit if request.match_info["wish"] == "edit" else self.withdraw
        key = wish(request.query.get("key"))
        if key is None:
            raise web.HTTPNotFound(text="no such article in any window\n")
        return web.json_response({"key": key})


def _bound(port: int) -> socket.socket:
    """A socket that has its port and does not listen yet."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
    except OSError:
        listener.close()
        raise
    return listener


async def _robots(_: web.Request) -> web.StreamResponse:
    return web.Response(text="User-agent: *\nAllow: /\n")


async def _picture(_: web.Request) -> web.StreamResponse:
    return web.Response(body=_PIXEL, content_type="image/png")


def _png() -> bytes:
    """One grey pixel (PNG, 5.3: length, type, data, CRC)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    header = (1).to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0])
    parts = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(b"\0\x80")), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


_PIXEL = _png()
