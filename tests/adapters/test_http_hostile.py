"""Servers that lie, stall, cut and bomb: each becomes a value, none costs more than its limit."""

import asyncio
import gzip
import socket
import ssl
import struct
import tracemalloc
import zlib
from pathlib import Path

import pytest

from support.loopback_servers import answer, cutting, feed, fetching, redirect, serve
from telex.core.exchange import Fetched, Refusal, Refused
from telex.core.model import SecretRef

MIB = 1024 * 1024
TLS = Path(__file__).parent / "tls"


async def refusal(respond, **limits) -> Refused:
    async with serve(respond) as server, fetching(**limits) as fetcher:
        result = await fetcher.fetch(feed(server.url()))
    assert isinstance(result, Refused)
    return result


def head(*lines: str) -> bytes:
    return "\r\n".join(("HTTP/1.1 200 OK", *lines)).encode() + b"\r\n\r\n"


@pytest.mark.parametrize(
    "data",
    [
        head("Content-Length: 100") + b"<rss>",
        head("Transfer-Encoding: chunked") + b"5\r\n<rss>\r\n",
        head("Transfer-Encoding: chunked") + b"50\r\n<rss>",
        head("Transfer-Encoding: chunked", "Content-Encoding: gzip") + b"5\r\n\x1f\x8b\x08\x00\x00\r\n",
        head("Content-Encoding: gzip", "Connection: close") + gzip.compress(b"<rss/>" * 100, mtime=0)[:-9],
        head("Content-Encoding: gzip", "Connection: close") + b"<rss>not gzip</rss>",
        head("Content-Encoding: deflate", "Connection: close") + zlib.compress(b"<rss/>" * 100)[:-5],
        head("Content-Encoding: deflate", "Connection: close") + b"\x78",
        b"",
    ],
)
async def test_a_body_that_ends_too_early_is_never_taken_for_whole(data):
    assert (await refusal(cutting(data))).reason == Refusal.CUT


async def test_a_connection_that_is_reset_while_the_body_has_no_length_is_cut():
    async def respond(seen, writer):
        writer.write(head("Connection: close") + b"<rss>")
        await writer.drain()
        await asyncio.sleep(0.05)
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()

    assert (await refusal(respond)).reason == Refusal.CUT


async def test_a_body_without_length_ends_with_the_connection():
    async with serve(cutting(head() + b"<rss/>")) as server, fetching() as fetcher:
        result = await fetcher.fetch(feed(server.url()))
    assert isinstance(result, Fetched)
    assert result.body == b"<rss/>"


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(b"<rss/>", mtime=0)),
        ("GZip", gzip.compress(b"<rss/>", mtime=0)),
        ("x-gzip", gzip.compress(b"<rss/>", mtime=0)),
        ("gzip", gzip.compress(b"<rss", mtime=0) + gzip.compress(b"/>", mtime=0)),
        ("gzip", gzip.compress(b"<rss/>", mtime=0) + b"\0\0\0"),
        ("gzip", gzip.compress(b"<rss/>", mtime=0) + b"rubbish"),
        ("deflate", zlib.compress(b"<rss/>")),
        ("deflate", zlib.compress(b"<rss/>")[2:-4]),
        ("identity", b"<rss/>"),
        ("", b"<rss/>"),
        ("identity, gzip", gzip.compress(b"<rss/>", mtime=0)),
    ],
)
async def test_what_was_compressed_arrives_as_it_was(encoding, body):
    async with serve(answer(body, f"Content-Encoding: {encoding}")) as server, fetching() as fetcher:
        result = await fetcher.fetch(feed(server.url()))
    assert isinstance(result, Fetched)
    assert (result.body, result.wire_bytes) == (b"<rss/>", len(body))


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "compress", "x" * 500])
async def test_a_coding_that_was_not_asked_for_breaks_the_protocol(encoding):
    assert (await refusal(answer(b"x", f"Content-Encoding: {encoding}"))).reason == Refusal.PROTOCOL


