"""Handlers for enclosures, Media RSS and podcasts' images: each object with the words about it."""

from typing import Any

from telex.documents import limits
from telex.documents.facts import Facts, Medium


class MediaNoting:
    """The part of `Noting` that notes media. A caption or a credit is of the object, its group, or its entry."""

    medium: Medium | None
    group: list[Medium] | None
    group_facts: Facts
    baseuri: str
    here: Any
    push: Any
    pop: Any

    def add_medium(self, attrs: dict[str, str]) -> Medium:
        """Note a media object."""
        medium = Medium(attrs, self.baseuri)
        facts = self.here()
        if facts is not None and len(facts.media) <= limits.MEDIA:
            facts.media.append(medium)
            if self.group is not None:
                self.group.append(medium)
        return medium

    def _start_enclosure(self, attrs: dict[str, str]) -> None:
        self.add_medium(attrs)

    def _start_media_content(self, attrs: dict[str, str]) -> None:
        self.medium = self.add_medium(attrs)

    def _end_media_content(self) -> None:
        self.medium = None

    def _start_media_group(self, attrs: dict[str, str]) -> None:  # noqa: ARG002 - feedparser's signature
        self.group, self.group_facts = [], Facts()
        self.push("media_group", 1)

    def _end_media_group(self) -> None:
        self.pop("media_group")
        for medium in self.group or ():
            medium.caption = medium.caption or self.group_facts.caption
            medium.credit = medium.credit or self.group_facts.credit
        self.group = None

    def _start_media_thumbnail(self, attrs: dict[str, str]) -> None:
        self.add_medium(attrs)
        self.push("media_thumbnail", 1)

    def _end_media_thumbnail(self) -> None:
        value = self.pop("media_thumbnail")
        facts = self.here()
        if facts is not None and facts.media and value:
            facts.media[-1].text = value

    def words_about(self) -> Medium | Facts | None:
        """Whose caption or credit comes: the object, the group or the entry that the parser is in."""
        return self.medium or (self.group_facts if self.group is not None else self.here())

    def _start_media_description(self, attrs: dict[str, str]) -> None:  # noqa: ARG002 - feedparser's signature
        self.push("media_words", 1)

    def _end_media_description(self) -> None:
        value, about = self.pop("media_words"), self.words_about()
        if about is not None:
            about.caption = about.caption or value or None

    def _start_media_credit(self, attrs: dict[str, str]) -> None:  # noqa: ARG002 - feedparser's signature
        self.push("media_words", 1)

    def _end_media_credit(self) -> None:
        value, about = self.pop("media_words"), self.words_about()
        if about is not None:
            about.credit = about.credit or value or None

    def _end_media_title(self) -> None:
        self.pop("media_words")

    _start_media_text = _start_media_title = _start_media_credit
    _end_media_text = _end_media_title

    def _start_itunes_image(self, attrs: dict[str, str]) -> None:
        self.add_medium({"url": attrs.get("href") or attrs.get("url") or "", "medium": "image"})
        self.push("itunes_image", 1)

    def _end_itunes_image(self) -> None:
        self.pop("itunes_image")
