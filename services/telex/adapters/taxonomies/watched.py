"""The tagger that a running service has: its taxonomies are watched, and swapped as a whole or not at all."""

import asyncio

from telex.adapters.configuration.files import Stamp, stamp
from telex.adapters.taxonomies.load import load_taxonomies
from telex.core.facts import TaxonomiesReloaded
from telex.errors import ConfigurationError, Problem
from telex.ports import Observer
from telex.tagging.tagger import Tagging
from telex.tagging.tags import Tags
from telex.tagging.text import Text


class WatchedTagger:
    """A `tagging.Tagger` whose operators' taxonomies are looked at every `check_every` seconds.

    A change is loaded once the files have rested for one check. Taxonomies with a problem are not taken: those before
    stay, `healthy` is False and `last_problems` say why. An article is tagged by one version as a whole.
    """

    def __init__(self, tagging: Tagging, paths: tuple[str, ...], observer: Observer, *, check_every: float) -> None:
        self.last_problems: tuple[Problem, ...] = ()
        self._tagging = tagging
        self._paths = paths
        self._observer = observer
        self._check_every = check_every
        self._stamp: Stamp = stamp(paths)

    @property
    def healthy(self) -> bool:
        """Whether the files as they are now are the taxonomies that rule."""
        return not self.last_problems

    def tag(self, text: Text) -> Tags:
        """The tags of a text, by the taxonomies that rule now."""
        return self._tagging.tag(text)

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
        self._stamp = await asyncio.to_thread(stamp, self._paths)
        try:
            loaded = await asyncio.to_thread(load_taxonomies, self._paths)
        except ConfigurationError as error:
            self.last_problems = error.problems
            self._tell(accepted=False)
            return False
        recovered, self.last_problems = not self.healthy, ()
        made = self._tagging.with_taxonomies(loaded)
        if made.versions != self._tagging.versions or recovered:
            self._tagging = made
            self._tell(accepted=True)
        return True

    def _tell(self, *, accepted: bool) -> None:
        problems = tuple(map(str, self.last_problems))
        self._observer.observe(TaxonomiesReloaded(self._tagging.versions, accepted, problems))
