"""A shard as it uses a log: numbered commits, each after what the last restore tells; and the verdict on all of them."""

from collections import Counter

from kafka_store import KafkaStore, Member, contents, until

from telex.core.model import FeedId
from telex.core.records import Record
from telex.errors import ClaimDied
from telex.ports import Commit

PARTITIONS = 3
"""Of the articles topic."""


class Shard:
    """Appends numbered commits to one shard, whoever of the members owns it.

    `told` is the last commit that was told as written, `tried` the last that was handed over, `happened` counts the ways
    in which appends ended, and the reasons of which claims died.
    """

    def __init__(self, store: KafkaStore, members: list[Member], number: int) -> None:
        self.store, self.members, self.number = store, members, number
        self.feed = FeedId(f"feed-{number}")
        self.claim = None
        self.told = self.tried = 0
        self.happened: Counter[str] = Counter()
        self.errors: list[str] = []

    def _found(self):
        claims = [member.live.get(self.number) for member in self.members]
        return next((claim for claim in claims if claim is not None), None)

    async def go_on(self) -> None:
        """Append the next commit, whatever it takes."""
        goal = self.told + 1
        while self.told < goal:
            if self.claim is None or self.claim.dead:
                await self.take()
            else:
                await self._append(self.told + 1)

    async def take(self) -> None:
        """Go on with the next claim; its restore tells what is there."""
        if self.claim is not None:
            self.happened[f"claim {await self.claim.wait_dead()}"] += 1
        await until(lambda: self._found() is not None, 60)
        self.claim = self._found()
        restored = int(self.claim.restored.memories.get(self.feed, b"0"))
        assert self.told <= restored <= self.tried, (
            "what was told as written is there, and nothing is that was not tried"
        )
        self.told = restored

    async def _append(self, number: int) -> None:
        self.tried = number
        topic = self.store.settings.topics.articles
        records = tuple(Record(topic, f"{self.number}:{number}:{part}", (), b"{}") for part in "xyz")
        try:
            await self.claim.append(Commit(records, {self.feed: b"%d" % number}))
        except ClaimDied as error:
            self.happened[type(error).__name__] += 1
            self.errors.append(f"{number}: {error}")
        else:
            self.told = number

    async def leave_open(self) -> None:
        """Die in the midst of a commit: the next claim has to end what is open."""
        if self.claim is None or self.claim.dead:
            await self.take()
        producer = self.claim.transactor._producer
        await producer.begin_transaction()
        await (await producer.send(self.store.settings.topics.articles, b"{}", b"never", partition=0))
        self.claim.die("failed")
        await self.claim.transactor.drop()


async def check(servers: str, store: KafkaStore, shards: list[Shard]) -> None:
    """Every commit is whole, there once, and in order: for a plain consumer that reads what is committed."""
    topics = store.settings.topics
    merged = [key.decode() for key, _ in await contents(servers, topics.events)]
    parts = [
        [key.decode() for key, _ in await contents(servers, topics.articles, partition)]
        for partition in range(PARTITIONS)
    ]
    for shard in shards:
        numbers = range(1, shard.told + 1)
        expected = [f"{shard.number}:{number}:{part}" for number in numbers for part in "xyz"]
        assert [key for key in merged if key.startswith(f"{shard.number}:")] == expected
        for part in parts:
            order = {key: place for place, key in enumerate(expected)}
            places = [order[key] for key in part if key.startswith(f"{shard.number}:")]
            assert places == sorted(places)
        assert sorted(key for part in parts for key in part if key.startswith(f"{shard.number}:")) == sorted(expected)
        memories = [
            value for key, value in await contents(servers, topics.state, shard.number) if key == shard.feed.encode()
        ]
        assert memories == [b"%d" % number for number in numbers]
    assert len(merged) == sum(map(len, parts)) == sum(3 * shard.told for shard in shards)
