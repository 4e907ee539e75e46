"""schemas/taxonomy.json and the code name the same keys, and accept and refuse the same samples."""

import json
from pathlib import Path

import jsonschema
import pytest
from babel.core import get_global

from telex.adapters.configuration.problems import Problems
from telex.adapters.configuration.tree import plain, read_tree
from telex.adapters.taxonomies.examples import FIELDS, KINDS, MAX_EXAMPLES, MAX_TEXT
from telex.adapters.taxonomies.load import parse_taxonomy
from telex.adapters.taxonomies.nodes import MAX_TERM, MAX_TERMS
from telex.adapters.taxonomies.reader import (
    CONCEPT_KEYS,
    KEYS,
    MAX_BOOST,
    MAX_CONCEPTS,
    MAX_GROUPS,
    MAX_NAME,
    MAX_NEAR,
    MAX_WITHIN,
    NEAR_KEYS,
    RESERVED,
    SHORTER,
)
from telex.errors import ConfigurationError

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas/taxonomy.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
DEFS = SCHEMA["$defs"]
EXAMPLE = next(way for way in DEFS["examples"]["items"]["anyOf"] if "properties" in way)

GOOD = [
    "code: a", "code: A.b-c_9", "code: ' a '", f"code: {'a' * 64}", "names: {fr: Énergie}", "names: {no: x, ckb: y}",
    f"names: {{fr: {'x' * MAX_NAME}}}", "terms: [pétrole, 'Côte d’Ivoire', '=OPEP', 'hydro*', '=Hyd*', 'R&D', 'جامعة']",
    "terms: {fr: [x], en: [y, z]}", "must: [x, [y, z], '=Z']", "not: [xyz*]",
    "near: [{terms: [x], within: 1}, {within: 50, terms: [y]}]", "boost: 0.1", "boost: 10", "parent: top",
    "topic: a-1", "topic: x", "examples: {}", "examples: {match: [x]}", 'examples: {not: ["a\\nb"]}',
    "examples: {match: [{title: x}, {summary: x, language: fr}, {body: x}, {categories: [x]}, {url: x}]}",
]  # fmt: skip
BAD = [
    "nme: x", "code: ''", "code: a b", "code: é", "code: medtop:01", "code: 7", "code: null", "code: -a", f"code: {'a' * 65}",
    "names: {}", "names: x", "names: {FR: x}", "names: {fr-SN: x}", "names: {french: x}", "names: {fra: x}", "terms: {eng: [x]}", "names: {fr: ''}", "names: {fr: 7}",
    'names: {fr: "a\\nb"}', "names: null", f"names: {{fr: {'x' * (MAX_NAME + 1)}}}", "terms: []", "terms: {}", "terms: x",
    "terms: null", "terms: [7]", "terms: ['']", "terms: ['=']", "terms: ['*']", "terms: [a*b]", "terms: [ab*]", "terms: ['oil *']",
    "terms: ['--']", "terms: {fr: x}", "terms: {fr: []}", "terms: {fr-SN: [x]}",
    f"terms: [{'x' * (MAX_TERM + 1)}]", f"terms: [{', '.join(f't{n}' for n in range(MAX_TERMS + 1))}]",
    "must: x", "must: []", "must: [[]]", "must: [7]", "must: [{a: b}]", f"must: [{', '.join('x' * (MAX_GROUPS + 1))}]",
    "not: []", "not: x", "not: [[x]]", "near: []", "near: {terms: [x], within: 3}", "near: [{terms: [x]}]", "near: [{within: 3}]",
    "near: [{terms: [], within: 3}]", "near: [{terms: [x], within: 0}]", "near: [{terms: [x], within: 51}]", "near: [x]",
    "near: [{terms: [x], within: 1.5}]", "near: [{terms: [x], within: 3, x: y}]", "near: [{terms: [x], within: true}]",
    f"near: [{', '.join(['{terms: [x], within: 3}'] * (MAX_NEAR + 1))}]", "boost: 0", "boost: -1", "boost: 10.1", "boost: x",
    "boost: null", "boost: true", "parent: ''", "parent: 7", "parent: null", "parent: medtop:01", "topic: É", "topic: A",
    "topic: -a", "topic: a b", "topic: 7", f"topic: {'a' * 64}", "examples: []", "examples: {mtch: [x]}", "examples: {match: []}",
    "examples: {match: x}", "examples: {match: [7]}", "examples: {match: ['']}", "examples: {not: [{}]}", "examples: null",
    "examples: {not: [{language: fr}]}", "examples: {not: [{title: x, titel: y}]}", "examples: {not: [{title: 7}]}",
    "examples: {not: [{title: ' '}]}", "examples: {not: [{categories: x}]}", "examples: {not: [{categories: []}]}",
    f"examples: {{not: [{'x' * (MAX_TEXT + 1)}]}}", f"examples: {{not: [{', '.join('x' * (MAX_EXAMPLES + 1))}]}}",
]  # fmt: skip
CONCEPT = "concepts: [{code: a, names: {fr: A}, terms: [x]}]"
GOOD_DOCUMENTS = [
    f"taxonomy: own\nversion: '2026.05-b_1'\n{CONCEPT}",
    f"taxonomy: medtop-own\nversion: a\n{CONCEPT}",
    "taxonomy: own\nversion: a\nconcepts: [{code: a, names: {fr: A}}, {code: b, names: {fr: B}, terms: [x], parent: a}]",
]
BAD_DOCUMENTS = [
    "[]", "x", f"version: a\n{CONCEPT}", f"taxonomy: own\n{CONCEPT}", "taxonomy: own\nversion: a", f"taxonomy: Own\nversion: a\n{CONCEPT}",
    *(f"taxonomy: {name}\nversion: a\n{CONCEPT}" for name in RESERVED), f"taxonomy: 7\nversion: a\n{CONCEPT}", f"taxonomy: own\nversion: 7\n{CONCEPT}",
    f"taxonomy: own\nversion: a+b\n{CONCEPT}", f"taxonomy: own\nversion: ''\n{CONCEPT}", f"taxonomy: own\nversion: a\nx: y\n{CONCEPT}",
    "taxonomy: own\nversion: a\nconcepts: []", "taxonomy: own\nversion: a\nconcepts: {}", "taxonomy: own\nversion: a\nconcepts: [x]",
    "taxonomy: own\nversion: a\nconcepts: [{names: {fr: A}, terms: [x]}]", "taxonomy: own\nversion: a\nconcepts: [{code: a, terms: [x]}]",
    *(
        "taxonomy: own\nversion: a\nconcepts: [{code: b, names: {fr: A}, terms: [x], parent: a}, {code: a, names: {fr: A}, "
        f"{condition}}}]"
        for condition in ("must: [x]", "not: [x]", "near: [{terms: [x], within: 3}]", "boost: 2")
    ),
]  # fmt: skip


