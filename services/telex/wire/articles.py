"""Article to JSON (schemas/article/1.json) and back."""

from collections.abc import Iterable
from typing import Any

import orjson

from telex.core.model import (
    Article,
    ArticleId,
    Author,
    BodyFrom,
    Change,
    Evidence,
    FeedId,
    Media,
    Mention,
    Place,
    Profile,
    Provenance,
    Publisher,
    Source,
    Topic,
)
from telex.wire.values import dumps, instant, instant_or_none, seconds, seconds_or_none, uri, uri_or_none


def to_json(article: Article) -> bytes:
    """The article as one line of UTF-8 JSON, valid by schemas/article/1.json whatever a feed wrote into it.

    Instants have milliseconds. A publisher's instant outside the years 1 to 9999, an address that is no URI, a size
    below 0 or beyond 2**53 - 1 become null, media without an address are left out, lone surrogates become U+FFFD.
    Secrets are not looked for: `source.feed_url` was redacted by the caller.
    """
    provenance = article.provenance
    return dumps(
        {
            "id": article.id,
            "version": article.version,
            "url": uri_or_none(article.url),
            "link": uri_or_none(article.link),
            "guid": article.guid,
            "title": article.title,
            "summary": article.summary,
            "body": article.body,
            "body_html": article.body_html,
            "truncated": article.truncated,
            "language": article.language,
            "authors": [
                {"name": a.name, "url": uri_or_none(a.url), "email": a.email, "kind": a.kind} for a in article.authors
            ],
            "published_at": instant_or_none(article.published_at),
            "updated_at": instant_or_none(article.updated_at),
            "first_seen_at": instant(article.first_seen_at),
            "published_at_source": article.published_at_source,
            "source": _source(article.source),
            "feeds": article.feeds,
            "categories": article.categories,
            "topics": [_topic(topic) for topic in article.topics],
            "places": [_place(place) for place in article.places],
            "mentions": [_mention(mention) for mention in article.mentions],
            "media": [_media(m, url) for m in article.media if (url := uri_or_none(m.url)) is not None],
            "word_count": article.word_count,
            "rights": article.rights,
            "backfill": article.backfill,
            "significance": article.significance,
            "changes": [{"field": c.field, "before": c.before, "after": c.after} for c in article.changes],
            "provenance": {
                "fetched_at": instant(provenance.fetched_at),
                "entry_digest": provenance.entry_digest,
                "body_from": provenance.body_from,
                "repairs": provenance.repairs,
                "taxonomies": provenance.taxonomies,
                "missing_since": instant_or_none(provenance.missing_since),
            },
        }
    )


def _source(source: Source) -> dict[str, Any]:
    return {
        "publisher": source.publisher,
        "id": source.id,
        "name": source.name,
        "feed_url": uri(source.feed_url),
        "home_url": uri_or_none(source.home_url),
        "country": source.country,
        "profile": source.profile,
    }


def tags_to_json(topics: Iterable[Topic], places: Iterable[Place], mentions: Iterable[Mention]) -> bytes:
    """The tags alone, each as in an article's JSON."""
    return dumps(
        {
            "topics": [_topic(topic) for topic in topics],
            "places": [_place(place) for place in places],
            "mentions": [_mention(mention) for mention in mentions],
        }
    )


def _place(place: Place) -> dict[str, Any]:
    return {"code": place.code, "name": place.name, "role": place.role, "evidence": _evidence(place.evidence)}


def _mention(mention: Mention) -> dict[str, Any]:
    return {
        "name": mention.name,
        "kind": mention.kind,
        "wikidata": mention.wikidata,
        "evidence": _evidence(mention.evidence),
    }


def _topic(topic: Topic) -> dict[str, Any]:
    return {
        "code": topic.code,
        "name": topic.name,
        "name_en": topic.name_en,
        "broader": topic.broader,
        "confidence": topic.confidence,
        "evidence": _evidence(topic.evidence),
    }


