"""Everything but /events: probes, metrics, schemas, the list, errors, start and stop."""

import asyncio

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, Counter
from web_log import NAMING, SmallLog, article
from web_reader import StillClock, serving

from telex.errors import ConfigurationError
from telex.web.documents import ENDPOINTS
from telex.web.health import Check
from telex.web.server import WebConfig, WebServer
from telex.wire import schemas


async def fetch(served, path, method="GET", **headers):
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, served.url + path, headers=headers) as answer,
    ):
        return answer.status, answer.headers, await answer.text()


async def test_the_list_names_every_endpoint_and_each_answers():
    async with serving(SmallLog()) as served:
        _, _, text = await fetch(served, "/")
        _, headers, page = await fetch(served, "/", Accept="text/html,*/*")
        assert headers["Content-Type"].startswith("text/html")
        assert "telex 1.2.3" in text
        for path in ENDPOINTS:
            assert path in text
            assert f'<a href="{path}">' in page
            status, _, _ = await fetch(served, path, "HEAD")
            assert status == 200, path


async def test_livez_is_green_with_the_log_away_and_readyz_says_why_not():
    log = SmallLog()
    log.away = True
    reasons = {"log": None, "catalogue": None}
    ready = [Check(name, lambda name=name: reasons[name]) for name in reasons]
    async with serving(log, ready=ready) as served:
        assert await _body(served, "/livez") == (200, "ok\n")
        assert await _body(served, "/livez?verbose") == (200, "[+]loop ok\nlivez check passed\n")
        assert await _body(served, "/readyz") == (200, "ok\n")
        verbose = "[+]log ok\n[+]catalogue ok\nreadyz check passed\n"
        assert await _body(served, "/readyz?verbose") == (200, verbose)
        reasons["catalogue"] = "line 3: bad url\nhttps://a.example/?token=hunter2secret"
        why = "[+]log ok\n[-]catalogue line 3: bad url https://a.example/?token=***\nreadyz check failed\n"
        assert await _body(served, "/readyz") == await _body(served, "/readyz?verbose") == (503, why)
        assert (await _body(served, "/livez"))[0] == 200


async def _body(served, path):
    status, headers, text = await fetch(served, path)
    assert headers["Cache-Control"] == "no-store"
    return status, text


async def test_a_check_that_fails_itself_does_not_hold():
    def broken():
        raise RuntimeError("secret detail")

    async with serving(SmallLog(), ready=[Check("log", broken)]) as served:
        status, text = await _body(served, "/readyz")
    assert status == 503
    assert "[-]log the check itself failed: RuntimeError\n" in text
    assert "secret" not in text


@pytest.mark.parametrize(
    ("accept", "kind"),
    [("", "text/plain; version=0.0.4"), ("application/openmetrics-text;version=1.0.0", "application/openmetrics-text")],
)
async def test_metrics_are_those_of_the_registry_in_the_format_asked_for(accept, kind):
    registry = CollectorRegistry()
    Counter("telex_things_total", "Things.", registry=registry).inc(3)
    async with serving(SmallLog(), registry=registry) as served:
        status, headers, text = await fetch(served, "/metrics", Accept=accept)
    assert status == 200
    assert headers["Content-Type"].startswith(kind)
    assert "telex_things_total 3.0" in text


async def test_every_schema_is_served_where_events_say_it_is():
    async with serving(SmallLog()) as served:
        status, _, listed = await fetch(served, "/schemas/")
        names = [*schemas.schema_names(), *schemas.example_names()]
        assert (status, listed.split()) == (200, [f"/schemas/{name}.json" for name in names])
        for name in names:
            path = NAMING.schema_url(name).removeprefix(NAMING.public_url)
            status, headers, text = await fetch(served, path)
            assert (status, text.encode()) == (200, schemas.load(name))
            kind = "application/json" if name.startswith("examples/") else "application/schema+json"
            assert headers["Content-Type"].startswith(kind)
        status, headers, text = await fetch(served, "/asyncapi.yaml")
        assert (status, text.encode()) == (200, schemas.asyncapi(NAMING))
        assert headers["Content-Type"].startswith("application/yaml")


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/schemas/none.json",
        "/schemas/article/1",
        "/schemas/article/1.yaml",
        "/schemas/..%2Fpyproject.json",
        "/schemas/%2e%2e/article/1.json.json",
        "/schemas/released/1/article/1.json",
    ],
)
async def test_what_is_not_there_is_a_problem_of_the_right_type(path):
    async with serving(SmallLog()) as served:
        status, headers, _ = await fetch(served, path)
    assert status == 404
    assert headers["Content-Type"].startswith("application/problem+json")


async def test_everything_is_only_read():
    async with serving(SmallLog()) as served:
        for path in ENDPOINTS:
            status, headers, text = await fetch(served, path, "POST")
            assert (status, headers["Content-Type"].split(";")[0]) == (405, "application/problem+json"), text
            assert {"GET", "HEAD", "OPTIONS"} == set(headers["Allow"].split(","))
            status, headers, _ = await fetch(served, path, "OPTIONS")
            assert (status, headers["Allow"]) == (204, "GET, HEAD, OPTIONS")


async def test_a_fault_of_ours_is_logged_and_shows_nothing(caplog):
    class Broken:
        def collect(self):
            raise RuntimeError("secret detail")

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Broken())
    async with serving(SmallLog(), registry=registry) as served:
        status, headers, text = await fetch(served, "/metrics")
    assert (status, headers["Content-Type"].split(";")[0]) == (500, "application/problem+json")
    assert "secret detail" not in text
    assert "secret detail" in caplog.text


async def test_an_address_that_is_taken_is_a_configuration_error():
    async with serving(SmallLog()) as served:
        config = WebConfig(host=served.host, port=served.port)
        other = WebServer(config, log=SmallLog(), naming=NAMING, clock=StillClock(), registry=CollectorRegistry())
        with pytest.raises(ConfigurationError, match=f"cannot listen on {served.host}:{served.port}"):
            await other.start()
        await other.stop()


async def test_stop_ends_streams_in_good_order():
    log = SmallLog()
    log.append(article(1))
    async with serving(log) as served:
        reader = await served.open()
        await reader.take(1)
        stopping = asyncio.ensure_future(served.server.stop())
        assert [message async for message in reader.messages()] == []  # ends with the last chunk, not with a reset
        await stopping
        with pytest.raises(OSError):
            await asyncio.open_connection(served.host, served.port)
        assert served.server.statistics().readers == 0
        assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("telex-events")]


async def test_stop_waits_for_nobody_who_takes_nothing():
    log = SmallLog()
    log.append(*(article(number, padding=200_000) for number in range(200)))
    async with serving(log, stop_within=0.2) as served:
        await served.open()
        await served.wait_readers(1)
        async with asyncio.timeout(10):
            await served.server.stop()
        assert served.server.statistics().readers == 0


async def test_a_request_while_stopping_is_told_to_come_back():
    log = SmallLog()
    async with serving(log) as served:
        served.server._events.closing.set_result(None)
        status, headers, _ = await fetch(served, "/events")
    assert (status, headers["Retry-After"]) == (503, "5")


async def test_aiohttp_as_client_reads_the_stream():
    log = SmallLog()
    log.append(article(1))
    async with (
        serving(log) as served,
        aiohttp.ClientSession() as session,
        session.get(f"{served.url}/events") as answer,
    ):
        lines = [(await answer.content.readline()).decode() for _ in range(5)]
    assert [line.partition(":")[0] for line in lines] == ["retry", "\n", "id", "data", "\n"]
