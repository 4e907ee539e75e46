"""The life of articles: what is published, updated, withdrawn, and what is silence."""

from dataclasses import replace

import pytest

from support.publisher import START, House, entry, feed, kinds
from telex.core.arrivals import FeedArrived, JunkArrived, Order, Ordered, PollFailed, StillSame, WantsDue
from telex.core.events import DeadLetter, FeedGap, FeedMoved, FeedRetired, FeedStatus, Health
from telex.core.model import Backfill, Digest, Entry, FeedDocument, PageDocument, Unreadable, UnreadableReason


def test_the_first_poll_publishes_the_back_catalogue_marked_as_such():
    house = House.of(feed())
    events = house.show(entry("a"), entry("b"))
    assert kinds(events) == ["published", "published"]
    assert all(event.article.backfill for event in events if hasattr(event, "article"))


def test_a_feed_may_skip_its_back_catalogue_and_later_edits_of_it():
    house = House.of(feed(backfill=Backfill.SKIP))
    assert kinds(house.show(entry("a"))) == []
    assert kinds(house.show(entry("a", "Edited"))) == []
    assert kinds(house.show(entry("b"), entry("a", "Edited"))) == ["published"]


def test_an_article_that_comes_later_is_no_backfill():
    house = House.of(feed())
    house.show(entry("a"))
    (event,) = house.show(entry("b"), entry("a"))
    assert (event.article.backfill, event.article.version) == (False, 1)


def test_the_same_document_twice_publishes_nothing():
    house = House.of(feed())
    house.show(entry("a"), entry("b"))
    before = dict(house.memories)
    assert house.show(entry("a"), entry("b")) == []
    assert before["f1"] != b""


def test_an_edit_is_an_update_that_names_the_changed_fields():
    house = House.of(feed())
    house.show(entry("a", "Old", body="<p>Text.</p>"))
    (event,) = house.show(entry("a", "New", body="<p>Text.</p>"))
    assert event.article.version == 2
    assert [(change.field, change.after) for change in event.article.changes] == [("title", "New")]


def test_noise_is_silence():
    house = House.of(feed())
    house.show(entry("a", "Title", body="<p>Some  text</p>"))
    assert house.show(entry("a", "Title ", body="<div><p>Some text</p></div>", noise="views=7")) == []
    assert (
        house.show(entry("a", "Title", body="<p>Some text</p>", link="https://news.example/a?utm_source=rss#x")) == []
    )


def test_reordering_and_duplicates_are_silence():
    house = House.of(feed())
    house.show(entry("a"), entry("b"), entry("c"))
    assert house.show(entry("c"), entry("a"), entry("b"), entry("a", "Copy", noise="dup")) == []


def test_an_entry_that_leaves_at_the_old_end_has_aged_out():
    house = House.of(feed())
    window = [entry(str(n), published=START - n * 60) for n in range(6)]
    house.show(*window)
    for _ in range(8):
        assert kinds(house.show(*window[:5])) == []
    assert kinds(house.show(*window)) == []


def test_an_entry_that_vanishes_from_the_middle_is_withdrawn_after_the_grace_and_updated_when_back():
    house = House.of(feed())
    window = [entry(str(n), published=START - n * 60) for n in range(6)]
    house.show(*window)
    holed = [window[0], *window[2:]]
    assert kinds(house.show(*holed)) == []
    assert kinds(house.show(*holed, entry("new", noise="x"), later=600)) == ["published"]
    (event,) = house.same(later=1800)
    assert kinds([event]) == ["withdrawn"]
    assert (event.article.version, event.article.title) == (2, None)
    assert event.article.provenance.missing_since is not None
    assert kinds(house.same(later=1800)) == []
    (back,) = house.show(*window)
    assert (kinds([back]), back.article.version) == (["updated"], 3)


def test_what_a_feed_says_was_deleted_is_withdrawn_at_once_and_once():
    house = House.of()
    house.show(entry("c"), entry("b"), entry("a"))
    house.show(entry("c"), entry("b"))
    assert kinds(house.show(entry("c"), deleted=("urn:b", "urn:a", "urn:never-seen"))) == ["withdrawn", "withdrawn"]
    assert kinds(house.show(entry("d"), entry("c"), deleted=("urn:b", "urn:a", "urn:never-seen"))) == ["published"]
    assert kinds(house.show(entry("d"), entry("c"), entry("b"), deleted=("urn:b",))) == ["updated"]


