"""The processes of a fleet: a newsroom, and members of the group, to be killed, stopped and started at will."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml


def until(condition: Callable[[], Any], what: str, patience: float = 60.0) -> Any:
    """Wait until the condition gives something true; gives that."""
    end = time.monotonic() + patience
    while not (found := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"waited {patience:g} s for {what}")
        time.sleep(0.05)
    return found


class _Tail:
    """A growing file of JSON lines, each line read once."""

    def __init__(self, path: Path, read: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        self._path = path
        self._read = read
        self._position = 0
        self._found: list[dict[str, Any]] = []

    def lines(self) -> list[dict[str, Any]]:
        """All so far; what is no JSON, or not what is looked for, is left out."""
        if self._path.exists():
            with self._path.open("rb") as file:
                file.seek(self._position)
                whole = file.read().rpartition(b"\n")[0]
            self._position += len(whole) + bool(whole)
            for line in whole.splitlines():
                with contextlib.suppress(ValueError, KeyError, TypeError):
                    self._found.append(self._read(json.loads(line)))
        return self._found


@dataclass
class Press:
    """The newsroom as a process. Its ledger is a file."""

    folder: Path
    publishers: int = 20
    pace: float = 0.15
    start: int = 5
    seed: int = 1
    process: subprocess.Popen[str] | None = None
    url: str = ""

    @property
    def ledger(self) -> Path:
        """The truth."""
        return self.folder / "ledger.jsonl"

    @property
    def catalogue(self) -> Path:
        """What telex polls."""
        return self.folder / "catalogue.yaml"

    def run(self) -> None:
        """Start it; gives when it serves."""
        options = {"ledger": self.ledger, "catalogue": self.catalogue, "publishers": self.publishers}
        options |= {"pace": self.pace, "articles-start": self.start, "seed": self.seed}
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "newsroom", *words], stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        self.url = self.process.stdout.readline().removeprefix("newsroom at ").strip()
        written = yaml.safe_load(self.catalogue.read_text(encoding="utf-8"))
        written["defaults"]["interval"] = {"min": 1, "max": 1}
        self.catalogue.write_text(yaml.safe_dump(written, allow_unicode=True), encoding="utf-8")

    def ask(self, path: str, *, post: bool = False) -> Any:
        """What it answers, as JSON."""
        request = urllib.request.Request(self.url + path, method="POST" if post else "GET")
        with urllib.request.urlopen(request, timeout=20) as response:
            return json.loads(response.read() or b"null")

    def publish(self) -> str:
        """One article more; its key."""
        return self.ask("/admin/publish", post=True)["key"]

    def asked(self) -> int:
        """How often the least asked feed was read since the news stopped."""
        return self.ask("/admin/asked")["asked"]

    def recount(self) -> None:
        """No more news; count anew how often feeds are asked."""
        self.ask("/admin/quiet", post=True)

    def settle(self, times: int = 3, patience: float = 60.0) -> None:
        """No more news; wait until every feed was asked so often since, one poll after the other."""
        self.recount()
        until(lambda: self.asked() >= times, "every feed to be read to its end", patience)

    def close(self) -> None:
        """End it."""
        end(self.process)


@dataclass
class Member:
    """`telex run` on Kafka, hooked; one process of a group."""

    name: str
    folder: Path
    environment: dict[str, str]
    options: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0

    def __post_init__(self) -> None:
        self._words = _Tail(self.log, self._said)
        self._notes = _Tail(self.aims / "done.jsonl", dict)

    def _said(self, line: dict[str, Any]) -> dict[str, Any]:
        return line | {"at": datetime.fromisoformat(line["timestamp"]).timestamp(), "member": self.name}

    @property
    def log(self) -> Path:
        """What it says, over all its lives."""
        return self.folder / f"{self.name}.log"

    @property
    def aims(self) -> Path:
        """Where it is told what shall happen to it."""
        return self.folder / f"{self.name}.aims"

    @property
    def alive(self) -> bool:
        """Whether its process runs, stopped or not."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> float:
        """Start it; when that was."""
        assert not self.alive
        self.starts += 1
        self.aims.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "telex.testing.hooked", "--aims", str(self.aims), *self.options, "run"]
        at = time.time()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        return at

    def kill(self) -> float:
        """SIGKILL; when that was."""
        self.process.kill()
        at = time.time()
        self.process.wait()
        return at

    def terminate(self, patience: float = 30.0) -> float:
        """SIGTERM, and wait; when it was asked."""
        at = time.time()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(patience)
        assert code == 0, f"{self.name} ended with {code}"
        return at

    def freeze(self) -> None:
        """SIGSTOP."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        self.process.send_signal(signal.SIGCONT)

    @property
    def frozen(self) -> bool:
        """Whether it is stopped."""
        return self.alive and _state(self.process.pid) == "T"

    def aim(self, point: str, deed: str, *, after: int = 0) -> None:
        """Let the deed be done when it comes to the point, after so many times."""
        self.aims.mkdir(parents=True, exist_ok=True)
        new = self.aims / "new"
        new.write_text(str(after))
        new.rename(self.aims / f"{point}.{deed}")

    def miss(self) -> None:
        """Take back what was aimed and did not happen."""
        for aim in self.aims.glob("*.*"):
            if aim.suffix in {".KILL", ".STOP", ".HOLD"}:
                aim.unlink(missing_ok=True)

    def shoot(self, point: str, deed: str, *, after: int = 0, patience: float = 30.0) -> float:
        """Aim, and wait until it was hit; when that was."""
        self.aim(point, deed, after=after)
        if deed == "KILL":
            until(lambda: not self.alive, f"{self.name} to be killed at {point}", patience)
        else:
            until(lambda: self.frozen, f"{self.name} to be stopped at {point}", patience)
        return self.done()[-1]["at"]

    def done(self) -> list[dict[str, Any]]:
        """What was done to it, and which appends failed."""
        return [each for each in self._notes.lines() if "committed" not in each]

    def commits(self) -> list[dict[str, Any]]:
        """The commits that were answered."""
        return [each for each in self._notes.lines() if "committed" in each]

    def lines(self) -> list[dict[str, Any]]:
        """Its log lines, each with `at` and `member`."""
        return self._words.lines()

    def close(self) -> None:
        """Kill it, and whatever it started."""
        end(self.process)


def _state(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return ""


def end(process: subprocess.Popen[Any] | None) -> None:
    if process is None:
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
