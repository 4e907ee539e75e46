"""Damaged documents, texts and dates by the ten thousand: no exception, no long time, no memory kept, and `fuzz_laws`.

20,000 inputs here, a million in the soak, over as many processes as there are processors; `TELEX_FUZZ_INPUTS` and
`TELEX_FUZZ_SEED` are other numbers.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from fuzz_run import Broken, try_all, try_one

SEED = int(os.environ.get("TELEX_FUZZ_SEED", "1"))
PARTS = 4
"""Parts of the quick run, for as many workers."""
QUICK = 20_000 // PARTS
SOAK = int(os.environ.get("TELEX_FUZZ_INPUTS", "1000000"))


@pytest.mark.parametrize("part", range(PARTS))
def test_no_input_breaks_a_law(part):
    outcomes = try_all(SEED, part * QUICK, QUICK)
    print(f"seed {SEED}: {dict(outcomes)}")
    assert sum(outcomes.values()) == QUICK
    assert min(outcomes[kind] for kind in ("feed", "no feed", "markup", "date", "page")) > QUICK / 1000


def test_an_input_is_the_same_wherever_it_is_made():
    assert [try_one(SEED, number) for number in range(50)] == [try_one(SEED, number) for number in reversed(range(50))][
        ::-1
    ]


def test_a_broken_law_says_how_to_try_it_again(monkeypatch):
    monkeypatch.setattr("fuzz_laws.check_document", lambda *_: 1 / 0)
    with pytest.raises(Broken, match=r"--seed 5 --first \d+ --inputs 1: ZeroDivisionError"):
        try_all(5, 0, 20)


@pytest.mark.soak
def test_a_million_inputs_break_no_law():
    workers = os.cpu_count() or 1
    share = -(-SOAK // workers)
    commands = [
        [
            sys.executable,
            str(Path(__file__).with_name("fuzz_run.py")),
            f"--seed={SEED}",
            f"--first={QUICK * PARTS + share * number}",
        ]
        for number in range(workers)
    ]
    running = [
        subprocess.Popen([*command, f"--inputs={share}"], stdout=subprocess.PIPE, text=True, encoding="utf-8")
        for command in commands
    ]
    said = [process.communicate()[0] for process in running]
    print(f"\nseed {SEED}: {share} inputs in each of {workers} processes", *said, sep="\n")
    assert [process.returncode for process in running] == [0] * workers, "".join(said)
