"""Who publishes: the invented publishers, their feeds, and how each of them happens to write."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from newsroom.places import data_lines, places


class Format(StrEnum):
    """What a publisher's feeds are written in."""

    RSS2 = "rss2"
    RDF = "rdf"
    ATOM = "atom"
    JSON = "json"


class Guid(StrEnum):
    """How a publisher's entries are identified."""

    PERMALINK = "permalink"
    TAG = "tag"
    NUMBER = "number"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Habits:
    """How a publisher writes and serves.

    `full` puts bodies into the feed, `html` markup into the summary; `tracking` decorates links with parameters that
    change with the noise; `noise` is the time between changes that mean nothing, in seconds (None: there are none);
    `run_together` is a page whose JSON-LD holds the body without its paragraphs.
    """

    window: int
    full: bool
    html: bool
    guid: Guid
    tracking: bool
    noise: float | None
    etag: bool
    last_modified: bool
    gzip: bool
    charset: str
    run_together: bool


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed; `desks` empty is every desk. `id` is unique over all publishers."""

    id: str
    slug: str
    title: str
    desks: tuple[str, ...]
    path: str
    full_text: bool


@dataclass(frozen=True, slots=True)
class Publisher:
    """One publisher: `domain` names it in the catalogue, `slug` in paths."""

    domain: str
    slug: str
    name: str
    language: str
    country: str
    profile: str
    format: Format
    feeds: tuple[Feed, ...]
    habits: Habits
    weight: int

    @property
    def desks(self) -> tuple[str, ...]:
        """The desks that the publisher covers; empty is every desk."""
        if any(not feed.desks for feed in self.feeds):
            return ()
        return tuple(dict.fromkeys(desk for feed in self.feeds for desk in feed.desks))

    def feeds_for(self, desk: str) -> tuple[Feed, ...]:
        """The feeds that show a story of this desk."""
        return tuple(feed for feed in self.feeds if not feed.desks or desk in feed.desks)


@cache
def publishers(count: int) -> tuple[Publisher, ...]:
    """The first `count` publishers: those of data/publishers.txt, then as many made-up ones as it takes."""
    rows = data_lines("publishers.txt")
    return tuple(_publisher(n, rows[n] if n < len(rows) else _made_up(n)) for n in range(count))


def _made_up(n: int) -> str:
    language = "fr" if n % 2 else "en"
    codes = list(places(language))
    place = places(language)[codes[n % len(codes)]]
    city = place.cities[n % len(place.cities)]
    name = f"Le Courrier de {city}" if language == "fr" else f"{city} Bulletin"
    kind = ("rss2", "rss2", "rss2", "atom", "rdf", "json")[n % 6]
    return f"bulletin-{n}.example; {name} {n}; {language}; {place.code}; private; {kind}; news=News=*"


def _publisher(n: int, row: str) -> Publisher:
    domain, name, language, country, profile, kind, feeds = (part.strip() for part in row.split(";"))
    slug = domain.removesuffix(".example")
    written = Format(kind)
    habits = _habits(n, written)
    return Publisher(
        domain=domain,
        slug=slug,
        name=name,
        language=language,
        country=country,
        profile=profile,
        format=written,
        feeds=tuple(_feed(slug, written, feed, habits) for feed in feeds.split(",")),
        habits=habits,
        weight=1 + (n * 5) % 4,
    )


def _feed(slug: str, written: Format, row: str, habits: Habits) -> Feed:
    name, title, desks = row.strip().split("=")
    ending = {Format.JSON: "json", Format.ATOM: "atom"}.get(written, "xml")
    return Feed(
        id=f"{slug}-{name}",
        slug=name,
        title=title,
        desks=() if desks == "*" else tuple(desks.split("+")),
        path=f"/p/{slug}/{name}.{ending}",
        full_text=habits.run_together,
    )


def _habits(n: int, written: Format) -> Habits:
    """Habits spread over the publishers with periods that share no factor, so that they meet in many combinations."""
    guids = (Guid.PERMALINK, Guid.TAG, Guid.NUMBER, Guid.NONE, Guid.PERMALINK)
    guid = guids[n % 5]
    if written is Format.RDF or (guid is Guid.NONE and written is not Format.RSS2):
        guid = Guid.PERMALINK  # rdf:about, atom:id and JSON Feed's id are required
    run_together = n in {9, 19}
    return Habits(
        window=10 + (n * 7) % 21,
        full=n % 3 == 0 and not run_together,
        html=n % 4 in (1, 2),
        guid=guid,
        tracking=n % 4 == 3,
        noise=(None, 120.0, 45.0, 300.0, None, 75.0)[n % 6],
        etag=n % 7 != 3,
        last_modified=n % 8 != 4,
        gzip=n % 6 == 2,
        charset={13: "iso-8859-1", 25: "windows-1252"}.get(n, "utf-8"),
        run_together=run_together,
    )
