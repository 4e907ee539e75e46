"""The service's own HTTP: what it serves where, from start to stop."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from telex.errors import ConfigurationError, Problem
from telex.ports import Clock, LogReader
from telex.web.documents import Documents
from telex.web.events import Events, EventsConfig, EventsStatistics
from telex.web.health import Check, loop_turns, report
from telex.web.problems import problems
from telex.wire.topics import Naming


@dataclass(frozen=True, slots=True)
class WebConfig:
    """Where to listen, and how. `port` 0 lets the system choose; `stop_within` is seconds for readers to end."""

    host: str = "127.0.0.1"
    port: int = 8080
    stop_within: float = 5.0
    version: str = ""
    events: EventsConfig = field(default_factory=EventsConfig)


class WebServer:
    """Serves `/metrics`, `/livez`, `/readyz`, `/events`, `/schemas/...`, `/asyncapi.yaml` and their list at `/`.

    `ready` are the checks of /readyz; /livez asks only whether the loop turns.
    """

    def __init__(
        self,
        config: WebConfig,
        *,
        log: LogReader,
        naming: Naming,
        clock: Clock,
        registry: CollectorRegistry,
        ready: Sequence[Check] = (),
    ) -> None:
        self._config = config
        self._log = log
        self._naming = naming
        self._clock = clock
        self._registry = registry
        self._ready = tuple(ready)
        self._events: Events | None = None
        self._runner: web.AppRunner | None = None

    async def start(self) -> tuple[str, int]:
        """Listen; the address that was bound.

        Raises:
            ConfigurationError: the address cannot be bound.
        """
        config = self._config
        self._events = Events(config.events, log=self._log, naming=self._naming, clock=self._clock)
        # A reader that goes away is to free its place at once, not with the next heartbeat.
        runner = web.AppRunner(
            self._app(self._events), access_log=None, handler_cancellation=True, shutdown_timeout=1.0
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, config.host, config.port).start()
        except OSError as error:
            await runner.cleanup()
            what = f"cannot listen on {config.host}:{config.port}: {error.strerror or error}"
            where = Problem("http", None, None, "", what, "choose an address that is free and belongs to this machine")
            raise ConfigurationError((where,)) from error
        self._runner = runner
        host, port = runner.addresses[0][:2]
        return host, port

    async def stop(self, within: float | None = None) -> None:
        """End the streams, then everything else. Takes about `within` seconds at most; again, it does nothing."""
        runner, self._runner = self._runner, None
        if runner is None or self._events is None:
            return
        for site in tuple(runner.sites):
            await site.stop()
        await self._events.close(self._config.stop_within if within is None else within)
        await runner.cleanup()

    def statistics(self) -> EventsStatistics:
        """What `/events` has served so far."""
        return EventsStatistics() if self._events is None else self._events.statistics()

    def _app(self, events: Events) -> web.Application:
        documents = Documents(self._naming, self._config.version)
        app = web.Application(middlewares=[problems])
        routes = {
            "/": documents.index,
            "/events": events.get,
            "/metrics": self._metrics,
            "/livez": self._livez,
            "/readyz": self._readyz,
            "/asyncapi.yaml": documents.asyncapi,
            "/schemas": documents.schema_list,
            "/schemas/": documents.schema_list,
            "/schemas/{path:.+}": documents.schema,
        }
        for path, handler in routes.items():
            app.router.add_get(path, handler)
            app.router.add_route("OPTIONS", path, _options)
        return app

    async def _metrics(self, request: web.Request) -> web.Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        headers = {"Content-Type": content_type, "Cache-Control": "no-store"}
        return web.Response(body=encode(self._registry), headers=headers)

    async def _livez(self, request: web.Request) -> web.Response:
        return report("livez", (loop_turns(),), verbose="verbose" in request.query)

    async def _readyz(self, request: web.Request) -> web.Response:
        return report("readyz", self._ready, verbose="verbose" in request.query)


async def _options(_request: web.Request) -> web.Response:
    return web.Response(status=204, headers={"Allow": "GET, HEAD, OPTIONS"})
