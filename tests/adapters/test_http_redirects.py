"""Redirects: our own loop, every hop checked, nothing said to strangers."""

import pytest

from support.loopback_servers import answer, feed, fetching, redirect, serve
from telex.core.exchange import Fetched, NotModified, Refusal, Refused
from telex.core.model import SecretRef


@pytest.mark.parametrize(
    ("statuses", "moved"),
    [
        (["301 Moved Permanently"], True),
        (["308 Permanent Redirect"], True),
        (["301 Moved Permanently", "308 Permanent Redirect", "301 Moved Permanently"], True),
        (["302 Found"], False),
        (["303 See Other"], False),
        (["307 Temporary Redirect"], False),
        (["301 Moved Permanently", "302 Found"], False),
        (["302 Found", "301 Moved Permanently"], False),
    ],
)
async def test_only_a_chain_of_permanent_redirects_says_that_the_feed_moved(statuses, moved):
    routes = {f"/{n}": redirect(f"/{n + 1}", status) for n, status in enumerate(statuses)}
    last = f"/{len(statuses)}"
    async with serve(routes | {last: answer(b"x")}) as server, fetching() as fetcher:
        result = await fetcher.fetch(feed(server.url("/0")))
    assert isinstance(result, Fetched)
    assert result.url == server.url(last)
    assert result.moved_to == (server.url(last) if moved else None)


async def test_a_moved_feed_that_did_not_change_says_both():
    routes = {"/0": redirect("/1", "301 Moved Permanently"), "/1": b"HTTP/1.1 304 Not Modified\r\n\r\n"}
    async with serve(routes) as server, fetching() as fetcher:
        result = await fetcher.fetch(feed(server.url("/0"), etag='"a"'))
    assert isinstance(result, NotModified)
    assert (result.url, result.moved_to) == (server.url("/1"), server.url("/1"))


async def test_five_redirects_are_followed_and_six_are_not():
    routes = {f"/{n}": redirect(f"/{n + 1}") for n in range(6)} | {"/6": answer(b"x")}
    async with serve(routes) as server, fetching() as fetcher:
        five = await fetcher.fetch(feed(server.url("/1")))
        six = await fetcher.fetch(feed(server.url("/0")))
    assert isinstance(five, Fetched)
    assert isinstance(six, Refused)
    assert six.reason == Refusal.REDIRECTS
    assert server.paths.count("/6") == 1


async def test_a_redirect_to_itself_ends():
    async with serve(redirect("/feed")) as server, fetching() as fetcher:
        result = await fetcher.fetch(feed(server.url()))
    assert isinstance(result, Refused)
    assert result.reason == Refusal.REDIRECTS
    assert len(server.seen) == 6


@pytest.mark.parametrize(
    "location",
    ["file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1:70/_x", "data:text/xml,<rss/>", "javascript:1",
     "http://[::1", "http://h:99999/", "http://:80/", "http://" + "a" * 9000],
)  # fmt: skip
async def test_a_redirect_to_no_web_address_is_refused(location):
    async with serve(redirect(location)) as server, fetching() as fetcher:
        result = await fetcher.fetch(feed(server.url()))
    assert isinstance(result, Refused)
    assert result.reason == Refusal.REDIRECTS
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("next", "/dir/next"),
        ("/next", "/next"),
        ("?page=2", "/dir/feed?page=2"),
        ("../next#part", "/next"),
        ("/a b", "/a%20b"),
        ("/été", "/%C3%A9t%C3%A9"),
        ("/x?a=b%2Fc", "/x?a=b%2Fc"),
        ("  /next  ", "/next"),
        ("http:/x", "/x"),
        ("/b/%2e%2E/c?x=%2f&y=+%20", "/b/%2e%2E/c?x=%2f&y=+%20"),
    ],
)
async def test_a_relative_redirect_is_resolved_and_written_as_a_url(location, path):
    async def respond(seen, writer):
        writer.write(redirect(location) if seen.path == "/dir/feed" else answer(b"x"))

    async with serve(respond) as server, fetching() as fetcher:
        result = await fetcher.fetch(feed(server.url("/dir/feed")))
    assert isinstance(result, Fetched)
    assert server.paths == ["/dir/feed", path]


async def test_a_redirect_in_latin_1_is_followed_byte_for_byte():
    async def respond(seen, writer):
        first = b"HTTP/1.1 302 Found\r\nLocation: /\xe9t\xe9\r\nContent-Length: 0\r\n\r\n"
        writer.write(first if seen.path == "/feed" else answer(b"x"))

    async with serve(respond) as server, fetching() as fetcher:
        assert isinstance(await fetcher.fetch(feed(server.url())), Fetched)
    assert server.paths == ["/feed", "/%E9t%E9"]


@pytest.fixture
def secrets(monkeypatch):
    monkeypatch.setenv("TELEX_TEST_KEY", "canary-key")
    monkeypatch.setenv("TELEX_TEST_LOGIN", "canary-user:canary-password")
    return {
        "headers": (("X-Api-Key", SecretRef("env:TELEX_TEST_KEY")), ("X-Plan", "canary-gold")),
        "credentials": SecretRef("env:TELEX_TEST_LOGIN"),
    }


