"""Pages: robots.txt and the page's own reservations are obeyed; feeds are what publishers offer to programs."""

import asyncio

import pytest

from support.loopback_servers import answer, feed, fetching, page, redirect, serve
from telex.adapters.http import robots
from telex.core.exchange import Fetched, Refusal, Refused

FORBID = answer(b"User-agent: *\nDisallow: /private\nAllow: /private/open\n")


async def test_a_page_that_robots_txt_forbids_is_not_asked_for():
    routes = {"/robots.txt": FORBID, "/private/x": answer(b"x"), "/private/open": answer(b"x"), "/story": answer(b"x")}
    async with serve(routes) as server, fetching() as fetcher:
        forbidden = await fetcher.fetch(page(server.url("/private/x")))
        allowed = [await fetcher.fetch(page(server.url(path))) for path in ("/private/open", "/story")]
        as_feed = await fetcher.fetch(feed(server.url("/private/x")))
    assert isinstance(forbidden, Refused)
    assert (forbidden.reason, forbidden.detail) == (Refusal.ROBOTS, "robots.txt forbids it")
    assert all(isinstance(result, Fetched) for result in (*allowed, as_feed))
    assert server.paths == ["/robots.txt", "/private/open", "/story", "/private/x"]


@pytest.mark.parametrize(
    ("status", "allowed"),
    [(404, True), (410, True), (401, True), (403, True), (429, False), (500, False), (503, False), (204, False)],
)
async def test_an_absent_robots_txt_allows_and_a_failing_one_forbids(status, allowed):
    routes = {"/robots.txt": answer(status=f"{status} X"), "/story": answer(b"x")}
    async with serve(routes) as server, fetching() as fetcher:
        result = await fetcher.fetch(page(server.url("/story")))
    if allowed:
        assert isinstance(result, Fetched)
    elif status == 429:  # then the host holds us off as well
        assert isinstance(result, Refused)
    else:
        assert isinstance(result, Refused)
        assert result.reason == Refusal.ROBOTS
    assert ("/story" in server.paths) == allowed


async def test_pages_that_wait_for_the_same_robots_txt_ask_for_it_once():
    async def respond(seen, writer):
        await asyncio.sleep(0.02)
        writer.write(FORBID if seen.path == "/robots.txt" else answer(b"x"))

    async with serve(respond) as server, fetching(per_host=1) as fetcher:
        results = await asyncio.gather(*(fetcher.fetch(page(server.url(f"/{n}"))) for n in range(5)))
    assert all(isinstance(result, Fetched) for result in results)
    assert server.paths.count("/robots.txt") == 1


async def test_a_page_that_gives_up_does_not_take_robots_txt_from_the_others():
    go = asyncio.Event()

    async def respond(seen, writer):
        await go.wait()
        writer.write(FORBID if seen.path == "/robots.txt" else answer(b"x"))

    async with serve(respond) as server, fetching() as fetcher:
        first = asyncio.create_task(fetcher.fetch(page(server.url("/1"))))
        second = asyncio.create_task(fetcher.fetch(page(server.url("/2"))))
        while not server.seen:
            await asyncio.sleep(0.001)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        go.set()
        assert isinstance(await second, Fetched)


async def test_every_origin_on_the_way_is_asked_for_its_robots_txt():
    async with serve({"/robots.txt": FORBID}) as other:
        routes = {"/story": redirect(other.url("/private/x")), "/robots.txt": redirect("/r2"), "/r2": answer(b"")}
        async with serve(routes) as server, fetching() as fetcher:
            result = await fetcher.fetch(page(server.url("/story")))
    assert isinstance(result, Refused)
    assert result.reason == Refusal.ROBOTS
    assert other.paths == ["/robots.txt"]
    assert server.paths == ["/robots.txt", "/r2", "/story"]


async def test_robots_txt_is_guarded_like_everything_else():
    async with serve(FORBID) as server, fetching(allow_networks=()) as fetcher:
        result = await fetcher.fetch(page(server.url("/story")))
    assert isinstance(result, Refused)
    assert (result.reason, result.detail) == (Refusal.ROBOTS, "robots.txt cannot be reached (address_forbidden)")
    assert server.connections == 0


