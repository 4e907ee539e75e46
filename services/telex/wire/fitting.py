"""Events that fit into one record: a log has a largest record, and a publisher has no such limit."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from telex.core.events import ArticlePublished, ArticleUpdated, ArticleWithdrawn, DeadLetter, Event
from telex.core.model import Article, Change
from telex.core.records import Record
from telex.wire import articles
from telex.wire.cloudevents import records
from telex.wire.topics import Naming

FRAMING: Final = 128
"""More than what a log adds to a record in its batch: Kafka's batch header has 61 bytes, a record's own at most 31."""
CUT: Final = "record.cut"
"""The repair that is noted where text was given up."""
_FEW: Final = 5


def size(record: Record) -> int:
    """Bytes that a log needs for the record at most: key, value, headers and framing."""
    headers = sum(len(name.encode()) + len(value.encode()) + 10 for name, value in record.headers)
    return FRAMING + len(record.key.encode()) + len(record.value or b"") + headers


def fitting_records(event: Event, naming: Naming, limit: int) -> tuple[Record, ...]:
    """The records of an event, none larger than `limit` bytes where its text can be cut to that.

    An article loses its HTML first, then the end of its body (`truncated`), then of its summary, at last most of its lists; a dead letter
    keeps the beginning of its bytes. What does not fit even so comes back as it is: the log will refuse it.
    """
    made = records(event, naming)
    largest = max(map(size, made))
    if largest <= limit:
        return made
    room = limit - (largest - max(len(record.value or b"") for record in made))
    match event:
        case ArticlePublished() | ArticleUpdated() | ArticleWithdrawn():
            return records(replace(event, article=_cut(event.article, room)), naming)
        case DeadLetter():
            spare = len(made[0].value or b"") - room
            kept = max(0, len(event.body) - (spare * 3 // 4 + 4))
            return records(replace(event, body=event.body[:kept]), naming)
        case _:
            return made


def _cut(article: Article, room: int) -> Article:
    repairs = article.provenance.repairs
    noted = repairs if CUT in repairs else (*repairs, CUT)
    article = replace(article, provenance=replace(article.provenance, repairs=noted), body_html=None)
    article = _text_cut(article, room, article.body, _with_body)
    article = _text_cut(article, room, article.summary, _with_summary)
    if _fits(article, room):
        return article
    return replace(
        article,
        authors=article.authors[:_FEW],
        categories=article.categories[:_FEW],
        media=article.media[:_FEW],
        changes=tuple(Change(change.field, None, None) for change in article.changes),
    )


def _with_body(article: Article, text: str | None) -> Article:
    return replace(article, body=text, truncated=True)


def _with_summary(article: Article, text: str | None) -> Article:
    return replace(article, summary=text, truncated=True)


def _text_cut(article: Article, room: int, text: str | None, put: Callable[[Article, str | None], Article]) -> Article:
    """The longest text of a few tries: JSON may write a character in one byte or in six, so its length is measured."""
    while text and (needed := len(articles.to_json(article))) > room:
        without = len(articles.to_json(put(article, None)))
        share = max(0.0, min(0.95, (room - without) / (needed - without)))
        text = text[: int(len(text) * share)].rstrip() or None
        article = put(article, text)
    return article


def _fits(article: Article, room: int) -> bool:
    return len(articles.to_json(article)) <= room
