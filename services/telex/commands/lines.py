"""One event as one readable line: time, source, language, what happened, title."""

import unicodedata
from datetime import UTC, datetime
from typing import Any

from telex.commands.common import clean

_WORDS = {
    "telex.article.published": "new",
    "telex.article.updated": "edited",
    "telex.article.withdrawn": "withdrawn",
    "telex.feed.status": "feed",
    "telex.feed.gap": "gap",
    "telex.feed.moved": "moved",
    "telex.feed.retired": "retired",
    "telex.deadletter": "dead letter",
}
_COLOURS = {"new": "32", "edited": "33", "withdrawn": "31", "dead letter": "35", "gap": "35"}
_TITLES_LIMIT = 10_000


class Titles:
    """The titles that were shown last, by article, for withdrawals, which carry none."""

    def __init__(self) -> None:
        self._titles: dict[str, str] = {}

    def learn(self, article: str, title: str) -> None:
        """Remember it, and forget the oldest where there are too many."""
        self._titles[article] = title
        if len(self._titles) > _TITLES_LIMIT:
            del self._titles[next(iter(self._titles))]

    def get(self, article: str) -> str | None:
        """The article's title, if it was shown."""
        return self._titles.get(article)


def line_of(
    event: dict[str, Any], now: float, *, titles: Titles | None = None, colour: bool = False, dated: bool = False
) -> str:
    """The line of a structured CloudEvent; nothing in it moves a terminal's cursor but `colour`.

    `titles` learns the titles that pass. `now` is for events without a time; `dated` shows the day too. Times are UTC.
    """
    kind = clean(_WORDS.get(event["type"], event["type"]))
    data = event["data"]
    when = clean(event.get("time") or datetime.fromtimestamp(now, UTC).isoformat())
    source, language, words = _told(event, data, titles)
    shown = f"\x1b[{_COLOURS.get(kind, '36')}m{kind:<11}\x1b[0m" if colour else f"{kind:<11}"
    time = f"{when[:19]}Z" if dated else when[11:19]
    return f"{time}  {_fit(source, 26)}  {_fit(language, 2)}  {shown}  {words}"


def _told(event: dict[str, Any], data: dict[str, Any], titles: Titles | None) -> tuple[str, str, str]:
    if not event["type"].startswith("telex.article."):
        words = [str(data[key]) for key in ("health", "reason", "detail", "after") if data.get(key)]
        return str(event["subject"]), "", clean(": ".join(words))
    title = data["title"] or (titles.get(data["id"]) if titles else None) or data["url"] or data["id"]
    if titles is not None and data["title"]:
        titles.learn(data["id"], data["title"])
    source = data["source"]["name"] or data["source"]["publisher"]
    changed = ", ".join(change["field"] for change in data["changes"])
    return source, (data["language"] or "")[:2], clean(title + (f"  [{changed}]" if changed else ""))


def columns(character: str) -> int:
    """How many columns of a terminal a character takes."""
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _fit(text: str, width: int) -> str:
    """The text in just so many columns; what is cut ends with an ellipsis."""
    text = clean(text)
    if sum(map(columns, text)) > width:
        text = cut(text, width - 1) + "…"
    return text + " " * (width - sum(map(columns, text)))


def cut(line: str, width: int) -> str:
    """The beginning of a line that takes at most so many columns; colour codes take none, and end with it."""
    shown, out, coloured = 0, "", False
    for character in line:
        if character == "\x1b":
            coloured = True
        elif coloured:
            coloured = character != "m"
        else:
            shown += columns(character)
        if shown > width:
            return out + "\x1b[0m" if "\x1b" in out else out
        out += character
    return out
