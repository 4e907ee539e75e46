"""Which events a reader gets."""

from dataclasses import replace

import pytest
from multidict import MultiDict
from web_log import NAMING, SmallLog, article, dead_letter, example, gap
from web_reader import serving

from telex.core.events import ArticlePublished
from telex.core.model import Profile
from telex.ports import Stored
from telex.web.filters import PARAMETERS, wanted
from telex.web.frames import frame_of
from telex.web.positions import PARAMETERS as POSITIONS
from telex.web.problems import BadParameterError
from telex.wire.cloudevents import records

ARTICLE = example("telex.article.published").article
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
    assert frame.language is None
    assert frame.feeds == ["key"]
    assert (frame.country, frame.categories) == (None, [])


def test_data_of_another_shape_matches_what_it_has():
    stored = LOG.stored[0]
    data = b'{"feeds":["f1",{}],"language":1,"categories":[2,"x"],"source":{"country":[]}}'
    frame = frame_of(Stored(1, replace(stored.record, value=data), 0.0))
    assert (frame.feeds, frame.language, frame.categories, frame.country) == (["f1"], None, ["x"], None)


def test_countries_and_categories_are_filters_of_articles():
    log = SmallLog()
    fitting = replace(ARTICLE, categories=("Économie", "Foot"), source=replace(ARTICLE.source, country="SN"))
    other = replace(ARTICLE, categories=(), source=replace(ARTICLE.source, country=None))
    log.append(*(records(ArticlePublished(each), NAMING)[0] for each in (fitting, other)), gap(1))

    def found(*pairs):
        choice = wanted(MultiDict(pairs), NAMING)
        return [stored.position for stored in log.stored if choice.matches(frame_of(stored))]

    assert found(("country", "sn")) == [1]
    assert found(("category", "ÉCONOMIE")) == [1]
    assert found(("category", "foot"), ("country", "FR")) == []
    assert found(("category", "rugby"), ("category", "foot")) == [1]


def test_tags_and_profiles_are_filters_of_articles():
    log = SmallLog()
    unsure = replace(ARTICLE.topics[0], code="medtop:15000000", confidence=0.4)
    fitting = replace(ARTICLE, topics=(*ARTICLE.topics, unsure), source=replace(ARTICLE.source, profile=Profile.STATE))
    other = replace(ARTICLE, topics=(), places=(), source=replace(ARTICLE.source, profile=Profile.PRIVATE))
    log.append(*(records(ArticlePublished(each), NAMING)[0] for each in (fitting, other)), gap(1))

    def found(*pairs):
        choice = wanted(MultiDict(pairs), NAMING)
        return [stored.position for stored in log.stored if choice.matches(frame_of(stored))]

    assert found(("concept", "medtop:11000000")) == [1]
    assert found(("concept", "medtop:15000000")) == []
    assert found(("place", "sn")) == [1]
    assert found(("place", "ML")) == []
    assert found(("profile", "private")) == [2]
    assert found(("profile", "state"), ("profile", "private"), ("place", "SN")) == [1]
    with pytest.raises(BadParameterError, match="no topic's code"):
        found(("concept", "sport"))
    with pytest.raises(BadParameterError, match="no profile"):
        found(("profile", "rich"))


def test_a_withdrawal_reaches_whoever_may_have_got_the_article():
    withdrawal = example("telex.article.withdrawn")
    record = records(withdrawal, NAMING)[0]
    frame = frame_of(Stored(1, record, 0.0))
    source = withdrawal.article.source

    def matches(*pairs):
        return wanted(MultiDict(pairs), NAMING).matches(frame)

    assert matches(("language", "wo"), ("feed", "another"), ("category", "none"))
    assert matches(("concept", "medtop:15000000"), ("place", "ML"))
    assert matches(("publisher", source.publisher))
    assert not matches(("publisher", "another.example"))
    assert not matches(("country", "XX"))


@pytest.mark.parametrize(("name", "value"), [("country", "Senegal"), ("language", "französisch"), ("country", "")])
def test_a_value_that_cannot_be_is_refused(name, value):
    with pytest.raises(BadParameterError):
        wanted(MultiDict({name: value}), NAMING)


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
