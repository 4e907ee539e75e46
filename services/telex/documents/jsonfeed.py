"""JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1): wrong types are tolerated, and named in the repairs."""

import json
from collections.abc import Iterator
from typing import Any

import orjson

from telex.core.identity import digest
from telex.core.model import Author, Digest, Entry, FeedDocument, Markup, Media, Unreadable, UnreadableReason
from telex.documents import characters, dates, feeds, limits, links, people
from telex.documents.budgets import ELEMENTS, TooCostly
from telex.documents.limits import Repairs

_VERSIONS = {"1": "json1", "1.0": "json1", "1.1": "json11"}
# Version 1.1: "an id presented as a number must be coerced"; titles that are years happen too.
_NUMBERS = frozenset({"id", "title"})
_ADDRESS = "jsonfeed.org/version/"


def load(data: bytes) -> dict[str, Any] | Unreadable:
    """The JSON Feed in these bytes, not looked into yet.

    Raises:
        TooCostly: it has more objects and arrays than any feed has.
    """
    if data.count(b"{") + data.count(b"[") > ELEMENTS:
        raise TooCostly("values beyond reason")
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        value = _lenient(data)
        if value is None:
            return Unreadable(UnreadableReason.NOT_A_FEED, f"JSON that cannot be read: {str(error)[:100]}")
    if not isinstance(value, dict) or not isinstance(value.get("version"), str):
        return Unreadable(UnreadableReason.NOT_A_FEED, "JSON, but no JSON Feed: it has no version")
    if _ADDRESS not in value["version"] or not isinstance(value.get("items"), list):
        return Unreadable(UnreadableReason.NOT_A_FEED, "JSON, but no JSON Feed: it has no items, or another version")
    return value