async def test_a_body_that_declares_too_much_is_refused_before_it_is_read():
    result = await refusal(cutting(head("Content-Length: 10485761")))
    assert result.reason == Refusal.TOO_LARGE
    assert "10485761" in result.detail


@pytest.mark.parametrize("framing", ["Connection: close", "Transfer-Encoding: chunked"])
async def test_a_body_that_never_ends_is_refused_at_the_limit(framing):
    async def respond(seen, writer):
        writer.write(head(framing))
        try:
            while True:
                writer.write(b"10000\r\n" + bytes(65536) + b"\r\n" if "chunked" in framing else bytes(65536))
                await writer.drain()
        except ConnectionError:
            writer.close()

    assert (await refusal(respond, max_body=MIB)).reason == Refusal.TOO_LARGE


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_bomb_costs_no_more_memory_than_the_limit(encoding):
    raw = bytes(200 * MIB)
    bomb = gzip.compress(raw, mtime=0) if encoding == "gzip" else zlib.compress(raw)
    del raw
    async with serve(answer(bomb, f"Content-Encoding: {encoding}")) as server, fetching(max_body=4 * MIB) as fetcher:
        tracemalloc.start()
        try:
            result = await fetcher.fetch(feed(server.url()))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert isinstance(result, Refused)
    assert result.reason == Refusal.TOO_LARGE
    assert peak < 16 * MIB


async def test_a_body_of_just_the_limit_is_taken():
    body = gzip.compress(bytes(MIB))
    async with serve(answer(body, "Content-Encoding: gzip")) as server, fetching(max_body=MIB) as fetcher:
        result = await fetcher.fetch(feed(server.url()))
        async with serve(answer(gzip.compress(bytes(MIB + 1)), "Content-Encoding: gzip")) as larger:
            refused = await fetcher.fetch(feed(larger.url()))
    assert isinstance(result, Fetched)
    assert len(result.body) == MIB
    assert isinstance(refused, Refused)
    assert refused.reason == Refusal.TOO_LARGE


async def test_a_thousand_gzip_members_are_enough():
    member = gzip.compress(b"", mtime=0)
    many = head("Content-Encoding: gzip", "Connection: close") + member * 2000
    assert (await refusal(cutting(many))).reason == Refusal.CUT


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"<rss>\r\n\r\n",
        b"HTTP/9.9 OK\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"\0" * 100,
        head("Content-Length: -1") + b"x",
        head("Content-Length: 1", "Content-Length: 2") + b"xx",
        head("Content-Length: 5", "Transfer-Encoding: chunked") + b"0\r\n\r\n",
        head(*(f"X-{n}: y" for n in range(500))),
        head("X-Large: " + "y" * 100_000),
        b"HTTP/1.1 200 " + b"y" * 100_000 + b"\r\n\r\n",
        head("No colon"),
        head("Transfer-Encoding: chunked") + b"5\r\n<rss>\r\nzz\r\n",
    ],
)
async def test_what_is_no_http_breaks_the_protocol(data):
    assert (await refusal(cutting(data))).reason in {Refusal.PROTOCOL, Refusal.CUT}


async def test_endless_headers_end_at_their_limit():
    async def respond(seen, writer):
        writer.write(b"HTTP/1.1 200 OK\r\n")
        try:
            while True:
                writer.write(b"X-More: y\r\n" * 1000)
                await writer.drain()
        except ConnectionError:
            writer.close()

    assert (await refusal(respond)).reason == Refusal.PROTOCOL


async def test_endless_interim_answers_end_at_the_first_byte_deadline():
    async def respond(seen, writer):
        try:
            while True:
                writer.write(b"HTTP/1.1 102 Processing\r\n\r\n")
                await writer.drain()
                await asyncio.sleep(0.005)
        except ConnectionError:
            writer.close()

    assert (await refusal(respond, first_byte=0.2)).reason == Refusal.TIMEOUT


