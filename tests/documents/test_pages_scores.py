"""How well article pages are read, by the suites' own scorer, beside trafilatura on the same pages in the same run."""

import ast
import gzip
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from telex.core.model import PageDocument
from telex.documents.reader import read_page

DATA = Path(os.environ.get("TELEX_DATA", Path(__file__).parents[3] / "shared" / "data"))
TARGETS = {
    "fundus": {"body_f1": 0.965, "title": 0.95, "published_day": 0.98, "authors": 0.90},
    "aeb": {"body_f1": 0.960},
    "trafilatura-eval": {"with": 0.98, "without": 0.96},
}
pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(
        not (DATA / "tools" / "score_pages.py").exists(), reason=f"no suites of article pages in {DATA}: set TELEX_DATA"
    ),
    pytest.mark.timeout(600),
]


def ours(body: bytes, url: str) -> dict[str, Any]:
    page = read_page(body, None, url)
    assert isinstance(page, PageDocument), page
    published = None if page.published is None else datetime.fromtimestamp(page.published, UTC).isoformat()
    names = [author.name for author in page.authors]
    return {"title": page.title, "authors": names, "published_at": published, "body": page.text}


def trafilaturas(body: bytes, url: str) -> dict[str, Any]:
    from trafilatura import bare_extraction  # noqa: PLC0415 - takes half a second to import, and most runs skip this

    found = bare_extraction(body.decode("utf-8", "replace"), url=url, with_metadata=True, include_comments=False)
    if found is None:
        return {}
    authors = found.author.split("; ") if found.author else []
    return {"title": found.title, "authors": authors, "published_at": found.date, "body": found.text}


def scored(suite: str, reads: Any, outputs: Path) -> dict[str, float]:
    """The scorer's mean by field."""
    cases = DATA / suite / "cases.jsonl"
    with outputs.open("w") as lines:
        for line in cases.read_text().splitlines():
            case = json.loads(line)
            body = gzip.decompress((DATA / suite / case["file"]).read_bytes())
            lines.write(json.dumps({"file": case["file"], **reads(body, case["url"])}) + "\n")
    scorer = DATA / "tools" / "score_pages.py"
    done = subprocess.run([sys.executable, scorer, cases, outputs], capture_output=True, text=True, check=True)
    return {field: mean for field, (mean, _) in ast.literal_eval(done.stdout).items()}


@pytest.mark.parametrize("suite", TARGETS)
def test_pages_are_read_better_than_the_target_and_than_trafilatura(suite, tmp_path):
    found = scored(suite, ours, tmp_path / "ours.jsonl")
    peer = scored(suite, trafilaturas, tmp_path / "trafilatura.jsonl")
    print(f"\n{suite}: ours {found}\n{suite}: trafilatura {peer}")
    missed = {field: found[field] for field, least in TARGETS[suite].items() if found[field] < least}
    assert not missed
    assert all(found[field] >= peer[field] for field in TARGETS[suite])
