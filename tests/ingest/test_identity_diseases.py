"""An article keeps its id, whatever its publisher does to the names of its entries: one property for each disease."""

from hypothesis import given
from hypothesis import strategies as st

from support.publisher import ARTICLES, House, entry, feed, kinds

NAMES = "abcdefgh"
WINDOWS = st.lists(st.sampled_from(NAMES), min_size=2, max_size=6, unique=True)
POLLS = st.lists(WINDOWS, min_size=1, max_size=6)
VARIANTS = st.sampled_from(
    [
        "https://news.example/{}",
        "http://news.example/{}",
        "https://www.news.example/{}",
        "http://m.news.example/{}",
        "https://amp.news.example/{}",
        "https://news.example/amp/{}",
        "https://news.example/{}/amp",
        "https://news.example/{}?amp=1",
        "https://news.example/{}?outputType=amp",
        "https://mobile.news.example/{}#top",
    ]
)
TAILS = st.sampled_from(
    [
        "",
        "?utm_source=rss&utm_medium=feed",
        "?xtor=RSS-7",
        "?fbclid=xyz",
        ";jsessionid=0A1B2C3D4E5F",
        "?PHPSESSID=1f2e3d4c5b6a",
    ]
)


def published(house: House) -> list[str]:
    """The titles of the articles that were published as new."""
    return [event.article.title for event in house.events if isinstance(event, ARTICLES) and event.article.version == 1]


def all_once(house: House, polls) -> bool:
    """Whether each name that was shown was published once, and nothing else was told."""
    told = [event for event in house.events if isinstance(event, ARTICLES)]
    return len(told) == len(set(published(house))) == len({name for poll in polls for name in poll})


@given(window=WINDOWS, times=st.integers(2, 6))
def test_ids_that_change_at_each_poll(window, times):
    house = House.of(feed())
    for number in range(times):
        house.show(*(entry(name, guid=f"{name}-{number}") for name in window))
    assert all_once(house, [window])


@given(window=WINDOWS, edits=st.lists(st.sampled_from(NAMES), min_size=1, max_size=4))
def test_ids_that_change_with_each_poll_and_edits_between(window, edits):
    house = House.of(feed())
    house.show(*(entry(name, guid=f"{name}-first") for name in window))
    house.show(*(entry(name, guid=f"{name}-second") for name in window))
    count = 0
    for number, edited in enumerate(edits):
        events = house.show(
            *(
                entry(name, f"Edit {number}" if name == edited else None, guid=f"{name}-{number}")
                for name in (*(n for n in window if n != edited), edited)
            )
        )
        count += len(kinds(events))
        assert set(kinds(events)) <= {"updated", "published"}
        assert kinds(events).count("published") == (edited not in window and edits.index(edited) == number)
    assert len(published(house)) == len({*window, *edits})


@given(window=WINDOWS)
def test_an_id_that_changes_with_the_edit_of_one_entry_alone(window):
    house = House.of(feed())
    house.show(*(entry(name, body="<p>Text.</p>") for name in window))
    edited = entry(window[0], body="<p>Another text.</p>", guid="urn:anew")
    (event,) = house.show(edited, *(entry(name, body="<p>Text.</p>") for name in window[1:]))
    assert (kinds([event]), event.article.version) == (["updated"], 2)


@given(window=WINDOWS, shift=st.integers(1, 3))
def test_ids_that_number_the_places_of_a_list(window, shift):
    house = House.of(feed())
    new = [f"new{number}" for number in range(shift)]
    house.show(*(entry(name, guid=f"{place}") for place, name in enumerate(window)))
    later = [*new, *window]
    house.show(*(entry(name, guid=f"{place}") for place, name in enumerate(later)))
    assert sorted(published(house)) == sorted(f"Title of {name}" for name in later)
    assert {event.article.version for event in house.events if isinstance(event, ARTICLES)} == {1}


@given(window=WINDOWS, polls=st.integers(1, 3))
def test_one_id_for_all_entries_of_a_document(window, polls):
    house = House.of(feed())
    for _ in range(polls):
        house.show(*(entry(name, guid="urn:uuid:0") for name in window))
    assert all_once(house, [window])


@given(window=st.lists(st.sampled_from("abc"), min_size=1, max_size=8))
def test_an_entry_that_stands_twice_in_one_document(window):
    house = House.of(feed())
    for _ in range(2):
        house.show(*(entry(name, noise=str(place)) for place, name in enumerate(window)))
    assert all_once(house, [window])


@given(window=WINDOWS, tails=st.lists(TAILS, min_size=2, max_size=4))
def test_links_with_tracking_parameters_and_session_ids(window, tails):
    house = House.of(feed())
    for tail in tails:
        house.show(*(entry(name, guid="", link=f"https://news.example/{name}{tail}") for name in window))
    assert all_once(house, [window])


@given(window=WINDOWS, variants=st.lists(VARIANTS, min_size=2, max_size=5))
def test_schemes_hosts_amp_and_mobile_variants(window, variants):
    house = House.of(feed())
    for variant in variants:
        house.show(*(entry(name, guid="", link=variant.format(name)) for name in window))
    assert all_once(house, [window])


@given(polls=st.lists(st.tuples(st.sampled_from(["f1", "f2", "f3"]), VARIANTS, WINDOWS), min_size=2, max_size=6))
def test_the_feeds_of_a_publisher_show_one_article_in_variants(polls):
    house = House.of(feed("f1"), feed("f2"), feed("f3"))
    for name, variant, window in polls:
        house.show(*(entry(one, guid="", link=variant.format(one), published=1.7e9) for one in window), name=name)
    assert all_once(house, [window for _, _, window in polls])


@given(polls=POLLS)
def test_links_that_all_lead_to_one_page_leave_the_ids_their_meaning(polls):
    house = House.of(feed())
    for window in polls:
        house.show(*(entry(name, link="https://news.example/live") for name in window))
    assert sorted(published(house)) == sorted({f"Title of {name}" for window in polls for name in window})


@given(window=WINDOWS, moved=st.sampled_from(NAMES))
def test_an_entry_that_leaves_the_address_of_all_leaves_the_ids_their_meaning(window, moved):
    house = House.of(feed())
    live = "https://news.example/live"
    house.show(*(entry(name, link=live) for name in window))
    house.show(*(entry(name, link=f"https://news.example/{name}" if name == moved else live) for name in window))
    house.show(entry("new", link=live), *(entry(name, link=live) for name in window))
    assert len(published(house)) == len(window) + 1
    assert not house.memory("f1").head.ids_repeat
