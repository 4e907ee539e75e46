"""The catalogue that a running service has: loaded, watched, and swapped as a whole or not at all."""

import asyncio
from collections.abc import Mapping

from telex.adapters.catalogue.feeds import Interval
from telex.adapters.catalogue.files import total_bytes
from telex.adapters.catalogue.load import DEFAULT_INTERVAL, CatalogueSnapshot, load
from telex.adapters.catalogue.worker import load_apart
from telex.adapters.configuration.files import Stamp, stamp
from telex.core.facts import CatalogueReloaded
from telex.core.model import Feed, FeedId
from telex.errors import ConfigurationError, Problem
from telex.ports import Observer

SMALL = 64 << 10
"""Bytes that a thread reads in a fraction of a second; more is loaded in a process of its own."""


class WatchedCatalogue:
    """A `ports.Catalogue` of files that are looked at every `check_every` seconds.

    A change is loaded once the files have rested for one check, so that a half-written file retires no feeds. A
    catalogue with a problem is not taken: the one before stays, `healthy` is False and `last_problems` say why.
    """

    def __init__(
        self,
        paths: tuple[str, ...],
        observer: Observer,
        *,
        shards: int = 32,
        interval: Interval = DEFAULT_INTERVAL,
        check_every: float = 2.0,
    ) -> None:
        self.last_problems: tuple[Problem, ...] = ()
        self._paths = paths
        self._observer = observer
        self._shards = shards
        self._interval = interval
        self._check_every = check_every
        self._version = 0
        self._snapshot = CatalogueSnapshot((), "", ({},) * shards)
        self._stamp: Stamp = ()
        self._reloading = asyncio.Lock()
        self._newer = asyncio.Event()

    @property
    def healthy(self) -> bool:
        """Whether the files as they are now are the catalogue that rules."""
        return not self.last_problems

    @property
    def version(self) -> int:
        """0 before `start`, then 1; grows by one with each accepted load that changed a feed."""
        return self._version

    @property
    def snapshot(self) -> CatalogueSnapshot:
        """The catalogue that rules."""
        return self._snapshot

    def feeds(self, shard: int) -> Mapping[FeedId, Feed]:
        """The feeds whose publishers hash to this shard, as of now."""
        return self._snapshot.shards[shard]

    async def wait_newer(self, version: int) -> None:
        """Return once the catalogue's version is greater than `version`."""
        while self._version <= version:
            await self._newer.wait()

    async def start(self) -> None:
        """Load the catalogue for the first time.

        Raises:
            ConfigurationError: something is wrong with it: all problems at once.
        """
        if not await self.reload_now():
            raise ConfigurationError(self.last_problems)

    async def run(self) -> None:
        """Watch the files, for ever."""
        seen = self._stamp
        while True:
            await asyncio.sleep(self._check_every)
            now = await asyncio.to_thread(stamp, self._paths)
            rested, seen = now == seen, now
            if rested and now != self._stamp:
                await self.reload_now()

    async def reload_now(self) -> bool:
        """Load the files now, changed or not; whether they were accepted."""
        async with self._reloading:
            self._stamp = await asyncio.to_thread(stamp, self._paths)
            try:
                loaded = await self._load()
            except ConfigurationError as error:
                self.last_problems = error.problems
                if self._version:  # else there is no old one to stay, and `start` says why
                    self._tell(accepted=False)
                return False
            recovered, self.last_problems = not self.healthy, ()
            changed = loaded.digest != self._snapshot.digest
            if changed:
                self._swap(loaded)
            if changed or recovered:
                self._tell(accepted=True)
            return True

    async def _load(self) -> CatalogueSnapshot:
        if await asyncio.to_thread(total_bytes, self._paths) <= SMALL:
            return await asyncio.to_thread(load, self._paths, shards=self._shards, interval=self._interval)
        return await load_apart(self._paths, shards=self._shards, interval=self._interval)

    def _swap(self, loaded: CatalogueSnapshot) -> None:
        self._snapshot = loaded
        self._version += 1
        waiting, self._newer = self._newer, asyncio.Event()
        waiting.set()

    def _tell(self, *, accepted: bool) -> None:
        problems = tuple(map(str, self.last_problems))
        self._observer.observe(CatalogueReloaded(self._version, len(self._snapshot.feeds), accepted, problems))
