"""Every error that telex raises on purpose.

TelexError
├── ConfigurationError       a file or a variable is wrong: all problems at once; exit 2
└── LogError                 the event log
    ├── ClaimDied            this claim is dead: every call on it raises, for ever
    │   ├── AppendRefused    ... because an append can never succeed (permanent); nothing of it is visible
    │   └── AppendUnknown    ... because an append may or may not be visible; only a new claim's restore can tell
    ├── LogUnavailable       the log cannot be reached, is locked or is full: nothing was written, try again later
    └── LogCorrupt           the log cannot be trusted: an operator has to act

A feed that fails is a value (`Refused`, `Unreadable`), not an exception: it happens every second.
"""

from dataclasses import dataclass


class TelexError(Exception):
    """Base of all."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a configuration, with its place and its remedy.

    `str()` gives `file:line:column: key: what; remedy` (line and column start at 1 and are left out where unknown).
    """

    where: str
    line: int | None
    column: int | None
    key: str
    what: str
    remedy: str

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.where, self.line, self.column) if part is not None)
        key = f" {self.key}:" if self.key else ""
        return f"{place}:{key} {self.what}; {self.remedy}"


class ConfigurationError(TelexError):
    """One or more problems in files or variables."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class LogError(TelexError):
    """Base of the event log's errors."""


class ClaimDied(LogError):
    """The claim was revoked, fenced or failed."""


class AppendRefused(ClaimDied):
    """The log will never accept this commit.

    Attributes:
        reason: a short word: too_large, not_authorised, unknown_topic, clock, invalid.
        culprit: the id of the feed whose record was refused, where one is to blame.
        detail: more words for an operator: which topic, how large, what to do.
    """

    def __init__(self, reason: str, culprit: str | None = None, *, detail: str | None = None) -> None:
        blamed = f" (feed {culprit})" if culprit else ""
        super().__init__(f"append refused: {reason}{blamed}" + (f": {detail}" if detail else ""))
        self.reason = reason
        self.culprit = culprit
        self.detail = detail


class AppendUnknown(ClaimDied):
    """Whether the commit is in the log is not known."""


class LogUnavailable(LogError):
    """The log cannot take or give anything now."""


class LogCorrupt(LogError):
    """The log's content is damaged or of another program."""
