"""The file of names: every entry holds what the rules need, and a wrong one is named."""

import re
from collections import Counter

import pytest
import yaml

from telex.tagging.lexicon import split
from telex.tagging.mentions import Mentions
from telex.tagging.names import NAMES, load_names, read_names
from telex.tagging.text import fold, text_of

LOADED = load_names()
DOCUMENT = yaml.load(NAMES.read_bytes(), Loader=yaml.BaseLoader)
SECTIONS = ("persons", "organisations", "companies", "clubs")


def test_there_are_hundreds_of_each_kind():
    counts = Counter(entry.kind for entry in LOADED.entries)
    assert set(counts) == {"person", "organisation", "company", "club"}
    assert min(counts.values()) >= 200


def test_the_version_is_a_day():
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", LOADED.version)
    assert Mentions(LOADED).version == f"mentions@{LOADED.version}"


def test_names_and_ids_are_unique():
    names = [entry.name for entry in LOADED.entries]
    ids = [entry.wikidata for entry in LOADED.entries if entry.wikidata]
    assert len(names) == len(set(map(fold, names)))
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"Q[1-9]\d*", one) for one in ids)


def test_no_entry_repeats_itself():
    for section in SECTIONS:
        for name, facts in DOCUMENT[section].items():
            also = list(split(facts.get("also", "")))
            assert len(also) == len(set(also)), name
            assert name not in also, name
            assert facts.get("fr") not in (name, *also), name


def test_a_short_name_that_is_a_word_has_words_beside_which_it_counts():
    """Persons' surnames count after their whole names; what else is short needs `near`, or a whole name."""
    for section in SECTIONS:
        for name, facts in DOCUMENT[section].items():
            if name in split(facts.get("short", "")) and section != "persons":
                assert facts.get("near"), name


def whole(entry):
    """A sentence that names an entry as the file has it, with all words that it may stand beside."""
    words = [word for near in entry.near for word in (*near.words, *near.acronyms)]
    return f"On parle de {entry.name} et de {', '.join(words)}."


def test_every_entry_is_met_under_its_own_name():
    mentions = Mentions(LOADED)
    missed = [
        entry.name
        for entry in LOADED.entries
        if entry.name not in {mention.name for mention in mentions.tag(text_of(body=whole(entry), language="en"))}
    ]
    assert not missed


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ("persons:\n  Ada Example: {id: P31}", "persons: Ada Example: 'P31' is no Wikidata id"),
        ("persons:\n  Ada Example: {nick: Ada}", "persons: Ada Example: unknown key 'nick'"),
        ("persons:\n  Ada Example: Ada", "persons: Ada Example: a mapping of texts is expected"),
        ("persons:\n  A One: {id: Q1}\n  B Two: {id: Q1}", "persons: B Two: Q1 is another entry's id, too"),
        (
            "clubs:\n  FC A: {also: Reds}\n  FC B: {also: Reds}",
            "clubs: FC B: 'Reds' is a name of FC A, too: let it be `short` for both",
        ),
        ("clubs:\n  FC A: {short: Reds, near: '@rugby'}", "clubs: FC A: `near` has no list 'rugby'"),
        ("clubs:\n  FC A: {also: '?!'}", "clubs: FC A: no word in '?!'"),
        ("people: {}", "unknown key 'people'"),
        ("words: {title: Mr}", "words: unknown key 'title'"),
    ],
)
def test_an_error_names_the_entry(entries, message):
    with pytest.raises(ValueError, match=re.escape(f"names: {message}")):
        read_names(f"version: '1'\n{entries}\n")


def test_a_file_without_a_version_is_refused():
    with pytest.raises(ValueError, match="`version` is missing"):
        read_names("persons: {}")


def test_what_is_not_yaml_is_refused():
    with pytest.raises(ValueError, match="not YAML"):
        read_names("version: [")
