"""A day of a feed: exactly as many updates as there were edits, whatever else changes in its bytes."""

import random
from dataclasses import dataclass, replace

import pytest

from telex.core.arrivals import FeedArrived
from telex.core.events import ArticlePublished, ArticleUpdated
from telex.core.identity import digest
from telex.core.memory import Memory
from telex.core.model import Feed, FeedId, Publisher, ReadRequest
from telex.core.register import Register
from telex.documents.reader import read_feed
from telex.ingest.ingest import ingest

FEED = Feed(FeedId("f"), "https://le-fil.example/rss", Publisher("le-fil.example"))
NOW = 1_700_000_000.0


@dataclass(frozen=True)
class Story:
    number: int
    title: str
    text: str
    edits: int = 0


@dataclass(frozen=True)
class Shape:
    """How the same stories are written this time."""

    space: str = ""
    tracking: str = ""
    wrap: str = "<p>{}</p>"
    views: str = ""
    more: str = ""
    built: str = "1"
    image: str = ""
    date: int = 0
    escaped: bool = False
    scheme: str = "https://le-fil.example"


def written(stories, shape):
    items = []
    for story in stories:
        text = shape.wrap.format(story.text) + shape.views + shape.more
        text = text.replace("é", "&#233;") if shape.escaped else text
        items.append(
            f"<item>{shape.space}<guid isPermaLink='false'>fil-{story.number}</guid><title>{story.title}</title>"
            f"<link>{shape.scheme}/a/{story.number}{shape.tracking}</link>{shape.space}"
            f"<pubDate>Tue, 14 Nov 2023 10:{shape.date:02}:00 GMT</pubDate>"
            f"<media:content url='https://img.example/{story.number}.jpg{shape.image}' medium='image'/>"
            f"<slash:comments>{len(shape.space)}</slash:comments>"
            f"<description><![CDATA[{text}]]></description></item>"
        )
    return (
        "<rss version='2.0' xmlns:media='http://search.yahoo.com/mrss/' xmlns:slash='http://purl.org/rss/1.0/modules/slash/'>"
        f"<channel><title>Le Fil</title><lastBuildDate>{shape.built}</lastBuildDate>{''.join(items)}</channel></rss>"
    ).encode()


NOISES = {
    "white space": lambda shape, n: replace(shape, space="\n" + " " * (n % 7)),
    "tracking": lambda shape, n: replace(shape, tracking=f"?utm_source=rss&amp;xtor=RSS-{n}"),
    "session ids": lambda shape, n: replace(shape, tracking=f";jsessionid={n:X}?PHPSESSID={n}"),
    "markup": lambda shape, n: replace(shape, wrap=f"<div class='c{n}'><p><span>{{}}</span></p></div>"),
    "advertisement": lambda shape, n: replace(shape, wrap=f"<p>{{}}</p><ins data-ad='{n}'></ins><img src='/px?{n}'>"),
    "view counts": lambda shape, n: replace(shape, views=f"<p>{1000 + n} vues</p>"),
    "a link to read on": lambda shape, n: replace(shape, more=" <a href='/x'>Lire la suite</a>" if n % 2 else ""),
    "build date": lambda shape, n: replace(shape, built=str(n)),
    "image query": lambda shape, n: replace(shape, image=f"?v={n}"),
    "publication date": lambda shape, n: replace(shape, date=n % 60),
    "references": lambda shape, n: replace(shape, escaped=bool(n % 2)),
    "scheme and host": lambda shape, n: replace(shape, scheme="http://www.le-fil.example" if n % 2 else shape.scheme),
}


def day(seed, noises, polls=40, edits=9):
    """The events of a day of so many polls: what noise there was with each, and edits at some of them."""
    chance = random.Random(seed)
    stories = [Story(n, f"Le conseil vote le budget {n}", f"L'été a été long à la mairie n° {n}.") for n in range(6)]
    when = set(chance.sample(range(1, polls), edits))
    memory, events, shape = Memory(), [], Shape()
    for poll in range(polls):
        if poll:
            shape = NOISES[chance.choice(noises)](shape, poll)
        if poll in when:
            at = chance.randrange(len(stories))
            story = stories[at]
            stories[at] = replace(story, text=f"{story.text} Ajout {poll}.", edits=story.edits + 1)
        body = written(stories, shape)
        document = read_feed(ReadRequest(body, None, FEED.url, memory.raws()))
        arrival = FeedArrived(document, digest(body), FEED.url, None, None, None)
        outcome = ingest(FEED, memory, Register(), arrival, NOW + poll * 300)
        memory = outcome.memory
        events += outcome.events
    return events, stories


def counted(events):
    published = [event.article for event in events if isinstance(event, ArticlePublished)]
    updated = [event.article for event in events if isinstance(event, ArticleUpdated)]
    return published, updated


@pytest.mark.parametrize("noise", NOISES)
def test_noise_of_a_kind_is_no_event(noise):
    published, updated = counted(day(1, [noise], edits=0)[0])
    assert (len(published), updated) == (6, [])


@pytest.mark.parametrize("seed", range(12))
def test_a_day_of_all_noises_has_as_many_updates_as_edits(seed):
    events, stories = day(seed, list(NOISES))
    published, updated = counted(events)
    assert (len(published), len(updated)) == (6, sum(story.edits for story in stories) or 9)
    assert sum(story.edits for story in stories) == 9
    assert all([change.field for change in article.changes] == ["summary"] for article in updated)
    latest = {article.id: article for article in (*published, *updated)}
    assert len(latest) == 6
    assert {article.published_at for article in latest.values()} == {published[0].published_at}
