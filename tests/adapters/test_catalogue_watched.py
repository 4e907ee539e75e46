"""The watched catalogue: first load, reloads, what is refused, and loading in a child process."""

import asyncio
import os

import psutil
import pytest

from telex.adapters.catalogue import watched as module
from telex.adapters.catalogue.feeds import Interval
from telex.adapters.catalogue.load import load
from telex.adapters.catalogue.watched import WatchedCatalogue
from telex.adapters.catalogue.worker import PIECE, load_apart
from telex.core.facts import CatalogueReloaded
from telex.core.identity import shard_of
from telex.core.model import Publisher
from telex.errors import ConfigurationError


class Facts:
    """An observer that keeps what it is told."""

    def __init__(self):
        self.seen = []
        self.more = asyncio.Event()

    def observe(self, fact):
        self.seen.append(fact)
        self.more.set()

    async def wait_count(self, count):
        async with asyncio.timeout(30):
            while len(self.seen) < count:
                self.more.clear()
                await self.more.wait()


def write(path, *hosts):
    """Replace a file as careful programs do: whole."""
    new = path.with_name(".new")
    new.write_text("url\n" + "".join(f"https://{host}.example/\n" for host in hosts))
    new.replace(path)


def hosts(catalogue):
    return sorted(feed.publisher.removesuffix(".example") for feed in catalogue.snapshot.feeds)


@pytest.fixture
def file(tmp_path):
    write(tmp_path / "feeds.csv", "a", "b")
    return tmp_path / "feeds.csv"


@pytest.fixture
async def watched(file):
    catalogue = WatchedCatalogue((str(file),), Facts(), shards=4, check_every=0.02)
    await catalogue.start()
    task = asyncio.create_task(catalogue.run())
    yield catalogue
    task.cancel()
    await asyncio.wait([task])


async def test_the_first_load_must_succeed(tmp_path):
    facts = Facts()
    catalogue = WatchedCatalogue((str(tmp_path / "none.yaml"),), facts)
    with pytest.raises(ConfigurationError, match="No such file"):
        await catalogue.start()
    assert (catalogue.version, catalogue.healthy, facts.seen) == (0, False, [])


async def test_feeds_are_given_by_the_shard_of_their_publisher(watched):
    for name in ("a.example", "b.example"):
        shard = shard_of(Publisher(name), 4)
        assert name in {feed.publisher for feed in watched.feeds(shard).values()}
    assert watched.version == 1


async def test_a_changed_file_is_loaded_and_wakes_who_waits(watched, file):
    waiting = asyncio.create_task(watched.wait_newer(1))
    write(file, "b", "c")
    async with asyncio.timeout(30):
        await waiting
    assert hosts(watched) == ["b", "c"]
    assert watched.version == 2
    await watched.wait_newer(1)
    assert watched._observer.seen[-1] == CatalogueReloaded(2, 2, True, ())


async def test_a_broken_file_keeps_the_old_catalogue_until_it_is_mended(watched, file):
    facts = watched._observer
    file.write_text("url\nhttps://a.example/\nftp://x/\n")
    await facts.wait_count(2)
    assert facts.seen[-1].accepted is False
    assert f"{file}:3: url: is no http or https URL" in facts.seen[-1].problems[0]
    assert (watched.healthy, watched.version, hosts(watched)) == (False, 1, ["a", "b"])
    assert watched.last_problems[0].line == 3
    write(file, "a", "b")
    await facts.wait_count(3)
    assert facts.seen[-1] == CatalogueReloaded(1, 2, True, ())
    assert (watched.healthy, watched.version) == (True, 1)


async def test_a_file_that_is_gone_keeps_the_old_catalogue(watched, file):
    file.unlink()
    await watched._observer.wait_count(2)
    assert (watched.healthy, hosts(watched)) == (False, ["a", "b"])


async def test_a_reload_that_changes_no_feed_is_no_new_version_and_no_news(watched, file):
    file.write_text("name,url\n,https://a.example/\n,https://b.example/\n")
    assert await watched.reload_now()
    assert watched.version == 1
    assert len(watched._observer.seen) == 1


