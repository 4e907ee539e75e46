"""What we remember of a feed: enough to know what is new, what changed and what vanished, and when to ask again.

The named horizon (design section 2): every entry of the current window, and of those that left it the last
`DEPARTED_LIMIT` within `DEPARTED_AGE`, or all that left with one document where those are more. An entry that comes
back after that is a new article to us.
"""

from collections.abc import Container
from dataclasses import dataclass, replace
from typing import Final

from telex.core.events import Health
from telex.core.identity import digest
from telex.core.model import Article, ArticleId, Digest, Feed, FeedId, Hints, Publisher

DEPARTED_AGE = 30 * 86400.0
DEPARTED_LIMIT = 256
RETIRED_AGE = 90 * 86400.0
WANTS_LIMIT = 64
FIELDS = ("title", "summary", "body", "authors", "url")
"""The fields that carry an article's meaning, in the order of their digests in `Meaning`."""
FIELD_DIGEST_SIZE = 4
PAST_DIGEST_SIZE = 4

NO_HINTS = Hints()

Meaning = bytes
"""`FIELD_DIGEST_SIZE` bytes for each of `FIELDS`: says whether the meaning changed, and in which field."""


class Mark:
    """What else is known of an entry: bits of `Known.marks`. Plain numbers: every poll looks at those of a window."""

    NONE: Final = 0
    BODIED: Final = 1
    """The article has been published with a body."""
    SKIPPED: Final = 2
    """Stood in the feed at its first poll and was not to be published: it stays unpublished."""
    WITHDRAWN: Final = 4
    """Its last event was a withdrawal. One that is in the window came back, and waits for its page."""
    UNTOLD: Final = 8
    """This feed edited it while another feed's text ruled, and no event has told of that yet."""
    TOLD: Final = 16
    """The article's version of this number said what this feed shows."""
    REMOVED: Final = 32
    """Withdrawn long ago: it is in the topic of latest versions no more, or its withdrawal was not the last word."""
    HELD: Final = 64
    """Shows a former text again; the rest of `Known` is of the text before, until this one has stayed."""


@dataclass(frozen=True, slots=True)
class Past:
    """The former texts of an entry that was edited: `texts` names the last ones by digests of their meanings.

    `newest` names the one that was seen for the first time last, whatever stands there now; `held` is since when the entry shows one of them again, where that was not told yet.
    """

    texts: tuple[bytes, ...] = ()
    newest: bytes = b""
    held: float | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """An entry of the window as this feed showed it last.

    `key` is the digest of the entry's identity, `version` the article's when this feed's text was last judged (0: it
    was not published then), `reign` the version with which this feed's text took the article over (0: never), `published` the entry's own date.
    `missing_since` is set from the first document that should have shown it and did not. `sketch` tells how alike a later
    text is; it is empty where that is not known. `past` is None until the entry was edited.
    """

    key: Digest
    article: ArticleId
    raw: Digest
    meaning: Meaning
    version: int
    first_seen: float
    published: float | None = None
    reign: int = 0
    marks: int = Mark.NONE
    missing_since: float | None = None
    sketch: bytes = b""
    past: Past | None = None


@dataclass(frozen=True, slots=True)
class Departed:
    """The fingerprint of an entry that left the window."""

    known: Known
    at: float

    @property
    def awaits_removal(self) -> bool:
        """Whether its last event was a withdrawal that nothing followed yet."""
        return self.known.marks & (Mark.WITHDRAWN | Mark.REMOVED) == Mark.WITHDRAWN


@dataclass(frozen=True, slots=True)
class Want:
    """A page that an article waits for.

    The article goes out without it at `deadline`; until `expires` the page may still bring one `updated`.
    `draft` is the article as the feed gave it; its version is 0 until it is published. `told` is the meaning of the
    article's last version when the wait began, empty for a new article: an edit taken back meanwhile is none.
    """

    key: Digest
    draft: Article
    deadline: float
    expires: float
    told: Meaning = b""


