"""Facts as metrics: names, labels, values."""

import re
from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from telex.adapters.metrics import OTHER, POLL_OUTCOMES, FanOut, MetricsObserver, metrics_rows
from telex.core.exchange import Refusal
from telex.core.facts import (
    CatalogueReloaded,
    Committed,
    LogPaused,
    MemoryDropped,
    PollEnded,
    ShardClaimed,
    ShardLost,
)
from telex.core.model import FeedId, UnreadableReason
from telex.web.events import EventsStatistics


def poll(outcome="changed", *, lag=0.2, size=1000):
    return PollEnded(FeedId("f1"), outcome, lag, 0.1, size, 1, None, changed=False, next_in=300.0, next_reason="rate")


class Scraped:
    def __init__(self):
        self.registry = CollectorRegistry()
        self.observer = MetricsObserver(self.registry, "1.2.3")

    def __call__(self, name, **labels):
        return self.registry.get_sample_value(name, labels)

    def observe(self, *facts):
        for fact in facts:
            self.observer.observe(fact)

    def label_sets(self):
        return {
            (sample.name, tuple(sorted(sample.labels.items())))
            for metric in self.registry.collect()
            if metric.name.startswith("telex_")
            for sample in metric.samples
        }


@pytest.fixture
def scraped():
    return Scraped()


def test_polls_count_by_outcome_with_their_bytes_and_lag(scraped):
    scraped.observe(poll(), poll(), poll("not_modified", size=0), poll("timeout", lag=2.0))
    assert scraped("telex_polls_total", outcome="changed") == 2
    assert scraped("telex_polls_total", outcome="not_modified") == 1
    assert scraped("telex_polls_total", outcome="timeout") == 1
    assert scraped("telex_received_bytes_total") == 3000
    assert scraped("telex_schedule_lag_seconds_count") == 4
    assert scraped("telex_schedule_lag_seconds_bucket", le="0.25") == 3


def test_a_commit_is_measured_and_its_events_are_counted_by_type(scraped):
    types = (
        ("telex.article.published", 3),
        ("telex.article.updated", 2),
        ("telex.article.withdrawn", 1),
        ("telex.feed.gap", 1),
        ("telex.deadletter", 1),
    )
    scraped.observe(Committed(1, 0.02, 8, 5000, types, (4.0, 90.0), (("html", 1),)))
    assert [scraped("telex_articles_total", type=t) for t in ("published", "updated", "withdrawn")] == [3, 2, 1]
    assert scraped("telex_articles_total", type=OTHER) == 0
    assert scraped("telex_feed_events_total", type="gap") == 1
    assert scraped("telex_dead_letters_total", reason="html") == 1
    assert scraped("telex_publication_delay_seconds_sum") == 94
    assert scraped("telex_commit_duration_seconds_sum") == 0.02
    assert scraped("telex_commit_records_sum") == 8
    assert scraped("telex_commit_size_bytes_sum") == 5000


def test_shards_are_claimed_paused_or_lost(scraped):
    scraped.observe(ShardClaimed(1, 10, 0.3), ShardClaimed(2, 10, 0.3), LogPaused(2, resumed=False, detail="full"))
    assert [scraped("telex_shards", state=state) for state in ("claimed", "paused")] == [1, 1]
    assert scraped("telex_log_paused") == 1
    scraped.observe(LogPaused(2, resumed=True, detail=None))
    assert [scraped("telex_shards", state=state) for state in ("claimed", "paused")] == [2, 0]
    assert scraped("telex_log_paused") == 0
    scraped.observe(ShardLost(1, "fenced", None))
    assert scraped("telex_shards", state="claimed") == 1
    assert scraped("telex_claims_lost_total", reason="fenced") == 1
    assert scraped("telex_restore_duration_seconds_count") == 2


def test_a_shard_lost_while_the_log_is_paused_pauses_nothing_any_more(scraped):
    scraped.observe(ShardClaimed(1, 10, 0.3), LogPaused(1, resumed=False, detail="full"), ShardLost(1, "fenced", None))
    assert scraped("telex_log_paused") == 0


def test_a_shard_claimed_again_before_its_old_end_is_told_is_still_claimed(scraped):
    scraped.observe(ShardClaimed(1, 10, 0.3), ShardClaimed(1, 10, 0.3), ShardLost(1, "fenced", None))
    assert scraped("telex_shards", state="claimed") == 1


def test_a_claim_that_died_before_it_was_restored_leaves_the_count_right(scraped):
    scraped.observe(ShardLost(1, "revoked", None), ShardClaimed(1, 10, 0.3))
    assert scraped("telex_shards", state="claimed") == 1


def test_a_refused_catalogue_leaves_version_and_feeds_of_the_one_in_force(scraped):
    scraped.observe(CatalogueReloaded(2, 40, accepted=True, problems=()))
    scraped.observe(CatalogueReloaded(3, 0, accepted=False, problems=("bad",)))
    assert scraped("telex_catalogue_version") == 2
    assert scraped("telex_catalogue_feeds") == 40
    assert scraped("telex_catalogue_last_reload_successful") == 0


