"""What would publish everything twice is refused: another group on the same topics, a lost state, half a rebuild."""

from dataclasses import replace
from random import Random

import pytest
from kafka_store import KafkaStore, contents, unique

from telex.adapters.kafka import KafkaLog
from telex.adapters.kafka.state import REBUILDING
from telex.errors import ClaimDied, ConfigurationError, LogCorrupt
from telex.ports import Commit
from telex.testing.contracts.house import Member, commit


@pytest.fixture
async def open_log(servers, monkeypatch):
    """Opens logs on topics of their own, articles included."""
    monkeypatch.setattr("telex.testing.contracts.house.PATIENCE", 40.0)
    name, made = unique(), []
    store = KafkaStore(servers)
    topics = replace(store.settings.topics, articles=f"{name}.articles")
    store.settings = replace(store.settings, topics=topics, begin_anew=False)

    async def opened(**more):
        log = await KafkaLog.open(replace(store.settings, **more), random=Random(1))
        made.append(log)
        return log

    opened.settings = store.settings
    yield opened
    for log in made:
        await log.close()


def of(articles, number):
    """A commit of one article."""
    made = commit(number)
    return replace(made, records=tuple(replace(record, topic=articles) for record in made.records))


async def test_another_group_on_the_same_topics_is_fenced_like_any_other_owner(open_log, servers):
    articles = open_log.settings.topics.articles
    ours = theirs = Member(await open_log())
    try:
        first = await ours.claim()
        await first.append(of(articles, 1))
        theirs = Member(await open_log(group=unique()))
        other = await theirs.claim()
        assert other.restored.memories == {"feed": b"1"}
        with pytest.raises(ClaimDied, match=r"fenced|newer producer|dead"):
            await first.append(of(articles, 2))
        values = [value for part in range(3) for _, value in await contents(servers, articles, part)]
        assert len(values) == 1
    finally:
        await ours.forget()
        await theirs.forget()


async def test_events_that_nobody_remembers_keep_it_from_starting(open_log):
    topics = open_log.settings.topics
    log = await open_log()
    member = Member(log)
    await (await member.claim()).append(of(topics.articles, 1))
    await member.forget()
    await log.close()
    again = await open_log()
    await again.close()
    lost = replace(topics, state=f"{topics.state}.mistyped")
    with pytest.raises(ConfigurationError, match="telex state rebuild") as refused:
        await open_log(topics=lost)
    assert refused.value.problems[0].key == lost.state
    await open_log(topics=lost, begin_anew=True)


async def test_a_rebuild_that_did_not_end_keeps_its_shards_from_being_claimed(open_log):
    member = Member(await open_log())
    claim = await member.claim()
    await claim.append(Commit(schedule=REBUILDING))
    await claim.append(of(open_log.settings.topics.articles, 1))
    await member.forget()
    await member.log.close()
    half = await open_log()
    with pytest.raises(LogCorrupt, match="telex state rebuild --replace"):
        async for _ in half.claims():
            pass
    await half.close()
    whole = Member(await open_log(begin_anew=True))
    claim = await whole.claim()
    assert claim.restored.schedule is None
    assert claim.restored.memories == {"feed": b"1"}
    await whole.forget()
