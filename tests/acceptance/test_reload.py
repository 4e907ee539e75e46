"""The catalogue changes under a running service: feeds come, go, move; a broken file changes nothing and is told."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

from acceptance.origin import Origin, item, rss
from acceptance.service import Service, wait_for, wait_until, write_catalogue
from support.schema_validation import assert_valid_event

GOOD = "telex_catalogue_last_reload_successful"


def feed(origin: Origin, name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "url": origin.url(f"/{name}"), "publisher": f"{name}.example", **more}


def served(*names: str) -> dict[str, bytes]:
    return {f"/{name}": rss(*(item(f"{name}-{number}") for number in range(3))) for name in names}


async def asked_again(origin: Origin, *names: str, times: int = 2) -> None:
    """Wait until each of these was asked some times more than now."""
    paths = [f"/{name}" for name in names]
    before = {path: len(origin.times(path)) for path in paths}
    await wait_until(
        lambda: all(len(origin.times(path)) >= before[path] + times for path in paths), what=f"more polls of {names}"
    )


def rests(origin: Origin, name: str, since: float) -> bool:
    """Whether the feed was not asked since then; what was under way may have ended a little later."""
    return all(at < since + 0.5 for at in origin.times(f"/{name}"))


def running(folder: Path, catalogue: Path) -> Service:
    return Service(folder, catalogue, TELEX_CATALOGUE__CHECK_EVERY="0.2")


async def retired(service: Service) -> list[str]:
    return [event["data"]["feed"] for event in await service.events("telex.feed.retired")]


async def counted(service: Service) -> Counter[str]:
    """How often each article was published, by its guid."""
    return Counter(event["data"]["guid"] for event in await service.events("telex.article.published"))


async def all_valid(service: Service) -> bool:
    for event in await service.events():
        assert_valid_event(event)
    return True


async def test_a_file_that_changes_starts_and_retires_feeds_once(tmp_path: Path):
    file = tmp_path / "feeds.yaml"
    async with Origin(served("stays", "goes", "comes")) as origin:
        stays, goes, comes = (feed(origin, name) for name in ("stays", "goes", "comes"))
        write_catalogue(file, stays, goes)
        service = running(tmp_path, file)
        await service.start()
        await asked_again(origin, "stays", "goes")
        assert origin.times("/comes") == []
        write_catalogue(file, stays, comes)
        await wait_for(lambda: retired(service), what="the feed that left to be retired")
        since = asyncio.get_running_loop().time()
        await asked_again(origin, "stays", "comes", times=3)
        assert rests(origin, "goes", since)
        assert await service.metric("telex_catalogue_version") == 2
        assert await service.metric("telex_catalogue_feeds") == 2
        assert await service.stop() == 0
        await service.start()  # what left stays retired, and is told no second time
        await asked_again(origin, "stays", "comes")
        assert await retired(service) == ["goes"]
        write_catalogue(file, stays, goes, comes)  # it comes back: its articles are known
        await asked_again(origin, "stays", "goes", "comes")
        assert await service.stop() == 0
    assert await counted(service) == {f"{name}-{n}": 1 for name in ("stays", "goes", "comes") for n in range(3)}
    status = [
        event["data"]["health"] for event in await service.events("telex.feed.status") if event["subject"] == "goes"
    ]
    assert status[-1] == "ok"
    assert await retired(service) == ["goes"]
    assert await all_valid(service)


def mount(folder: Path, number: int, *feeds: dict[str, Any]) -> None:
    """Publish a version of a directory as Kubernetes mounts a ConfigMap: `..data` is swapped, files lead through it."""
    version = folder / f"..2026_01_0{number}"
    version.mkdir(parents=True)
    write_catalogue(version / "feeds.yaml", *feeds)
    fresh = folder / "..data_tmp"
    fresh.symlink_to(version.name)
    fresh.replace(folder / "..data")
    if not (folder / "feeds.yaml").is_symlink():
        (folder / "feeds.yaml").symlink_to("..data/feeds.yaml")


async def test_a_mounted_directory_is_followed_through_its_swap(tmp_path: Path):
    folder = tmp_path / "mounted"
    async with Origin(served("stays", "goes", "comes")) as origin:
        stays, goes, comes = (feed(origin, name) for name in ("stays", "goes", "comes"))
        mount(folder, 1, stays, goes)
        service = running(tmp_path, folder)
        await service.start()
        await asked_again(origin, "stays", "goes")
        mount(folder, 2, stays, comes)
        await wait_for(lambda: retired(service), what="the feed that left to be retired")
        since = asyncio.get_running_loop().time()
        await asked_again(origin, "stays", "comes", times=3)
        assert rests(origin, "goes", since)
        write_catalogue(folder / "more.yaml", goes)  # a plain file beside the mounted one
        await asked_again(origin, "stays", "goes", "comes")
        assert await service.metric("telex_catalogue_feeds") == 3
        assert await service.stop() == 0
    assert await retired(service) == ["goes"]
    assert set((await counted(service)).values()) == {1}
    assert await all_valid(service)


async def test_a_broken_file_keeps_the_old_catalogue_and_says_so_until_it_is_mended(tmp_path: Path):
    file = tmp_path / "feeds.yaml"
    async with Origin(served("stays", "comes")) as origin:
        stays, comes = feed(origin, "stays"), feed(origin, "comes")
        write_catalogue(file, stays)
        service = running(tmp_path, file)
        await service.start()
        await asked_again(origin, "stays")

        async def ready() -> bool:
            return (await service.get("/readyz"))[0] == 200

        await wait_for(ready, what="the service to be ready")
        assert await service.metric(GOOD) == 1
        write_catalogue(file, {**stays, "intervall": 5}, {**comes, "url": "ftp://nowhere.example/"})

        async def unready() -> bool:
            return not await ready()

        await wait_for(unready, what="the service to be unready")
        status, why = await service.get("/readyz")
        assert status == 503
        reason = next(line for line in why.splitlines() if line.startswith("[-]"))
        assert reason.startswith("[-]catalogue ")
        assert "feeds.yaml" in reason
        assert "intervall" in reason
        assert (await service.get("/livez"))[0] == 200
        assert await service.metric(GOOD) == 0
        assert await service.metric("telex_catalogue_version") == 1
        said = [line for line in service.said().splitlines() if "intervall" in line]
        assert len(said) == 1, "one line, however often it is looked at"
        assert "ftp" in said[0], "all problems at once"
        await asked_again(origin, "stays", times=3)
        assert origin.times("/comes") == []
        write_catalogue(file, stays, comes)
        await asked_again(origin, "stays", "comes")
        await wait_for(ready, what="the service to be ready again")
        assert await service.metric(GOOD) == 1
        write_catalogue(file, stays)
        await wait_for(lambda: retired(service), what="the mended catalogue to be followed on")
        assert await service.stop() == 0
    assert await retired(service) == ["comes"]
    assert set((await counted(service)).values()) == {1}


async def test_a_moved_feed_publishes_nothing_twice(tmp_path: Path):
    """With an id the feed is the same; without one `previously` says so. Both carry their memory over."""
    file = tmp_path / "feeds.yaml"
    async with Origin(served("old", "named-old")) as origin:
        new = rss(*(item(f"old-{number}") for number in range(4)))
        named = rss(*(item(f"named-old-{number}") for number in range(4)))
        named_new = {"id": "named", "publisher": "named.example"}
        write_catalogue(
            file,
            {"url": origin.url("/old"), "publisher": "old.example"},
            {**named_new, "url": origin.url("/named-old")},
        )
        service = running(tmp_path, file)
        await service.start()
        await asked_again(origin, "old", "named-old")
        origin.paths |= {"/new": new, "/named-new": named}
        write_catalogue(
            file,
            {"url": origin.url("/new"), "previously": [origin.url("/old")], "publisher": "old.example"},
            {**named_new, "url": origin.url("/named-new")},
        )
        await asked_again(origin, "new", "named-new")
        since = asyncio.get_running_loop().time()
        await asked_again(origin, "new", "named-new")
        assert rests(origin, "old", since)
        assert rests(origin, "named-old", since)
        assert await service.stop() == 0
    assert await counted(service) == {f"{name}-{n}": 1 for name in ("old", "named-old") for n in range(4)}
    assert await service.events("telex.feed.retired", "telex.article.updated", "telex.article.withdrawn") == []
    fresh = [e["data"] for e in await service.events("telex.article.published") if e["data"]["guid"].endswith("-3")]
    assert [article["backfill"] for article in fresh] == [False, False], "news of a known feed"
