"""What a start refuses, and in which words; what it makes; how it gets through TLS and access rules."""

import asyncio
import subprocess
import sys
from dataclasses import replace
from random import Random

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from kafka_store import KafkaStore, Member, create_topic, records_of, settings, until

from support import kafka
from telex.adapters.kafka import KafkaLog, KafkaSecurity, KafkaSettings, KafkaTopics, config, open_reader, topics
from telex.adapters.kafka.admin import _describe
from telex.errors import AppendRefused, ConfigurationError, LogUnavailable
from telex.testing.contracts import SHARDS, commit


async def refusal(chosen: KafkaSettings) -> str:
    """The words with which a start is refused."""
    with pytest.raises(ConfigurationError) as refused:
        await KafkaLog.open(chosen, random=Random(1))
    return str(refused.value)


async def test_topics_are_made_as_they_have_to_be(servers):
    chosen = settings(servers)
    name = chosen.group
    chosen = replace(chosen, topics=replace(chosen.topics, articles=f"{name}.articles", feeds=f"{name}.feeds"))
    await (await KafkaLog.open(chosen, random=Random(1))).close()
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    found = await _describe(admin, [topic.name for topic in topics.wanted(chosen)])
    await admin.close()
    assert {each: (one.partitions, one.config["cleanup.policy"]) for each, one in found.items()} == {
        f"{name}.state": (SHARDS, "compact"),
        f"{name}.inbox": (SHARDS, "delete"),
        f"{name}.events": (1, "delete"),
        f"{name}.articles": (3, "delete"),
        f"{name}.feeds": (1, "compact"),
        "news.feedlog": (1, "delete"),
        "news.deadletters": (1, "delete"),
    }
    assert found[f"{name}.events"].config["message.timestamp.type"] == "LogAppendTime"


async def test_members_that_start_at_the_same_time_make_the_topics_once(servers):
    chosen = settings(servers)
    logs = await asyncio.gather(*(KafkaLog.open(chosen, random=Random(1)) for _ in range(4)))
    for log in logs:
        await log.close()


async def test_missing_topics_are_listed_with_the_commands_that_make_them(servers):
    chosen = settings(servers)
    chosen = replace(chosen, topics=replace(chosen.topics, create=False, replication=3, min_insync=2))
    said = await refusal(chosen)
    name = chosen.group
    assert f"{name}.state: the topic does not exist, and kafka.create_topics is off" in said
    assert (
        f"kafka-topics.sh --bootstrap-server {servers} --create --topic {name}.state --partitions {SHARDS} "
        "--replication-factor 3 --config cleanup.policy=compact --config min.insync.replicas=2"
    ) in said
    assert f"{name}.inbox" in said
    assert f"{name}.events" in said


async def test_topics_that_cannot_be_made_say_why(servers):
    chosen = settings(servers)
    said = await refusal(replace(chosen, topics=replace(chosen.topics, replication=3)))
    assert "creating it failed" in said
    assert "replication factor" in said.lower()


@pytest.mark.parametrize(
    ("which", "partitions", "made", "said"),
    [
        ("state", SHARDS, {"cleanup_policy": "delete"}, "cleanup.policy is 'delete': memories"),
        ("state", SHARDS, {"cleanup_policy": "compact,delete"}, "memories older than its retention would be deleted"),
        ("state", 7, {"cleanup_policy": "compact"}, "has 7 partitions, and 4 are needed; set log.shards to 7"),
        ("inbox", 5, {}, "has 5 partitions"),
        ("events", 2, {"message_timestamp_type": "LogAppendTime"}, "has 2 partitions, and 1 are needed; delete"),
        ("events", 1, {}, "message.timestamp.type is 'CreateTime'; kafka-configs.sh"),
        ("articles", 1, {"cleanup_policy": "compact"}, "--add-config cleanup.policy=delete"),
        ("articles", 1, {"cleanup_policy": "compact,delete"}, "earlier events of the same article"),
        ("feeds", 1, {}, "--add-config cleanup.policy=compact"),
    ],
)
async def test_a_topic_that_would_lose_something_is_refused(servers, which, partitions, made, said):
    chosen = settings(servers)
    name = f"{chosen.group}.{which}"
    chosen = replace(chosen, topics=replace(chosen.topics, **{which: name}))
    await create_topic(servers, name, partitions, **made)
    assert said in await refusal(chosen)


