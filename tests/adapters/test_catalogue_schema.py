"""schemas/catalogue.json and the code name the same keys, and accept and refuse the same samples."""

import json
from pathlib import Path

import jsonschema
import pytest

from telex.adapters.catalogue.feeds import DEFAULTS_KEYS, FEED_KEYS
from telex.adapters.catalogue.load import parse_feeds
from telex.adapters.catalogue.values import OWN_HEADERS, SECRET_HEADERS
from telex.adapters.configuration.problems import Problems
from telex.adapters.configuration.tree import plain, read_tree
from telex.errors import ConfigurationError

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas/catalogue.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

GOOD = [
    "id: a/b:c-é", "url: HTTPS://EXAMPLE.com:80/x?y#z", "url: ' https://a.example '", "url: https://bücher.example/é",
    "url: http://[::1]/", "previously: []", "previously: [https://a.example/]", "publisher: Radio X", "publisher: null",
    "name: ~", "name: ' x '", "language: fr", "language: zh-Hant-TW", "language: de-CH-1996", "language: en-x-a-b",
    "language: null", "country: SN", "country: no", "country: null", "categories: []", "categories: [a, 'b;c']",
    "interval: {}", "interval: {min: 1}", "interval: {min: 1s, max: 1h30m}", "interval: {max: '90.5'}",
    "interval: {min: 1e3}", "profile: community", "priority: low", "full_text: false", "backfill: skip",
    "page_body: 'article .story > p'", "page_body: null",
    "page_drop: [.related, 'div[data-ad]']", "timezone: Africa/Dakar", "timezone: null", "boilerplate: []", "boilerplate: ['Suivez-nous sur *', 'Abonnez-vous']",
    "withdraw_after: 0", "withdraw_after: 2d", "headers: {}", "headers: {X-A: 'a b', x_b: {file: /x y}}",
    "headers: {Authorization: {env: A}}", "credentials: {env: _A1}", "credentials: {file: x}", "credentials: null",
    "source: https://a.example/", "source: null", "confirmed: true",
]  # fmt: skip
BAD = [
    "nme: x", "id: ''", "id: a b", "id: 7", "id: null", "url: 7", "url: null", "url: ''", "url: ftp://a.example/",
    "url: a.example", "url: 'https://'", "url: https://u:p@a.example/", "url: 'https://a.example/a b'",
    "previously: https://a.example/", "previously: null", "previously: [x]", "publisher: ''", "publisher: 7",
    "name: [x]", 'name: "a\\tb"', "name: ' '", f"name: {'x' * 201}", "language: ''", "language: fr_FR", "language: f",
    "language: 7", "country: SEN", "country: 7", "country: ''", "categories: a", "categories: [7]", "categories: ['']",
    "categories: null", "interval: 5m", "interval: null", "interval: {min: 0.5}", "interval: {min: '1 h'}",
    "interval: {min: true}", "interval: {min: null}", "interval: {avg: 5}", "interval: {max: 1e9}", "profile: State",
    "profile: null", "priority: 1", "full_text: yes", "full_text: 1", "backfill: none", "withdraw_after: -1",
    "page_body: 7", "page_body: ''", "page_drop: x", "page_drop: [7]", "timezone: 7", "timezone: 'a b'", "boilerplate: x", "boilerplate: [abc]", "withdraw_after: x", "headers: []", "headers: {'a b': c}", "headers: {X: 7}", "headers: {X: ''}", 'headers: {X: "a\\nb"}',
    "headers: {X: {}}", "headers: {X: {env: 'a b'}}", "headers: {X: {vault: a}}", "credentials: user:pass",
    "credentials: {}", "credentials: {env: A, file: B}", "credentials: {env: ''}", "credentials: {file: ''}",
    "credentials: {env: 7}", "source: 7", "source: ''", "confirmed: maybe", "confirmed: null",
    *(f"headers: {{{name.title()}: x}}" for name in OWN_HEADERS), *(f"headers: {{{name.title()}: x}}" for name in SECRET_HEADERS),
]  # fmt: skip
GOOD_DOCUMENTS = ["feeds: []", "defaults: {}\nfeeds: []", "defaults:\nfeeds: []", "defaults: {language: fr}\nfeeds: []"]
BAD_DOCUMENTS = [
    *(
        "[]",
        "defaults: {}",
        "feeds: {}",
        "feeds:",
        "feeds: []\nx: 1",
        "feeds: [x]",
        "feeds: [{}]",
        "defaults: []\nfeeds: []",
    ),
    *("defaults: {x: 1}\nfeeds: []", "defaults: {country: XXX}\nfeeds: []"),
    *(f"defaults: {{{key}: https://a.example/}}\nfeeds: []" for key in FEED_KEYS if key not in DEFAULTS_KEYS),
]


def document(line):
    return f"feeds:\n- {line}\n" + ("" if line.startswith("url:") else "  url: https://a.example/\n")


def verdicts(text):
    """What the schema says of a document, and what the code says."""
    problems = Problems()
    tree = read_tree(text, "x", problems)
    assert tree is not None
    assert not len(problems)
    try:
        parse_feeds(text.encode(), "x.yaml")
    except ConfigurationError:
        accepted = False
    else:
        accepted = True
    return VALIDATOR.is_valid(plain(tree)), accepted


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_code_and_schema_name_the_same_keys():
    assert tuple(SCHEMA["$defs"]["feed"]["properties"]) == FEED_KEYS
    assert tuple(SCHEMA["properties"]["defaults"]["anyOf"][1]["properties"]) == DEFAULTS_KEYS


def test_every_key_is_described():
    assert all(len(key["description"]) > 10 for key in SCHEMA["$defs"]["feed"]["properties"].values())


@pytest.mark.parametrize("text", [*map(document, GOOD), *GOOD_DOCUMENTS])
def test_code_and_schema_accept_the_same(text):
    assert verdicts(text) == (True, True)


@pytest.mark.parametrize("text", [*map(document, BAD), *BAD_DOCUMENTS])
def test_code_and_schema_refuse_the_same(text):
    assert verdicts(text) == (False, False)


def test_every_key_has_a_good_and_a_bad_sample():
    for samples in (GOOD, BAD):
        assert {line.partition(":")[0] for line in samples} >= set(FEED_KEYS)
