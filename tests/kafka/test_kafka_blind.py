"""A member that may not see the state topic for a while."""

import asyncio

from kafka_store import KafkaStore, Member, until

from support import kafka
from telex.adapters.kafka import KafkaSecurity

LOGIN = KafkaSecurity(sasl="PLAIN", username=kafka.USER, password=kafka.PASSWORD)


async def test_shards_are_shared_out_as_soon_as_their_topic_can_be_seen_again(servers, tmp_path):
    loop = asyncio.get_running_loop()
    with kafka.running(tmp_path / "cluster", guarded=True) as cluster:
        store = KafkaStore(cluster.guarded, security=LOGIN)
        topic = store.settings.topics.state

        async def deny(action: str) -> None:
            rule = ("--force", "--deny-principal", f"User:{kafka.USER}", "--topic", topic, "--operation", "Describe")
            command = ("--bootstrap-server", cluster.servers, f"--{action}", *rule)
            await loop.run_in_executor(None, kafka.java, "org.apache.kafka.tools.AclCommand", *command)

        try:
            log = await store.open("a")
            await deny("add")
            member = Member(log)
            await until(lambda: "cannot be seen" in (log.trouble or ""))
            assert not member.live
            await deny("remove")
            # aiokafka alone would look again after a minute.
            await until(lambda: len(member.live) == log.shards, patience=20)
            await until(lambda: log.trouble is None)
        finally:
            await store.close()
