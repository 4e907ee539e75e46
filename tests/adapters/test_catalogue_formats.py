"""CSV and OPML catalogues, publishers of URLs, and files: directories, gzip, what cannot be read."""

import gzip
import os

import pytest

from telex.adapters.catalogue import files as catalogue_files
from telex.adapters.catalogue import load as catalogue_load
from telex.adapters.catalogue.load import load, parse_feeds, read_feeds
from telex.adapters.catalogue.urls import host_of, publisher_of
from telex.core.identity import shard_of
from telex.core.model import Priority, SecretRef
from telex.errors import ConfigurationError


def problems(data, name):
    with pytest.raises(ConfigurationError) as caught:
        parse_feeds(data if isinstance(data, bytes) else data.encode(), name)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("url", "publisher"),
    [
        ("https://www.news.example.co.uk/feed", "example.co.uk"),
        ("https://one.blogspot.com/feed", "one.blogspot.com"),
        ("https://two.blogspot.com/feed", "two.blogspot.com"),
        ("http://NEWS.Example.COM.:8080/", "example.com"),
        ("https://www.bücher.de/", "xn--bcher-kva.de"),
        ("https://ＥＸＡＭＰＬＥ.com/", "example.com"),
        ("http://127.0.0.1:8080/feed", "127.0.0.1"),
        ("http://[2001:DB8:0::1]:80/", "2001:db8::1"),
        ("http://①②⑦.0.0.1/", "127.0.0.1"),
        ("http://localhost:9/", "localhost"),
        ("https://co.uk/", "co.uk"),
        ("https://under_score.example.org/", "example.org"),
    ],
)
def test_the_publisher_of_a_url_is_its_registrable_domain_or_its_host(url, publisher):
    assert publisher_of(url) == publisher


def test_a_host_is_lower_case_and_punycode_without_port_and_last_dot():
    assert host_of("https://WWW.Bücher.DE.:443/x") == "www.xn--bcher-kva.de"


def test_csv_needs_only_a_url_and_understands_every_key():
    text = (
        "id,url,previously,publisher,categories,interval_min,interval.max,priority,full_text,headers,credentials,source\n"
        'a,https://a.example/,https://o.example/1|https://o.example/2,A,"x; y|z",5m,3600,high,YES,'
        '"{""X-Key"": {""env"": ""K""}, ""X-B"": ""b""}",env:SECRET,https://a.example/about\n'
        "\n"
        ' ,https://b.example/,,,"[""p;q""]"\n'
    )
    a, b = parse_feeds(text.encode(), "feeds.csv")
    assert (a.id, a.publisher, a.previously) == ("a", "A", ("https://o.example/1", "https://o.example/2"))
    assert (a.categories, a.interval_min, a.interval_max) == (("x", "y", "z"), 300, 3600)
    assert (a.priority, a.full_text) == (Priority.HIGH, True)
    assert a.headers == (("X-Key", SecretRef("env:K")), ("X-B", "b"))
    assert a.credentials == SecretRef("env:SECRET")
    assert (b.publisher, b.categories, b.full_text) == ("b.example", ("p;q",), False)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_takes_the_separator_of_its_header_row(separator):
    text = f"\ufeffURL{separator} Name \r\nhttps://a.example/{separator}Le Monde\r\n"
    assert [feed.name for feed in parse_feeds(text.encode(), "feeds.csv")] == ["Le Monde"]


def test_csv_problems_name_line_and_column_all_at_once():
    text = (
        "url,name,country,full_text,credentials,headers,categories\n"
        'https://a.example/,"two\nlines",,,,,\n'
        ",B,,,,,\n"
        "ftp://c.example/,,XYZ,maybe,hunter2,[,\n"
        "https://a.example/,,,,,,\n"
        "https://e.example/,,,,,,,8\n"
        'https://f.example/,,,,,,"[""\\ud800""]"\n'
    )
    found = [line.rpartition(";")[0] for line in problems(text, "feeds.csv")]
    assert found == [
        "feeds.csv:2: name: holds a line break or a control character",
        "feeds.csv:4: url: is missing",
        "feeds.csv:5: url: is no http or https URL: its scheme is 'ftp'",
        "feeds.csv:5: country: is 'XYZ', no ISO 3166 code",
        "feeds.csv:5: full_text: is neither true nor false",
        "feeds.csv:5: credentials: is a secret written out",
        "feeds.csv:5: headers: is no JSON",
        "feeds.csv:7: has 8 cells for 7 columns",
        "feeds.csv:8: categories[0]: holds a line break or a control character",
        "feeds.csv:6: url: is a duplicate of url at feeds.csv:2",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("link,url,url\n", "feeds.csv:1: link: is an unknown key"),
        ("url,url\n", "feeds.csv:1: url: is a column that stands twice"),
        ("url,intervall_min\n", "feeds.csv:1: intervall_min: is an unknown key; did you mean 'interval_min'?"),
        ("name,country\nA,SN\n", "feeds.csv:1: url: is missing as a column"),
        ("https://u:hunter2@a.example/,A\n", "feeds.csv:1: has no header row"),
        ('url\n"https://a.example/\n', "is no CSV"),
        ("", "feeds.csv: is empty"),
    ],
)
def test_a_csv_file_that_cannot_be_read_says_why(text, said):
    found = problems(text, "feeds.csv")
    assert said in found[0]
    assert "hunter2" not in "".join(found)


