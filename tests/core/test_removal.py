"""When a withdrawn article leaves the topic of latest versions."""

from dataclasses import replace

from telex.core.identity import digest
from telex.core.memory import DEPARTED_LIMIT, Departed, Head, Known, Mark, Memory, settled
from telex.core.model import ArticleId, Feed, FeedId, Publisher
from telex.core.register import Register, register_of
from telex.core.removal import REMOVE_AFTER, removals
from telex.wire import memories

DAY = 86400.0
NOW = 1_800_000_000.0
ME, OTHER = FeedId("me"), FeedId("other")
NOBODY = Register()


def known(number: int, version: int = 2, marks: Mark = Mark.WITHDRAWN) -> Known:
    key = digest(b"%d" % number)
    return Known(key, ArticleId(f"{number:024x}"), key, b"m" * 20, version, NOW - 9 * DAY, marks=marks)


def memory(*departed: Departed) -> Memory:
    return Memory(Head(), (), departed)


def others(one: Memory) -> Register:
    return register_of([(OTHER, Feed(OTHER, "https://a.example/other", Publisher("a.example")), one)])


def test_a_tombstone_is_due_seven_days_after_the_withdrawal_and_once():
    withdrawn = memory(Departed(known(1), NOW))
    early = removals(ME, withdrawn, NOBODY, NOW + REMOVE_AFTER - 1)
    assert early.articles == ()
    assert early.memory is withdrawn
    found = removals(ME, withdrawn, NOBODY, NOW + REMOVE_AFTER)
    assert found.articles == (known(1).article,)
    assert found.memory.departed[0].known == replace(known(1), marks=Mark.WITHDRAWN | Mark.REMOVED)
    again = removals(ME, found.memory, NOBODY, NOW + REMOVE_AFTER + 1)
    assert again.articles == ()
    assert again.memory is found.memory


def test_the_memory_says_without_unpacking_whether_anything_is_to_be_removed():
    withdrawn = memory(Departed(known(1), NOW), Departed(known(2, marks=Mark.TOLD), NOW))
    removed = removals(ME, withdrawn, NOBODY, NOW + REMOVE_AFTER).memory
    assert memories.awaits_removal(memories.pack(withdrawn))
    assert not memories.awaits_removal(memories.pack(removed))
    assert not memories.awaits_removal(b"")
    assert memories.unpack(memories.pack(removed)).departed[0].known.marks == Mark.WITHDRAWN | Mark.REMOVED


def test_what_left_without_a_withdrawal_is_never_removed():
    aged = memory(Departed(known(1, marks=Mark.TOLD), NOW))
    assert removals(ME, aged, NOBODY, NOW + 20 * DAY).memory is aged


def test_an_article_that_came_back_in_another_feed_gets_no_tombstone():
    back = Memory(Head(), (known(1, version=3, marks=Mark.TOLD),))
    withdrawn = memory(Departed(known(1), NOW))
    found = removals(ME, withdrawn, others(back), NOW + REMOVE_AFTER)
    assert found.articles == ()
    assert not found.memory.departed[0].awaits_removal


def test_an_article_that_another_feed_withdrew_again_is_that_feeds_to_remove():
    again = memory(Departed(known(1, version=4), NOW + DAY))
    mine = memory(Departed(known(1), NOW))
    assert removals(ME, mine, others(again), NOW + REMOVE_AFTER).articles == ()
    assert removals(OTHER, again, others(mine), NOW + REMOVE_AFTER + DAY).articles == (known(1).article,)


def test_what_awaits_its_removal_is_kept_beyond_the_limit_and_within_a_limit_of_its_own():
    withdrawn = [Departed(known(number), NOW + number) for number in range(DEPARTED_LIMIT + 10)]
    aged = [
        Departed(known(1000 + number, marks=Mark.TOLD), NOW + 1000 + number) for number in range(DEPARTED_LIMIT + 5)
    ]
    kept = settled(memory(*withdrawn, *aged), NOW + 2000).departed
    assert kept == (*withdrawn[10:], *aged[5:])
