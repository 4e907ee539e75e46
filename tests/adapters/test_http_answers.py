"""One exchange with a server that behaves: what each answer becomes."""

import asyncio

import pytest

from support.loopback_servers import answer, feed, fetching, page, redirect, serve
from telex import __version__
from telex.adapters.http.asking import user_agent
from telex.core.exchange import Fetched, Gone, NotModified, Refusal, Refused
from telex.testing.manual_clock import ManualClock

NOW = 1_767_225_600.0  # Thu, 01 Jan 2026 00:00:00 GMT


async def test_a_document_comes_back_with_what_its_headers_say():
    headers = (
        "Content-Type: application/rss+xml",
        'ETag: W/"a1"',
        "Last-Modified: Wed, 31 Dec 2025 23:00:00 GMT",
        "Date: Thu, 01 Jan 2026 00:00:05 GMT",
        "Cache-Control: public, max-age=600",
        "Age: 60",
    )
    async with serve(answer(b"<rss/>", *headers)) as server, fetching() as fetcher:
        result = await fetcher.fetch(feed(server.url()))
    assert isinstance(result, Fetched)
    assert (result.url, result.body, result.wire_bytes) == (server.url(), b"<rss/>", 6)
    assert (result.content_type, result.etag) == ("application/rss+xml", 'W/"a1"')
    assert result.last_modified == "Wed, 31 Dec 2025 23:00:00 GMT"
    assert (result.fetched_at, result.server_date, result.max_age) == (NOW, NOW + 5, 540.0)
    assert result.moved_to is None


async def test_a_request_says_who_asks_and_for_what():
    agent = user_agent("https://example.org/bot")
    async with serve(answer(b"x")) as server, fetching(user_agent=agent) as fetcher:
        await fetcher.fetch(feed(server.url()))
        await fetcher.fetch(page(server.url("/story")))
    first, last = server.seen[0].headers, server.seen[-1].headers
    assert first["user-agent"] == f"telex/{__version__} (+https://example.org/bot)"
    assert first["accept-encoding"] == "gzip, deflate"
    assert "application/rss+xml" in first["accept"]
    assert last["accept"].startswith("text/html")
    assert not {"cookie", "authorization", "if-none-match", "if-modified-since"} & first.keys()


async def test_validators_make_the_request_conditional_and_a_304_says_not_modified():
    since = "Wed, 31 Dec 2025 23:00:00 GMT"
    response = b"HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=300\r\n\r\n"
    async with serve(response) as server, fetching() as fetcher:
        result = await fetcher.fetch(feed(server.url(), etag='"a1"', last_modified=since))
        again = await fetcher.fetch(feed(server.url(), etag='"a1"'))
    assert isinstance(result, NotModified)
    assert isinstance(again, NotModified)
    assert (result.url, result.max_age) == (server.url(), 300.0)
    assert (server.seen[0].headers["if-none-match"], server.seen[0].headers["if-modified-since"]) == ('"a1"', since)
    assert "if-modified-since" not in server.seen[1].headers
    assert server.connections == 1


async def test_a_304_that_nobody_asked_for_breaks_the_protocol():
    async with serve(b"HTTP/1.1 304 Not Modified\r\n\r\n") as server, fetching() as fetcher:
        result = await fetcher.fetch(feed(server.url()))
    assert isinstance(result, Refused)
    assert (result.reason, result.status) == (Refusal.PROTOCOL, 304)


@pytest.mark.parametrize("etag", ["", "a\r\nX-Evil: 1", "é", "x" * 2000])
async def test_a_validator_that_cannot_be_sent_is_left_out(etag):
    async with serve(answer(b"x")) as server, fetching() as fetcher:
        assert isinstance(await fetcher.fetch(feed(server.url(), etag=etag)), Fetched)
    assert not {"if-none-match", "x-evil"} & server.seen[0].headers.keys()


async def test_an_etag_that_could_not_be_sent_back_is_not_remembered():
    async with serve(answer(b"x", 'ETag: "é"', "Last-Modified: " + "x" * 2000)) as server, fetching() as fetcher:
        result = await fetcher.fetch(feed(server.url()))
    assert isinstance(result, Fetched)
    assert (result.etag, result.last_modified) == (None, None)


