"""An entry that goes back and forth: a new text is told at once, one that was there before when it stays."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from support.publisher import ARTICLES, House, entry, feed, kinds
from telex.core.arrivals import FeedArrived
from telex.core.identity import digest
from telex.core.memory import Mark
from telex.core.model import FeedDocument, FeedId
from telex.ingest.ingest import ingest
from telex.wire.memories import pack

GRACE = 1800.0


def house() -> House:
    made = House.of(feed(withdraw_after=GRACE))
    made.show(entry("a", "One"))
    return made


def told(house: House) -> list:
    return [event.article for event in house.events if isinstance(event, ARTICLES)]


def titles(house: House) -> list[str]:
    return [article.title for article in told(house)]


def flapping() -> House:
    """Went from one to two, and shows one again, which waits."""
    made = house()
    assert kinds(made.show(entry("a", "Two"))) == ["updated"]
    assert made.show(entry("a", "One")) == []
    return made


def test_an_entry_that_flaps_at_each_poll_gives_no_more_events():
    made = house()
    for number in range(40):
        made.show(entry("a", "Two" if number % 2 == 0 else "One"), later=60)
    assert titles(made) == ["One", "Two"]


def test_a_rotation_of_several_texts_gives_one_event_in_its_grace_at_most():
    made = house()
    turns = [f"Text {number % 3}" for number in range(120)]
    for turn in turns:
        made.show(entry("a", turn), later=60)
    first_round = ["One", "Text 0", "Text 1", "Text 2"]
    assert titles(made)[: len(first_round)] == first_round
    assert len(told(made)) <= len(first_round) + 120 * 60 / GRACE


def test_an_edit_that_is_taken_back_for_good_is_told_after_the_grace():
    made = flapping()
    assert made.show(entry("a", "One"), later=GRACE - 1) == []
    (event,) = made.show(entry("a", "One"), later=1)
    assert (event.article.title, event.article.version) == ("One", 3)
    assert [change.field for change in event.article.changes] == ["title"]
    assert made.show(entry("a", "One"), later=GRACE) == []


def test_the_newest_text_is_told_at_once_where_an_older_one_was_told_after_it():
    made = flapping()
    made.show(entry("a", "One"), later=GRACE)
    assert kinds(made.show(entry("a", "Two"), later=60)) == ["updated"]
    assert made.show(entry("a", "One"), later=60) == []
    assert titles(made) == ["One", "Two", "One", "Two"]


def test_a_publisher_that_answers_not_modified_is_asked_for_the_text_that_stayed():
    made = flapping()
    (name,) = made.memories
    made.same(later=600)
    assert made.memory(name).head.unsettled
    assert made.memory(name).head.body is not None
    made.same(later=GRACE)
    head = made.memory(name).head
    assert (head.body, head.etag) == (None, None)
    assert kinds(made.show(entry("a", "One"))) == ["updated"]
    assert not made.memory(name).head.unsettled


def test_a_new_text_is_told_at_once_though_the_entry_flapped():
    made = flapping()
    (event,) = made.show(entry("a", "Three"))
    assert (event.article.title, event.article.version) == ("Three", 3)


def test_the_text_that_was_told_last_ends_the_wait_in_silence():
    made = flapping()
    (name,) = made.memories
    assert made.show(entry("a", "Two")) == []
    (known,) = made.memory(name).known
    assert (known.marks & Mark.HELD, known.past.held) == (0, None)


def test_an_entry_that_waits_and_vanishes_is_withdrawn_as_any_other():
    made = flapping()
    above, below = [entry("b"), entry("c")], [entry("d"), entry("e")]
    made.show(*above, entry("a", "One"), *below, later=60)
    made.show(*above, *below, later=60)
    events = made.show(*above, *below, later=GRACE)
    assert kinds(events) == ["withdrawn"]


def test_no_grace_holds_nothing():
    made = House.of(feed(withdraw_after=0.0))
    for number in range(6):
        assert kinds(made.show(entry("a", f"Text {number % 2}"))) == ["published" if number == 0 else "updated"]


def test_a_wait_that_began_in_the_future_begins_now():
    made = flapping()
    made.now -= 100 * GRACE
    assert made.show(entry("a", "One"), later=1) == []
    assert made.show(entry("a", "One"), later=GRACE - 2) == []
    assert kinds(made.show(entry("a", "One"), later=2)) == ["updated"]


@given(turns=st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from([0, 60, 900, GRACE])), max_size=30))
def test_what_stays_is_what_was_told_last_and_no_version_is_told_twice_in_a_row(turns):
    made = house()
    for text, later in turns:
        made.show(entry("a", text), later=later)
    last = turns[-1][0] if turns else "One"
    made.show(entry("a", last), later=GRACE)
    made.show(entry("a", last), later=GRACE)
    said = titles(made)
    assert said[-1] == last
    assert all(one != another for one, another in pairwise(said))
    assert [article.version for article in told(made)] == list(range(1, len(said) + 1))


def test_two_feeds_that_flap_together_hold_together():
    made = House.of(feed("f1"), feed("f2"))
    for number in range(20):
        for name in ("f1", "f2"):
            made.show(entry("a", "One" if number % 2 == 0 else "Two"), name=FeedId(name), later=30)
    assert titles(made) == ["One", "Two"]


def test_an_answer_from_an_old_cache_is_silence_and_what_follows_it_is_told_at_once():
    made = House.of(feed("f1"), feed("f2"))
    for title in ("One", "Two"):
        for name in ("f1", "f2"):
            made.show(entry("a", title), name=name)
    assert made.show(entry("a", "One"), name="f1") == []
    assert kinds(made.show(entry("a", "Three"), name="f1")) == ["updated"]
    assert kinds(made.show(entry("a", "Three"), name="f2")) == []
    assert titles(made) == ["One", "Two", "Three"]


def test_how_many_are_held_is_said_once():
    made = flapping()
    outcomes = []
    for title in ("One", "Two", "One"):
        made.now += 60
        document = FeedDocument("test", (entry("a", title),), complete=True, title="The News")
        arrival = FeedArrived(document, digest(title.encode()), made.feeds["f1"].url, None, None, None)
        outcomes.append(ingest(made.feeds["f1"], made.memory("f1"), made.register("f1"), arrival, made.now))
        made.memories["f1"] = pack(outcomes[-1].memory)
    assert [outcome.held for outcome in outcomes] == [0, 0, 1]
