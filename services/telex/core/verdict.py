"""What an entry that a feed shows means for its article: the rules of published, updated and silence."""

from enum import Enum, auto

from telex.core.memory import Known, Mark, Meaning
from telex.core.model import FeedId
from telex.core.register import Standing


class Verdict(Enum):
    """What follows from an entry."""

    PUBLISH = auto()
    SKIP = auto()
    UPDATE = auto()
    TAKE_OVER = auto()
    """An update by a feed whose text is the article's from now on: it came back, or brought the body it lacked."""
    QUIET = auto()


def verdict(
    *, me: FeedId, mine: Known | None, standing: Standing | None, meaning: Meaning, bodied: bool, skip: bool
) -> Verdict:
    """Judge an entry of feed `me`.

    `mine` is what this feed remembered of it, `standing` how its article stands with all feeds of the publisher,
    `bodied` whether the entry has a body, `skip` whether the feed's back catalogue is being passed over.

    An edit is a change within one feed, judged by the feed whose text rules. Feeds that showed the same text as the
    ruling one speak for it, so that an edit seen in both, in whichever order, is one update.
    """
    if standing is None or standing.version == 0:
        passed_over = bool(mine.marks & Mark.SKIPPED) if mine else skip
        return Verdict.SKIP if passed_over else Verdict.PUBLISH
    if standing.withdrawn:
        return Verdict.TAKE_OVER
    richer = bodied and not standing.bodied
    if mine is None:
        return Verdict.TAKE_OVER if richer else Verdict.QUIET
    if meaning in (mine.meaning, standing.latest):
        return Verdict.QUIET
    if standing.ruler in (me, None) or mine.meaning == standing.ruling:
        return Verdict.UPDATE
    return Verdict.TAKE_OVER if richer else Verdict.QUIET
