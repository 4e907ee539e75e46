"""The verdict finds each fault that it is there for: in a story made for it, with the fault and without."""

from dataclasses import replace

import orjson
import pytest

from newsroom.ledger import ArticleFact, Kind, Ledger, ServedFact
from support import kafka
from support.fleet import Fleet, fleet
from support.fleet_processes import Press, until
from support.verdict import ARTICLES, MERGED, Place, judge_log
from telex.core.records import Record

SETTINGS = {"TELEX_KAFKA__SESSION": "2", "TELEX_KAFKA__HEARTBEAT": "0.3"}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A cluster for the stories of this module; each has its own topics."""
    try:
        kafka.libraries()
    except kafka.NoKafkaError as error:
        pytest.skip(str(error))
    with kafka.running(tmp_path_factory.mktemp("verdict") / "cluster") as made:
        yield made


def a_death_between_validators_and_articles(made: Fleet, mutant: tuple[str, ...]) -> None:
    a = made.member("a", *mutant)
    a.start()
    made.wait_owned(a)
    made.press.settle()
    a.aim("between" if mutant else "telling", "KILL")
    made.press.publish()
    until(lambda: not a.alive, "the death of a")
    a.start()
    made.wait_owned(a)


def a_shard_that_comes_back(made: Fleet, mutant: tuple[str, ...]) -> None:
    a, b = made.member("a", *mutant, static=False), made.member("b", static=False)
    a.start()
    made.wait_owned(a)
    b.start()
    made.wait_owned(a, b)
    for _ in range(30):
        made.press.publish()
    made.press.settle()
    b.terminate()
    made.wait_owned(a)


def a_commit_of_the_old_owner_while_the_new_one_claims(made: Fleet, mutant: tuple[str, ...]) -> None:
    a, b = made.member("a"), made.member("b", *mutant)
    a.start()
    made.wait_owned(a)
    made.press.settle()
    a.aim("group", "HOLD")
    b.aim("unfenced" if mutant else "fenced", "HOLD")
    b.start()
    until(lambda: {each["shard"] for each in b.done()} == set(range(made.shards)), "b to be half through its claims")
    made.press.publish()
    made.press.recount()
    until(lambda: "raised" in a.done()[-1] or made.press.asked() >= 2, "a to tell of it, or not")
    b.miss()
    a.kill()
    made.wait_owned(b)


STORIES = {
    "validators_before_articles": (a_death_between_validators_and_articles, "was lost"),
    "stale_kept_memory": (a_shard_that_comes_back, "stands there 2 times"),
    "restore_before_fencing": (a_commit_of_the_old_owner_while_the_new_one_claims, "stands there 2 times"),
}


@pytest.mark.kafka
@pytest.mark.parametrize("broken", [True, False], ids=["mutant", "sound"])
@pytest.mark.parametrize("name", STORIES)
def test_a_mutant_is_found_and_the_sound_one_is_not(name, broken, cluster, tmp_path):
    story, said = STORIES[name]
    press = Press(tmp_path, publishers=8, pace=0, start=2)
    with fleet(tmp_path, cluster, press, shards=4, prefix=f"{name}-{broken}.", settings=SETTINGS) as made:
        story(made, ("--mutant", name) if broken else ())
        made.press.settle()
        verdict = made.judge()
        assert verdict.articles >= 16
        if broken:
            assert any(said in wrong for wrong in verdict.wrong)
        else:
            assert verdict.wrong == []


LINK = "http://127.0.0.1/p/a.html"


@pytest.fixture
def ledger(tmp_path):
    """The truth: one article, published and edited once."""
    path = tmp_path / "ledger.jsonl"
    book = Ledger(path)
    for revision, kind in enumerate((Kind.PUBLISHED, Kind.EDITED), 1):
        book.note(ArticleFact(kind, "p.example", "p/1", "g1", LINK, revision, 1.0, f"Title {revision}", "00", ("f",)))
        book.note(ServedFact("f", 1.0, 1.0, (("p/1", revision),)))
    book.close()
    return path


def told(version: int, *, topic: str = ARTICLES, article: str = "a1", partition: int = 0) -> Place:
    """An event of the article as Kafka holds it."""
    data = {"id": article, "version": version, "url": LINK, "guid": "g1", "title": f"Title {version}"}
    data |= {"source": {"publisher": "p.example"}, "provenance": {"body_from": None}}
    kind = "published" if version == 1 else "updated"
    headers = (("ce_id", f"{article}:{version}"), ("ce_source", "/publishers/p.example"))
    headers += (("ce_type", f"telex.article.{kind}"), ("ce_subject", article))
    headers += (("telex_topic", ARTICLES),) if topic == MERGED else ()
    return Place(version, Record(topic, article, headers, orjson.dumps(data)), 0.0, partition)


def test_what_was_told_once_and_in_order_is_right(ledger):
    assert judge_log(ledger, [told(1), told(2), told(1, topic=MERGED), told(2, topic=MERGED)]).wrong == []


@pytest.mark.parametrize(
    ("places", "said"),
    [
        ([], "p/1 was lost"),
        ([told(1)], "ends as 'Title 1'; the truth is 'Title 2'"),
        ([told(1), told(2), told(2)], "a1:2 of /publishers/p.example stands there 2 times"),
        ([told(2), told(1)], "a1 has versions [2, 1]"),
        ([told(1), told(3)], "a1 has versions [1, 3]"),
        ([told(1), told(2), told(1, article="a2")], "p/1 was published 2 times"),
        ([told(1), told(2, partition=1)], "a1 stands in partitions [0, 1]"),
        ([told(1), replace(told(2), record=replace(told(2).record, key="b"))], "a1 has the key 'b'"),
        ([told(1), told(2), told(1, topic=MERGED)], "a1: [("),
        ([told(1), told(2), told(2, topic=MERGED), told(1, topic=MERGED)], "a1: [("),
    ],
)
def test_what_is_wrong_is_named(ledger, places, said):
    assert any(said in wrong for wrong in judge_log(ledger, places).wrong)
