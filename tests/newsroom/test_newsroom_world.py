"""The world: the same seed gives the same day, windows hold, withdrawals are no ageing out."""

import pytest

from newsroom.ledger import Kind
from newsroom.publishers import Format, publishers
from newsroom.world import OLDER_NEEDED, Plan, World

START = 1_700_000_000.0
BASE = "http://127.0.0.1:1"


def a_day(seed: int, steps: int, span: float = 1200.0):
    world = World(Plan(seed=seed), BASE, START)
    facts = [*world.advance(START)]
    for step in range(1, steps + 1):
        facts += world.advance(START + span * step / steps)
    return world, facts


def test_the_same_seed_gives_the_same_day_however_often_it_is_looked_at():
    (one, facts), (other, same) = a_day(7, 3), a_day(7, 400)
    assert facts == same
    assert [window.now for window in one.windows.values()] == [window.now for window in other.windows.values()]


def test_another_seed_gives_another_day():
    assert a_day(7, 1)[1] != a_day(8, 1)[1]


def test_wishes_do_not_disturb_when_the_day_goes_on():
    world = World(Plan(seed=3), BASE, START)
    other = World(Plan(seed=3), BASE, START)
    world.publish(None, START)
    world.advance(START + 60)
    other.advance(START + 60)
    assert world.next_at == other.next_at


def test_all_kinds_of_facts_happen_and_the_default_pace_is_above_one_event_a_second():
    _, facts = a_day(1, 1, 1200.0)
    kinds = {kind: sum(fact.kind is kind and fact.at > START for fact in facts) for kind in Kind}
    assert kinds[Kind.PUBLISHED] + kinds[Kind.EDITED] + kinds[Kind.WITHDRAWN] > 1200
    assert min(kinds.values()) > 20


def test_every_edit_has_a_new_meaning_and_the_next_revision():
    _, facts = a_day(5, 1, 3000.0)
    seen: dict[str, list] = {}
    for fact in facts:
        if fact.kind in {Kind.PUBLISHED, Kind.EDITED}:
            seen.setdefault(fact.key, []).append(fact)
    for history in seen.values():
        assert [fact.revision for fact in history] == list(range(1, len(history) + 1))
        assert len({fact.digest for fact in history}) == len(history)
    assert any(len(history) > 2 for history in seen.values())


def test_a_withdrawn_article_stood_above_others_in_every_window_and_leaves_its_page():
    world = World(Plan(seed=2), BASE, START)
    withdrawn = 0
    for second in range(1, 900):
        before = {path: [article.key for article in window.now.articles] for path, window in world.windows.items()}
        facts = world.advance(START + second)
        for fact in facts:
            if fact.kind is Kind.WITHDRAWN:
                withdrawn += 1
                assert world.article(fact.link.removeprefix(BASE)) is None
                for path, window in world.windows.items():
                    keys = [article.key for article in window.now.articles]
                    assert fact.key not in keys
                    if fact.key in before[path] and len(facts) == 1:
                        below = before[path][before[path].index(fact.key) + 1 :]
                        assert len(below) >= OLDER_NEEDED
                        assert set(below) <= set(keys)
    assert withdrawn > 20


def test_windows_keep_their_size_and_age_out_at_the_old_end():
    world, facts = a_day(4, 1, 6000.0)
    for window in world.windows.values():
        articles = window.now.articles
        assert len(articles) <= window.publisher.habits.window
        assert [a.number for a in articles] == sorted((a.number for a in articles), reverse=True)
    assert any(len(window.now.articles) == window.publisher.habits.window for window in world.windows.values())
    published = {fact.key for fact in facts if fact.kind is Kind.PUBLISHED}
    assert {fact.key for fact in facts if fact.kind is Kind.AGED_OUT} <= published


def test_an_article_stands_in_all_feeds_of_its_desk():
    world, _ = a_day(1, 1)
    shared = [article for window in world.windows.values() for article in window.now.articles if len(article.feeds) > 1]
    assert shared
    for article in shared:
        assert set(article.feeds) == {feed.id for feed in article.publisher.feeds_for(article.story.desk)}


def test_quiet_ends_the_news():
    world, _ = a_day(1, 1)
    world.quiet()
    assert world.advance(START + 1e6) == ()


def test_noise_counts_up_in_its_period_and_not_without_one():
    world = World(Plan(pace=0), BASE, START)
    noisy = next(w for w in world.windows.values() if w.publisher.habits.noise == 45.0)
    silent = next(w for w in world.windows.values() if w.publisher.habits.noise is None)
    assert world.noise(noisy, START + 44) == (0, START)
    assert world.noise(noisy, START + 91) == (2, START + 90)
    assert world.noise(silent, START + 1e6) == (0, START)


def test_wishes_for_what_is_not_there_are_refused():
    world = World(Plan(pace=0, start_articles=0), BASE, START)
    assert world.edit(None, START) is None
    assert world.withdraw("nobody.example/1", START) is None
    with pytest.raises(KeyError):
        world.publish("nobody", START)


def test_publishers_are_many_and_varied():
    all_of_them = publishers(40)
    assert len({publisher.domain for publisher in all_of_them}) == 40
    assert {publisher.format for publisher in all_of_them} == set(Format)
    assert {publisher.language for publisher in all_of_them} == {"fr", "en"}
    assert sum(len(publisher.feeds) > 1 for publisher in all_of_them) >= 10
    assert all(10 <= publisher.habits.window <= 30 for publisher in all_of_them)
    assert all(publisher.domain.endswith(".example") for publisher in all_of_them)


def test_more_publishers_than_were_invented_are_made_up():
    assert len({feed.path for publisher in publishers(300) for feed in publisher.feeds}) > 300
