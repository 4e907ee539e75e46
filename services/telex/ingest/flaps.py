"""An entry that goes back and forth between texts: its newest text is told at once, one that was there before when it stays.

Two machines behind one address, one of them stale, or insertions that rotate would make an event of every poll otherwise.
Should the entry leave the window meanwhile, its newest text is the one that was told.
"""

from dataclasses import replace
from typing import Final

from telex.core.identity import digest
from telex.core.memory import PAST_DIGEST_SIZE, Known, Mark, Meaning, Past
from telex.core.model import Digest

TEXTS: Final = 4
"""Former texts that are remembered of an entry."""


def _named(meaning: Meaning) -> bytes:
    return digest(meaning)[:PAST_DIGEST_SIZE]


def past_of(mine: Known, meaning: Meaning) -> Past | None:
    """What is remembered of an entry's former texts once its text is `meaning`; nothing is held any more."""
    past = mine.past
    if mine.meaning == meaning:
        return replace(past, held=None) if past and past.held is not None else past
    left, here = _named(mine.meaning), _named(meaning)
    former = past.texts if past else ()
    others = (text for text in former if text != left)
    return Past((*others, left)[-TEXTS:], past.newest if past and here in former else here)


def held(mine: Known, meaning: Meaning, raw: Digest, now: float, grace: float) -> Known | None:
    """The entry as it was known before, where its text is a former one again and has not stayed for `grace` yet.

    None where the edit is to be told: a text that never was there, the newest of them, or one that stayed. `grace` is in seconds; 0 holds
    nothing.
    """
    past = mine.past
    here = _named(meaning)
    if past is None or here not in past.texts or here == past.newest:
        return None
    since = now if past.held is None else min(past.held, now)
    if now - since >= grace:
        return None
    return replace(mine, raw=raw, missing_since=None, marks=mine.marks | Mark.HELD, past=replace(past, held=since))


def stayed(known: Known, now: float, grace: float) -> bool:
    """Whether a text that is held has stayed long enough to be told."""
    past = known.past
    return bool(past and known.marks & Mark.HELD and past.held is not None and now - past.held >= grace)
