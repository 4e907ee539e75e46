"""`telex schema` and `telex feeds`: data out as it went in."""

import csv
import gzip
import io
import json

import pytest
import yaml

YAML = """\
defaults: {language: fr}
feeds:
  - url: https://a.example/feed.xml
    name: L’Éveil
    country: SN
    headers: {X-Key: {env: A_KEY}}
  - url: https://b.example/feed.xml
    language: en
"""
CSV = "url,name,language\nhttps://a.example/feed.xml,L’Éveil,fr\nhttps://b.example/feed.xml,,en\n"
OPML = """\
<opml version="2.0"><body>
<outline type="rss" text="L’Éveil" xmlUrl="https://a.example/feed.xml"/>
<outline type="rss" text="B" xmlUrl="https://b.example/feed.xml"/>
</body></opml>
"""
URLS = ["https://a.example/feed.xml", "https://b.example/feed.xml"]


def urls(printed: bytes) -> list[str]:
    return [feed["url"] for feed in yaml.safe_load(printed)["feeds"]]


@pytest.mark.parametrize(("name", "text"), [("f.yaml", YAML), ("f.csv", CSV), ("f.opml", OPML)])
def test_any_catalogue_is_imported_as_yaml_plain_gzipped_or_from_stdin(inside, tmp_path, name, text):
    (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / f"{name}.gz").write_bytes(gzip.compress(text.encode()))
    plain = inside("feeds", "import", name)
    assert (plain.code, plain.words.splitlines()[0]) == (0, "2 feeds")
    assert urls(plain.out) == URLS
    assert "L’Éveil" in plain.out.decode()
    for other in (
        inside("feeds", "import", f"{name}.gz"),
        inside("feeds", "import", "-", stdin=text.encode()),
        inside("feeds", "import", "-", stdin=gzip.compress(text.encode())),
        inside("feeds", "import", "-", "--from", name[2:], stdin=text.encode()),
    ):
        assert (other.code, other.out) == (0, plain.out)


def test_what_is_imported_is_a_catalogue_that_imports_to_itself(inside):
    once = inside("feeds", "import", "-", stdin=YAML.encode())
    assert yaml.safe_load(once.out)["feeds"][0]["headers"] == {"X-Key": {"env": "A_KEY"}}
    assert inside("feeds", "import", "-", stdin=once.out).out == once.out


@pytest.mark.parametrize("kind", ["yaml", "csv", "opml"])
def test_an_export_is_read_again(inside, kind):
    exported = inside("feeds", "export", "-", "--to", kind, stdin=YAML.encode())
    counted, lost = exported.words.splitlines()
    assert (exported.code, counted) == (0, "2 feeds")
    assert ("OPML" in lost) == (kind == "opml")
    assert urls(inside("feeds", "import", "-", stdin=exported.out).out) == URLS


def test_csv_has_a_header_of_the_keys(inside):
    exported = inside("feeds", "export", "-", "--to", "csv", stdin=YAML.encode())
    rows = list(csv.DictReader(io.StringIO(exported.out.decode())))
    assert [row["url"] for row in rows] == URLS
    assert [row["language"] for row in rows] == ["fr", "en"]


def test_one_feed_is_counted_as_one(inside):
    assert inside("feeds", "import", "-", stdin=b"feeds: [{url: https://a.example/}]").words.startswith("1 feed\n")


def test_a_broken_catalogue_prints_nothing_and_every_problem(inside):
    ended = inside("feeds", "import", "-", stdin=b"feeds:\n  - url: x\n  - {url: https://a.example/, nam: x}\n")
    assert (ended.code, ended.out) == (2, b"")
    assert [line[: line.index(": ")] for line in ended.words.splitlines()] == ["stdin:2:10", "stdin:3:31"]


def test_a_damaged_gzip_on_stdin_is_said(inside):
    ended = inside("feeds", "import", "-", stdin=gzip.compress(YAML.encode())[:-9])
    assert (ended.code, ended.words) == (2, "stdin: is a damaged gzip file; pack it again\n")


def test_a_file_beside_stdin_and_a_missing_file_end_with_2(inside):
    assert inside("feeds", "import", "-", "x.yaml").words.startswith("telex feeds: - is stdin and stands alone")
    ended = inside("feeds", "import", "no.yaml")
    assert (ended.code, ended.words.partition(":")[0]) == (2, "no.yaml")


def test_schemas_are_listed_and_each_is_printed(inside):
    names = inside("schema").lines
    assert {"article/1", "catalogue", "dead-letter/1"} <= set(names)
    for name in names:
        printed = inside("schema", name)
        assert (printed.code, printed.words) == (0, "")
        assert json.loads(printed.out)["$schema"].startswith("https://json-schema.org/")
    assert inside("schema", "article/1.json").out == inside("schema", "article/1").out


@pytest.mark.parametrize("name", ["article/2", "../pyproject", "/etc/passwd", ""])
def test_an_unknown_schema_ends_with_2_and_the_names_that_there_are(inside, name):
    ended = inside("schema", name)
    assert (ended.code, ended.out) == (2, b"")
    assert "article/1" in ended.words
