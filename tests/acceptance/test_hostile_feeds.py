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
from acceptance.service import Service, wait_until, write_catalogue
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


def nested(title: str, depth: int) -> bytes:
    """Very deep."""
    head = f"<rss><channel><title>{title}</title>".encode()
    return head + b"<a>" * depth + b"</a>" * depth + b"</channel></rss>"


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
    "deep": ("too_costly", nested("a&nbsp;b", 300_000)),
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
    "says-ascii": (
        1,
        answering(rss(item("says-ascii-1", title="Été")), **{"Content-Type": "text/xml; charset=us-ascii"}),
    ),
    "says-utf-8": (1, rss(item("says-utf-8-1", title="Été")).decode().encode("cp1252")),
    "deep-and-plain": (0, nested("plain", 200_000)),
    "utf-16": (1, rss(item("utf-16-1", title="Été")).decode().encode("utf-16")),
}
"""Odd, but its articles are published: how many."""


class Shrinking:
    """Ten entries at first; from then on a document that stops after the fourth."""

    def __init__(self) -> None:
        self.times = 0
        self._whole = rss(*(item(f"shrinking-{n}") for n in range(10)))

    def __call__(self, _request: web.Request) -> web.Response:
        self.times += 1
        at = self._whole.index(b"<guid isPermaLink='false'>shrinking-4<")
        return web.Response(body=self._whole if self.times == 1 else self._whole[:at], headers={"Content-Type": XML})


def reaching_out(origin: Origin) -> dict[str, bytes]:
    """Documents whose entities and DTD stand elsewhere: here, where their being asked for would be seen."""
    there = origin.url("/never")
    shown = "<rss version='2.0'><channel><title>x</title>" + item("reach-1", title="&e;") + "</channel></rss>"
    return {
        "entity-http": f"<!DOCTYPE rss [<!ENTITY e SYSTEM '{there}'>]>{shown}".encode(),
        "entity-file": f"<!DOCTYPE rss [<!ENTITY e SYSTEM '{Path(__file__).as_uri()}'>]>{shown}".encode(),
        "dtd": f"<!DOCTYPE rss SYSTEM '{there}'>{shown.replace('&e;', 'x')}".encode(),
        "parameter": f"<!DOCTYPE rss [<!ENTITY % p SYSTEM '{there}'> %p;]>{shown.replace('&e;', 'x')}".encode(),
        "stylesheet": f"<?xml-stylesheet href='{there}'?>{shown.replace('&e;', 'x')}".encode(),
        "include": rss(f"<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='{there}'/>", item("reach-2")),
    }


def foreign() -> dict[str, bytes]:
    """The shared data's bombs and external entities; the naughty strings as titles of a JSON feed."""
    if not DATA.is_dir():
        return {}
    found = {path.name.replace(" ", "-"): path.read_bytes() for path in (DATA / "xml").iterdir()}
    strings = json.loads((DATA / "blns" / "blns.json").read_text(encoding="utf-8"))
    items = [{"id": f"naughty-{n}", "title": text, "content_html": text} for n, text in enumerate(strings)]
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "Naughty", "items": items}
    return {**found, "naughty": json.dumps(feed).encode()}


