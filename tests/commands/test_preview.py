"""`telex preview`: what would be published, and nothing is sent."""

import asyncio
import contextlib
import json
import os
import signal
from collections import Counter
from pathlib import Path

import pytest

from commands.command_line import LOOPBACK, PATIENCE, finish, start, telex
from newsroom.app import Config, Newsroom
from newsroom.world import Plan
from support.loopback_servers import answer, redirect, serve

FEED = """\
<rss version="2.0"><channel><title>Le Courrier</title><link>https://courrier.example/</link>
<item><title>Le port rouvre</title><link>/port</link><guid>urn:1</guid><description>Ce matin.</description></item>
<item><title>Autrefois</title><link>/autrefois</link><guid>urn:2</guid><pubDate>Mon, 03 Jan 2000 10:00:00 GMT</pubDate>
</item></channel></rss>"""
PAGE = """\
<html lang="fr"><head><title>Le port rouvre</title></head><body><article><h1>Le port rouvre</h1>
<p>Le port a rouvert ce matin après trois semaines de travaux, a dit la capitainerie à notre journal.</p>
<p>Douze navires attendaient au large depuis lundi, et les premiers ont été déchargés avant midi.</p>
</article></body></html>"""
HTML = "<!doctype html><html><head><title>Accueil</title></head><body><p>Bonjour</p></body></html>"


def rss(*items: str) -> bytes:
    return f"<rss version='2.0'><channel><title>T</title>{''.join(items)}</channel></rss>".encode()


@pytest.fixture
def feed(tmp_path: Path) -> str:
    (tmp_path / "feed.xml").write_text(FEED, encoding="utf-8")
    return "feed.xml"


def titles(ended) -> list[str]:
    return [event["data"]["title"] for event in ended.events()]


def test_a_file_gives_a_valid_event_line_for_each_article_whatever_its_age(inside, feed):
    ended = inside("preview", feed)
    assert (ended.code, ended.words) == (0, "")
    assert titles(ended) == ["Le port rouvre", "Autrefois"]
    for event, line in zip(ended.events(), ended.lines, strict=True):
        assert event["type"] == "telex.article.published"
        assert event["data"]["version"] == 1
        assert line == json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def test_several_files_and_stdin_are_printed_in_their_order(inside, feed):
    other = rss("<item><title>Autre</title><link>https://a.example/1</link></item>")
    ended = inside("preview", feed, "-", feed, stdin=other)
    assert titles(ended) == ["Le port rouvre", "Autrefois", "Autre", "Le port rouvre", "Autrefois"]
    assert ended.code == 0


async def test_a_base_makes_links_absolute_and_is_never_fetched(feed, tmp_path):
    async with serve({"/": answer(FEED.encode())}) as server:
        base = server.url("/rubriques/feed.xml?token=canary")
        ended = await telex("preview", feed, "--url", base, cwd=tmp_path, **LOOPBACK)
        assert server.connections == 0
    assert [event["data"]["link"] for event in ended.events()] == [server.url("/port"), server.url("/autrefois")]
    assert {event["data"]["source"]["publisher"] for event in ended.events()} == {"127.0.0.1"}
    assert b"canary" not in ended.out
    assert "canary" not in ended.words


async def test_full_text_never_fetches_the_base_either(tmp_path):
    async with serve(answer(PAGE.encode())) as server:
        base = server.url("/feed.xml")
        document = rss(f"<item><title>Moi</title><link>{base}</link></item>")
        ended = await telex("preview", "-", "--full-text", "--url", base, cwd=tmp_path, stdin=document, **LOOPBACK)
        assert server.connections == 0
    assert (ended.code, titles(ended)) == (0, ["Moi"])


async def test_a_url_is_fetched_and_its_redirect_changes_no_identity(tmp_path):
    pages = {"/old": redirect("/new/feed.xml"), "/new/feed.xml": answer(FEED.encode(), "Content-Type: text/xml")}
    async with serve(pages) as server:
        ended = await telex("preview", server.url("/old"), cwd=tmp_path, **LOOPBACK)
    assert (ended.code, titles(ended)) == (0, ["Le port rouvre", "Autrefois"])
    assert {event["data"]["source"]["feed_url"] for event in ended.events()} == {server.url("/old")}
    assert ended.events()[0]["data"]["link"] == server.url("/port")