async def test_a_broker_that_is_away_is_waited_for_and_then_named(own_broker):
    chosen = replace(settings(own_broker.address), start_timeout=0.3)
    own_broker.kill()
    with pytest.raises(LogUnavailable, match=rf"{own_broker.address}: no broker answers: check kafka.bootstrap"):
        await KafkaLog.open(chosen, random=Random(1))
    with pytest.raises(LogUnavailable, match="no broker answers"):
        await open_reader(chosen)
    waiting = asyncio.create_task(KafkaLog.open(replace(chosen, start_timeout=60), random=Random(1)))
    await asyncio.get_running_loop().run_in_executor(None, own_broker.start)
    log = await waiting
    assert await log.bounds() == (0, 0)
    await log.close()


def test_settings_that_cannot_work_are_refused_together():
    wrong = KafkaSettings(
        session=2.0,
        heartbeat=1.0,
        request_timeout=20.0,
        transaction_timeout=10.0,
        topics=KafkaTopics(state="x", inbox="x"),
    )
    with pytest.raises(ConfigurationError) as refused:
        config.check(wrong)
    said = str(refused.value)
    assert "kafka.heartbeat: is more than a third of kafka.session" in said
    assert "kafka.request_timeout: is longer than kafka.transaction_timeout" in said
    assert "'x' names two topics" in said


def test_python_without_assertions_is_refused():
    code = (
        "from telex.adapters.kafka import KafkaSettings, config\n"
        "from telex.errors import ConfigurationError\n"
        "try: config.check(KafkaSettings())\n"
        "except ConfigurationError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-O", "-c", code], capture_output=True, text=True, check=True)
    assert "run telex without -O" in done.stdout


@pytest.mark.parametrize(
    ("security", "said"),
    [
        (KafkaSecurity(sasl="PLAIN"), "PLAIN needs a user name and a password"),
        (KafkaSecurity(sasl="OAUTHBEARER"), "OAUTHBEARER needs a token"),
        (KafkaSecurity(tls=True, ca_file="/nonexistent.pem"), "kafka.ca_file: /nonexistent.pem"),
        (KafkaSecurity(tls=True, cert_file="/nonexistent.pem"), "kafka.cert_file: /nonexistent.pem"),
    ],
)
def test_security_that_lacks_something_is_refused(security, said):
    with pytest.raises(ConfigurationError, match=said):
        config.client_options(KafkaSettings(security=security))


async def test_security_is_passed_on(tmp_path):
    def options(**more):
        return config.client_options(KafkaSettings(security=KafkaSecurity(**more)))

    scram = options(sasl="SCRAM-SHA-512", username="u", password="p", tls=True)
    assert (scram["security_protocol"], scram["sasl_mechanism"]) == ("SASL_SSL", "SCRAM-SHA-512")
    assert (scram["sasl_plain_username"], scram["sasl_plain_password"]) == ("u", "p")
    assert scram["ssl_context"].check_hostname
    token = tmp_path / "token"
    token.write_text("first\n")
    provider = options(sasl="OAUTHBEARER", token_file=token)["sasl_oauth_token_provider"]
    assert await provider.token() == "first"
    token.write_text("second")
    assert await provider.token() == "second"

    async def ask():
        return "asked"

    assert await options(sasl="OAUTHBEARER", token=ask)["sasl_oauth_token_provider"].token() == "asked"
    assert "secret" not in repr(KafkaSecurity(password="secret", key_password="secret"))


def _certificates(folder):
    """An authority, and a certificate of 127.0.0.1 that serves broker and client."""

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=ca")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "host.key", "-out", "host.csr", "-subj", "/CN=telex")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1")
    signing = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names", "-out", "host.pem")
    openssl("x509", "-req", "-in", "host.csr", "-days", "2", *signing)
    (folder / "broker.pem").write_text((folder / "host.key").read_text() + (folder / "host.pem").read_text())


