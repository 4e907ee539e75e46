"""What the Kafka tests share: the broker of the run, and topics and a group of their own for each test."""

import pytest
from kafka_store import KafkaStore

from support import kafka


def pytest_collection_modifyitems(items):
    for item in items:
        if "/tests/kafka/" in str(item.path):
            item.add_marker("kafka")


@pytest.fixture(scope="session")
def servers():
    """The bootstrap address of a broker that no test may harm."""
    try:
        return kafka.shared_servers()
    except kafka.NoKafkaError as error:
        pytest.skip(str(error))


@pytest.fixture
async def store(servers):
    """A log of its own on the broker of the run."""
    store = KafkaStore(servers)
    yield store
    await store.close()


@pytest.fixture
def own_broker(servers, tmp_path):
    """A broker that a test may kill."""
    try:
        kafka.libraries()
    except kafka.NoKafkaError as error:
        pytest.skip(str(error))
    cluster = kafka.Cluster.make(tmp_path / "cluster")
    cluster.start()
    yield cluster.brokers[0]
    cluster.close()


@pytest.fixture
async def own_store(own_broker):
    """A log on a broker that a test may kill."""
    store = KafkaStore(own_broker.address)
    yield store
    await store.close()
