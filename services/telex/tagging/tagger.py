"""All that tags, together: Media Topics, the operators' concepts, places and mentions of one text."""

from telex.tagging.mentions import Mentions
from telex.tagging.places import Places
from telex.tagging.tags import Tags
from telex.tagging.taxonomies import Taxonomies
from telex.tagging.text import Text
from telex.tagging.topics import Topics


class Tagging:
    """The tagger of the service. Loaded once, then read only.

    `least` is the least confidence of a topic that is told, in [0, 1].
    """

    def __init__(
        self, topics: Topics, places: Places, mentions: Mentions, taxonomies: Taxonomies, *, least: float = 0.0
    ) -> None:
        self._topics = topics
        self._places = places
        self._mentions = mentions
        self._taxonomies = taxonomies
        self._least = least
        self.versions = (topics.version, places.version, mentions.version, *taxonomies.versions)

    @classmethod
    def load(cls, taxonomies: Taxonomies, *, least: float = 0.0) -> "Tagging":
        """The tagger with what telex ships, and the operators' own taxonomies.

        Raises:
            OSError, ValueError, KeyError: a file is not there, or not what it was shipped as.
        """
        return cls(Topics.load(), Places.load(), Mentions.load(), taxonomies, least=least)

    def with_taxonomies(self, taxonomies: Taxonomies) -> "Tagging":
        """The same with other taxonomies of the operators."""
        return Tagging(self._topics, self._places, self._mentions, taxonomies, least=self._least)

    def tag(self, text: Text) -> Tags:
        """The tags of a text: Media Topics first, then the operators' concepts, each the most certain first."""
        topics = (*self._topics.tag(text), *self._taxonomies.tag(text))
        if self._least:
            topics = tuple(topic for topic in topics if topic.confidence >= self._least)
        return Tags(topics, self._places.tag(text), self._mentions.tag(text), self.versions)