OPML = """<?xml version="1.0"?>
<!DOCTYPE opml>
<opml version="2.0"><head><title>x</title></head><body>
 <outline text="Afrique"><outline text="Sénégal">
  <outline text="APS &amp; co" type="rss" xmlUrl="https://aps.example/rss" category="/news/state,daily" language="fr"/>
 </outline></outline>
 <outline title="Blog" text="other" xmlUrl=" https://blog.example/feed " language="unknown" htmlUrl="x"/>
 <outline text="Again"><outline text="APS" xmlUrl="https://aps.example/rss"/></outline>
 <outline text="https://plain.example/" xmlUrl="https://plain.example/"/>
</body></opml>"""


def test_opml_gives_names_languages_and_categories_and_merges_folders():
    aps, blog, plain = parse_feeds(OPML.encode(), "feeds.opml")
    assert (aps.name, aps.language) == ("APS & co", "fr")
    assert aps.categories == ("Afrique", "Sénégal", "news", "state", "daily", "Again")
    assert (blog.name, blog.url, blog.language, blog.categories) == ("Blog", "https://blog.example/feed", None, ())
    assert plain.name is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('<!DOCTYPE o [<!ENTITY a "b">]><opml/>', "declares an entity"),
        ('<!DOCTYPE o [<!ENTITY a SYSTEM "file:///etc/passwd">]><opml>&a;</opml>', "declares an entity"),
        ('<!DOCTYPE o [<!ENTITY % a SYSTEM "http://x/"> %a;]><opml/>', "declares an entity"),
        ("<html/>", "feeds.opml:1:1: is no OPML: its root is <html>"),
        ("<opml><body>", "is no XML"),
        ("<opml>" + "<outline>" * 200, "is nested deeper than"),
        ('<?xml version="1.0" encoding="klingon"?><opml/>', "encoding"),
        ('<opml>\n<outline xmlUrl="ftp://a/" language="fr_FR"/></opml>', "feeds.opml:2:1: xmlUrl: is no http"),
        ("", "feeds.opml: is empty"),
    ],
)
def test_opml_that_cannot_be_read_says_why(text, said):
    assert said in problems(text, "feeds.opml")[0]


def test_a_directory_is_read_in_order_without_hidden_files_links_and_readmes(tmp_path):
    data = tmp_path / "..2026_11_23"
    data.mkdir()
    (data / "b.yaml").write_text("defaults: {language: fr}\nfeeds: [{url: 'https://b.example/'}]\n")
    (tmp_path / "..data").symlink_to(data.name)
    (tmp_path / "b.yaml").symlink_to("..data/b.yaml")
    (tmp_path / "a.csv.gz").write_bytes(
        gzip.compress(b"url\nhttps://a.example/\n", mtime=0) + gzip.compress(b"https://a2.example/\n")
    )
    (tmp_path / "c.opml").write_text('<opml><outline text="C" xmlUrl="https://c.example/"/></opml>')
    for name in (".hidden.yaml", "README.md", "b.yaml~"):
        (tmp_path / name).write_text("no catalogue")
    feeds = read_feeds((str(tmp_path),))
    assert [feed.publisher for feed in feeds] == ["a.example", "a2.example", "b.example", "c.example"]
    assert [feed.language for feed in feeds] == [None, None, "fr", None]


