"""Loads a catalogue: from files to one value, all or nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from types import MappingProxyType

import orjson

from telex.adapters.catalogue.feeds import Assembler, Interval
from telex.adapters.catalogue.files import Source, guess_format, read_drafts, read_sources
from telex.adapters.configuration.files import read_at_rest
from telex.adapters.configuration.problems import Place, Problems
from telex.core.identity import shard_of
from telex.core.model import Feed, FeedId, Publisher

DEFAULT_INTERVAL = Interval()


@dataclass(frozen=True, slots=True)
class CatalogueSnapshot:
    """A whole catalogue at one moment.

    `digest` is equal for equal feeds, whatever the files looked like; `shards[n]` are the feeds whose publishers hash
    to shard n.
    """

    feeds: tuple[Feed, ...]
    digest: str
    shards: tuple[Mapping[FeedId, Feed], ...]


def load(paths: tuple[str, ...], *, shards: int = 32, interval: Interval = DEFAULT_INTERVAL) -> CatalogueSnapshot:
    """Load the catalogue in these files and directories. It blocks; 100,000 feeds as CSV take a few seconds.

    Raises:
        ConfigurationError: something is wrong with it: all problems at once.
    """
    return snapshot(read_feeds(paths, interval=interval), shards)


def read_feeds(paths: tuple[str, ...], *, interval: Interval = DEFAULT_INTERVAL) -> list[Feed]:
    """The feeds in these files and directories, in the order of the files.

    Raises:
        ConfigurationError: something is wrong with them: all problems at once.
    """
    problems = Problems()
    return _assembled(_settled(paths, problems), interval, problems)


def _settled(paths: tuple[str, ...], problems: Problems) -> list[Source]:
    """The files, read while none of them changed."""
    if not paths:
        problems.add(Place("catalogue"), "", "names no file", "name a catalogue file or directory")
    return read_at_rest(paths, lambda found: read_sources(paths, found), problems) or []


def parse_feeds(
    data: bytes, where: str, *, kind: str | None = None, interval: Interval = DEFAULT_INTERVAL
) -> list[Feed]:
    """The feeds of one document in any of the formats (`kind`: yaml, csv, opml; None: by its name or its beginning).

    Raises:
        ConfigurationError: something is wrong with it: all problems at once.
    """
    return _assembled([Source(where, kind or guess_format(where, data), data)], interval, Problems())


def _assembled(sources: list[Source], interval: Interval, problems: Problems) -> list[Feed]:
    assembler = Assembler(interval, problems)
    for source in sources:
        assembler.add(read_drafts(source, problems))
    problems.raise_any()
    return assembler.feeds


def sharding(shards: int) -> Callable[[Publisher], int]:
    """The shard of a publisher, computed once for each."""

    @cache
    def place(publisher: Publisher) -> int:
        return shard_of(publisher, shards)

    return place


def snapshot(feeds: list[Feed], shards: int) -> CatalogueSnapshot:
    """The value of these feeds, divided among so many shards."""
    place = sharding(shards)
    divided: tuple[dict[FeedId, Feed], ...] = tuple({} for _ in range(shards))
    state = blake2b(digest_size=16)
    for feed in feeds:
        divided[place(feed.publisher)][feed.id] = feed
        state.update(orjson.dumps(feed))
    return frozen(feeds, state.hexdigest(), divided)


def frozen(feeds: list[Feed], digest: str, divided: tuple[dict[FeedId, Feed], ...]) -> CatalogueSnapshot:
    """The value of feeds that are divided already."""
    return CatalogueSnapshot(tuple(feeds), digest, tuple(MappingProxyType(each) for each in divided))
