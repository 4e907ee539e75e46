"""Canary tokens wherever a feed's secrets may stand or be echoed: none comes out anywhere, or goes to another origin."""

import asyncio
import base64
import html
import itertools
import json
import sys
from pathlib import Path
from urllib.parse import quote

from aiohttp import web

from acceptance.origin import XML, Origin, item, rss
from acceptance.service import Service, wait_for, wait_until, write_catalogue
from support.schema_validation import assert_valid_event

QUERY = "canaryQ7x2Ry9aT4bZ"
WORD = "nightingale"
"""No machine made this one: only its place tells that it is secret."""
LOGIN = "canary-reader:Lo9inPa55w0rdK3"
HEADER = "canaryH3aderV4lue8sK1"
LOCATION = "canaryL0cati0nT0k3n5w"
OWN_LINK = "canarySe1fL1nkT0k3nu8"
HOME = "canaryH0m3P4geT0k3nz2"
PAGE = "canaryP4geL1nkT0k3np6"
FAULT = "canary5xxRea50nT0k3nj4"
TOKENS = {
    "query": QUERY,
    "word": WORD,
    "credentials": LOGIN.partition(":")[2],
    "user": LOGIN.partition(":")[0],
    "basic": base64.b64encode(LOGIN.encode()).decode(),
    "header": HEADER,
    "location": LOCATION,
    "own link": OWN_LINK,
    "home": HOME,
    "page": PAGE,
    "fault": FAULT,
}
TOPICS = "&".join(f"topic=news.{name}" for name in ("articles", "feeds", "feedlog", "deadletters"))
OURS = ("query", "word", "credentials", "user", "basic", "header")
REASONS = {"answered", "html", "unauthorised", "server_error"}


def echoed(request: web.Request, status: int) -> web.Response:
    """An error page that repeats all that it was told, in markup, in words and as data."""
    told = "\n".join(f"{name}: {value}" for name, value in request.headers.items())
    words = " ".join(html.escape(value) for value in (*request.query.values(), *request.headers.values()))
    data = json.dumps({"args": dict(request.query), "headers": dict(request.headers), "url": str(request.url)})
    page = (
        f"<!DOCTYPE html><html><head><title>{status} for {html.escape(str(request.url))}</title></head><body>"
        f"<a href='/login?session={PAGE}&amp;next={quote(str(request.url), safe='')}'>sign in</a>"
        f"<pre>{html.escape(told)}</pre><p>Nobody here knows {words}, sorry.</p><script>var told = {data}</script></body></html>"
    )
    reason = f"Fault token={FAULT} of {QUERY}" if status >= 400 else None
    return web.Response(body=page.encode(), status=status, reason=reason, headers={"Content-Type": "text/html"})


def talkative(request: web.Request) -> web.Response:
    """A good feed whose own links show the tokens."""
    own = f"<atom:link xmlns:atom='http://www.w3.org/2005/Atom' rel='self' href='{html.escape(str(request.url))}&amp;key={OWN_LINK}'/>"
    home = f"http://news.example/home?session_token={HOME}"
    body = rss(item("talk-1"), head=own).replace(b"<link>http://news.example/</link>", f"<link>{home}</link>".encode())
    return web.Response(body=body, headers={"Content-Type": XML})


def leading(to: Origin, path: str, status: int) -> object:
    """A redirect to another origin, with a token of its own and what it was told."""

    def answer(request: web.Request) -> web.Response:
        where = to.url(f"{path}?session={LOCATION}")
        return web.Response(status=status, headers={"Location": where, "X-Told": request.query_string})

    return answer


def test_the_canaries_are_what_they_seem():
    for one, other in itertools.permutations(TOKENS.values(), 2):
        assert one not in other


async def tailed(service: Service) -> str:
    """What `telex tail` prints of everything, as lines and as JSON."""
    printed = []
    for flags in ((), ("--json",)):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "telex", "tail", "--from", "earliest", "--exit-at-end", *flags),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=service.environment,
        )
        printed.append((await process.communicate())[0].decode())
        assert process.returncode == 0, printed
    return "\n".join(printed)


