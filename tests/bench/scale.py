"""`make bench`, part scale: one telex with very many feeds, and what it costs.

    scale.py [--feeds N] [--publishers N] [--entries N] [--rate POLLS_A_SECOND] [--minutes M] [--log kafka|sqlite]

A log is filled with what telex would remember of all feeds (`scale_state`), a simulator serves them (`scale_simulator`),
and a `telex run` starts on both (`scale_telex`): every feed is due once in FEEDS / RATE seconds, with telex's own jitter.
One request in ten finds one new entry, the others are answered 304.

What is measured, and by whom:
- restore: from the start of the process until its last shard is claimed, and how long of that after the catalogue.
- memory: of the telex process, by the kernel (VmRSS, VmHWM), after the restore and at the end.
- open files: the most that the telex process had.
- CPU: of the telex process and its children over the window, in cores.
- schedule lag: when the simulator read a request, less when telex itself had planned that poll (the end of the feed's
  poll before and the wait that it then announced). `first` are the polls whose plan was restored, to whole seconds.
- received to committed: from the simulator's writing of an answer with news until the poll's commit was acknowledged.
- waited for CPU: the share of the window in which telex's main thread was ready to run while others had the cores. On a
  machine that does something else as well, lags hold that too.
- loop lag: telex's histogram over the window, read at the upper bound of the bucket that holds the percentile.
"""

import argparse
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1]))

import psutil
from scale_simulator import REQUEST
from scale_telex import EVENT
from scale_world import World, write_catalogue

from support import kafka

HERE = Path(__file__).parent
SHARDS = 32
MIB = 1 << 20
NEWS_EVERY = 10
_LOOK = 0.25
_SHARES = (("p50", 0.5), ("p99", 0.99), ("max", 1.0))


@dataclass(frozen=True)
class Bench:
    """What to measure. `rate` is polls a second over all feeds, `minutes` the length of the window."""

    feeds: int = 100_000
    publishers: int = 20_000
    entries: int = 35
    rate: float = 500.0
    minutes: float = 5.0
    log: str = "kafka"
    profile: str | None = None

    @property
    def interval(self) -> float:
        """Seconds between two polls of a feed."""
        return max(1.0, self.feeds / self.rate)

    @property
    def delay(self) -> float:
        """Seconds from the filled log to the first due feed: time to start in."""
        return 4.0 + self.feeds / 4_000


