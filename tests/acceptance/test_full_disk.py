"""A disk without room: polling waits, every way of asking says so, nothing is lost, and it goes on when there is room."""

import asyncio
import ctypes
import os
import resource
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from acceptance.origin import Growing, Origin
from acceptance.service import Service, wait_until, write_catalogue
from support.schema_validation import assert_valid_event
from telex.core.identity import shard_of
from telex.core.model import Publisher

DISK = 8 << 20
SHARDS = 8
Switch = Callable[[Service], None]


class Ballast:
    """A file system of its own, which a file fills to the last byte. SQLite says that it is full: every shard waits."""

    full = '"event":"log takes no appends, polling waits"'
    room_again = '"event":"log takes appends again"'
    paused = 1.0
    at_start = 0

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / "ballast"

    def fill(self, _service: Service) -> None:
        with self._file.open("wb", buffering=0) as file:
            for size in (1 << 16, 1 << 12, 1):
                while _written(file.fileno(), b"x" * size):
                    pass

    def empty(self, _service: Service) -> None:
        self._file.unlink()


def _written(file: int, data: bytes) -> int:
    try:
        return os.write(file, data)
    except OSError:
        return 0


class Ration:
    """No file of the process may grow beyond what the largest of its log has now, as with a quota.

    To SQLite that is an error of the disk, after which nobody knows what was written: claims die, and are won afresh.
    """

    full = '"reason":"unknown"'
    room_again = '"event":"shard claimed"'
    paused = 0.0
    at_start = SHARDS

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self, service: Service) -> None:
        assert service.process is not None
        largest = max(path.stat().st_size for path in self.folder.glob("telex.sqlite*"))
        resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))

    def empty(self, service: Service) -> None:
        assert service.process is not None
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, unlimited)


@pytest.fixture(params=["disk", "ration"])
def room(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ballast | Ration]:
    """Room for a log that can be taken away and given back."""
    folder = tmp_path / "room"
    folder.mkdir()
    if request.param == "ration":
        if not hasattr(resource, "prlimit"):
            pytest.skip("this system cannot limit another process's files (prlimit)")
        yield Ration(folder)
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "mount") or libc.mount(b"none", bytes(folder), b"tmpfs", 0, f"size={DISK}".encode()) != 0:
        pytest.skip(f"a tmpfs cannot be mounted here: {os.strerror(ctypes.get_errno()) or 'no mount'}")
    try:
        yield Ballast(folder)
    finally:
        libc.umount2(bytes(folder), 2)  # MNT_DETACH: also where a test left something open


async def test_a_full_disk_pauses_polling_and_loses_nothing(tmp_path: Path, room: Ballast | Ration):
    feeds = [Growing(f"feed-{number}", size=2000) for number in range(3)]
    async with Origin({f"/{each.name}": each for each in feeds}) as origin:
        catalogue = [{"id": each.name, "url": origin.url(f"/{each.name}"), "publisher": each.name} for each in feeds]
        write_catalogue(tmp_path / "feeds.yaml", *catalogue)
        service = Service(room.folder, tmp_path / "feeds.yaml", TELEX_LOG__SHARDS=str(SHARDS))
        service.words = tmp_path / "words.txt"
        await service.start()
        await wait_until(lambda: all(each.entries >= 5 for each in feeds), what="the feeds to be read")
        assert (await service.get("/readyz"))[0] == 200
        assert await service.metric("telex_log_paused") == 0
        room.fill(service)
        shards = {shard_of(Publisher(each.name), SHARDS) for each in feeds}
        await wait_until(lambda: service.said().count(room.full) >= len(shards), what="every shard with news to wait")
        status, why = await service.get("/readyz")
        assert status == 503
        assert "[-]log " in why
        assert "telex.sqlite" in why
        assert await service.metric("telex_log_paused") == room.paused
        assert (await service.get("/livez"))[0] == 200
        asked = len(origin.asked)
        await asyncio.sleep(4)
        assert len(origin.asked) == asked, "nothing is fetched for which there is no room"
        room.empty(service)
        await wait_until(
            lambda: service.said().count(room.room_again) - room.at_start == service.said().count(room.full),
            what="every shard to go on",
        )
        before = [each.entries for each in feeds]
        await wait_until(
            lambda: all(each.entries >= n + 3 for each, n in zip(feeds, before, strict=True)), what="polling to go on"
        )
        assert (await service.get("/readyz"))[0] == 200
        assert await service.metric("telex_log_paused") == 0
        assert await service.stop() == 0
        events = await service.events()
    published = Counter(event["data"]["guid"] for event in events if event["type"] == "telex.article.published")
    assert set(published.values()) == {1}
    for each in feeds:
        assert set(each.names()[:-1]) <= published.keys(), "the last answer may not have arrived"
    for event in events:
        assert_valid_event(event)
    assert "Traceback" not in service.said()
    assert '"outcome":"internal"' not in service.said()