async def test_what_cannot_be_fetched_is_told_by_its_reason_without_secrets(tmp_path):
    pages = {"/gone?token=canary": answer(status="410 Gone"), "/html?token=canary": answer(HTML.encode())}
    async with serve(pages) as server:
        sources = [server.url(f"{path}?token=canary") for path in ("/missing", "/gone", "/html")]
        ended = await telex("preview", *sources, cwd=tmp_path, **LOOPBACK)
        refused = await telex("preview", *sources, cwd=tmp_path)
    assert (ended.code, ended.out) == (1, b"")
    assert len(ended.words.splitlines()) == 3
    assert all(word in ended.words for word in ("404", "410 Gone", "no feed: "))
    assert (refused.code, refused.out) == (1, b"")
    assert refused.words.count("address_forbidden") == 3
    assert "TELEX_ALLOW_NETWORKS" in refused.words
    assert "canary" not in ended.words + refused.words


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (HTML.encode(), "html"),
        (b"", "empty"),
        (b"   \n", "empty"),
        (b"\x00\xff\x10" * 999, "no feed"),
        (b"{}", "no feed"),
    ],
    ids=["html", "empty", "blank", "binary", "json"],
)
def test_what_is_no_feed_ends_with_1_and_the_reason(inside, content, word):
    ended = inside("preview", "-", stdin=content)
    assert (ended.code, ended.out) == (1, b"")
    assert ended.words.startswith("telex preview: -: no feed: ")
    assert word in ended.words


def test_a_missing_file_ends_with_1_and_the_others_are_printed(inside, feed):
    ended = inside("preview", "no.xml", feed)
    assert (ended.code, len(ended.events())) == (1, 2)
    assert ended.words.startswith("telex preview: no.xml: No such file or directory; name a URL")
    assert inside("preview", ".").code == 1


def test_a_file_over_the_limit_is_not_read(inside, feed):
    ended = inside("preview", feed, TELEX_FETCH__MAX_BODY="1024", stdin=b"")
    assert ended.code == 0
    ended = inside("preview", "-", TELEX_FETCH__MAX_BODY="1024", stdin=b"<rss>" + b" " * 2000)
    assert (ended.code, ended.out) == (1, b"")
    assert "fetch.max_body" in ended.words


@pytest.mark.parametrize(
    "wrong",
    [
        ["http://"],
        ["https://[bad/feed"],
        ["https://user:canary@a.example/feed"],
        ["feed.xml", "--url", "a.example/feed"],
        ["feed.xml", "--url", "ftp://a.example/feed"],
        ["feed.xml", "--url", "https://[bad"],
        ["feed.xml", "--page", "page.html"],
        [],
    ],
    ids=" ".join,
)
def test_wrong_addresses_end_with_2(inside, feed, wrong):
    ended = inside("preview", *wrong)
    assert (ended.code, ended.out) == (2, b"")
    assert ended.words.startswith("telex preview: ")
    assert "canary" not in ended.words


def test_a_feed_with_repairs_ends_with_0_and_names_them(inside):
    ended = inside("preview", "-", stdin=FEED[: FEED.index("<item><title>Autrefois") + 40].encode())
    assert ended.code == 0
    assert titles(ended)[0] == "Le port rouvre"
    assert "the document is cut short" in ended.words


def test_a_feed_without_articles_ends_with_0_and_says_so(inside):
    ended = inside("preview", "-", stdin=rss())
    assert (ended.code, ended.out) == (0, b"")
    assert ended.words == "telex preview: -: a feed without articles\n"


def test_escapes_of_a_document_do_not_reach_the_terminal(inside):
    ended = inside("preview", "-", stdin=b'{"version": "\x1b[2J", "\x9b": "\x1b]0;x\x07"}')
    assert ended.code == 1
    assert "\x1b" not in ended.words
    document = {"version": "https://jsonfeed.org/version/1.1", "title": "T", "items": []}
    document["items"] = [{"id": "1", "url": "https://a.example/1", "title": "a\x1b[2Jb\x9b2Jc\u202ed"}]
    ended = inside("preview", "-", stdin=json.dumps(document).encode())
    assert len(ended.events()) == 1
    assert not {"\x1b", "\x9b"} & set(ended.out.decode())


async def test_full_text_prints_every_article_once_with_its_page(tmp_path):
    plan = Plan(seed=3, publishers=4, pace=0, start_articles=6)
    async with Newsroom(Config(plan=plan, catalogue=tmp_path / "feeds.yaml")) as newsroom:
        urls = [line.split("url: ")[1].strip() for line in newsroom.catalogue().splitlines() if " url: " in line][:3]
        plain = await telex("preview", *urls, cwd=tmp_path, **LOOPBACK)
        full = await telex("preview", *urls, "--full-text", cwd=tmp_path, **LOOPBACK)
    assert (plain.code, full.code) == (0, 0), full.words
    assert Counter(event["id"] for event in full.events()) == Counter(event["id"] for event in plain.events())
    sources = Counter(event["data"]["provenance"]["body_from"] for event in full.events())
    assert sources["page"] > len(full.events()) / 2, (sources, full.words)
    assert all(event["data"]["provenance"]["body_from"] != "page" for event in plain.events())


