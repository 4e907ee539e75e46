"""The command line in this process, for what is the same there and quicker."""

import io
import os
import sys

import pytest

from commands.command_line import Ended
from telex.cli import main


@pytest.fixture
def inside(capfdbinary, monkeypatch, tmp_path):
    """Call `inside(*arguments, stdin=…, VARIABLE=…)`: main() in an empty folder and without this machine's settings."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("TELEX_")]:
        monkeypatch.delenv(name)

    def call(*arguments: str, stdin: bytes = b"", **variables: str) -> Ended:
        with monkeypatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
            capfdbinary.readouterr()
            try:
                code = main(arguments)
            except SystemExit as end:  # argparse's own way out
                code = end.code
            out, words = capfdbinary.readouterr()
        return Ended(code, out, words.decode())

    return call
