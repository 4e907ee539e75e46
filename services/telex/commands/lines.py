"""One event as one readable line: time, source, language, title, what happened."""

import re
import unicodedata
from datetime import UTC, datetime
from typing import Any

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
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What could move a terminal's cursor or turn its text: a title is hostile input."""


def line_of(event: dict[str, Any], now: float, *, titles: dict[str, str] | None = None, colour: bool = False) -> str:
    """The line of a structured CloudEvent.

    `titles` remembers titles by article, for withdrawals, which carry none. `now` is for events without a time.
    """
    kind = _WORDS.get(event["type"], event["type"])
    data = event["data"]
    when = event.get("time") or datetime.fromtimestamp(now, UTC).isoformat()
    source, language, words = _told(event, data, titles)
    shown = f"\x1b[{_COLOURS.get(kind, '36')}m{kind:<11}\x1b[0m" if colour else f"{kind:<11}"
    return f"{when[11:19]}  {_fit(source, 26)}  {_fit(language, 2)}  {shown}  {words}"


def _told(event: dict[str, Any], data: dict[str, Any], titles: dict[str, str] | None) -> tuple[str, str, str]:
    if not event["type"].startswith("telex.article."):
        words = [str(data[key]) for key in ("health", "reason", "detail", "after") if data.get(key)]
        return str(event["subject"]), "", _clean(": ".join(words))
    title = data["title"] or (titles or {}).get(data["id"]) or data["url"] or data["id"]
    if titles is not None and data["title"]:
        titles[data["id"]] = data["title"]
    source = data["source"]["name"] or data["source"]["publisher"]
    changed = ", ".join(change["field"] for change in data["changes"])
    return source, (data["language"] or "")[:2], _clean(title) + (f"  [{changed}]" if changed else "")


def _clean(text: str) -> str:
    return _CONTROL.sub(" ", text)


def _fit(text: str, width: int) -> str:
    """The text in just so many columns; wide characters take two."""
    text, used, out = _clean(text), 0, ""
    for character in text:
        columns = 0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if used + columns > width:
            out = out[:-1] + "…" if out else out
            break
        out, used = out + character, used + columns
    return out + " " * (width - used if used <= width else 0)