async def test_a_410_is_gone():
    async with serve(answer(b"bye", status="410 Gone")) as server, fetching() as fetcher:
        result = await fetcher.fetch(feed(server.url()))
    assert isinstance(result, Gone)
    assert result.url == server.url()


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (201, Refusal.PROTOCOL),
        (202, Refusal.PROTOCOL),
        (204, Refusal.PROTOCOL),
        (205, Refusal.PROTOCOL),
        (206, Refusal.PROTOCOL),
        (300, Refusal.REDIRECTS),
        (302, Refusal.REDIRECTS),  # no Location
        (305, Refusal.REDIRECTS),
        (400, Refusal.CLIENT_ERROR),
        (401, Refusal.UNAUTHORISED),
        (403, Refusal.UNAUTHORISED),
        (404, Refusal.CLIENT_ERROR),
        (407, Refusal.UNAUTHORISED),
        (429, Refusal.RATE_LIMITED),
        (451, Refusal.UNAUTHORISED),
        (500, Refusal.SERVER_ERROR),
        (503, Refusal.SERVER_ERROR),
        (599, Refusal.SERVER_ERROR),
        (600, Refusal.PROTOCOL),
        (999, Refusal.PROTOCOL),
    ],
)
async def test_every_status_without_a_document_is_refused_for_its_own_reason(status, reason):
    async with serve(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode()) as server, fetching() as fetcher:
        result = await fetcher.fetch(feed(server.url()))
    assert isinstance(result, Refused)
    assert (result.reason, result.status, result.retry_at) == (reason, status, None)


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable", "403 Forbidden"])
@pytest.mark.parametrize(
    ("wish", "wait"),
    [("120", 120), ("Thu, 01 Jan 2026 00:10:00 GMT", 600), ("99999999", 7 * 86400), ("soon", None), ("-5", None)],
)
async def test_the_publishers_wish_to_be_left_alone_is_passed_on(status, wish, wait):
    async with serve(answer(b"", f"Retry-After: {wish}", status=status)) as server, fetching() as fetcher:
        result = await fetcher.fetch(feed(server.url()))
    assert isinstance(result, Refused)
    assert result.retry_at == (None if wait is None else NOW + wait)


async def test_a_host_that_limited_us_is_not_asked_again_by_anybody_of_its_publisher():
    clock = ManualClock()
    pages = {"/a": answer(b"", "Retry-After: 60", status="429 Too Many Requests"), "/b": answer(b"x")}
    async with serve(pages) as server, fetching(clock=clock) as fetcher:
        await fetcher.fetch(feed(server.url("/a")))
        clock.advance(10)
        result = await fetcher.fetch(feed(server.url("/b")))
    assert server.paths == ["/a"]
    assert isinstance(result, Refused)
    assert result.reason == Refusal.RATE_LIMITED
    assert result.retry_at == pytest.approx(clock.now() + 60, abs=30)  # the wait is measured, not read off a calendar


async def test_a_connection_is_used_again():
    async with serve(answer(b"x")) as server, fetching() as fetcher:
        for _ in range(5):
            assert isinstance(await fetcher.fetch(feed(server.url())), Fetched)
    assert (len(server.seen), server.connections) == (5, 1)


async def test_no_cookie_is_kept():
    async with serve(answer(b"x", "Set-Cookie: id=1; Path=/")) as server, fetching() as fetcher:
        await fetcher.fetch(feed(server.url()))
        await fetcher.fetch(feed(server.url()))
    assert "cookie" not in server.seen[1].headers


