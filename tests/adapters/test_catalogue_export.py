"""Export and import: what is written is read back as the same feeds."""

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from telex.adapters.catalogue.export import to_csv, to_opml, to_yaml
from telex.adapters.catalogue.feeds import Interval
from telex.adapters.catalogue.load import parse_feeds
from telex.adapters.catalogue.urls import publisher_of
from telex.core.identity import feed_id
from telex.core.model import Backfill, Feed, FeedId, Priority, Profile, Publisher, SecretRef

WORDS = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters="\ufffe\uffff"), max_size=20
)
TRICKY = st.sampled_from(
    ["NO", "1e3", "0x1f", "~", "null", "a;b", "a|b", '["x', "- a", "# b", "a: b", "=1", "2024-01-01", "<<", "!x"]
)
TEXT = st.one_of(TRICKY, WORDS.map(str.strip).filter(bool))
URL = st.one_of(
    st.builds(
        "https://{}.example/{}".format, st.integers(0, 10**6), st.sampled_from(["", "f", "a;b|c", "é", "?q=1,2"])
    ),
    st.builds("http://10.0.{}.{}:8080/".format, st.integers(0, 255), st.integers(0, 255)),
)
SECRET = st.sampled_from([SecretRef("env:A_B1"), SecretRef("file:/run/secrets/a b:c")])
SECONDS = st.floats(1, 10**6) | st.integers(1, 10**6).map(float)
HEADERS = st.dictionaries(st.sampled_from(["X-A", "x-b", "Accept-Language", "Authorization"]), SECRET, max_size=2).map(
    lambda each: tuple(each.items())
)
LITERALS = st.lists(st.sampled_from(["a", 'b"; c', "NO", "{d}"]), max_size=1).map(
    lambda each: tuple(("X-L", v) for v in each)
)


@st.composite
def feed(draw):
    url, previously = draw(URL), tuple(dict.fromkeys(draw(st.lists(URL, max_size=3))))
    first = (*previously, url)[0]
    low, high = sorted((draw(SECONDS), draw(SECONDS)))
    return Feed(
        id=draw(st.just(feed_id(first)) | st.from_regex(r"[a-z0-9éλ:/._-]{1,12}", fullmatch=True).map(FeedId)),
        url=url,
        publisher=draw(st.just(publisher_of(first)) | TEXT.map(Publisher)),
        previously=previously,
        name=draw(st.none() | TEXT),
        language=draw(st.sampled_from([None, "fr", "fr-SN", "zh-Hant-TW", "no"])),
        country=draw(st.sampled_from([None, "NO", "SN"])),
        categories=tuple(dict.fromkeys(draw(st.lists(TEXT, max_size=4)))),
        profile=draw(st.sampled_from(Profile)),
        priority=draw(st.sampled_from(Priority)),
        interval_min=low,
        interval_max=high,
        full_text=draw(st.booleans()),
        backfill=draw(st.sampled_from(Backfill)),
        page_body=draw(st.sampled_from([None, "article .story"])),
        page_drop=draw(st.sampled_from([(), (".ad", "aside > p")])),
        timezone=draw(st.sampled_from([None, "Africa/Dakar", "Europe/Paris"])),
        boilerplate=draw(st.sampled_from([(), ("Suivez-nous sur *",), ("Abonnez-vous", "Partagez * ici")])),
        withdraw_after=draw(st.floats(0, 10**6) | st.just(1800.0)),
        headers=draw(HEADERS) + draw(LITERALS),
        credentials=draw(st.none() | SECRET),
    )


def address(each):
    return each.url.rstrip("/")


FEEDS = st.lists(feed(), max_size=5, unique_by=(lambda each: each.id, address))


@given(FEEDS, st.sampled_from([Interval(), Interval(1, 60)]))
def test_what_is_exported_as_yaml_is_imported_as_the_same_feeds(feeds, interval):
    assert parse_feeds(to_yaml(feeds, interval=interval).encode(), "x.yaml", interval=interval) == feeds


@given(FEEDS, st.sampled_from([Interval(), Interval(1, 60)]))
def test_what_is_exported_as_csv_is_imported_as_the_same_feeds(feeds, interval):
    assert parse_feeds(to_csv(feeds, interval=interval).encode(), "x.csv", interval=interval) == feeds


@given(FEEDS)
def test_opml_keeps_what_opml_can(feeds):
    def kept(each):
        tags = tuple(tag for tag in each.categories if "," not in tag and not tag.startswith("/"))
        return (each.url, each.name, each.language, tags)

    read = parse_feeds(to_opml(feeds).encode(), "x.opml")
    assert list(map(kept, read)) == list(map(kept, feeds))


def test_opml_titles_are_escaped():
    assert "<title>a &lt;b&gt; &amp; c</title>" in to_opml([], title="a <b> & c")


def test_an_export_states_only_what_is_no_default():
    plain = Feed(FeedId(feed_id("https://a.example/")), "https://a.example/", Publisher("a.example"))
    assert to_yaml([plain]) == "feeds:\n- url: https://a.example/\n"
    assert to_csv([plain, replace(plain, name="B")]) == "url,name\nhttps://a.example/,\nhttps://a.example/,B\n"


def test_any_format_is_imported_as_yaml():
    data = json.dumps({"feeds": [{"url": "https://a.example/", "interval": {"min": "5m", "max": "2h"}}]}).encode()
    assert (
        to_yaml(parse_feeds(data, "-"))
        == "feeds:\n- url: https://a.example/\n  interval:\n    min: 300\n    max: 7200\n"
    )
