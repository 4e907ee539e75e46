"""Which known entry an entry is, where its feed's ids are no ids: they repeat, they move, or they are new at each poll."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from telex.core.memory import FIELD_DIGEST_SIZE, Known
from telex.core.model import Digest
from telex.ingest.meaning import address, field_digest
from telex.ingest.normalise import Context, Named, draft, named
from telex.ingest.work import Work

Slot = Named | Known | None
"""An entry of a document: one that was read, one that is known and was not, or one that is neither."""
_ENOUGH: Final = 2
"""Entries of one document that came under new ids: then it is the feed's habit."""


def settle(work: Work, slots: Sequence[Slot], context: Context) -> list[Slot]:
    """The entries of a document by the names that they are known by.

    An entry under a new id whose address and title are those of an entry whose id is gone is that one, and keeps its
    article. Ids that repeat, move from one address to another's, or change for several entries at once are no ids
    (design 4.2): from then on the address names an entry of that feed.
    """
    by_key = {known.key: known for known in work.known}
    if not work.head.ids_repeat and (_repeat(slots) or _move(slots, by_key)):
        _distrust(work)
    slots = [_well_named(work, slot, by_key) if isinstance(slot, Named) else slot for slot in slots]
    found = _known_otherwise(work, slots, context)
    if len(found) >= _ENOUGH and not work.head.ids_repeat:
        _distrust(work)
        slots = [_well_named(work, slot, by_key) if isinstance(slot, Named) else slot for slot in slots]
        found = _known_otherwise(work, slots, context)
    if found:
        _rename(work, found)
    return list(slots)


def _distrust(work: Work) -> None:
    work.head = replace(work.head, ids_repeat=True)


def _repeat(slots: Sequence[Slot]) -> bool:
    """Whether two entries have one id and two addresses."""
    first: dict[Digest, Named | Known] = {}
    for slot in slots:
        if slot is None or (isinstance(slot, Named) and (slot.entry.guid is None or slot.url is None)):
            continue
        other = first.setdefault(slot.key, slot)
        if other is not slot and _address_of(other) != _address_of(slot):
            return True
    return False


def _move(slots: Sequence[Slot], by_key: Mapping[Digest, Known]) -> bool:
    """Whether an id left an address at which another id stands since: ids that number the places of a list."""
    read = [slot for slot in slots if isinstance(slot, Named) and slot.url is not None]
    left: set[bytes] = set()
    come: set[bytes] = set()
    for name in read:
        known, here = by_key.get(name.key), _address_of(name)
        before = _address_of(known) if known else b""
        if here != before:
            come.add(here)
            left.add(before)
    return bool(come & left)


def _address_of(one: Named | Known) -> bytes:
    """The part of an entry's meaning that is its address, the last of `FIELDS`."""
    return one.meaning[-FIELD_DIGEST_SIZE:] if isinstance(one, Known) else field_digest(address(one.url))


def _well_named(work: Work, name: Named, by_key: Mapping[Digest, Known]) -> Named:
    """The entry without its id where the feed's ids are none, unless it is known by that id and at that address."""
    if not work.head.ids_repeat or name.entry.guid is None or name.url is None:
        return name
    known = by_key.get(name.key)
    if known and _address_of(known) == _address_of(name):
        return name
    return named(replace(name.entry, guid=None))


def _known_otherwise(work: Work, slots: Sequence[Slot], context: Context) -> dict[Digest, Digest]:
    """The new key of each known entry that the document shows by another name: the only one at its address, before and now."""
    keys = {slot.key for slot in slots if slot is not None}
    lost: dict[bytes, list[Known]] = {}
    for known in work.known:
        if known.key not in keys:
            lost.setdefault(_address_of(known), []).append(known)
    if not lost:
        return {}
    known_keys = {known.key for known in work.known}
    found: dict[Digest, Digest] = {}
    shown: Counter[bytes] = Counter()
    for slot in slots:
        if not isinstance(slot, Named) or slot.url is None or slot.key in known_keys or slot.key in work.departed:
            continue
        here = _address_of(slot)
        if len(lost.get(here, ())) != 1:
            continue
        shown = shown or Counter(_address_of(one) for one in slots if one is not None)
        (one,) = lost[here]
        if shown[here] == 1 and (work.head.ids_repeat or _same_title(one, slot, context)):
            found[one.key] = slot.key
    return found


def _same_title(known: Known, name: Named, context: Context) -> bool:
    return known.meaning[:FIELD_DIGEST_SIZE] == field_digest(draft(name, context).title)


def _rename(work: Work, keys: Mapping[Digest, Digest]) -> None:
    """Let known entries be known by other keys."""
    work.known = tuple(replace(known, key=keys[known.key]) if known.key in keys else known for known in work.known)
    for old, new in keys.items():
        if want := work.wants.pop(old, None):
            work.wants[new] = replace(want, key=new)
