"""YAML catalogues: what is read, and how what is wrong is said."""

import pytest

from telex.adapters.catalogue.feeds import Interval
from telex.adapters.catalogue.load import parse_feeds
from telex.adapters.configuration.problems import MAX_PROBLEMS
from telex.core.identity import feed_id
from telex.core.model import Backfill, Priority, Profile, SecretRef
from telex.errors import ConfigurationError

EVERYTHING = """\
defaults:
  language: fr
  interval: {min: 5m, max: 2h}
  headers: {X-Client: telex}
feeds:
  - id: aps
    url: https://aps.example/rss.xml
    previously: [http://old.example/feed]
    publisher: APS
    name: Agence de presse
    language: FR-sn
    country: sn
    categories: [Sénégal, "NO", "1:30"]
    interval: {min: 90}
    profile: state
    priority: high
    full_text: true
    backfill: skip
    withdraw_after: 1h30m
    headers: {X-Key: {env: APS_KEY}, Accept-Language: fr}
    credentials: {file: /run/secrets/aps}
    source: https://aps.example/about
    confirmed: false
  - url: https://blog.example/feed
    country: NO
    name: "2024"
"""


def read(text, name="feeds.yaml", **options):
    return parse_feeds(text.encode(), name, **options)


def problems(text, name="feeds.yaml"):
    with pytest.raises(ConfigurationError) as caught:
        read(text, name)
    return [str(problem) for problem in caught.value.problems]


def test_every_key_is_read_and_defaults_hold_where_a_feed_says_nothing():
    aps, blog = read(EVERYTHING)
    assert (aps.id, aps.publisher, aps.name) == ("aps", "APS", "Agence de presse")
    assert aps.previously == ("http://old.example/feed",)
    assert (aps.language, aps.country) == ("fr-SN", "SN")
    assert aps.categories == ("Sénégal", "NO", "1:30")
    assert (aps.interval_min, aps.interval_max) == (90, 7200)
    assert (aps.profile, aps.priority, aps.backfill) == (Profile.STATE, Priority.HIGH, Backfill.SKIP)
    assert (aps.full_text, aps.withdraw_after) == (True, 5400)
    assert aps.headers == (("X-Key", SecretRef("env:APS_KEY")), ("Accept-Language", "fr"))
    assert aps.credentials == SecretRef("file:/run/secrets/aps")
    assert (blog.language, blog.headers) == ("fr", (("X-Client", "telex"),))
    assert (blog.interval_min, blog.interval_max) == (300, 7200)
    assert blog.name == "2024"


def test_norway_is_no_boolean():
    assert read("feeds: [{url: 'https://a.example/', country: NO, language: no}]")[0].country == "NO"


def test_id_and_publisher_come_from_the_first_url_so_that_a_move_changes_neither():
    before = read("feeds: [{url: 'https://news.old.co.uk/feed'}]")[0]
    after = read(
        "feeds: [{url: 'https://new.example/rss', previously: ['https://news.old.co.uk/feed', 'https://b.example']}]"
    )[0]
    assert (after.id, after.publisher) == (before.id, before.publisher)
    assert after.id == feed_id("https://news.old.co.uk/feed")
    assert after.publisher == "old.co.uk"


