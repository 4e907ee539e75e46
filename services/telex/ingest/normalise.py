"""From an entry as written to an article as published: a visible list of steps, each testable alone."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace

from telex.core import urls
from telex.core.identity import article_id, digest
from telex.core.model import Article, Author, BodyFrom, Digest, Entry, Feed, Markup, Provenance, Source
from telex.core.redact import redact_url
from telex.documents.markup import sanitise, to_text

Step = Callable[[Article], Article]

BODY_LIMIT = 200_000
BODY_HTML_LIMIT = 300_000
SUMMARY_LIMIT = 20_000
TITLE_LIMIT = 1_000
FUTURE_LIMIT = 3600.0
_SPACE = re.compile(r"\s+")
_LANGUAGE = re.compile(r"^([A-Za-z]{2,3})(?:[-_]([A-Za-z0-9]{2,8}))*$")


@dataclass(frozen=True, slots=True)
class Context:
    """What an entry does not say itself: its feed, the feed's own title and home, and when it was fetched."""

    feed: Feed
    title: str | None
    home_url: str | None
    language: str | None
    fetched_at: float


def identity_of(entry: Entry) -> str:
    """What makes the entry this entry: its own id, else its canonical link, else its content.

    An id that is a URL is compared as URLs are, so that a feed that gives a permalink as id and another that gives the
    same permalink as link only mean the same article.
    """
    if entry.guid:
        return urls.identity(entry.guid) or entry.guid
    if link := urls.identity(entry.link):
        return link
    parts = [_plain(entry.title), _plain(entry.summary), _plain(entry.content)]
    return "content:" + digest(*(part.encode("utf-8", "surrogatepass") for part in parts)).hex()


def key_of(entry: Entry) -> Digest:
    """The digest of the entry's identity: what the memory of its feed knows it by."""
    return digest(identity_of(entry).encode("utf-8", "surrogatepass"))


def _plain(markup: Markup | None) -> str:
    return _SPACE.sub(" ", markup.value).strip() if markup else ""


def source_of(feed: Feed, title: str | None, home_url: str | None) -> Source:
    """The source that an event names: what the catalogue says first, then what the feed says of itself."""
    return Source(
        publisher=feed.publisher,
        id=feed.id,
        name=feed.name or title,
        feed_url=redact_url(feed.url),
        home_url=home_url,
        country=feed.country,
        profile=feed.profile,
    )


def draft(entry: Entry, context: Context) -> Article:
    """The entry as an article of version 0, through every step of `NORMALISE`."""
    feed = context.feed
    body = to_text(entry.content) if entry.content else None
    article = Article(
        id=article_id(feed.publisher, identity_of(entry)),
        version=0,
        url=entry.link,
        link=entry.link,
        guid=entry.guid,
        title=to_text(entry.title) if entry.title else None,
        summary=to_text(entry.summary) if entry.summary else None,
        body=body,
        body_html=_html(entry.content, entry.base) if body else None,
        truncated=False,
        language=entry.language or context.language or feed.language,
        authors=entry.authors,
        published_at=entry.published,
        updated_at=entry.updated,
        first_seen_at=context.fetched_at,
        published_at_source="feed" if entry.published is not None else None,
        source=source_of(feed, context.title, context.home_url),
        feeds=(feed.id,),
        categories=(*entry.categories, *feed.categories),
        topics=(),
        places=(),
        mentions=(),
        media=entry.media,
        word_count=0,
        rights=entry.rights,
        backfill=False,
        significance=None,
        changes=(),
        provenance=Provenance(
            fetched_at=context.fetched_at,
            entry_digest=entry.raw.hex(),
            body_from=BodyFrom.FEED if body else None,
            repairs=entry.repairs,
        ),
    )
    return normalise(article)


def _html(markup: Markup | None, base: str | None) -> str | None:
    if markup is None or not markup.html:
        return None
    return sanitise(markup, base) or None


def normalise(article: Article) -> Article:
    """Every step in order; applying it twice changes nothing."""
    for step in NORMALISE:
        article = step(article)
    return article