async def test_more_articles_than_telex_awaits_pages_for_are_all_printed_once(tmp_path):
    async with serve(answer(PAGE.encode(), "Content-Type: text/html")) as server:
        items = (f"<item><title>Nr {n}</title><link>{server.url(f'/a/{n}')}</link></item>" for n in range(80))
        ended = await telex("preview", "-", "--full-text", cwd=tmp_path, stdin=rss(*items), **LOOPBACK)
        asked = [path for path in server.paths if path != "/robots.txt"]
    assert ended.code == 0
    assert sorted(titles(ended)) == sorted(f"Nr {n}" for n in range(80))
    assert len(asked) == len(set(asked)) == 64
    assert "16 articles without a page" in ended.words


async def test_a_page_that_fails_leaves_its_article_as_the_feed_has_it(tmp_path):
    async with serve({"/b": answer(PAGE.encode(), "Content-Type: text/html")}) as server:
        document = rss(*(f"<item><title>{n}</title><link>{server.url(f'/{n}')}</link></item>" for n in "ab"))
        ended = await telex("preview", "-", "--full-text", cwd=tmp_path, stdin=document, **LOOPBACK)
    assert (ended.code, titles(ended)) == (0, ["a", "b"])
    assert [event["data"]["provenance"]["body_from"] for event in ended.events()] == [None, "page"]
    assert f"{server.url('/a')}: client_error" in ended.words


async def test_a_page_in_a_file_makes_no_request(tmp_path):
    (tmp_path / "page.html").write_text(PAGE, encoding="utf-8")
    async with serve(answer(PAGE.encode())) as server:
        url = server.url("/port")
        ended = await telex("preview", "--page", "page.html", "--url", url, cwd=tmp_path, **LOOPBACK)
        assert server.connections == 0
    (event,) = ended.events()
    assert (ended.code, event["data"]["link"], event["data"]["title"]) == (0, url, "Le port rouvre")
    assert "Douze navires" in event["data"]["body"]
    assert event["data"]["provenance"]["body_from"] == "page"


async def test_a_page_at_a_url_is_fetched(tmp_path):
    async with serve({"/port": answer(PAGE.encode(), "Content-Type: text/html")}) as server:
        ended = await telex("preview", "--page", server.url("/port"), cwd=tmp_path, **LOOPBACK)
        missing = await telex("preview", "--page", server.url("/nothing"), cwd=tmp_path, **LOOPBACK)
    (event,) = ended.events()
    assert (ended.code, event["data"]["title"]) == (0, "Le port rouvre")
    assert (missing.code, missing.out) == (1, b"")


async def test_what_is_no_page_ends_with_1(tmp_path):
    ended = await telex("preview", "--page", "-", cwd=tmp_path, stdin=b"")
    assert (ended.code, ended.out) == (1, b"")
    assert ended.words.startswith("telex preview: -: no article page: ")


async def test_interrupting_a_source_that_never_ends_is_quiet(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    process = await start("preview", "pipe", cwd=tmp_path)
    writer = None
    async with asyncio.timeout(PATIENCE):
        while writer is None:  # it opens once telex has opened it for reading
            await asyncio.sleep(0.02)
            with contextlib.suppress(OSError):
                writer = os.open(tmp_path / "pipe", os.O_WRONLY | os.O_NONBLOCK)
    # Python may have looked for signals just before it began to read: then a second Ctrl-C is needed, as anywhere.
    finishing = asyncio.create_task(finish(process))
    while not finishing.done():
        process.send_signal(signal.SIGINT)
        await asyncio.wait({finishing}, timeout=3)
    ended = finishing.result()
    os.close(writer)
    assert (ended.code, ended.out, ended.words) == (130, b"", "")


async def test_a_page_is_explained_field_by_field(tmp_path):
    (tmp_path / "page.html").write_text(PAGE, encoding="utf-8")
    ended = await telex("preview", "--page", "page.html", "--url", "https://a.example/port", "--explain", cwd=tmp_path)
    assert (ended.code, len(ended.events())) == (0, 1)
    said = dict(
        line.removeprefix("telex preview: ").split(": ", 1) for line in ended.words.splitlines() if ": " in line
    )
    assert said["body"] == "the blocks of the page"
    assert said["media"] == "not found"
    assert set(said) >= {"title", "summary", "body", "language", "authors", "published", "updated", "media"}


async def test_only_a_page_is_explained(tmp_path):
    ended = await telex("preview", "feed.xml", "--explain", cwd=tmp_path)
    assert ended.code == 2
    assert "--page" in ended.words
