"""`telex check`: everything that is wrong at once, and whether the feeds answer."""

import pyexpat

from commands.command_line import LOOPBACK, telex
from support.loopback_servers import answer, serve

BAD = """\
defaults: {intervall: 5m}
feeds:
  - url: notaurl
  - url: https://a.example/f
    language: french_x
  - url: https://a.example/f
  - name: x
    interval: {min: -3}
"""
GOOD = "feeds:\n  - url: https://a.example/f\n  - url: https://www.a.example/g\n"
FEED = b"<rss version='2.0'><channel><title>T</title><item><title>x</title><guid>1</guid></item></channel></rss>"


def test_a_good_catalogue_ends_with_0_and_tells_its_size_and_expat(inside, tmp_path):
    (tmp_path / "feeds.yaml").write_text(GOOD)
    ended = inside("check")
    version = ".".join(map(str, pyexpat.version_info))
    assert (ended.code, ended.lines) == (0, [f"expat: {version}", "catalogue: 2 feeds of 1 publisher"])
    assert ("older than 2.6" in ended.words) == (pyexpat.version_info < (2, 6))
    assert "note:" not in ended.words
    assert inside("check", "feeds.yaml").out == ended.out


def test_every_problem_is_named_by_place_key_and_remedy_at_once(inside, tmp_path):
    (tmp_path / "bad.yaml").write_text(BAD)
    ended = inside("check", "bad.yaml")
    problems = [line for line in ended.words.splitlines() if line.startswith("bad.yaml")]
    assert ended.code == 2
    assert sorted(line.split(": ")[0] for line in problems) == [
        *("bad.yaml:1:12", "bad.yaml:3:10", "bad.yaml:5:15", "bad.yaml:6:10", "bad.yaml:7:5", "bad.yaml:8:21"),
    ]
    assert all("; " in line for line in problems)
    assert "bad.yaml:1:12: defaults.intervall: is an unknown key; did you mean 'interval'?" in problems


def test_settings_and_catalogue_are_judged_together(inside, tmp_path):
    (tmp_path / "bad.yaml").write_text(BAD)
    ended = inside("check", "bad.yaml", TELEX_HTTP="canary", TELEX_HTP="1")
    assert ended.code == 2
    assert "environment: TELEX_HTP: is an unknown variable; did you mean 'TELEX_HTTP'?" in ended.words
    assert "environment: TELEX_HTTP: 'canary' is no address to listen on" in ended.words
    assert "bad.yaml:6:10: " in ended.words


def test_a_missing_catalogue_ends_with_2(inside):
    ended = inside("check")
    assert ended.code == 2
    assert "feeds.yaml: cannot be read: No such file or directory; check the path" in ended.words


def test_a_proxy_and_allowed_networks_are_noted_without_secrets(inside, tmp_path):
    (tmp_path / "feeds.yaml").write_text(GOOD)
    ended = inside(
        "check",
        TELEX_FETCH__PROXY="http://user:canary@proxy.example:3128",
        TELEX_ALLOW_NETWORKS="127.0.0.0/8,10.0.0.0/8",
    )
    assert ended.code == 0
    assert "note: everything goes through the proxy" in ended.words
    assert "note: the address guard lets through 127.0.0.0/8, 10.0.0.0/8" in ended.words
    assert b"canary" not in ended.out
    assert "canary" not in ended.words


async def test_online_asks_every_feed_once_and_tells_each(tmp_path):
    pages = {"/ok": answer(FEED), "/html": answer(b"<!doctype html><html><body>x</body></html>")}
    async with serve(pages) as server:
        urls = [server.url("/ok"), server.url("/missing?token=canary"), server.url("/html"), "http://10.1.2.3/refused"]
        (tmp_path / "feeds.yaml").write_text("feeds:\n" + "".join(f"  - url: {url}\n" for url in urls))
        ended = await telex("check", "--online", cwd=tmp_path, **LOOPBACK)
        assert sorted(server.paths) == ["/html", "/missing?token=canary", "/ok"]
    told = {line.split("  ")[2 if line.startswith("FAIL") else 3]: line for line in ended.lines[2:-1]}
    assert ended.code == 1
    assert ended.lines[-1] == "1 ok, 3 failed"
    assert set(told) == {server.url("/ok"), server.url("/missing?token=***"), server.url("/html"), urls[-1]}
    assert told[server.url("/ok")].startswith("ok    ")
    assert told[server.url("/ok")].endswith("1 entry")
    assert "404" in told[server.url("/missing?token=***")]
    assert "no feed: html" in told[server.url("/html")]
    assert "address_forbidden" in told[urls[-1]]
    assert b"canary" not in ended.out


async def test_online_ends_with_0_where_all_answer(tmp_path):
    async with serve(answer(FEED)) as server:
        (tmp_path / "feeds.csv").write_text(f"url\n{server.url('/a')}\n{server.url('/b')}\n")
        ended = await telex("check", "feeds.csv", "--online", cwd=tmp_path, **LOOPBACK)
    assert (ended.code, ended.lines[-1]) == (0, "2 ok, 0 failed")


async def test_taxonomies_are_checked_with_the_settings_that_name_them(tmp_path):
    (tmp_path / "feeds.yaml").write_text("feeds: [{url: 'https://news.example/rss'}]\n")
    (tmp_path / "own.yaml").write_text(
        "taxonomy: own\nversion: '1'\nconcepts: [{code: a, names: {fr: A}, trems: [a]}]\n"
    )
    refused = await telex("check", cwd=tmp_path, TELEX_TAGGING__TAXONOMIES="own.yaml")
    assert refused.code == 2
    assert "own.yaml:3:" in refused.words
    assert "trems" in refused.words
    assert (await telex("check", cwd=tmp_path)).code == 0