async def test_a_file_that_is_still_being_written_is_left_alone(file, monkeypatch):
    catalogue = WatchedCatalogue((str(file),), Facts(), shards=4, check_every=0)
    await catalogue.start()
    write(file, "a")
    growing = iter([(1,), (2,), (3,), (3,)])
    looks, loads = [], []

    def look(_):
        looks.append(next(growing, (3,)))
        return looks[-1]

    async def reload_now():
        loads.append(len(looks))
        catalogue._stamp = (3,)
        return True

    monkeypatch.setattr(module, "stamp", look)
    monkeypatch.setattr(catalogue, "reload_now", reload_now)
    task = asyncio.create_task(catalogue.run())
    async with asyncio.timeout(30):
        while len(looks) < 8:
            await asyncio.sleep(0)
    task.cancel()
    assert loads == [4]


async def test_a_swap_of_a_mounted_configmap_is_seen(tmp_path):
    for name, host in (("..1", "a"), ("..2", "b")):
        (tmp_path / name).mkdir()
        write(tmp_path / name / "feeds.csv", host)
        os.utime(tmp_path / name / "feeds.csv", (0, 0))
    (tmp_path / "..data").symlink_to("..1")
    (tmp_path / "feeds.csv").symlink_to("..data/feeds.csv")
    for path in (tmp_path, tmp_path / "feeds.csv"):
        (tmp_path / "..new").symlink_to("..1")
        (tmp_path / "..new").replace(tmp_path / "..data")
        catalogue = WatchedCatalogue((str(path),), Facts(), check_every=0.02)
        await catalogue.start()
        task = asyncio.create_task(catalogue.run())
        (tmp_path / "..new").symlink_to("..2")
        (tmp_path / "..new").replace(tmp_path / "..data")
        async with asyncio.timeout(30):
            await catalogue.wait_newer(1)
        assert hosts(catalogue) == ["b"]
        task.cancel()
        await asyncio.wait([task])


async def test_a_large_catalogue_comes_from_a_child_equal_to_one_loaded_here(tmp_path, monkeypatch):
    path = tmp_path / "feeds.csv"
    rows = "".join(
        f"https://p{n % 99}.example/{n},N{n},fr,{'a;b' if n % 2 else ''},{'env:S' if n % 3 else ''}\n"
        for n in range(PIECE * 2 + 7)
    )
    path.write_text("url,name,language,categories,credentials\n" + rows)
    here = load((str(path),), shards=8)
    asked = []

    async def apart(*args, **options):
        asked.append(options)
        return await load_apart(*args, **options)

    monkeypatch.setattr(module, "load_apart", apart)
    monkeypatch.setattr(module, "SMALL", 1000)
    catalogue = WatchedCatalogue((str(path),), Facts(), shards=8)
    await catalogue.start()
    assert len(asked) == 1
    assert catalogue.snapshot == here
    assert len({id(feed.publisher) for feed in catalogue.snapshot.feeds}) == 99
    path.write_text("url\nftp://x/\n" + "\n" * 1000)
    assert not await catalogue.reload_now()
    assert str(catalogue.last_problems[0]).startswith(f"{path}:2: url: ")
    assert catalogue.snapshot == here


async def test_a_child_that_dies_is_a_problem_and_a_cancelled_load_leaves_none(tmp_path):
    path = tmp_path / "feeds.csv"
    path.write_text("url\n" + "".join(f"https://a.example/{n}\n" for n in range(50_000)))
    for end in ("kill", "cancel"):
        before = set(psutil.Process().children())
        loading = asyncio.create_task(load_apart((str(path),), shards=4, interval=Interval()))
        async with asyncio.timeout(30):
            while not (children := set(psutil.Process().children()) - before):
                await asyncio.sleep(0.01)
        if end == "kill":
            children.pop().kill()
            with pytest.raises(ConfigurationError, match="its reader ended with status -9"):
                await loading
        else:
            loading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await loading
        assert set(psutil.Process().children()) <= before
