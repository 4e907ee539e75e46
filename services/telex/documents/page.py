"""An article's page: its text by paragraphs, and what it says of the article. Simple until full text is its own theme."""

import functools
import re
from typing import Any

import lxml.html

from telex.core.model import Author, Markup, Media, PageDocument, Unreadable, UnreadableReason
from telex.documents import dates, feeds, limits, links, people, sniff
from telex.documents.limits import Repairs
from telex.documents.markup import to_text

_META = re.compile(rb"<meta[^>]{0,300}?charset\s*=\s*[\"']?([\w-]{2,40})", re.IGNORECASE)
_PUBLISHED = ("article:published_time", "datepublished", "date", "dc.date", "dcterms.created", "parsely-pub-date")
_MODIFIED = ("article:modified_time", "og:updated_time", "datemodified", "dcterms.modified")


@functools.cache
def _extract() -> Any:
    from trafilatura import bare_extraction  # noqa: PLC0415 - takes half a second to import

    return bare_extraction


def read(body: bytes, content_type: str | None, url: str) -> PageDocument | Unreadable:
    """The page in these bytes."""
    if not body.strip():
        return Unreadable(UnreadableReason.EMPTY, f"{len(body)} bytes, no text")
    text, repairs = _decoded(body, content_type)
    if "<" not in text:
        return Unreadable(UnreadableReason.NOT_TEXT, "no markup")
    tree = lxml.html.fromstring(text.encode(), parser=lxml.html.HTMLParser(encoding="utf-8"))
    metas = _metas(tree)
    found = _extract()(tree, url=url, with_metadata=True, include_comments=False, include_tables=True)
    noted = Repairs()
    for repair in repairs:
        noted.note(repair)
    return PageDocument(
        url=url,
        title=_title(found, metas),
        text=_paragraphs(found, noted),
        authors=_authors(found),
        published=_date(metas, _PUBLISHED, noted) or _day(found, noted),
        updated=_date(metas, _MODIFIED, noted),
        language=feeds.language(tree.get("lang") or getattr(found, "language", None)),
        media=_image(metas, url),
        repairs=noted.names(),
    )


def _decoded(body: bytes, content_type: str | None) -> tuple[str, tuple[str, ...]]:
    if content_type is None or "charset" not in content_type.lower():
        declared = _META.search(body, 0, 4096)
        if declared:
            content_type = f"text/html; charset={declared[1].decode('ascii', 'replace')}"
    data, repairs = sniff.to_utf8(body, content_type)
    return data.decode("utf-8", "replace").replace("\0", ""), repairs


def _metas(tree: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for meta in tree.iter("meta"):
        name = meta.get("property") or meta.get("itemprop") or meta.get("name")
        if name and meta.get("content"):
            found.setdefault(name.lower(), meta.get("content"))
    for time in tree.iter("time"):
        if time.get("datetime") and time.get("itemprop"):
            found.setdefault(time.get("itemprop").lower(), time.get("datetime"))
    return found


def _title(found: Any, metas: dict[str, str]) -> str | None:
    title = getattr(found, "title", None) or metas.get("og:title")
    return to_text(Markup(title[: limits.TITLE], html=False)) or None if title else None


def _paragraphs(found: Any, repairs: Repairs) -> str | None:
    text = getattr(found, "text", None)
    if not text:
        return None
    blocks = (line.strip() for line in text.split("\n"))
    joined = "\n\n".join(line for line in blocks if line)
    return to_text(Markup(repairs.cut(joined, limits.CONTENT, "content"), html=False)) or None


def _authors(found: Any) -> tuple[Author, ...]:
    named = getattr(found, "author", None)
    each = (people.person(name) for name in (named or "").split(";"))
    return tuple(people.distinct([one for one in each if one is not None]))[: limits.AUTHORS]


def _date(metas: dict[str, str], names: tuple[str, ...], repairs: Repairs) -> float | None:
    for name in names:
        instant, assumed = dates.parse(metas.get(name, ""))
        if instant is not None:
            for repair in assumed:
                repairs.note(repair)
            return instant
    return None


def _day(found: Any, repairs: Repairs) -> float | None:
    instant, assumed = dates.parse(getattr(found, "date", None) or "")
    for repair in assumed:
        repairs.note(repair)
    return instant


def _image(metas: dict[str, str], url: str) -> tuple[Media, ...]:
    address = links.absolute(url, metas.get("og:image"))
    return (Media(address),) if address else ()
