"""Hypothesis strategies for articles and events: plain ones that survive a round trip, and hostile ones."""

from hypothesis import strategies as st

from telex.core import events as ev
from telex.core import model as m

MILLISECONDS = st.integers(-62_135_596_800_000, 253_402_300_799_000)
instants = MILLISECONDS.map(lambda milliseconds: milliseconds / 1000)
words = st.text(max_size=12)
names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)
uris = st.builds(
    "{}://{}/{}{}".format,
    st.sampled_from(("http", "https")),
    st.sampled_from(("example.org", "user:x@example.org:8080", "[2001:db8::1]", "xn--80ak6aa92e.example", "10.0.0.1")),
    st.text("abcXYZ019-._~!$&'()*+,;=:@/", max_size=12),
    st.sampled_from(("", "?", "?a=1&b=%20", "?q=%C3%A9#top", "#/x?y")),
)
sizes = st.integers(0, 2**53 - 1)


def _maybe(strategy):
    return st.none() | strategy


def _tuple(strategy):
    return st.lists(strategy, max_size=2).map(tuple)


def articles(*, text=words, url=uris, instant=instants, size=sizes, ours=instants):
    """Articles built from the given parts: what feeds write (`text`, `url`, `instant`, `size`) and our own clock."""
    evidence = st.builds(m.Evidence, text, st.sampled_from(("title", "summary", "body")), sizes)
    return st.builds(
        m.Article,
        id=names.map(m.ArticleId),
        version=st.integers(1, 10**6),
        url=_maybe(url),
        link=_maybe(url),
        guid=_maybe(text),
        title=_maybe(text),
        summary=_maybe(text),
        body=_maybe(text),
        body_html=_maybe(text),
        truncated=st.booleans(),
        language=_maybe(text),
        authors=_tuple(st.builds(m.Author, _maybe(text), _maybe(url), _maybe(text))),
        published_at=_maybe(instant),
        updated_at=_maybe(instant),
        first_seen_at=ours,
        published_at_source=st.sampled_from((None, "feed", "page", "url")),
        source=st.builds(
            m.Source,
            names.map(m.Publisher),
            names.map(m.FeedId),
            _maybe(text),
            uris,
            _maybe(url),
            _maybe(text),
            st.sampled_from(m.Profile),
        ),
        feeds=_tuple(names.map(m.FeedId)),
        categories=_tuple(text),
        topics=_tuple(
            st.builds(m.Topic, names, text, _maybe(text), _tuple(names), st.floats(0, 1), _tuple(evidence)),
        ),
        places=_tuple(st.builds(m.Place, names, text, st.sampled_from(("subject", "mentioned")), _tuple(evidence))),
        mentions=_tuple(st.builds(m.Mention, text, text, _maybe(text), _tuple(evidence))),
        media=_tuple(
            st.builds(m.Media, url, _maybe(text), _maybe(size), _maybe(size), _maybe(size), _maybe(text), _maybe(text))
        ),
        word_count=sizes,
        rights=_maybe(text),
        backfill=st.booleans(),
        significance=st.sampled_from((None, "typo", "correction", "rewrite", "headline")),
        changes=_tuple(st.builds(m.Change, names, _maybe(text), _maybe(text))),
        provenance=st.builds(
            m.Provenance, ours, names, st.sampled_from((None, *m.BodyFrom)), _tuple(text), _tuple(text), _maybe(instant)
        ),
    )


def hostile_articles():
    """Articles into which a feed wrote what it liked: lone surrogates, non-addresses, dates and sizes without bounds."""
    return articles(
        text=st.text(st.characters(), max_size=8) | st.just("\ud800\U0001f5de\udfff\0\u2028\n"),
        url=st.text(st.characters(), max_size=8)
        | st.builds("{}://{}{}".format, words, words, st.text(st.characters(), max_size=8))
        | st.builds("https://example.org{}".format, st.text('/?#[]%{}|\\^`"<> é\ud8001a:@', max_size=8)),
        instant=st.floats(),
        size=st.integers(),
        ours=st.floats(),
    )


def feed_events(*, text=words, url=uris, instant=instants):
    """Events of feeds built from the given parts."""
    who = {
        "feed": names.map(m.FeedId),
        "publisher": names.map(m.Publisher),
        "ordinal": sizes,
        "at": instant,
    }
    return st.one_of(
        st.builds(
            ev.FeedStatus,
            **who,
            url=url,
            health=st.sampled_from(ev.Health),
            reason=names,
            detail=_maybe(text),
            since=instant,
        ),
        st.builds(ev.FeedGap, **who, last_seen_at=instant, entries=sizes),
        st.builds(ev.FeedMoved, **who, before=url, after=url),
        st.builds(ev.FeedRetired, **who),
        st.builds(
            ev.DeadLetter,
            **who,
            url=url,
            reason=names,
            detail=text,
            content_type=_maybe(text),
            sha256=st.binary(min_size=32, max_size=32).map(bytes.hex),
            length=sizes,
            body=st.binary(max_size=64),
        ),
    )


def events():
    """Events of every type that goes to a topic; they survive a round trip."""
    kinds = st.sampled_from((ev.ArticlePublished, ev.ArticleUpdated, ev.ArticleWithdrawn))
    return st.builds(lambda kind, article: kind(article), kinds, articles()) | feed_events()
