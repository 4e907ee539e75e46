"""What tagging gives, and what gives it."""

from dataclasses import dataclass
from typing import Final, Protocol

from telex.core.model import Mention, Place, Topic
from telex.tagging.text import Text


@dataclass(frozen=True, slots=True)
class Tags:
    """The tags of one article. `taxonomies` names each vocabulary that was asked, with its version: `medtop@2023-10`."""

    topics: tuple[Topic, ...] = ()
    places: tuple[Place, ...] = ()
    mentions: tuple[Mention, ...] = ()
    taxonomies: tuple[str, ...] = ()


class Tagger(Protocol):
    """Tags a text. Pure: the same text gives the same tags; loaded once, then read only."""

    def tag(self, text: Text) -> Tags:
        """The tags, each with the evidence that an editor can check."""
        ...


class NoTagger:
    """Tags nothing."""

    def tag(self, text: Text) -> Tags:  # noqa: ARG002 - the protocol's argument
        """No tags."""
        return Tags()


UNTAGGED: Final = NoTagger()
"""Stands where nothing is to be tagged."""