async def test_a_large_robots_txt_counts_up_to_its_limit():
    body = b"User-agent: *\nDisallow: /a\n" + b"# filler\n" * 100_000 + b"Disallow: /b\n"
    routes = {"/robots.txt": answer(body), "/a": answer(b"x"), "/b": answer(b"x")}
    async with serve(routes) as server, fetching() as fetcher:
        assert isinstance(await fetcher.fetch(page(server.url("/a"))), Refused)
        assert isinstance(await fetcher.fetch(page(server.url("/b"))), Fetched)


@pytest.mark.parametrize(
    ("header", "refused"),
    [
        ("TDM-Reservation: 1", True),
        ("tdm-reservation: 0", False),
        ("X-Robots-Tag: noai", True),
        ("X-Robots-Tag: noindex, NoAI, noimageai", True),
        ("X-Robots-Tag: telex: noai", True),
        ("X-Robots-Tag: otherbot: noai", False),
        ("X-Robots-Tag: noindex", False),
        ("X-Robots-Tag: noimageai", False),
        ("X-Robots-Tag: max-snippet: 20, noai", True),
    ],
)
async def test_a_page_that_reserves_itself_is_left_alone_and_a_feed_is_not_asked(header, refused):
    routes = {"/robots.txt": answer(status="404 X"), "/story": answer(b"x", header)}
    async with serve(routes) as server, fetching() as fetcher:
        result = await fetcher.fetch(page(server.url("/story")))
        assert isinstance(await fetcher.fetch(feed(server.url("/story"))), Fetched)
    assert isinstance(result, Refused) == refused
    if isinstance(result, Refused):
        assert result.reason == Refusal.ROBOTS


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("User-agent: telex\nDisallow: /x\n\nUser-agent: *\nAllow: /", "/x", False),
        ("User-agent: telex\nAllow: /\n\nUser-agent: *\nDisallow: /", "/x", True),
        ("User-agent: telex\nCrawl-delay: 5\n\nUser-agent: *\nDisallow: /", "/x", True),
        ("User-agent: TELEX/1.0\nDisallow: /", "/x", False),
        ("User-agent: other\nUser-agent: telex\nDisallow: /", "/x", False),
        ("User-agent: other\nDisallow: /", "/x", True),
        ("User-agent: telexbot\nDisallow: /", "/x", True),
        ("User-agent: *\nDisallow: /a\n\nUser-agent: *\nDisallow: /x", "/x", False),
        ("User-agent: *\nDisallow: /x*y$", "/x1y", False),
        ("User-agent: *\nDisallow: /x*y$", "/x1yz", True),
        ("User-agent: *\nDisallow:", "/x", True),
        ("\ufeffUser-agent: *\r\nDisallow: / # all\r\n", "/x", False),
        ("Disallow: /", "/x", True),
        ("<html>not found</html>", "/x", True),
        ("", "/x", True),
        ("User-agent: *\nSitemap: http://a/\nDisallow: /x", "/x", False),
    ],
)
def test_groups_are_read_as_rfc_9309_says(text, path, allowed):
    assert robots.parse(text.encode()).allow("http://example.org" + path) == allowed


def test_a_hostile_robots_txt_becomes_a_bounded_number_of_rules():
    agents = "".join(f"User-agent: a{n}\n" for n in range(10_000))
    rules = "".join(f"Disallow: /{n}\n" for n in range(20_000))
    parsed = robots.parse((agents + "User-agent: *\n" + rules).encode())
    assert parsed.size < 100_000
    assert not parsed.allow("http://example.org/0")


def test_the_cache_forgets_the_longest_unused_first_and_what_is_too_old():
    cache = robots.RobotsCache()
    rules = robots.parse(b"User-agent: *\n" + b"Disallow: /abcdefgh\n" * 1000)
    for n in range(1000):
        cache.put(f"http://{n}.example", rules, until=10.0)
        assert cache.get("http://0.example", now=0.0) is rules
    assert cache.get("http://1.example", now=0.0) is None
    assert cache.get("http://999.example", now=0.0) is rules
    assert cache.get("http://999.example", now=10.0) is None
    assert len(cache._kept) < 100
    assert cache._size == sum(robots._weight(origin, rules) for origin, (_, rules) in cache._kept.items())
