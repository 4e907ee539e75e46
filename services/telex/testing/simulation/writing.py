"""How the simulated publishers write: JSON Feed, RSS and article pages, as bytes."""

from datetime import UTC, datetime
from functools import lru_cache
from html import escape
from typing import Any

import orjson

from telex.core.model import PageDocument
from telex.testing.simulation.world import EPOCH, Channel, PublisherSite, Snapshot

JSON_FEED = "application/feed+json"
RSS = "application/rss+xml"
HTML = "text/html; charset=utf-8"
SORRY = b"<!doctype html><html><head><title>Sorry</title></head><body><p>We will be back soon.</p></body></html>"


@lru_cache(maxsize=4096)
def document(
    publisher: str, feed: str, rss: bool, brief: bool, items: tuple[tuple[int, int, int, float], ...]
) -> bytes:
    """A feed's document; each item is a story's number, edition, noise and the moment of its appearance."""
    return _rss(publisher, feed, brief, items) if rss else _json_feed(publisher, feed, brief, items)


def document_of(site: PublisherSite, channel: Channel, snapshot: Snapshot) -> bytes:
    """The document of this snapshot."""
    items = tuple((*item, site.stories[item[0] - 1].editions[0]) for item in snapshot.items)
    return document(site.publisher, channel.feed.url, channel.rss, channel.brief, items)


def content_type_of(channel: Channel) -> str:
    """The media type of a channel's documents."""
    return RSS if channel.rss else JSON_FEED


def _texts(publisher: str, number: int, edition: int, noise: int) -> tuple[str, str, str, str, str]:
    """Id, link, title, summary and body of a story: noise changes bytes and no meaning."""
    space = " " * (1 + noise % 3)
    link = f"http://{publisher}/articles/{number}" + (f"?utm_source=feed&utm_content={noise}" if noise else "")
    title = f"Report {number}, edition {edition}"
    summary = f"What happened in case {number}{space}as known to edition {edition}."
    body = f"<p>First paragraph{space}of report {number}.</p>\n<p>It was written {edition} times.</p>"
    return f"urn:report:{publisher}/{number}", link, title, summary, body


def _json_feed(publisher: str, feed: str, brief: bool, items: tuple[tuple[int, int, int, float], ...]) -> bytes:
    written = []
    for number, edition, noise, at in items:
        guid, link, title, summary, body = _texts(publisher, number, edition, noise)
        item: dict[str, Any] = {"id": guid, "url": link, "title": title, "summary": summary}
        item["date_published"] = datetime.fromtimestamp(EPOCH + at, UTC).isoformat()
        item["_comments"] = noise
        if not brief:
            item["content_html"] = body
        written.append(item)
    head = {"version": "https://jsonfeed.org/version/1.1", "title": f"News of {publisher}", "feed_url": feed}
    return orjson.dumps({**head, "home_page_url": f"http://{publisher}/", "items": written})


def _rss(publisher: str, feed: str, brief: bool, items: tuple[tuple[int, int, int, float], ...]) -> bytes:
    written = []
    for number, edition, noise, at in items:
        guid, link, title, summary, body = _texts(publisher, number, edition, noise)
        date = datetime.fromtimestamp(EPOCH + at, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
        content = "" if brief else f"<content:encoded>{escape(body)}</content:encoded>"
        written.append(
            f'<item><guid isPermaLink="false">{guid}</guid><link>{escape(link)}</link><title>{title}</title>'
            f"<description>{summary}</description><pubDate>{date}</pubDate>{content}</item>"
        )
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/">'
        f"<channel><title>News of {publisher}</title><link>http://{publisher}/</link><description>{escape(feed)}"
        f"</description>{''.join(written)}</channel></rss>"
    ).encode()


def page(publisher: str, number: int) -> bytes:
    """An article's page. Its text is the same in every edition: feeds and pages are never quite in step."""
    return f"<html><title>Report {number}</title><p>The whole report {number} of {publisher}.</p></html>".encode()


def read_page(body: bytes, url: str) -> PageDocument:
    """What `page` wrote."""
    text = body.decode().partition("<p>")[2].partition("</p>")[0]
    return PageDocument(url, text=text, html=f"<p>{text}</p>")