def _one_line(text: str | None, limit: int) -> str | None:
    if text is None:
        return None
    return _SPACE.sub(" ", unicodedata.normalize("NFC", text)).strip()[:limit].strip() or None


def _repaired(article: Article, *names: str) -> Article:
    known = article.provenance.repairs
    fresh = tuple(name for name in names if name not in known)
    return replace(article, provenance=replace(article.provenance, repairs=known + fresh)) if fresh else article


def tidy_title(article: Article) -> Article:
    """A title is one line."""
    return replace(article, title=_one_line(article.title, TITLE_LIMIT))


def canonical_url(article: Article) -> Article:
    """`url` is the link without what publishers hang on it; `link` stays as the feed gave it."""
    return replace(article, url=urls.canonical(article.url))


def body_is_no_summary(article: Article) -> Article:
    """A body that only repeats the summary is none; a summary that repeats the title is none."""
    summary, body = article.summary or None, article.body or None
    if summary and article.title and _SPACE.sub(" ", summary) == article.title:
        summary = None
    if body is not None and summary is not None and _SPACE.sub(" ", body) == _SPACE.sub(" ", summary):
        body = None
    article = replace(article, summary=summary, body=body)
    if body is None:
        provenance = replace(article.provenance, body_from=None)
        return replace(article, body_html=None, provenance=provenance)
    return article


def tidy_people(article: Article) -> Article:
    """Names are one line each and stand once; an author without name, address or URL is none."""
    seen: dict[tuple[str | None, str | None, str | None], Author] = {}
    for author in article.authors:
        clean = Author(_one_line(author.name, 500), author.url or None, author.email or None)
        if clean.name or clean.url or clean.email:
            seen.setdefault((clean.name, clean.url, clean.email), clean)
    return replace(article, authors=tuple(seen.values()))


def tidy_categories(article: Article) -> Article:
    """Categories are one line each and stand once, in the entry's order."""
    clean = (_one_line(category, 200) for category in article.categories)
    return replace(article, categories=tuple(dict.fromkeys(category for category in clean if category)))


def tidy_language(article: Article) -> Article:
    """A language is a BCP 47 tag with its subtags in their usual case, or unknown."""
    found = _LANGUAGE.match((article.language or "").strip())
    if not found:
        return replace(article, language=None)
    first, *rest = re.split(r"[-_]", found.group())
    parts = [part.upper() if len(part) == 2 else part.title() if len(part) == 4 else part.lower() for part in rest]
    return replace(article, language="-".join([first.lower(), *parts]))


def no_future(article: Article) -> Article:
    """A date more than an hour ahead of the fetch is no date; the repair says that there was one."""
    latest = article.provenance.fetched_at + FUTURE_LIMIT
    published, updated = article.published_at, article.updated_at
    if published is not None and published > latest:
        article = replace(article, published_at=None, published_at_source=None)
        article = _repaired(article, "date.future_published_dropped")
    if updated is not None and updated > latest:
        article = _repaired(replace(article, updated_at=None), "date.future_updated_dropped")
    return article


def within_limits(article: Article) -> Article:
    """Text that would not fit a record is cut at its limit, and `truncated` says so."""
    body, html, summary = article.body, article.body_html, article.summary
    over = (
        (body is not None and len(body) > BODY_LIMIT)
        or (html is not None and len(html) > BODY_HTML_LIMIT)
        or (summary is not None and len(summary) > SUMMARY_LIMIT)
    )
    if not over:
        return article
    return replace(
        article,
        body=body[:BODY_LIMIT].rstrip() if body is not None else None,
        body_html=html if html is not None and len(html) <= BODY_HTML_LIMIT else None,
        summary=summary[:SUMMARY_LIMIT].rstrip() if summary is not None else None,
        truncated=True,
    )


def count_words(article: Article) -> Article:
    """Words of the body, else of the summary: runs without white space."""
    return replace(article, word_count=len((article.body or article.summary or "").split()))


NORMALISE: tuple[Step, ...] = (
    tidy_title,
    canonical_url,
    within_limits,
    body_is_no_summary,
    tidy_people,
    tidy_categories,
    tidy_language,
    no_future,
    count_words,
)
