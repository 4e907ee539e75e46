"""The guarded fetch: one polite HTTP exchange over aiohttp, as a value."""

import asyncio
import ssl
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from types import TracebackType
from typing import Final, Self

import aiohttp
from yarl import URL

from telex.adapters.catalogue.urls import registrable_domain
from telex.adapters.http import robots
from telex.adapters.http.addresses import AddressForbidden, AddressGuard, literal
from telex.adapters.http.answers import PERMANENT, REDIRECTS, WHOLE, Redirect, freshness, refusal_of, validator
from telex.adapters.http.asking import (
    ACCEPT,
    ACCEPT_ENCODING,
    ACCEPT_ROBOTS,
    follow,
    headers_for,
    parse_url,
    secrets_of,
    user_agent,
)
from telex.adapters.http.bodies import CarriedResponse, read_body
from telex.adapters.http.faults import Stopped, explain
from telex.adapters.http.gate import HostGate, HostHeld
from telex.adapters.http.resolver import PooledResolver
from telex.core.exchange import Exchange, Fetched, Gone, Kind, NotModified, Refusal, Refused, Request
from telex.core.freshness import http_date, retry_at
from telex.core.model import Publisher
from telex.core.politeness import HostLimits, Start
from telex.ports import Clock

_MAX_FIELD: Final = 16 * 1024
_MAX_HEADERS: Final = 128
_DNS_TTL: Final = 60
_KEPT: Final = 2.0
"""Seconds that a connection waits for another request: redirects, pages and a publisher's next feed come within them,
and a feed is asked again after minutes. At 500 polls a second of as many hosts every second more is 500 open files and
3.5 MiB more."""
_PATIENT: Final = 5.0
"""Seconds that a redirect may ask us to wait before it is followed (RFC 9110, section 10.2.3)."""


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """What one exchange may cost us, and whom. Sizes are bytes, times seconds.

    `max_body` bounds a body on the wire and decoded. `connect` covers name, connection and TLS; `first_byte` all until
    the headers of one hop are there; `total` the exchange with all its redirects, from its first turn at a host, for
    which it waits `queue_wait` at most. `per_host` requests run against one registrable domain at a time (None: any
    number), `min_delay` apart. `allow_networks` are CIDRs that the address guard lets through. Where `proxy` is named,
    all goes through it, and it has to filter addresses: only those that a URL spells out are still refused here.
    """

    user_agent: str = user_agent(None)
    max_body: int = 10 * 1024 * 1024
    connect: float = 10.0
    first_byte: float = 20.0
    total: float = 60.0
    queue_wait: float = 60.0
    redirects: int = 5
    per_host: int | None = 2
    min_delay: float = 0.0
    allow_networks: tuple[str, ...] = ()
    proxy: str | None = None
    dns_threads: int = 16


class _Stage(Enum):
    """What an exchange waits for: its turn at a host, the headers of a hop, the rest."""

    TURN = 1
    HEADERS = 2
    BODY = 3


@dataclass(slots=True)
class _Trip:
    """One exchange on its way. One deadline serves all stages: timers are a good part of an unchanged poll's cost."""

    request: Request
    accept: str
    started: float
    deadline: asyncio.Timeout
    max_body: int
    cut: bool = False
    stage: _Stage = _Stage.TURN
    end: float | None = None  # of the whole exchange, once it is under way
    moved: bool = False
    url: str = ""
    secrets: tuple[str, ...] = ()


