"""How much an edit changed, told of texts that memory does not hold."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telex.core.arrivals import FeedArrived
from telex.core.events import ArticleUpdated
from telex.core.identity import digest
from telex.core.memory import Memory
from telex.core.model import Entry, Feed, FeedDocument, FeedId, Markup, Publisher
from telex.core.register import Register
from telex.ingest.ingest import ingest
from telex.ingest.meaning import SKETCH_WORDS, alike, significance, sketch_of
from telex.wire.memories import pack, unpack

FEED = Feed(FeedId("f"), "https://a.example/feed", Publisher("a.example"))
WORDS = [f"mot{number}" for number in range(400)]
NOW = 1_700_000_000.0


def text(seed, count=80):
    return " ".join(random.Random(seed).sample(WORDS, count))


def edited(before, after):
    """The update that an edit of (title, body) makes, with the memory packed in between."""
    memory, events = Memory(), ()
    for number, (title, body) in enumerate((before, after)):
        entry = Entry(digest(b"%d" % number), guid="1", title=Markup(title, False), content=Markup(body, False))
        arrival = FeedArrived(FeedDocument("rss20", (entry,)), digest(b"b%d" % number), FEED.url, None, None, None)
        outcome = ingest(FEED, unpack(pack(memory)), Register(), arrival, NOW + number)
        memory, events = outcome.memory, outcome.events
    (event,) = events
    assert isinstance(event, ArticleUpdated)
    return event.article


def test_another_title_is_a_headline():
    article = edited(("Un titre", text(1)), ("Un autre titre", text(1)))
    assert (article.significance, [change.field for change in article.changes]) == ("headline", ["title"])


def test_another_text_is_a_rewrite_whatever_its_title():
    assert edited(("Un titre", text(1)), ("Un titre", text(2))).significance == "rewrite"
    assert edited(("Un titre", text(1)), ("Un autre", text(2))).significance == "rewrite"


def test_most_single_words_are_typos_and_hardly_any_is_a_rewrite():
    found = []
    for seed in range(60):
        words = text(seed).split()
        words[seed % len(words)] = "faute"
        found.append(edited(("Un titre", text(seed)), ("Un titre", " ".join(words))).significance)
    assert found.count("typo") >= 50
    assert found.count("rewrite") == 0


def test_a_third_of_the_words_is_no_typo():
    found = []
    for seed in range(60):
        words = text(seed).split()
        words[: len(words) // 3] = [f"neuf{number}" for number in range(len(words) // 3)]
        found.append(edited(("Un titre", text(seed)), ("Un titre", " ".join(words))).significance)
    assert found.count("typo") <= 12


@given(st.text(max_size=300), st.text(max_size=300))
def test_likeness_is_symmetric_and_a_text_is_like_itself(one, other):
    class Text:
        body = None

        def __init__(self, summary):
            self.summary = summary

    mine, theirs = sketch_of(Text(one)), sketch_of(Text(other))
    assert len(mine) <= 2 * SKETCH_WORDS
    assert alike(mine, theirs) == alike(theirs, mine)
    assert alike(mine, mine) in {1.0, None}


@pytest.mark.parametrize(
    ("changed", "likeness", "expected"),
    [
        ((), None, None),
        (("title",), None, "headline"),
        (("authors",), None, "correction"),
        (("url",), 1.0, "correction"),
        (("summary",), None, None),
        (("summary",), 1.0, "typo"),
        (("body",), 0.6, "correction"),
        (("body",), 0.2, "rewrite"),
        (("title", "body"), 0.9, "headline"),
        (("title", "body"), None, "headline"),
    ],
)
def test_what_a_change_amounts_to(changed, likeness, expected):
    assert significance(changed, likeness) == expected