def test_the_newest_article_can_be_withdrawn_where_dates_tell_the_order():
    house = House.of(feed())
    window = [entry(str(n), published=START - n * 60) for n in range(6)]
    house.show(*window)
    house.show(*window[1:])
    assert kinds(house.same(later=2000)) == ["withdrawn"]


def test_a_flaky_feed_withdraws_nothing():
    house = House.of(feed())
    window = [entry(str(n), published=START - n * 60) for n in range(12)]
    house.show(*window)
    for shown in (window[::3], window[:4], window[8:], [], window[::-1][:5]):
        house.show(*shown)
        assert "withdrawn" not in kinds(house.same(later=3600))
    assert kinds(house.show(*window)) == []


def test_an_entry_that_comes_back_within_the_grace_was_never_away():
    house = House.of(feed())
    window = [entry(str(n), published=START - n * 60) for n in range(6)]
    house.show(*window)
    house.show(window[0], *window[2:])
    assert kinds(house.show(*window)) == []
    assert kinds(house.same(later=4000)) == []


def test_a_document_that_is_cut_adds_what_it_shows_and_takes_nothing():
    house = House.of(feed())
    window = [entry(str(n), published=START - n * 60) for n in range(6)]
    house.show(*window)
    body = house.memory("f1").head.body
    assert kinds(house.show(entry("new"), window[0], complete=False)) == ["published"]
    memory = house.memory("f1")
    assert memory.head.body == body
    assert len(memory.known) == 7
    assert kinds(house.same(later=4000)) == []


def test_withdrawal_needs_every_feed_to_have_dropped_it():
    house = House.of(feed("f1"), feed("f2"))
    window = [entry(str(n), published=START - n * 60) for n in range(6)]
    house.show(*window, name="f1")
    house.show(*window, name="f2")
    holed = [window[0], *window[2:]]
    house.show(*holed, name="f1")
    assert kinds(house.same("f1", later=4000)) == []
    house.show(*holed, name="f2")
    assert kinds(house.same("f2", later=4000)) == ["withdrawn"]
    assert kinds(house.same("f1", later=4000)) == []


def test_an_article_in_two_feeds_is_one_article_that_names_both():
    house = House.of(feed("f1"), feed("f2"))
    house.show(entry("a"), name="f1")
    assert kinds(house.show(entry("a"), name="f2")) == []
    (event,) = house.show(entry("a", "Edited"), name="f2")
    assert event.article.feeds == ("f1", "f2")
    assert event.article.source.id == "f1"
    assert kinds(house.show(entry("a", "Edited"), name="f1")) == []


def test_an_edit_of_another_wording_in_a_second_feed_is_silence_while_the_first_rules():
    house = House.of(feed("f1"), feed("f2"))
    house.show(entry("a", "Long title"), name="f1")
    house.show(entry("a", "Short"), name="f2")
    assert kinds(house.show(entry("a", "Shorter"), name="f2")) == []
    assert kinds(house.show(entry("a", "Long title, corrected"), name="f1")) == ["updated"]


def test_a_second_feed_may_bring_the_body_that_was_lacking_once():
    house = House.of(feed("f1"), feed("f2"))
    house.show(entry("a"), name="f1")
    event, _ = house.show(entry("a", body="<p>The whole story.</p>"), name="f2")
    assert (kinds([event]), event.article.version, event.article.body) == (["updated"], 2, "The whole story.")
    assert kinds(house.show(entry("a", body="<p>The whole story.</p>"), name="f1")) == []


def test_a_window_that_shares_nothing_with_the_last_is_a_gap():
    house = House.of(feed())
    house.show(*(entry(str(n)) for n in range(6)))
    events = house.show(*(entry(str(n)) for n in range(10, 16)))
    assert [type(e) for e in events if not hasattr(e, "article")] == [FeedGap]


def test_health_is_told_when_it_changes_and_only_then():
    house = House.of(feed())
    assert [e.health for e in house.show(entry("a")) if isinstance(e, FeedStatus)] == [Health.OK]
    assert house.arrive("f1", PollFailed("timeout", None, 1)) == []
    assert house.arrive("f1", PollFailed("timeout", None, 2)) == []
    (told,) = house.arrive("f1", PollFailed("timeout", "no answer", 3))
    assert (told.health, told.reason, told.detail) == (Health.FAILING, "timeout", "no answer")
    assert house.arrive("f1", PollFailed("timeout", None, 4)) == []
    (told,) = house.same()
    assert told.health is Health.OK