class HttpFetcher:
    """The `Fetcher` for the world outside. `async with` it, or call `start` and `close`.

    Nothing that a publisher or the network does makes `fetch` raise. `Fetched.url` and `moved_to` are as the server gave
    them, for storing; whatever shows them redacts them first. `Refused.detail` is for showing.
    """

    def __init__(self, limits: FetchLimits, clock: Clock, *, tls: ssl.SSLContext | None = None) -> None:
        self._limits = limits
        self._clock = clock
        self._tls = tls
        self._guard = AddressGuard(limits.allow_networks)
        self._robots = robots.RobotsCache()
        self._asking: dict[str, asyncio.Task[robots.Rules]] = {}

    async def start(self) -> None:
        """Open for requests. Connections are made when they are needed."""
        limits = self._limits
        self._loop = asyncio.get_running_loop()
        self._gate = HostGate(HostLimits(limits.per_host, limits.min_delay))
        self._resolver = PooledResolver(limits.dns_threads)
        connector = aiohttp.TCPConnector(
            limit=0,  # who asks bounds how much; waiting for a place here would count as connecting
            resolver=self._resolver,
            ttl_dns_cache=_DNS_TTL,
            keepalive_timeout=_KEPT,
            ssl=self._tls or True,
            # Behind a proxy every connection is to the proxy, which the operator named.
            socket_factory=None if limits.proxy else self._guard.socket_factory,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            headers={"User-Agent": limits.user_agent, "Accept-Encoding": ACCEPT_ENCODING},
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            response_class=CarriedResponse,
            timeout=aiohttp.ClientTimeout(total=None, connect=limits.connect),
            max_line_size=_MAX_FIELD,
            max_field_size=_MAX_FIELD,
            max_headers=_MAX_HEADERS,
        )

    async def close(self) -> None:
        """Drop all connections."""
        asking = tuple(self._asking.values())
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        await self._session.close()
        await self._resolver.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def fetch(self, request: Request) -> Exchange:
        """One exchange, redirects included. It raises nothing but the caller's own cancellation."""
        return await self._exchange(request, ACCEPT[request.kind], self._limits.max_body)

    async def _exchange(self, request: Request, accept: str, max_body: int, *, cut: bool = False) -> Exchange:
        trip = _Trip(request, accept, self._loop.time(), asyncio.timeout(None), max_body, cut)
        try:
            async with trip.deadline:
                return await self._travel(trip)
        except Exception as error:  # noqa: BLE001 - whatever a publisher sends ends as a value
            return self._refused(error, trip)

    def _refused(self, error: Exception, trip: _Trip) -> Refused:
        fault = explain(self._late(trip) if trip.deadline.expired() and isinstance(error, TimeoutError) else error)
        return Refused(
            reason=fault.reason,
            detail=fault.detail,
            at=self._clock.now(),
            status=fault.status,
            retry_at=fault.retry_at,
            elapsed=self._loop.time() - trip.started,
        )

    def _late(self, trip: _Trip) -> Stopped:
        """Which of the deadlines it was."""
        limits = self._limits
        if trip.end is None:
            return Stopped(Refusal.RATE_LIMITED, f"no turn at the host within {limits.queue_wait:g} s")
        if trip.stage is _Stage.HEADERS and self._loop.time() < trip.end:
            return Stopped(Refusal.TIMEOUT, f"no answer within {limits.first_byte:g} s")
        return Stopped(Refusal.TIMEOUT, f"not done within {limits.total:g} s")

    async def _travel(self, trip: _Trip) -> Exchange:
        """From hop to hop until one gives an answer."""
        url, trip.url = parse_url(trip.request.url), trip.request.url
        permanent = True
        for _ in range(self._limits.redirects + 1):
            answer = await self._hop(trip, url)
            if not isinstance(answer, Redirect):
                return answer
            permanent = permanent and answer.permanent
            url = answer.url
            trip.url, trip.moved = str(url), permanent
        raise Stopped(Refusal.REDIRECTS, f"more than {self._limits.redirects} redirects")

    async def _hop(self, trip: _Trip, url: URL) -> Exchange | Redirect:
        if self._limits.proxy:
            self._check_literal(url)
        if trip.request.kind is Kind.PAGE:
            await self._check_robots(trip, url)
        headers = await headers_for(trip.request, url, trip.accept)
        if trip.request.headers or trip.request.credentials is not None:
            trip.secrets += secrets_of(trip.request, headers)
        host = _turnstile(url.raw_host or "", trip.request.publisher)
        await self._enter(trip, host)
        try:
            self._give_time(trip)
            async with self._session.get(
                url, headers=headers, allow_redirects=False, proxy=self._limits.proxy
            ) as response:
                return await self._understand(trip, url, response, host)
        finally:
            self._gate.leave(host)

    async def _enter(self, trip: _Trip, host: str) -> None:
        """Wait for the turn at the host."""
        now = self._loop.time()
        try:
            answer = self._gate.enter_nowait(host, now)
            if not isinstance(answer, Start) or answer.at > now:
                self._await(trip, _Stage.TURN)
                await self._gate.wait(host, answer)
        except HostHeld as held:
            raise Stopped(
                Refusal.RATE_LIMITED,
                "the host asked to be left alone for a while",
                retry_at=self._clock.now() + held.seconds,
            ) from held

    def _give_time(self, trip: _Trip) -> None:
        """From here on the hop has to answer."""
        now = self._loop.time()
        if trip.end is None:
            trip.started, trip.end = now, now + self._limits.total
        trip.stage = _Stage.HEADERS
        trip.deadline.reschedule(min(now + self._limits.first_byte, trip.end))

    def _await(self, trip: _Trip, stage: _Stage) -> None:
        """Let the deadline be what the stage allows: waiting for a first turn has its own."""
        trip.stage = stage
        trip.deadline.reschedule(trip.end if trip.end is not None else trip.started + self._limits.queue_wait)

    async def _understand(
        self, trip: _Trip, url: URL, response: aiohttp.ClientResponse, host: str
    ) -> Exchange | Redirect:
        status = response.status
        now = self._clock.now()
        moved_to = trip.url if trip.moved else None
        if status == 304 and (trip.request.etag is not None or trip.request.last_modified is not None):
            return NotModified(
                url=trip.url,
                fetched_at=now,
                max_age=freshness(response.headers, now),
                moved_to=moved_to,
                elapsed=self._loop.time() - trip.started,
            )
        if status in WHOLE:
            self._await(trip, _Stage.BODY)
            return await self._fetched(trip, response, moved_to)
        if status == 410:
            return Gone(trip.url, now, self._loop.time() - trip.started)
        wait_until = retry_at(response.headers.get("Retry-After"), now)
        if status in REDIRECTS and (location := response.headers.get("Location")):
            self._await(trip, _Stage.BODY)
            await _be_patient(wait_until, now)
            return Redirect(follow(url, location), status in PERMANENT)
        if status == 429 and wait_until is not None:
            self._gate.hold(host, wait_until - now)
        reason, detail = refusal_of(status)
        raise Stopped(reason, detail, status=status, retry_at=wait_until)

    async def _fetched(self, trip: _Trip, response: aiohttp.ClientResponse, moved_to: str | None) -> Fetched:
        headers = response.headers
        if trip.request.kind is Kind.PAGE:
            reserved = robots.reservation(headers, headers.getall("X-Robots-Tag", ()))
            if reserved:
                raise Stopped(Refusal.ROBOTS, reserved, status=response.status)
        body, wire = await read_body(response, trip.max_body, cut=trip.cut)
        now = self._clock.now()
        return Fetched(
            url=trip.url,
            body=body,
            fetched_at=now,
            content_type=headers.get("Content-Type"),
            etag=validator(headers.get("ETag")),
            last_modified=validator(headers.get("Last-Modified")),
            server_date=http_date(headers.get("Date")),
            max_age=freshness(headers, now),
            moved_to=moved_to,
            wire_bytes=wire,
            elapsed=self._loop.time() - trip.started,
            secrets=trip.secrets,
        )

    def _check_literal(self, url: URL) -> None:
        host = url.raw_host or ""
        why = self._guard.why_forbidden(host) if literal(host) is not None else None
        if why is not None:
            raise AddressForbidden(host, why)

    async def _check_robots(self, trip: _Trip, url: URL) -> None:
        self._await(trip, _Stage.TURN)
        origin = str(url.origin())
        rules = self._robots.get(origin, self._loop.time())
        if rules is None:
            task = self._asking.get(origin)
            if task is None:
                task = self._asking[origin] = asyncio.create_task(self._ask_robots(origin, trip.request.publisher))
            rules = await asyncio.shield(task)  # who gives up must not take it from the others
        if not rules.allow(str(url)):
            raise Stopped(Refusal.ROBOTS, rules.why)

    async def _ask_robots(self, origin: str, publisher: Publisher) -> robots.Rules:
        try:
            request = Request(url=f"{origin}/robots.txt", publisher=publisher)
            answer = await self._exchange(request, ACCEPT_ROBOTS, robots.MAX_SIZE, cut=True)
            rules, fresh = await robots.read(answer)
            self._robots.put(origin, rules, self._loop.time() + fresh)
            return rules
        finally:
            del self._asking[origin]


async def _be_patient(until: float | None, now: float) -> None:
    """Wait as long as a redirect asks, if that is not long.

    Raises:
        Stopped: it is: such a redirect leads to a notice of maintenance, not to news.
    """
    wait = 0.0 if until is None else until - now
    if wait > _PATIENT:
        raise Stopped(Refusal.REDIRECTS, "the redirect asks to wait before it is followed", retry_at=until)
    if wait > 0:
        await asyncio.sleep(wait)


@lru_cache(maxsize=4096)
def _turnstile(host: str, publisher: Publisher) -> str:
    """Whom a request burdens: the registrable domain.

    Behind an address or a bare name live many: each publisher there is on its own.
    """
    name = host.rstrip(".").lower()
    domain = registrable_domain(name)
    return domain if "." in domain and literal(name) is None else f"{publisher}@{name}"
