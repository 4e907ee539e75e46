"""Handlers for news sitemaps, their tags in feeds, and entries that a feed says were taken back (RFC 6721)."""

from typing import Any

from telex.documents import limits
from telex.documents.facts import Facts


class NewsNoting:
    """The part of `Noting` that notes what sitemaps and tombstones say."""

    version: str
    insource: int
    feed_facts: Facts
    here: Any
    push: Any
    pop: Any
    note: Any
    note_date: Any
    keywords: Any
    add_medium: Any

    def _start_sitemap_urlset(self, attrs: dict[str, str]) -> None:  # noqa: ARG002 - feedparser's signature
        self.version = "sitemap"

    def _start_sitemap_url(self, attrs: dict[str, str]) -> None:
        self._start_item(attrs)  # type: ignore[attr-defined] # of Noting

    def _end_sitemap_url(self) -> None:
        self._end_item()  # type: ignore[attr-defined] # of Noting

    def _start_sitemap_loc(self, attrs: dict[str, str]) -> None:  # noqa: ARG002 - feedparser's signature
        self.push("link_text", 1)

    def _end_sitemap_loc(self) -> None:
        self._end_link()  # type: ignore[attr-defined] # of Noting

    def _start_sitemap_lastmod(self, attrs: dict[str, str]) -> None:  # noqa: ARG002 - feedparser's signature
        self.push("sitemap_value", 1)

    def _end_sitemap_lastmod(self) -> None:
        self.note_date("updated", self.pop("sitemap_value"))

    def _end_news_publication_date(self) -> None:
        self.note_date("news_date", self.pop("sitemap_value"))

    def _end_news_language(self) -> None:
        self.note("language", self.pop("sitemap_value"))

    def _end_news_keywords(self) -> None:
        self.keywords(self.pop("sitemap_value"))

    def _end_image_loc(self) -> None:
        value = self.pop("sitemap_value")
        if value:
            self.add_medium({"url": value, "medium": "image"})

    _start_news_publication_date = _start_news_language = _start_news_keywords = _start_sitemap_lastmod
    _start_image_loc = _start_sitemap_lastmod

    def start_tombstone(self, attrs: dict[str, str]) -> None:
        """Note the id of an entry that was taken back. Nothing inside is the feed's."""
        reference = attrs.get("ref", "").strip()
        withdrawn = self.feed_facts.several.setdefault("withdrawn", [])
        if self.here() is self.feed_facts and 0 < len(reference) <= limits.ADDRESS and len(withdrawn) < limits.ENTRIES:
            withdrawn.append(reference)
        self.insource = 1

    def end_tombstone(self) -> None:
        """Leave it."""
        self.insource = 0


setattr(NewsNoting, "_start_at_deleted-entry", NewsNoting.start_tombstone)
setattr(NewsNoting, "_end_at_deleted-entry", NewsNoting.end_tombstone)
