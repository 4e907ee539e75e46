"""Each way through a broker's door, and in which words each closed door is told."""

import asyncio
import shlex
import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from kafka_store import KafkaStore, Member, records_of, settings

from support import kafka, kafka_tls
from telex.adapters.kafka import KafkaLog, KafkaSecurity, KafkaSettings, config, open_reader
from telex.errors import ClaimDied, ConfigurationError, LogUnavailable
from telex.ports import Commit
from telex.testing.contracts import commit, record

PASSWORDS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


class Doors:
    """The broker's ways in, and the keys."""

    def __init__(self, broker: kafka_tls.SecureBroker, folder: Path) -> None:
        self.broker = broker
        self.folder = folder
        self.tls = KafkaSecurity(tls=True, ca_file=broker.certificates.authority)
        self.foreign = kafka_tls.Certificates(folder / "foreign", "somebody-else")
        self.certificate = self._pair(broker.certificates)
        self.foreign_certificate = self._pair(self.foreign)

    def _pair(self, authority: kafka_tls.Certificates) -> dict[str, Path]:
        certificate, key = authority.issue(kafka_tls.USER)
        return {"cert_file": certificate, "key_file": key}

    def user(self, sasl: str, password: str = kafka_tls.PASSWORD, name: str = kafka_tls.USER) -> KafkaSecurity:
        return KafkaSecurity(sasl=sasl, username=name, password=password)

    def token(self, text: str) -> KafkaSecurity:
        path = self.folder / "token"
        path.write_text(text)
        return KafkaSecurity(sasl="OAUTHBEARER", token_file=path)

    def open(self, way: str) -> tuple[str, KafkaSecurity]:
        """The address and the key of a way in."""
        match way:
            case "TLS":
                return self.broker.tls, self.tls
            case "TLS with any host name":
                return self.broker.elsewhere, replace(self.tls, check_hostname=False)
            case "TLS with a client certificate":
                return self.broker.mutual, replace(self.tls, **self.certificate)
            case "OAUTHBEARER":
                return self.broker.sasl, self.token(kafka_tls.token(kafka_tls.USER))
            case _:
                return self.broker.sasl, self.user(way)