def _lenient(data: bytes) -> object:
    """The standard library takes lone surrogates and NaN where orjson refuses them."""
    try:
        return json.loads(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None


def slots(feed: dict[str, Any]) -> list[tuple[dict[str, Any], Digest]]:
    """The items, each with the digest of its content and of what it inherits."""
    inherited = digest(_canonical([feed.get("authors"), feed.get("author"), feed.get("language")]))
    items = [item for item in feed["items"] if isinstance(item, dict)]
    return [(item, digest(b"json", inherited, _canonical(item))) for item in items[: limits.ENTRIES]]


def _canonical(value: object) -> bytes:
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except (TypeError, orjson.JSONEncodeError):
        return json.dumps(value, sort_keys=True).encode()


def read(
    feed: dict[str, Any], entries: list[tuple[dict[str, Any], Digest]], url: str, known: frozenset[Digest]
) -> FeedDocument:
    """The document; items whose digest is known are not read."""
    repairs = Repairs()
    version = feed["version"].rstrip("/").rpartition("/")[2]
    if version not in _VERSIONS:
        repairs.note("json.version_unknown")
    count = len(feed["items"])
    valid = [item for item in feed["items"] if isinstance(item, dict)]
    if len(valid) != count:
        repairs.note("json.items_invalid")
    title = _text(feed, "title", repairs)
    language = feeds.language(_text(feed, "language", repairs))
    authors = repairs.first(_authors(feed, url, repairs), limits.AUTHORS, "authors")
    return FeedDocument(
        format=_VERSIONS.get(version, "json"),
        slots=tuple(raw if raw in known else _entry(item, raw, url, authors, language) for item, raw in entries),
        title=" ".join(title[: limits.TITLE].split()) or None if title else None,
        home_url=links.absolute(url, _text(feed, "home_page_url", repairs)),
        language=language,
        repairs=repairs.names(),
        dropped=len(valid) - len(entries),
    )


def _entry(item: dict[str, Any], raw: Digest, url: str, authors: tuple[Author, ...], language: str | None) -> Entry:
    repairs = Repairs()
    own = repairs.first(_authors(item, url, repairs), limits.AUTHORS, "authors")
    link = links.absolute(url, _text(item, "url", repairs))
    floating: list[str] = []
    published = _date(item, "date_published", repairs, floating, "published")
    updated = _date(item, "date_modified", repairs, floating, "updated")
    return Entry(
        raw=raw,
        guid=_guid(item, repairs),
        link=link or links.absolute(url, _text(item, "external_url", repairs)),
        title=_plain(item, "title", limits.TITLE, repairs),
        summary=_plain(item, "summary", limits.SUMMARY, repairs),
        content=_content(item, repairs),
        authors=own or authors,
        published=published,
        updated=updated,
        categories=_tags(item, repairs),
        media=repairs.first(_media(item, url, repairs), limits.MEDIA, "media"),
        language=feeds.language(_text(item, "language", repairs)) or language,
        base=link or url,
        repairs=repairs.names(),
        floating=tuple(floating),
    )


def _text(owner: dict[str, Any], key: str, repairs: Repairs) -> str | None:
    value = owner.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or key not in _NUMBERS:
            repairs.note(f"json.{key}_invalid")
            return None
        repairs.note(f"json.{key}_not_a_string")
    return _sound(str(value), repairs).strip() or None


def _sound(value: str, repairs: Repairs) -> str:
    """The text without what is no character: JSON can write any by its number."""
    clean, done = characters.sound(value)
    for repair in done:
        repairs.note(repair)
    return clean


def _guid(item: dict[str, Any], repairs: Repairs) -> str | None:
    value = _text(item, "id", repairs)
    return repairs.cut(value, limits.ADDRESS, "guid") if value else None


def _plain(item: dict[str, Any], key: str, limit: int, repairs: Repairs) -> Markup | None:
    value = _text(item, key, repairs)
    return Markup(repairs.cut(value, limit, key), html=False) if value else None


def _content(item: dict[str, Any], repairs: Repairs) -> Markup | None:
    for key, html in (("content_html", True), ("content_text", False)):
        value = _text(item, key, repairs)
        if value:
            return Markup(repairs.cut(value, limits.CONTENT, "content"), html=html)
    return None


def _authors(owner: dict[str, Any], url: str, repairs: Repairs) -> list[Author]:
    """`authors` (1.1), else `author` (1.0)."""
    written = owner.get("authors")
    if written is not None and not isinstance(written, list):
        repairs.note("json.authors_invalid")
        written = None
    single = owner.get("author")
    found = []
    for one in written or ([single] if single is not None else []):
        if not isinstance(one, dict):
            repairs.note("json.author_invalid")
            continue
        address = _text(one, "url", repairs) or ""
        email = address[7:][: limits.NAME] if address.lower().startswith("mailto:") else None
        author = people.person(_text(one, "name", repairs) or "", links.absolute(url, address), email)
        if author is not None:
            found.append(author)
    return people.distinct(found)


def _date(item: dict[str, Any], key: str, repairs: Repairs, floating: list[str], field: str) -> float | None:
    value = _text(item, key, repairs)
    if value is None:
        return None
    instant, assumed = dates.parse(value)
    for repair in assumed:
        repairs.note(repair)
    if dates.ZONE_ASSUMED in assumed:
        floating.append(field)
    return instant


def _tags(item: dict[str, Any], repairs: Repairs) -> tuple[str, ...]:
    tags = item.get("tags")
    if tags is None:
        return ()
    if not isinstance(tags, list):
        repairs.note("json.tags_invalid")
        return ()
    names = [_sound(tag, repairs).strip()[: limits.NAME] for tag in tags if isinstance(tag, str)]
    return repairs.first(list(dict.fromkeys(name for name in names if name)), limits.CATEGORIES, "categories")


def _media(item: dict[str, Any], url: str, repairs: Repairs) -> list[Media]:
    found: dict[str, Media] = {}
    for address in _addresses(item, url, repairs):
        found.setdefault(address, Media(address))
    attachments = item.get("attachments")
    if attachments is not None and not isinstance(attachments, list):
        repairs.note("json.attachments_invalid")
        attachments = None
    for one in attachments or ():
        if not isinstance(one, dict):
            repairs.note("json.attachments_invalid")
            continue
        target = links.absolute(url, _text(one, "url", repairs))
        if target:
            found.setdefault(target, _attachment(one, target, repairs))
    return list(found.values())


def _addresses(item: dict[str, Any], url: str, repairs: Repairs) -> Iterator[str]:
    for key in ("image", "banner_image"):
        address = links.absolute(url, _text(item, key, repairs))
        if address:
            yield address


def _attachment(one: dict[str, Any], target: str, repairs: Repairs) -> Media:
    size, kind, title = one.get("size_in_bytes"), _text(one, "mime_type", repairs), _text(one, "title", repairs)
    whole = isinstance(size, (int, float)) and not isinstance(size, bool) and 0 < size < 1e15
    return Media(
        target,
        type=kind.lower()[:100] if kind and "/" in kind else None,
        length=int(size) if whole and size is not None else None,
        caption=repairs.cut(title, limits.CAPTION, "caption") if title else None,
    )