def document(line):
    """A taxonomy whose first concept has this line, and a second one that may be its parent."""
    key = line.partition(":")[0]
    usual = {"code": "code: first", "names": "names: {fr: A}", "terms": "terms: [x]"}
    lines = [line, *(stated for name, stated in usual.items() if name != key)]
    concept = "\n".join(f"  {stated}" for stated in lines)
    return f"taxonomy: own\nversion: '1'\nconcepts:\n-{concept[1:]}\n- {{code: top, names: {{fr: T}}, terms: [x]}}\n"


def verdicts(text):
    """What the schema says of a document, and what the code says."""
    problems = Problems()
    tree = read_tree(text, "x", problems)
    assert tree is not None
    assert not len(problems)
    try:
        parse_taxonomy(text.encode(), "x.yaml")
    except ConfigurationError:
        accepted = False
    else:
        accepted = True
    return VALIDATOR.is_valid(plain(tree)), accepted


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_code_and_schema_name_the_same_keys():
    assert tuple(SCHEMA["properties"]) == KEYS
    assert tuple(DEFS["concept"]["properties"]) == CONCEPT_KEYS
    assert tuple(DEFS["near"]["properties"]) == NEAR_KEYS
    assert tuple(DEFS["concept"]["properties"]["examples"]["properties"]) == KINDS
    assert tuple(EXAMPLE["properties"]) == FIELDS


def test_code_and_schema_name_the_same_bounds():
    concept = DEFS["concept"]["properties"]
    assert SCHEMA["properties"]["concepts"]["maxItems"] == MAX_CONCEPTS
    assert (concept["must"]["maxItems"], concept["near"]["maxItems"]) == (MAX_GROUPS, MAX_NEAR)
    assert (concept["boost"]["maximum"], DEFS["near"]["properties"]["within"]["maximum"]) == (MAX_BOOST, MAX_WITHIN)
    assert (DEFS["terms"]["maxItems"], DEFS["term"]["maxLength"]) == (MAX_TERMS, MAX_TERM)
    assert (DEFS["examples"]["maxItems"], DEFS["text"]["maxLength"], DEFS["line"]["maxLength"]) == (
        MAX_EXAMPLES,
        MAX_TEXT,
        MAX_NAME,
    )


def test_codes_of_three_letters_that_have_two_are_named_in_both_and_are_those_of_cldr():
    assert DEFS["language"]["not"]["enum"] == list(SHORTER)
    aliases = get_global("language_aliases")
    assert dict(SHORTER) == {code: aliases[code] for code in SHORTER}


def test_every_key_is_described():
    for owner in (SCHEMA, DEFS["concept"], DEFS["near"], DEFS["concept"]["properties"]["examples"], EXAMPLE):
        assert all(len(key["description"]) > 10 for key in owner["properties"].values())


@pytest.mark.parametrize("text", [*map(document, GOOD), *GOOD_DOCUMENTS])
def test_code_and_schema_accept_the_same(text):
    assert verdicts(text) == (True, True)


@pytest.mark.parametrize("text", [*map(document, BAD), *BAD_DOCUMENTS])
def test_code_and_schema_refuse_the_same(text):
    assert verdicts(text) == (False, False)


def test_every_key_has_a_good_and_a_bad_sample():
    for samples in (GOOD, BAD):
        assert {line.partition(":")[0] for line in samples} >= set(CONCEPT_KEYS)