def _media(media: Media, url: str) -> dict[str, Any]:
    return {
        "url": url,
        "type": media.type,
        "width": _size(media.width),
        "height": _size(media.height),
        "length": _size(media.length),
        "caption": media.caption,
        "credit": media.credit,
    }


def _size(value: int | None) -> int | None:
    return None if value is None or value < 0 else value


def _evidence(evidence: tuple[Evidence, ...]) -> list[dict[str, Any]]:
    return [{"term": e.term, "field": e.field, "offset": e.offset} for e in evidence]


def from_json(data: bytes) -> Article:
    """The article that `to_json` wrote; members that this release does not know are passed over.

    Raises:
        ValueError: the bytes are no JSON, a member is missing, or a value is not what the schema says.
    """
    return from_data(orjson.loads(data))


def from_data(data: dict[str, Any]) -> Article:
    """The article of decoded JSON.

    Raises:
        ValueError: a member is missing, or a value is not what the schema says.
    """
    try:
        return _article_of(data)
    except (KeyError, TypeError) as error:
        raise ValueError(f"not an article: {error!r}") from error


def _article_of(data: dict[str, Any]) -> Article:
    return Article(
        id=ArticleId(data["id"]),
        version=data["version"],
        url=data["url"],
        link=data["link"],
        guid=data["guid"],
        title=data["title"],
        summary=data["summary"],
        body=data["body"],
        body_html=data["body_html"],
        truncated=data["truncated"],
        language=data["language"],
        authors=tuple(Author(a["name"], a["url"], a["email"], a.get("kind")) for a in data["authors"]),
        published_at=seconds_or_none(data["published_at"]),
        updated_at=seconds_or_none(data["updated_at"]),
        first_seen_at=seconds(data["first_seen_at"]),
        published_at_source=data["published_at_source"],
        source=_source_of(data["source"]),
        feeds=tuple(FeedId(feed) for feed in data["feeds"]),
        categories=tuple(data["categories"]),
        topics=tuple(_topic_of(topic) for topic in data["topics"]),
        places=tuple(Place(p["code"], p["name"], p["role"], _evidence_of(p)) for p in data["places"]),
        mentions=tuple(Mention(m["name"], m["kind"], m["wikidata"], _evidence_of(m)) for m in data["mentions"]),
        media=tuple(_media_of(media) for media in data["media"]),
        word_count=data["word_count"],
        rights=data["rights"],
        backfill=data["backfill"],
        significance=data["significance"],
        changes=tuple(Change(c["field"], c["before"], c["after"]) for c in data["changes"]),
        provenance=_provenance_of(data["provenance"]),
    )


def _source_of(data: dict[str, Any]) -> Source:
    return Source(
        publisher=Publisher(data["publisher"]),
        id=FeedId(data["id"]),
        name=data["name"],
        feed_url=data["feed_url"],
        home_url=data["home_url"],
        country=data["country"],
        profile=Profile(data["profile"]),
    )


def _topic_of(data: dict[str, Any]) -> Topic:
    return Topic(
        code=data["code"],
        name=data["name"],
        name_en=data["name_en"],
        broader=tuple(data["broader"]),
        confidence=float(data["confidence"]),
        evidence=_evidence_of(data),
    )


def _media_of(data: dict[str, Any]) -> Media:
    return Media(
        url=data["url"],
        type=data["type"],
        width=data["width"],
        height=data["height"],
        length=data["length"],
        caption=data["caption"],
        credit=data["credit"],
    )


def _evidence_of(data: dict[str, Any]) -> tuple[Evidence, ...]:
    return tuple(Evidence(e["term"], e["field"], e["offset"]) for e in data["evidence"])


def _provenance_of(data: dict[str, Any]) -> Provenance:
    body_from = data["body_from"]
    return Provenance(
        fetched_at=seconds(data["fetched_at"]),
        entry_digest=data["entry_digest"],
        body_from=None if body_from is None else BodyFrom(body_from),
        repairs=tuple(data["repairs"]),
        taxonomies=tuple(data["taxonomies"]),
        missing_since=seconds_or_none(data["missing_since"]),
    )
