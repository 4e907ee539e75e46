"""What an entry that a feed shows means for its article: the rules of published, updated and silence."""

from enum import Enum, auto

from telex.core.memory import FIELD_DIGEST_SIZE, Known, Mark, Meaning
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
    UNTOLD = auto()
    """An edit that the ruling feed has not shown yet: told when it does, or when this feed's text comes to rule."""


def verdict(
    *, me: FeedId, mine: Known | None, standing: Standing | None, meaning: Meaning, bodied: bool, skip: bool
) -> Verdict:
    """Judge an entry of feed `me`.

    `mine` is what this feed remembered of it, `standing` how its article stands with all feeds of the publisher,
    `bodied` whether the entry has a body, `skip` whether the feed's back catalogue is being passed over.

    An edit is a change within one feed, judged by the feed whose text rules. Feeds that showed the same text as the
    ruling one speak for it, so that an edit seen in both, in whichever order, is one update. Where the texts differ, an
    edit that the ruling feed has not shown yet waits for it, or for this feed's own rule.
    """
    if standing is None or standing.version == 0:
        passed_over = bool(mine.marks & Mark.SKIPPED) if mine else skip
        return Verdict.SKIP if passed_over else Verdict.PUBLISH
    if standing.withdrawn:
        return Verdict.TAKE_OVER
    # Only of the edition that was told: an answer from an old cache must not bring an old text back.
    richer = bodied and not standing.bodied and meaning[:FIELD_DIGEST_SIZE] == standing.latest[:FIELD_DIGEST_SIZE]
    if mine is None:
        return Verdict.TAKE_OVER if richer else Verdict.QUIET
    untold = bool(mine.marks & Mark.UNTOLD) and mine.version == standing.version
    if meaning == standing.latest or (meaning == mine.meaning and not untold):
        return Verdict.QUIET
    # A version that this feed has not seen may be another feed's body alone: where its title is the old one still, nobody
    # told of this edit.
    title, old, told = (text[:FIELD_DIGEST_SIZE] for text in (meaning, mine.meaning, standing.latest))
    seen_all = mine.version == standing.version or title != old == told
    speaks_for_ruler = (mine.meaning == standing.ruling and not untold) or (meaning == standing.ruling and seen_all)
    if standing.ruler in (me, None) or speaks_for_ruler:
        return Verdict.UPDATE
    if richer:
        return Verdict.TAKE_OVER
    # A version that this feed had not seen yet told of this very edit, in the ruling feed's words.
    return Verdict.UNTOLD if seen_all else Verdict.QUIET
