"""A calendar that a test turns by hand."""


class ManualClock:
    """A `Clock` that stands still until it is set. It may be set back, as a real one may jump."""

    def __init__(self, now: float = 1_767_225_600.0) -> None:  # 2026-01-01T00:00:00Z
        self._now = now

    def now(self) -> float:
        """Seconds since 1970-01-01T00:00:00Z."""
        return self._now

    def set(self, now: float) -> None:
        """Jump to an instant."""
        self._now = now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds
