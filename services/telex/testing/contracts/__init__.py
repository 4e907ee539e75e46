"""Checks that every event log has to pass: small, named, and judged through the port alone.

A log is tested by a `LogFactory`, which opens several members of one store in this process and does to them what a
member cannot do to itself: die, fall silent, lose an answer. `CHECKS` holds the checks by name; a test runs each with
a fresh factory. A check fails with an AssertionError, or a TimeoutError where what is promised does not come.
"""

from collections.abc import Mapping
from typing import Final

from telex.testing.contracts import appends, claims, reading
from telex.testing.contracts.house import CHECKS, SHARDS, TOPIC, Check, Log, LogFactory, commit, record

CONTRACT: Final[Mapping[str, Check]] = CHECKS

__all__ = [
    "CONTRACT",
    "SHARDS",
    "TOPIC",
    "Check",
    "Log",
    "LogFactory",
    "appends",
    "claims",
    "commit",
    "reading",
    "record",
]
