"""A page's named values: its meta elements, and what text is in a value or in an element."""

from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from telex.core.model import Markup
from telex.documents import limits
from telex.documents.markup import decode, to_text
from telex.documents.page_blocks import squashed

_METAS = 400
_SITES = ("og:site_name", "application-name", "apple-mobile-web-app-title", "publisher", "dc.publisher", "copyright")


def metas(tree: Any) -> dict[str, list[str]]:
    """Values by name: meta elements, and microdata wherever it stands."""
    found: dict[str, list[str]] = {}
    for meta in islice(tree.iter("meta"), _METAS):
        name = meta.get("property") or meta.get("itemprop") or meta.get("name")
        content = meta.get("content")
        if name and content and content.strip():
            found.setdefault(name.strip().lower()[:100], []).append(content.strip())
    return found


def first(values: dict[str, list[str]], names: tuple[str, ...]) -> str | None:
    """The first value of the first name that has one."""
    return next((values[name][0] for name in names if name in values), None)


def plain(text: str | None, limit: int = limits.TITLE) -> str | None:
    """The value as text: metadata are escaped once more than HTML asks for, or hold markup."""
    if not text:
        return None
    text = text[:limit]
    if "&" in text:
        text = decode(text)
    return to_text(Markup(text, html="</" in text or "<br" in text or "<p" in text)) or None


def one_line(text: str | None) -> str | None:
    """The value as text in one line."""
    text = plain(text)
    return " ".join(text.split()) if text else None


def line_of(element: Any) -> str | None:
    """The element's text in one line, its blocks and inline parts apart."""
    parts = [text for text in element.itertext() if not text.isspace()][:50]
    joined = ""
    for part in parts:
        apart = (
            joined and not joined[-1].isspace() and not part[0].isspace() and joined[-1].isalnum() and part[0].isupper()
        )
        joined += f" {part}" if apart and joined[-1].islower() else part
    return one_line(joined)


def sites(publisher: str | None, values: dict[str, list[str]], url: str) -> set[str]:
    """What the site is called, squashed: by its publisher, by its meta elements, by its host."""
    names = [publisher or "", *(value for name in _SITES for value in values.get(name, ()))]
    host = urlsplit(url).hostname or ""
    labels = [label for label in host.split(".")[:-1] if len(label) > 2 and label != "www"]
    return {squashed(name) for name in [*names, *labels, host.removeprefix("www.")] if name}
