"""All that tags, together: Media Topics, the operators' concepts, places and mentions of one text."""

from typing import Protocol

from telex.core.model import Mention, Place, Topic
from telex.tagging.places import Places
from telex.tagging.tags import Tags
from telex.tagging.text import Text
from telex.tagging.topics import Topics


class TopicPart(Protocol):
    """A vocabulary of topics."""

    def tag(self, text: Text) -> tuple[Topic, ...]:
        """Its topics of a text, the most certain first."""
        ...


class PlacePart(Protocol):
    """A gazetteer."""

    def tag(self, text: Text) -> tuple[Place, ...]:
        """Its places of a text, the weightiest first."""
        ...


class MentionPart(Protocol):
    """A file of names."""

    def tag(self, text: Text) -> tuple[Mention, ...]:
        """Its names in a text, the weightiest first."""
        ...


class NoMentions:
    """Mentions nobody."""

    def tag(self, text: Text) -> tuple[Mention, ...]:  # noqa: ARG002 - the protocol's argument
        """No mentions."""
        return ()


class Tagging:
    """The tagger of the service. Loaded once, then read only.

    `versions` names each vocabulary with its version, as `provenance.taxonomies` does. `least` is the least confidence
    of a topic that is told, in [0, 1].
    """

    def __init__(
        self,
        topics: tuple[TopicPart, ...],
        places: PlacePart,
        mentions: MentionPart,
        versions: tuple[str, ...],
        least: float = 0.0,
    ) -> None:
        self._topics = topics
        self._places = places
        self._mentions = mentions
        self._least = least
        self.versions = versions

    def tag(self, text: Text) -> Tags:
        """The tags of a text."""
        topics = [topic for part in self._topics for topic in part.tag(text) if topic.confidence >= self._least]
        return Tags(tuple(topics), self._places.tag(text), self._mentions.tag(text), self.versions)


def load_tagging(least: float = 0.0) -> Tagging:
    """The tagger with what telex ships: Media Topics and places.

    Raises:
        OSError, ValueError, KeyError: a file is not there, or not what it was shipped as.
    """
    topics, places = Topics.load(), Places.load()
    return Tagging((topics,), places, NoMentions(), (topics.version, places.version), least)
