"""The service: validators, the ledger of what was served, faults, fixed behaviours, wishes."""

import asyncio
import gzip
import json

import aiohttp
import feedparser
import pytest
import yaml

from newsroom.app import Config, Newsroom
from newsroom.faults import PAGE_FAULTS, Fault, Faults, Level
from newsroom.ledger import ArticleFact, Kind, PageFact, ServedFact, decode, due_articles, load
from newsroom.publishers import Format
from newsroom.world import Plan

START = 1_700_000_000.0


class Hands:
    """A clock set by hand."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock():
    return Hands()


@pytest.fixture
async def newsroom(clock):
    async with Newsroom(Config(Plan(seed=5, pace=0, start_articles=6), slow=0.05), clock) as running:
        yield running


@pytest.fixture
async def http(newsroom):
    async with aiohttp.ClientSession(
        newsroom.url, headers={"Accept-Encoding": "identity"}, auto_decompress=False
    ) as session:
        yield session


def window_with(newsroom, **habits):
    """A feed whose publisher has these habits."""
    return next(
        window
        for window in newsroom.world.windows.values()
        if all(getattr(window.publisher.habits, name) == value for name, value in habits.items())
    )


def titles(window, body):
    if window.publisher.format is Format.JSON:
        return [item["title"] for item in json.loads(body)["items"]]
    return [entry.title for entry in feedparser.parse(body).entries]


def with_fault(newsroom, monkeypatch, fault):
    monkeypatch.setattr(newsroom.faults, "draw", lambda _publisher, _among=(): fault)


def served(newsroom):
    return [fact for fact in newsroom.ledger.facts if isinstance(fact, ServedFact)]


async def get(http, path, **headers):
    async with http.get(path, headers=headers, allow_redirects=False) as response:
        return response.status, response.headers, await response.read()


async def test_every_feed_of_the_catalogue_is_served_as_it_stands(newsroom, http):
    for feed in yaml.safe_load(newsroom.catalogue())["feeds"]:
        path = feed["url"].removeprefix(newsroom.url)
        status, headers, body = await get(http, path)
        window = newsroom.world.windows[path]
        assert status == 200
        assert headers["Content-Type"].endswith(f"charset={window.publisher.habits.charset}")
        assert titles(window, body) == [article.story.title for article in window.now.articles]


async def test_an_unchanged_feed_answers_304_to_its_tag_and_to_its_date(newsroom, http, clock):
    path = window_with(newsroom, etag=True, last_modified=True, noise=None).feed.path
    clock.time += 5
    _, headers, _ = await get(http, path)
    for condition in ({"If-None-Match": headers["ETag"]}, {"If-Modified-Since": headers["Last-Modified"]}):
        status, again, body = await get(http, path, **condition)
        assert (status, body, again["ETag"]) == (304, b"", headers["ETag"])
    # RFC 9110, 13.2.2: If-None-Match rules
    status, _, _ = await get(http, path, **{"If-None-Match": '"other"', "If-Modified-Since": headers["Last-Modified"]})
    assert status == 200
    assert (await get(http, path, **{"If-Modified-Since": "no date"}))[0] == 200


async def test_an_edit_changes_tag_and_date(newsroom, http, clock):
    window = window_with(newsroom, etag=True, last_modified=True, noise=None)
    clock.time += 5
    _, before, _ = await get(http, window.feed.path)
    newsroom.edit(window.now.articles[0].key)
    clock.time += 5
    for condition in ({"If-None-Match": before["ETag"]}, {"If-Modified-Since": before["Last-Modified"]}):
        status, after, _ = await get(http, window.feed.path, **condition)
        assert status == 200
        assert after["ETag"] != before["ETag"]


async def test_no_date_is_given_while_the_second_of_the_last_change_lasts(newsroom, http, clock):
    window = window_with(newsroom, last_modified=True, noise=None)
    clock.time = START + 10.2
    newsroom.edit(window.now.articles[0].key)
    clock.time = START + 10.5
    assert "Last-Modified" not in (await get(http, window.feed.path))[1]
    clock.time = START + 11
    assert "Last-Modified" in (await get(http, window.feed.path))[1]


async def test_noise_changes_the_tag_and_no_revision(newsroom, http, clock):
    window = window_with(newsroom, etag=True, noise=45.0)
    _, before, first = await get(http, window.feed.path)
    clock.time += 50
    status, after, second = await get(http, window.feed.path, **{"If-None-Match": before["ETag"]})
    assert status == 200
    assert first != second
    assert after["ETag"] != before["ETag"]
    one, other = served(newsroom)
    assert one.window == other.window


async def test_some_publishers_show_no_validators(newsroom, http, clock):
    clock.time += 5
    assert "ETag" not in (await get(http, window_with(newsroom, etag=False).feed.path))[1]
    assert "Last-Modified" not in (await get(http, window_with(newsroom, last_modified=False).feed.path))[1]


async def test_a_compressed_answer_is_another_representation(newsroom, http):
    window = window_with(newsroom, gzip=True, etag=True)
    _, plain, body = await get(http, window.feed.path, **{"Accept-Encoding": "identity"})
    _, packed, stream = await get(http, window.feed.path, **{"Accept-Encoding": "gzip"})
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(stream) == body
    assert packed["ETag"] != plain["ETag"]


async def test_the_ledger_tells_what_was_served_and_nothing_of_304_and_head(newsroom, http, clock):
    window = window_with(newsroom, etag=True, noise=None)
    _, headers, _ = await get(http, window.feed.path)
    await get(http, window.feed.path, **{"If-None-Match": headers["ETag"]})
    async with http.head(window.feed.path) as response:
        assert response.status == 200
        assert response.headers["ETag"] == headers["ETag"]
        assert int(response.headers["Content-Length"]) > 0
        assert await response.read() == b""
    (fact,) = served(newsroom)
    assert fact.feed == window.feed.id
    assert fact.window == tuple((article.key, 1) for article in window.now.articles)
    newsroom.edit(window.now.articles[2].key)
    await get(http, window.feed.path)
    assert served(newsroom)[1].window[2] == (window.now.articles[2].key, 2)


async def test_the_facts_over_http_and_in_the_file_are_those_of_the_ledger(tmp_path):
    config = Config(Plan(seed=5, start_articles=3, pace=0.01), ledger=tmp_path / "facts.jsonl")
    async with Newsroom(config) as newsroom, aiohttp.ClientSession(newsroom.url) as http:
        for path in list(newsroom.world.windows)[:5]:
            async with http.get(path) as response:
                await response.read()
        newsroom.quiet()
        async with http.get("/ledger") as response:
            lines = (await response.text()).splitlines()
        facts = tuple(newsroom.ledger.facts)
    assert tuple(map(decode, lines)) == facts == load(tmp_path / "facts.jsonl")
    assert len([fact for fact in facts if isinstance(fact, ServedFact)]) == 5
    assert due_articles(facts) == {key for fact in facts if isinstance(fact, ServedFact) for key, _ in fact.window}


async def test_a_page_is_served_and_noted_and_gone_after_the_withdrawal(newsroom, http):
    article = window_with(newsroom, noise=None).now.articles[1]
    status, headers, body = await get(http, article.path)
    assert status == 200
    assert article.story.paragraphs[0].split("’")[0] in body.decode()
    assert (await get(http, article.path, **{"If-None-Match": headers["ETag"]}))[0] == 304
    assert [fact.key for fact in newsroom.ledger.facts if isinstance(fact, PageFact)] == [article.key]
    newsroom.withdraw(article.key)
    assert (await get(http, article.path))[0] == 404
    assert newsroom.ledger.facts[-1].kind is Kind.WITHDRAWN


async def test_wishes_over_http_change_what_is_served(newsroom, http):
    async with http.post("/admin/publish?publisher=radio-fleuve") as response:
        key = json.loads(await response.read())["key"]
    assert newsroom.world.window("radio-fleuve-infos").now.articles[0].key == key
    async with http.post("/admin/edit", params={"key": key}) as response:
        assert json.loads(await response.read()) == {"key": key}
    assert newsroom.world.find(key).revision == 2
    async with http.post("/admin/withdraw", params={"key": key}) as response:
        assert response.status == 200
    assert newsroom.world.find(key) is None
    kinds = [fact.kind for fact in newsroom.ledger.facts if isinstance(fact, ArticleFact) and fact.key == key]
    assert kinds == [Kind.PUBLISHED, Kind.EDITED, Kind.WITHDRAWN]
    for path in ("/admin/edit?key=none", "/admin/publish?publisher=none", "/admin/withdraw?key=none"):
        async with http.post(path) as response:
            assert response.status == 404


async def test_quiet_stops_the_news(clock):
    async with Newsroom(Config(Plan(pace=0.1)), clock) as newsroom, aiohttp.ClientSession(newsroom.url) as http:
        clock.time += 10
        async with http.post("/admin/quiet") as response:
            assert response.status == 204
        noted = len(newsroom.ledger.facts)
        assert noted > 500
        clock.time += 1000
        newsroom.advance()
        assert len(newsroom.ledger.facts) == noted


async def test_it_tells_how_often_every_feed_has_been_asked_since_the_news_stopped(newsroom, http):
    async def asked():
        async with http.get("/admin/asked") as response:
            return (await response.json())["asked"]

    paths = list(newsroom.world.windows)
    for path in paths:
        await get(http, path)
    assert await asked() == 1
    async with http.post("/admin/quiet"):
        assert await asked() == 0
    for path in paths[1:]:
        await get(http, path)
    assert await asked() == 0
    await get(http, paths[0])
    assert await asked() == 1
    for path in paths:
        async with http.get(path, headers={"If-None-Match": "*"}) as response:
            assert response.status in {200, 304}
    assert await asked() == 2


async def test_news_happens_without_any_request():
    async with Newsroom(Config(Plan(pace=0.01, start_articles=0))) as newsroom, asyncio.timeout(20):
        while len(newsroom.ledger.facts) < 5:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(("fault", "statuses"), [(Fault.SERVER_ERROR, {500, 502, 503}), (Fault.RATE_LIMIT, {429})])
async def test_errors_are_errors_and_not_in_the_ledger(newsroom, http, monkeypatch, fault, statuses):
    with_fault(newsroom, monkeypatch, fault)
    answers = [await get(http, path) for path in list(newsroom.world.windows)[:6]]
    assert {status for status, _, _ in answers} == statuses
    assert all(("Retry-After" in headers) is (fault is Fault.RATE_LIMIT) for _, headers, _ in answers)
    assert served(newsroom) == []


async def test_a_cut_body_ends_before_its_length(newsroom, http, monkeypatch):
    with_fault(newsroom, monkeypatch, Fault.CUT)
    with pytest.raises(aiohttp.ClientPayloadError):
        await get(http, window_with(newsroom, gzip=False).feed.path)
    assert served(newsroom) == []


async def test_a_truncated_document_is_a_whole_answer_that_is_not_in_the_ledger(newsroom, http, monkeypatch):
    window = window_with(newsroom, gzip=False, full=False)
    whole = (await get(http, window.feed.path))[2]
    with_fault(newsroom, monkeypatch, Fault.TRUNCATED)
    status, _, body = await get(http, window.feed.path)
    assert status == 200
    assert body == whole[: len(body)] != whole
    assert len(served(newsroom)) == 1


@pytest.mark.parametrize(("fault", "start"), [(Fault.HTML_PAGE, b"<!DOCTYPE html>"), (Fault.EMPTY, b"")])
async def test_what_is_no_feed_is_not_in_the_ledger(newsroom, http, monkeypatch, fault, start):
    with_fault(newsroom, monkeypatch, fault)
    status, _, body = await get(http, window_with(newsroom, noise=None).feed.path)
    assert (status, body[: len(start) or None]) == (200, start)
    assert served(newsroom) == []


async def test_a_false_304_is_given_only_to_conditional_requests(newsroom, http, monkeypatch):
    path = window_with(newsroom, noise=None).feed.path
    with_fault(newsroom, monkeypatch, Fault.FALSE_304)
    assert (await get(http, path))[0] == 200
    assert (await get(http, path, **{"If-None-Match": '"anything"'}))[0] == 304


@pytest.mark.parametrize(("fault", "status"), [(Fault.MOVED_PERMANENTLY, 301), (Fault.MOVED_TEMPORARILY, 302)])
async def test_a_redirect_leads_to_the_same_feed(newsroom, http, monkeypatch, fault, status):
    window = window_with(newsroom, noise=None)
    with_fault(newsroom, monkeypatch, fault)
    code, headers, _ = await get(http, window.feed.path)
    assert code == status
    with_fault(newsroom, monkeypatch, None)
    assert (await get(http, headers["Location"]))[2] == (await get(http, window.feed.path))[2]


async def test_a_stale_copy_shows_the_window_as_it_was_and_the_ledger_says_so(newsroom, http, monkeypatch, clock):
    window = window_with(newsroom, noise=None, full=False)
    old = window.now.articles
    newsroom.publish(window.publisher.slug)
    clock.time += 5
    with_fault(newsroom, monkeypatch, Fault.STALE)
    _, _, body = await get(http, window.feed.path)
    assert titles(window, body) == [article.story.title for article in old]
    (fact,) = served(newsroom)
    assert fact.window == tuple((article.key, article.revision) for article in old)
    assert fact.fault == "stale"
    assert len(window.now.articles) == len(old) + 1


@pytest.mark.parametrize("fault", [Fault.SLOW, Fault.WRONG_CHARSET])
async def test_a_slow_or_mislabelled_body_is_whole_and_in_the_ledger(newsroom, http, monkeypatch, fault):
    path = window_with(newsroom, noise=None, gzip=False).feed.path
    whole = (await get(http, path))[2]
    with_fault(newsroom, monkeypatch, fault)
    status, headers, body = await get(http, path)
    assert (status, body) == (200, whole)
    assert ("us-ascii" in headers["Content-Type"]) is (fault is Fault.WRONG_CHARSET)
    assert served(newsroom)[-1].fault == fault


async def test_a_reader_that_hangs_up_on_a_slow_body_was_not_served(clock):
    async with Newsroom(Config(Plan(pace=0), slow=1.0, faults=Level.MANY), clock) as newsroom:
        newsroom.faults.draw = lambda _publisher, _among=(): Fault.SLOW
        path = next(iter(newsroom.world.windows))
        async with aiohttp.ClientSession(newsroom.url) as http, http.get(path) as response:
            await response.content.readany()
            response.close()
        async with aiohttp.ClientSession(newsroom.url) as http, http.get(path) as response:
            await response.read()
        assert len(served(newsroom)) == 1


def test_faults_follow_from_the_seed_and_each_publisher_has_its_own():
    def sequence(seed, publisher, others=0):
        faults = Faults(Level.MANY, seed)
        return [
            ([faults.draw(f"other{n}") for n in range(others)] and None) or faults.draw(publisher) for _ in range(200)
        ]

    assert sequence(1, "a") == sequence(1, "a", others=3)
    assert sequence(1, "a") != sequence(2, "a")
    assert sequence(1, "a") != sequence(1, "b")
    assert set(sequence(1, "a")) > {None, Fault.CUT}


def test_the_level_decides_how_much_goes_wrong():
    def share(level):
        faults = Faults(level, 1)
        draws = [faults.draw(f"publisher{n}") for n in range(60) for _ in range(40)]
        return sum(fault is not None for fault in draws) / len(draws)

    assert share(Level.OFF) == 0 < share(Level.SOME) < 0.2 <= share(Level.MANY) < 0.5


def test_pages_draw_only_their_faults():
    faults = Faults(Level.MANY, 1)
    assert {faults.draw("a", PAGE_FAULTS) for _ in range(200)} == {None, *PAGE_FAULTS}


async def test_the_level_can_be_changed_while_it_runs(newsroom, http):
    async with http.post("/admin/faults?level=many") as response:
        assert response.status == 204
    assert newsroom.faults.level is Level.MANY
    async with http.post("/admin/faults?level=all") as response:
        assert response.status == 400


async def test_paths_are_behaviours(newsroom, http):
    assert (await get(http, "/status/410"))[0] == 410
    assert (await get(http, "/status/x"))[0] == 400
    status, headers, _ = await get(http, "/redirect?to=/empty&code=308")
    assert (status, headers["Location"]) == (308, "/empty")
    assert (await get(http, "/redirect-loop"))[1]["Location"] == "/redirect-loop"
    assert b"<!ENTITY l9" in (await get(http, "/bomb.xml"))[2]
    assert len((await get(http, "/junk?mib=2"))[2]) == 2 * 1024 * 1024
    assert (await get(http, "/empty"))[2] == b""
    assert (await get(http, "/html"))[1]["Content-Type"].startswith("text/html")
    assert (await get(http, "/behaviour/retry?seconds=7"))[1]["Retry-After"] == "7"
    assert json.loads((await get(http, "/behaviour/echo", Authorization="Basic x"))[2])["Authorization"] == "Basic x"
    assert "Set-Cookie" in (await get(http, "/behaviour/cookie"))[1]
    assert (await get(http, "/flip"))[2] != (await get(http, "/flip"))[2]
    assert len(feedparser.parse((await get(http, "/feed.xml?entries=25"))[2]).entries) == 25
    assert len(feedparser.parse((await get(http, "/behaviour/slow?seconds=0.1"))[2]).entries) == 10
    assert len(feedparser.parse((await get(http, "/behaviour/delay?seconds=0.01"))[2]).entries) == 10
    assert not (await get(http, "/behaviour/truncated.xml"))[2].endswith(b"</rss>")
    assert "us-ascii" in (await get(http, "/behaviour/charset"))[1]["Content-Type"]
    assert b"\0" in (await get(http, "/binary"))[2]
    assert (await get(http, "/junk?mib=-1"))[0] == 400
    tag = (await get(http, "/behaviour/etag"))[1]["ETag"]
    assert (await get(http, "/behaviour/etag", **{"If-None-Match": tag}))[0] == 304
    with pytest.raises(aiohttp.ClientPayloadError):
        await get(http, "/behaviour/cut")


async def test_a_gzip_bomb_is_small_on_the_wire(newsroom, http):
    _, headers, body = await get(http, "/gzip-bomb?mib=8")
    assert headers["Content-Encoding"] == "gzip"
    assert len(body) < 20_000
    assert len(gzip.decompress(body)) == 8 * 1024 * 1024


async def test_robots_pictures_and_unknown_paths(newsroom, http):
    assert b"Allow: /" in (await get(http, "/robots.txt"))[2]
    article = next(iter(newsroom.world.windows.values())).now.articles[0]
    status, headers, body = await get(http, f"/p/{article.publisher.slug}/img/{article.number}.png")
    assert (status, headers["Content-Type"], body[:4]) == (200, "image/png", b"\x89PNG")
    assert (await get(http, "/p/nobody/news.xml"))[0] == 404
    assert (await get(http, "/p/radio-fleuve/a/nothing-1.html"))[0] == 404


async def test_the_catalogue_names_every_publisher_and_its_feeds(newsroom, http):
    catalogue = yaml.safe_load((await get(http, "/catalogue.yaml"))[2])
    feeds = catalogue["feeds"]
    publishers = [feed["publisher"] for feed in feeds]
    assert catalogue["defaults"] == {"interval": {"min": 1, "max": 4}, "withdraw_after": 8}
    assert len(set(publishers)) >= 40
    assert sum(publishers.count(publisher) > 1 for publisher in set(publishers)) >= 10
    assert len({feed["id"] for feed in feeds}) == len({feed["url"] for feed in feeds}) == len(feeds)
    assert 1 <= sum(feed.get("full_text", False) for feed in feeds) <= 2
    known = {"id", "url", "publisher", "name", "language", "country", "categories", "profile", "priority", "full_text"}
    assert all(set(feed) <= known for feed in feeds)
    assert {feed["profile"] for feed in feeds} == {"state", "public", "private", "community"}
    assert all(feed["country"].isupper() and len(feed["country"]) == 2 for feed in feeds)
