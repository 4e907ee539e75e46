"""`telex taxonomy test`: examples that come out, examples that do not and why, files that are wrong."""

from pathlib import Path

import pytest

from commands.command_line import telex

ROOT = Path(__file__).parents[2]
HEAD = 'taxonomy: own\nversion: "1"\nconcepts:\n'
GOOD = f"""{HEAD}  - code: oil
    names: {{fr: Pétrole}}
    terms: [pétrole, brut]
    not: [marée noire]
    examples:
      match: [Le pétrole flambe, Le brut recule]
      not: ["Marée noire : le pétrole atteint la plage"]
"""
BAD = f"""{HEAD}  - code: energy
    names: {{fr: Énergie}}
    examples:
      not: [Le pétrole flambe]
  - code: oil
    parent: energy
    names: {{fr: Pétrole}}
    terms: [pétrole]
    must: [[baril, champ]]
    not: [plage]
    examples:
      match:
        - Un champ de pétrole près de la plage
        - |
          Rien d'autre
          que du pétrole, encore et encore, et des mots qui ne disent rien de ce que l'on cherche ici
      not: [Le pétrole, Le champ de pétrole]
  - code: untried
    parent: energy
    names: {{fr: Autre}}
    terms: [autre chose]
"""


async def test_examples_that_come_out_end_with_0_and_a_summary(tmp_path):
    (tmp_path / "own.yaml").write_text(GOOD)
    ended = await telex("taxonomy", "test", "own.yaml", cwd=tmp_path)
    assert (ended.code, ended.words) == (0, "")
    first, last = ended.lines
    assert first.startswith("own.yaml: own@1+")
    assert first.endswith(": 1 concept, 3 examples: all passed")
    assert last == "3 passed, 0 failed"


def test_each_failure_is_told_with_its_line_what_was_found_and_why_not(inside, tmp_path):
    (tmp_path / "own.yaml").write_text(BAD.replace("not: [Le pétrole flambe]", "not: [Le champ de pétrole]"))
    ended = inside("taxonomy", "test", "own.yaml")
    assert ended.code == 1
    assert ended.lines[:-2] == [
        "own.yaml:7:13: own:energy: must not match, and does: Le champ de pétrole",
        "  found: 'pétrole' in the title, at 12; 'champ' in the title, at 3 (confidence 0.634, by its narrower concept own:oil)",
        "own.yaml:16:11: own:oil: has to match, and does not: Un champ de pétrole près de la plage",
        "  found: 'pétrole' in the title, at 12",
        "  not: 'plage' stands in the title",
        "own.yaml:17:11: own:oil: has to match, and does not: Rien d'autre que du pétrole, encore et encore, et des mots qui ne disent rien d…",
        "  found: 'pétrole' in the body, at 7",
        "  must: none of 'baril', 'champ' stands in the text",
        "own.yaml:20:25: own:oil: must not match, and does: Le champ de pétrole",
        "  found: 'pétrole' in the title, at 12; 'champ' in the title, at 3 (confidence 0.634)",
    ]
    assert ended.lines[-2].endswith(": 3 concepts, 5 examples: 4 failed")
    assert ended.lines[-1] == "1 passed, 4 failed"


def test_concepts_that_no_example_tries_are_named_beside(inside, tmp_path):
    (tmp_path / "own.yaml").write_text(BAD)
    assert inside("taxonomy", "test", "own.yaml").words == "note: own.yaml: 1 concept without examples: untried\n"


def test_several_files_and_directories_are_tried_together(inside, tmp_path):
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "b.yaml").write_text(GOOD.replace("own", "other"))
    (tmp_path / "a.yaml").write_text(GOOD)
    ended = inside("taxonomy", "test", "a.yaml", "more")
    assert (ended.code, ended.lines[-1]) == (0, "6 passed, 0 failed")
    assert [line.split("+")[0] for line in ended.lines[:-1]] == ["a.yaml: own@1", "more/b.yaml: other@1"]


async def test_a_file_that_is_wrong_or_not_there_ends_with_2_and_every_problem(tmp_path):
    (tmp_path / "bad.yaml").write_text(HEAD + "  - {code: a, names: {fr: A}, terms: [], boost: 0}\n")
    ended = await telex("taxonomy", "test", "bad.yaml", "none.yaml", cwd=tmp_path)
    assert (ended.code, ended.out) == (2, b"")
    assert [line.split("; ")[0] for line in ended.words.splitlines()] == [
        "bad.yaml:4:38: concepts[0].terms: is empty",
        "bad.yaml:4:49: concepts[0].boost: is out of range",
        "none.yaml: cannot be read: No such file or directory",
    ]


@pytest.mark.parametrize("arguments", [["test"], []])
def test_wrong_usage_ends_with_2(inside, arguments):
    assert inside("taxonomy", *arguments).code == 2


def test_an_example_moves_no_cursor(inside, tmp_path):
    (tmp_path / "own.yaml").write_text(GOOD.replace("Le brut recule", r'"\e[31mrouge"'))
    ended = inside("taxonomy", "test", "own.yaml")
    assert ended.code == 1
    assert b"\x1b" not in ended.out


def test_the_taxonomy_that_comes_with_telex_passes_its_examples(inside):
    ended = inside("taxonomy", "test", str(ROOT / "deploy" / "taxonomies"))
    assert (ended.code, ended.words) == (0, ""), ended.out.decode()


def test_the_worked_example_of_the_docs_passes_and_fails_as_they_say(inside, tmp_path):
    page = (ROOT / "docs" / "taxonomies.md").read_text(encoding="utf-8")
    source = page.split("```yaml\n")[1].split("```")[0]
    said = page.split("```console\n")[1].split("```")[0]
    (tmp_path / "harbour.yaml").write_text(source, encoding="utf-8")
    ended = inside("taxonomy", "test", "harbour.yaml")
    assert f"$ telex taxonomy test harbour.yaml\n{ended.out.decode()}" == said
    assert ended.code == 1
