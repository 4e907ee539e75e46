"""What the log refused for good: whose fault it was, so that one feed's poison costs that feed alone."""

import asyncio
from typing import Final

from telex.core.model import Digest, FeedId
from telex.errors import AppendRefused

OF_A_FEED: Final = frozenset({"too_large", "invalid"})
"""Reasons that lie in what was to be written. The others (access rules, topics, clocks) are for an operator to mend."""
_ALONE: Final = 600.0
"""Seconds for which every poll is committed by itself after a refusal that named nobody: the next one will."""


class Refusals:
    """Remembered by the process, not by the log: whoever owns the shard next finds out by itself.

    A refusal ends the claim. What was decided with the refused records is decided again by the next claim, but for the
    feed that is to blame: its document becomes a dead letter.
    """

    def __init__(self) -> None:
        self._documents: dict[FeedId, tuple[Digest, str]] = {}
        self._pages: dict[FeedId, str] = {}
        self._alone_until = float("-inf")

    def note(self, feed: FeedId, document: Digest | None, refused: AppendRefused) -> None:
        """Note a refusal of what `feed` gave; `document` None: it was decided over a page."""
        if refused.reason not in OF_A_FEED:
            return
        if refused.culprit is None:
            self._alone_until = asyncio.get_running_loop().time() + _ALONE
        elif refused.culprit == feed and document is not None:
            self._documents[feed] = (document, refused.reason)
        elif refused.culprit == feed:
            self._pages[feed] = refused.reason

    @property
    def alone(self) -> bool:
        """Whether polls are committed one by one for now."""
        return asyncio.get_running_loop().time() < self._alone_until

    def of_document(self, feed: FeedId, document: Digest) -> str | None:
        """Why this document of the feed cannot be taken in; None for any other document."""
        known = self._documents.get(feed)
        return known[1] if known is not None and known[0] == document else None

    def of_pages(self, feed: FeedId) -> str | None:
        """Why the feed's pages are not taken in any more."""
        return self._pages.get(feed)