def unpacked(text: str) -> str:
    """The text, and in words what its dead letters hold in base64."""
    bodies = []
    for line in text.splitlines():
        line = line.removeprefix("data: ")  # noqa: PLW2901 - the line without its prefix is the line
        if line.startswith("{") and '"telex.deadletter"' in line:
            bodies.append(base64.b64decode(json.loads(line)["data"]["body_base64"]).decode("utf-8", "replace"))
    assert not text or '"telex.deadletter"' not in text or bodies
    return text + "\n".join(bodies)


def leaks(**outputs: str) -> dict[str, list[str]]:
    """Which tokens stand in which output, also quoted."""
    found = {}
    for where, text in outputs.items():
        plain = unpacked(text)
        found[where] = [name for name, token in TOKENS.items() if token in plain or quote(token) in plain]
    return {where: names for where, names in found.items() if names}


async def test_no_canary_comes_out_anywhere(tmp_path: Path):
    (tmp_path / "key.txt").write_text(HEADER + "\n")
    async with Origin() as other, Origin() as origin:
        other.paths |= {"/landed": rss(item("landed-1")), "/landed-page": lambda request: echoed(request, 200)}
        origin.paths |= {
            "/good": talkative,
            "/page": lambda request: echoed(request, 200),
            "/denied": lambda request: echoed(request, 403),
            "/broken": lambda request: echoed(request, 503),
            "/moved": leading(other, "/landed", 301),
            "/lent": leading(other, "/landed", 302),
            "/away": leading(other, "/landed-page", 302),
        }
        query = f"?token={QUERY}&name=fr&password={WORD}"
        feeds = [
            {
                "id": path[1:],
                "url": origin.url(path + query),
                "publisher": path[1:],
                "credentials": {"env": "FEED_LOGIN"},
                "headers": {"X-Api-Key": {"file": str(tmp_path / "key.txt")}, "X-Plain": "shown"},
            }
            for path in origin.paths
        ]
        write_catalogue(tmp_path / "feeds.yaml", *feeds)
        service = Service(
            tmp_path, tmp_path / "feeds.yaml", FEED_LOGIN=LOGIN, TELEX_POLLING__BACKOFF_CAP="1",
            TELEX_SERVICE__LOG_LEVEL="debug",
        )  # fmt: skip
        await service.start()
        await wait_until(
            lambda: min(len(origin.times(path)) for path in origin.paths if path != "/moved") >= 5, what="five polls"
        )

        async def told_all() -> bool:
            return {event["data"]["reason"] for event in await service.events("telex.feed.status")} >= REASONS

        await wait_for(told_all, what="the feeds' health")
        _, metrics = await service.get("/metrics")
        _, ready = await service.get("/readyz?verbose")
        _, live = await service.get("/livez?verbose")
        everything = await service.events()
        stream = "\n".join(await service.get_lines(f"/events?{TOPICS}", len(everything)))
        tail = await tailed(service)
        assert await service.stop() == 0
    for event in everything:
        assert_valid_event(event)
    assert {event["type"] for event in everything} >= {
        "telex.article.published",
        "telex.deadletter",
        "telex.feed.moved",
    }
    told = "\n".join(f"{asked.path} {asked.headers}" for asked in origin.asked)
    assert [name for name in OURS if TOKENS[name] in told] == [*OURS[:2], *OURS[4:]], "the origin itself has to know"
    everywhere = json.dumps([dict(asked.headers) | {"path": asked.path} for asked in other.asked])
    assert other.asked
    assert [name for name in OURS if TOKENS[name] in everywhere] == []
    assert "X-Plain" not in everywhere
    assert leaks(said=service.said(), metrics=metrics, ready=ready, live=live, stream=stream, tail=tail) == {}
