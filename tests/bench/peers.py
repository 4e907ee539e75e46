"""The part `peers`: telex against other programs that carry feeds to Kafka, on the same feeds and the same broker.

A round starts one simulator and all programs, each with a topic of its own, and drives them one at a time, in turns:

    first      one poll of each: all items of all feeds are new
    unchanged  some polls of each: nothing is new
    changed    some polls of each: every feed has one new item

Every other turn runs backwards, so that whoever is measured after whom cancels out. A program that has used more CPU in
a phase than our patience sits out the rest of it, unless it is telex. In the end each topic has to hold exactly what the
simulator had shown to its program.

CPU is that of the program with all its processes, between `poll` and `done`. Start-up counts for nothing but memory.
"""

import asyncio
import os
import shlex
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from accounting import Others
from dispatches import SUMMARY
from programs import Program, stop
from simulator import hosts_of
from topics import Topics

from support import kafka

HERE = Path(__file__).parent
PHASES = ("first", "unchanged", "changed")
REFERENCE = "telex"


@dataclass(frozen=True, slots=True)
class Peer:
    """A program to measure. The floor publishes nothing."""

    name: str
    command: tuple[str, ...]
    publishes: bool = True


@dataclass(frozen=True, slots=True)
class Setup:
    """What the feeds are like: bytes of HTML an item, and addresses they are spread over."""

    size: int
    hosts: int


def add_arguments(parser: ArgumentParser) -> None:
    """The options of this part."""
    group = parser.add_argument_group("peers")
    group.add_argument("--feeds", type=int, default=200)
    group.add_argument("--items", type=int, default=20, help="in each feed at any time")
    group.add_argument("--sizes", type=_numbers, default=(600, 3072), help="bytes of HTML an item")
    group.add_argument("--hosts", type=_numbers, default=(1, 64), help="addresses that the feeds are spread over")
    group.add_argument("--polls", type=int, default=15, help="of every feed, with nothing new")
    group.add_argument("--changes", type=int, default=5, help="polls of every feed with one new item")
    group.add_argument("--patience", type=float, default=2.0, help="CPU seconds of other programs in a phase")
    group.add_argument("--shards", type=int, default=32, help="of telex")
    group.add_argument("--partitions", type=int, default=6, help="of each program's topic")
    group.add_argument("--add", action="append", default=[], metavar="NAME=COMMAND", help="one more program")
    group.add_argument("--peers", type=_names, metavar="NAME,…", help="these only (default: all there are)")
    group.add_argument("--simulator", metavar="COMMAND", help="another one, with the options of simulator.py")
    group.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of telex")
    group.add_argument("--profile", metavar="FOLDER", help="profile telex, for pstats; its figures are worth nothing")
    group.add_argument("--bootstrap", default=os.environ.get(kafka.GIVEN), help="this broker, not one of our own")
    group.add_argument("--no-warm-up", action="store_true", help="measure the first round, too")


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(each) for each in text.split(","))


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


def peers_of(given: Namespace) -> tuple[list[Peer], list[str]]:
    """The programs to measure, telex first, and why others are not."""
    plain = (sys.executable, str(HERE / "peer-plain"))
    telex = [sys.executable, str(HERE / "peer-telex"), "--shards", str(given.shards)]
    telex += [part for each in given.set for part in ("--set", each)]
    telex += ["--profile", given.profile] if given.profile else []
    there = [
        Peer(REFERENCE, tuple(telex)),
        Peer("floor", (sys.executable, str(HERE / "peer-floor")), publishes=False),
        Peer("plain-conditional", (*plain, "--conditional")),
        Peer("plain", plain),
    ]
    skipped = []
    program = Path(os.environ.get("TELEX_PEERS", "")) / "bin" / "gopeer"
    if "TELEX_PEERS" in os.environ and program.exists():
        there += [Peer("go", (str(program),)), Peer("floor-go", (str(program), "--floor"), publishes=False)]
    else:
        skipped.append("go, floor-go: TELEX_PEERS names no folder with bin/gopeer")
    for each in given.add:
        name, _, command = each.partition("=")
        there.append(Peer(name, tuple(shlex.split(command)), publishes="floor" not in name))
    if given.peers:
        skipped += [f"{peer.name}: not among --peers" for peer in there if peer.name not in given.peers]
        there = [peer for peer in there if peer.name in given.peers]
    return there, skipped


