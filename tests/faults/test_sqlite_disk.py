"""The k-th operation of the disk fails, or the process dies there: for every k the file holds what was acknowledged."""

import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path

import pytest

DRIVER = Path(__file__).with_name("sqlite_driver.py")


@pytest.fixture
def quick_folder(tmp_path):
    """In memory where there is such a place: the faults are the driver's, a real disk only adds its waits."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory, prefix="telex-test-") as folder:
        yield Path(folder)


async def drive(*arguments):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", str(DRIVER), *map(str, arguments), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    return json.loads(output)


@pytest.mark.parametrize("mode", ["once", "dead", "full", "kill", "torn", "power"])
async def test_whatever_operation_fails_the_log_holds_all_acknowledged_appends_whole(mode, quick_folder):
    report = await drive(mode, quick_folder)
    assert report["violations"] == []
    assert report["operations"] > 200
    assert report["runs"] > 40
    if mode in {"kill", "torn", "power"}:
        assert report["early"] > 0.8 * report["runs"]  # threads take turns: some runs need fewer operations


@pytest.mark.parametrize(("mode", "mutant"), [("power", "unsynced"), ("kill", "apart")])
async def test_a_careless_log_is_found_out(mode, mutant, quick_folder):
    """Commits that are not synced, and events and memories in two transactions."""
    assert (await drive(mode, quick_folder, mutant))["violations"]
