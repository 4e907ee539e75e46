"""The tagger that the settings ask for, and where its concepts send articles."""

from dataclasses import replace

from telex.adapters.taxonomies.load import load_taxonomies
from telex.adapters.taxonomies.watched import WatchedTagger
from telex.core.selection import Selection
from telex.errors import ConfigurationError, Problem
from telex.ports import Observer
from telex.settings import Config
from telex.tagging.tagger import Tagging
from telex.tagging.tags import UNTAGGED, Tagger
from telex.tagging.taxonomies import Taxonomies


def taxonomies_of(config: Config) -> Taxonomies:
    """The operators' own taxonomies.

    Raises:
        ConfigurationError: something is wrong with them: all problems at once.
    """
    return load_taxonomies(config.tagging.taxonomies if config.tagging.enabled else ())


def open_tagger(config: Config) -> Tagger:
    """What tags articles, as the settings say. It reads files, for some 0.5 s.

    Raises:
        ConfigurationError: something is wrong with a taxonomy: all problems at once.
    """
    return _tagging(config, taxonomies_of(config)) if config.tagging.enabled else UNTAGGED


def watched_tagger(config: Config, taxonomies: Taxonomies, observer: Observer) -> WatchedTagger | None:
    """The tagger of a running service; None where nothing is to be tagged."""
    if not config.tagging.enabled:
        return None
    asked = config.tagging
    tagging = _tagging(config, taxonomies)
    return WatchedTagger(tagging, asked.taxonomies, observer, check_every=asked.check_every)


def _tagging(config: Config, taxonomies: Taxonomies) -> Tagging:
    return Tagging.load(taxonomies, least=config.tagging.least_confidence)


def routed(config: Config, taxonomies: Taxonomies) -> Config:
    """The settings with a rule of fan-out for each Kafka topic that a concept names.

    Raises:
        ConfigurationError: the settings have a rule of that name.
    """
    ruled = {slug for slug, _ in config.topics.fan_out}
    clashes = sorted(ruled.intersection(taxonomies.routes))
    if clashes:
        what = f"has rules for {', '.join(clashes)}, to which concepts of taxonomies send articles too"
        remedy = "rename the rule, or take `topic` out of the concept"
        raise ConfigurationError((Problem("settings", None, None, "topics.fan_out", what, remedy),))
    rules = tuple((slug, Selection.of(topics=codes)) for slug, codes in sorted(taxonomies.routes.items()))
    return replace(config, topics=replace(config.topics, fan_out=(*config.topics.fan_out, *rules)))
