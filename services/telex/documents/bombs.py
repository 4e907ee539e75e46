"""Entities that would expand beyond reason: recognised by counting, never by expanding."""

import re

MOST = 300  # HTML has 253, which Netscape's RSS 0.91 declares
_LONGEST = 4096
_FREE = 64 * 1024
_REFERENCE = re.compile(r"&([A-Za-z_:][\w:.-]*);")
_WRITTEN = re.compile(rb"&([^;&<\s]*);")
_CYCLE = -1


def is_bomb(data: bytes, entities: dict[str, str]) -> bool:
    """Whether these internal entities could make the document much larger, or are more than a feed ever needs."""
    if len(entities) > MOST or any(len(value) > _LONGEST for value in entities.values()):
        return True
    known: dict[str, int] = {}
    sizes = {name.encode(): _size(name, entities, known) for name in entities}
    if _CYCLE in sizes.values():
        return True
    left = max(_FREE, len(data) // 2)
    if max(sizes.values(), default=0) * data.count(b"&") <= left:
        return False
    for reference in _WRITTEN.finditer(data):
        left -= sizes.get(reference[1], 0)
        if left < 0:
            return True
    return False


def _size(name: str, entities: dict[str, str], sizes: dict[str, int]) -> int:
    """How long the entity would be in the end; -1 where it contains itself."""
    if name in sizes:
        return sizes[name]
    sizes[name] = _CYCLE  # until it is known: whoever meets it meanwhile is part of a circle
    value = entities[name]
    size = len(value)
    for inner in _REFERENCE.findall(value):
        if inner in entities:
            more = _size(inner, entities, sizes)
            if more == _CYCLE:
                return _CYCLE
            size += more
    sizes[name] = size
    return size
