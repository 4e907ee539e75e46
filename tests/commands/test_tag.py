"""`telex tag`: every tag with the terms that it rests on, and one line of tags for each line of JSON."""

import json

from commands.command_line import telex

TEXT = "Mali : la Cour suprême annule l'élection présidentielle\nÀ Bamako, Emmanuel Macron a rencontré le président de la CAF."
PAGE = """<!DOCTYPE html><html lang="fr"><head><title>Cour suprême</title></head><body><article><h1>Mali : la Cour suprême
annule l'élection</h1>{}</article></body></html>""".format(
    "<p>La Cour suprême du Mali a annulé dimanche l'élection présidentielle, à la surprise des partis.</p>" * 6
)
FEED = (
    "<rss version='2.0'><channel><title>Le Fil</title><language>fr</language>"
    "<item><title>Les Lions battent les Aigles en finale de la CAN</title><link>https://fil.example/sport/1</link></item>"
    "<item><title>Inflation : la banque centrale relève ses taux</title><link>https://fil.example/2</link></item>"
    "</channel></rss>"
)
TAXONOMY = """taxonomy: own
version: "1"
concepts:
  - {code: court, names: {fr: Cours, en: Courts}, terms: [cour suprême]}
"""


def codes(line):
    return {topic["code"] for topic in json.loads(line)["topics"]}


async def test_a_text_is_shown_with_its_tags_and_the_terms_where_they_stand(tmp_path):
    shown = await telex("tag", "--text", TEXT, cwd=tmp_path)
    assert shown.code == 0
    assert "medtop:11000000" in shown.out.decode()
    assert "title    …la Cour suprême annule l'[élection] présidentielle" in shown.out.decode().replace("Mali : ", "…")
    assert "ML  Mali (subject)" in shown.out.decode()
    assert "body     À [Bamako], Emmanuel Macron" in shown.out.decode()
    assert "Emmanuel Macron (person" in shown.out.decode()
    assert "\x1b" not in shown.out.decode()


async def test_each_line_of_json_gets_one_line_and_a_wrong_one_says_what_is_wrong_in_its_place(tmp_path):
    lines = [
        json.dumps(
            {"title": "Les Lions battent les Aigles en finale de la CAN", "text": "", "language": "fr", "id": 7}
        ),
        "no JSON",
        json.dumps({"title": 3}),
        json.dumps([1]),
        json.dumps({"title": "", "text": ""}),
        json.dumps({"text": "The central bank raised interest rates as inflation rose again in Nigeria."}),
    ]
    shown = await telex("tag", "--jsonl", "-", cwd=tmp_path, stdin="\n".join(lines).encode())
    assert (shown.code, len(shown.lines)) == (1, 6)
    assert "medtop:15000000" in codes(shown.lines[0])
    assert "line 2: no JSON" in json.loads(shown.lines[1])["error"]
    assert json.loads(shown.lines[2]) == {"error": "line 3: title is no text; write a string or leave it out"}
    assert json.loads(shown.lines[3])["error"].startswith("line 4: neither title nor text")
    assert json.loads(shown.lines[4]) == {"topics": [], "places": [], "mentions": []}
    assert "medtop:04000000" in codes(shown.lines[5])
    assert [place["code"] for place in json.loads(shown.lines[5])["places"]] == ["NG"]
    assert "telex tag: -:2: no JSON" in shown.words
    kept = tmp_path / "lines.jsonl"
    kept.write_text(lines[5])
    again = await telex("tag", "--jsonl", str(kept), cwd=tmp_path)
    assert (again.code, again.lines) == (0, shown.lines[5:])


async def test_a_feed_gives_its_articles_a_page_its_text_and_anything_else_itself(tmp_path):
    for name, content in (("feed.xml", FEED), ("page.html", PAGE), ("text.txt", TEXT)):
        (tmp_path / name).write_text(content)
    shown = await telex("tag", "--json", "feed.xml", "page.html", "text.txt", cwd=tmp_path)
    assert (shown.code, len(shown.lines)) == (0, 4)
    assert "medtop:15000000" in codes(shown.lines[0])
    assert "medtop:04000000" in codes(shown.lines[1])
    assert "medtop:11000000" in codes(shown.lines[2])
    assert "medtop:11000000" in codes(shown.lines[3])
    both = await telex("tag", "feed.xml", cwd=tmp_path)
    assert "url      [sport]" in both.out.decode()


async def test_the_operators_own_concepts_are_tags_too_and_a_wrong_file_is_named(tmp_path):
    (tmp_path / "own.yaml").write_text(TAXONOMY)
    shown = await telex("tag", "--json", "--text", TEXT, cwd=tmp_path, TELEX_TAGGING__TAXONOMIES="own.yaml")
    assert "own:court" in codes(shown.lines[0])
    (tmp_path / "own.yaml").write_text(TAXONOMY.replace("terms", "trems"))
    refused = await telex("tag", "--text", TEXT, cwd=tmp_path, TELEX_TAGGING__TAXONOMIES="own.yaml")
    assert refused.code == 2
    assert "own.yaml:4:" in refused.words
    assert "trems" in refused.words
    silent = await telex("tag", "--json", "--text", TEXT, cwd=tmp_path, TELEX_TAGGING__ENABLED="false")
    assert json.loads(silent.lines[0]) == {"topics": [], "places": [], "mentions": []}


async def test_wrong_usage_and_missing_files_are_said(tmp_path):
    assert (await telex("tag", cwd=tmp_path)).code == 2
    assert (await telex("tag", "--text", "a", "--jsonl", "-", cwd=tmp_path)).code == 2
    missing = await telex("tag", "missing.txt", cwd=tmp_path)
    assert missing.code == 1
    assert "missing.txt: No such file" in missing.words
    assert "missing.jsonl: No such file" in (await telex("tag", "--jsonl", "missing.jsonl", cwd=tmp_path)).words