@pytest.fixture(scope="module")
def doors(servers: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    """A broker with every way in, for this module."""
    try:
        kafka.libraries()
    except kafka.NoKafkaError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("doors")
    broker = kafka_tls.start(folder / "cluster")
    yield Doors(broker, folder)
    broker.cluster.close()


@pytest.mark.parametrize(
    "way", ["TLS", "TLS with any host name", "TLS with a client certificate", *PASSWORDS, "OAUTHBEARER"]
)
async def test_a_log_works_over(doors, way):
    address, security = doors.open(way)
    store = KafkaStore(address, security=security)
    try:
        a = Member(await store.open("a"))
        await (await a.claim()).append(commit(1))
        assert await records_of(a.log) == ["a1"]
    finally:
        await store.close()


def chosen(address: str, security: KafkaSecurity, **more) -> KafkaSettings:
    return settings(address, security=security, **({"start_timeout": 0.1} | more))


async def refused(address: str, security: KafkaSecurity) -> str:
    with pytest.raises(ConfigurationError) as error:
        await KafkaLog.open(chosen(address, security, start_timeout=60.0), random=Random(1))
    return str(error.value)


@pytest.mark.parametrize("sasl", PASSWORDS)
async def test_a_wrong_password_is_told_with_its_user_and_not_tried_again(doors, sasl):
    said = await refused(doors.broker.sasl, doors.user(sasl, "wr0ng"))
    assert "the brokers refuse our credentials: check kafka.username, password or token" in said
    assert f"{sasl}, user 'telex'" in said
    assert "wr0ng" not in said


async def test_a_token_that_ran_out_is_told_though_its_refusal_looks_like_a_success(doors):
    said = await refused(doors.broker.sasl, doors.token(kafka_tls.token(kafka_tls.USER, lifetime=-60)))
    assert "the brokers refuse our credentials: check kafka.username, password or token" in said
    assert "invalid_token" in said


async def test_a_mechanism_that_is_not_offered_is_told(doors):
    said = await refused(doors.broker.plain, doors.user("SCRAM-SHA-256"))
    assert "the brokers do not offer this SASL mechanism there: check kafka.sasl" in said
    said = await refused(doors.broker.open, doors.user("PLAIN"))
    assert "the brokers want no SASL there: check kafka.sasl" in said


async def test_a_missing_or_foreign_client_certificate_names_its_setting(doors):
    for security in (doors.tls, replace(doors.tls, **doors.foreign_certificate)):
        said = await refused(doors.broker.mutual, security)
        assert "the brokers want a client certificate that they trust: check kafka.cert_file and kafka.key_file" in said


async def test_a_broker_of_another_authority_or_another_name_is_not_trusted(doors):
    said = await refused(doors.broker.tls, replace(doors.tls, ca_file=doors.foreign.authority))
    assert "the brokers' certificate is not trusted: check kafka.ca_file" in said
    said = await refused(doors.broker.elsewhere, doors.tls)
    assert (
        "the brokers' certificate is not that of their address: check kafka.bootstrap and kafka.check_hostname" in said
    )


async def test_the_wrong_protocol_at_a_port_is_told(doors):
    broker, plain = doors.broker, doors.user("PLAIN")
    for address, security in (
        (broker.open, doors.tls),
        (broker.sasl, doors.tls),
        (broker.tls, KafkaSecurity()),
        (broker.sasl, KafkaSecurity()),
        (broker.tls, plain),
    ):
        with pytest.raises(LogUnavailable, match=r"hangs up: check that kafka\.tls and kafka\.sasl") as error:
            await KafkaLog.open(chosen(address, security), random=Random(1))
        assert address in str(error.value)


async def test_a_token_file_that_is_absent_empty_or_no_text_names_its_setting(doors):
    absent = KafkaSecurity(sasl="OAUTHBEARER", token_file=doors.folder / "absent")
    for security in (absent, doors.token(" \n"), doors.token("é")):
        with pytest.raises(LogUnavailable, match=r"no token to show to the brokers: check kafka\.token_file") as error:
            await KafkaLog.open(chosen(doors.broker.sasl, security), random=Random(1))
        assert str(security.token_file) in str(error.value)


async def test_one_of_the_addresses_is_enough_and_what_can_be_mended_is_told_first(doors):
    nobody = f"127.0.0.1:{kafka.free_port()}"
    await (await KafkaLog.open(settings(f"{nobody},{doors.broker.open}"), random=Random(1))).close()
    said = await refused(f"{nobody},{doors.broker.sasl}", doors.user("PLAIN", "wrong"))
    assert "refuse our credentials" in said


async def test_a_client_that_is_refused_later_says_why(doors):
    with pytest.raises(LogUnavailable, match="the brokers refuse our credentials"):
        await open_reader(chosen(doors.broker.sasl, doors.user("SCRAM-SHA-512", "wrong")))
    with pytest.raises(LogUnavailable, match="certificate is not trusted"):
        await open_reader(chosen(doors.broker.tls, replace(doors.tls, ca_file=doors.foreign.authority)))


async def test_a_token_that_is_rotated_keeps_a_log_going_through_ended_sessions(doors, monkeypatch):
    shown: list[str] = []
    token = config._FileToken.token

    async def noted(self):
        shown.append(await token(self))
        return shown[-1]

    monkeypatch.setattr(config._FileToken, "token", noted)
    security = doors.token(kafka_tls.token(kafka_tls.USER))
    store = KafkaStore(doors.broker.sasl, security=security)
    try:
        a = Member(await store.open("a"))
        claim, done = await a.claim(), 0
        fresh = kafka_tls.token(kafka_tls.USER, lifetime=7200)
        security.token_file.write_text(fresh)
        until = asyncio.get_running_loop().time() + 30
        while shown.count(fresh) < 3 or done < 3:
            assert asyncio.get_running_loop().time() < until
            try:
                await claim.append(commit(done + 1))
                done += 1
            except ClaimDied:  # a session ended within the commit: the restore tells whether it counts
                claim = await a.claim(not_=claim)
                done = max((int(memory) for memory in claim.restored.memories.values()), default=0)
            except LogUnavailable:
                await asyncio.sleep(0.05)
        assert await records_of(a.log) == [f"a{number}" for number in range(1, done + 1)]
    finally:
        await store.close()


async def test_missing_access_rules_are_told_at_the_start_with_the_commands_that_mend_it(doors):
    broker, loop = doors.broker, asyncio.get_running_loop()
    limited = doors.user("SCRAM-SHA-256", name=kafka_tls.LIMITED)
    whole = settings(broker.open)
    group = whole.group
    whole = replace(whole, topics=replace(whole.topics, articles=f"wire.{group}"))
    await (await KafkaLog.open(whole, random=Random(1))).close()

    async def grant(*rules: str) -> None:
        made = (loop.run_in_executor(None, kafka_tls.grant, broker, *shlex.split(rule)) for rule in rules)
        await asyncio.gather(*made)

    mine = replace(whole, bootstrap=(broker.sasl,), security=limited)
    with pytest.raises(ConfigurationError, match="access denied to a topic: grant Read, Write, Describe and"):
        await KafkaLog.open(mine, random=Random(1))
    who = f"--allow-principal User:{kafka_tls.LIMITED}"
    prefixed = f"{who} --resource-pattern-type prefixed"
    reading = "--operation DescribeConfigs --operation Read --operation Write"
    await grant(
        f"{prefixed} --operation Describe --topic {group}. --topic news. --group {group} --transactional-id {group}",
        f"{prefixed} {reading} --topic {group}. --topic news.",
        f"{who} --operation Describe --operation DescribeConfigs --topic wire.{group}",
        f"{prefixed} --operation Write --transactional-id {group}",
    )
    with pytest.raises(ConfigurationError) as error:
        await KafkaLog.open(mine, random=Random(1))
    problems = {problem.key: problem for problem in error.value.problems}
    assert {key: problem.what for key, problem in problems.items()} == {
        f"wire.{group}": "access denied to a topic: grant Write on it",
        group: "access denied to the consumer group: grant Read on it",
    }
    commands = [problem.remedy for problem in problems.values()]
    start = f"kafka-acls.sh --bootstrap-server {broker.sasl} --add "
    assert all(command.startswith(start) for command in commands)
    await grant(*(command.removeprefix(start) for command in commands))
    log = await KafkaLog.open(mine, random=Random(1))
    try:
        a = Member(log)
        await (await a.claim()).append(Commit((record(1, f"wire.{group}"),)))
        assert await records_of(log) == ["a1"]
    finally:
        await log.close()


# Brokers that are too old, or too new


class _Answering:
    """A broker that says which requests it knows, and nothing more."""

    def __init__(self, versions: dict[int, tuple[int, int]]) -> None:
        known = b"".join(struct.pack(">hhh", key, low, high) for key, (low, high) in versions.items())
        self._answer = struct.pack(">hi", 0, len(versions)) + known
        self.asked: list[int] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                [size] = struct.unpack(">i", await reader.readexactly(4))
                key, _, correlation = struct.unpack(">hhi", (await reader.readexactly(size))[:8])
                self.asked.append(key)
                body = struct.pack(">i", correlation) + self._answer
                writer.write(struct.pack(">i", len(body)) + body)
        except asyncio.IncompleteReadError:
            writer.close()


KAFKA_1_1 = {0: (0, 5), 1: (0, 7), 2: (0, 2), 3: (0, 5), 8: (0, 3), 9: (0, 3), 10: (0, 1), 11: (0, 2), 12: (0, 1)}
KAFKA_1_1 |= {
    13: (0, 1),
    14: (0, 1),
    15: (0, 1),
    18: (0, 1),
    19: (0, 2),
    22: (0, 0),
    24: (0, 0),
    26: (0, 0),
    32: (0, 1),
}
"""What Kafka 1.1 knows of it."""
ENOUGH = {0: (0, 9), 1: (4, 13), 2: (1, 7), 3: (0, 12), 8: (2, 8), 9: (1, 8), 10: (0, 4), 11: (0, 9), 12: (0, 4)}
ENOUGH |= {13: (0, 5), 14: (0, 5), 15: (0, 5), 18: (0, 3), 19: (2, 7), 22: (0, 4), 24: (0, 3), 26: (0, 3), 32: (1, 4)}


@pytest.mark.parametrize(
    ("versions", "said"),
    [
        (KAFKA_1_1, "JoinGroup 5 to 5: theirs 0 to 2"),
        ({key: value for key, value in ENOUGH.items() if key != 22}, "InitProducerId 0 to 0: theirs none"),
        (ENOUGH | {3: (9, 13)}, "Metadata 4 to 5: theirs 9 to 13"),
    ],
)
async def test_brokers_that_share_no_version_with_us_are_refused_with_the_requests(versions, said):
    answering = _Answering(versions)
    server = await asyncio.start_server(answering, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        message = await refused(f"127.0.0.1:{port}", KafkaSecurity())
    assert "the brokers and telex share no version of a request: use Kafka 2.5 or newer" in message
    assert said in message
    assert answering.asked == [18]


async def test_a_server_that_is_no_kafka_is_told():
    async def hang_up(_, writer):
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(LogUnavailable, match="a broker answers and hangs up"):
            await KafkaLog.open(chosen(f"127.0.0.1:{port}", KafkaSecurity()), random=Random(1))
