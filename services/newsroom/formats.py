"""Writes a window as RSS 2.0, RSS 1.0, Atom 1.0 or JSON Feed 1.1, as publishers write them.

`noise` counts changes that mean nothing: it turns the order of attributes and keys, indentation, counters, tracking
parameters and the build date, and never what a reader is told.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape

from newsroom.publishers import Feed, Format, Guid, Publisher
from newsroom.world import Article

MEDIA_TYPES = {
    Format.RSS2: "application/rss+xml",
    Format.RDF: "application/rdf+xml",
    Format.ATOM: "application/atom+xml",
    Format.JSON: "application/feed+json",
}
_RSS_NAMESPACES = (
    ("xmlns:atom", "http://www.w3.org/2005/Atom"),
    ("xmlns:content", "http://purl.org/rss/1.0/modules/content/"),
    ("xmlns:dc", "http://purl.org/dc/elements/1.1/"),
    ("xmlns:media", "http://search.yahoo.com/mrss/"),
    ("xmlns:slash", "http://purl.org/rss/1.0/modules/slash/"),
)
_RDF_NAMESPACES = (
    ("xmlns", "http://purl.org/rss/1.0/"),
    ("xmlns:rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
    ("xmlns:content", "http://purl.org/rss/1.0/modules/content/"),
    ("xmlns:dc", "http://purl.org/dc/elements/1.1/"),
)
_ATOM_NAMESPACES = (
    ("xmlns", "http://www.w3.org/2005/Atom"),
    ("xmlns:media", "http://search.yahoo.com/mrss/"),
    ("xmlns:thr", "http://purl.org/syndication/thread/1.0"),
)


@dataclass(frozen=True, slots=True)
class Issue:
    """What one answer shows: a feed's window at a moment. `built` is the last change, meant or not (epoch seconds)."""

    publisher: Publisher
    feed: Feed
    articles: tuple[Article, ...]
    base: str
    built: float
    noise: int


def write(issue: Issue) -> bytes:
    """The document, in the publisher's format and charset."""
    match issue.publisher.format:
        case Format.RSS2:
            text = _rss2(issue)
        case Format.RDF:
            text = _rdf(issue)
        case Format.ATOM:
            text = _atom(issue)
        case Format.JSON:
            return _json(issue).encode()
    charset = issue.publisher.habits.charset
    text = f'<?xml version="1.0" encoding="{charset.upper()}"?>\n{text}'
    return text.encode(charset, "xmlcharrefreplace")


def image_url(article: Article, base: str, noise: int = 0) -> str:
    """The picture of an article."""
    return f"{base}/p/{article.publisher.slug}/img/{article.number}.png" + (f"?v={noise}" if noise else "")


def markup(paragraphs: tuple[str, ...]) -> str:
    """Paragraphs as HTML."""
    return "\n".join(f"<p>{escape(paragraph, quote=False)}</p>" for paragraph in paragraphs)


def _element(name: str, text: str = "", *attributes: tuple[str, str], noise: int = 0) -> str:
    order = reversed(attributes) if noise % 2 else attributes
    opening = " ".join([name, *(f'{key}="{escape(value)}"' for key, value in order)])
    return f"<{opening}>{escape(text, quote=False)}</{name}>" if text else f"<{opening}/>"


def _cdata(name: str, html: str, *attributes: tuple[str, str]) -> str:
    opening = " ".join([name, *(f'{key}="{escape(value)}"' for key, value in attributes)])
    return f"<{opening}><![CDATA[{html}]]></{name}>"


def _wrap(name: str, children: list[str], attributes: tuple[tuple[str, str], ...], noise: int) -> str:
    order = reversed(attributes) if noise % 2 else attributes
    opening = " ".join([name, *(f'{key}="{escape(value)}"' for key, value in order)])
    indent = ("\n  ", "\n\t", "\n\n ")[noise % 3]
    return f"<{opening}>{indent}{indent.join(children)}\n</{name}>"


