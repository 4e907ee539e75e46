"""A real Kafka for tests and benchmarks: resolved with Maven, run in KRaft mode, killed and restarted at will."""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
POM = ROOT / "tests" / "pom.xml"
HOME = ROOT / "var" / "kafka"
GIVEN = "KAFKA_BOOTSTRAP_SERVERS"
RUN = "TELEX_TEST_KAFKA_RUN"
READY = b"Kafka Server started"
JAVA = ("java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")

DEFAULTS = {
    "auto.create.topics.enable": "false",
    "broker.heartbeat.interval.ms": "300",
    # A node that comes back has to wait until its former life is over.
    "broker.session.timeout.ms": "1500",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "500",
    "log.cleaner.backoff.ms": "200",
    "log.cleaner.dedupe.buffer.size": str(16 << 20),
    "log.initial.task.delay.ms": "500",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "offsets.topic.num.partitions": "2",
    "transaction.state.log.num.partitions": "4",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
    "share.coordinator.state.topic.num.partitions": "1",
}
USER, PASSWORD = "telex", "s3cret"
"""Who may come in at a guarded door."""
LOG4J = """
appender.out.type = Console
appender.out.name = OUT
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = [%d] %p %m (%c)%n
rootLogger.level = INFO
rootLogger.appenderRef.out.ref = OUT
"""


class NoKafkaError(Exception):
    """Why there is no broker here."""


def libraries() -> Path:
    """The folder of Kafka's jars, resolved once per version of the POM.

    Raises:
        NoKafkaError: there is no Java or no Maven, or Maven cannot resolve them.
    """
    if shutil.which("java") is None:
        raise NoKafkaError("no Java")
    folder = HOME / f"libs-{hashlib.sha256(POM.read_bytes()).hexdigest()[:12]}"
    HOME.mkdir(parents=True, exist_ok=True)
    with locked(HOME / "libs.lock"):
        if not folder.is_dir():
            _resolve(folder)
    return folder


