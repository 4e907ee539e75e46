"""A publisher's articles: what its feeds together say of each. Derived from their memories, kept nowhere."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from telex.core.memory import Known, Mark, Meaning, Memory
from telex.core.model import ArticleId, Feed, FeedId
from telex.core.recall import recalled


@dataclass(frozen=True, slots=True)
class Shown:
    """How one feed stands to an article."""

    feed: FeedId
    known: Known
    present: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """How an article stands in all of its publisher's feeds.

    `latest` is the meaning of the highest version, empty where nobody remembers it, and `latest_stands` whether a feed
    that told it still shows the article; `heir` is the feed that shows the last text that was told and still stands;
    `ruler` the feed whose text is the article's: of those that show it the one
    that took it over last, else the one that showed it first. `first` is the feed that showed it first.
    """

    version: int
    latest: Meaning
    latest_stands: bool
    heir: FeedId | None
    withdrawn: bool
    bodied: bool
    showing: tuple[FeedId, ...]
    ruler: FeedId | None
    ruling: Meaning | None
    first: FeedId
    first_seen: float


@dataclass(frozen=True, slots=True)
class Register:
    """The other feeds of a publisher, by article. `feeds` and `memories` hold those feeds, the polled one left out.

    `present` are the articles that at least one of them shows.
    """

    feeds: dict[FeedId, Feed] = field(default_factory=dict)
    memories: dict[FeedId, Memory] = field(default_factory=dict)
    shown: dict[ArticleId, list[Shown]] = field(default_factory=dict)
    present: set[ArticleId] = field(default_factory=set)

    def standing(self, article: ArticleId, own: Iterable[Shown] = ()) -> Standing | None:
        """How the article stands, with what the polled feed itself knew; None where nobody knows it."""
        everyone = [*self.shown.get(article, ()), *own]
        return _standing(everyone) if everyone else None

    def succeeds(self, feed: FeedId, known: Known) -> bool:
        """Whether the text that the polled feed shows as `known` is to be told again.

        It is where it was the last one told that still stands, while a later version told one that does not. What else
        the feed shows or drops has no part in it: an article stands in a feed once.
        """
        if known.missing_since is not None or not known.marks & Mark.TOLD or known.article not in self.shown:
            return False
        standing = _standing([*self.shown[known.article], Shown(feed, known, present=True)])
        if standing.version <= known.version or standing.withdrawn or standing.latest_stands:
            return False
        told = recalled(standing.latest, known.meaning)
        return standing.heir == feed and told not in (b"", known.meaning)


def register_of(feeds: Iterable[tuple[FeedId, Feed | None, Memory]]) -> Register:
    """The register of these feeds: a publisher's without the one that is polled.

    A feed that left the catalogue (None) shows nothing any more, but what it published stays published.
    """
    register = Register()
    for name, feed, memory in feeds:
        if feed is not None:
            register.feeds[name] = feed
        register.memories[name] = memory
        for known in memory.known:
            shown = Shown(name, known, feed is not None and known.missing_since is None)
            register.shown.setdefault(known.article, []).append(shown)
            if shown.present:
                register.present.add(known.article)
        for left in memory.departed:
            register.shown.setdefault(left.known.article, []).append(Shown(name, left.known, present=False))
    return register


_SPOKE = Mark.TOLD | Mark.WITHDRAWN


def _standing(everyone: list[Shown]) -> Standing:
    top = max(everyone, key=lambda s: (s.known.version, bool(s.known.marks & _SPOKE), s.known.reign, s.feed))
    first = min(everyone, key=lambda s: (s.known.first_seen, s.feed))
    present = [s for s in everyone if s.present]
    told = [s for s in present if s.known.marks & Mark.TOLD]
    heir = max(told, key=lambda s: (s.known.version, s.known.reign, -s.known.first_seen, s.feed), default=None)
    ruler = min(present, key=lambda s: (-s.known.reign, s.known.first_seen, s.feed), default=None)
    return Standing(
        version=top.known.version,
        # What the version said is forgotten where the feed that told it shows another text since, untold.
        latest=b"" if top.known.marks & Mark.UNTOLD else top.known.meaning,
        latest_stands=heir is not None and heir.known.version == top.known.version,
        heir=heir.feed if heir else None,
        withdrawn=bool(top.known.marks & Mark.WITHDRAWN),
        bodied=any(s.known.marks & Mark.BODIED for s in everyone),
        showing=tuple(sorted({s.feed for s in present})),
        ruler=ruler.feed if ruler else None,
        ruling=ruler.known.meaning if ruler else None,
        first=first.feed,
        first_seen=first.known.first_seen,
    )