@dataclass(frozen=True, slots=True)
class Head:
    """The part of a memory that a poll without news needs: decoded alone, it costs little.

    `url` is where the feed moved for good (None: the catalogue's), valid for the catalogue URL whose digest is
    `asked`. `rate` is new entries an hour, as of `accepted_at`, the last document that was accepted whole.
    `ordinal` numbers the feed's own events; `junk` is the hash of the last dead letter's body. `unsettled`
    is set where an entry is missing or its edit not told: then an answer without news has to be judged too. `publisher` is for
    the time after the feed has left the catalogue. `ids_repeat` is set for good once two entries of one document shared
    an id and not their address. `horizon` is set where memory was built again from events that went back no further:
    an unknown entry with a date before it was published once, and is passed over; the first whole document ends that.
    """

    asked: Digest | None = None
    url: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    body: Digest | None = None
    accepted_at: float | None = None
    rate: float = 0.0
    health: Health | None = None
    health_since: float = 0.0
    ordinal: int = 0
    junk: Digest | None = None
    title: str | None = None
    home_url: str | None = None
    hints: Hints = NO_HINTS
    publisher: Publisher | None = None
    retired_at: float | None = None
    ids_repeat: bool = False
    horizon: float | None = None
    has_wants: bool = False
    unsettled: bool = False


@dataclass(frozen=True, slots=True)
class Memory:
    """All that we remember of one feed. `known` is the window in document order."""

    head: Head = Head()
    known: tuple[Known, ...] = ()
    departed: tuple[Departed, ...] = ()
    wants: tuple[Want, ...] = ()

    def raws(self) -> frozenset[Digest]:
        """The digests of entries that need no reading: missing ones do, should they come back, and edits not told."""
        return frozenset(known.raw for known in self.known if not _is_open(known))


_NOT_TOLD: Final = Mark.UNTOLD | Mark.HELD


def _is_open(known: Known) -> bool:
    return known.missing_since is not None or bool(known.marks & _NOT_TOLD)


def settled(memory: Memory, now: float, shown_elsewhere: Container[ArticleId] = ()) -> Memory:
    """The memory with its limits applied and the head's flags true.

    What another feed of the publisher still shows is kept beyond the limits: its version must not be forgotten. So are
    the last `DEPARTED_LIMIT` that were withdrawn and are still in the topic of latest versions.
    """
    kept = [left for left in memory.departed if left.known.article in shown_elsewhere]
    others = [
        left for left in memory.departed if left.known.article not in shown_elsewhere and now - left.at < DEPARTED_AGE
    ]
    others.sort(key=lambda left: left.at)
    # A feed that shows an empty or another window once must not make its articles new when it shows them again.
    at_last = sum(left.at == others[-1].at for left in others)
    cut = max(0, len(others) - max(DEPARTED_LIMIT, at_last))
    withdrawn = [left for left in others[:cut] if left.awaits_removal][-DEPARTED_LIMIT:]
    departed = sorted(kept + withdrawn + others[cut:], key=lambda left: left.at)
    head = replace(memory.head, has_wants=bool(memory.wants), unsettled=any(_is_open(known) for known in memory.known))
    return Memory(head, memory.known, tuple(departed), memory.wants)


def address_digest(feed: Feed) -> Digest:
    """What stored addresses and validators are valid for: the catalogue's URL."""
    return digest(feed.url.encode("utf-8", "surrogatepass"))


def current(feed: Feed, head: Head) -> Head:
    """The head without what was learned at another catalogue URL: address, validators, body."""
    asked = address_digest(feed)
    if head.asked == asked:
        return head
    return replace(head, asked=asked, url=None, etag=None, last_modified=None, body=None)


@dataclass(frozen=True, slots=True)
class FeedState:
    """The schedule of one feed: calendar instants of the last poll and of the next, why then, and failures in a row."""

    last: float | None
    due: float
    reason: str
    failures: int = 0
    paused: bool = False


@dataclass(frozen=True, slots=True)
class ScheduleRecord:
    """What a shard knows of its polls, so that a restart neither floods publishers nor forgets a ban.

    `holds` are publishers that asked to be left alone, with the instant until when.
    """

    feeds: dict[FeedId, FeedState]
    holds: dict[str, float]
