"""`GET /events`: the log as Server-Sent Events (HTML Standard, 9.2), resumable, filtered, with bounded buffers.

Served are all topics of the naming; dead letters only where `type` or `topic` asks for them. Without a position the
stream starts at the oldest retained event; `Last-Event-ID` wins over `from`, `since` and `last_event_id`, of which only
one may be given. Events are unnamed, control events are named: `telex.log.truncated` (its id is where the stream goes
on) and `telex.slow` (the stream ends; come back with the last event id).
"""

import asyncio
import logging
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

from aiohttp import web
from multidict import MultiMapping

from telex.core.redact import redact_text
from telex.errors import LogError
from telex.ports import Clock, LogReader
from telex.web import filters, positions
from telex.web.cursor import Lost
from telex.web.frames import control, progress
from telex.web.problems import BadParameterError, unavailable
from telex.web.tail import End, Item, Limits, Reader, Tail
from telex.wire import cloudevents
from telex.wire.topics import EventType, Naming

_HEADERS: Final = MappingProxyType(
    {
        "Content-Type": "text/event-stream",
        "Cache-Control": "no-store",
        "X-Accel-Buffering": "no",
        "X-Content-Type-Options": "nosniff",
    }
)
_PARAMETERS: Final = (*positions.PARAMETERS, *filters.PARAMETERS)
_LOGGER: Final = logging.getLogger("telex.web")


@dataclass(frozen=True, slots=True)
class EventsConfig:
    """How readers are served; times in seconds.

    `heartbeat` is the longest silence; `retry` is what a browser waits before it comes back; at most `readers` are
    served at once. A reader that takes nothing for `stall` is too slow, whatever its buffer holds; one that is too
    slow has `farewell` to take what is on its way.
    """

    heartbeat: float = 15.0
    retry: float = 3.0
    readers: int = 256
    stall: float = 60.0
    farewell: float = 30.0
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class EventsStatistics:
    """`readers` are served now; the others count since the start: events sent, readers cut off, readers refused."""

    readers: int = 0
    sent: int = 0
    slow: int = 0
    refused: int = 0


class Events:
    """The endpoint. Made within a running loop."""

    def __init__(self, config: EventsConfig, *, log: LogReader, naming: Naming, clock: Clock) -> None:
        self.sent = self.slow = 0
        self.closing = asyncio.get_running_loop().create_future()
        self.config = config
        self.naming = naming
        self.clock = clock
        self._log = log
        self._tail = Tail(log, config.limits)
        self._streams: dict[object, web.Request] = {}
        self._idle = asyncio.Event()
        self._idle.set()
        self._refused = 0

    def statistics(self) -> EventsStatistics:
        """What was served so far."""
        return EventsStatistics(len(self._streams), self.sent, self.slow, self._refused)

    async def get(self, request: web.Request) -> web.StreamResponse:
        """Answer GET and HEAD; HEAD checks the request and gives the headers.

        Raises:
            BadParameterError: the request is not understood.
        """
        for name in request.query:
            if name not in _PARAMETERS:
                raise BadParameterError(name, None, f"is not known; there are {', '.join(_PARAMETERS)}")
        wanted = filters.wanted(request.query, self.naming)
        place = positions.asked(request.query, _last_event_id(request.headers))
        if self.closing.done() or len(self._streams) >= self.config.readers:
            self._refused += 1
            why = "this instance is stopping" if self.closing.done() else f"all {self.config.readers} places are taken"
            return unavailable(why, 5)
        place_taken = object()
        self._streams[place_taken] = request
        self._idle.clear()
        try:
            start = await positions.start(self._log, self.clock, place)
            if request.method == "HEAD":
                return web.Response(headers=_HEADERS)
            return await self._serve(request, wanted, start)
        except LogError as error:
            return unavailable(f"the event log cannot be read now: {redact_text(str(error))}", 5)
        finally:
            del self._streams[place_taken]
            if not self._streams:
                self._idle.set()

    async def _serve(self, request: web.Request, wanted: filters.Wanted, start: positions.Start) -> web.StreamResponse:
        response = web.StreamResponse(status=HTTPStatus.OK, headers=_HEADERS)
        response.force_close()  # the stream's end is the connection's
        await response.prepare(request)
        reader = Reader(self._log, self._tail, wanted, start, self.config.limits)
        await _Stream(self, request, response, reader).run()
        return response

    async def close(self, within: float) -> None:
        """End every stream; whoever has not taken its end within so many seconds is cut off."""
        if not self.closing.done():
            self.closing.set_result(End.CLOSING)
        try:
            async with asyncio.timeout(within):
                await self._idle.wait()
        except TimeoutError:
            for request in tuple(self._streams.values()):
                _abort(request)
        await self._tail.close()


