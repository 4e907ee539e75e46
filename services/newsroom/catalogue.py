"""Writes the catalogue that a reader of these publishers needs."""

from typing import Any

import yaml

from newsroom.publishers import Feed, Publisher
from newsroom.world import World

DEFAULTS = {"interval": {"min": 1, "max": 4}, "withdraw_after": 8}
"""Seconds. A demonstration shows edits and withdrawals while someone watches."""


def as_mapping(world: World) -> dict[str, Any]:
    """The catalogue as plain values. All feeds share one address, so each names its publisher."""
    feeds = [_entry(publisher, feed, world.base) for publisher in world.publishers.values() for feed in publisher.feeds]
    return {"defaults": DEFAULTS, "feeds": feeds}


def as_yaml(world: World) -> str:
    """The catalogue as a YAML document."""
    text: str = yaml.safe_dump(as_mapping(world), allow_unicode=True, sort_keys=False, width=120)
    return text


def _entry(publisher: Publisher, feed: Feed, base: str) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "id": feed.id,
        "url": base + feed.path,
        "publisher": publisher.domain,
        "name": publisher.name,
        "language": publisher.language,
        "country": publisher.country,
        "categories": [feed.title],
        "profile": publisher.profile,
    }
    if publisher.weight == 4:
        entry["priority"] = "high"
    if feed.full_text:
        entry["full_text"] = True
    return entry
