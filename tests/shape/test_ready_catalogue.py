"""The ready catalogues in `deploy/feeds`: every entry says where its address comes from, and claims no more."""

import copy
import re
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from telex.core.model import Priority, Profile

FEEDS = Path(__file__).parents[2] / "deploy" / "feeds"
SPUTNIK_AFRIQUE = "https://fr.sputniknews.africa/export/rss2/archive/index.xml"
KEYS = {
    "id",
    "url",
    "publisher",
    "name",
    "language",
    "country",
    "categories",
    "profile",
    "priority",
    "source",
    "confirmed",
}
PATTERNS = {
    "id": r"[a-z0-9]+(-[a-z0-9]+)*",
    "publisher": r"[a-z0-9-]+(\.[a-z0-9-]+)+",
    "name": r"\S.*\S",
    "language": r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*",  # BCP 47, without the exotic forms
    "country": r"[A-Z]{2}",  # ISO 3166-1 alpha-2
}

Entry = dict[str, Any]


def is_web_address(value: object) -> bool:
    """Whether the value is an http(s) URL that names more than a host."""
    if not isinstance(value, str) or re.search(r"\s", value):
        return False
    parts = urlsplit(value)
    return parts.scheme in {"http", "https"} and "." in (parts.hostname or "") and len(parts.path) > 1


def faults_of_entry(entry: Entry) -> list[str]:
    """What is wrong with one entry; nothing, where it may stand in a ready catalogue."""
    faults = [f"{key}: missing" for key in sorted(KEYS - entry.keys())]
    faults += [f"{key}: unknown key" for key in sorted(entry.keys() - KEYS)]
    faults += [
        f"{key}: {entry[key]!r} is not an http(s) address with a path"
        for key in ("url", "source")
        if key in entry and not is_web_address(entry[key])
    ]
    faults += [
        f"{key}: {entry[key]!r} is not of the form {pattern}"
        for key, pattern in PATTERNS.items()
        if key in entry and not (isinstance(entry[key], str) and re.fullmatch(pattern, entry[key]))
    ]
    if entry.get("confirmed", False) is not False:
        faults.append(
            "confirmed: a ready catalogue cannot vouch for an address; the operator does, with an online check"
        )
    if entry.get("profile", Profile.UNKNOWN) not in set(Profile):
        faults.append(f"profile: {entry['profile']!r}")
    if entry.get("priority", Priority.NORMAL) not in set(Priority):
        faults.append(f"priority: {entry['priority']!r}")
    categories = entry.get("categories")
    if not (isinstance(categories, list) and categories and all(isinstance(c, str) and c for c in categories)):
        faults.append(f"categories: {categories!r} is not a list of names")
    return faults


def faults_of_catalogue(entries: list[Entry]) -> list[str]:
    """What is wrong with all entries together: each one's faults, then ids and addresses that stand twice."""
    faults = [f"{entry.get('id')}: {fault}" for entry in entries for fault in faults_of_entry(entry)]
    for key in ("id", "url"):
        counts = Counter(str(entry.get(key)) for entry in entries)
        faults += [f"{key}: {value} stands {count} times" for value, count in counts.items() if count > 1]
    return faults


def load(path: Path) -> dict[str, Any]:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


@pytest.fixture(scope="module")
def entries() -> list[Entry]:
    return [entry for path in sorted(FEEDS.glob("*.yaml")) for entry in load(path)["feeds"]]


def test_every_entry_names_its_source_and_is_unconfirmed(entries):
    assert faults_of_catalogue(entries) == []


def test_there_are_at_least_sixty_feeds_and_most_are_french(entries):
    languages = Counter(entry["language"] for entry in entries)
    assert len(entries) >= 60
    assert languages["fr"] > len(entries) / 2


def test_many_countries_of_africa_are_covered(entries):
    assert {
        "BF", "BJ", "CD", "CI", "CM", "DZ", "ET", "GA", "GH", "GN", "KE", "MA", "MG", "ML", "NE", "NG", "RW", "SN", "TD",
        "TG", "TN", "TZ", "UG", "ZA", "ZW",
    } <= {entry["country"] for entry in entries}  # fmt: skip


def test_sputnik_afrique_stands_under_its_address(entries):
    assert [entry["id"] for entry in entries if entry["url"] == SPUTNIK_AFRIQUE] == ["sputnik-afrique"]


def test_each_file_holds_defaults_and_feeds_and_nothing_else():
    documents = [load(path) for path in sorted(FEEDS.glob("*.yaml"))]
    assert documents
    assert all(document.keys() == {"defaults", "feeds"} for document in documents)
    assert all(isinstance(document["defaults"], dict) for document in documents)


def test_a_default_confirms_no_feed_and_gives_no_source():
    defaults = [load(path)["defaults"] for path in FEEDS.glob("*.yaml")]
    assert all(not {"confirmed", "source", "url", "id"} & mapping.keys() for mapping in defaults)


@pytest.mark.parametrize("key", sorted(KEYS))
def test_an_entry_without_one_of_its_keys_is_refused(entries, key):
    changed = copy.deepcopy(entries)
    del changed[7][key]
    assert f"{changed[7].get('id')}: {key}: missing" in faults_of_catalogue(changed)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("confirmed", True),
        ("confirmed", "false"),
        ("confirmed", None),
        ("confirmed", 0),
        ("source", ""),
        ("source", None),
        ("source", "a list that somebody keeps"),
        ("source", "ftp://example.org/list.txt"),
        ("source", "https://example.org"),
        ("url", "example.org/feed"),
        ("country", "Senegal"),
        ("country", False),  # what YAML 1.1 makes of an unquoted NO
        ("language", "French"),
        ("profile", "official"),
        ("priority", "urgent"),
        ("categories", "general"),
        ("categories", []),
    ],
)
def test_an_entry_with_a_wrong_value_is_refused(entries, key, value):
    changed = copy.deepcopy(entries)
    changed[7][key] = value
    faults = faults_of_catalogue(changed)
    assert len(faults) == 1
    assert faults[0].startswith(f"{changed[7]['id']}: {key}: ")


def test_an_unknown_key_is_refused(entries):
    assert faults_of_entry({**entries[0], "verified": True}) == ["verified: unknown key"]


@pytest.mark.parametrize("key", ["id", "url"])
def test_an_id_or_an_address_that_stands_twice_is_refused(entries, key):
    changed = copy.deepcopy(entries)
    changed[7][key] = changed[3][key]
    assert faults_of_catalogue(changed) == [f"{key}: {changed[3][key]} stands 2 times"]
