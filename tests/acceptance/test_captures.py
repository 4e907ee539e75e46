"""Real publishers' feeds, as captured, through the whole service: each item once, every event valid."""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Self

import pytest
import yaml
from aiohttp import web

from acceptance.service import Service, wait_until
from support.judge import article_lines
from support.schema_validation import assert_valid_record

DATA = Path(os.environ.get("TELEX_DATA", Path(__file__).parents[3] / "shared/data")) / "news-captures"
pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"the captures are not at {DATA}: set TELEX_DATA"),
]


def manifest() -> list[dict]:
    return [json.loads(line) for line in (DATA / "manifest.jsonl").read_text().splitlines()]


class Publishers:
    """Serves the captures as they are, and counts who asked for what."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/files/{name}", self._answer)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        self.asked[name] += 1
        return web.Response(body=(DATA / "files" / name).read_bytes(), content_type="application/xml")

    def catalogue(self) -> str:
        feeds = [
            {
                "id": Path(each["file"]).stem,
                "url": f"http://127.0.0.1:{self.port}/{each['file']}",
                "publisher": Path(each["file"]).stem,
                "name": each["publisher"],
                "language": each["lang"],
            }
            for each in manifest()
        ]
        return yaml.safe_dump({"defaults": {"interval": {"min": 2, "max": 3}}, "feeds": feeds}, allow_unicode=True)


async def test_every_item_of_the_captures_is_published_once(tmp_path: Path):
    expected: dict[str, dict] = {}
    for line in (DATA / "cases.jsonl").read_text().splitlines():
        case = json.loads(line)
        expected.setdefault(Path(case["file"]).name, case)
    async with Publishers() as publishers:
        (tmp_path / "feeds.yaml").write_text(publishers.catalogue())
        service = Service(tmp_path, tmp_path / "feeds.yaml")
        await service.start()
        await wait_until(
            lambda: len(publishers.asked) == 39 and min(publishers.asked.values()) >= 3, what="3 polls of each"
        )
        assert await service.stop() == 0
        stored = await service.stored()
    for each in stored:
        assert_valid_record(each.record)
    assert {each.record.topic for each in stored} == {"news.articles", "news.feeds"}
    published: Counter[str] = Counter()
    for line in article_lines(stored).values():
        assert len(line) == 1, "an unchanged document is no event"
        published[line[0]["data"]["source"]["id"]] += 1
    wrong = {}
    for name, case in expected.items():
        found = published[Path(name).stem]
        if not case.get("distinct", case["count"]) <= found <= case["count"]:
            wrong[name] = (found, case.get("distinct"), case["count"])
    assert wrong == {}
    repeats = {name: case["count"] - published[Path(name).stem] for name, case in expected.items()}
    print("repeats inside a document:", {name: count for name, count in repeats.items() if count})
