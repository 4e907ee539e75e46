"""The simulated publishers: their news, drawn beforehand and whatever the program does, and the truth about them."""

import random
from dataclasses import dataclass, field
from enum import StrEnum

from telex.core.identity import feed_id, shard_of
from telex.core.model import Feed, FeedId, Publisher

EPOCH = 1_767_225_600.0
"""The calendar when a simulation's loop is at 0: 2026-01-01T00:00:00Z."""
WINDOW = 8
BACK_CATALOGUE = 5
"""Stories that stand in a publisher's feeds when the simulation starts."""
INTERVAL_MIN, INTERVAL_MAX = 1800.0, 7200.0
WITHDRAW_AFTER = 1800.0
PACES = (3600.0, 9000.0, 21600.0)
"""Mean seconds between two pieces of news of a publisher; a seed draws one for each."""


class Act(StrEnum):
    """What a publisher does."""

    NEW = "new"
    EDIT = "edit"
    NOISE = "noise"
    SHARE = "share"
    WITHDRAW = "withdraw"
    RETURN = "return"


ACTS = (Act.NEW, Act.EDIT, Act.NOISE, Act.SHARE, Act.WITHDRAW, Act.RETURN)
WEIGHTS = (60, 18, 8, 6, 5, 3)


@dataclass(frozen=True, slots=True)
class News:
    """One act, at a moment of the loop. `pick` in [0, 1) chooses its story, `spread` its feeds."""

    at: float
    act: Act
    pick: float
    spread: tuple[float, ...]


@dataclass(slots=True)
class Spell:
    """A time for which a story stands in a feed's window. `withdrawn` tells how it ended."""

    feed: FeedId
    since: float
    until: float | None = None
    withdrawn: bool = False


@dataclass(slots=True)
class Story:
    """An article as its publisher has it. `editions` are the moments of its edits, the first of its appearance."""

    number: int
    guid: str
    link: str
    editions: list[float]
    noise: int = 0
    spells: list[Spell] = field(default_factory=list)

    @property
    def edition(self) -> int:
        """How often it was written, from 1."""
        return len(self.editions)

    def title(self) -> str:
        """Its headline, which every edit changes."""
        return f"Report {self.number}, edition {self.edition}"

    def stands(self) -> bool:
        """Whether a feed shows it."""
        return any(spell.until is None for spell in self.spells)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A feed's document at a moment: for each story its number, edition and noise, newest first."""

    revision: int
    items: tuple[tuple[int, int, int], ...]


@dataclass(slots=True)
class Channel:
    """A feed as its publisher serves it. `brief` leaves bodies out; `rss` writes it as RSS instead of JSON Feed."""

    feed: Feed
    rss: bool = False
    brief: bool = False
    window: list[int] = field(default_factory=list)
    snapshots: list[Snapshot] = field(default_factory=list)


class PublisherSite:
    """A publisher with its feeds. Its state at a moment follows from its plan alone."""

    def __init__(self, publisher: Publisher, channels: list[Channel], plan: list[News]) -> None:
        self.publisher = publisher
        self.channels = channels
        self.stories: list[Story] = []
        self._plan = plan[: BACK_CATALOGUE - 1 : -1]
        for number, news in enumerate(plan[:BACK_CATALOGUE]):
            self._new(news, written=3600.0 * (number - BACK_CATALOGUE))
        self._snap()

    def advance(self, now: float) -> None:
        """Let everything happen that happens until now."""
        while self._plan and self._plan[-1].at <= now:
            news = self._plan.pop()
            self._act(news)
            self._snap()

    def _act(self, news: News) -> None:
        standing = [story for story in self.stories if story.stands()]
        match news.act:
            case Act.NEW:
                self._new(news)
            case Act.EDIT if standing:
                _pick(standing, news).editions.append(news.at)
            case Act.NOISE if standing:
                _pick(standing, news).noise += 1
            case Act.SHARE if standing:
                story = _pick(standing, news)
                for channel in self._chosen(news):
                    self._show(channel, story, news.at)
            case Act.WITHDRAW if standing:
                self._withdraw(_pick(standing, news), news.at)
            case Act.RETURN:
                gone = [story for story in self.stories if not story.stands() and story.spells[-1].withdrawn]
                if gone:
                    story = _pick(gone, news)
                    for channel in self.channels:
                        if any(spell.feed == channel.feed.id for spell in story.spells):
                            self._show(channel, story, news.at)

    def _chosen(self, news: News) -> list[Channel]:
        first = int(news.pick * 1000) % len(self.channels)
        return [
            channel
            for number, channel in enumerate(self.channels)
            if number == first or news.spread[number % len(news.spread)] < 0.5
        ]

    def _new(self, news: News, written: float | None = None) -> None:
        number = len(self.stories) + 1
        name = f"{self.publisher}/{number}"
        story = Story(
            number,
            f"urn:report:{name}",
            f"http://{self.publisher}/articles/{number}",
            [news.at if written is None else written],
        )
        self.stories.append(story)
        for channel in self._chosen(news):
            self._show(channel, story, news.at)

    def _show(self, channel: Channel, story: Story, at: float) -> None:
        if story.number in channel.window:
            return
        channel.window.append(story.number)
        channel.window.sort(reverse=True)
        story.spells.append(Spell(channel.feed.id, at))
        if len(channel.window) > WINDOW:
            self._end(channel, self.stories[channel.window.pop() - 1], at, withdrawn=False)

    def _withdraw(self, story: Story, at: float) -> None:
        for channel in self.channels:
            if story.number in channel.window:
                channel.window.remove(story.number)
                self._end(channel, story, at, withdrawn=True)

    def _end(self, channel: Channel, story: Story, at: float, *, withdrawn: bool) -> None:
        spell = next(spell for spell in story.spells if spell.feed == channel.feed.id and spell.until is None)
        spell.until, spell.withdrawn = at, withdrawn

    def _snap(self) -> None:
        for channel in self.channels:
            stories = [self.stories[number - 1] for number in channel.window]
            items = tuple((story.number, story.edition, story.noise) for story in stories)
            if not channel.snapshots or channel.snapshots[-1].items != items:
                channel.snapshots.append(Snapshot(len(channel.snapshots) + 1, items))


