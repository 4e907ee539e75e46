"""Which events a reader gets."""

import pytest
from multidict import MultiDict
from web_log import NAMING, SmallLog, article, dead_letter, example, gap
from web_reader import serving

from telex.ports import Stored
from telex.web.filters import PARAMETERS, wanted
from telex.web.frames import frame_of
from telex.web.positions import PARAMETERS as POSITIONS

LOG = SmallLog()
LOG.append(
    article(1, language="fr", feeds=("f1",), publisher="a.example"),
    article(2, language="fr-CA", feeds=("f1", "f2"), publisher="a.example"),
    article(3, language="en", feeds=("f3",), publisher="b/é"),
    article(4, language=None, feeds=("f3",), publisher="b/é"),
    gap(1, "f1"),
    dead_letter(1),
    article(7, language="frr", feeds=("f4",), publisher="c.example"),
)


def chosen(*pairs):
    choice = wanted(MultiDict(pairs), NAMING)
    return [stored.position for stored in LOG.stored if choice.matches(frame_of(stored))]


@pytest.mark.parametrize(
    ("pairs", "positions"),
    [
        ([], [1, 2, 3, 4, 5, 7]),
        ([("type", "telex.feed.gap")], [5]),
        ([("type", "telex.feed.gap"), ("type", "telex.deadletter")], [5, 6]),
        ([("topic", "news.articles")], [1, 2, 3, 4, 7]),
        ([("topic", "news.feedlog"), ("topic", "news.deadletters")], [5, 6]),
        ([("publisher", "a.example")], [1, 2, 5]),
        ([("publisher", "b/é")], [3, 4]),
        ([("publisher", "b/é"), ("publisher", "c.example")], [3, 4, 7]),
        ([("publisher", "nobody.example")], []),
        ([("feed", "f1")], [1, 2, 5]),
        ([("feed", "f2")], [2]),
        ([("feed", "f1"), ("type", "telex.deadletter"), ("type", "telex.feed.gap")], [5, 6]),
        ([("language", "fr")], [1, 2]),
        ([("language", "FR-ca")], [2]),
        ([("language", "fr"), ("language", "en")], [1, 2, 3]),
        ([("subject", f"{3:024x}")], [3]),
        ([("subject", "f1")], [5]),
        ([("publisher", "a.example"), ("language", "fr-CA"), ("feed", "f1")], [2]),
        ([("publisher", "b/é"), ("language", "fr")], []),
    ],
)
def test_parameters_are_anded_and_values_of_one_are_ored(pairs, positions):
    assert chosen(*pairs) == positions


def test_only_topics_that_can_hold_something_are_read():
    assert wanted(MultiDict(), NAMING).topics == {"news.articles", "news.feeds", "news.feedlog"}
    assert wanted(MultiDict({"type": "telex.feed.moved"}), NAMING).topics == {"news.feedlog"}
    assert wanted(MultiDict({"topic": "news.deadletters"}), NAMING).topics == {"news.deadletters"}


def test_data_that_is_no_json_matches_no_language_and_only_its_own_feed():
    stored = LOG.stored[0]
    record = type(stored.record)(stored.record.topic, "key", stored.record.headers, b"\xff")
    frame = frame_of(Stored(1, record, 0.0))
    assert frame.language() is None
    assert frame.shows(frozenset({"key"}))
    assert not frame.shows(frozenset({"f1"}))


def test_no_parameter_has_two_meanings():
    assert not set(PARAMETERS) & set(POSITIONS)


def test_the_examples_of_an_article_have_what_filters_look_at():
    found = example("telex.article.published").article
    assert found.language
    assert found.feeds


async def test_filters_hold_for_what_is_caught_up_and_for_what_is_live():
    log = SmallLog()
    log.append(*(article(number, publisher="ab"[number % 2]) for number in range(200)))
    async with serving(log) as served:
        raw = await served.open("?publisher=b")
        assert [int(message.id) for message in await raw.take(100)] == list(range(2, 201, 2))
        log.append(article(200, publisher="a"), article(201, publisher="b"))
        assert [message.id for message in await raw.take(1)] == ["202"]
