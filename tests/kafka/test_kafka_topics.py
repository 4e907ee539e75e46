"""Topics that repeat events: made, written in the same transaction, and once in the order of all events."""

from dataclasses import replace
from random import Random

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.producer.message_accumulator import BatchBuilder
from kafka_store import KafkaStore, Member, contents, settings

from telex.adapters.kafka import KafkaLog, KafkaTopics, topics
from telex.adapters.kafka.admin import _configs, _describe
from telex.adapters.kafka.topics import COMMIT_PARTITIONS, Found
from telex.core.events import ArticlePublished, ArticleWithdrawn
from telex.core.model import FeedId
from telex.core.selection import Selection
from telex.errors import AppendRefused, ConfigurationError
from telex.ports import Commit
from telex.wire import schemas
from telex.wire.cloudevents import event_from_structured, parse_structured, records, tombstone
from telex.wire.topics import FanOut, Naming

PUBLISHED = event_from_structured(parse_structured(schemas.load("examples/telex.article.published")))
WITHDRAWN = event_from_structured(parse_structured(schemas.load("examples/telex.article.withdrawn")))


def derived(servers: str, *slugs: str):
    """Settings with topics of rules, and the naming that they follow; a rule wants the articles of its language."""
    chosen = settings(servers)
    name = chosen.group
    rules = tuple(FanOut(slug, Selection.of(languages=[slug])) for slug in slugs)
    naming = Naming(
        articles=f"{name}.articles",
        current=f"{name}.current",
        fan_out=rules,
        fan_out_prefix=f"{name}.topic.",
    )
    kept = {"state": f"{name}.state", "inbox": f"{name}.inbox", "events": f"{name}.events", "articles_partitions": 3}
    return replace(chosen, topics=KafkaTopics.of(naming, **kept)), naming


def events(number: int, language: str, *, withdrawn: bool = False):
    """An article's event."""
    example, kind = (WITHDRAWN, ArticleWithdrawn) if withdrawn else (PUBLISHED, ArticlePublished)
    language_told = None if withdrawn else language
    return kind(replace(example.article, id=f"{number:024x}", language=language_told))


async def everything(servers: str, topic: str, partitions: int = 1):
    return [record for partition in range(partitions) for record in await contents(servers, topic, partition)]


async def test_repeated_events_stand_in_derived_topics_and_once_in_the_order_of_all(servers):
    chosen, naming = derived(servers, "fr", "wo")
    store = KafkaStore(servers)
    store.settings = chosen
    try:
        a = Member(await store.open("a"))
        claim = await a.claim()
        told = [events(1, "fr"), events(2, "wo"), events(3, "en"), events(1, "fr", withdrawn=True)]
        await claim.append(Commit(tuple(record for event in told for record in records(event, naming)), {}))
        await claim.append(Commit(tombstone(told[0].article.id, naming), {FeedId("f"): b"1"}))
        oldest, _ = await a.log.bounds()
        stored = await a.log.read(None, oldest, 100)
    finally:
        await store.close()
    assert [s.record.topic for s in stored] == [naming.articles] * 4
    keys = [event.article.id.encode() for event in told]
    assert [s.record.key.encode() for s in stored] == keys
    fr, wo = naming.fan_out_topics()
    assert [key for key, _ in await everything(servers, fr)] == [keys[0], keys[3]]
    assert [key for key, _ in await everything(servers, wo)] == [keys[1], keys[3]]
    latest = dict(await everything(servers, naming.current, 3))
    assert latest.keys() == {*keys[:3]}
    assert latest[keys[0]] is None
    assert sorted(key for key, _ in await everything(servers, naming.articles, 3)) == sorted(keys)


async def test_articles_go_to_the_topics_of_their_tags_and_their_headers_name_these(servers):
    chosen, naming = derived(servers, "fr")
    rules = (
        FanOut("politics", Selection.of(topics=["medtop:11000000"], confidence=0.6)),
        FanOut("own", Selection.of(topics=["own:harbour"])),
        FanOut("mali", Selection.of(places=["ML"])),
    )
    naming = replace(naming, fan_out=rules)
    chosen = replace(chosen, topics=replace(chosen.topics, fan_out=naming.fan_out_topics()))
    topic = PUBLISHED.article.topics[0]
    tagged = {
        1: {"topics": (topic,), "places": ()},
        2: {"topics": (replace(topic, confidence=0.55), replace(topic, code="own:harbour"))},
        3: {"topics": (replace(topic, code="own:harbour", confidence=0.4),), "places": ()},
        4: {"topics": (), "places": (replace(PUBLISHED.article.places[0], code="ML"),)},
    }
    told = [ArticlePublished(replace(PUBLISHED.article, id=f"{n:024x}", **tags)) for n, tags in tagged.items()]
    store = KafkaStore(servers)
    store.settings = chosen
    try:
        a = Member(await store.open("a"))
        claim = await a.claim()
        await claim.append(Commit(tuple(record for event in told for record in records(event, naming)), {}))
        oldest, _ = await a.log.bounds()
        stored = await a.log.read(None, oldest, 100)
    finally:
        await store.close()
    found = {name: [int(key, 16) for key, _ in await everything(servers, name)] for name in naming.fan_out_topics()}
    politics, own, mali = naming.fan_out_topics()
    assert found == {politics: [1], own: [2], mali: [4]}
    headers = [dict(each.record.headers) for each in stored]
    assert [each.get("ce_topics") for each in headers] == [topic.code, f"{topic.code},own:harbour", None, None]
    assert [each.get("ce_places") for each in headers] == [None, "SN", None, "ML"]
    assert {each["ce_language"] for each in headers} == {"fr"}


