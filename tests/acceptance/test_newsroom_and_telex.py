"""telex against the newsroom, whose ledger is the truth."""

import asyncio
import random
from pathlib import Path

import pytest

from acceptance.service import Service, wait_until
from newsroom.app import Config, Newsroom
from newsroom.faults import Level
from newsroom.ledger import windows
from newsroom.world import Plan
from support.judge import judge
from support.schema_validation import assert_valid_record


async def settle(newsroom: Newsroom, service: Service) -> None:
    """No more news and no more faults; wait until telex has asked every feed again and has withdrawn what it will."""
    newsroom.quiet()
    newsroom.faults.level = Level.OFF
    quiet_at = newsroom.clock()
    feeds = set(windows(newsroom.ledger.facts))

    def all_served() -> bool:
        served = windows(newsroom.ledger.facts)
        return all(
            served[feed][-1].as_of >= quiet_at or _still(newsroom, served[feed][-1].window, feed) for feed in feeds
        )

    await wait_until(all_served, what="every feed to be read after the news ended", patience=60)
    await asyncio.sleep(8)


def _still(newsroom: Newsroom, window: tuple[tuple[str, int], ...], feed: str) -> bool:
    shown = tuple((article.key, article.revision) for article in newsroom.world.window(feed).now.articles)
    return shown == window


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(tmp_path, tmp_path / "catalogue.yaml")


async def test_a_calm_day_is_on_the_log_to_the_last_edit(tmp_path: Path, service: Service):
    plan = Plan(seed=7, publishers=20, pace=0.15, start_articles=5)
    async with Newsroom(Config(plan=plan, catalogue=tmp_path / "catalogue.yaml")) as newsroom:
        await service.start()
        await wait_until(lambda: len(windows(newsroom.ledger.facts)) > 20, what="the feeds to be read")
        await asyncio.sleep(15)
        await settle(newsroom, service)
        code = await service.stop()
        verdict = judge(newsroom.ledger.facts, await service.stored(), exact_updates=True)
    assert verdict.wrong == []
    assert verdict.articles > 150
    assert verdict.updates > 5
    assert code == 0


async def test_kills_and_faults_lose_nothing_and_double_nothing(tmp_path: Path, service: Service):
    plan = Plan(seed=11, publishers=16, pace=0.1, start_articles=5)
    chance = random.Random(11)
    config = Config(plan=plan, catalogue=tmp_path / "catalogue.yaml", faults=Level.SOME, slow=0.5, retry_after=1)
    async with Newsroom(config) as newsroom:
        for _ in range(6):
            await service.start()
            await asyncio.sleep(chance.uniform(1.5, 4.0))
            await service.kill()
        await service.start()
        await asyncio.sleep(6)
        await settle(newsroom, service)
        await service.stop()
        stored = await service.stored()
        verdict = judge(newsroom.ledger.facts, stored)
    assert verdict.wrong == []
    assert verdict.articles > 100
    for each in stored:
        assert_valid_record(each.record)
