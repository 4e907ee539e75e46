"""What a bad network does to one request of each kind: nothing is torn, nothing lost, nothing there twice.

In every cell a log works through a proxy, and the proxy does one thing to one request. The driver goes on as a shard
does: after anything that ends a claim, with what the next one restored. A plain consumer, not behind the proxy, then
says what is there.
"""

import asyncio
import json
from contextlib import suppress

import pytest
from kafka_shard import Shard, check
from kafka_store import KafkaStore, Member, own_articles

from support.kafka_proxy import Api, Fault, Kind, Proxy
from telex.adapters.kafka import KafkaLog
from telex.adapters.kafka.claim import KafkaClaim
from telex.core.model import FeedId
from telex.errors import AppendUnknown, LogUnavailable
from telex.ports import Command, CommandKind

PATIENCE = 1.5
"""The request time-out, in seconds."""
HELD = 2.5
"""A held request arrives when its client has long asked again."""
BEFORE, AFTER, LAST = 2, 5, 7
"""Commits before the fault is armed, at least until it struck, and once it is over."""

AT_A_CLAIM = (Api.FIND_COORDINATOR, Api.INIT_PRODUCER_ID, Api.FETCH)
IN_A_COMMIT = (Api.ADD_PARTITIONS_TO_TXN, Api.PRODUCE, Api.END_TXN)
OF_THE_GROUP = (Api.JOIN_GROUP,)
MORE_AT_A_CLAIM = (Api.LIST_OFFSETS, Api.METADATA, Api.API_VERSIONS)
MORE_OF_THE_GROUP = (Api.SYNC_GROUP, Api.HEARTBEAT)


def names(store: KafkaStore, api: Api) -> bytes:
    """What a request of the cell holds, and none of another cell's."""
    match api:
        case Api.FETCH | Api.LIST_OFFSETS | Api.METADATA:
            return store.settings.topics.state.encode()
        case Api.JOIN_GROUP | Api.SYNC_GROUP | Api.HEARTBEAT:
            return store.settings.group.encode()
        case Api.API_VERSIONS:
            return b""
        case _:
            return store.settings.transactional_id(0).encode()


async def suffer(store: KafkaStore, members: list[Member], shards: list[Shard], fault: Fault) -> None:
    """Append until the fault struck and is over, and every member owns something."""
    if fault.api in (*AT_A_CLAIM, *MORE_AT_A_CLAIM):
        await shards[0].leave_open()
    if fault.api in (*OF_THE_GROUP, *MORE_OF_THE_GROUP):
        members.append(Member(await store.open("b")))

    def ended() -> bool:
        return fault.over.is_set() and all(member.live for member in members)

    while not ended() or any(shard.told < AFTER for shard in shards):
        for shard in shards:
            await shard.go_on()
        await asyncio.sleep(0 if ended() else 0.1)  # the late copy meets commits


async def live_through(servers: str, api: Api, kind: Kind, log_type: type[KafkaLog] = KafkaLog) -> None:
    """One cell: commits before the fault, through it and after it, then the verdict."""
    moving = api in (*OF_THE_GROUP, *MORE_OF_THE_GROUP)
    times = {"request_timeout": PATIENCE, "session": 3.0, "transaction_timeout": 6.0}
    async with Proxy(servers) as proxy:
        store = KafkaStore(proxy.servers, log_type, shards=2 if moving else 1, **times)
        own_articles(store)
        try:
            members = [Member(await store.open("a"))]
            shards = [Shard(store, members, number) for number in range(store.settings.shards)]
            await go_on(shards, BEFORE)
            fault = proxy.arm(api, kind, names=names(store, api), client_id="a", seconds=HELD)
            async with asyncio.timeout(60):
                await suffer(store, members, shards, fault)
            assert fault.hits == 1
            assert fault.left == (kind is Kind.HOLD)
            await go_on(shards, max(shard.told for shard in shards) + LAST - AFTER)
            await check(servers, store, shards)
            print(json.dumps([api.name, kind, [(shard.told, dict(shard.happened), shard.errors) for shard in shards]]))
        finally:
            await store.close()


async def go_on(shards: list[Shard], goal: int) -> None:
    for shard in shards:
        while shard.told < goal:
            await shard.go_on()


def cells(*apis: Api) -> list[tuple[Api, Kind]]:
    return [(api, kind) for api in apis for kind in Kind]


def name(value: Api | Kind) -> str:
    return value.name.lower()


@pytest.mark.parametrize(("api", "kind"), cells(*AT_A_CLAIM, *IN_A_COMMIT, *OF_THE_GROUP), ids=name)
async def test_one_request_that_meets_a_bad_network_harms_nothing(servers, api, kind):
    await live_through(servers, api, kind)


@pytest.mark.soak
@pytest.mark.parametrize(("api", "kind"), cells(*MORE_AT_A_CLAIM, *MORE_OF_THE_GROUP), ids=name)
async def test_nor_does_one_of_the_lesser_requests(servers, api, kind):
    await live_through(servers, api, kind)


class _Hopeful(KafkaClaim):
    async def append(self, commit):
        with suppress(AppendUnknown):
            await super().append(commit)


class TakesUnknownForWritten(KafkaLog):
    """A mutant."""

    claim_type = _Hopeful


class RemembersTheFirstRestore(KafkaLog):
    """A mutant: what it restored once is good enough for the next claim."""

    async def _restore(self, shard):
        kept = self.__dict__.setdefault("kept", {})
        if shard not in kept:
            kept[shard] = await super()._restore(shard)
        return kept[shard]


@pytest.mark.parametrize(
    ("api", "kind", "mutant"),
    [
        (Api.PRODUCE, Kind.HOLD, TakesUnknownForWritten),
        (Api.INIT_PRODUCER_ID, Kind.CUT_AFTER, RemembersTheFirstRestore),
    ],
)
async def test_a_cell_notices_a_mutant(servers, api, kind, mutant):
    with pytest.raises(AssertionError, match="what was told as written is there"):
        await live_through(servers, api, kind, mutant)


@pytest.mark.parametrize(("api", "kind"), cells(Api.PRODUCE, Api.FETCH), ids=name)
async def test_commands_arrive_at_least_once_and_where_it_was_told(servers, api, kind):
    async with Proxy(servers) as proxy:
        store = KafkaStore(proxy.servers, shards=1, request_timeout=PATIENCE)
        try:
            a = Member(await store.open("a"))
            claim = await a.claim()
            told = {await put(a.log, "c0"): "c0"}
            found = dict(await claim.wait_inbox(0))
            fault = proxy.arm(api, kind, names=store.settings.topics.inbox.encode(), client_id="a", seconds=HELD)
            async with asyncio.timeout(60):
                for number in range(1, 4):
                    told[await put(a.log, f"c{number}")] = f"c{number}"
                await fault.over.wait()
                told[await put(a.log, "c4")] = "c4"
                while set(told) - set(found):
                    found |= dict(await claim.wait_inbox(max(found)))
            assert fault.hits == 1
            assert {position: found[position].id for position in told} == told
            assert sorted(told.values()) == [f"c{number}" for number in range(5)]
            assert not claim.dead
        finally:
            await store.close()


async def put(log: KafkaLog, name: str) -> int:
    """Put a command until it is told where it is."""
    while True:
        with suppress(LogUnavailable):
            return await log.put(0, Command(name, CommandKind.POLL, FeedId("feed")))
