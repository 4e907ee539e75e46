"""Every event log keeps the same contract."""

import pytest
from sqlite_store import SqliteStore

from telex.testing.contracts import CONTRACT


@pytest.mark.parametrize("name", CONTRACT)
async def test_sqlite(name, tmp_path):
    await CONTRACT[name](SqliteStore(tmp_path))
