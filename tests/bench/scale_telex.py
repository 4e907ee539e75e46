"""`telex run`, whole, with an observer that writes down what it did and when.

    scale_telex.py LOG [PROFILE]       configured by TELEX_* variables

The log holds an `EVENT` for each fact that counts, at CLOCK_MONOTONIC: S the service has loaded its catalogue and opened
its log, C a shard was claimed and restored, P a poll ended (its feed, and seconds to the next; `P` uneventful, `N` with
news committed, `F` a failure). PROFILE is a file for pstats: all from 5 s after the first poll on.

Only the C library's answer for the simulated publishers' domains is made here; telex resolves them as it does any other.
"""

import asyncio
import cProfile
import os
import socket
import struct
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

from scale_world import address_of

from telex import cli
from telex.app import Service
from telex.commands import run as command
from telex.core.facts import Fact, PollEnded, ShardClaimed

EVENT = struct.Struct("<dc16sd")
_UNEVENTFUL = frozenset({"unchanged", "not_modified"})


class Recorder:
    """Writes down facts."""

    def __init__(self, log: BinaryIO, profile: str | None) -> None:
        self.log = log
        self.profile = profile
        self.profiler: cProfile.Profile | None = None

    def observe(self, fact: Fact) -> None:
        """Write one down."""
        match fact:
            case PollEnded(feed=feed, outcome=outcome, next_in=next_in):
                kind = b"P" if outcome in _UNEVENTFUL else b"N" if outcome == "changed" else b"F"
                self.note(kind, feed.encode(), next_in)
                if self.profile and self.profiler is None:
                    self.profiler = cProfile.Profile()
                    asyncio.get_running_loop().call_later(5, self.profiler.enable)
                if kind == b"F":
                    print(f"{feed}: {outcome}: {fact.detail}", file=sys.stderr, flush=True)
            case ShardClaimed():
                self.note(b"C")
                self.log.flush()

    def note(self, kind: bytes, feed: bytes = b"", number: float = 0.0) -> None:
        self.log.write(EVENT.pack(time.monotonic(), kind, feed, number))

    def close(self) -> None:
        if self.profiler is not None and self.profile is not None:
            self.profiler.disable()
            self.profiler.dump_stats(self.profile)
        self.log.flush()


def answer_names() -> None:
    """Let the publishers' domains have addresses."""
    ask = socket.getaddrinfo

    def answer(host: Any, *more: Any, **others: Any) -> Any:
        address = address_of(host) if isinstance(host, str) else None
        return ask(host if address is None else address, *more, **others)

    socket.getaddrinfo = answer


def main() -> int:
    answer_names()
    profile = sys.argv[2] if len(sys.argv) > 2 else None
    with Path(sys.argv[1]).open("wb") as file:
        recorder = Recorder(file, profile)

        class Observed(Service):
            """The service, observed."""

            def __init__(self, config) -> None:
                super().__init__(config, [recorder])

            async def start(self) -> None:
                await super().start()
                recorder.note(b"S")

        command.Service = Observed
        try:
            return cli.main(["run"])
        finally:
            recorder.close()


if __name__ == "__main__":
    os.chdir(Path(sys.argv[1]).parent)  # where no telex.yaml lies
    sys.exit(main())
