"""When a feed is asked again, and why."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from telex.core.model import Hints
from telex.core.schedule import Bounds, Reason, after_failure, after_gone, after_success, first_rate, rate_after

BOUNDS = Bounds(300, 3600, 21600)
NOW = 1_700_000_000.0
jitters = st.floats(0, 0.999)


def success(rate=0.0, since=0.0, hints=None, max_age=None, jitter=0.5, now=NOW):
    return after_success(rate, since, BOUNDS, hints or Hints(), max_age, now, jitter)


def test_a_silent_feed_is_asked_at_the_longest_interval():
    assert success().reason is Reason.SLOWEST
    assert success().delay == 3600


def test_a_busy_feed_is_asked_at_the_shortest_interval():
    assert success(rate=100).reason is Reason.FASTEST
    assert success(rate=100).delay == 300


def test_the_interval_follows_the_rate_in_between():
    plan = success(rate=2)
    assert plan.reason is Reason.RATE
    assert 900 <= plan.delay < 901


def test_a_hint_slows_polling_down_and_never_speeds_it_up():
    assert success(rate=100, hints=Hints(ttl=1200)).reason is Reason.HINT
    assert success(rate=100, hints=Hints(ttl=1200)).delay == 1200
    assert success(hints=Hints(ttl=60)).delay == 3600
    assert success(rate=100, max_age=999999).delay == 3600


def test_skip_hours_are_left_out():
    noon = datetime(2026, 3, 2, 11, 50, tzinfo=UTC).timestamp()
    plan = success(now=noon, hints=Hints(skip_hours=frozenset({12, 13})))
    then = datetime.fromtimestamp(noon + plan.delay, UTC)
    assert (plan.reason, then.hour, then.minute) == (Reason.SKIP_TIME, 14, 0)


def test_failures_double_the_wait_up_to_the_cap():
    delays = [after_failure(n, BOUNDS, None, 0.5).delay for n in range(1, 10)]
    assert delays[:4] == [300, 600, 1200, 2400]
    assert delays[-1] == 21600


@given(st.integers(1, 100), st.floats(0, 1e9), jitters)
def test_retry_after_is_never_undercut_but_for_its_own_limit(failures, retry_in, jitter):
    plan = after_failure(failures, BOUNDS, retry_in, jitter)
    assert plan.delay >= min(retry_in, 7 * 86400)
    assert plan.delay <= max(7 * 86400, 21600) * 1.1


@given(st.floats(0, 1e5), st.floats(0, 1e7), jitters)
def test_a_success_stays_within_the_bounds_and_the_jitter(rate, since, jitter):
    assert 300 * 0.9 <= success(rate=rate, since=since, jitter=jitter).delay <= 3600 * 1.1


@given(st.floats(0, 1e4), st.floats(0, 1e7), st.integers(0, 1000))
def test_a_rate_is_never_negative_and_fades_without_news(rate, since, fresh):
    assert rate_after(rate, since, fresh) >= 0
    assert rate_after(rate, since, 0) <= rate


def test_what_is_gone_is_asked_once_a_day():
    assert after_gone(BOUNDS, 0.5).delay == 86400


def test_the_first_document_tells_how_often_news_come():
    assert first_rate([NOW - 36000 + n * 60 for n in range(20)], NOW) == 2
    assert first_rate([None, NOW + 5], NOW) == 0
    assert first_rate([NOW - 10] * 5, NOW) == 5
