"""`telex state rebuild`: what telex remembers, built again from what it published, where the state topic was lost."""

import argparse
import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

from telex.adapters.catalogue.load import read_feeds
from telex.adapters.clock import SystemClock
from telex.adapters.kafka.admin import count_members
from telex.adapters.kafka.archive import inbox_ends, kept
from telex.adapters.kafka.claim import KafkaClaim
from telex.adapters.kafka.config import KafkaSettings
from telex.adapters.kafka.log import KafkaLog
from telex.adapters.kafka.state import REBUILDING
from telex.adapters.logs import quiet
from telex.commands.common import Exit, Subparsers, config_argument, counted, run_async, say, settings, show, until
from telex.core.memory import ScheduleRecord
from telex.core.model import Feed, FeedId
from telex.errors import LogError, LogUnavailable
from telex.eventlogs import kafka_settings
from telex.ports import Clock, Commit
from telex.settings import Config
from telex.shard.rebuild import Counts, Rebuild
from telex.wire.memories import pack_schedule

_CLAIMING = 120.0
"""Seconds in which every shard has to be claimed: nobody else wants them."""
_COMMIT = 4 << 20
_KEY = 1024
_TURN = 200
"""Events between two turns of the loop: it has heartbeats to send."""

Tell = Callable[[str], None]


class NotRebuiltError(LogError):
    """Why nothing was done, or what to do since it ended half way."""


def add(parsers: Subparsers) -> None:
    """Declare the command."""
    parser = parsers.add_parser("state", help="work on what telex remembers: rebuild")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    rebuilding = actions.add_parser(
        "rebuild",
        help="build the state topic of a Kafka log again from the topics of events; stop every `telex run` before",
        description=(
            "Builds what telex remembers again from the topics of events, so that no article is published twice. For a "
            "Kafka log whose state topic was lost; a sqlite log keeps both in one file, and has nothing to rebuild. "
            "Stop every `telex run` before, and start none until this has ended."
        ),
    )
    rebuilding.add_argument(
        "--replace", action="store_true", help="also where the state topic is not empty: its memories are replaced"
    )
    rebuilding.add_argument("--catalogue", action="append", metavar="PATH", help="file or directory; may be repeated")
    config_argument(rebuilding)
    rebuilding.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """0 when rebuilt; 1 where that was refused or failed; 2 where the log is no Kafka log."""
    paths = tuple(arguments.catalogue) if arguments.catalogue else None
    config: Config = settings(arguments, catalogue__paths=paths)
    if config.log.kind != "kafka":
        say("telex state rebuild: is for a Kafka log; a sqlite log keeps events and memories in one file (log.kind)")
        return Exit.USAGE
    feeds = read_feeds(config.catalogue.paths)
    chosen = kafka_settings(config)
    quiet()

    async def work(stop: asyncio.Event) -> int:
        rebuilding = rebuild(chosen, feeds, SystemClock(), replacing=arguments.replace, tell=show)
        if await until(stop, rebuilding) is None:
            say("telex state rebuild: interrupted; before any `telex run`, run it again with --replace")
            return Exit.INTERRUPTED
        return Exit.DONE

    return run_async(work)


async def rebuild(chosen: KafkaSettings, feeds: Iterable[Feed], clock: Clock, *, replacing: bool, tell: Tell) -> Counts:
    """Write memories that know what the topics of events tell; with `replacing` in place of those that are there.

    All shards are claimed first: whoever owned them can publish nothing more. Commands that wait in the inbox are taken
    for obeyed.

    Raises:
        NotRebuiltError: the group has members, the state is not empty, or a claim was lost half way.
        ConfigurationError: settings, topics or access rules have to be mended.
        LogError: the log cannot be used now.
    """
    async with _claimed(chosen) as claims:
        old = sum(len(claim.restored.memories) for claim in claims.values())
        if old and not replacing:
            raise NotRebuiltError(
                f"{chosen.topics.state} is not empty: it remembers {counted(old, 'feed')}; with --replace "
                "they are replaced by what the topics of events tell"
            )
        if old:
            tell(f"{chosen.topics.state}: {counted(old, 'memory', 'memories')} will be replaced")
        now = clock.now()
        told, horizon = await _read(chosen, now, tell)
        limit = min(claim.record_limit for claim in claims.values()) - _KEY
        if not told:
            raise NotRebuiltError(f"no events in {chosen.topics.articles}: is this the cluster, and the topic?")
        built = told.build(feeds, shards=chosen.shards, now=now, horizon=horizon, limit=limit)
        ends = await inbox_ends(chosen)
        try:
            for claim in claims.values():
                await claim.append(Commit(schedule=REBUILDING))
            for shard, memories in enumerate(built.shards):
                await _write(claims[shard], memories)
            for shard, claim in claims.items():
                await claim.append(Commit(schedule=pack_schedule(ScheduleRecord({}, {})), inbox=ends[shard] or None))
        except LogError as error:
            what = "it ended half way: before any `telex run`, run it again with --replace"
            raise NotRebuiltError(f"{error}; {what}") from error
    _report(built.counts, tell)
    return built.counts


