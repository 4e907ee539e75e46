"""Answers requests for feeds: the current copy, or what a fault makes of it; what was sent whole goes into the ledger."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from aiohttp import web

from newsroom import behaviour, formats
from newsroom.answers import Copy, is_conditional, send, send_cut
from newsroom.faults import Fault, Faults
from newsroom.ledger import Ledger, ServedFact
from newsroom.world import Snapshot, Window, World

_FEED_FAULTS = tuple(Fault)
_ARRIVED_FAULTS = tuple(fault for fault in Fault if fault not in {Fault.MOVED_PERMANENTLY, Fault.MOVED_TEMPORARILY})
"""A redirect leads to an answer, not to the next redirect."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """A copy, the window that it shows, and since when the window was so."""

    copy: Copy
    window: tuple[tuple[str, int], ...]
    as_of: float


class FeedDesk:
    """Serves the feeds of a world. `slow` and `retry_after` are seconds."""

    def __init__(
        self, world: World, ledger: Ledger, faults: Faults, clock: Callable[[], float], slow: float, retry_after: int
    ) -> None:
        self._world = world
        self._ledger = ledger
        self._faults = faults
        self._clock = clock
        self._slow = slow
        self._retry_after = retry_after
        self._copies: dict[str, tuple[tuple[Snapshot, int], _Shown]] = {}
        self._failures = 0
        self.answered: Counter[str] = Counter()
        """By feed, how many requests had the truth for an answer: its current copy sent whole, or a 304 that holds."""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The answer to a request for a feed, at its own path or at one that a redirect named."""
        publisher, via = request.match_info["publisher"], request.match_info.get("via")
        window = self._world.windows.get(f"/p/{publisher}/{request.match_info['file']}")
        if window is None:
            raise web.HTTPNotFound
        among = _ARRIVED_FAULTS if via else _FEED_FAULTS
        fault = self._faults.draw(publisher, among) if request.method == "GET" and via != "once" else None
        shown = self._older(window) if fault is Fault.STALE else self._current(window)
        if window.publisher.habits.gzip and "gzip" in request.headers.get("Accept-Encoding", ""):
            shown = replace(shown, copy=shown.copy.compressed())
        match fault:
            case None | Fault.STALE | Fault.SLOW | Fault.WRONG_CHARSET:
                return await self._show(request, window, shown, fault)
            case Fault.FALSE_304 if not is_conditional(request):
                return await self._show(request, window, shown, None)
            case Fault.MOVED_TEMPORARILY | Fault.MOVED_PERMANENTLY:
                return _moved(window, fault)
            case _:
                return await self.fail(request, fault, shown.copy)

    async def fail(self, request: web.Request, fault: Fault, copy: Copy) -> web.StreamResponse:
        """An answer that does not show the copy whole."""
        self._failures += 1
        match fault:
            case Fault.SERVER_ERROR:
                return web.Response(status=(500, 502, 503)[self._failures % 3], text="server error\n")
            case Fault.RATE_LIMIT:
                return web.Response(status=429, headers={"Retry-After": str(self._retry_after)})
            case Fault.CUT:
                return await send_cut(request, copy.body, copy.headers(self._clock()))
            case Fault.TRUNCATED:
                body = copy.body[: len(copy.body) * 2 // 3]
                headers = {"Content-Type": copy.content_type}
                # Of a compressed copy a part would be a broken stream, which is another fault.
                return (await send(request, body, headers))[0] if not copy.encoding else web.Response(status=500)
            case Fault.HTML_PAGE:
                return (await send(request, behaviour.html_page(), {"Content-Type": "text/html; charset=utf-8"}))[0]
            case Fault.EMPTY:
                return (await send(request, b"", {"Content-Type": copy.content_type}))[0]
            case _:
                return web.Response(status=304, headers=copy.validators(self._clock()))

    async def _show(
        self, request: web.Request, window: Window, shown: _Shown, fault: Fault | None
    ) -> web.StreamResponse:
        now = self._clock()
        current = fault is not Fault.STALE
        if shown.copy.unchanged_for(request, now):
            self.answered[window.feed.id] += current
            return web.Response(status=304, headers=shown.copy.validators(now))
        headers = shown.copy.headers(now)
        if fault is Fault.WRONG_CHARSET:
            headers["Content-Type"] = headers["Content-Type"].partition(";")[0] + "; charset=us-ascii"
        over = self._slow if fault is Fault.SLOW else 0.0
        response, sent = await send(request, shown.copy.body, headers, over=over)
        if sent:
            self._ledger.note(ServedFact(window.feed.id, self._clock(), shown.as_of, shown.window, fault))
            self.answered[window.feed.id] += current
        return response

    def _current(self, window: Window) -> _Shown:
        noise, noisy_at = self._world.noise(window, self._clock())
        key = window.now, noise
        known = self._copies.get(window.feed.id)
        if known and known[0][0] is key[0] and known[0][1] == noise:
            return known[1]
        shown = self._write(window, window.now, noise, noisy_at)
        self._copies[window.feed.id] = key, shown
        return shown

    def _older(self, window: Window) -> _Shown:
        """A copy from before the last change; the current one where nothing has changed yet."""
        if len(window.snapshots) < 2:
            return self._current(window)
        snapshot = window.snapshots[-2]
        return self._write(window, snapshot, 0, self._world.start) if snapshot.articles else self._current(window)

    def _write(self, window: Window, snapshot: Snapshot, noise: int, noisy_at: float) -> _Shown:
        modified = max(snapshot.at, noisy_at)
        issue = formats.Issue(window.publisher, window.feed, snapshot.articles, self._world.base, modified, noise)
        habits = window.publisher.habits
        media_type = formats.MEDIA_TYPES[window.publisher.format]
        copy = Copy(
            body=formats.write(issue),
            content_type=f"{media_type}; charset={habits.charset}",
            modified=modified,
            etag_shown=habits.etag,
            modified_shown=habits.last_modified,
        )
        return _Shown(copy, tuple((article.key, article.revision) for article in snapshot.articles), snapshot.at)


def _moved(window: Window, fault: Fault) -> web.Response:
    for_good = fault is Fault.MOVED_PERMANENTLY
    name = window.feed.path.rpartition("/")[2]
    location = f"/p/{window.publisher.slug}/{'moved' if for_good else 'once'}/{name}"
    return web.Response(status=301 if for_good else 302, headers={"Location": location})
