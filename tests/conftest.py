"""Kafka in a test run: one broker for all of it, and a last line that says where there was none."""

import os
from collections import Counter

import pytest
from hypothesis import settings

from support import kafka

# How long an example takes says what else the machine does.
settings.register_profile("telex", deadline=None)
settings.load_profile("telex")

REQUIRED = "TELEX_TEST_KAFKA"
"""Set to `required`, a Kafka test that is skipped is a failure, and so is a run without any."""

_outcomes: Counter[str] = Counter()
_reasons: set[str] = set()


def _required() -> bool:
    return os.environ.get(REQUIRED) == "required"


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        kafka.begin_run()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.skipped and "kafka" in item.keywords and _required() and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{REQUIRED}=required, but it was skipped: {report.longrepr[2]}"
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if "kafka" not in report.keywords:
        return
    if report.skipped:
        _outcomes["skipped"] += 1
        _reasons.add(report.longrepr[2].removeprefix("Skipped: "))
    elif report.when == "call":
        _outcomes["ran"] += 1


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int):
    main = not hasattr(session.config, "workerinput")
    lacking = main and _required() and not _outcomes["ran"]
    if lacking and session.exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    result = yield
    if main:
        kafka.end_run()
        reporter = session.config.pluginmanager.get_plugin("terminalreporter")
        if lacking:
            reporter.write_line(f"{REQUIRED}=required, but no Kafka test ran", red=True)
        elif _outcomes["skipped"]:
            count, why = _outcomes["skipped"], "; ".join(sorted(_reasons))
            reporter.write_line(f"{count} Kafka tests were SKIPPED: {why}", yellow=True)
    return result


def pytest_terminal_summary(terminalreporter) -> None:
    """The figures that tests measured (`record_property("figure", …)`), at the end of the run."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, ())]
    figures = [figure for report in reports for name, figure in report.user_properties if name == "figure"]
    if figures:
        terminalreporter.section("measured")
        for figure in figures:
            terminalreporter.write_line(figure)