def _link(article: Article, issue: Issue) -> str:
    if not issue.publisher.habits.tracking:
        return article.link
    return f"{article.link}?utm_source=rss&utm_medium={issue.feed.slug}&utm_campaign=r{issue.noise}"


def _summary_html(article: Article, issue: Issue) -> str:
    picture = f'<img src="{image_url(article, issue.base, issue.noise)}" alt="" width="640" height="360"/>'
    return f"{picture}<p>{escape(article.story.summary, quote=False)}</p>"


def _views(article: Article, noise: int) -> str:
    return str(article.number * 37 % 400 + noise * 3)


def _rfc822(at: float) -> str:
    return format_datetime(datetime.fromtimestamp(int(at), UTC), usegmt=True)


def _rfc3339(at: float) -> str:
    return datetime.fromtimestamp(int(at), UTC).isoformat().replace("+00:00", "Z")


def _rss2(issue: Issue) -> str:
    url = issue.base + issue.feed.path
    channel = [
        _element("title", f"{issue.publisher.name} - {issue.feed.title}"),
        _element("link", f"{issue.base}/p/{issue.publisher.slug}/"),
        _element("description", issue.publisher.name),
        _element(
            "atom:link", "", ("href", url), ("rel", "self"), ("type", MEDIA_TYPES[Format.RSS2]), noise=issue.noise
        ),
        _element("language", f"{issue.publisher.language}-{issue.publisher.country}"),
        _element("lastBuildDate", _rfc822(issue.built)),
        _element("ttl", "1"),
        *(_rss2_item(article, issue) for article in issue.articles),
    ]
    inner = _wrap("channel", channel, (), issue.noise)
    return _wrap("rss", [inner], (("version", "2.0"), *_RSS_NAMESPACES), issue.noise)


def _rss2_item(article: Article, issue: Issue) -> str:
    story, habits, noise = article.story, issue.publisher.habits, issue.noise
    item = [_element("title", story.title), _element("link", _link(article, issue))]
    if article.guid is not None:
        permanent = "true" if habits.guid is Guid.PERMALINK else "false"
        item.append(_element("guid", article.guid, ("isPermaLink", permanent)))
    html = _summary_html(article, issue)
    item.append(_cdata("description", html) if habits.html else _element("description", story.summary))
    item += [_element("dc:creator", author) for author in story.authors]
    dated = _element("pubDate", _rfc822(article.published_at))
    item.append(
        dated
        if article.number % 5 or habits.guid is not Guid.NUMBER
        else _element("dc:date", _rfc3339(article.published_at))
    )
    item += [_element("category", category) for category in story.categories]
    if habits.full:
        item.append(_cdata("content:encoded", markup(story.paragraphs)))
    picture = (
        ("url", image_url(article, issue.base, noise)),
        ("medium", "image"),
        ("type", "image/png"),
        ("width", "640"),
    )
    item.append(_element("media:content", "", *picture, noise=noise))
    item.append(_element("slash:comments", _views(article, noise)))
    return _wrap("item", item, (), noise)


def _rdf(issue: Issue) -> str:
    url = issue.base + issue.feed.path
    parts = "".join(_element("rdf:li", "", ("rdf:resource", article.link)) for article in issue.articles)
    channel = [
        _element("title", f"{issue.publisher.name} - {issue.feed.title}"),
        _element("link", f"{issue.base}/p/{issue.publisher.slug}/"),
        _element("description", issue.publisher.name),
        _element("dc:language", issue.publisher.language),
        _element("dc:date", _rfc3339(issue.built)),
        f"<items><rdf:Seq>{parts}</rdf:Seq></items>",
    ]
    items = [_rdf_item(article, issue) for article in issue.articles]
    head = _wrap("channel", channel, (("rdf:about", url),), issue.noise)
    return _wrap("rdf:RDF", [head, *items], _RDF_NAMESPACES, issue.noise)