async def measure(given: Namespace) -> AsyncIterator[dict[str, object]]:
    """The result after each round: whoever breaks off keeps what there is.

    Raises:
        support.kafka.NoKafkaError: there is no broker and none can be started.
    """
    peers, skipped = peers_of(given)
    setups = [Setup(size, hosts) for size in given.sizes for hosts in given.hosts]
    if given.simulator:
        skipped += [f"{setup}: --simulator serves one host" for setup in setups if setup.hosts > 1]
        setups = [setup for setup in setups if setup.hosts == 1]
    for each in skipped:
        print(f"SKIPPED {each}", file=sys.stderr, flush=True)
    rounds: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory(prefix="telex-bench-") as folder, _broker(Path(folder), given) as bootstrap:
        bench = Bench(given, peers, Path(folder), bootstrap)
        if not given.no_warm_up:
            few = Namespace(**vars(given) | {"feeds": min(given.feeds, 50), "polls": 2, "changes": 2})
            await Bench(few, peers, Path(folder), bootstrap).round(0, setups[0])
        for number in range(1, given.rounds + 1):
            for setup in setups:
                rounds.append(await bench.round(number, setup))
                print(_line(rounds[-1]), file=sys.stderr, flush=True)
                yield {"skipped": skipped, "reference": peers[0].name, "rounds": rounds}


def _line(found: dict) -> str:
    """A round in a line: CPU seconds of the phases."""
    costs = (
        f"{name} " + "/".join(f"{sum(poll['cpu_s'] for poll in each[phase]):.2f}" for phase in PHASES)
        for name, each in found["peers"].items()
    )
    place = f"round {found['round']}, {found['size']} B, {found['hosts']} hosts, {found['wall_s']:.0f} s"
    return f"{place}; CPU s: {', '.join(costs)}; others {found['others_cores']:.2f} cores"


@contextmanager
def _broker(folder: Path, given: Namespace) -> Iterator[str]:
    if given.bootstrap:
        yield given.bootstrap
    else:
        with kafka.running(folder / "kafka") as cluster:
            yield cluster.servers


