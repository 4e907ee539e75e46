"""The command: it says where it is, writes what it was asked for, and ends when told to."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from newsroom.ledger import load

SERVICES = Path(__file__).parents[2] / "services"


def start(*arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(SERVICES)}
    command = [sys.executable, "-W", "error", "-m", "newsroom", *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_tells_its_address_and_ends_cleanly_on_a_signal(tmp_path, number):
    ledger, catalogue = tmp_path / "ledger.jsonl", tmp_path / "catalogue.yaml"
    with start(
        "--ledger", str(ledger), "--catalogue", str(catalogue), "--seed", "9", "--articles-start", "2"
    ) as process:
        line = process.stdout.readline()
        feeds = yaml.safe_load(catalogue.read_text(encoding="utf-8"))["feeds"]
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert (out, err) == ("", "")
    assert line.startswith("newsroom at http://127.0.0.1:")
    assert all(feed["url"].startswith(line.removeprefix("newsroom at ").strip()) for feed in feeds)
    assert len(load(ledger)) >= 80


def test_a_port_that_is_taken_is_said_and_ends_with_2():
    with start("--port", "0") as first:
        port = first.stdout.readline().strip().rpartition(":")[2]
        with start("--port", port) as second:
            _, err = second.communicate(timeout=60)
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=60)
    assert second.returncode == 2
    assert err.startswith("newsroom: ")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("wrong", [("--publishers", "0"), ("--pace", "-1"), ("--faults", "all"), ("--port", "x")])
def test_a_wrong_option_ends_with_2(wrong):
    with start(*wrong) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert wrong[0] in err


def test_telex_is_never_imported():
    sources = list((SERVICES / "newsroom").rglob("*.py"))
    assert len(sources) > 10
    assert not [path for path in sources if "telex" in path.read_text(encoding="utf-8")]