def test_a_bound_that_nobody_stated_gives_way_to_the_one_that_is_stated():
    text = "feeds: [{url: 'https://a.example/', interval: {min: 2h}}, {url: 'https://b.example/', interval: {max: 10}}]"
    slow, fast = read(text, interval=Interval(60, 600))
    assert (slow.interval_min, slow.interval_max) == (7200, 7200)
    assert (fast.interval_min, fast.interval_max) == (10, 10)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("intervall: {min: 5m}", "6:5: feeds[1].intervall: is an unknown key; did you mean 'interval'?"),
        ("interval: {mn: 5m}", "6:16: feeds[1].interval.mn: is an unknown key; did you mean 'min'?"),
        ("interval: 5m", "6:15: feeds[1].interval: is text, not a mapping; write {min: 5m, max: 1h}"),
        ("interval: {min: 0.5}", "6:21: feeds[1].interval.min: is less than 1 s"),
        ("interval: {min: .inf}", "6:21: feeds[1].interval.min: is out of range"),
        ("interval: {min: soon}", "6:21: feeds[1].interval.min: is 'soon', not a duration"),
        ("interval: {min: 2h, max: 1h}", "6:15: feeds[1].interval: its min, 7200 s, is greater than its max, 3600 s"),
        ("name: 2024", "6:11: feeds[1].name: is a number, not text; put it in quotes"),
        ("name: ''", "6:11: feeds[1].name: is empty"),
        ('name: "a\\nb"', "6:11: feeds[1].name: holds a line break"),
        ('name: "\\ud800"', "6:14: is no YAML: found invalid Unicode character escape code"),
        ("categories: politics", "6:17: feeds[1].categories: is text, not a list"),
        ("categories: [a, 7]", "6:21: feeds[1].categories[1]: is a number, not text"),
        ("country: Senegal", "6:14: feeds[1].country: is 'Senegal', no ISO 3166 code"),
        ("language: fr_FR", "6:15: feeds[1].language: is 'fr_FR', no BCP 47 language tag; did you mean 'fr-FR'?"),
        ("profile: publik", "6:14: feeds[1].profile: is 'publik'; did you mean 'public'?"),
        ("priority: urgent", "6:15: feeds[1].priority: is 'urgent'; known are high, normal, low"),
        ("backfill: no", "6:15: feeds[1].backfill: is 'no'; known are publish, skip"),
        ("full_text: yes", "6:16: feeds[1].full_text: is text, not true or false"),
        ("withdraw_after: -1", "6:21: feeds[1].withdraw_after: is out of range"),
        ("headers: {'Bad Name': x}", "6:27: feeds[1].headers.Bad Name: is no header name"),
        ("headers: {Host: x}", "6:21: feeds[1].headers.Host: is a header that telex sets itself"),
        ("headers: {X-A: a, x-a: b}", "6:28: feeds[1].headers.x-a: stands twice"),
        ('headers: {X-A: "a\\r\\nB: c"}', "6:20: feeds[1].headers.X-A: is no header value"),
        ("headers: {X-A: {env: 'no name'}}", "6:26: feeds[1].headers.X-A.env: is no name of an environment variable"),
        ("credentials: {env: A, file: B}", "6:18: feeds[1].credentials: is no reference to a secret"),
        ("previously: ['ftp://a.example']", "6:18: feeds[1].previously[0]: is no http or https URL"),
        ("id: 'a b'", "6:9: feeds[1].id: is no id"),
        ("name: a\n    name: b", "7:5: name: stands twice, first in line 6; keep one of them"),
        ("<<: {name: a}", "6:5: feeds[1].<<: is an unknown key; merge keys are not read"),
        ("name: !secret a", "6:11: has the tag !secret"),
    ],
)
def test_each_problem_names_its_place_its_key_and_a_remedy(line, said):
    text = f"# first line\nfeeds:\n  - url: https://a.example/\n    name: A\n  - url: https://b.example/\n    {line}\n"
    found = problems(text)
    assert len(found) == 1
    assert found[0].startswith(f"feeds.yaml:{said}")
    assert "; " in found[0]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://a.example/", "its scheme is 'ftp'"),
        ("a.example/feed", "it has no scheme"),
        ("https:///feed", "has no host"),
        ("https://a b.example/", "white space"),
        ("https://a..example/", "no domain name"),
        ("https://a.example:0/", "port 0"),
        ("https://a.example:99999/", "malformed"),
        ("https://[::1/", "malformed"),
        ("https://[::zz]/", "malformed"),
        ("https://300.1.1.1/", "neither name nor address"),
        ("https://user:hunter2@a.example/", "`credentials`"),
        ("https://a.example/" + "x" * 5000, "longer than"),
    ],
)
def test_a_bad_url_is_refused_and_never_repeated(url, said):
    found = problems(f"feeds:\n- url: '{url}'\n")
    assert len(found) == 1
    assert found[0].startswith("feeds.yaml:2:8: feeds[0].url: ")
    assert said in found[0]
    assert "hunter2" not in found[0]


@pytest.mark.parametrize(
    "line", ["credentials: user:hunter2", "headers: {Authorization: Bearer hunter2}", "headers: {cookie: hunter2}"]
)
def test_a_secret_written_out_is_refused_and_never_repeated(line):
    found = problems(f"feeds:\n- url: https://a.example/\n  {line}\n")
    assert len(found) == 1
    assert "is a secret written out; write {env: NAME} or {file: PATH}" in found[0]
    assert "hunter2" not in found[0]


