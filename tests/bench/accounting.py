"""What processes cost: CPU seconds, peak memory, and what the rest of the machine used meanwhile. Linux."""

import os
import platform
import time
from importlib.metadata import version
from pathlib import Path

import psutil

MEBI = 1 << 20


def cpu_seconds(pid: int) -> float:
    """CPU of a process and of its threads, to the nanosecond: its CPU-time clock, clock_getcpuclockid(3)."""
    return time.clock_gettime((~pid << 3) | 2)


class Tree:
    """A process and all that it started, whatever became of them."""

    def __init__(self, pid: int) -> None:
        self._root = psutil.Process(pid)
        self._peaks: dict[int, float] = {}

    def cpu(self) -> float:
        """CPU seconds so far. Children that were reaped count by the kernel's ticks of 10 ms."""
        total = 0.0
        for process in [self._root, *self._root.children(recursive=True)]:
            try:
                ended = process.cpu_times()
                total += cpu_seconds(process.pid) + ended.children_user + ended.children_system
                self._peaks[process.pid] = _peak(process.pid)
            except (OSError, psutil.Error):
                continue  # it ended just now: its parent counts it once it is reaped
        return total

    def peak_memory(self) -> float:
        """MiB: the sum of what each process held at most, as of the last `cpu`. Shared pages count for each."""
        return sum(self._peaks.values())


def _peak(pid: int) -> float:
    """The high-water mark of a process in MiB, proc_pid_status(5)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / MEBI
    return 0.0


class Others:
    """How many cores are used by processes that are none of this one's."""

    def __init__(self) -> None:
        self._tree = Tree(os.getpid())
        self._began = self._now()

    def _now(self) -> tuple[float, float, float]:
        times = psutil.cpu_times()
        idle = times.idle + times.iowait
        return time.monotonic(), sum(times[:8]) - idle, self._tree.cpu()

    def cores(self) -> float:
        """The mean since the construction; never below 0. `steal` counts, too."""
        (began, busy_then, ours_then), (now, busy, ours) = self._began, self._now()
        return max(0.0, ((busy - busy_then) - (ours - ours_then)) / (now - began))


def machine(packages: tuple[str, ...]) -> dict[str, object]:
    """What the figures hang on."""
    return {
        "cores": os.cpu_count(),
        "cpu": _processor(),
        "memory_mib": round(psutil.virtual_memory().total / MEBI),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "packages": {name: version(name) for name in packages},
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
