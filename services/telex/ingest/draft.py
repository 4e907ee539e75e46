"""An article while it is being made. Mutable, and never seen outside of one ingest."""

from dataclasses import dataclass, fields

from telex.core.model import (
    Article,
    ArticleId,
    Author,
    BodyFrom,
    Change,
    FeedId,
    Media,
    Mention,
    Place,
    Provenance,
    Source,
    Topic,
)


@dataclass(slots=True)
class Draft:
    """The fields of an article and of its provenance, to be set until it is published.

    To copy an article with one field changed costs as much as to make it: what is settled late is set here instead.
    """

    id: ArticleId
    url: str | None
    link: str | None
    guid: str | None
    title: str | None
    summary: str | None
    body: str | None
    body_html: str | None
    language: str | None
    authors: tuple[Author, ...]
    published_at: float | None
    updated_at: float | None
    first_seen_at: float
    published_at_source: str | None
    source: Source
    feeds: tuple[FeedId, ...]
    categories: tuple[str, ...]
    media: tuple[Media, ...]
    rights: str | None
    fetched_at: float
    entry_digest: str
    body_from: BodyFrom | None
    repairs: tuple[str, ...]
    version: int = 0
    truncated: bool = False
    topics: tuple[Topic, ...] = ()
    places: tuple[Place, ...] = ()
    mentions: tuple[Mention, ...] = ()
    word_count: int = 0
    backfill: bool = False
    significance: str | None = None
    changes: tuple[Change, ...] = ()
    taxonomies: tuple[str, ...] = ()
    missing_since: float | None = None

    def note(self, repair: str) -> None:
        """Note a repair, once."""
        if repair not in self.repairs:
            self.repairs = (*self.repairs, repair)

    def article(self) -> Article:
        """The article as it stands now."""
        return Article(
            id=self.id,
            version=self.version,
            url=self.url,
            link=self.link,
            guid=self.guid,
            title=self.title,
            summary=self.summary,
            body=self.body,
            body_html=self.body_html,
            truncated=self.truncated,
            language=self.language,
            authors=self.authors,
            published_at=self.published_at,
            updated_at=self.updated_at,
            first_seen_at=self.first_seen_at,
            published_at_source=self.published_at_source,
            source=self.source,
            feeds=self.feeds,
            categories=self.categories,
            topics=self.topics,
            places=self.places,
            mentions=self.mentions,
            media=self.media,
            word_count=self.word_count,
            rights=self.rights,
            backfill=self.backfill,
            significance=self.significance,
            changes=self.changes,
            provenance=Provenance(
                fetched_at=self.fetched_at,
                entry_digest=self.entry_digest,
                body_from=self.body_from,
                repairs=self.repairs,
                taxonomies=self.taxonomies,
                missing_since=self.missing_since,
            ),
        )


def draft_of(article: Article) -> Draft:
    """The draft of an article that is made further."""
    named = {each.name: getattr(article, each.name) for each in fields(Article) if each.name != "provenance"}
    origin = {each.name: getattr(article.provenance, each.name) for each in fields(Provenance)}
    return Draft(**named, **origin)
