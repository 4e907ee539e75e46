"""The ledger: what is written is what is read, and what a judge may demand follows from it."""

from newsroom.ledger import (
    ArticleFact,
    Kind,
    Ledger,
    PageFact,
    ServedFact,
    certain_edits,
    due_articles,
    final_revisions,
    load,
    observable_withdrawals,
    seen_revisions,
)


def served(feed: str, at: float, *keys: str) -> ServedFact:
    window = tuple((key.partition("@")[0], int(key.partition("@")[2] or 1)) for key in keys)
    return ServedFact(feed, at, at, window)


def withdrawn(key: str, at: float) -> ArticleFact:
    return ArticleFact(Kind.WITHDRAWN, "p.example", key, None, "http://x/", 1, at, "Titre « à part »", "00", ("f", "g"))


FACTS = (withdrawn("b", 2.0), served("f", 1.0, "b@2", "a"), PageFact("a", 1, 3.0))


def test_facts_are_read_as_they_were_written(tmp_path):
    ledger = Ledger(tmp_path / "ledger.jsonl")
    ledger.note(*FACTS)
    assert load(tmp_path / "ledger.jsonl") == FACTS == tuple(ledger.facts)
    ledger.close()


def test_an_unfinished_last_line_is_left_out(tmp_path):
    path = tmp_path / "ledger.jsonl"
    ledger = Ledger(path)
    ledger.note(*FACTS)
    ledger.close()
    path.write_bytes(path.read_bytes()[:-3])
    assert load(path) == FACTS[:-1]


def test_an_article_is_due_after_two_answers_or_in_the_last_one():
    facts = [served("f", 1, "twice", "once"), served("f", 2, "twice"), served("f", 3, "last")]
    assert due_articles(facts) == {"twice", "last"}
    assert due_articles(facts, lost=2) == {"last"}


def test_two_answers_of_two_feeds_make_an_article_due():
    facts = [served("f", 1, "both"), served("g", 2, "both"), served("f", 3, "x"), served("g", 4, "y")]
    assert due_articles(facts) == {"both", "x", "y"}


def test_only_revisions_that_were_served_were_seen():
    facts = [served("f", 1, "a@1"), served("g", 2, "a@3"), served("f", 3, "a@3")]
    assert seen_revisions(facts) == {"a": (1, 3)}
    assert final_revisions(facts) == {"a": 3}


def test_an_edit_is_certain_where_every_feed_that_shows_the_article_showed_it():
    facts = [served("f", 1, "a@1"), served("g", 2, "a@2"), served("f", 3, "a@3"), served("g", 4, "a@3", "b@1")]
    assert certain_edits(facts) == {"a": 1, "b": 0}
    assert certain_edits(facts[:2]) == {"a": 0}


def test_a_withdrawal_from_above_others_is_observable():
    facts = [withdrawn("b", 1.5), served("f", 1, "c", "b", "a"), served("f", 2, "c", "a")]
    assert observable_withdrawals(facts) == {"b"}


def test_a_withdrawal_that_looks_like_ageing_out_is_not_observable():
    facts = [withdrawn("b", 1.5), served("f", 1, "c", "b", "a"), served("f", 2, "e", "d", "c")]
    assert observable_withdrawals(facts) == frozenset()


def test_a_withdrawal_is_not_observable_while_another_feed_still_shows_the_article():
    facts = [withdrawn("b", 1.5), served("f", 1, "b", "a"), served("g", 1, "b", "a"), served("f", 2, "a")]
    assert observable_withdrawals(facts) == frozenset()
    assert observable_withdrawals([*facts, served("g", 3, "a")]) == {"b"}


def test_a_withdrawal_that_was_never_served_is_not_observable():
    assert observable_withdrawals([withdrawn("b", 1.5), served("f", 1, "a"), served("f", 2, "a")]) == frozenset()


def test_a_withdrawal_must_stay_in_sight_for_as_long_as_asked():
    facts = [withdrawn("b", 1.5), served("f", 1, "b", "a"), served("f", 2, "a"), served("f", 6, "z")]
    assert observable_withdrawals(facts, lasting=3) == {"b"}
    assert observable_withdrawals(facts, lasting=5) == frozenset()