def _rdf_item(article: Article, issue: Issue) -> str:
    story = article.story
    item = [
        _element("title", story.title),
        _element("link", _link(article, issue)),
        _element("description", _summary_html(article, issue) if issue.publisher.habits.html else story.summary),
        *(_element("dc:creator", author) for author in story.authors),
        _element("dc:date", _rfc3339(article.published_at)),
        *(_element("dc:subject", category) for category in story.categories),
    ]
    if issue.publisher.habits.full:
        item.append(_cdata("content:encoded", markup(story.paragraphs)))
    return _wrap("item", item, (("rdf:about", article.link),), issue.noise)


def _atom(issue: Issue) -> str:
    url = issue.base + issue.feed.path
    feed = [
        _element("title", f"{issue.publisher.name} - {issue.feed.title}"),
        _element("id", f"tag:{issue.publisher.domain},2024:{issue.feed.slug}"),
        _element("link", "", ("rel", "self"), ("href", url), ("type", MEDIA_TYPES[Format.ATOM]), noise=issue.noise),
        _element(
            "link", "", ("rel", "alternate"), ("href", f"{issue.base}/p/{issue.publisher.slug}/"), noise=issue.noise
        ),
        _element("updated", _rfc3339(issue.built)),
        *(_atom_entry(article, issue) for article in issue.articles),
    ]
    language = (("xml:lang", issue.publisher.language),)
    return _wrap("feed", feed, _ATOM_NAMESPACES + language, issue.noise)


def _atom_entry(article: Article, issue: Issue) -> str:
    story, habits, noise = article.story, issue.publisher.habits, issue.noise
    entry = [
        _element("title", story.title),
        _element("link", "", ("rel", "alternate"), ("type", "text/html"), ("href", _link(article, issue)), noise=noise),
        _element("id", article.guid or article.link),
        _element("published", _rfc3339(article.published_at)),
        _element("updated", _rfc3339(article.updated_at)),
        *(f"<author>{_element('name', author)}</author>" for author in story.authors),
        *(_element("category", "", ("term", category), noise=noise) for category in story.categories),
    ]
    html = _summary_html(article, issue)
    entry.append(_element("summary", html, ("type", "html")) if habits.html else _element("summary", story.summary))
    if habits.full:
        entry.append(_cdata("content", markup(story.paragraphs), ("type", "html")))
    picture = (("url", image_url(article, issue.base, noise)), ("medium", "image"), ("type", "image/png"))
    entry.append(_element("media:content", "", *picture, noise=noise))
    entry.append(_element("thr:total", _views(article, noise)))
    return _wrap("entry", entry, (), noise)


def _json(issue: Issue) -> str:
    feed: dict[str, object] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": f"{issue.publisher.name} - {issue.feed.title}",
        "home_page_url": f"{issue.base}/p/{issue.publisher.slug}/",
        "feed_url": issue.base + issue.feed.path,
        "language": issue.publisher.language,
        "_built": _rfc3339(issue.built),
        "items": [_turned(_json_item(article, issue), issue.noise) for article in issue.articles],
    }
    return json.dumps(_turned(feed, issue.noise), ensure_ascii=False, indent=(None, 1, 2)[issue.noise % 3])


def _turned(fields: dict[str, object], noise: int) -> dict[str, object]:
    return dict(reversed(fields.items())) if noise % 2 else fields


def _json_item(article: Article, issue: Issue) -> dict[str, object]:
    story = article.story
    item: dict[str, object] = {
        "id": article.guid or article.link,
        "url": _link(article, issue),
        "title": story.title,
        "summary": story.summary,
        "authors": [{"name": author} for author in story.authors],
        "date_published": _rfc3339(article.published_at),
        "tags": list(story.categories),
        "image": image_url(article, issue.base, issue.noise),
        "_stats": {"views": int(_views(article, issue.noise))},
    }
    if article.revision > 1:
        item["date_modified"] = _rfc3339(article.updated_at)
    # JSON Feed 1.1 wants content of an item; a publisher who gives no body repeats the summary.
    content = markup(story.paragraphs if issue.publisher.habits.full else (story.summary,))
    return item | {"content_html": content}
