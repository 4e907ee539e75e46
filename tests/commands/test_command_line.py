"""The command line as a whole: help, version, wrong usage, pipes, and what never reaches a terminal."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from commands.command_line import environment, telex
from telex import __version__
from telex.commands.lines import Titles, columns, cut, line_of

COMMANDS = [["run"], ["demo"], ["preview"], ["check"], ["tail"], ["feeds"], ["schema"], ["taxonomy"]]
FULL = Path("/dev/full")
ACTIONS = [["feeds", "import"], ["feeds", "export"], ["taxonomy", "test"]]


def article(title, *, kind="published", name="Le Courrier", **data):
    return {
        "type": f"telex.article.{kind}",
        "subject": "a1",
        "time": "2026-05-01T18:31:41.254Z",
        "data": {
            "id": "a1",
            "url": "https://courrier.example/un",
            "title": title,
            "language": "fr-SN",
            "source": {"publisher": "courrier.example", "name": name},
            "changes": [],
            **data,
        },
    }


@pytest.mark.parametrize("command", [[], *COMMANDS, *ACTIONS], ids=" ".join)
def test_help_tells_the_usage_on_stdout(inside, command):
    ended = inside(*command, "--help")
    assert (ended.code, ended.words) == (0, "")
    assert ended.lines[0].startswith(" ".join(["usage: telex", *command]))


def test_the_help_names_every_command_and_the_exit_codes(inside):
    said = inside("--help").out.decode()
    assert all(f"    {command} " in said for [command] in COMMANDS)
    assert "130" in said


def test_the_version_is_told_by_the_real_command(inside):
    ended = subprocess.run(
        [sys.executable, "-m", "telex", "--version"], capture_output=True, check=True, env=environment()
    )
    assert ended.stdout.decode() == f"telex {__version__}\n"
    assert inside("--version").out == ended.stdout


@pytest.mark.parametrize(
    "wrong",
    [[], ["unknown"], ["feeds"], ["feeds", "export", "x"], ["check", "--onl"], ["tail", "--count"], ["preview"]],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2_and_words_on_stderr(inside, wrong):
    ended = inside(*wrong)
    assert (ended.code, ended.out) == (2, b"")
    assert "telex" in ended.words
    assert "Traceback" not in ended.words


@pytest.mark.parametrize("command", ["run", "check", "preview", "tail"])
def test_a_settings_file_that_is_missing_or_wrong_ends_with_2(inside, tmp_path, command):
    sources = ["x"] if command == "preview" else []
    ended = inside(command, *sources, "--config", "no.yaml")
    assert ended.code == 2
    assert "no.yaml: cannot be read: No such file or directory; check the path and its permissions\n" in ended.words
    (tmp_path / "bad.yaml").write_text("http:\n  lissen: x\n")
    ended = inside(command, *sources, "--config", "bad.yaml")
    assert ended.code == 2
    assert "bad.yaml:2:3: http.lissen: is an unknown key; did you mean 'listen'?" in ended.words


@pytest.mark.parametrize("arguments", [["--help"], ["schema"], ["schema", "article/1"]], ids=" ".join)
def test_a_closed_pipe_is_quiet(arguments):
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "telex", *arguments]
    ended = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False, env=environment())
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (0, b"")


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
def test_a_full_disk_under_stdout_is_said_without_a_traceback():
    with FULL.open("wb") as full:
        command = [sys.executable, "-m", "telex", "schema"]
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False, env=environment())
    assert (ended.returncode, ended.stderr) == (1, b"telex: [Errno 28] No space left on device\n")


async def test_python_without_asserts_is_refused(tmp_path):
    ended = await telex("run", cwd=tmp_path, PYTHONOPTIMIZE="1")
    assert (ended.code, ended.out) == (2, b"")
    assert "python -O" in ended.words
    assert list(tmp_path.iterdir()) == []


def test_a_line_tells_time_source_language_what_and_title():
    told = line_of(article("Un titre"), 0.0)
    assert told == "18:31:41  Le Courrier                 fr  new          Un titre"
    assert line_of(article("Un titre"), 0.0, dated=True).startswith("2026-05-01T18:31:41Z  Le Courrier ")


def test_a_line_names_what_changed_and_a_withdrawal_the_title_that_was_shown():
    titles = Titles()
    edited = article("Un titre", kind="updated", changes=[{"field": "title"}, {"field": "body"}])
    assert line_of(edited, 0.0, titles=titles).endswith("  edited       Un titre  [title, body]")
    assert line_of(article(None, kind="withdrawn"), 0.0, titles=titles).endswith("  withdrawn    Un titre")
    assert line_of(article(None, kind="withdrawn"), 0.0).endswith("https://courrier.example/un")


HOSTILE = [
    "\x1b]0;owned\x07",
    "\x1b[2J",
    "\x9b2J",
    "a\rb",
    "a\nb",
    "\x7f",
    "\x08\x08",
    "\u202eevil",
    "\u2066x",
    "\u2028",
]


@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
def test_terminal_escapes_never_reach_the_terminal(hostile):
    events = [
        article(f"a{hostile}b", name=f"c{hostile}d", language=hostile),
        article("x", changes=[{"field": hostile}]),
        article("x", kind=hostile),
        {**article("x"), "time": hostile},
        {"type": "telex.deadletter", "subject": hostile, "time": None, "data": {"reason": hostile, "detail": hostile}},
    ]
    for event in events:
        told = line_of(event, 0.0)
        assert told.isprintable()


def test_what_is_too_wide_is_cut_to_the_columns_that_it_takes():
    told = line_of(article("x", name="ニュース" * 10), 0.0)
    source = told[len("18:31:41  ") :].partition("  fr  ")[0]
    assert sum(map(columns, source)) == 26
    assert source.rstrip().endswith("…")
    assert cut("\x1b[32mnew\x1b[0m and more", 3) == "\x1b[32mnew\x1b[0m\x1b[0m"
    assert cut("été", 3) == "été"
    assert cut("plain words", 5) == "plain"
