"""The scripted fetcher keeps to its script."""

import pytest

from telex.core.exchange import Fetched, Gone, Refusal, Refused, Request
from telex.core.model import Publisher
from telex.testing.manual_clock import ManualClock
from telex.testing.scripted_fetcher import ScriptedFetcher

URL = "https://example.org/feed"
ASK = Request(URL, Publisher("example.org"))
FIRST, LAST = Fetched(URL, b"1", 0.0), Gone(URL, 0.0)


async def test_answers_come_in_order_and_the_last_one_stays():
    fetcher = ScriptedFetcher({URL: [FIRST, LAST]})
    assert [await fetcher.fetch(ASK) for _ in range(3)] == [FIRST, LAST, LAST]
    assert fetcher.requests == [ASK, ASK, ASK]


async def test_an_answer_may_be_made_from_the_request():
    fetcher = ScriptedFetcher({URL: lambda request: Fetched(request.url, b"made", 0.0)})
    assert await fetcher.fetch(ASK) == Fetched(URL, b"made", 0.0)


async def test_a_new_script_replaces_the_old_one():
    fetcher = ScriptedFetcher({URL: FIRST})
    fetcher.answer(URL, LAST)
    assert await fetcher.fetch(ASK) == LAST
    with pytest.raises(ValueError):
        fetcher.answer(URL)


async def test_an_unknown_url_is_an_unknown_host():
    result = await ScriptedFetcher().fetch(ASK)
    assert isinstance(result, Refused)
    assert result.reason == Refusal.DNS


def test_a_manual_clock_goes_where_it_is_set():
    clock = ManualClock(100.0)
    clock.advance(5.0)
    assert clock.now() == 105.0
    clock.set(1.0)
    assert clock.now() == 1.0