async def test_the_environment_names_no_proxy(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with serve(answer(b"x")) as server, fetching() as fetcher:
        assert isinstance(await fetcher.fetch(feed(server.url())), Fetched)


@pytest.mark.parametrize(
    "url",
    ["ftp://example.org/", "file:///etc/passwd", "example.org/feed", "", "http://", "http:///x", "http://h:99999/",
     "http://[::1", "javascript:alert(1)", "http://a b/", "http://" + "a" * 9000, "http://\udcff/"],
)  # fmt: skip
async def test_what_is_no_url_of_the_web_is_refused_before_anything_is_asked(url):
    async with fetching() as fetcher:
        result = await fetcher.fetch(feed(url))
    assert isinstance(result, Refused)
    assert result.reason == Refusal.URL_INVALID


@pytest.mark.parametrize("host", ["nowhere.invalid", "a" * 64 + ".invalid", "xn--a.invalid"])
async def test_a_name_that_does_not_exist_is_refused_for_it(host):
    async with fetching() as fetcher:
        result = await fetcher.fetch(feed(f"http://{host}/"))
    assert isinstance(result, Refused)
    assert result.reason == Refusal.DNS
    assert host in result.detail


async def test_a_closed_port_is_refused_connection():
    async with serve(b"") as server:
        url = server.url()
    async with fetching() as fetcher:
        result = await fetcher.fetch(feed(url))
    assert isinstance(result, Refused)
    assert result.reason == Refusal.CONNECT


async def test_a_cancelled_fetch_ends_at_once_and_gives_its_turn_back():
    async def never(seen, writer):
        if seen.path == "/slow":
            await asyncio.Event().wait()
        writer.write(answer(b"x"))

    async with serve(never) as server, fetching(per_host=1) as fetcher:
        slow = asyncio.create_task(fetcher.fetch(feed(server.url("/slow"))))
        while not server.seen:
            await asyncio.sleep(0.001)
        waiting = asyncio.create_task(fetcher.fetch(feed(server.url("/next"))))
        slow.cancel()
        with pytest.raises(asyncio.CancelledError):
            await slow
        assert isinstance(await waiting, Fetched)


async def test_at_most_so_many_requests_run_against_one_host():
    running = most = 0
    gate = asyncio.Event()

    async def count(seen, writer):
        nonlocal running, most
        running += 1
        most = max(most, running)
        if running == 2:
            gate.set()
        await gate.wait()
        running -= 1
        writer.write(answer(b"x"))

    async with serve(count) as server, fetching(per_host=2) as fetcher:
        results = await asyncio.gather(*(fetcher.fetch(feed(server.url(f"/{n}"))) for n in range(8)))
    assert all(isinstance(result, Fetched) for result in results)
    assert most == 2


async def test_who_gets_no_turn_in_time_is_told_so_and_the_publisher_is_not_blamed():
    async def never(seen, writer):
        await asyncio.Event().wait()

    async with serve(never) as server, fetching(per_host=1, queue_wait=0.05) as fetcher:
        first = asyncio.create_task(fetcher.fetch(feed(server.url("/1"))))
        while not server.seen:
            await asyncio.sleep(0.001)
        result = await fetcher.fetch(feed(server.url("/2")))
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
    assert isinstance(result, Refused)
    assert (result.reason, result.status) == (Refusal.RATE_LIMITED, None)
    assert server.paths == ["/1"]


async def test_a_named_proxy_gets_every_request_and_literal_addresses_are_still_refused():
    async with serve(answer(b"from the proxy")) as proxy, fetching(proxy=proxy.origin, allow_networks=()) as fetcher:
        result = await fetcher.fetch(feed("http://news.invalid/feed"))
        secret = await fetcher.fetch(feed("http://169.254.169.254/latest"))
    assert isinstance(result, Fetched)
    assert result.body == b"from the proxy"
    assert proxy.paths == ["http://news.invalid/feed"]
    assert isinstance(secret, Refused)
    assert secret.reason == Refusal.ADDRESS_FORBIDDEN


async def test_a_redirect_that_asks_for_a_long_wait_is_not_followed():
    routes = {"/feed": redirect("/maintenance", "302 Found", "Retry-After: 3600"), "/maintenance": answer(b"x")}
    async with serve(routes) as server, fetching() as fetcher:
        result = await fetcher.fetch(feed(server.url()))
    assert isinstance(result, Refused)
    assert (result.reason, result.retry_at) == (Refusal.REDIRECTS, NOW + 3600)
    assert server.paths == ["/feed"]
