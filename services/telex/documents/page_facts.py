"""What a page says of its article outside of the text: title, authors, dates, language, image, each with its source."""

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from telex.core.model import Author
from telex.documents import bylines, dates, limits, page_jsonld, page_metas, page_titles, page_tree
from telex.documents.markup import decode
from telex.documents.page_blocks import squashed

_PUBLISHED = (
    "article:published_time", "og:article:published_time", "article_published_time", "datepublished", "og:published_time",
    "published_time", "parsely-pub-date", "sailthru.date", "cxenseparse:recs:publishtime", "dc.date.created", "date.available",
    "dcterms.created", "dcterms.issued", "dc.date.issued", "dc.date", "dcterms.date", "pubdate", "publishdate", "publish_date",
    "publish-date", "publication_date", "publication-date", "article.published", "date.created", "datecreated", "date",
    "originalpublicationdate", "article:publicationdate", "shareaholic:article_published_time", "uploaddate",
)  # fmt: skip
_MODIFIED = (
    "article:modified_time", "og:article:modified_time", "article_modified_time", "datemodified", "og:updated_time",
    "cxenseparse:modified_time", "dcterms.modified", "dc.date.modified", "date.modified", "date.updated", "last-modified",
    "last_modified", "lastmod", "last_updated_date", "revised", "article.updated", "shareaholic:article_modified_time",
)  # fmt: skip
_AUTHORS = (
    "author", "article:author", "og:article:author", "parsely-author", "sailthru.author", "cxenseparse:author", "byl",
    "dc.creator", "dcterms.creator", "dc.contributor", "article:author_name", "citation_author", "creator", "twitter:data1",
)  # fmt: skip
_IMAGES = ("og:image:secure_url", "og:image", "twitter:image", "twitter:image:src")
_EPOCH = re.compile(r"\d{10}(?:\d{3})?")
_CLOCK = re.compile(r"([+-]\d\d)$")
_IN_URL = re.compile(
    r"/(20\d\d|19\d\d)[/-](0?[1-9]|1[0-2])[/-](0?[1-9]|[12]\d|3[01])(?=[/_.-]|$)|/(20\d\d)(0[1-9]|1[0-2])([0-2]\d|3[01])(?=[/_.-]|$)"
)
_BYLINE = re.compile(
    r"(?:^|[^a-z])(?:by-?line|author(?!iz|is|ity)|writer|journalist|reporter|contributor|auteur|autor|signature|firma|redacteur)",
    re.IGNORECASE,
)
_NOT_BYLINE = re.compile(
    r"bio|descri|related|comment|avatar|image|photo|time|date|social|share|follow|about|more|posts|latest|tags|job",
    re.IGNORECASE,
)
_SEARCHED = 8_000
_DESCRIPTIONS = ("og:description", "description", "twitter:description")
DATE_IN_TEXT = "page.date_from_text"


@dataclass(slots=True)
class Facts:
    """What is known of the article, and, by field, what it was known from."""

    title: str | None = None
    titles: tuple[str, ...] = ()
    description: str | None = None
    authors: tuple[Author, ...] = ()
    published: float | None = None
    updated: float | None = None
    language: str | None = None
    image: str | None = None
    body: str | None = None
    free: bool | None = None
    live: bool = False
    sources: dict[str, str] = field(default_factory=dict)
    repairs: limits.Repairs = field(default_factory=limits.Repairs)


def read(tree: Any, url: str, metas: dict[str, list[str]]) -> Facts:
    """The page's facts. JSON-LD, which is made for readers like this one, comes before what is made for sharing."""
    node, broken = page_jsonld.read(tree)
    facts = Facts(body=page_metas.plain(node.body, limits.CONTENT), free=node.free, live=node.live)
    if broken:
        facts.repairs.note(page_jsonld.BROKEN)
    sites = page_metas.sites(node.publisher, metas, url)
    facts.title, facts.sources["title"], facts.titles = page_titles.title(tree, node, metas, sites)
    _authors(facts, tree, node, metas, sites)
    _dates(facts, tree, node, metas, url)
    facts.description = page_metas.plain(
        _first(facts, "summary", metas, _DESCRIPTIONS, ("json-ld description", node.description))
    )
    html = tree.get("lang") or tree.get("xml:lang")
    stated = [("html lang", html), ("json-ld inLanguage", node.language)]
    source, facts.language = next((one for one in stated if one[1]), ("", None))
    facts.sources["language"] = source
    facts.language = facts.language or _first(facts, "language", metas, ("og:locale", "language"), ("", None))
    facts.image = _first(facts, "media", metas, _IMAGES, ("json-ld image", node.image))
    return facts


def _first(
    facts: Facts, field: str, metas: dict[str, list[str]], names: tuple[str, ...], last: tuple[str, str | None]
) -> str | None:
    """What the first of these meta elements says, else `last`; its source is noted."""
    said = ((name, page_metas.first(metas, (name,))) for name in names)
    source, value = next((one for one in said if one[1]), last)
    if value:
        facts.sources[field] = source
    return value


def _without_house(authors: tuple[Author, ...], sites: set[str]) -> tuple[Author, ...]:
    """The authors without the publisher, where somebody is named beside it."""
    others = tuple(author for author in authors if squashed(author.name or "") not in sites)
    return others or authors


def _authors(
    facts: Facts, tree: Any, node: page_jsonld.ArticleNode, metas: dict[str, list[str]], sites: set[str]
) -> None:
    for source, find in _author_sources(tree, node, metas):
        found = _without_house(bylines.distinct(find()), sites)
        if found and not bylines.slug_named(found):
            facts.authors = found
            facts.sources["authors"] = source
            return


