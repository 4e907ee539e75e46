"""What can arrive for a feed: the occasions on which `ingest` decides."""

from dataclasses import dataclass
from enum import StrEnum

from telex.core.model import Digest, FeedDocument, PageDocument, Unreadable


@dataclass(frozen=True, slots=True)
class FeedArrived:
    """A document that could be read. `body` is the digest of the bytes as decoded; `url` where it was found.

    `skew` is by how many seconds the server's clock ran ahead of ours when it answered (RFC 9110, section 6.6.1).
    """

    document: FeedDocument
    body: Digest
    url: str
    moved_to: str | None
    etag: str | None
    last_modified: str | None
    skew: float = 0.0


@dataclass(frozen=True, slots=True)
class StillSame:
    """A 304, or the body that we know already. `moved_to` as in a document's answer."""

    moved_to: str | None = None


@dataclass(frozen=True, slots=True)
class JunkArrived:
    """Bytes that are no feed: `body` the first of them, `sha256` and `length` of the whole, all redacted already."""

    unreadable: Unreadable
    url: str
    content_type: str | None
    digest: Digest
    sha256: str
    length: int
    body: bytes
    failures: int


@dataclass(frozen=True, slots=True)
class PollFailed:
    """The exchange gave nothing: the `failures`-th time in a row. `gone` is a 410."""

    reason: str
    detail: str | None
    failures: int
    gone: bool = False


@dataclass(frozen=True, slots=True)
class PageArrived:
    """The page that the entry `key` waited for."""

    key: Digest
    page: PageDocument


@dataclass(frozen=True, slots=True)
class WantsDue:
    """Time passed: articles that waited long enough go out as they are; wants past their end are dropped."""


class Order(StrEnum):
    """What an operator or the catalogue ordered."""

    PAUSE = "pause"
    RESUME = "resume"
    RETIRE = "retire"


@dataclass(frozen=True, slots=True)
class Ordered:
    """An order from the inbox, or the feed's leaving the catalogue."""

    order: Order


Arrival = FeedArrived | StillSame | JunkArrived | PollFailed | PageArrived | WantsDue | Ordered