JAAS = 'org.apache.kafka.common.security.plain.PlainLoginModule required user_telex="s3cret";'


async def test_a_log_works_over_tls_with_a_client_certificate_and_a_password(servers, tmp_path):
    _certificates(tmp_path)
    port = kafka.free_port()
    cluster = kafka.Cluster.make(tmp_path / "cluster")
    broker = cluster.brokers[0]
    extra = {
        "listeners": f"PLAINTEXT://{broker.address},CONTROLLER://127.0.0.1:{broker.controller},"
        f"SASL_SSL://127.0.0.1:{port}",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL",
        "sasl.enabled.mechanisms": "PLAIN",
        "listener.name.sasl_ssl.plain.sasl.jaas.config": JAAS,
        "listener.name.sasl_ssl.ssl.client.auth": "required",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(tmp_path / "broker.pem"),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(tmp_path / "ca.pem"),
    }
    path = broker.folder / "server.properties"
    path.write_text(path.read_text() + "".join(f"{key}={value}\n" for key, value in extra.items()))
    cluster.start()
    security = KafkaSecurity(
        tls=True,
        ca_file=tmp_path / "ca.pem",
        cert_file=tmp_path / "host.pem",
        key_file=tmp_path / "host.key",
        sasl="PLAIN",
        username="telex",
        password="s3cret",
    )
    store = KafkaStore(f"127.0.0.1:{port}", security=security)
    try:
        a = Member(await store.open("a"))
        await (await a.claim()).append(commit(1))
        assert await records_of(a.log) == ["a1"]
        wrong = replace(security, password="wrong")
        assert "the brokers refuse our credentials" in await refusal(replace(store.settings, security=wrong))
    finally:
        await store.close()
        cluster.close()


def _deny(servers: str, action: str, *what: str) -> None:
    """Add or remove a rule that denies something to everybody."""
    rule = ("--deny-principal", "User:ANONYMOUS", *what)
    kafka.java("org.apache.kafka.tools.AclCommand", "--bootstrap-server", servers, f"--{action}", "--force", *rule)


async def test_access_rules_are_missed_at_the_start_and_named_and_come_and_go(servers, tmp_path):
    cluster = kafka.Cluster.make(
        tmp_path / "cluster",
        authorizer_class_name="org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        allow_everyone_if_no_acl_found="true",
    )
    cluster.start()
    store = KafkaStore(cluster.servers)
    group, state = store.settings.group, store.settings.topics.state
    loop = asyncio.get_running_loop()

    async def deny(action, *what):
        await loop.run_in_executor(None, _deny, cluster.servers, action, *what)

    try:
        ids = ("--transactional-id", group, "--resource-pattern-type", "prefixed", "--operation", "Write")
        await deny("add", *ids)
        assert "access denied to the transactional ids: grant Write" in await refusal(store.settings)
        await deny("remove", *ids)
        await deny("add", "--topic", state, "--operation", "Read")
        assert "access denied to a topic: grant Read" in await refusal(store.settings)
        await deny("remove", "--topic", state, "--operation", "Read")
        a = Member(await store.open("a"))
        claim = await a.claim()
        await claim.append(commit(1))
        await deny("add", "--topic", state, "--operation", "Write")

        async def until_refused():
            while True:
                try:
                    await (await a.claim()).append(commit(2))
                except AppendRefused as error:
                    return error

        refused = await asyncio.wait_for(until_refused(), 20)
        assert refused.reason == "not_authorised"
        assert str(refused).endswith(f": {state}: grant Write and Describe")
        seen = await records_of(a.log)
        await deny("remove", "--topic", state, "--operation", "Write")
        await until(lambda: 0 in a.live)
        again = await a.claim()
        assert again.restored.memories == {"feed": seen[-1][1:].encode()}
    finally:
        await store.close()
        cluster.close()