def by_feed(events: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The events of each feed; an article's are those of the feed that showed it first."""
    found: dict[str, list[dict[str, Any]]] = {}
    for event in events:
        data = event["data"]
        found.setdefault(data["source"]["id"] if "source" in data else data["feed"], []).append(event)
    return found


def said_of(events: list[dict[str, Any]], kind: str, field: str) -> list[str]:
    return [event["data"][field] for event in events if event["type"] == kind]


class Watch:
    """Looks at the service while it works: its memory, and whether it says that it lives."""

    def __init__(self, service: Service) -> None:
        self.most = 0
        self.answers: Counter[int] = Counter()
        self._service = service
        self._task = asyncio.create_task(self._look())

    async def _look(self) -> None:
        while True:
            self.answers[(await self._service.get("/livez"))[0]] += 1
            self.most = max(self.most, self._service.resident())
            await asyncio.sleep(0.25)

    async def end(self) -> None:
        assert not self._task.done(), self._task.exception()
        self._task.cancel()
        await asyncio.wait([self._task])


async def attacked(tmp_path: Path, origin: Origin, good: list[Growing]) -> Service:
    """A service on everything that `origin` has, which all costs itself alone; ended when its checks are done."""
    feeds = [{"id": path[1:], "url": origin.url(path), "publisher": path[1:]} for path in origin.paths]
    write_catalogue(tmp_path / "feeds.yaml", *feeds, withdraw_after=1)
    service = Service(
        tmp_path,
        tmp_path / "feeds.yaml",
        TELEX_FETCH__TOTAL="2",
        TELEX_POLLING__BACKOFF_CAP="2",
        TELEX_SERVICE__SHUTDOWN_DEADLINE="10",
    )
    await service.start()
    await service.url()
    watch = Watch(service)
    await wait_until(
        lambda: min(len(origin.times(path)) for path in origin.paths) >= 4, what="four polls of each", patience=60
    )
    await wait_until(lambda: all(each.entries >= 12 for each in good), what="the neighbours to be read on")
    await watch.end()
    began = asyncio.get_running_loop().time()
    assert await service.stop() == 0
    assert asyncio.get_running_loop().time() - began < 15
    for each in good:
        times = origin.times(f"/{each.name}")
        assert max(b - a for a, b in itertools.pairwise(times)) < GAP, each.name
    assert set(watch.answers) == {200}
    assert watch.most < MEMORY, f"{watch.most >> 20} MiB"
    assert '"outcome":"internal"' not in service.said()
    assert "Traceback" not in service.said()
    return service


async def test_hostile_feeds_cost_themselves_alone(tmp_path: Path):
    good = [Growing("good-1"), Growing("good-2"), Growing("good-large", size=4000, entries=100)]
    cases = {name: body for each in (DEAD, FAILING, READ) for name, (_, body) in each.items()}
    paths: dict[str, bytes | Handler] = {f"/{name}": body for name, body in cases.items()}
    paths |= {f"/{each.name}": each for each in good} | {"/shrinking": Shrinking()}
    async with Origin(paths) as origin:
        service = await attacked(tmp_path, origin, good)
    events = await service.events()
    for event in events:
        assert_valid_event(event)
    found = by_feed(events)
    for name, (reason, _) in DEAD.items():
        assert said_of(found[name], "telex.deadletter", "reason") == [reason], name
        assert said_of(found[name], "telex.feed.status", "health") == ["failing"], name
        assert said_of(found[name], "telex.feed.status", "reason") == [reason], name
    for name, (reason, _) in FAILING.items():
        assert said_of(found[name], "telex.deadletter", "reason") == [], name
        assert said_of(found[name], "telex.feed.status", "reason") == [reason], name
    for name, (count, _) in READ.items():
        assert len(said_of(found[name], "telex.article.published", "id")) == count, name
        assert said_of(found[name], "telex.deadletter", "reason") == [], name
        assert "failing" not in said_of(found[name], "telex.feed.status", "health"), name
    assert Counter(event["type"] for event in found["shrinking"]) == {
        "telex.article.published": 10,
        "telex.feed.status": 1,
    }
    for each in good:
        published = said_of(found[each.name], "telex.article.published", "guid")
        assert len(published) == len(set(published))
        assert set(each.names()[:-1]) <= set(published) <= set(each.names())  # the last answer may not have arrived


async def test_documents_that_reach_out_reach_nothing(tmp_path: Path):
    good = [Growing("good-1")]
    async with Origin({f"/{each.name}": each for each in good}) as origin:
        outward = reaching_out(origin)
        origin.paths |= {f"/{name}": body for name, body in outward.items()}
        service = await attacked(tmp_path, origin, good)
        assert origin.times("/never") == []
    events = await service.events()
    for event in events:
        assert_valid_event(event)
    found = by_feed(events)
    for name in outward:  # a clean article, or a dead letter: never what stands elsewhere
        kinds = {event["type"] for event in found[name]}
        assert len(kinds & {"telex.article.published", "telex.deadletter"}) == 1, (name, kinds)
    shown = json.dumps([event["data"] for event in events if event["type"].startswith("telex.article")])
    assert "Documents whose entities and DTD stand elsewhere" not in shown


@pytest.mark.data
@pytest.mark.skipif(not DATA.is_dir(), reason=f"the hostile documents are not at {DATA}: set TELEX_DATA")
async def test_foreign_attacks_end_in_dead_letters_or_clean_articles(tmp_path: Path):
    good = [Growing("good-1")]
    async with Origin({f"/{each.name}": each for each in good}) as origin:
        origin.paths |= {f"/{name}": body for name, body in foreign().items()}
        service = await attacked(tmp_path, origin, good)
    events = await service.events()
    for event in events:
        assert_valid_event(event)
    found = by_feed(events)
    for name in foreign():
        kinds = {event["type"] for event in found[name]}
        assert len(kinds & {"telex.article.published", "telex.deadletter"}) == 1, (name, kinds)
    assert len(said_of(found["naughty"], "telex.article.published", "id")) > 400
    shown = json.dumps([event["data"] for event in events if event["type"].startswith("telex.article")])
    assert "root:x:0:0" not in shown
