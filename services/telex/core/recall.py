"""Memories that do not know all of what they knew: their gaps are filled by what the feed shows next."""

from collections.abc import Collection

from telex.core.memory import FIELD_DIGEST_SIZE, FIELDS, Meaning

_BLANK = bytes(FIELD_DIGEST_SIZE)


def forget(meaning: Meaning, fields: Collection[str]) -> Meaning:
    """The meaning without what it says of these of `FIELDS`."""
    return b"".join(_BLANK if field in fields else part for field, part in zip(FIELDS, _parts(meaning), strict=True))


def recalled(remembered: Meaning, shown: Meaning) -> Meaning:
    """What is remembered, with what is shown in place of what was forgotten: that is taken for what was told."""
    if _BLANK not in remembered:
        return remembered
    pairs = zip(_parts(remembered), _parts(shown), strict=True)
    return b"".join(there if here == _BLANK else here for here, there in pairs)


def _parts(meaning: Meaning) -> list[bytes]:
    return [meaning[at : at + FIELD_DIGEST_SIZE] for at in range(0, len(meaning), FIELD_DIGEST_SIZE)]