@asynccontextmanager
async def _claimed(chosen: KafkaSettings) -> AsyncIterator[Mapping[int, KafkaClaim]]:
    """A live claim of every shard, where nobody else wants one."""
    # Nameless: a member with a stable name would stay in the group, and no process may take another's name.
    nameless = replace(chosen, instance=None, begin_anew=True)
    log = await KafkaLog.open(nameless, random=random.Random())  # noqa: S311 - jitter, no secrets
    claims: dict[int, KafkaClaim] = {}
    try:
        if found := await count_members(chosen):
            raise NotRebuiltError(
                f"the consumer group {chosen.group} has {counted(found, 'member')}: stop every `telex run`, and "
                f"wait {chosen.session:g} s (kafka.session) where they have stable names (kafka.instance), or where "
                "one, or a rebuild, was killed"
            )
        try:
            async with asyncio.timeout(_CLAIMING):
                async for claim in log.claims():
                    claims[claim.shard] = claim
                    if len(claims) == chosen.shards:
                        break
        except TimeoutError:
            why = log.trouble or "another member has them"
            raise LogUnavailable(f"{len(claims)} of {chosen.shards} shards could be claimed: {why}") from None
        yield claims
    finally:
        await log.close()


async def _read(chosen: KafkaSettings, now: float, tell: Tell) -> tuple[Rebuild, float | None]:
    """What the topics of events tell, and how far back those of articles go: None where none was deleted."""
    topics = chosen.topics
    told = Rebuild()
    horizon: float | None = None
    # Latest versions after all versions: of articles whose other events were deleted they tell more than nothing.
    current = () if topics.current is None else (topics.current,)
    for topic in (topics.articles, *current, topics.feeds, topics.feedlog, topics.deadletters):
        count = 0
        async for each in kept(chosen, topic):
            at = told.take(each.record) if each.record is not None else now
            if each.is_first and topic == topics.articles:
                horizon = max(horizon or 0.0, now if at is None else at)
            count += each.record is not None
            if count % _TURN == 0:
                await asyncio.sleep(0)
        tell(f"{topic}: {counted(count, 'record')} read")
    return told, horizon


async def _write(claim: KafkaClaim, memories: Mapping[FeedId, bytes]) -> None:
    """Write a shard's memories in commits of a bearable size; those that nothing tells of are removed."""
    changes: dict[FeedId, bytes | None] = dict.fromkeys(claim.restored.memories.keys() - memories.keys())
    changes |= memories
    part: dict[FeedId, bytes | None] = {}
    size = 0
    for feed, memory in changes.items():
        part[feed] = memory
        size += len(memory or b"")
        if size > _COMMIT:
            await claim.append(Commit(memories=part))
            part, size = {}, 0
    await claim.append(Commit(memories=part))


def _report(counts: Counts, tell: Tell) -> None:
    tell(
        f"rebuilt: {counted(counts.feeds, 'feed')} ({counts.left} not in the catalogue), "
        f"{counted(counts.articles, 'article')} ({counts.withdrawn} withdrawn)"
    )
    for number, what in (
        (counts.unknown, "have neither id nor address in any event: still shown, they are published again"),
        (counts.given_up, "are more than a memory holds: still shown, they are published again"),
    ):
        if number:
            tell(f"note: {counted(number, 'article')} {what}")
    if counts.foreign:
        tell(f"note: {counted(counts.foreign, 'record')} of another program passed over")
