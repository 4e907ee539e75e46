"""The tagger that the settings ask for."""

from telex.settings import Config
from telex.tagging.tagger import load_tagging
from telex.tagging.tags import NoTagger, Tagger


def open_tagger(config: Config) -> Tagger:
    """What tags articles, as the settings say. It reads files, for some 0.4 s."""
    return load_tagging(config.tagging.least_confidence) if config.tagging.enabled else NoTagger()
