"""The tagger of a running service: taxonomies are loaded again when they change, as a whole or not at all."""

import asyncio

import pytest

from adapters.test_catalogue_watched import Facts
from telex.adapters.taxonomies.load import load_taxonomies
from telex.adapters.taxonomies.watched import WatchedTagger
from telex.core.facts import TaxonomiesReloaded
from telex.errors import ConfigurationError
from telex.settings import load_settings
from telex.taggers import routed, taxonomies_of
from telex.tagging.tagger import Tagging
from telex.tagging.text import text_of

OWN = "taxonomy: own\nversion: '1'\nconcepts:\n  - {{code: {0}, names: {{fr: N}}, terms: [{0}], topic: {1}}}\n"
TEXT = text_of(title="La grue et le quai", language="fr")


@pytest.fixture
def file(tmp_path):
    made = tmp_path / "own.yaml"
    made.write_text(OWN.format("grue", "cranes"))
    return made


def watched(file, facts):
    tagging = Tagging.load(load_taxonomies([str(file)]))
    return WatchedTagger(tagging, (str(file),), facts, check_every=0.05)


def own(tagger):
    return [topic.code for topic in tagger.tag(TEXT).topics if topic.code.startswith("own:")]


async def test_a_change_is_loaded_and_the_version_in_events_with_it(file):
    facts = Facts()
    tagger = watched(file, facts)
    before = tagger.tag(TEXT).taxonomies
    watching = asyncio.create_task(tagger.run())
    assert own(tagger) == ["own:grue"]
    file.write_text(OWN.format("quai", "quays"))
    await facts.wait_count(1)
    watching.cancel()
    assert own(tagger) == ["own:quai"]
    after = tagger.tag(TEXT).taxonomies
    assert before[:-1] == after[:-1]
    assert before[-1] != after[-1]
    assert facts.seen == [TaxonomiesReloaded(after, accepted=True, problems=())]


async def test_a_wrong_file_keeps_what_was_there_and_says_why(file):
    facts = Facts()
    tagger = watched(file, facts)
    file.write_text("taxonomy: own\n")
    assert not await tagger.reload_now()
    assert (own(tagger), tagger.healthy) == (["own:grue"], False)
    assert str(file) in facts.seen[0].problems[0]
    file.write_text(OWN.format("grue", "cranes"))
    assert await tagger.reload_now()
    assert tagger.healthy
    assert [fact.accepted for fact in facts.seen] == [False, True]


def test_a_concept_that_names_a_kafka_topic_is_a_rule_of_fan_out(file):
    environ = {"TELEX_TAGGING__TAXONOMIES": str(file), "TELEX_LOG__KIND": "kafka"}
    config = load_settings(environ=environ)
    ((slug, selection),) = routed(config, taxonomies_of(config)).topics.fan_out
    assert (slug, selection.topics) == ("cranes", {"own:grue"})
    clash = load_settings(environ=environ | {"TELEX_TOPICS__FAN_OUT": '{"cranes": {"language": "fr"}}'})
    with pytest.raises(ConfigurationError, match=r"topics\.fan_out: has rules for cranes"):
        routed(clash, taxonomies_of(clash))
