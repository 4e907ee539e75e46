"""What the Kafka tests share: the broker of the run, and topics and a group of their own for each test."""

import pytest
from kafka_store import KafkaStore

from support import kafka


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if "servers" in getattr(item, "fixturenames", ()):
            item.add_marker("kafka")


@pytest.fixture(scope="session")
def servers():
    """The bootstrap address of a broker that no test may harm."""
    try:
        return kafka.shared_servers()
    except kafka.NoKafkaError as error:
        pytest.skip(str(error))


@pytest.fixture
async def make_store(servers):
    """Makes logs of their own on the broker of the run."""
    made = []

    def make(*args, **more):
        made.append(KafkaStore(servers, *args, **more))
        return made[-1]

    yield make
    for store in made:
        await store.close()


@pytest.fixture
def store(make_store):
    """A log of its own on the broker of the run."""
    return make_store()


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