def test_junk_is_one_dead_letter_for_each_body_and_costs_nothing_known():
    house = House.of(feed())
    house.show(entry("a"))
    known = house.memory("f1").known
    junk = JunkArrived(
        Unreadable(UnreadableReason.HTML, "an HTML page"), "https://news.example/f1.xml?token=hunter2secret",
        "text/html", Digest(b"12345678"), "ab" * 32, 7, b"<html>", 1,
    )  # fmt: skip
    events = house.arrive("f1", junk)
    assert [type(e) for e in events] == [DeadLetter, FeedStatus]
    assert "hunter2secret" not in repr(events)
    assert house.arrive("f1", junk) == []
    assert house.memory("f1").known == known
    assert [e.health for e in house.same()] == [Health.OK]


def test_a_feed_that_left_the_catalogue_is_retired_once_and_may_come_back():
    house = House.of(feed())
    house.show(entry("a"))
    events = house.arrive("f1", Ordered(Order.RETIRE))
    assert [type(e) for e in events] == [FeedRetired, FeedStatus]
    assert house.arrive("f1", Ordered(Order.RETIRE)) == []
    assert [e.health for e in house.same()] == [Health.OK]
    assert house.memory("f1").head.retired_at is None


def test_pause_and_resume_obeyed_twice_are_obeyed_once():
    house = House.of(feed())
    house.show(entry("a"))
    assert [e.health for e in house.arrive("f1", Ordered(Order.PAUSE))] == [Health.PAUSED]
    assert house.arrive("f1", Ordered(Order.PAUSE)) == []
    assert [e.health for e in house.arrive("f1", Ordered(Order.RESUME))] == [Health.OK]
    assert house.arrive("f1", Ordered(Order.RESUME)) == []


def test_a_changed_catalogue_url_forgets_validators_and_keeps_articles():
    house = House.of(feed())
    house.show(entry("a"))
    house.feeds["f1"] = replace(house.feeds["f1"], url="https://news.example/new.xml")
    assert kinds(house.show(entry("a"))) == []


def test_a_permanent_redirect_is_an_event_and_is_left_again_when_it_fails():
    house = House.of(feed())
    house.show(entry("a"))
    (event,) = house.arrive("f1", StillSame(moved_to="https://elsewhere.example/f.xml"))
    assert isinstance(event, FeedMoved)
    assert house.memory("f1").head.url == "https://elsewhere.example/f.xml"
    for failures in range(1, 6):
        house.arrive("f1", PollFailed("dns", None, failures))
    assert house.memory("f1").head.url is None


@pytest.fixture
def full() -> House:
    house = House.of(feed(full_text=True))
    house.show(entry("z"))
    for want in house.memory("f1").wants:
        house.page(want.key, PageDocument("https://news.example/z", text="Old."))
    house.events.clear()
    return house


def test_an_article_waits_for_its_page_and_goes_out_once_with_it(full: House):
    assert kinds(full.show(entry("a"), entry("z"))) == []
    (want,) = full.memory("f1").wants
    (event,) = full.page(want.key, PageDocument("https://news.example/a", text="First.\n\nSecond."))
    assert (kinds([event]), event.article.version, event.article.body) == (["published"], 1, "First.\n\nSecond.")
    assert event.article.provenance.body_from == "page"
    assert full.memory("f1").wants == ()
    assert kinds(full.show(entry("a"), entry("z"))) == []


def test_an_article_whose_page_is_late_goes_out_without_and_is_updated_once(full: House):
    full.show(entry("a"), entry("z"))
    (want,) = full.memory("f1").wants
    full.now += 61
    assert kinds(full.arrive("f1", WantsDue())) == ["published"]
    assert kinds(full.arrive("f1", WantsDue())) == []
    (event,) = full.page(want.key, PageDocument("https://news.example/a", text="Late."))
    assert (kinds([event]), event.article.version) == (["updated"], 2)
    assert kinds(full.show(entry("a"), entry("z"))) == []


