"""What the direct reader notes of elements that are more than a value or a text; `noting` says the same to feedparser."""

from feedparser.urls import _urljoin

from telex.documents import limits, links
from telex.documents.direct_names import NotForDirect
from telex.documents.facts import Facts, Link, Medium, Person
from telex.documents.noting import unescaped


class Notes:
    """The facts so far, and where the reader is. `begin_…` say whether the element's text is wanted."""

    __slots__ = (
        "attributes", "base", "entries", "facts", "feed", "group", "group_facts", "language", "medium", "person",
    )  # fmt: skip

    def __init__(self, url: str) -> None:
        self.feed = self.facts = Facts(base=url)
        self.entries: list[Facts] = []
        self.base = url
        self.language: str | None = None
        self.attributes: dict[str, str] = {}  # of the element whose text comes
        self.person: dict[str, str] = {}
        self.medium: Medium | None = None
        self.group: list[Medium] | None = None
        self.group_facts = Facts()

    # --- entries

    def begin_channel(self, attributes: dict[str, str]) -> bool:
        """Refuse a channel of the Channel Definition Format."""
        if "lastmod" in attributes or "href" in attributes:
            raise NotForDirect("CDF")
        return False

    def begin_entry(self, attributes: dict[str, str]) -> bool:
        """Begin an entry."""
        self.begin_channel(attributes)
        if self.facts is not self.feed or len(self.entries) >= limits.ENTRIES:
            raise NotForDirect("an entry inside an entry, or too many")
        self.medium, self.group = None, None
        self.facts = Facts(base=self.base, language=self.language)
        if attributes.get("rdf:about"):
            self.facts.values["about"] = attributes["rdf:about"]
        self.entries.append(self.facts)
        return False

    def leave_entry(self) -> None:
        """End the entry."""
        self.facts.closed = True
        self.facts = self.feed

    def begin_tombstone(self, attributes: dict[str, str]) -> bool:
        """Note the id of an entry that was taken back (RFC 6721)."""
        reference = attributes.get("ref", "").strip()
        withdrawn = self.feed.several.setdefault("withdrawn", [])
        if self.facts is self.feed and 0 < len(reference) <= limits.ADDRESS and len(withdrawn) < limits.ENTRIES:
            withdrawn.append(reference)
        return False

    # --- ids and links

    def begin_guid(self, attributes: dict[str, str]) -> bool:
        """Note whether the id is an address."""
        if not self.facts.values.get("guid"):
            self.facts.permalink = attributes.get("ispermalink", "").strip().lower()
        return True

    def finish_guid(self, text: str) -> None:
        """Note the id."""
        if text:
            self.facts.values.setdefault("guid", text)

    def begin_link(self, attributes: dict[str, str]) -> bool:
        """Note a link that has its address in an attribute."""
        href = attributes.get("href") or attributes.get("url") or attributes.get("uri")
        if not href:
            return True
        if len(self.facts.links) < limits.MEDIA * 2:
            link = Link(attributes.get("rel", "alternate"), attributes.get("type"), self.resolved(href), attributes)
            self.facts.links.append(link)
        return False

    def finish_link(self, text: str) -> None:
        """Note a link that is a text."""
        if text and (address := self.resolved(unescaped(text))):
            self.facts.values.setdefault("link", address)

    def resolved(self, address: str) -> str:
        """The address, made absolute by the base in scope, by feedparser's rules."""
        address = address.strip()
        if links.is_plain(address):
            return address
        return links.joined_path(self.base, address) or str(_urljoin(self.base, address)) if address else ""

    # --- people and categories

    def author(self, kind: str, text: str) -> None:
        """Note the person whose parts were read."""
        person, self.person = self.person, {}
        one = Person(text, person.get("name"), person.get("href"), person.get("email"))
        if any(one) and len(self.facts.people.setdefault(kind, [])) <= limits.AUTHORS:
            self.facts.people[kind].append(one)

    def finish_category(self, text: str) -> None:
        """Note a category."""
        self.term(self.attributes.get("term") or text or self.attributes.get("label") or "")

    def begin_topic(self, attributes: dict[str, str]) -> bool:
        """Note a podcast's category."""
        self.term(attributes.get("text", ""))
        return False

    def term(self, value: str) -> None:
        """Note a category by its name."""
        value = value.strip()[: limits.NAME]
        if value and len(self.facts.categories) <= limits.CATEGORIES:
            self.facts.categories.setdefault(value)

    def begin_keywords(self, attributes: dict[str, str]) -> bool:
        """Whether feedparser sees the text: not beside an attribute, for it has no handler of this start."""
        return not attributes

    def finish_keywords(self, text: str) -> None:
        """Note categories written as a list with commas."""
        for term in text.split(",", limits.CATEGORIES + 1):
            self.term(term)

    def finish_hour(self, text: str) -> None:
        """Note an hour to skip."""
        self.several("hour", text)

    def finish_day(self, text: str) -> None:
        """Note a day to skip."""
        self.several("day", text)

    def several(self, name: str, text: str) -> None:
        """Note one of several values."""
        if text and len(self.facts.several.setdefault(name, [])) < limits.CATEGORIES:
            self.facts.several[name].append(text)

    # --- media

    def add(self, attributes: dict[str, str]) -> Medium:
        """Note a media object."""
        medium = Medium(attributes, self.base)
        if len(self.facts.media) <= limits.MEDIA:
            self.facts.media.append(medium)
            if self.group is not None:
                self.group.append(medium)
        return medium

    def begin_enclosure(self, attributes: dict[str, str]) -> bool:
        """Note an enclosure."""
        self.add(attributes)
        return False

    def begin_content(self, attributes: dict[str, str]) -> bool:
        """Begin a media object that may have words about it inside."""
        self.medium = self.add(attributes)
        return False

    def leave_content(self) -> None:
        """End the media object."""
        self.medium = None

    def begin_group(self, attributes: dict[str, str]) -> bool:  # noqa: ARG002 - as all
        """Begin a group of media objects."""
        self.group, self.group_facts = [], Facts()
        return False

    def leave_group(self) -> None:
        """End the group: its words are of each of its objects that has none."""
        for medium in self.group or ():
            medium.caption = medium.caption or self.group_facts.caption
            medium.credit = medium.credit or self.group_facts.credit
        self.group = None

    def finish_image(self, text: str) -> None:
        """Note an image that is a text."""
        if text:
            self.add({"url": text, "medium": "image"})

    def begin_thumbnail(self, attributes: dict[str, str]) -> bool:
        """Note a thumbnail."""
        self.add(attributes)
        return True

    def finish_thumbnail(self, text: str) -> None:
        """Note an address that a thumbnail has as its text."""
        if text and self.facts.media:
            self.facts.media[-1].text = text

    def words_about(self) -> Medium | Facts:
        """Whose caption or credit comes."""
        return self.medium or (self.group_facts if self.group is not None else self.facts)

    def finish_caption(self, text: str) -> None:
        """Note a caption."""
        about = self.words_about()
        about.caption = about.caption or text or None

    def finish_credit(self, text: str) -> None:
        """Note a credit."""
        about = self.words_about()
        about.credit = about.credit or text or None

    def begin_picture(self, attributes: dict[str, str]) -> bool:
        """Note a podcast's image."""
        self.add({"url": attributes.get("href") or attributes.get("url") or "", "medium": "image"})
        return False
