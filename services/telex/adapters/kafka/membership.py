"""Our membership of the consumer group: which shards are ours, and since when that is certain."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor

from telex.adapters.kafka.clients import (
    discard,
    generation_of,
    group_options,
    refresh_metadata,
    retrieve,
    sees_topic,
    start,
    stop,
    watch_group,
)
from telex.adapters.kafka.config import KafkaSettings, client_options
from telex.adapters.kafka.faults import OustedError, words

_FOR_EVER: Final = 24 * 3600 * 1000
"""Milliseconds that one wait for records lasts; none ever come, all partitions are paused."""
_AGAIN: Final = 1.0
"""Seconds before a membership that failed is begun anew."""
_OUSTED_LEAST: Final = 5.0
_OUSTED_MOST: Final = 60.0
"""Seconds that we stay away after another process took our stable name: twice as long each time, so that shards do not
go to and fro between the two every second."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """The shards that are ours. `kept`: nobody else can have owned those among them that were ours before."""

    shards: frozenset[int]
    kept: bool


class Membership:
    """One member of the group. It only tells; what it tells is acted upon by another task.

    The group is told so by heartbeats alone. The consumer reads nothing: its partitions stay paused, and one task waits
    for records for ever, because aiokafka takes a consumer that nobody waits on for hung and leaves the group.

    aiokafka's rebalances are eager: for the time of one, every member gives all its partitions back, and gets most of
    them again (sticky). A claim ends only when the new assignment does not hold its shard, or when somebody else may have
    owned it meanwhile: when we were expelled, or missed a generation. Should we be wrong, the fence is there.
    """

    def __init__(self, settings: KafkaSettings, tell: Callable[[Assignment], None]) -> None:
        self.trouble: str | None = None
        self.confirmed = float("-inf")
        """When the latest heartbeat was sent that the coordinator confirmed, in the loop's time."""
        self.consumer: AIOKafkaConsumer | None = None
        self._settings = settings
        self._tell = tell
        self._news: asyncio.Queue[Assignment] = asyncio.Queue()
        self._generation: int | None = None
        self._blind = False
        self._beat = asyncio.Event()
        self._taken = asyncio.Event()
        self._away = 0.0
        self._joined = float("-inf")
        self._dropped: AIOKafkaConsumer | None = None

    async def run(self) -> None:
        """Be a member until cancelled; begin anew whenever that fails."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._pass_on())
            while True:
                pause = _AGAIN
                try:
                    await self._be_member()
                except OustedError as error:
                    self.trouble, pause = words(error), self._next_away()
                except Exception as error:  # noqa: BLE001 - whatever aiokafka raises: the next membership is a new one
                    self.trouble = f"the consumer group {self._settings.group}: {words(error.__cause__ or error)}"
                self._post(frozenset(), kept=False)
                await self._drop()
                await asyncio.sleep(pause)

    async def _be_member(self) -> None:
        # aiokafka keeps the assignor's memory on its class.
        assignor = type("Sticky", (StickyPartitionAssignor,), {"member_assignment": None})
        self.consumer = consumer = AIOKafkaConsumer(
            **client_options(self._settings),
            **group_options(self._settings),
            partition_assignment_strategy=(assignor,),
            auto_offset_reset="latest",
            enable_auto_commit=False,
        )
        self._taken.clear()
        self._joined = asyncio.get_running_loop().time()
        watch_group(consumer, self._note_heartbeat, self._note_ousted)
        await start(consumer, self._settings, "joining the consumer group")
        consumer.subscribe([self._settings.topics.state], listener=_Listener(self))
        looking = asyncio.create_task(self._keep_looking(consumer))
        waiting = asyncio.create_task(self._wait_for_ever(consumer))
        taken = asyncio.create_task(self._taken.wait())
        try:
            await asyncio.wait((waiting, taken), return_when=asyncio.FIRST_COMPLETED)
            if self._taken.is_set():
                raise OustedError(self._settings.instance)
            waiting.result()
        finally:
            for task in (looking, waiting, taken):
                task.cancel()
                task.add_done_callback(retrieve)

    async def _wait_for_ever(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            await consumer.getmany(timeout_ms=_FOR_EVER)

    async def _keep_looking(self, consumer: AIOKafkaConsumer) -> None:
        """See to it that the group hears of the topic as soon as it can be seen.

        A leader that may not see the topic, or finds it without partitions, assigns nothing to anybody; by itself
        aiokafka would look again only when its metadata is old.
        """
        topic = self._settings.topics.state
        while True:
            await asyncio.sleep(_AGAIN)
            self._blind = not sees_topic(consumer, topic)
            if self._blind:
                self.trouble = f"the consumer group {self._settings.group}: the topic {topic} cannot be seen"
                refresh_metadata(consumer)

    async def close(self) -> None:
        """Leave the group; with a stable name only fall silent, so that a restart in place moves nothing."""
        consumer, self.consumer = self.consumer, None
        if consumer is not None:
            await stop(consumer)
        if self._dropped is not None:  # cancelled half way
            await discard(self._dropped)

    async def _drop(self) -> None:
        consumer, self.consumer = self.consumer, None
        if consumer is not None:
            self._dropped = consumer
            await discard(consumer)
            self._dropped = None

    def _note_heartbeat(self, sent: float) -> None:
        self.confirmed = max(self.confirmed, sent)
        if not self._blind:
            self.trouble = None
        self._beat.set()

    def _note_ousted(self, fenced: bool) -> bool:
        """Whether another process took our stable name.

        A coordinator that does not know us, though it has confirmed us within the session, has given our place away.
        """
        silent = asyncio.get_running_loop().time() - self.confirmed
        if self._settings.instance is None or not (fenced or silent < self._settings.session):
            return False
        self._taken.set()
        return True

    def _next_away(self) -> float:
        """How long to stay away; after a membership that lasted longer than anybody stays away it is short again."""
        lasted = self.confirmed - self._joined
        self._away = _OUSTED_LEAST if lasted > 2 * _OUSTED_MOST else min(2 * self._away, _OUSTED_MOST) or _OUSTED_LEAST
        return self._away

    async def wait_confirmed(self, since: float) -> None:
        """Wait for the confirmation of a heartbeat that was sent after `since`."""
        while self.confirmed <= since:
            self._beat.clear()
            await self._beat.wait()

    # What aiokafka calls back. It waits for us, and heartbeats wait with it: post and return.

    def on_revoked(self) -> None:
        """A rebalance begins, or we were expelled."""
        if self.consumer is not None and generation_of(self.consumer) < 0:
            self._post(frozenset(), kept=False)

    def on_assigned(self, partitions: Iterable[TopicPartition]) -> None:
        """A rebalance ended."""
        consumer = self.consumer
        if consumer is None:
            return
        partitions = tuple(partitions)
        consumer.pause(*partitions)
        generation, before = generation_of(consumer), self._generation
        kept = before is not None and before <= generation <= before + 1
        self._post(frozenset(partition.partition for partition in partitions), kept=kept)
        self._generation = generation

    def _post(self, shards: frozenset[int], *, kept: bool) -> None:
        if not kept:
            self._generation = None
        self._news.put_nowait(Assignment(shards, kept))

    async def _pass_on(self) -> None:
        while True:
            self._tell(await self._news.get())


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka ships no types
    def __init__(self, membership: Membership) -> None:
        self._membership = membership

    def on_partitions_revoked(self, revoked: Any) -> None:  # noqa: ARG002 - eager: it is always everything
        self._membership.on_revoked()

    def on_partitions_assigned(self, assigned: Any) -> None:
        self._membership.on_assigned(assigned)