def _pick(stories: list[Story], news: News) -> Story:
    return stories[int(news.pick * len(stories))]


def _news(rng: random.Random, at: float, act: Act) -> News:
    return News(at, act, rng.random(), tuple(rng.random() for _ in range(3)))


def draw_plan(rng: random.Random, until: float) -> list[News]:
    """The back catalogue, then the news up to a moment of the loop; now and then a burst larger than a window."""
    plan = [_news(rng, 0.0, Act.NEW) for _ in range(BACK_CATALOGUE)]
    at, pace = 0.0, rng.choice(PACES)
    while (at := at + rng.expovariate(1 / pace)) < until:
        acts = rng.choices(ACTS, WEIGHTS) if rng.random() < 0.97 else [Act.NEW] * rng.randint(2, WINDOW + 2)
        plan += [_news(rng, at, act) for act in acts]
    return plan


FEEDS_OF = {"paper": 3, "daily": 3, "herald": 2, "courier": 2, "observer": 1, "times": 1}
"""How many feeds each publisher has: 12 in all, and over three shards four in each."""
IN_RSS, FULL_TEXT = ("courier", 1), "times"


class World:
    """All publishers of one seed. They fall silent at `quiet_from`, so that what is published can be compared."""

    def __init__(self, seed: int, quiet_from: float, shards: int) -> None:
        self.sites: dict[Publisher, PublisherSite] = {}
        self.channels: dict[str, tuple[PublisherSite, Channel]] = {}
        for name, count in FEEDS_OF.items():
            publisher = Publisher(f"{name}.example")
            rng = random.Random(f"{seed}/news/{publisher}")  # noqa: S311 - a simulation's chance comes from its seed
            channels = [_channel(publisher, name, nth) for nth in range(count)]
            site = self.sites[publisher] = PublisherSite(publisher, channels, draw_plan(rng, quiet_from))
            for channel in channels:
                self.channels[channel.feed.url] = site, channel
        self.feeds = {channel.feed.id: channel.feed for _, channel in self.channels.values()}
        self.shard = {publisher: shard_of(publisher, shards) for publisher in self.sites}

    def advance(self, now: float) -> None:
        """Let everything happen that happens until now, everywhere."""
        for site in self.sites.values():
            site.advance(now)


def _channel(publisher: Publisher, name: str, nth: int) -> Channel:
    rss = (name, nth) == IN_RSS
    full_text = name == FULL_TEXT
    url = f"http://{publisher}/feed{nth}.{'xml' if rss else 'json'}"
    feed = Feed(
        feed_id(url),
        url,
        publisher,
        name=name.title(),
        language="en",
        interval_min=INTERVAL_MIN,
        interval_max=INTERVAL_MAX,
        full_text=full_text,
        withdraw_after=WITHDRAW_AFTER,
    )
    return Channel(feed, rss=rss, brief=full_text or nth == 2)