async def test_a_refused_repetition_takes_the_whole_commit_with_it(servers):
    chosen, naming = derived(servers, "fr")
    store = KafkaStore(servers)
    store.settings = chosen
    try:
        a = Member(await store.open("a"))
        fat = replace(events(1, "fr"), article=replace(events(1, "fr").article, body="x" * (2 << 20)))
        both = (*records(events(2, "fr"), naming), *records(fat, naming))
        with pytest.raises(AppendRefused, match="too_large"):
            await (await a.claim()).append(Commit(both, {FeedId("f"): b"1"}))
        assert await a.log.bounds() == (0, 0)
    finally:
        await store.close()
    assert await everything(servers, naming.fan_out_topics()[0]) == []


async def test_derived_topics_are_made_as_they_have_to_be(servers):
    chosen, naming = derived(servers, "fr", "wo")
    await (await KafkaLog.open(chosen, random=Random(1))).close()
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    found = await _describe(admin, list(naming.derived()))
    await admin.close()
    fr, wo = naming.fan_out_topics()
    assert {name: (one.partitions, one.config["cleanup.policy"]) for name, one in found.items()} == {
        naming.current: (3, "compact"),
        fr: (1, "delete"),
        wo: (1, "delete"),
    }


async def test_more_partitions_than_a_commit_may_touch_are_refused_before_anything_is_made(servers):
    chosen, _ = derived(servers, *(f"aa-{number}" for number in range(60)))
    chosen = replace(chosen, topics=replace(chosen.topics, articles_partitions=1))
    with pytest.raises(ConfigurationError) as refused:
        await KafkaLog.open(chosen, random=Random(1))
    said = str(refused.value)
    assert "a commit could touch 67 partitions, and 64 are the most: 1 of the state" in said
    assert "set fewer rules in topics.fan_out" in said
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        assert await _describe(admin, [chosen.topics.articles]) == {}
        # a topic that went between the two questions is not there either
        assert await _configs(admin, [chosen.topics.articles]) == {}
    finally:
        await admin.close()


def test_as_many_partitions_as_a_commit_may_touch_are_taken_as_they_are_found():
    chosen, _ = derived("127.0.0.1:1", "fr")
    wanted = {topic.name: topic for topic in topics.wanted(chosen)}

    def found(articles: int):
        counts = {name: topic.partitions for name, topic in wanted.items()} | {chosen.topics.articles: articles}
        return {name: Found(count, wanted[name].settings) for name, count in counts.items()}

    # State 1, feeds 1, feedlog 1, dead letters 1, events 1, latest versions 3, fan-out 1.
    topics.check(chosen, found(COMMIT_PARTITIONS - 9))
    with pytest.raises(ConfigurationError, match="could touch 65 partitions"):
        topics.check(chosen, found(COMMIT_PARTITIONS - 8))


def test_what_is_repeated_has_to_fit_everywhere():
    chosen, naming = derived("127.0.0.1:1", "fr")
    sizes = {naming.fan_out_topics()[0]: "4000", chosen.topics.events: "9000"}
    found = {
        topic.name: Found(topic.partitions, topic.settings | {topics.MAX_BYTES: sizes.get(topic.name, "1000000")})
        for topic in topics.wanted(chosen)
    }
    limits = topics.limits(replace(chosen, compression=None), found)
    assert limits.records[naming.articles] == 4000
    assert limits.records[naming.deadletters] == 9000
    assert limits.records[chosen.topics.state] == 1_000_000
    assert limits.batch == 4000
    # What cannot be compressed grows when it is.
    limits = topics.limits(replace(chosen, compression="zstd"), found)
    assert limits.batch == limits.records[naming.articles] == 4000 - 64 - 3


@pytest.mark.parametrize("compression", ["gzip", "snappy", "lz4", "zstd"])
@pytest.mark.parametrize("size", [2_000, 40_000, 1_000_000])
def test_what_cannot_be_compressed_stays_within_its_topics_limit(compression, size):
    chosen = replace(
        derived("127.0.0.1:1", "fr")[0], compression=compression, batch_size=1 << 21, max_request_size=1 << 21
    )
    found = {topic.name: Found(topic.partitions, {topics.MAX_BYTES: str(size)}) for topic in topics.wanted(chosen)}
    kind = {"gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}[compression]
    noise = Random(5)
    limit = topics.limits(chosen, found).batch
    for record in (limit - 100, limit // 7, limit // 50):
        batch = BatchBuilder(limit, kind, is_transactional=True)
        while batch.append(timestamp=None, key=b"k", value=noise.randbytes(record)) is not None:
            pass
        assert 0 < len(batch._build()) <= size
