"""The language of an article: what is declared, held against its text."""

import pytest

from telex.core.model import Digest, Entry, Feed, FeedId, Markup, Publisher
from telex.ingest.normalise import LANGUAGE_DETECTED, LANGUAGE_OVERRULED, Context, draft, named, source_of

FRENCH = "Le conseil municipal a voté jeudi le budget de la nouvelle ligne de tramway"
HAUSA = "Majalisar dattawa ta amince da gyaran fansho bayan dogon zama a Abuja"


def language_of(title, declared, feeds=None):
    feed = Feed(FeedId("f"), "https://a.example/feed", Publisher("a.example"), language=feeds)
    entry = Entry(raw=Digest(b"12345678"), guid="1", title=Markup(title, html=False), language=declared)
    made = draft(named(entry), Context(feed, source_of(feed, None, None), None, 1_700_000_000.0))
    return made.language, made.repairs


@pytest.mark.parametrize(
    ("title", "declared", "feeds", "expected"),
    [
        (FRENCH, "fr", None, ("fr", ())),
        (FRENCH, "fr-CI", None, ("fr-CI", ())),
        (FRENCH, None, "fr_BE", ("fr-BE", ())),
        (FRENCH, None, None, ("fr", (LANGUAGE_DETECTED,))),
        (FRENCH, "en-US", None, ("fr", (LANGUAGE_OVERRULED,))),
        (FRENCH, "xx", None, ("fr", (LANGUAGE_OVERRULED,))),
        (HAUSA, None, None, ("ha", (LANGUAGE_DETECTED,))),
        (HAUSA, "ha", None, ("ha", ())),
        ("Budget voté", "en", None, ("en", ())),
        ("OK 2024", None, None, (None, ())),
        ("Breaking", "fr", None, ("fr", ())),
    ],
)
def test_a_clear_conflict_overrules_and_silence_is_filled(title, declared, feeds, expected):
    assert language_of(title, declared, feeds) == expected