def test_an_edit_while_the_page_is_awaited_goes_out_with_it_as_one_event(full: House):
    full.show(entry("a"), entry("z"))
    full.show(entry("a", "Edited"), entry("z"), later=5)
    (want,) = full.memory("f1").wants
    (event,) = full.page(want.key, PageDocument("https://news.example/a", text="Text."))
    assert (kinds([event]), event.article.version, event.article.title) == (["published"], 1, "Edited")


def test_an_article_that_left_the_window_while_it_waited_goes_out_all_the_same(full: House):
    full.show(entry("a"), entry("z"))
    full.show(entry("b"), later=5)
    full.now += 61
    assert sorted(kinds(full.arrive("f1", WantsDue()))) == ["published", "published"]
    assert kinds(full.show(entry("a"), entry("z"))) == []


def test_an_edit_that_only_a_second_feed_showed_is_told_when_the_first_drops_the_article():
    house = House.of(feed("f1"), feed("f2"))
    window = [entry(str(n), f"Long title {n}", published=START - n * 60) for n in range(4)]
    house.show(*window, name="f1")
    short = [entry(str(n), f"Short {n}", published=START - n * 60) for n in range(4)]
    house.show(*short, name="f2")
    edited = [*short[:3], entry("3", "Short 3, corrected", published=START - 180)]
    assert kinds(house.show(*edited, name="f2")) == []
    assert kinds(house.same("f2")) == []
    assert kinds(house.show(*window[:3], name="f1")) == []
    assert house.memory("f2").head.body is not None
    assert kinds(house.same("f2")) == []
    assert house.memory("f2").head.body is None, "the document has to be asked for whole"
    (event,) = house.show(*edited, name="f2")
    assert (kinds([event]), event.article.version, event.article.title) == (["updated"], 2, "Short 3, corrected")
    assert kinds(house.show(*edited, name="f2")) == []


def test_an_edit_in_two_wordings_is_one_update_in_either_order():
    for order in (("f1", "f2"), ("f2", "f1")):
        house = House.of(feed("f1"), feed("f2"))
        texts = {"f1": "Long title", "f2": "Short"}
        for name in ("f1", "f2"):
            house.show(entry("a", texts[name]), entry("b"), name=name)
        for name in order:
            house.show(entry("a", texts[name] + ", edited"), entry("b"), name=name)
        for name in ("f1", "f2"):
            house.show(entry("a", texts[name] + ", edited"), entry("b"), entry("c"), name=name)
        house.show(entry("b"), entry("c"), name="f1")
        house.same("f2")
        house.show(entry("a", "Short, edited"), entry("b"), entry("c"), name="f2")
        assert [len(line) for line in house.lines().values()] == [2, 1, 1]


def test_an_old_text_from_a_second_feeds_cache_takes_nothing_over():
    house = House.of(feed("f1"), feed("f2"))
    house.show(entry("a", "One"), name="f1")
    house.show(entry("a", "Two"), name="f1")
    assert kinds(house.show(entry("a", "One", body="<p>Old.</p>"), name="f2")) == []
    assert kinds(house.show(entry("a", "Two", body="<p>New.</p>"), name="f2")) == ["updated"]


def test_a_version_is_not_forgotten_while_another_feed_shows_the_article():
    house = House.of(feed("f1"), feed("f2"))
    house.show(entry("a", "One"), name="f1")
    house.show(entry("a", "One"), name="f2")
    house.show(entry("a", "Two"), name="f1")
    for round_ in range(60):
        house.show(*(entry(f"{round_}-{n}") for n in range(6)), name="f1")
    (event,) = house.show(entry("a", "Three"), name="f2")
    assert event.article.version == 3


def test_ids_that_repeat_are_no_ids():
    house = House.of(feed())
    shown = [entry(name, guid="article") for name in "abc"]
    assert kinds(house.show(*shown)) == ["published"] * 3
    assert kinds(house.show(entry("d", guid="article"), *shown)) == ["published"]
    assert kinds(house.show(entry("d", "Edited", guid="article"), *shown)) == ["updated"]
    assert len(house.lines()) == 4


def test_an_id_that_begins_to_repeat_loses_no_article_and_doubles_none():
    house = House.of(feed())
    house.show(entry("a", guid="article"), entry("x"))
    assert kinds(house.show(entry("b", guid="article"), entry("a", guid="article"), entry("x"))) == ["published"]
    assert kinds(house.show(entry("b", "Two", guid="article"), entry("a", "Two", guid="article"), entry("x"))) == [
        "updated",
        "updated",
    ]
    assert len(house.lines()) == 3


