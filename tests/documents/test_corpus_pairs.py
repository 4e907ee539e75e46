"""Each document of tests/corpus beside what is to be read from it. A case is two files; the second names only what matters."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from telex.core.model import FeedDocument, ReadRequest, Unreadable
from telex.documents.reader import read_feed

CORPUS = Path(__file__).parents[1] / "corpus"
CASES = sorted(path for path in CORPUS.rglob("*") if path.suffix in {".xml", ".feed"})


def plain(value):
    """As JSON has it: sets sorted, tuples as lists."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return [plain(one) for one in value] if isinstance(value, (list, tuple)) else value


def test_the_corpus_is_there():
    assert len(CASES) > 20


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_document_is_read_as_its_pair_says(path: Path):
    expected = json.loads(path.with_suffix(".json").read_text())
    request = ReadRequest(
        path.read_bytes(), expected.pop("content_type", None), expected.pop("url", "https://feeds.example/feed")
    )
    document = read_feed(request)
    if "unreadable" in expected:
        assert isinstance(document, Unreadable), document
        assert document.reason == expected["unreadable"]
        return
    assert isinstance(document, FeedDocument), document
    read = plain(asdict(document))
    entries = expected.pop("entries")
    assert {key: read[key] for key in expected} == expected
    assert len(read["slots"]) == len(entries)
    for slot, entry in zip(read["slots"], entries, strict=True):
        assert {key: slot[key] for key in entry} == entry
