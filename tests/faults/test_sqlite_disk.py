"""The k-th operation of the disk fails, or the process dies there: for every k the file holds what was acknowledged."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

DRIVER = Path(__file__).with_name("sqlite_driver.py")


async def drive(*arguments):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", str(DRIVER), *map(str, arguments), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    return json.loads(output)


@pytest.mark.parametrize("mode", ["once", "dead", "full", "kill", "torn", "power"])
async def test_whatever_operation_fails_the_log_holds_all_acknowledged_appends_whole(mode, tmp_path):
    report = await drive(mode, tmp_path)
    assert report["violations"] == []
    assert report["operations"] > 200
    assert report["runs"] > 40
    if mode in {"kill", "torn", "power"}:
        assert report["early"] == report["runs"]


@pytest.mark.parametrize(("mode", "mutant"), [("power", "unsynced"), ("kill", "apart"), ("full", "apart")])
async def test_a_careless_log_is_found_out(mode, mutant, tmp_path):
    """Commits that are not synced, and events and memories in two transactions."""
    assert (await drive(mode, tmp_path, mutant))["violations"]
