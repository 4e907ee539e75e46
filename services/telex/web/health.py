"""Probes as the Kubernetes API has them: /livez and /readyz, with a line for each check."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from telex.core.redact import redact_text

_REASON: Final = 300
"""Characters of a reason that are shown."""


@dataclass(frozen=True, slots=True)
class Check:
    """One condition: `why_not()` gives None where it holds, else the reason in a few words. It never waits."""

    name: str
    why_not: Callable[[], str | None]


def loop_turns() -> Check:
    """The check that is alone in /livez: whoever reads an answer has the proof, whatever became of log and feeds."""
    return Check("loop", lambda: None if asyncio.get_running_loop().is_running() else "stopped")


def report(probe: str, checks: Sequence[Check], *, verbose: bool) -> web.Response:
    """200 where every check holds, else 503. The lines are there where one does not hold, or on demand."""
    found = [(check.name, _ask(check)) for check in checks]
    failed = any(reason is not None for _, reason in found)
    body = "\n".join(_lines(probe, found, failed=failed)) if failed or verbose else "ok"
    return web.Response(
        status=503 if failed else 200,
        text=body + "\n",
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
    )


def _ask(check: Check) -> str | None:
    try:
        reason = check.why_not()
    except Exception as error:  # noqa: BLE001 - a check that fails is a check that does not hold
        reason = f"the check itself failed: {type(error).__name__}"
    return None if reason is None else " ".join(redact_text(reason).split())[:_REASON]


def _lines(probe: str, found: Iterable[tuple[str, str | None]], *, failed: bool) -> Iterable[str]:
    for name, reason in found:
        yield f"[+]{name} ok" if reason is None else f"[-]{name} {reason or 'failed'}"
    yield f"{probe} check {'failed' if failed else 'passed'}"
