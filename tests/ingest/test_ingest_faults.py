"""Faults that a review found: each was an article lost, doubled or wrongly told."""

from dataclasses import replace

import pytest

from support.publisher import START, House, entry, feed, kinds
from telex.core.arrivals import Order, Ordered, PollFailed, WantsDue
from telex.core.events import FeedRetired, Health
from telex.core.lifecycle import vanished
from telex.core.memory import DEPARTED_LIMIT, Known
from telex.core.model import ArticleId, Backfill, Digest, PageDocument
from telex.documents import limits
from telex.ingest import pages

WINDOW = [entry(str(n), published=START - n * 60) for n in range(6)]
PAGE = PageDocument("https://news.example/page", text="The page.")


def bring_pages(house: House, page: PageDocument = PAGE) -> list[str]:
    return [kind for want in house.memory("f1").wants for kind in kinds(house.page(want.key, page))]


@pytest.mark.parametrize("in_time", [True, False])
def test_an_article_that_comes_back_unchanged_is_told_again_also_when_it_waits_for_its_page(in_time):
    house = House.of(feed(full_text=True))
    house.show(*WINDOW)
    bring_pages(house)
    house.show(WINDOW[0], *WINDOW[2:])
    assert kinds(house.same(later=4000)) == ["withdrawn"]
    house.show(*WINDOW)
    if in_time:
        assert bring_pages(house) == ["updated"]
    else:
        house.now += pages.PAGE_WAIT + 1
        assert kinds(house.arrive("f1", WantsDue())) == ["updated"]
    assert [(1, "published"), (2, "withdrawn"), (3, "updated")] in house.lines().values()
    assert kinds(house.show(*WINDOW)) == []


def test_an_article_that_came_back_in_another_feed_while_it_waited_is_told_once():
    house = House.of(feed("f1", full_text=True), feed("f2"))
    house.show(*WINDOW, name="f1")
    bring_pages(house)
    house.show(WINDOW[0], *WINDOW[2:], name="f1")
    house.same("f1", later=4000)
    house.show(*WINDOW, name="f1")
    assert kinds(house.show(WINDOW[1], name="f2", later=5)) == ["updated"]
    assert bring_pages(house, replace(PAGE, text=None)) == []


def test_a_feed_whose_documents_are_always_cut_is_not_skipped_for_ever():
    house = House.of(feed(backfill=Backfill.SKIP, interval_max=3600.0))
    assert kinds(house.show(*WINDOW[2:], complete=False)) == []
    assert kinds(house.show(*WINDOW[1:], complete=False, later=3600)) == []
    (event,) = house.show(*WINDOW, complete=False, later=4 * 3600)
    assert (kinds([event]), event.article.backfill) == (["published"], False)


def test_the_window_of_a_feed_whose_documents_are_always_cut_does_not_grow_without_bound(monkeypatch):
    monkeypatch.setattr(limits, "ENTRIES", 20)
    house = House.of(feed())
    for n in range(100):
        house.show(entry(str(n)), entry(str(n - 1)), complete=False)
    memory = house.memory("f1")
    assert len(memory.known) == 20
    assert all(line == [(1, "published")] for line in house.lines().values())


@pytest.mark.parametrize("between", [[], [entry(f"other{n}") for n in range(10)]])
def test_a_large_window_that_is_away_for_one_document_is_not_published_twice(between):
    house = House.of(feed())
    large = [entry(str(n)) for n in range(DEPARTED_LIMIT + 100)]
    house.show(*large)
    house.show(*between)
    assert kinds(house.show(*large)) == []


def test_a_version_that_only_a_departed_entry_knows_is_counted_on_when_the_entry_is_back():
    house = House.of(feed("f1"), feed("f2"))
    house.show(entry("a", "One"), name="f1")
    house.show(entry("a", "One"), name="f2")
    house.show(entry("a", "Two"), name="f2")
    house.show(entry("b"), name="f2")
    house.show(entry("a", "Two"), entry("c"), name="f2", later=40 * 86400)
    house.show(entry("a", "Three"), name="f2")
    house.show(entry("a", "Four"), name="f1")
    (line,) = (line for line in house.lines().values() if len(line) > 1)
    assert [version for version, _ in line] == list(range(1, len(line) + 1))


def test_an_edit_that_comes_with_the_return_of_the_ruling_feeds_entry_is_told_at_once():
    house = House.of(feed("f1"), feed("f2"))
    house.show(entry("a", "One"), name="f1")
    house.show(entry("a", "Uno"), name="f2")
    house.show(name="f1")
    assert kinds(house.show(entry("a", "Two"), name="f1")) == ["updated"]
    assert kinds(house.show(entry("a", "Two"), name="f1")) == []


def test_what_waits_for_its_page_goes_out_when_its_feed_leaves_the_catalogue():
    house = House.of(replace(feed(full_text=True), name="The Paper"))
    house.show(entry("a"), entry("b"))
    house.feeds["f1"] = replace(feed(), url="https://unknown.example/")
    events = house.arrive("f1", Ordered(Order.RETIRE))
    assert kinds(events) == ["published", "published"]
    assert {event.article.source.name for event in events if hasattr(event, "article")} == {"The Paper"}
    assert house.memory("f1").wants == ()


