"""What a publisher's feeds together say of an article, where memories know less than they knew."""

from dataclasses import replace

from telex.core.memory import FIELDS, Known, Mark, Memory
from telex.core.model import ArticleId, Digest, FeedId
from telex.core.recall import forget
from telex.core.register import register_of

OLD, NEW = (letter * 4 * len(FIELDS) for letter in (b"o", b"n"))
HERE, THERE = FeedId("here"), FeedId("there")


def known(meaning, version):
    return Known(
        Digest(b"k" * 8), ArticleId("a" * 24), Digest(b"r" * 8), meaning, version, 0.0, None, version, Mark.TOLD
    )


def succeeds(told_last):
    """Whether the old text, shown here, is told again when the feed that told another one last shows it no more."""
    gone = replace(known(told_last, 2), missing_since=1.0)
    return register_of([(THERE, None, Memory(known=(gone,)))]).succeeds(HERE, known(OLD, 1))


def test_a_text_that_still_stands_succeeds_another_that_does_not():
    assert succeeds(NEW)
    assert not succeeds(OLD)


def test_what_was_forgotten_of_the_last_text_is_taken_for_what_is_shown():
    assert not succeeds(forget(OLD, ("body", "authors")))
    assert not succeeds(forget(NEW, FIELDS))
    assert succeeds(forget(NEW, ("body", "authors")))
