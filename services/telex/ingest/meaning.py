"""What an article means, and what an edit changed: white space, markup and tracking parameters are no meaning."""

from zlib import crc32

from telex.core.identity import digest
from telex.core.memory import FIELD_DIGEST_SIZE, FIELDS, Meaning
from telex.core.model import Article, Change
from telex.core.urls import identity_of_canonical
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
    return b"".join([field_digest(_meant(article, field)) for field in FIELDS])


def _meant(article: Article | Draft, field: str) -> str | None:
    """What of a field is meaning: of an address that it is another one, not the scheme or face of its site."""
    if field == "url":
        return address(article.url)
    return _value(article, field)


def address(url: str | None) -> str | None:
    """What a canonical URL means."""
    return identity_of_canonical(url) if url is not None else None


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


SKETCH_WORDS = 6
_SKETCHED = 2


def sketch_of(article: Article | Draft) -> bytes:
    """Twelve bytes by which two texts can be compared when one of them is gone: the least of its words' hashes.

    A bottom-k sketch (Cohen and Kaplan, PODC 2007) of the words of summary and body, each hash cut to 16 bits.
    """
    words = f"{article.summary or ''} {article.body or ''}".encode("utf-8", "surrogatepass").split()
    least = sorted({crc32(word) >> 16 for word in words[:_MOST_WORDS]})[:SKETCH_WORDS]
    return b"".join([number.to_bytes(_SKETCHED, "big") for number in least])


_MOST_WORDS = 1000
"""Words that are compared: an edit behind them is told as one, and its size is not measured."""


def alike(one: bytes, other: bytes) -> float | None:
    """Which part of the words of two texts they share, by their sketches, in [0, 1]; None where that is unknown."""
    if not one or not other:
        return None
    mine, theirs = _numbers(one), _numbers(other)
    least = sorted(mine | theirs)[: max(len(mine), len(theirs))]
    return sum(number in mine and number in theirs for number in least) / len(least)


def _numbers(sketch: bytes) -> set[bytes]:
    return {sketch[at : at + _SKETCHED] for at in range(0, len(sketch), _SKETCHED)}


def significance(changed: tuple[str, ...], likeness: float | None) -> str | None:
    """How much an edit changed: "headline", "typo", "correction", "rewrite"; None where that is not known.

    `changed` are the fields that it changed, `likeness` is what `alike` says of the text before and after.
    """
    if not changed:
        return None
    if not {"summary", "body"} & set(changed):
        return "headline" if "title" in changed else "correction"
    if likeness is None:
        return "headline" if changed[0] == "title" else None
    if likeness < _REWRITTEN:
        return "rewrite"
    if "title" in changed:
        return "headline"
    return "typo" if likeness >= _NEARLY_ALL else "correction"


_REWRITTEN = 0.5
_NEARLY_ALL = 0.8
"""One of the six that are compared may differ."""


def _cut(value: str | None) -> str | None:
    if value is None or len(value) <= CHANGE_LIMIT:
        return value
    return value[: CHANGE_LIMIT - 1] + "…"