def measure(bench: Bench) -> dict[str, Any]:
    """One run; figures in seconds, MiB and cores."""
    with tempfile.TemporaryDirectory(prefix="telex-scale-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        world = World(bench.feeds, bench.publishers, bench.entries, _free_port())
        write_catalogue(world, folder / "feeds.csv")
        environment = _environment(bench, folder, stack)
        start = _fill(bench, world, environment)
        with _simulator(world, folder):
            run = _Run(bench, folder, environment)
            figures = run.figures(start - _clocks_apart())
        figures |= Logs(world, folder, start, bench.interval).figures(*run.window)
    return {"feeds": bench.feeds, "publishers": bench.publishers, "entries": bench.entries, "log": bench.log} | figures


def _clocks_apart() -> float:
    """The calendar less the monotonic clock."""
    return time.time() - time.monotonic()


def _environment(bench: Bench, folder: Path, stack: contextlib.ExitStack) -> dict[str, str]:
    """telex's settings: as they come, but for places, the interval and the network that is let through."""
    chosen: dict[str, object] = {
        "catalogue": folder / "feeds.csv",
        "http": f"127.0.0.1:{_free_port()}",
        "log.kind": bench.log,
        "log.shards": SHARDS,
        "fetch.allow_networks": "127.0.0.0/8",
        "polling.interval_min": bench.interval,
        "polling.interval_max": bench.interval,
        "service.log_level": "warning",
    }
    if bench.log == "kafka":
        cluster = stack.enter_context(kafka.running(folder / "cluster"))
        chosen |= {
            "kafka.bootstrap": cluster.servers,
            "kafka.group": "scale",
            "http.public_url": "http://telex.example",
        }
    else:
        chosen["log.path"] = folder / "telex.sqlite"
    rest = {name: value for name, value in os.environ.items() if not name.startswith("TELEX_")}
    return rest | {"TELEX_" + name.upper().replace(".", "__"): str(value) for name, value in chosen.items()}


def _fill(bench: Bench, world: World, environment: dict[str, str]) -> float:
    """Fill the log; from when on feeds are due, by the calendar."""
    numbers = (world.feeds, world.publishers, world.entries, world.port, bench.interval, bench.delay)
    command = [sys.executable, HERE / "scale_state.py", *map(str, numbers)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout)


@contextlib.contextmanager
def _simulator(world: World, folder: Path) -> Iterator[None]:
    numbers = (world.feeds, world.publishers, world.entries, world.port, NEWS_EVERY)
    command = [sys.executable, HERE / "scale_simulator.py", *map(str, numbers), folder / "requests"]
    simulator = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert simulator.stdout is not None
    with simulator.stdout as printed:
        try:
            if printed.readline().strip() != "ready":
                raise RuntimeError("the simulator did not start")
            yield
        finally:
            _end(simulator)


def _end(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("0.0.0.0", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class _Sample:
    """What telex has used and done until now: seconds of CPU, seconds that it waited for a core, and its metrics."""

    at: float
    cpu: float
    waited: float
    metrics: dict[str, Any]

    def until(self, later: "_Sample") -> dict[str, Any]:
        """What it used and did between this and a later one."""
        seconds, cpu = later.at - self.at, later.cpu - self.cpu
        polls = later.metrics["polls"] - self.metrics["polls"]
        return {
            "window_seconds": seconds,
            "cpu_cores": cpu / seconds,
            "cpu_ms_a_poll": 1000 * cpu / max(1, polls),
            "waited_for_cpu_share": (later.waited - self.waited) / seconds,
            "loop_lag_seconds": _percentiles_of_buckets(self.metrics, later.metrics, "telex_loop_lag_seconds"),
            "commit_seconds": _percentiles_of_buckets(self.metrics, later.metrics, "telex_commit_duration_seconds"),
        }


class _Run:
    """One telex on a filled log, from its start to its end."""

    def __init__(self, bench: Bench, folder: Path, environment: dict[str, str]) -> None:
        self.bench, self.folder = bench, folder
        self.window = (0.0, 0.0)
        self.metrics_at = f"http://{environment['TELEX_HTTP']}/metrics"
        command = [sys.executable, HERE / "scale_telex.py", folder / "events"]
        if bench.profile:
            command.append(Path(bench.profile).absolute())
        self.began = time.monotonic()
        self.telex = subprocess.Popen(command, env=environment, text=True)
        self.process = psutil.Process(self.telex.pid)
        self.peak_tree = self.open_files = 0

    def figures(self, start: float) -> dict[str, Any]:
        """What the process tells, and the kernel of it; feeds are due from `start` on."""
        try:
            figures = self._restore()
            self._look_until(start)
            first = self._sample()
            self._look_until(first.at + self.bench.minutes * 60)
            last = self._sample()
            figures["memory_mib"] |= {f"end_{word}": number for word, number in self._memory().items()}
        finally:
            _end(self.telex)
        if self.telex.returncode:
            raise RuntimeError(f"telex ended with {self.telex.returncode}")
        self.window = (first.at, last.at)
        figures["memory_mib"]["peak_with_children"] = self.peak_tree / MIB
        return figures | {"open_files_peak": self.open_files} | first.until(last)

    def _restore(self) -> dict[str, Any]:
        until = self.began + 300
        while (events := _events(self.folder)).count(b"C") < SHARDS:
            if self.telex.poll() is not None or time.monotonic() > until:
                raise RuntimeError("telex did not claim its shards")
            self._look()
        at = events.instants(b"C")[-1]
        return {
            "restore_seconds": at - self.began,
            "restore_after_catalogue_seconds": at - events.instants(b"S")[0],
            "memory_mib": {f"restored_{key}": number for key, number in self._memory().items()},
        }

    def _look_until(self, until: float) -> None:
        while time.monotonic() < until:
            if self.telex.poll() is not None:
                raise RuntimeError(f"telex ended by itself, with {self.telex.returncode}")
            self._look()

    def _look(self) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            tree = (self.process, *self.process.children(recursive=True))
            self.peak_tree = max(self.peak_tree, sum(each.memory_info().rss for each in tree))
            self.open_files = max(self.open_files, self.process.num_fds())
        time.sleep(_LOOK)

    def _sample(self) -> _Sample:
        return _Sample(time.monotonic(), self._cpu(), self._waited(), self._metrics())

    def _cpu(self) -> float:
        times = self.process.cpu_times()
        children = sum(sum(child.cpu_times()[:2]) for child in self.process.children(recursive=True))
        return times.user + times.system + times.children_user + times.children_system + children

    def _waited(self) -> float:
        """Seconds that the main thread was ready to run and another had the core: lags hold them too."""
        return int(Path(f"/proc/{self.telex.pid}/schedstat").read_text("ascii").split()[1]) / 1e9

    def _memory(self) -> dict[str, float]:
        status = Path(f"/proc/{self.telex.pid}/status").read_text("ascii")
        lines = dict(line.split(":", 1) for line in status.splitlines())
        return {word: int(lines[name].split()[0]) / 1024 for word, name in (("rss", "VmRSS"), ("peak", "VmHWM"))}

    def _metrics(self) -> dict[str, Any]:
        with urllib.request.urlopen(self.metrics_at, timeout=30) as answer:
            text = answer.read().decode()
        return _parsed(text)


def _parsed(text: str) -> dict[str, Any]:
    """Polls so far, and the histograms' counts by upper bound."""
    found: defaultdict[str, Any] = defaultdict(dict, polls=0.0)
    for line in text.splitlines():
        name, _, rest = line.partition("{")
        if name == "telex_polls_total":
            found["polls"] += float(rest.rpartition(" ")[2])
        elif name.endswith("_bucket"):
            bound, number = rest.split('le="')[1].split('"} ')
            found[name.removesuffix("_bucket")][float(bound)] = float(number)
    return found


def _percentiles_of_buckets(before: dict[str, Any], after: dict[str, Any], name: str) -> dict[str, float | None]:
    """At most these many seconds, between two looks at a histogram; None is beyond its last bound, or nothing seen."""
    counts = {bound: number - before[name].get(bound, 0.0) for bound, number in after[name].items()}
    total = counts[float("inf")]
    bounds = {
        word: next(bound for bound, number in counts.items() if number >= share * total) for word, share in _SHARES
    }
    return {word: bound if total and bound != float("inf") else None for word, bound in bounds.items()}


def _percentiles(values: list[float]) -> dict[str, float | int | None]:
    values.sort()
    last = len(values) - 1
    found = {word: values[round(last * share)] if values else None for word, share in _SHARES}
    return {"count": len(values)} | found


class _Events:
    """What telex wrote down."""

    def __init__(self, data: bytes) -> None:
        whole = len(data) - len(data) % EVENT.size
        self.rows = list(EVENT.iter_unpack(data[:whole]))

    def count(self, kind: bytes) -> int:
        return sum(row[1] == kind for row in self.rows)

    def instants(self, kind: bytes) -> list[float]:
        return [row[0] for row in self.rows if row[1] == kind]


def _events(folder: Path) -> _Events:
    path = folder / "events"
    return _Events(path.read_bytes() if path.exists() else b"")


class Logs:
    """The simulator's log and telex's own, side by side: of each feed the n-th request belongs to the n-th poll."""

    def __init__(self, world: World, folder: Path, start: float, interval: float) -> None:
        self.world, self.start, self.interval = world, start, interval
        self.requests = list(REQUEST.iter_unpack((folder / "requests").read_bytes()))
        self.polls = [row for row in _events(folder).rows if row[1] in (b"P", b"N", b"F")]

    def figures(self, began: float, ended: float) -> dict[str, Any]:
        """Of what lies in the window."""
        inside = [row for row in self.requests if began <= row[0] < ended]
        first, later, committed = self._compared(began, ended)
        failed = sum(row[1] == b"F" for row in self.polls)
        return {
            "requests": len(self.requests),
            "polls": len(self.polls),
            "failed_polls": failed,
            "polls_a_second": len(inside) / (ended - began),
            "not_modified_share": sum(row[3] == 304 for row in inside) / max(1, len(inside)),
            "schedule_lag_seconds": _percentiles(later),
            "schedule_lag_first_seconds": _percentiles(first),
            "received_to_committed_seconds": _percentiles(committed),
        }

    def _compared(self, began: float, ended: float) -> tuple[list[float], list[float], list[float]]:
        polls = defaultdict(list)
        for at, kind, name, next_in in self.polls:
            polls[name].append((at, kind, next_in))
        first, later, committed = [], [], []
        apart = _clocks_apart()
        requests = defaultdict(list)
        for row in self.requests:
            requests[row[2]].append(row)
        for feed, asked in requests.items():
            ended_polls = polls[self.world.id(feed).encode()]
            due, lags = int(self.world.due(feed, self.start, self.interval)) - apart, first
            for (read, written, _, _), poll in zip(asked, [*ended_polls, None], strict=False):
                if began <= read < ended:
                    lags.append(read - due)
                if poll is None:
                    break
                at, kind, next_in = poll
                if kind == b"N" and began <= read < ended:
                    committed.append(at - written)
                due, lags = at + next_in, later
        return first, later, committed


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    defaults = Bench()
    parser.add_argument("--feeds", type=int, default=defaults.feeds)
    parser.add_argument("--publishers", type=int, default=defaults.publishers)
    parser.add_argument("--entries", type=int, default=defaults.entries)
    parser.add_argument("--rate", type=float, default=defaults.rate, help="polls a second, over all feeds")
    parser.add_argument("--minutes", type=float, default=defaults.minutes, help="length of the window")
    parser.add_argument("--log", choices=("kafka", "sqlite"), default=defaults.log)
    parser.add_argument(
        "--profile", metavar="FILE", help="writes a profile of the polls for pstats; it slows them down"
    )
    try:
        figures = measure(Bench(**vars(parser.parse_args())))
    except kafka.NoKafkaError as error:
        print(f"scale: there is no Kafka here: {error}; try --log sqlite", file=sys.stderr)
        return 1
    print(json.dumps(figures, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