class _Stream:
    """One answer: what the reader is handed goes out, until one side ends it."""

    def __init__(self, events: Events, request: web.Request, response: web.StreamResponse, reader: Reader) -> None:
        self._events = events
        self._config = events.config
        self._request = request
        self._response = response
        self._reader = reader
        self._last_id: int | None = None
        self._told_id: int | None = None

    async def run(self) -> None:
        """Serve until the end."""
        pump = asyncio.create_task(self._pump(), name="telex-events-reader")
        try:
            ends = (self._reader.ended, self._events.closing, pump)
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            why = next(end.result() for end in ends if end.done())
        finally:
            self._reader.leave()
            pump.cancel()
        await asyncio.wait({pump})  # it stops between two writes: what was begun is in the connection's buffer
        if why is not End.GONE:
            await self._say_goodbye(why)

    async def _pump(self) -> End:
        try:
            await self._write(b"retry: %d\n\n" % round(self._config.retry * 1000))
            while True:
                await self._write(await self._next())
        except TimeoutError:
            return End.SLOW
        except ConnectionError:
            return End.GONE
        except Exception:
            _LOGGER.exception("a stream of events failed")
            return End.FAILED

    async def _next(self) -> bytes:
        try:
            async with asyncio.timeout(self._config.heartbeat):
                batch = await self._reader.wait_batch()
        except TimeoutError:
            return self._heartbeat()
        return b"".join(map(self._encode, batch))

    async def _write(self, data: bytes) -> None:
        async with asyncio.timeout(self._config.stall):
            await self._response.write(data)

    def _heartbeat(self) -> bytes:
        position = self._reader.position
        if position is None or position == self._told_id:
            return progress(None)
        self._told_id = position
        return progress(position)

    def _encode(self, item: Item) -> bytes:
        if isinstance(item, Lost):
            self._told_id = item.resumed_after
            now = self._events.clock.now()
            data = cloudevents.log_truncated(item.after, item.resumed_after, now, self._events.naming)
            return control(EventType.LOG_TRUNCATED, data, item.resumed_after)
        self._last_id = self._told_id = item.position
        self._events.sent += 1
        return item.sse()

    async def _say_goodbye(self, why: End) -> None:
        """The last words, with a limit: a reader that takes nothing does not keep its place for ever."""
        last = b""
        if why is End.SLOW:
            self._events.slow += 1
            data = cloudevents.slow(self._last_id, self._reader.waiting, self._events.clock.now(), self._events.naming)
            last = control(EventType.SLOW, data)
        try:
            async with asyncio.timeout(self._config.farewell):
                if last:
                    await self._response.write(last)
                await self._response.write_eof()
                await _sent(self._request)
        except (TimeoutError, ConnectionError):
            _abort(self._request)


def _last_event_id(headers: MultiMapping[str]) -> str | None:
    values = headers.getall(positions.HEADER, [])
    if len(values) > 1:
        raise BadParameterError(positions.HEADER, values[1], "give it once")
    return values[0].strip() if values else None


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


async def _sent(request: web.Request) -> None:
    """Wait until the system has taken everything that was written."""
    if request.transport is not None:
        request.transport.set_write_buffer_limits(high=0)
        await request.writer.drain()