def test_all_problems_are_said_at_once_also_of_a_feed_that_has_several():
    found = problems(
        "defalts: {}\ndefaults: {url: 'https://x.example', langage: fr}\nfeeds:\n"
        "- {url: 'https://a.example/', country: X, name: 7}\n- {url: 'https://a.example/'}\n- {name: B}\n- text\n"
    )
    assert [line.split(":", 3)[3].split(":")[0].strip() for line in found] == [
        *(
            "defalts",
            "defaults.url",
            "defaults.langage",
            "feeds[0].country",
            "feeds[0].name",
            "feeds[2].url",
            "feeds[3]",
        ),
        "feeds[1].url",
    ]


@pytest.mark.parametrize(
    ("first", "second", "key"),
    [
        ("url: https://a.example/x", "url: https://a.example/x", "url"),
        ("url: https://a.example", "url: HTTPS://A.example:443/#top", "url"),
        ("url: https://bücher.example/", "url: https://xn--bcher-kva.example/", "url"),
        ("{id: a, url: 'https://a.example/1'}", "{id: a, url: 'https://a.example/2'}", "id"),
        ("url: https://a.example/1", "{url: 'https://a.example/2', previously: ['https://a.example/1']}", "url"),
    ],
)
def test_a_duplicate_names_both_places(first, second, key):
    found = problems(f"feeds:\n- {first}\n- {second}\n")
    assert len(found) == 1
    assert found[0].startswith("feeds.yaml:3:")
    assert f"feeds[1].{key}: is a duplicate of feeds[0].{key} at feeds.yaml:2:" in found[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "feeds.yaml: is empty"),
        ("# nothing\n", "feeds.yaml: is empty"),
        ("- a\n- b\n", "feeds.yaml:1:1: is a list, not a mapping"),
        ("just text", "feeds.yaml:1:1: is text, not a mapping"),
        ("defaults: {}\n", "feeds.yaml:1:1: feeds: is missing"),
        ("feeds: {a: b}\n", "feeds.yaml:1:8: feeds: is a mapping, not a list"),
        ("feeds: [\n", "is no YAML"),
        ("feeds:\n  - url: a: b\n", "feeds.yaml:2:11: is no YAML"),
        ("feeds: []\n---\nfeeds: []\n", "feeds.yaml:2:1: holds a second document"),
        ("feeds:\n- \x01", "feeds.yaml:2:3: holds a character"),
        ("feeds: [*a]", "feeds.yaml:1:9: *a names no anchor"),
        ("feeds: &a [*a]", "feeds.yaml:1:12: *a names no anchor"),
        ("[" * 100_000, "is nested deeper than"),
        ("? [a]\n: b\nfeeds: []", "feeds.yaml:1:3: a key is no text"),
        ("1: b\nfeeds: []", "feeds.yaml:1:1: a key is no text"),
    ],
)
def test_what_is_no_catalogue_is_said_to_be_none(text, said):
    assert said in problems(text)[0]


def test_bytes_that_are_not_utf_8_are_named_with_their_place():
    with pytest.raises(ConfigurationError, match=r"feeds.yaml:2:9: is not UTF-8: byte 0xe9; save it as UTF-8"):
        parse_feeds("feeds:\n- name: é".encode("latin-1"), "feeds.yaml")


def test_a_byte_order_mark_and_an_empty_list_are_fine():
    assert parse_feeds(b"\xef\xbb\xbffeeds: []\n", "feeds.yaml") == []


def test_anchors_are_read_and_a_bomb_of_them_costs_nothing():
    text = (
        "feeds:\n- {url: 'https://a.example/', categories: &c [x, y]}\n- {url: 'https://b.example/', categories: *c}\n"
    )
    assert read(text)[1].categories == ("x", "y")
    layers = "".join(f"  k{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    found = problems(f"defaults:\n  k0: &a0 [x]\n{layers}feeds: []\n")
    assert len(found) == 12


def test_problems_beyond_the_limit_are_counted():
    text = "feeds:\n" + "- {url: 7}\n" * (MAX_PROBLEMS + 5)
    found = problems(text)
    assert len(found) == MAX_PROBLEMS + 1
    assert "5 more problems" in found[-1]
