"""Taxonomies as files: what is read, and how what is wrong is said."""

import pickle

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telex.adapters.taxonomies import load as module
from telex.adapters.taxonomies.load import load_taxonomies, parse_taxonomy, read_taxonomies
from telex.adapters.taxonomies.nodes import MAX_TERM, MAX_TERMS
from telex.adapters.taxonomies.reader import MAX_CONCEPTS, MAX_DEPTH
from telex.errors import ConfigurationError
from telex.tagging.concepts import EVERY
from telex.tagging.text import Field, text_of

EVERYTHING = """\
taxonomy: newsroom
version: "2026-05"
concepts:
  - code: energy
    names: {fr: Énergie, en: Energy, no: Energi}
  - code: energy.oil
    names: {fr: Pétrole}
    parent: energy
    terms: {fr: [pétrole, =GNL], en: [oil*]}
    must: [Dakar, [champ, port]]
    not: [marée noire]
    near: [{terms: [baril], within: 5}]
    boost: 2
    topic: oil-and-gas
    examples:
      match:
        - Un titre
        - |
          Un titre
          et son corps
        - {title: T, summary: S, body: B, categories: [C], url: "https://a.example/d", language: fr-SN}
      not: ["Non"]
  - code: plain
    names: {en: Plain}
    terms: [mot]
"""
HEAD = 'taxonomy: own\nversion: "1"\nconcepts:\n'


def problems(text, name="own.yaml"):
    with pytest.raises(ConfigurationError) as caught:
        parse_taxonomy(text.encode(), name)
    return [str(problem) for problem in caught.value.problems]


def written(terms):
    return [term.written for term in terms]


def test_every_key_is_read():
    file = parse_taxonomy(EVERYTHING.encode(), "own.yaml")
    taxonomy = file.taxonomy
    assert (taxonomy.name, taxonomy.edition) == ("newsroom", "2026-05")
    energy, oil, plain = taxonomy.concepts
    assert (energy.code, energy.names, energy.terms) == (
        "energy",
        {"fr": "Énergie", "en": "Energy", "no": "Energi"},
        {},
    )
    assert (oil.code, oil.parent, oil.boost, oil.topic) == ("energy.oil", "energy", 2.0, "oil-and-gas")
    assert {language: written(terms) for language, terms in oil.terms.items()} == {
        "fr": ["pétrole", "=GNL"],
        "en": ["oil*"],
    }
    assert [written(group) for group in oil.must] == [["Dakar"], ["champ", "port"]]
    assert written(oil.barred) == ["marée noire"]
    assert [(written(near.terms), near.within) for near in oil.near] == [(["baril"], 5)]
    assert {language: written(terms) for language, terms in plain.terms.items()} == {EVERY: ["mot"]}
    assert (plain.boost, plain.parent, plain.topic) == (1.0, None, None)


def test_examples_are_texts_with_their_place_and_what_is_wanted_of_them():
    examples = parse_taxonomy(EVERYTHING.encode(), "own.yaml").examples
    assert [(each.place.line, each.code, each.wanted) for each in examples] == [
        (17, "newsroom:energy.oil", True),
        (18, "newsroom:energy.oil", True),
        (21, "newsroom:energy.oil", True),
        (22, "newsroom:energy.oil", False),
    ]
    fields = [
        [(each.field, text.written[each.start : each.end]) for each in text.segments]
        for text in (e.text for e in examples)
    ]
    assert fields[0] == [(Field.TITLE, "Un titre")]
    assert fields[1] == [(Field.TITLE, "Un titre"), (Field.BODY, "et son corps")]
    assert [value for _, value in fields[2]] == ["T", "S", "B", "C", "/d"]
    assert examples[2].text.language == "fr"