async def test_a_server_that_never_answers_meets_the_first_byte_deadline():
    async def respond(seen, writer):
        await asyncio.Event().wait()

    result = await refusal(respond, first_byte=0.1)
    assert result.reason == Refusal.TIMEOUT
    assert "no answer within 0.1 s" in result.detail


async def test_headers_that_trickle_meet_the_first_byte_deadline():
    async def respond(seen, writer):
        for byte in head("X: " + "y" * 5000):
            writer.write(bytes([byte]))
            await asyncio.sleep(0.01)

    assert (await refusal(respond, first_byte=0.2)).reason == Refusal.TIMEOUT


async def test_a_body_that_trickles_meets_the_total_deadline():
    async def respond(seen, writer):
        writer.write(head("Content-Length: 100000"))
        while True:
            writer.write(b"x")
            await asyncio.sleep(0.01)

    result = await refusal(respond, total=0.3)
    assert result.reason == Refusal.TIMEOUT
    assert result.elapsed >= 0.3


async def test_redirects_that_trickle_share_one_total_deadline():
    async def respond(seen, writer):
        await asyncio.sleep(0.15)
        writer.write(redirect(seen.path + "x"))

    result = await refusal(respond, total=0.4, redirects=100)
    assert result.reason == Refusal.TIMEOUT


async def test_nobody_who_accepts_no_connection_holds_up_longer_than_the_connect_deadline():
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        async with fetching(connect=0.2) as fetcher:
            result = await fetcher.fetch(feed(f"http://127.0.0.1:{port}/"))
        for filler in fillers:
            filler.close()
    assert isinstance(result, Refused)
    assert result.reason == Refusal.TIMEOUT
    assert result.detail == "no connection in time"


async def test_a_second_answer_that_nobody_asked_for_does_not_reach_the_next_request():
    stale = answer(b"first") + answer(b"smuggled")
    async with serve(stale) as server, fetching() as fetcher:
        for _ in range(3):
            result = await fetcher.fetch(feed(server.url()))
            assert isinstance(result, Refused) or result.body == b"first"


async def test_a_kept_connection_that_the_server_dropped_is_made_again():
    async def respond(seen, writer):
        writer.write(answer(b"x"))
        await writer.drain()
        writer.close()

    async with serve(respond) as server, fetching() as fetcher:
        for _ in range(3):
            assert isinstance(await fetcher.fetch(feed(server.url())), Fetched)
    assert server.connections == 3


def server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "server.crt", TLS / "server.key")
    return context


async def test_a_certificate_that_nobody_vouches_for_is_refused():
    async with serve(answer(b"x"), tls=server_context()) as server, fetching() as fetcher:
        result = await fetcher.fetch(feed(server.url()))
    assert isinstance(result, Refused)
    assert result.reason == Refusal.TLS
    assert "certificate" in result.detail
    assert server.seen == []


async def test_a_server_that_speaks_no_tls_is_refused():
    async with serve(cutting(b"220 mail.example\r\n")) as server, fetching(connect=0.5) as fetcher:
        result = await fetcher.fetch(feed(server.url().replace("http://", "https://")))
    assert isinstance(result, Refused)
    assert result.reason in {Refusal.TLS, Refusal.CONNECT, Refusal.TIMEOUT}


async def test_a_redirect_from_https_to_http_is_followed_without_what_is_secret(monkeypatch):
    monkeypatch.setenv("TELEX_TEST_LOGIN", "user:canary")
    trusted = ssl.create_default_context(cafile=TLS / "server.crt")
    async with (
        serve(answer(b"plain")) as plain,
        serve(redirect(plain.url()), tls=server_context()) as server,
        fetching(tls=trusted) as fetcher,
    ):
        credentials = SecretRef("env:TELEX_TEST_LOGIN")
        result = await fetcher.fetch(feed(server.url(), origin=server.origin, credentials=credentials))
    assert isinstance(result, Fetched)
    assert (result.body, result.url) == (b"plain", plain.url())
    assert "authorization" in server.seen[0].headers
    assert "authorization" not in plain.seen[0].headers
