"""Loads a catalogue in another process, and takes it over in pieces.

Parsing 100,000 feeds takes seconds of Python. In a thread it would take the interpreter's lock away from the event
loop, 5 ms at a time; in a child process it costs the loop only what making the values costs, some milliseconds a piece.
"""

import asyncio
import gc
import json
import os
import pickle
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from dataclasses import astuple, fields
from hashlib import blake2b
from operator import attrgetter
from typing import IO, Any

import orjson

from telex.adapters.catalogue.feeds import Interval
from telex.adapters.catalogue.load import CatalogueSnapshot, frozen, read_feeds, sharding
from telex.core.model import Feed, FeedId, Publisher
from telex.errors import ConfigurationError, Problem

PIECE = 500
"""Feeds taken over between two turns of the loop: some 2 ms."""
_NAMES = tuple(field.name for field in fields(Feed))
_OWN = 5
"""So many fields come first that differ from feed to feed; the rest is common to many, and kept once."""
_Getter = Callable[[Feed], tuple[Any, ...]]
_own: _Getter = attrgetter(*_NAMES[:_OWN])
_common: _Getter = attrgetter(*_NAMES[_OWN:])
_LENGTH = 4


async def load_apart(paths: tuple[str, ...], *, shards: int, interval: Interval) -> CatalogueSnapshot:
    """What `catalogue_load.load` gives, without blocking the event loop. A cancelled load ends its child.

    Raises:
        ConfigurationError: something is wrong with the catalogue: all problems at once.
    """
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", __name__),
        stdin=PIPE,
        stdout=PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        start_new_session=True,  # Ctrl-C at a terminal is ours to pass on
    )
    try:
        assert child.stdin is not None
        child.stdin.write(json.dumps((paths, shards, (interval.min, interval.max))).encode() + b"\n")
        child.stdin.close()
        return await _take_over(child, shards)
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


async def _take_over(child: Process, shards: int) -> CatalogueSnapshot:
    feeds: list[Feed] = []
    divided: tuple[dict[FeedId, Feed], ...] = tuple({} for _ in range(shards))
    shared: dict[Any, Any] = {}
    while True:
        match await _piece(child):
            case ("feeds", rows):
                for shard, name, url, publisher, *own, common in rows:
                    feed = Feed(name, url, Publisher(sys.intern(publisher)), *own, *shared.setdefault(common, common))
                    feeds.append(feed)
                    divided[shard][feed.id] = feed
                await asyncio.sleep(0)
            case ("problems", problems):
                raise ConfigurationError(tuple(Problem(*each) for each in problems))
            case ("digest", str(digest)):
                return frozen(feeds, digest, divided)


async def _piece(child: Process) -> Any:
    assert child.stdout is not None
    try:
        size = int.from_bytes(await child.stdout.readexactly(_LENGTH), "big")
        return pickle.loads(await child.stdout.readexactly(size))  # noqa: S301 - from our own child
    except asyncio.IncompleteReadError:
        what = f"could not be loaded: its reader ended with status {await child.wait()}"
        remedy = "see what it said on standard error, and whether memory ran out"
        raise ConfigurationError((Problem("catalogue", None, None, "", what, remedy),)) from None


def main(asked: IO[bytes], out: IO[bytes]) -> None:
    """The child: read what is asked, answer in pieces."""
    gc.disable()  # it ends soon, and nothing it makes is garbage
    paths, shards, bounds = json.loads(asked.readline())
    try:
        feeds = read_feeds(tuple(paths), interval=Interval(*bounds))
    except ConfigurationError as error:
        _send(out, "problems", [astuple(problem) for problem in error.problems])
        return
    place, state = sharding(shards), blake2b(digest_size=16)
    for start in range(0, len(feeds), PIECE):
        piece = feeds[start : start + PIECE]
        for feed in piece:
            state.update(orjson.dumps(feed))
        _send(out, "feeds", [(place(feed.publisher), *_own(feed), _common(feed)) for feed in piece])
    _send(out, "digest", state.hexdigest())


def _send(out: IO[bytes], kind: str, value: Any) -> None:
    packed = pickle.dumps((kind, value), protocol=pickle.HIGHEST_PROTOCOL)
    out.write(len(packed).to_bytes(_LENGTH, "big") + packed)
    out.flush()


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
