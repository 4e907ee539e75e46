"""The records of a shard's partition of the state topic, and what they say together. Pure.

A memory's key is its feed's id in UTF-8. The shard's own records have keys that start with a byte that UTF-8 never
contains: no feed can be called so. The last record of a key counts; one without a value removes it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from telex.core.model import FeedId
from telex.errors import LogCorrupt
from telex.ports import Commit, Restored

OURS: Final = b"\xff"
SCHEDULE: Final = OURS + b"schedule"
INBOX: Final = OURS + b"inbox"
FORMAT: Final = OURS + b"format"
REBUILDING: Final = b"rebuilding"
"""In place of a schedule while the shard is rebuilt: what stands beside it is not all of it."""
VERSION: Final = 1
"""Of these keys and of how shards are laid out; memories have a version of their own."""


class NewerFormatError(LogCorrupt):
    """The partition was written by a telex that is newer than this one can read."""


@dataclass(slots=True)
class Remembered:
    """What was read of a partition so far."""

    memories: dict[FeedId, bytes] = field(default_factory=dict)
    schedule: bytes | None = None
    inbox: int = 0
    version: int | None = None
    unfinished: bool = False

    def take(self, key: bytes, value: bytes | None) -> None:
        """Take the next record over.

        Raises:
            NewerFormatError: an operator has to bring back the newer telex.
            LogCorrupt: the record is of another program.
        """
        if not key.startswith(OURS):
            self._take_memory(key, value)
        elif key == SCHEDULE:
            self.unfinished = value == REBUILDING
            self.schedule = None if self.unfinished else value
        elif key == INBOX:
            self.inbox = _number(key, value)
        elif key == FORMAT:
            self.version = _number(key, value)
            if self.version > VERSION:
                what = f"the state topic has format {self.version}, and this telex knows {VERSION}"
                raise NewerFormatError(f"{what}: run the newer telex, or rebuild the state")
        # Other keys are of a newer telex that an older one may do without.

    def _take_memory(self, key: bytes, value: bytes | None) -> None:
        try:
            feed = FeedId(key.decode())
        except UnicodeDecodeError as error:
            raise LogCorrupt(f"the state topic holds a key that is no feed's: {key[:80]!r}") from error
        if value is None:
            self.memories.pop(feed, None)
        else:
            self.memories[feed] = value

    def restored(self) -> Restored:
        """As the port has it."""
        return Restored(self.memories, self.schedule, self.inbox)


def _number(key: bytes, value: bytes | None) -> int:
    try:
        return int(value or b"0")
    except ValueError as error:
        raise LogCorrupt(f"the state topic holds {value[:80] if value else value!r} as {key[1:].decode()}") from error


def records(commit: Commit, *, with_format: bool) -> Iterator[tuple[bytes, bytes | None]]:
    """The keys and values that a commit writes into its shard's partition.

    Raises:
        UnicodeEncodeError: a feed's id is no text.
    """
    if with_format:
        yield FORMAT, b"%d" % VERSION
    for feed, memory in (commit.memories or {}).items():
        yield feed.encode(), memory
    if commit.schedule is not None:
        yield SCHEDULE, commit.schedule
    if commit.inbox is not None:
        yield INBOX, b"%d" % commit.inbox