class Bench:
    """Runs rounds against one broker."""

    def __init__(self, given: Namespace, peers: list[Peer], folder: Path, bootstrap: str) -> None:
        self._given, self._peers, self._folder, self._bootstrap = given, peers, folder, bootstrap

    async def round(self, number: int, setup: Setup) -> dict[str, object]:
        """One round, in words of the JSON file."""
        began, others = time.monotonic(), Others()
        name = f"bench-{os.getpid()}-{number}-{setup.size}-{setup.hosts}"
        names = {peer.name: f"{name}-{peer.name}" for peer in self._peers}
        async with AsyncExitStack() as stack:
            topics = await stack.enter_async_context(Topics(self._bootstrap, self._given.partitions))
            await stack.enter_async_context(topics.made(list(names.values())))
            feeds = await stack.enter_async_context(self._simulator(setup))
            programs = [await self._started(stack, peer, names[peer.name], feeds) for peer in self._peers]
            await asyncio.gather(*(program.wait_ready() for program in programs))
            found = {program.name: program.start_up() for program in programs}
            newest = dict.fromkeys(found, self._given.items)
            for phase in PHASES:
                await self._phase(phase, number, programs, feeds, found, newest)
            for peer, program in zip(self._peers, programs, strict=True):
                mine = found[peer.name]
                mine |= {"peak_mib": program.tree.peak_memory(), "said": program.said()}
                if peer.publishes:
                    mine |= await self._published(topics, names[peer.name], newest[peer.name])
        about = {"round": number, "size": setup.size, "hosts": setup.hosts, "body_bytes": feeds.body_bytes}
        return about | {"wall_s": time.monotonic() - began, "others_cores": others.cores(), "peers": found}

    async def _started(self, stack: AsyncExitStack, peer: Peer, topic: str, feeds: "Feeds") -> Program:
        where = ("--feeds-file", str(feeds.file), "--bootstrap", self._bootstrap, "--topic", topic)
        program = await Program.start(peer.name, (*peer.command, *where), self._folder)
        stack.push_async_callback(program.close)
        return program

    async def _phase(
        self,
        phase: str,
        number: int,
        programs: list[Program],
        feeds: "Feeds",
        found: dict[str, dict],
        newest: dict[str, int],
    ) -> None:
        given = self._given
        turns = {"first": 1, "unchanged": given.polls, "changed": given.changes}[phase]
        polls: dict[str, list[dict[str, float]]] = {program.name: [] for program in programs}
        for turn in range(turns):
            if phase == "changed":
                await feeds.tick()
            for program in programs if (turn + number) % 2 else reversed(programs):
                mine = polls[program.name]
                used = sum(poll["cpu_s"] for poll in mine)
                if used < given.patience or program.name == REFERENCE:
                    mine.append(await program.poll())
                    newest[program.name] = feeds.newest
        for peer, program in zip(self._peers, programs, strict=True):
            mine = found[peer.name]
            mine[phase] = polls[peer.name]
            told = sum(poll["published"] for past in PHASES for poll in mine.get(past, ()))
            if peer.publishes and told != given.feeds * newest[peer.name]:
                raise RuntimeError(
                    f"{peer.name} told of {told} articles after phase {phase}; it said: {program.said()}"
                )
        asked, expected = await feeds.requests(), given.feeds * sum(map(len, polls.values()))
        if asked != expected:
            raise RuntimeError(f"{asked} requests in phase {phase}, where {expected} polls were told")

    async def _published(self, topics: Topics, topic: str, newest: int) -> dict[str, object]:
        feeds = self._given.feeds
        articles = await topics.articles(topic, feeds * newest)
        complaint = articles.complaint(feeds, newest)
        if complaint:
            raise RuntimeError(f"{topic}: {complaint}")
        count = articles.items.total()
        return {"articles": count, "record_bytes": round(articles.bytes / count)}

    @asynccontextmanager
    async def _simulator(self, setup: Setup) -> AsyncIterator["Feeds"]:
        given, port = self._given, kafka.free_port()
        simulator = shlex.split(given.simulator or shlex.join((sys.executable, str(HERE / "simulator.py"))))
        options = {"port": port, "feeds": given.feeds, "items": given.items, "desc": min(setup.size, SUMMARY)}
        options["content"] = setup.size - options["desc"]
        options |= {"hosts": setup.hosts} if setup.hosts > 1 else {}
        command = [*simulator, *(part for name, value in options.items() for part in (f"--{name}", str(value)))]
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, start_new_session=True
        )
        try:
            if not await process.stdout.readline():
                raise RuntimeError(f"no simulator: {shlex.join(command)}")
            async with aiohttp.ClientSession() as session:
                feeds = Feeds(session, hosts_of(setup.hosts), port, given.items)
                await feeds.list_in(self._folder / "feeds.txt", given.feeds)
                yield feeds
        finally:
            await stop(process)


class Feeds:
    """What the simulator shows. `newest` is the number of every feed's newest item."""

    def __init__(self, session: aiohttp.ClientSession, hosts: list[str], port: int, newest: int) -> None:
        self._session, self._hosts, self._port = session, hosts, port
        self.newest = newest

    async def list_in(self, file: Path, count: int) -> None:
        """Write down their addresses, one a line."""
        hosts = self._hosts
        lines = (f"http://{hosts[each % len(hosts)]}:{self._port}/feed/{each}.xml\n" for each in range(count))
        file.write_text("".join(lines))
        self.file = file
        self.body_bytes = (await self._get("/stats?reset=1"))["body_bytes"]

    async def tick(self) -> None:
        """One new item in every feed."""
        await self._get("/tick")
        self.newest += 1

    async def requests(self) -> int:
        """How many there were since this was asked last."""
        return (await self._get("/stats?reset=1"))["requests"]

    async def _get(self, path: str) -> dict:
        async with self._session.get(f"http://{self._hosts[0]}:{self._port}{path}") as response:
            return await response.json(content_type=None)
