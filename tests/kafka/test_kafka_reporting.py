"""A run without Kafka says so in its last line, and fails where Kafka is required."""

import os
import subprocess
import sys
from pathlib import Path

from support import kafka
from telex.testing.contracts import CONTRACT

ROOT = Path(__file__).parents[2]


def run(*arguments: str, path: str = "/nonexistent", **more: str) -> tuple[int, str]:
    """A test run of its own; its exit code and its last line."""
    environ = {
        key: value for key, value in os.environ.items() if key not in {kafka.GIVEN, kafka.RUN, "TELEX_TEST_KAFKA"}
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=environ | {"PATH": path} | more, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout.strip().splitlines()[-1]


def test_the_last_line_names_what_was_skipped_and_why():
    code, last = run("tests/kafka/test_kafka_contract.py")
    assert code == 0
    assert last == f"{len(CONTRACT)} Kafka tests were SKIPPED: no Java"


def test_the_last_line_is_there_in_a_run_of_several_processes():
    code, last = run("-n", "2", "tests/kafka/test_kafka_contract.py", "-k", "inbox or commands")
    assert code == 0
    assert last.endswith("Kafka tests were SKIPPED: no Java")


def test_where_kafka_is_required_a_skip_is_a_failure():
    code, last = run("tests/kafka/test_kafka_contract.py", "-k", "bounds", TELEX_TEST_KAFKA="required")
    assert code == 1
    assert last == "TELEX_TEST_KAFKA=required, but no Kafka test ran"


def test_where_kafka_is_required_a_run_without_kafka_tests_fails():
    code, last = run("tests/core/test_urls.py", TELEX_TEST_KAFKA="required")
    assert code == 1
    assert last == "TELEX_TEST_KAFKA=required, but no Kafka test ran"


def test_other_runs_say_nothing_of_kafka():
    code, last = run("tests/core/test_urls.py")
    assert code == 0
    assert "afka" not in last
