"""What an article means, and what an edit changed: white space, markup and tracking parameters are no meaning."""

from telex.core.identity import digest
from telex.core.memory import FIELD_DIGEST_SIZE, FIELDS, Meaning
from telex.core.model import Article, Change
from telex.ingest.draft import Draft

CHANGE_LIMIT = 280


def _value(article: Article | Draft, field: str) -> str | None:
    if field == "authors":
        return ", ".join(author.name or author.email or author.url or "" for author in article.authors) or None
    value: str | None = getattr(article, field)
    return value


def field_digest(value: str | None) -> bytes:
    """The part of a meaning that is one field, whatever its white space."""
    return digest(" ".join(value.split()).encode("utf-8", "surrogatepass"))[:FIELD_DIGEST_SIZE] if value else _NOTHING


_NOTHING = digest(b"")[:FIELD_DIGEST_SIZE]


def meaning_of(article: Article | Draft) -> Meaning:
    """The digests of the fields that carry meaning, in the order of `FIELDS`."""
    return b"".join([field_digest(_value(article, field)) for field in FIELDS])


def changed_fields(before: Meaning, after: Meaning) -> tuple[str, ...]:
    """The names of the fields whose digests differ."""
    size = FIELD_DIGEST_SIZE
    return tuple(
        field
        for number, field in enumerate(FIELDS)
        if before[number * size : (number + 1) * size] != after[number * size : (number + 1) * size]
    )


def changes(before: Meaning, after: Meaning, article: Article | Draft) -> tuple[Change, ...]:
    """What an update to `article`, whose meaning is `after`, changed.

    Memory keeps digests, not texts: what stood there before is unknown, what stands there is cut to 280 characters.
    """
    return tuple(Change(field, None, _cut(_value(article, field))) for field in changed_fields(before, after))


def _cut(value: str | None) -> str | None:
    if value is None or len(value) <= CHANGE_LIMIT:
        return value
    return value[: CHANGE_LIMIT - 1] + "…"