LINES = [
    ("trems: [x]", "7:5: concepts[1].trems: is an unknown key; did you mean 'terms'?"),
    ("names: {fr: C}", "7:5: names: stands twice, first in line 6; keep one of them"),
    ("terms: []", "7:12: concepts[1].terms: is empty; leave it out, or write [one, two]"),
    ("terms: oil", "7:12: concepts[1].terms: is text, not a list; write [one, two]"),
    ("terms: {fr: []}", "7:17: concepts[1].terms.fr: is empty"),
    ("terms: {}", "7:12: concepts[1].terms: is empty"),
    ("terms: {fr-SN: [x]}", "7:13: concepts[1].terms.fr-SN: is no language; did you mean 'fr'?"),
    ("terms: {ENG: [x]}", "7:13: concepts[1].terms.ENG: is no language; did you mean 'en'?"),
    ("terms: {french: [x]}", "7:13: concepts[1].terms.french: is no language; write its two or three small letters"),
    ("terms: [x, '…']", "7:16: concepts[1].terms[1]: holds no word; write letters or digits"),
    ("terms: [x, a*b]", "7:16: concepts[1].terms[1]: has a * before its end"),
    ("terms: [ab*]", "7:13: concepts[1].terms[0]: has fewer than 3 letters"),
    ("terms: [2024]", "7:13: concepts[1].terms[0]: is a number, not text; put it in quotes"),
    (f"terms: [{'x' * (MAX_TERM + 1)}]", f"7:13: concepts[1].terms[0]: is longer than {MAX_TERM} characters"),
    (f"terms: [{', '.join(map('t{}'.format, range(MAX_TERMS + 1)))}]", "7:12: concepts[1].terms: has more than 200 items"),
    ("must: Mali", "7:11: concepts[1].must: is text, not a list; write [term, [either, or]]"),
    ("must: [[]]", "7:12: concepts[1].must[0]: is empty"),
    ("must: [{a: b}]", "7:12: concepts[1].must[0]: is a mapping, not text"),
    ("not: []", "7:10: concepts[1].not: is empty"),
    ("near: {terms: [x], within: 3}", "7:11: concepts[1].near: is a mapping, not a list; write [{terms: [one, two], within: 10}]"),
    ("near: [{terms: [x]}]", "7:12: concepts[1].near[0].within: is missing; write how many words away"),
    ("near: [{within: 3}]", "7:12: concepts[1].near[0].terms: is missing"),
    ("near: [{terms: [x], within: 0}]", "7:33: concepts[1].near[0].within: is out of range; write 1 to 50 words"),
    ("near: [{terms: [x], within: 2.5}]", "7:33: concepts[1].near[0].within: is a number, not a whole number"),
    ("near: [{terms: [x], words: 3, within: 3}]", "7:25: concepts[1].near[0].words: is an unknown key"),
    ("boost: 0", "7:12: concepts[1].boost: is out of range; write a number above 0, of 10 at most"),
    ("boost: 11", "7:12: concepts[1].boost: is out of range"),
    ("boost: .inf", "7:12: concepts[1].boost: is out of range"),
    ("boost: high", "7:12: concepts[1].boost: is text, not a number"),
    ("boost: true", "7:12: concepts[1].boost: is true or false, not a number"),
    ("parent: frist", "7:13: concepts[1].parent: is 'frist', which is no code in this file; did you mean 'first'?"),
    ("parent: second", "7:13: concepts[1].parent: makes the concept its own ancestor: second → second; let one"),
    ("parent: medtop:04000000", "7:13: concepts[1].parent: is 'medtop:04000000', a Media Topic: telex tags those itself"),
    ("topic: Énergie", "7:12: concepts[1].topic: is 'Énergie', which no topic can be called by; write 1-63 small letters"),
    ("examples: [x]", "7:15: concepts[1].examples: is a list, not a mapping; write {match: [text], not: [text]}"),
    ("examples: {mtch: [x]}", "7:16: concepts[1].examples.mtch: is an unknown key; did you mean 'match'?"),
    ("examples: {match: x}", "7:23: concepts[1].examples.match: is text, not a list"),
    ("examples: {not: ['']}", "7:22: concepts[1].examples.not[0]: is empty"),
    ("examples: {not: [7]}", "7:22: concepts[1].examples.not[0]: is a number, not a mapping; write a headline, or {title:"),
    ("examples: {not: [{titel: x, title: y}]}", "7:23: concepts[1].examples.not[0].titel: is an unknown key"),
    ("examples: {not: [{language: fr}]}", "7:22: concepts[1].examples.not[0]: holds no text"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "said"), LINES)