def _resolve(folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise NoKafkaError("no Maven")
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    command = [maven, "-q", "-B", "-f", str(POM), "dependency:copy-dependencies", f"-DoutputDirectory={partial}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoKafkaError(f"Maven cannot resolve Kafka: {(done.stdout + done.stderr).strip()[-300:]}")
    partial.rename(folder)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock among processes."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def java(main: str, *arguments: str, properties: Sequence[str] = (), timeout: float = 60) -> str:
    """Run one of Kafka's programs, e.g. `org.apache.kafka.tools.AclCommand`; what it prints."""
    command = [*JAVA, "-Xmx128m", *properties, "-cp", f"{libraries()}/*", main, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    if done.returncode:
        raise RuntimeError(f"{main} failed: {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Broker:
    """One node: broker and controller in one process. Its data and its ports stay the same over kills and restarts."""

    folder: Path
    node: int
    port: int
    controller: int
    process: subprocess.Popen[bytes] | None = None
    heap: str = "384m"
    door: int | None = None
    """Where those come in that access rules count for; who comes to `port` may do everything."""

    @property
    def address(self) -> str:
        """Where clients reach it."""
        return f"127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What the broker prints."""
        return self.folder / "server.log"

    def _guard(self) -> dict[str, str]:
        doors = f"PLAINTEXT://{self.address},CONTROLLER://127.0.0.1:{self.controller},SASL_PLAINTEXT://127.0.0.1:{self.door}"
        login = "org.apache.kafka.common.security.plain.PlainLoginModule"
        return {
            "listeners": doors,
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT",
            "sasl.enabled.mechanisms": "PLAIN",
            "listener.name.sasl_plaintext.plain.sasl.jaas.config": f'{login} required user_{USER}="{PASSWORD}";',
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "allow.everyone.if.no.acl.found": "true",
            "super.users": "User:ANONYMOUS",
        }

    def write(self, voters: str, settings: dict[str, str]) -> Path:
        """Its configuration file."""
        everything = {
            "process.roles": "broker,controller",
            "node.id": str(self.node),
            "controller.quorum.voters": voters,
            "listeners": f"PLAINTEXT://{self.address},CONTROLLER://127.0.0.1:{self.controller}",
            "controller.listener.names": "CONTROLLER",
            "log.dirs": str(self.folder / "data"),
            **DEFAULTS,
            **(self._guard() if self.door else {}),
            **settings,
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "log4j2.properties").write_text(LOG4J)
        path = self.folder / "server.properties"
        path.write_text("".join(f"{key}={value}\n" for key, value in everything.items()))
        return path

    def launch(self) -> None:
        """Start the process; `wait_ready` waits for it."""
        log4j = f"-Dlog4j2.configurationFile={self.folder / 'log4j2.properties'}"
        command = [*JAVA, f"-Xmx{self.heap}", log4j, "-cp", f"{libraries()}/*", "kafka.Kafka"]
        with self.log.open("ab") as log:
            self._read_from = log.tell()
            self.process = subprocess.Popen(
                [*command, str(self.folder / "server.properties")], stdout=log, stderr=log, start_new_session=True
            )

    def wait_ready(self, patience: float = 60) -> None:
        """Return once it serves."""
        assert self.process is not None
        until = time.monotonic() + patience
        while READY not in self._printed():
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"the broker did not start: {self._printed()[-2000:].decode(errors='replace')}")
            time.sleep(0.05)

    def _printed(self) -> bytes:
        with self.log.open("rb") as log:
            log.seek(self._read_from)
            return log.read()

    def start(self) -> None:
        """Start and wait until it serves."""
        self.launch()
        self.wait_ready()

    def kill(self) -> None:
        """SIGKILL: nothing is flushed, nobody is told."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        """SIGSTOP: it keeps its connections and answers nothing until `resume`."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)


@dataclass
class Cluster:
    """One broker, or three with every partition on each of them."""

    folder: Path
    brokers: list[Broker] = field(default_factory=list)

    @property
    def servers(self) -> str:
        """The bootstrap address."""
        return ",".join(broker.address for broker in self.brokers)

    @property
    def guarded(self) -> str:
        """The bootstrap address of the doors with access rules: SASL PLAIN, USER and PASSWORD."""
        return ",".join(f"127.0.0.1:{broker.door}" for broker in self.brokers)

    @classmethod
    def make(cls, folder: Path, *, brokers: int = 1, guarded: bool = False, **settings: str) -> "Cluster":
        """Format the storage of a new cluster. Settings are Kafka's, with `_` for `.`."""
        nodes = [
            Broker(folder / f"node-{node}", node, free_port(), free_port(), heap="384m" if brokers == 1 else "320m")
            for node in range(1, brokers + 1)
        ]
        for node in nodes:
            node.door = free_port() if guarded else None
        voters = ",".join(f"{node.node}@127.0.0.1:{node.controller}" for node in nodes)
        copies = {"default.replication.factor", "offsets.topic.replication.factor"}
        copies |= {"transaction.state.log.replication.factor", "share.coordinator.state.topic.replication.factor"}
        enough = {"min.insync.replicas", "transaction.state.log.min.isr", "share.coordinator.state.topic.min.isr"}
        chosen = dict.fromkeys(sorted(copies), str(min(brokers, 3)))
        chosen |= dict.fromkeys(sorted(enough), "2" if brokers >= 3 else "1")
        chosen |= {key.replace("_", "."): value for key, value in settings.items()}
        identity = uuid.uuid4().hex[:22]
        for node in nodes:
            path = node.write(voters, chosen)
            java("kafka.tools.StorageTool", "format", "-t", identity, "-c", str(path))
        return cls(folder, nodes)

    def start(self) -> None:
        """Start all of it and wait until it serves."""
        for broker in self.brokers:
            broker.launch()
        for broker in self.brokers:
            broker.wait_ready()

    def close(self) -> None:
        """Kill what runs and remove its data."""
        for broker in self.brokers:
            broker.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def running(folder: Path, **settings: Any) -> Iterator[Cluster]:
    """A cluster that serves, as `Cluster.make` makes it; nothing of it stays, whatever happens."""
    cluster = Cluster.make(folder, **settings)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.close()


# One broker for all tests of a run, also where the run is spread over several processes


def shared_servers() -> str:
    """The bootstrap address of the broker of this test run; started by the first who asks.

    Raises:
        NoKafkaError: there is none and none can be started here.
    """
    given = os.environ.get(GIVEN)
    if given:
        return given
    libraries()
    folder = Path(os.environ[RUN])
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / "lock"):
        note = folder / "broker.json"
        if not note.exists():
            cluster = Cluster.make(folder / "cluster")
            cluster.start()
            process = cluster.brokers[0].process
            assert process is not None
            _started.append(process)
            note.write_text(json.dumps({"servers": cluster.servers, "pid": process.pid}))
        servers: str = json.loads(note.read_text())["servers"]
        return servers


_started: list[subprocess.Popen[bytes]] = []


def begin_run() -> None:
    """Name the folder of this run, and remove what killed runs left."""
    if RUN in os.environ:
        return
    os.environ[RUN] = str(HOME / f"run-{os.getpid()}")
    for left in HOME.glob("run-*"):
        if not Path("/proc", left.name.partition("-")[2]).exists():
            _remove(left)


def end_run() -> None:
    """Stop the broker of this run, if one was started."""
    folder = os.environ.pop(RUN, None)
    if folder is not None:
        _remove(Path(folder))
    for process in _started:
        process.wait()


def _remove(folder: Path) -> None:
    note = folder / "broker.json"
    if note.exists():
        pid = json.loads(note.read_text())["pid"]
        with contextlib.suppress(OSError):
            if str(folder).encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)
                while Path(f"/proc/{pid}").exists() and b"Z" not in _state(pid):
                    time.sleep(0.02)
    shutil.rmtree(folder, ignore_errors=True)


def _state(pid: int) -> bytes:
    return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2][:3]
