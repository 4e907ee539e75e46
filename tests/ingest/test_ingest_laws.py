"""Laws of ingest, whatever is shown in whatever order."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from support.publisher import House, entry, feed
from telex.core.arrivals import FeedArrived
from telex.core.identity import digest
from telex.core.memory import Memory
from telex.core.model import Digest, Entry, FeedDocument
from telex.ingest.draft import draft_of
from telex.ingest.normalise import Context, draft, named, source_of, tidy
from telex.wire.memories import pack, unpack

names = st.sampled_from("abcdefgh")
titles = st.sampled_from(["One", "Two", "Three"])


def entries_of(names: st.SearchStrategy[str]) -> st.SearchStrategy[Entry]:
    bodies = st.sampled_from([None, "<p>x</p>", "<p>y <b>z</b></p>"])
    return st.builds(entry, names, titles, body=bodies, noise=st.sampled_from(["", "n"]))


entries = entries_of(names)
windows = st.lists(entries, max_size=8)
documents = st.lists(st.tuples(st.sampled_from(["f1", "f2", "f3"]), windows, st.booleans()), max_size=8)
few_windows = st.lists(entries_of(st.sampled_from("ab")), max_size=2)
few_documents = st.lists(st.tuples(st.sampled_from(["f1", "f2", "f3"]), few_windows, st.booleans()), max_size=12)
"""Few articles in many documents: their texts succeed one another."""
succession = [
    ("f1", [entry("a", "One")], True),
    ("f2", [entry("a", "One")], True),
    ("f1", [entry("a", "Two")], True),
    ("f1", [], True),
    ("f2", [entry("a", "One")], True),
]
"""The last document's text is the last one that stands, and an older one than was told last."""


def arrival(window: list[Entry], unread: frozenset[Digest], *, complete: bool) -> FeedArrived:
    """A document that shows this window, but for the texts that were not read."""
    slots = tuple(one.raw if one.raw in unread else one for one in window)
    document = FeedDocument("test", slots, complete=complete, title="The News")
    return FeedArrived(document, digest(*(one.raw for one in window)), "https://news.example/f.xml", None, None, None)


def check_one_line_each(house: House) -> None:
    for line in house.lines().values():
        assert [version for version, _ in line] == list(range(1, len(line) + 1))
        assert line[0][1] == "published"
        assert "published" not in [kind for _, kind in line[1:]]


@settings(max_examples=200, deadline=None)
@given(documents)
def test_whatever_overlapping_feeds_show_each_article_has_one_line_of_versions(shown):
    house = House.of(feed("f1"), feed("f2"), feed("f3"))
    for name, window, complete in shown:
        house.show(*window, name=name, complete=complete)
    check_one_line_each(house)
    seen = {entry_.guid for _, window, _ in shown for entry_ in window}
    assert len(house.lines()) == len(seen)


@settings(max_examples=200, deadline=None)
@given(few_documents)
@example(succession)
def test_the_same_document_twice_publishes_nothing_the_second_time(shown):
    house = House.of(feed("f1"), feed("f2"), feed("f3"))
    for name, window, complete in shown:
        house.arrive(name, arrival(window, frozenset(), complete=complete))
        assert house.arrive(name, arrival(window, frozenset(), complete=complete)) == []
        house.now += 600


@settings(max_examples=200, deadline=None)
@given(few_documents)
@example(succession)
def test_the_same_arrival_twice_publishes_nothing_the_second_time(shown):
    house = House.of(feed("f1"), feed("f2"), feed("f3"))
    for name, window, complete in shown:
        same = arrival(window, house.memory(name).raws(), complete=complete)
        house.arrive(name, same)
        assert house.arrive(name, same) == []
        house.now += 600


@settings(max_examples=200, deadline=None)
@given(few_documents)
@example(succession)
def test_the_same_document_read_only_where_it_is_new_publishes_nothing_the_second_time(shown):
    house = House.of(feed("f1"), feed("f2"), feed("f3"))
    for name, window, complete in shown:
        house.show(*window, name=name, complete=complete)
        assert house.show(*window, name=name, complete=complete, later=1) == []


@settings(max_examples=100, deadline=None)
@given(st.permutations(["f1", "f2", "f3"]), st.lists(st.tuples(names, titles), min_size=1, max_size=6))
def test_any_order_of_feeds_with_one_text_gives_one_article_and_one_update_for_an_edit(order, texts):
    house = House.of(*(feed(name) for name in ("f1", "f2", "f3")))
    window = [entry(name, title) for name, title in dict(texts).items()]
    for name in order:
        house.show(*window, name=name)
    edited = [entry(name, title + ", edited") for name, title in dict(texts).items()]
    for name in reversed(order):
        house.show(*edited, name=name)
    assert all(line == [(1, "published"), (2, "updated")] for line in house.lines().values())


@settings(max_examples=200, deadline=None)
@given(entries, st.floats(0, 4e9))
def test_normalising_twice_changes_nothing(one, now):
    made = draft(named(one), Context(feed(), source_of(feed(), "News", None), "fr_fr", now))
    once = made.article()
    tidy(made)
    assert made.article() == once
    assert draft_of(once) == made


@settings(max_examples=100, deadline=None)
@given(documents)
def test_memory_survives_packing(shown):
    house = House.of(feed("f1", full_text=True), feed("f2"), feed("f3"))
    for name, window, complete in shown:
        house.show(*window, name=name, complete=complete)
        for packed in house.memories.values():
            assert pack(unpack(packed)) == packed


def test_an_empty_memory_survives_packing():
    assert unpack(pack(Memory())) == Memory()


def test_a_known_entry_takes_at_most_73_bytes():
    few, many = House.of(feed()), House.of(feed())
    text = "Nine words of a summary, of which six count."
    few.show(*(entry(str(n), published=1.6e9, summary=text) for n in range(10)))
    many.show(*(entry(str(n), published=1.6e9, summary=text) for n in range(110)))
    assert 60 < (len(many.memories["f1"]) - len(few.memories["f1"])) / 100 <= 73