def _author_sources(
    tree: Any, node: page_jsonld.ArticleNode, metas: dict[str, list[str]]
) -> Iterator[tuple[str, Callable[[], Iterator[Author]]]]:
    yield "json-ld author", lambda: (author for one in node.people for author in bylines.named(one))
    for name in _AUTHORS:
        values = metas.get(name)
        if values:
            yield name, lambda values=values: _from_texts(values)  # type: ignore[misc]
    yield "microdata author", lambda: _from_texts(_microdata(tree))
    yield "byline", lambda: _from_texts(_bylines(tree))


def _from_texts(texts: list[str]) -> Iterator[Author]:
    for text in texts[:20]:
        yield from bylines.named(page_jsonld.Person(decode(text), None, agency=False))


def _microdata(tree: Any) -> list[str]:
    """The authors of the first element that names one, and of those beside it: comments have authors, too."""
    found: list[str] = []
    beside: Any = None
    for element in tree.iter("span", "a", "div", "p", "address", "li"):
        if element.get("itemprop") != "author" and element.get("rel") != "author":
            continue
        if beside is not None and element.getparent() is not beside:
            continue
        inner = next((one for one in element.iter() if one.get("itemprop") == "name"), element)
        text = inner.get("content") or page_metas.line_of(inner)
        if text and len(text) <= 100:
            beside = element.getparent()
            found.append(text)
        if len(found) >= 5:
            break
    return found


def _bylines(tree: Any) -> list[str]:
    """The text of the first element that is named as bylines are."""
    for element in tree.iter("a", "span", "p", "div", "address", "li", "strong", "cite"):
        name = f"{element.get('class') or ''} {element.get('id') or ''}"[:300]
        if not _BYLINE.search(name) or _NOT_BYLINE.search(name):
            continue
        text = page_metas.line_of(element)
        if text and 3 <= len(text) <= 120 and len(bylines.split(text)) >= 1 and not any(c.isdigit() for c in text):
            return [text]
    return []


def _dates(facts: Facts, tree: Any, node: page_jsonld.ArticleNode, metas: dict[str, list[str]], url: str) -> None:
    times = list(_times(tree))
    published = [
        ("json-ld datePublished", node.published),
        *((name, metas[name][0]) for name in _PUBLISHED if name in metas),
    ]
    published += [(f"time {kind}", text) for kind, text in times if kind in ("datepublished", "pubdate", "published")]
    published += [("time", text) for kind, text in times if kind == ""][:1]
    facts.published = _dated(facts, "published", published)
    modified = [
        ("json-ld dateModified", node.modified),
        *((name, metas[name][0]) for name in _MODIFIED if name in metas),
    ]
    modified += [(f"time {kind}", text) for kind, text in times if kind in ("datemodified", "updated", "modified")]
    facts.updated = _dated(facts, "updated", modified)
    if facts.published is None:
        found = _IN_URL.search(urlsplit(url).path)
        if found:
            year, month, day = (part for part in found.groups() if part)
            facts.published = _dated(facts, "published", [("url", f"{year}-{month}-{day}")])
    if facts.published is None and not page_tree.is_large(tree, _SEARCHED):
        facts.published = _dated(facts, "published", [("text", _date_in_text(tree, url))])
        if facts.published is not None:
            facts.repairs.note(DATE_IN_TEXT)


def _date_in_text(tree: Any, url: str) -> str | None:
    """The day that stands where bylines stand; no guess from all dates of the text."""
    from htmldate import find_date  # noqa: PLC0415 - takes half a second to import

    try:
        return find_date(deepcopy(tree), url=url, original_date=True, extensive_search=False)
    except Exception:  # noqa: BLE001 - a page that breaks it has no date
        return None


def _dated(facts: Facts, name: str, said: list[tuple[str, str | None]]) -> float | None:
    """The first instant that can be read; one with its time is better than a day of the same date."""
    day: tuple[float, str, tuple[str, ...]] | None = None
    for source, text in said:
        if not text:
            continue
        instant, assumed = _instant(text)
        if instant is None:
            continue
        if dates.TIME_ASSUMED in assumed:
            day = day or (instant, source, assumed)
            continue
        if day is not None and abs(instant - day[0]) > 36 * 3600:
            continue
        day = (instant, source, assumed)
        break
    if day is None:
        return None
    facts.sources[name] = day[1]
    for repair in day[2]:
        facts.repairs.note(repair)
    return day[0]


def _instant(text: str) -> tuple[float | None, tuple[str, ...]]:
    text = text.strip().strip("'\"")
    if _EPOCH.fullmatch(text):  # seconds or milliseconds since 1970
        return int(text) / (1000 if len(text) == 13 else 1), ()
    return dates.parse(text)


def _times(tree: Any) -> Iterator[tuple[str, str]]:
    """(what the element says it is, the date) of the page's time elements."""
    count = 0
    for element in tree.iter("time", "abbr", "span"):
        if element.tag == "abbr" and "published" not in (element.get("class") or ""):
            continue
        if element.tag == "span" and not (element.get("itemprop") or "").lower().startswith("date"):
            continue
        text = element.get("datetime") or element.get("content") or element.get("title")
        if text:
            count += 1
            if count > 20:
                return
            kind = (element.get("itemprop") or ("pubdate" if element.get("pubdate") is not None else "")).lower()
            named = (element.get("class") or "").lower()
            yield kind or ("updated" if "updat" in named or "modif" in named else ""), text
