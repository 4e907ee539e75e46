"""The memory log: the contract of every log, and what only its broker and its fault plan do."""

import pytest

from telex.testing.contracts import CONTRACT
from telex.testing.memory_factory import MemoryFactory


@pytest.mark.parametrize("name", sorted(CONTRACT))
async def test_the_memory_log_keeps_the_contract(name):
    await CONTRACT[name](MemoryFactory())
