"""What an article means, and what an edit changed: white space, markup and tracking parameters are no meaning."""

import re

from telex.core import urls
from telex.core.identity import digest
from telex.core.memory import FIELD_DIGEST_SIZE, FIELDS, Meaning
from telex.core.model import Article, Change, Entry

CHANGE_LIMIT = 280
_SPACE = re.compile(r"\s+")


def _value(article: Article, field: str) -> str | None:
    if field == "authors":
        return ", ".join(author.name or author.email or author.url or "" for author in article.authors) or None
    value: str | None = getattr(article, field)
    return value


def address_of(entry: Entry) -> bytes:
    """The part of an entry's meaning that is its address, the last of `FIELDS`."""
    return _digest(urls.canonical(entry.link))


def _digest(value: str | None) -> bytes:
    return digest(_SPACE.sub(" ", value or "").strip().encode("utf-8", "surrogatepass"))[:FIELD_DIGEST_SIZE]


def meaning_of(article: Article) -> Meaning:
    """The digests of the fields that carry meaning, in the order of `FIELDS`."""
    return b"".join(_digest(_value(article, field)) for field in FIELDS)


def changed_fields(before: Meaning, after: Meaning) -> tuple[str, ...]:
    """The names of the fields whose digests differ."""
    size = FIELD_DIGEST_SIZE
    return tuple(
        field
        for number, field in enumerate(FIELDS)
        if before[number * size : (number + 1) * size] != after[number * size : (number + 1) * size]
    )


def changes(before: Meaning, article: Article) -> tuple[Change, ...]:
    """What an update changed. Memory keeps digests, not texts: `before` is unknown, `after` is cut to 280 characters."""
    fields = changed_fields(before, meaning_of(article))
    return tuple(Change(field, None, _cut(_value(article, field))) for field in fields)


def _cut(value: str | None) -> str | None:
    if value is None or len(value) <= CHANGE_LIMIT:
        return value
    return value[: CHANGE_LIMIT - 1] + "…"