async def test_secrets_go_to_their_origin_also_after_a_redirect_within_it(secrets):
    async with serve({"/feed": redirect("/2"), "/2": answer(b"x")}) as server, fetching() as fetcher:
        assert isinstance(await fetcher.fetch(feed(server.url(), origin=server.origin, **secrets)), Fetched)
    for seen in server.seen:
        assert seen.headers["x-api-key"] == "canary-key"
        assert seen.headers["x-plan"] == "canary-gold"
        assert seen.headers["authorization"] == "Basic Y2FuYXJ5LXVzZXI6Y2FuYXJ5LXBhc3N3b3Jk"


async def test_secrets_never_go_to_another_port_host_or_scheme(secrets):
    async with serve(answer(b"x")) as other, serve(redirect(other.url())) as server, fetching() as fetcher:
        await fetcher.fetch(feed(server.url(), origin=server.origin, **secrets))
        await fetcher.fetch(feed(server.url(host="localhost"), origin=server.origin, **secrets))
        await fetcher.fetch(feed(other.url(), origin=server.origin, **secrets))
        await fetcher.fetch(feed(other.url(), origin=other.origin.replace("http", "https"), **secrets))
        await fetcher.fetch(feed(other.url(), origin=None, **secrets))
        await fetcher.fetch(feed(other.url(), origin="http://[", **secrets))
    assert len(other.seen) == 6
    assert "x-api-key" in server.seen[0].headers
    for seen in (*other.seen, server.seen[1]):
        assert not {"x-api-key", "x-plan", "authorization"} & seen.headers.keys()
        assert "canary" not in str(seen)


async def test_userinfo_in_a_redirect_is_not_sent():
    async with serve(answer(b"x")) as other:
        target = other.url().replace("http://", "http://user:canary@")
        async with serve(redirect(target, "301 Moved Permanently")) as server, fetching() as fetcher:
            result = await fetcher.fetch(feed(server.url()))
    assert isinstance(result, Fetched)
    assert "authorization" not in other.seen[0].headers
    assert result.moved_to == other.url()


@pytest.mark.parametrize("reference", ["env:TELEX_TEST_NOT_SET", "file:not/there", "vault:x", ""])
async def test_a_missing_secret_is_named_and_nothing_is_asked(reference):
    async with serve(answer(b"x")) as server, fetching() as fetcher:
        request = feed(server.url(), origin=server.origin, headers=(("X-Key", SecretRef(reference)),))
        result = await fetcher.fetch(request)
    assert isinstance(result, Refused)
    assert result.reason == Refusal.SECRET_MISSING
    assert server.seen == []


async def test_a_secret_that_would_begin_another_header_is_refused(monkeypatch):
    monkeypatch.setenv("TELEX_TEST_KEY", "canary\r\nX-Evil: 1")
    async with serve(answer(b"x")) as server, fetching() as fetcher:
        headers = (("X-Key", SecretRef("env:TELEX_TEST_KEY")),)
        result = await fetcher.fetch(feed(server.url(), origin=server.origin, headers=headers))
    assert isinstance(result, Refused)
    assert result.reason == Refusal.SECRET_MISSING
    assert "canary" not in repr(result)


async def test_credentials_without_a_colon_are_refused_without_being_shown(monkeypatch):
    monkeypatch.setenv("TELEX_TEST_LOGIN", "canary")
    async with serve(answer(b"x")) as server, fetching() as fetcher:
        credentials = SecretRef("env:TELEX_TEST_LOGIN")
        result = await fetcher.fetch(feed(server.url(), origin=server.origin, credentials=credentials))
    assert isinstance(result, Refused)
    assert result.reason == Refusal.SECRET_MISSING
    assert "canary" not in repr(result)


async def test_a_secret_in_a_file_is_read_again_for_every_request(tmp_path):
    path = tmp_path / "key"
    headers = (("X-Key", SecretRef(f"file:{path}")),)
    async with serve(answer(b"x")) as server, fetching() as fetcher:
        for value in ("one\n", "two\n"):
            path.write_text(value)
            await fetcher.fetch(feed(server.url(), origin=server.origin, headers=headers))
    assert [seen.headers["x-key"] for seen in server.seen] == ["one", "two"]


async def test_a_feeds_own_headers_rule_over_ours_but_not_over_the_framing():
    headers = (("user-agent", "Special/1"), ("ACCEPT", "text/xml"), ("Accept-Encoding", "br"), ("Host", "evil.example"))
    async with serve(answer(b"x")) as server, fetching() as fetcher:
        await fetcher.fetch(feed(server.url(), origin=server.origin, headers=headers))
    seen = server.seen[0].headers
    assert (seen["user-agent"], seen["accept"], seen["accept-encoding"]) == ("Special/1", "text/xml", "gzip, deflate")
    assert seen["host"] == f"127.0.0.1:{server.port}"
