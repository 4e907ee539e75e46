"""The Kafka log keeps the contract of every event log."""

import pytest

from telex.testing.contracts import CONTRACT


@pytest.mark.parametrize("name", CONTRACT)
async def test_kafka(name, store):
    await CONTRACT[name](store)
