"""telex that dies, stops or waits exactly where it is told to: `python -m telex.testing.hooked OPTIONS telex-arguments`.

The command line of telex runs as it is, on Kafka; only the log is watched from inside. A file `<point>.<deed>` in the
folder of `--aims` is taken up when the process next comes to that point; with a number in it, that many times are let
pass before. What was done, and each commit that was answered, stands in `done.jsonl` there, also after a SIGKILL.

Points of a claim, in their order: `fenced` (all former owners are fenced, nothing is restored yet), `restored`
(nothing is appended yet), and for each commit `before` (nothing is begun), `telling` and `inside` (all is sent and
answered, the commit not yet asked for; `telling` where the commit holds events of articles), `committing` (asked for,
no answer read), `committed` (answered, nobody told). A membership comes to `group` before each of its requests: held
there, it falls silent, and its claims go on. Mutants add `unfenced` (restored, nobody fenced yet) and `between` (the
validators are committed, the articles are not).

Deeds: KILL and STOP are the signals; HOLD waits at the point for as long as the file stays.
"""

import argparse
import asyncio
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import orjson
from aiokafka.protocol.transaction import EndTxnRequest

from telex import cli
from telex.adapters.kafka import clients, membership
from telex.adapters.kafka.claim import KafkaClaim
from telex.adapters.kafka.log import KafkaLog
from telex.adapters.kafka.parcels import Parcel
from telex.adapters.kafka.producer import Transactor
from telex.adapters.kafka.state import Remembered
from telex.core.memory import Memory
from telex.ports import Commit
from telex.wire import memories as wire

_HOLD: Final = "HOLD"
_DEEDS: Final = {"KILL": signal.SIGKILL, "STOP": signal.SIGSTOP}
_LOOK: Final = 0.01
_WRITTEN: Final = 5
"""Turns of the loop after which a request that has a connection is in the kernel's hands."""


class Aims:
    """The folder of what shall happen, and of what did."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._passed: Counter[str] = Counter()

    async def reach(self, point: str, shard: int) -> None:
        """Come to a point: look whether something is wanted there, and do it."""
        for deed in (*_DEEDS, _HOLD):
            aim = self._folder / f"{point}.{deed}"
            if not self._wanted(aim):
                continue
            self.note(point=point, deed=deed, shard=shard)
            if deed == _HOLD:
                while aim.exists():  # noqa: ASYNC110 - another process removes it
                    await asyncio.sleep(_LOOK)
            else:
                aim.unlink()
                os.kill(os.getpid(), _DEEDS[deed])

    def _wanted(self, aim: Path) -> bool:
        try:
            passes = int(aim.read_text() or "0")
        except FileNotFoundError:
            return False
        self._passed[aim.name] += 1
        if self._passed[aim.name] <= passes:
            return False
        del self._passed[aim.name]
        return True

    def note(self, **what: object) -> None:
        """Write down what is about to happen, or did."""
        line = orjson.dumps({"at": _real_time(), "pid": os.getpid(), **what}) + b"\n"
        with (self._folder / "done.jsonl").open("ab", buffering=0) as done:
            done.write(line)


def _watched(aims: Aims, articles: str) -> type[Transactor]:
    """A transactor that comes to the points of a commit."""

    class Watched(Transactor):
        def __init__(self, settings: Any, shard: int, limits: Any) -> None:
            super().__init__(settings, shard, limits)
            self._telling = False
            producer = self._producer
            begin, commit, send = producer.begin_transaction, producer.commit_transaction, producer.client.send

            async def begin_transaction() -> None:
                await aims.reach("before", shard)
                await begin()

            async def commit_transaction() -> None:
                if self._telling:
                    await aims.reach("telling", shard)
                await aims.reach("inside", shard)
                await commit()
                aims.note(committed=shard, telling=self._telling)
                await aims.reach("committed", shard)

            async def watched_send(node: int, request: Any, **more: Any) -> Any:
                if not isinstance(request, EndTxnRequest):
                    return await send(node, request, **more)
                answer = asyncio.ensure_future(send(node, request, **more))
                for _ in range(_WRITTEN):
                    await asyncio.sleep(0)
                await aims.reach("committing", shard)
                return await answer

            producer.begin_transaction = begin_transaction
            producer.commit_transaction = commit_transaction
            producer.client.send = watched_send

        async def transact(self, parcels: Sequence[Parcel]) -> None:
            self._telling = any(parcel.topic == articles for parcel in parcels)
            try:
                await super().transact(parcels)
            except BaseException as error:  # a claim that is revoked has its commit cancelled
                aims.note(raised=type(error).__name__, cause=type(error.__cause__).__name__, shard=self._shard)
                raise

    return Watched


def _watch(aims: Aims, articles: str) -> None:
    """Let the log come to the points."""

    async def enter(log: KafkaLog, shard: int) -> tuple[Transactor, Remembered]:
        transactor = await log._fence(shard)  # noqa: SLF001 - the hook's business
        try:
            await aims.reach("fenced", shard)
            remembered = await log._restore(shard)  # noqa: SLF001
            await aims.reach("restored", shard)
        except BaseException:
            await transactor.drop()
            raise
        return transactor, remembered

    _plant(KafkaLog, "_enter", enter)
    _plant(KafkaLog, "transactor_type", _watched(aims, articles))
    _plant(membership, "start", _start_watched(aims, clients.start))


def _start_watched(aims: Aims, start: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """Starts the group's consumer so that it comes to `group`."""

    async def start_watched(consumer: Any, *arguments: Any) -> None:
        client = consumer._client  # noqa: SLF001 - as above
        send = client.send

        async def watched_send(*request: Any, **more: Any) -> Any:
            await aims.reach("group", -1)
            return await send(*request, **more)

        client.send = watched_send
        await start(consumer, *arguments)

    return start_watched