def test_texts_that_wait_for_their_pages_are_bounded(monkeypatch):
    monkeypatch.setattr(pages, "WANTS_TEXT", 500)
    house = House.of(feed(full_text=True))
    long = [entry(str(n), body="<p>" + "word " * 40 + "</p>") for n in range(4)]
    assert len(kinds(house.show(*long))) == 3
    assert len(house.memory("f1").wants) == 1
    assert bring_pages(house) == ["published"]


def test_an_edit_that_grows_too_long_to_wait_goes_out_at_once_and_once(monkeypatch):
    monkeypatch.setattr(pages, "WANTS_TEXT", 500)
    house = House.of(feed(full_text=True))
    house.show(entry("a"))
    assert kinds(house.show(entry("a", body="<p>" + "word " * 200 + "</p>"), later=5)) == ["published"]
    assert house.memory("f1").wants == ()


def test_a_late_page_never_makes_a_version_that_was_published_before():
    house = House.of(feed(full_text=True))
    house.show(entry("a"))
    (want,) = house.memory("f1").wants
    house.now += pages.PAGE_WAIT + 1
    house.arrive("f1", WantsDue())
    house.show(entry("b"), later=1)
    house.show(*(entry(f"c{n}") for n in range(DEPARTED_LIMIT + 1)), later=1)
    house.show(*(entry(f"d{n}") for n in range(DEPARTED_LIMIT + 1)), later=1)
    (event,) = house.page(want.key, PAGE)
    assert (kinds([event]), event.article.version) == (["updated"], 2)


def test_what_was_missed_while_the_calendar_ran_ahead_is_withdrawn_after_its_grace():
    house = House.of(feed())
    house.show(*WINDOW)
    house.now += 365 * 86400
    house.show(WINDOW[0], *WINDOW[2:])
    house.now -= 365 * 86400
    assert kinds(house.same()) == []
    assert kinds(house.same(later=2000)) == ["withdrawn"]


def test_an_edit_after_an_old_answer_is_told_by_the_feed_that_rules():
    house = House.of(feed("f1", withdraw_after=0.0), feed("f2", withdraw_after=0.0))
    for title in ("One", "Two"):
        house.show(entry("a", title), name="f2")
        house.show(entry("a", title), name="f1")
    house.show(entry("a", "One"), name="f1")
    house.show(entry("a", "Three"), name="f1")
    assert [(e.article.title, e.article.version) for e in house.show(entry("a", "Three"), name="f2")] == [("Three", 4)]
    assert kinds(house.show(entry("a", "Three"), entry("b"), name="f1")) == ["published"]


def test_an_answer_on_its_way_does_not_end_a_pause():
    house = House.of(feed())
    house.show(entry("a"))
    house.arrive("f1", Ordered(Order.PAUSE))
    assert house.arrive("f1", PollFailed("gone", "410 Gone", 1, gone=True)) == []
    assert house.memory("f1").head.health is Health.PAUSED


def test_a_feed_that_is_back_in_the_catalogue_and_fails_is_failing_and_can_be_retired_again():
    house = House.of(feed())
    house.show(entry("a"))
    house.arrive("f1", Ordered(Order.RETIRE))
    for failures in range(1, 4):
        house.arrive("f1", PollFailed("dns", None, failures))
    assert (house.memory("f1").head.health, house.memory("f1").head.retired_at) == (Health.FAILING, None)
    assert FeedRetired in [type(event) for event in house.arrive("f1", Ordered(Order.RETIRE))]


class Counted(float):
    """A date that counts how often it is compared."""

    compared = 0

    def __lt__(self, other: float) -> bool:
        Counted.compared += 1
        return float.__lt__(self, other)

    def __gt__(self, other: float) -> bool:
        Counted.compared += 1
        return float.__gt__(self, other)


def test_what_vanished_from_a_window_of_thousands_is_found_in_one_pass():
    def known(n: int) -> Known:
        key = Digest(n.to_bytes(8, "big"))
        return Known(key, ArticleId("00" * 12), key, b"", 1, 0.0, published=Counted(10_000 - n))

    before = [known(n) for n in range(2_000)]
    Counted.compared = 0
    lost = vanished(before, [known.key for known in before[::2]], START)
    assert len(lost.aged) == 1_000
    assert Counted.compared < 20 * len(before)


def test_an_edit_after_another_feed_only_brought_the_body_is_not_taken_for_told():
    house = House.of(feed("f1"), feed("f2"))
    house.show(entry("a", "One"), name="f1")
    assert kinds(house.show(entry("a", "One", body="<p>The body.</p>"), name="f2")) == ["updated"]
    house.show(entry("a", "Two"), name="f1")
    house.show(entry("b"), name="f2")
    house.same("f1")
    (event,) = [e for e in house.show(entry("a", "Two"), name="f1") if hasattr(e, "article")]
    assert (event.article.title, event.article.version) == ("Two", 3)
    assert kinds(house.show(entry("a", "Two"), name="f1")) == []