def test_problems_of_all_files_come_together_and_duplicates_are_found_across_them(tmp_path):
    (tmp_path / "a.yaml").write_text("feeds:\n- url: https://a.example/\n  nme: A\n")
    (tmp_path / "b.csv").write_text("url\nhttps://a.example/\n")
    (tmp_path / "c.yalm").write_text("feeds: []")
    (tmp_path / "d.csv.gz").write_bytes(b"no gzip")
    (tmp_path / "e.csv.gz").write_bytes(gzip.compress(b"url\nhttps://e.example/\n", mtime=0)[:-9])
    (tmp_path / "sub.yaml").mkdir()
    with pytest.raises(ConfigurationError) as caught:
        read_feeds((str(tmp_path), str(tmp_path / "missing.yaml"), str(tmp_path / "a.yaml") + "/none.csv"))
    said = str(caught.value)
    for each in (
        "a.yaml:3:3: feeds[0].nme: is an unknown key; did you mean 'name'?",
        f"b.csv:2: url: is a duplicate of feeds[0].url at {tmp_path}/a.yaml:2:8",
        "c.yalm: is of no known format",
        "d.csv.gz: is no gzip file",
        "e.csv.gz: is a gzip file that was cut short",
        "sub.yaml: is no regular file",
        "missing.yaml: cannot be read: No such file or directory",
        "none.csv: cannot be read: Not a directory",
    ):
        assert each in said
    assert len(caught.value.problems) == 8


def test_an_empty_directory_and_no_path_at_all_are_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="holds no catalogue file"):
        read_feeds((str(tmp_path),))
    with pytest.raises(ConfigurationError, match="names no file"):
        read_feeds(())


def test_a_gzip_bomb_and_a_file_too_large_stop_at_the_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(catalogue_files, "MAX_BYTES", 1 << 20)
    (tmp_path / "bomb.csv.gz").write_bytes(gzip.compress(b"\n" * (50 << 20)))
    (tmp_path / "members.csv.gz").write_bytes(gzip.compress(b"\n" * (1 << 19)) * 50)
    (tmp_path / "large.csv").write_bytes(b"\n" * ((1 << 20) + 1))
    with pytest.raises(ConfigurationError) as caught:
        read_feeds((str(tmp_path),))
    assert [problem.what for problem in caught.value.problems] == ["is larger than 1 MiB"] * 3


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable to root")
def test_an_unreadable_file_is_named(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text("feeds: []")
    file.chmod(0)
    with pytest.raises(ConfigurationError, match="Permission denied"):
        read_feeds((str(file),))


def test_a_snapshot_divides_the_feeds_by_publisher_and_shares_what_is_equal(tmp_path):
    rows = "".join(f"https://www.p{n % 40}.example/{n},fr\n" for n in range(400))
    (tmp_path / "f.csv").write_text(f"url,language\n{rows}")
    snapshot = load((str(tmp_path / "f.csv"),), shards=8)
    assert len(snapshot.feeds) == 400
    for number, feeds in enumerate(snapshot.shards):
        assert all(shard_of(feed.publisher, 8) == number and feeds[feed.id] is feed for feed in feeds.values())
    assert sum(map(len, snapshot.shards)) == 400
    assert len({id(feed.publisher) for feed in snapshot.feeds}) == 40


def test_the_digest_follows_the_feeds_not_the_files(tmp_path):
    (tmp_path / "a.yaml").write_text("feeds: [{url: 'https://a.example/', name: A}]")
    (tmp_path / "b.csv").write_text("name,url\nA,https://a.example/\n")
    (tmp_path / "c.csv").write_text("name,url\nB,https://a.example/\n")
    a, b, c = (load((str(tmp_path / name),)).digest for name in ("a.yaml", "b.csv", "c.csv"))
    assert a == b
    assert a != c


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\xef\xbb\xbf<opml/>", "opml"),
        (b"name;URL\n", "csv"),
        (b"url\n", "csv"),
        (b"feeds: []", "yaml"),
        (b"", "yaml"),
    ],
)
def test_the_format_of_a_nameless_document_is_guessed_by_its_beginning(data, expected):
    assert catalogue_files.guess_format("-", data) == expected


def test_another_port_scheme_path_or_query_is_another_feed():
    urls = [
        "http://a.example/x",
        "http://a.example:8080/x",
        "https://a.example/x",
        "http://a.example/X",
        "http://a.example/x?y",
    ]
    assert [feed.url for feed in parse_feeds("\n".join(["url", *urls]).encode(), "feeds.csv")] == urls


def test_files_that_change_while_they_are_read_are_read_again(tmp_path, monkeypatch):
    for name in "ab":
        (tmp_path / f"{name}.csv").write_text(f"url\nhttps://{name}.old/\n")
    reads = []

    def read_and_swap(paths, problems):
        sources = catalogue_files.read_sources(paths, problems)
        reads.append(len(sources))
        if len(reads) == 1 or always:
            (tmp_path / "a.csv").write_text(f"url\nhttps://a.new/{'x' * len(reads)}\n")
        return sources

    always = False
    monkeypatch.setattr(catalogue_load, "read_sources", read_and_swap)
    assert [feed.publisher for feed in read_feeds((str(tmp_path),))] == ["a.new", "b.old"]
    assert reads == [2, 2]
    always = True
    with pytest.raises(ConfigurationError, match="changed while it was read"):
        read_feeds((str(tmp_path),))
