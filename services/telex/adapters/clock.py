"""The calendar of the system."""

import time


class SystemClock:
    """The `Clock` of a running service."""

    def now(self) -> float:
        """Seconds since 1970-01-01T00:00:00Z."""
        return time.time()