def test_each_problem_names_its_place_its_key_and_a_remedy(line, said):
    rest = "" if line.startswith("terms") else "    terms: [deux]\n"
    found = problems(
        f"{HEAD}  - {{code: first, names: {{fr: A}}, terms: [un]}}\n"
        f"  - code: second\n    names: {{fr: B}}\n    {line}\n{rest}"
    )
    assert found[0].startswith(f"own.yaml:{said}"), found
    assert len(found) == 1, found
    assert "; " in found[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("~", "is empty"),
        ("[]", "1:1: is a list, not a mapping; write `taxonomy:`"),
        ('version: "1"\nconcepts: [{code: a, names: {fr: A}, terms: [x]}]', "1:1: taxonomy: is missing"),
        ("taxonomy: own\nconcepts: [{code: a, names: {fr: A}, terms: [x]}]", "1:1: version: is missing"),
        ('taxonomy: own\nversion: "1"', "1:1: concepts: is missing; write `- code: …` lines"),
        (f"{HEAD}  []", "4:3: concepts: is empty"),
        (f"{HEAD}  - x", "4:5: concepts[0]: is text, not a mapping"),
        (f"{HEAD}  - {{names: {{fr: A}}, terms: [x]}}", "4:5: concepts[0].code: is missing"),
        (f"{HEAD}  - {{code: a, terms: [x]}}", "4:5: concepts[0].names: is missing"),
        (f"{HEAD}  - {{code: a, names: {{}}, terms: [x]}}", "4:22: concepts[0].names: is empty"),
        (f"{HEAD}  - {{code: a, names: A, terms: [x]}}", "4:22: concepts[0].names: is text, not a mapping"),
        (f"{HEAD}  - {{code: 7, names: {{fr: A}}, terms: [x]}}", "4:12: concepts[0].code: is a number, not text"),
        (f"{HEAD}  - {{code: 'a b', names: {{fr: A}}, terms: [x]}}", "4:12: concepts[0].code: is 'a b', no code"),
        (f"{HEAD}  - {{code: 'own:a', names: {{fr: A}}, terms: [x]}}", "4:12: concepts[0].code: begins with own:"),
        (
            f"{HEAD}  - {{code: 'medtop:01', names: {{fr: A}}, terms: [x]}}",
            "4:12: concepts[0].code: is 'medtop:01', a Media",
        ),
        (f"{HEAD}  - {{code: a, names: {{fr: A}}}}", "4:5: concepts[0]: has neither terms nor a narrower concept"),
        ("taxonomy: Own\nversion: a b\nconcepts: []", "1:11: taxonomy: is 'Own', no name"),
        ("taxonomy: medtop\nversion: '1'\nconcepts: []", "1:11: taxonomy: is the name of a vocabulary that comes"),
        ("taxonomy: own\nversion: 1\nconcepts: []", "2:10: version: is a number, not text; put it in quotes"),
        ("taxonomy: own\nversion: 1+2\nconcepts: []", "2:10: version: is '1+2', no version"),
        ("taxonomy: own\nversion: [", "3:1: is no YAML"),
    ],
)
def test_a_document_that_is_none_is_refused(text, said):
    found = problems(text)
    assert found[0].removeprefix("own.yaml:").lstrip().startswith(said), found


def test_conditions_without_terms_have_nothing_to_hold_for():
    text = f"{HEAD}  - {{code: a, names: {{fr: A}}, not: [x], boost: 2}}\n  - {{code: b, parent: a, names: {{fr: B}}, terms: [y]}}"
    assert [problem.split("; ")[0] for problem in problems(text)] == [
        "own.yaml:4:36: concepts[0].not: has no terms that it could hold for",
        "own.yaml:4:48: concepts[0].boost: has no terms that it could hold for",
    ]


def test_a_code_stands_once():
    text = HEAD + "  - {code: a, names: {fr: A}, terms: [x]}\n" * 2
    assert problems(text) == [
        "own.yaml:5:12: concepts[1].code: is a duplicate of concepts[0].code at own.yaml:4:12; give each its own code, or remove one of them"
    ]


def chain(*pairs):
    return HEAD + "".join(
        f"  - {{code: {code}, names: {{fr: A}}, terms: [x]{f', parent: {parent}' if parent else ''}}}\n"
        for code, parent in pairs
    )


def test_a_circle_is_told_of_each_concept_in_it_and_of_no_other():
    found = problems(chain(("a", "b"), ("b", "a"), ("c", "a")))
    assert [problem.partition("ancestor: ")[2] for problem in found] == [
        "a → b → a; let one of these have no parent",
        "b → a → b; let one of these have no parent",
    ]


def test_levels_are_bounded():
    deep = [(f"c{number}", f"c{number + 1}") for number in range(MAX_DEPTH)]
    found = problems(chain(*deep, (f"c{MAX_DEPTH}", None)))
    assert [problem.partition("parent: ")[2] for problem in found] == [
        f"puts the concept below level {MAX_DEPTH}; keep to {MAX_DEPTH} levels"
    ]


def test_everything_that_is_wrong_in_all_files_is_told_at_once(tmp_path):
    one, two, three = (tmp_path / name for name in ("one.yaml", "two.yaml", "three.txt"))
    one.write_text(f"{HEAD}  - {{code: 1, names: {{fr: A}}, terms: [x], boost: -1}}\n")
    two.write_bytes(b"taxonomy: \xff")
    three.write_text("x")
    missing = str(tmp_path / "none.yaml")
    with pytest.raises(ConfigurationError) as caught:
        load_taxonomies([str(one), str(two), str(three), missing])
    assert [f"{problem.where.rpartition('/')[2]} {problem.what}" for problem in caught.value.problems] == [
        "one.yaml is a number, not text",
        "one.yaml is out of range",
        "two.yaml is not UTF-8: byte 0xff",
        "three.txt is of no known format",
        "none.yaml cannot be read: No such file or directory",
    ]


