"""Clients of aiokafka: made, watched, and ended without a last word. All that we use of its inside is here."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import (
    KafkaError,
    LeaderNotAvailableError,
    NoError,
    ProducerClosed,
    UnknownMemberIdError,
    UnknownTopicOrPartitionError,
    for_code,
)
from aiokafka.protocol.group import HeartbeatRequest, JoinGroupRequest, SyncGroupRequest
from aiokafka.protocol.offset import OffsetRequest
from aiokafka.protocol.transaction import AddPartitionsToTxnRequest

from telex.adapters.kafka.absent import Absent
from telex.adapters.kafka.config import KafkaSettings, client_options, milliseconds
from telex.adapters.kafka.faults import NoTopicError, unavailable
from telex.adapters.kafka.reach import reason

EARLIEST: Final = -2
LATEST: Final = -1
UNCOMMITTED: Final = 0
COMMITTED: Final = 1
FETCH: Final = 8 << 20
_LAST_MOMENTS: Final = 2.0
"""Seconds that the tasks of a client get to end."""
_FENCED_INSTANCE: Final = 82
"""Kafka's FENCED_INSTANCE_ID, which aiokafka does not know."""


def make_producer(settings: KafkaSettings, batch_size: int, **more: Any) -> AIOKafkaProducer:
    """A producer that is not started. Without `transactional_id` it is idempotent, within its own life."""
    producer = AIOKafkaProducer(
        **client_options(settings),
        compression_type=settings.compression,
        max_batch_size=batch_size,
        max_request_size=settings.max_request_size,
        acks="all",
        enable_idempotence=True,
        **more,
    )
    Absent(producer.client, lambda topic: _fail_topic(producer, topic))
    return producer


def make_reader(settings: KafkaSettings, *, fetch_wait: int = 500) -> AIOKafkaConsumer:
    """A consumer of no group, for `assign()`.

    `fetch_wait`: milliseconds that a broker holds a fetch back that finds nothing. A fetch from elsewhere has to wait
    for its end: a consumer that is sent to and fro needs it small.
    """
    consumer = AIOKafkaConsumer(
        **client_options(settings),
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_partition_fetch_bytes=FETCH,
        fetch_max_bytes=2 * FETCH,
        fetch_max_wait_ms=fetch_wait,
    )
    Absent(consumer._client)  # noqa: SLF001
    return consumer


async def start(client: Any, settings: KafkaSettings, doing: str) -> None:
    """Start a producer or consumer; where that fails nothing of it stays.

    Raises:
        LogUnavailable: it did not start within twice the request time-out. Its cause is Kafka's error.
    """
    try:
        await apart(client.start(), 2 * settings.request_timeout)
    except (KafkaError, OSError, TimeoutError) as error:
        await discard(client)
        cause = await reason(settings, error)
        raise unavailable(cause, doing) from cause
    except BaseException:
        await discard(client)
        raise


async def stop(client: AIOKafkaProducer | AIOKafkaConsumer, patience: float = _LAST_MOMENTS) -> None:
    """Stop a client that has nothing under way; a consumer without a static name leaves its group."""
    with suppress(Exception):
        await apart(client.stop(), patience)
    await discard(client)


async def discard(client: AIOKafkaProducer | AIOKafkaConsumer) -> None:
    """End a client as if its process had been killed: nothing is flushed, committed or ended. Never raises."""
    client._closed = True  # noqa: SLF001 - `stop` would flush, and with it finish what must not be finished
    inner = client.client if isinstance(client, AIOKafkaProducer) else client._client  # noqa: SLF001
    inner.send = _refuse  # who waits for a broker gives up instead of trying for ever
    inner._maybe_wait_metadata = _nothing  # noqa: SLF001
    tasks = _tasks_of(client)
    for task in tasks:
        task.cancel()
    with suppress(Exception):
        await apart(inner.close(), _LAST_MOMENTS)
    if tasks:
        await asyncio.wait(tasks, timeout=_LAST_MOMENTS)
        for task in tasks:
            retrieve(task)
    if isinstance(client, AIOKafkaProducer):
        transaction_error(client)  # the end of its tasks has left an error there that nobody asks for