def test_one_address_under_numbered_ids_is_one_article():
    house = House.of(feed())
    link = "https://news.example/story"
    shown = [entry("a", guid=f"{link}#{n}", link=link, noise=str(n)) for n in range(3)]
    assert kinds(house.show(*shown)) == ["published"]


def test_a_stale_answer_does_not_have_the_last_word():
    house = House.of(feed("f1", withdraw_after=0.0), feed("f2", withdraw_after=0.0))
    one, two = entry("a", "One"), entry("a", "Two")
    for name in ("f1", "f2"):
        house.show(one, name=name)
    for name in ("f1", "f2"):
        house.show(two, name=name)
    assert kinds(house.show(one, name="f2")) == ["updated"]
    house.show(entry("b"), name="f2")
    house.same("f1")
    house.same("f1")
    (event,) = [e for e in house.show(two, name="f1") if hasattr(e, "article")]
    assert (event.article.title, event.article.version) == ("Two", 4)
    assert kinds(house.show(two, name="f1")) == []


def overruled(house: House) -> None:
    """Two feeds show one text, the first tells another, and drops the article: the second's text succeeds."""
    for name in ("f1", "f2"):
        house.show(entry("a", "One"), name=name)
    assert kinds(house.show(entry("a", "Two"), name="f1")) == ["updated"]
    house.show(entry("b"), name="f1")


def test_a_text_that_succeeds_is_told_by_the_document_that_shows_it():
    house = House.of(feed("f1"), feed("f2"))
    overruled(house)
    (event,) = house.show(entry("a", "One", noise="n"), name="f2")
    assert (kinds([event]), event.article.title, event.article.version) == (["updated"], "One", 3)
    assert [(change.field, change.after) for change in event.article.changes] == [("title", "One")]
    assert kinds(house.show(entry("a", "One", noise="n"), name="f2")) == []
    assert kinds(house.show(entry("a", "One", noise="again"), name="f2")) == []


def test_a_text_that_succeeds_and_was_not_read_is_asked_for_at_once():
    house = House.of(feed("f1"), feed("f2"))
    overruled(house)
    unread = FeedDocument("test", (entry("a", "One").raw,), complete=True)
    arrival = FeedArrived(unread, Digest(b"the body"), "https://news.example/f2.xml", None, '"1"', "then")
    for _ in range(2):
        assert kinds(house.arrive("f2", arrival)) == []
        head = house.memory("f2").head
        assert (head.etag, head.last_modified, head.body) == (None, None, None)
    assert kinds(house.show(entry("a", "One"), name="f2")) == ["updated"]
    assert kinds(house.show(entry("a", "One"), name="f2")) == []


def test_a_text_has_no_successor_while_another_feed_shows_it():
    house = House.of(feed("f1"), feed("f2"), feed("f3"))
    for name in ("f1", "f2"):
        house.show(entry("a", "One"), name=name)
    for name in ("f1", "f3"):
        house.show(entry("a", "Two"), name=name)
    house.show(entry("b"), name="f1")
    assert kinds(house.show(entry("a", "One", noise="n"), name="f2")) == []
    house.show(entry("b"), name="f3")
    assert kinds(house.show(entry("a", "One", noise="m"), name="f2")) == ["updated"]


def test_a_text_that_succeeds_goes_out_with_its_page_or_without():
    house = House.of(feed("f1"), feed("f2", full_text=True))
    overruled(house)
    assert kinds(house.show(entry("a", "One", noise="n"), name="f2")) == []
    assert house.memory("f2").wants
    house.now += 61
    (event,) = house.arrive("f2", WantsDue())
    assert (kinds([event]), event.article.title, event.article.version) == (["updated"], "One", 3)
    assert kinds(house.show(entry("a", "One", noise="n"), name="f2")) == []


def test_an_edit_taken_back_while_its_page_is_awaited_is_none(full: House):
    full.show(entry("z", "Edited"))
    assert full.memory("f1").wants
    assert kinds(full.show(entry("z"), later=5)) == []
    assert full.memory("f1").wants == ()
    full.now += 61
    assert kinds(full.arrive("f1", WantsDue())) == []


def test_an_entry_that_says_nothing_is_no_article():
    house = House.of(feed())
    assert kinds(house.show(Entry(raw=Digest(b"nothing!")), entry("a"))) == ["published"]