def test_two_taxonomies_of_one_name_are_refused(tmp_path):
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(f"{HEAD}  - {{code: a, names: {{fr: A}}, terms: [x]}}\n")
    with pytest.raises(
        ConfigurationError, match=r"b.yaml:1:11: taxonomy: is the name of the taxonomy at .*a.yaml:1:11 too"
    ):
        read_taxonomies([str(tmp_path)])


def test_a_directory_is_read_in_the_order_of_its_names(tmp_path):
    for name in ("b.yml", "a.json", ".hidden", "README.md", "c.yaml~"):
        own = f"own-{name[0]}"
        (tmp_path / name).write_text(HEAD.replace("own", own) + "  - {code: a, names: {fr: A}, terms: [x]}\n")
    assert [file.taxonomy.name for file in read_taxonomies([str(tmp_path)])] == ["own-a", "own-b"]
    loaded = load_taxonomies([str(tmp_path)])
    assert [topic.code for topic in loaded.tag(text_of(title="x"))] == ["own-a:a", "own-b:a"]


def test_an_empty_directory_and_a_file_that_is_too_large_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MAX_BYTES", 1 << 20)
    with pytest.raises(ConfigurationError, match="holds no taxonomy; put a file there"):
        read_taxonomies([str(tmp_path)])
    (tmp_path / "a.yaml").write_bytes(b" " * ((1 << 20) + 1))
    with pytest.raises(ConfigurationError, match="is larger than 1 MiB; split it"):
        read_taxonomies([str(tmp_path)])


def test_no_file_is_no_taxonomy():
    assert load_taxonomies([]).versions == ()


def test_concepts_are_bounded():
    text = HEAD + "  - {code: a, names: {fr: A}, terms: [x]}\n" * (MAX_CONCEPTS + 1)
    assert "own.yaml:4:3: concepts: has more than 10,000 items; shorten the list" in problems(text)


@pytest.mark.parametrize("key", ["terms: *t", "examples: {match: *e}"])
def test_what_anchors_repeat_is_bounded(key):
    long = "x" * 20_000
    text = (
        f"{HEAD}  - {{code: a, names: {{fr: A}}, terms: &t [{', '.join(f'mot{n:096}' for n in range(200))}], "
        f"examples: {{match: &e [{', '.join([long] * 50)}]}}}}\n"
        + "".join(
            f"  - {{code: c{n}, names: {{fr: A}}, {key}{', terms: [x]' if key[0] == 'e' else ''}}}\n"
            for n in range(1300)
        )
    )
    found = problems(text)
    assert len(found) == 1
    assert "is more than a file may hold with what its anchors repeat; write fewer aliases" in found[0]


def test_the_hash_in_the_version_tells_of_meaning_and_not_of_comments_or_examples():
    version = parse_taxonomy(EVERYTHING.encode(), "a.yaml").taxonomy.version
    commented = EVERYTHING.replace("concepts:", "# a comment\nconcepts:").replace('not: ["Non"]', "not: [Jamais]")
    assert parse_taxonomy(commented.encode(), "b.yaml").taxonomy.version == version
    assert parse_taxonomy(EVERYTHING.replace("boost: 2", "boost: 3").encode(), "a.yaml").taxonomy.version != version


def test_a_file_goes_from_one_process_to_another():
    file = parse_taxonomy(EVERYTHING.encode(), "own.yaml")
    assert pickle.loads(pickle.dumps(file)) == file


SCALAR = st.one_of(st.none(), st.booleans(), st.integers(-5, 60), st.floats(allow_nan=True), st.text(max_size=12))
KEYS = st.sampled_from(
    ["taxonomy", "version", "concepts", "code", "names", "terms", "must", "not", "near", "within", "boost", "parent",
     "topic", "examples", "match", "title", "body", "fr", "en", "x"]
)  # fmt: skip
ANYTHING = st.recursive(
    SCALAR,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=5)),
    max_leaves=25,
)


@settings(max_examples=300)
@given(ANYTHING, ANYTHING)
def test_any_document_is_read_or_refused_with_a_place(concept, rest):
    document = {"taxonomy": "own", "version": "1", "concepts": [concept, rest]} if isinstance(concept, dict) else rest
    try:
        file = parse_taxonomy(orjson.dumps(document), "own.yaml")
    except ConfigurationError as error:
        wrong = error.problems
    else:
        wrong = ()
        assert file.taxonomy.version
    assert all(problem.where == "own.yaml" and problem.what and problem.remedy for problem in wrong)
