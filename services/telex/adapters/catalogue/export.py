"""Writes feeds as a catalogue: YAML, CSV or OPML.

What YAML and CSV hold, read again with the same `interval`, gives equal feeds. Secrets stay references. What equals
its default is left out. The keys that only document (`source`, `confirmed`) are no part of a feed and are not written.
OPML keeps address, name, language and the categories that it can express (no comma, no slash in front).
"""

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import fields
from enum import StrEnum
from typing import Any
from xml.sax.saxutils import quoteattr

import yaml

from telex.adapters.catalogue.csv_rows import COLUMNS
from telex.adapters.catalogue.feeds import KEYS, Interval
from telex.adapters.catalogue.load import DEFAULT_INTERVAL
from telex.adapters.catalogue.urls import publisher_of
from telex.adapters.configuration.tree import core_scalar
from telex.core.identity import feed_id
from telex.core.model import Feed, SecretRef

_DEFAULTS = {field.name: field.default for field in fields(Feed)}
_WIDTH = 1000
_LIST_MARKS = frozenset(";|")
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _PlainDumper(_Dumper):  # type: ignore[misc]  # either of PyYAML's dumpers
    """Puts quotes around text that either YAML 1.1 or 1.2 would read as something else."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        """Write everything out: anchors are for machines."""
        return True


def _text(dumper: Any, value: str) -> Any:
    ambiguous = not isinstance(core_scalar(value), str)
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style='"' if ambiguous else None)


_PlainDumper.add_representer(str, _text)


def to_yaml(feeds: Iterable[Feed], *, interval: Interval = DEFAULT_INTERVAL) -> str:
    """The feeds as a YAML catalogue."""
    document = {"feeds": [_nested(_stated(feed, interval)) for feed in feeds]}
    return str(yaml.dump(document, Dumper=_PlainDumper, sort_keys=False, allow_unicode=True, width=_WIDTH))


def to_csv(feeds: Iterable[Feed], *, interval: Interval = DEFAULT_INTERVAL) -> str:
    """The feeds as a CSV catalogue, with the columns that at least one of them needs."""
    rows = [_stated(feed, interval) for feed in feeds]
    used = {"url"}.union(*rows)
    names = [name for name in KEYS if name in used]
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    column = dict(zip(KEYS, COLUMNS, strict=True))
    writer.writerow(column[name] for name in names)
    writer.writerows([_cell(row.get(name)) for name in names] for row in rows)
    return out.getvalue()


def to_opml(feeds: Iterable[Feed], *, title: str = "telex") -> str:
    """The feeds as an OPML 2.0 subscription list, flat, with categories as attributes."""
    lines = [f"    <outline {_attributes(_outline(feed))}/>\n" for feed in feeds]
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<opml version="2.0">\n  <head><title>{_escaped(title)}</title></head>\n'
    return f"{head}  <body>\n{''.join(lines)}  </body>\n</opml>\n"


def _stated(feed: Feed, interval: Interval) -> dict[str, Any]:
    """What has to be written of a feed, by key: plain data only."""
    first = feed.previously[0] if feed.previously else feed.url
    implied = _DEFAULTS | {"id": feed_id(first), "publisher": publisher_of(first)}
    if (feed.interval_min, feed.interval_max) == (interval.min, interval.max):
        implied |= {"interval_min": interval.min, "interval_max": interval.max}
    else:
        implied |= {"interval_min": None, "interval_max": None}
    return {
        key.name: _plain(value)
        for key in KEYS.values()
        if key.field is not None and (value := getattr(feed, key.field)) != implied[key.field]
    }


def _plain(value: Any) -> Any:
    match value:
        case StrEnum():
            return value.value
        case SecretRef(reference):
            scheme, _, name = reference.partition(":")
            return {scheme: name}
        case float() if value.is_integer():
            return int(value)
        case ((str(), str() | SecretRef()), *_):
            return {name: _plain(each) for name, each in value}
        case tuple():
            return list(value)
        case _:
            return value


def _nested(stated: dict[str, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for name, value in stated.items():
        outer, _, inner = name.partition(".")
        if inner:
            nested.setdefault(outer, {})[inner] = value
        else:
            nested[name] = value
    return nested


def _cell(value: Any) -> Any:
    match value:
        case bool():
            return "true" if value else "false"
        case list() if any(_LIST_MARKS.intersection(item) for item in value) or value[0].startswith("["):
            return json.dumps(value, ensure_ascii=False)
        case list():
            return ";".join(value)
        case {"env": str(name), **rest} if not rest:
            return f"env:{name}"
        case {"file": str(path), **rest} if not rest:
            return f"file:{path}"
        case dict():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return value


def _outline(feed: Feed) -> dict[str, str]:
    tags = [tag for tag in feed.categories if "," not in tag and not tag.startswith("/")]
    outline = {"type": "rss", "text": feed.name or feed.url, "xmlUrl": feed.url}
    if tags:
        outline["category"] = ",".join(tags)
    if feed.language:
        outline["language"] = feed.language
    return outline


def _attributes(values: dict[str, str]) -> str:
    return " ".join(f"{name}={quoteattr(value)}" for name, value in values.items())


def _escaped(text: str) -> str:
    return quoteattr(text)[1:-1]