async def apart(work: Coroutine[Any, Any, None], patience: float) -> None:
    """Run `work` in a task of its own for at most `patience` seconds.

    aiokafka suppresses CancelledError where it waits for its own tasks: cancelled there, we would go on as if nothing
    had been asked, and a time limit would be spent without effect.

    Raises:
        TimeoutError: it took longer; it is cancelled, and not waited for.
    """
    task = asyncio.create_task(work)
    try:
        done, _ = await asyncio.wait({task}, timeout=patience)
    finally:
        if not task.done():
            task.cancel()
            task.add_done_callback(retrieve)
    if not done:
        raise TimeoutError
    task.result()


async def _refuse(*_: Any, **__: Any) -> None:
    raise ProducerClosed("discarded")


async def _nothing() -> None:
    return


def _tasks_of(client: Any) -> set["asyncio.Task[Any]"]:
    """The tasks of a client. What waits for a batch of its is told that it will not be sent."""
    if isinstance(client, AIOKafkaProducer):
        _fail_batches(client)
        found = [client._sender.sender_task]  # noqa: SLF001
    else:
        fetcher, group = client._fetcher, client._coordinator  # noqa: SLF001
        names = ("_coordination_task", "_heartbeat_task", "_commit_refresh_task", "_reset_committed_task")
        found = [getattr(group, name, None) for name in names]
        if fetcher is not None:
            found += [fetcher._fetch_task, *fetcher._pending_tasks]  # noqa: SLF001
    return {task for task in found if task is not None and not task.done()}


def transaction_error(producer: Any) -> BaseException | None:
    """Why the producer's transaction can only be given up, where it is known."""
    waiter = producer._txn_manager._transaction_waiter  # noqa: SLF001
    return waiter.exception() if waiter is not None and waiter.done() and not waiter.cancelled() else None


def _fail_batches(producer: Any) -> None:
    waiter = producer._txn_manager._transaction_waiter  # noqa: SLF001 - idempotent producers have a manager, too
    if waiter is not None:
        if not waiter.done():
            waiter.set_exception(ProducerClosed("discarded"))
        retrieve(waiter)
    accumulator = producer._message_accumulator  # noqa: SLF001
    waiting = [batch for batches in accumulator._batches.values() for batch in batches]  # noqa: SLF001
    accumulator.fail_all(ProducerClosed("discarded"))
    for batch in waiting:
        for future in (batch._drain_waiter, *(future for future, _ in batch._msg_futures)):  # noqa: SLF001
            retrieve(future)


def _fail_topic(producer: Any, topic: str) -> None:
    """What waits to be sent to a topic that does not exist is not sent; aiokafka would go on for ever."""
    for partition, batches in producer._message_accumulator._batches.items():  # noqa: SLF001
        if partition.topic == topic:
            for batch in batches:
                batch.failure(exception=NoTopicError(topic))
                for future in (batch._drain_waiter, *(future for future, _ in batch._msg_futures)):  # noqa: SLF001
                    retrieve(future)


def retrieve(future: "asyncio.Future[Any]") -> None:
    """Nobody asks any more: its error is no leak."""
    if future.done() and not future.cancelled():
        future.exception()


# Watching requests


def watch_requests(client: Any, failed: Callable[[Any], None]) -> None:
    """Tell of every request of the client that got no answer: it may be served all the same, at any time.

    Where a transaction meets a topic that is unknown, the client asks for its metadata anew; aiokafka would not.
    """
    send = client.send

    async def watched(node: int, request: Any, **more: Any) -> Any:
        try:
            response = await send(node, request, **more)
        except BaseException:
            failed(request)
            raise
        if isinstance(request, AddPartitionsToTxnRequest) and any(
            for_code(code) is UnknownTopicOrPartitionError for _, parts in response.errors for _, code in parts
        ):
            client.force_metadata_update()
        return response

    client.send = watched