def test_what_else_there_is(scraped):
    scraped.observe(MemoryDropped(FeedId("f1"), "too large"))
    scraped.observer.observe_loop_lag(0.004)
    scraped.observer.watch_events(lambda: EventsStatistics(readers=3, sent=10, slow=1, refused=2))
    assert scraped("telex_memories_dropped_total") == 1
    assert scraped("telex_loop_lag_seconds_bucket", le="0.005") == 1
    assert scraped("telex_events_readers") == 3
    assert scraped("telex_events_sent_total") == 10
    assert scraped("telex_events_slow_readers_total") == 1
    assert scraped("telex_events_refused_readers_total") == 2
    assert scraped("telex_build_info", version="1.2.3", python=__import__("platform").python_version()) == 1
    assert scraped("process_start_time_seconds") > 0


def test_no_label_value_appears_that_was_not_there_from_the_start(scraped):
    before = scraped.label_sets()
    scraped.observe(
        *(poll(outcome) for outcome in POLL_OUTCOMES),
        poll("a new outcome"),
        replace(poll(), held=3),
        ShardClaimed(900, 1, 1.0),
        ShardLost(900, "append refused: too_large (feed x)", None),
        LogPaused(901, resumed=False, detail="x"),
        Committed(1, 1.0, 1, 1, (("telex.article.translated", 1),), (1.0,), (("a new reason", 1),)),
        Committed(1, 1.0, 1, 1, (), (), tuple((reason.value, 1) for reason in UnreadableReason)),
        Committed(1, 1.0, 1, 1, (), (), (), repairs=(("xml.ill_formed", 2), ("a.new_repair", 3))),
    )
    assert scraped.label_sets() == before
    assert scraped("telex_polls_total", outcome=OTHER) == 1
    assert scraped("telex_flaps_total") == 3
    assert scraped("telex_claims_lost_total", reason=OTHER) == 1
    assert scraped("telex_articles_total", type=OTHER) == 1
    assert scraped("telex_dead_letters_total", reason=OTHER) == 1
    assert scraped("telex_repairs_total", repair="xml.ill_formed") == 2
    assert scraped("telex_repairs_total", repair=OTHER) == 3


def test_every_reason_of_a_refusal_has_its_own_label(scraped):
    scraped.observe(*(poll(reason.value) for reason in Refusal))
    assert {reason: scraped("telex_polls_total", outcome=reason.value) for reason in Refusal} == dict.fromkeys(
        Refusal, 1
    )


def test_names_follow_the_conventions_of_prometheus():
    rows = metrics_rows()
    assert len({row.name for row in rows}) == len(rows) >= 20
    units = ("_seconds", "_bytes", "_info")
    plain = {
        "telex_commit_records", "telex_shards", "telex_log_paused", "telex_events_readers", "telex_catalogue_version",
        "telex_catalogue_feeds", "telex_catalogue_last_reload_successful", "telex_log_shards", "telex_taxonomies_last_reload_successful",
    }  # fmt: skip
    for row in rows:
        assert re.fullmatch(r"telex_[a-z_]+", row.name), row
        assert row.name.endswith("_total") == (row.type == "counter"), row
        assert row.type == "counter" or row.name.endswith(units) or row.name in plain, row
        assert row.meaning.endswith("."), row
        assert not set(row.labels) & {"feed", "url", "publisher", "shard"}, row


def test_the_table_has_what_operators_were_promised():
    rows = {row.name: row for row in metrics_rows()}
    assert rows["telex_polls_total"] == ("telex_polls_total", "counter", ("outcome",), "Polls that ended, by outcome.")
    assert {
        "telex_articles_total", "telex_received_bytes_total", "telex_schedule_lag_seconds",
        "telex_publication_delay_seconds", "telex_commit_duration_seconds", "telex_commit_records",
        "telex_commit_size_bytes", "telex_shards", "telex_loop_lag_seconds", "telex_restore_duration_seconds",
        "telex_dead_letters_total", "telex_catalogue_version", "telex_catalogue_feeds",
        "telex_catalogue_last_reload_successful", "telex_log_paused", "telex_build_info", "telex_claims_lost_total",
        "telex_events_readers",
    } <= rows.keys()  # fmt: skip
    assert rows["telex_build_info"].labels == ("python", "version")
    assert rows["telex_schedule_lag_seconds"].labels == ()


def test_the_registry_can_be_scraped(scraped):
    assert b"telex_build_info{" in generate_latest(scraped.registry)


def test_two_registries_do_not_share_anything():
    one, two = Scraped(), Scraped()
    one.observe(poll())
    assert two("telex_polls_total", outcome="changed") == 0


def test_a_fan_out_passes_every_fact_to_every_observer_in_order():
    seen = []

    class Noting:
        def __init__(self, name):
            self.name = name

        def observe(self, fact):
            seen.append((self.name, fact))

    facts = poll(), poll("gone")
    fan_out = FanOut((Noting("a"), Noting("b")))
    for fact in facts:
        fan_out.observe(fact)
    assert seen == [("a", facts[0]), ("b", facts[0]), ("a", facts[1]), ("b", facts[1])]
