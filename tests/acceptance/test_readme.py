"""The README stays true: its tables are the code's, its subscriber works, its commands exist."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest

from acceptance.service import Service, wait_until
from newsroom.app import Config, Newsroom
from newsroom.world import Plan

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def subscriber() -> str:
    found = re.search(r"<!-- subscriber.*?```python\n(.*?)```", README, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_generated_tables_are_fresh():
    checked = subprocess.run(
        [sys.executable, "-m", "cogapp", "--check", "-P", str(ROOT / "README.md")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, f"{checked.stdout}{checked.stderr}; run `make docs`"


def test_every_command_that_the_readme_names_exists():
    helped = subprocess.run(
        [sys.executable, "-m", "telex", "--help"], capture_output=True, text=True, check=True
    ).stdout
    named = set(re.findall(r"`telex ([a-z]+)", README))
    assert {"run", "demo", "preview", "check", "tail", "feeds", "schema"} <= named
    for command in named:
        assert re.search(rf"^ +{command}\b", helped, re.MULTILINE), command


def test_every_target_that_the_readme_names_exists():
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"(?:`|^)make ([a-z]+)", README, re.MULTILINE)):
        assert f"\n{target}:" in makefile, target


@pytest.mark.timeout(90)
async def test_the_ten_line_subscriber_reads_what_is_published(tmp_path: Path):
    plan = Plan(seed=3, publishers=6, pace=0.3, start_articles=3)
    service = Service(tmp_path, tmp_path / "feeds.yaml", TELEX_HTTP="127.0.0.1:0")
    (tmp_path / "subscriber.py").write_text(subscriber())
    async with Newsroom(Config(plan=plan, catalogue=tmp_path / "feeds.yaml")):
        await service.start()
        await wait_until(lambda: '"url"' in service.said(), what="the service's address in its log")
        url = re.search(r'"url":"(http[^"]+)"', service.said())
        assert url is not None, service.said()
        reader = await asyncio.create_subprocess_exec(
            sys.executable, str(tmp_path / "subscriber.py"), f"{url[1]}/events", stdout=asyncio.subprocess.PIPE
        )
        assert reader.stdout is not None
        async with asyncio.timeout(30):
            lines = [(await reader.stdout.readline()).decode() for _ in range(12)]
        reader.kill()
        await reader.wait()
        assert await service.stop() == 0
    positions = [int(line.split()[0]) for line in lines]
    assert positions == sorted(set(positions))
    assert any(line.split()[1] == "telex.article.published" for line in lines)