def _plant(owner: object, name: str, what: object) -> None:
    setattr(owner, name, what)


# Mutants: each is a known fault that the verdict has to find.


def restore_before_fencing(aims: Aims) -> None:
    """The old owner can still append between the restore and the fence: what it told then is told again."""

    async def enter(log: KafkaLog, shard: int) -> tuple[Transactor, Remembered]:
        remembered = await log._restore(shard)  # noqa: SLF001 - as above
        await aims.reach("unfenced", shard)
        return await log._fence(shard), remembered  # noqa: SLF001

    _plant(KafkaLog, "_enter", enter)


def stale_kept_memory(_: Aims) -> None:
    """What was restored once is good enough for every later claim: what others told meanwhile is told again."""
    restore = KafkaLog._restore  # noqa: SLF001 - as above
    kept: dict[int, Remembered] = {}

    async def restore_once(log: KafkaLog, shard: int) -> Remembered:
        if shard not in kept:
            kept[shard] = await restore(log, shard)
        return kept[shard]

    _plant(KafkaLog, "_restore", restore_once)


def validators_before_articles(aims: Aims) -> None:
    """A feed's validators are committed before its articles: after a death in between, 304 hides them."""

    class Hasty(KafkaClaim):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            self._packed = dict(self.restored.memories)

        async def _append(self, commit: Commit) -> None:
            early = {
                feed: _with_validators_of(self._packed.get(feed), packed)
                for feed, packed in (commit.memories or {}).items()
                if packed is not None
            }
            await super()._append(Commit(memories=early))
            if commit.records:
                await aims.reach("between", self.shard)
            await super()._append(commit)
            self._packed |= {feed: packed for feed, packed in (commit.memories or {}).items() if packed is not None}

    _plant(KafkaLog, "claim_type", Hasty)


def _with_validators_of(before: bytes | None, after: bytes) -> bytes:
    old, new = wire.unpack(before) if before else Memory(), wire.unpack(after).head
    head = replace(old.head, asked=new.asked, etag=new.etag, last_modified=new.last_modified, body=new.body)
    return wire.pack(replace(old, head=head))


MUTANTS: Final[dict[str, Callable[[Aims], None]]] = {
    "restore_before_fencing": restore_before_fencing,
    "stale_kept_memory": stale_kept_memory,
    "validators_before_articles": validators_before_articles,
}


_real_time = time.time  # noqa: TID251 - before it may be skewed


def _skew(seconds: float) -> None:
    """Shift the calendar of the whole process, aiokafka's timestamps included; the loop's time goes on as it is."""
    _plant(time, "time", lambda: _real_time() + seconds)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run telex's command line with the options' hooks; its exit code."""
    parser = argparse.ArgumentParser(prog="telex.testing.hooked", allow_abbrev=False)
    parser.add_argument("--aims", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--articles", default="news.articles", metavar="TOPIC", help="where events of articles go")
    parser.add_argument("--mutant", choices=MUTANTS)
    parser.add_argument("--clock", type=float, default=0.0, metavar="SECONDS", help="how wrong the calendar is")
    options, rest = parser.parse_known_args(arguments)
    aims = Aims(options.aims)
    _watch(aims, options.articles)
    if options.mutant:
        MUTANTS[options.mutant](aims)
    if options.clock:
        _skew(options.clock)
    return cli.main(rest)


if __name__ == "__main__":
    sys.exit(main())