def watch_group(consumer: Any, confirmed: Callable[[float], None], ousted: Callable[[bool], bool]) -> None:
    """Tell when a heartbeat was sent that the group's coordinator then answered with "you are still a member".

    And ask `ousted` whether this is the end, where the coordinator answers that another has our stable name (True), or
    that it does not know us (False: aiokafka's heartbeats do not name it, so this is what they hear). Once it is, no
    answer reaches aiokafka any more: it would join again at once.
    """
    client = consumer._client  # noqa: SLF001
    send = client.send
    loop = asyncio.get_running_loop()

    async def watched(node: int, request: Any, **more: Any) -> Any:
        sent = loop.time()
        response = await send(node, request, **more)
        if isinstance(request, HeartbeatRequest | JoinGroupRequest | SyncGroupRequest):
            code = response.error_code
            if code == _FENCED_INSTANCE or (
                isinstance(request, HeartbeatRequest) and for_code(code) is UnknownMemberIdError
            ):
                if ousted(code == _FENCED_INSTANCE):
                    await loop.create_future()
            elif isinstance(request, HeartbeatRequest) and for_code(code) is NoError:
                confirmed(sent)
        return response

    client.send = watched


def generation_of(consumer: Any) -> int:
    """The group's generation that the consumer is a member of; negative where it was expelled."""
    return int(consumer._coordinator.generation)  # noqa: SLF001


def sees_topic(consumer: Any, topic: str) -> bool:
    """Whether the consumer's metadata holds the partitions of a topic."""
    return bool(consumer._client.cluster.partitions_for_topic(topic))  # noqa: SLF001


def refresh_metadata(consumer: Any) -> None:
    """Let the consumer ask for its metadata anew, soon and in the background."""
    consumer._client.force_metadata_update()  # noqa: SLF001


# Offsets


async def list_offset(consumer: Any, partition: TopicPartition, timestamp: int, isolation: int) -> int:
    """What ListOffsets says of a partition.

    `timestamp` is EARLIEST, LATEST (gives the last stable offset, or with UNCOMMITTED the high watermark), or
    milliseconds: gives the first offset whose record is not older, -1 where there is none.

    Raises:
        NoTopicError: there is no such topic.
        KafkaError: it cannot be said now.
    """
    client = consumer._client  # noqa: SLF001
    leader = client.cluster.leader_for_partition(partition)
    if leader is None or leader == -1:
        client.add_topic(partition.topic)
        await client.force_metadata_update()
        await client._wait_on_metadata(partition.topic)  # noqa: SLF001
        raise LeaderNotAvailableError(str(partition))
    request = OffsetRequest(-1, isolation, [(partition.topic, [(partition.partition, timestamp)])])
    response = await client.send(leader, request)
    _, code, _, offset = response.topics[0][1][0]
    error = for_code(code)
    if error is not NoError:
        if getattr(error, "invalid_metadata", False):
            client.force_metadata_update()
        raise error(str(partition))
    return int(offset)


async def partitions_of(consumer: Any, topic: str) -> list[int]:
    """The partitions of a topic that is assigned to nobody yet.

    Raises:
        KafkaError: it is not known, or must not be.
    """
    return sorted(await consumer._client._wait_on_metadata(topic))  # noqa: SLF001


async def retried(ask: Callable[[], Awaitable[int]], patience: float) -> int:
    """Ask again while the answer is an error that may pass.

    Raises:
        KafkaError: it did not pass within `patience` seconds.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + patience
    while True:
        try:
            return await ask()
        except KafkaError as error:
            if not error.retriable or loop.time() > until:
                raise
            await asyncio.sleep(0.05)


def group_options(settings: KafkaSettings) -> dict[str, Any]:
    """What makes a consumer a member of our group."""
    return {
        "group_id": settings.group,
        "group_instance_id": settings.instance,
        "session_timeout_ms": milliseconds(settings.session),
        "heartbeat_interval_ms": milliseconds(settings.heartbeat),
        "rebalance_timeout_ms": milliseconds(settings.session),
        "max_poll_interval_ms": milliseconds(settings.max_poll_interval),
    }
