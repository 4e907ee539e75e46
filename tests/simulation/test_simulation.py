"""The real shard, schedule and ingest code under crashes, stops, moves and lost answers, judged by the ledger."""

import os
import subprocess
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

import pytest

from telex.testing.simulation.mutants import MUTANTS, simulate_mutant
from telex.testing.simulation.report import command, told
from telex.testing.simulation.scenario import DISASTERS, Outcome, simulate

CHUNK, CHUNKS = 25, 8
SOAK = range(201, 10_201)
FAULTS_A_SEED = 100
MUST_HAPPEN = (
    *(disaster for disaster in DISASTERS if disaster != "kill"),
    "kill",
    "kill inside append",
    "lose",
    "late",
    "refuse",
    "fence",
    "unavailable",
    "unaware",
    "stale",
    "truncated",
    "rate_limited",
    "uncalled_304",
    "telex.article.published",
    "telex.article.updated",
    "telex.article.withdrawn",
    "telex.deadletter",
)


def explain(red: list[Outcome]) -> str:
    """What to read first, and how to see the rest."""
    if red:
        print(f"the end of the story of seed {red[0].seed}:", *red[0].story[-200:], sep="\n")
    return "\n".join(told(outcome) for outcome in red)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_seed_is_red(chunk):
    red, count = [], Counter()
    for seed in range(chunk * CHUNK + 1, (chunk + 1) * CHUNK + 1):
        outcome = simulate(seed)
        assert outcome.process_faults >= FAULTS_A_SEED, f"seed {seed} is too easy: {outcome.process_faults} faults"
        count += outcome.count
        if outcome.wrong:
            red.append(outcome)
    assert not red, explain(red)
    assert [what for what in MUST_HAPPEN if not count[what]] == [], "a simulation without these proves nothing"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", sorted(MUTANTS))
def test_a_planted_fault_turns_a_seed_red(name):
    red = next((seed for seed in range(1, 101) if simulate_mutant(name, seed).wrong), None)
    assert red is not None, f"{name} went through 100 seeds"
    assert not simulate(red).wrong, f"seed {red} is red without any fault planted"


def test_the_same_seed_gives_the_same_trace_under_another_hash_seed():
    traces = set()
    for hash_seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-m", "telex.testing.simulation", "--seeds", "3", "--days", "0.75", "--story"],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "seeds red" in run.stdout, run.stderr
        traces.add(next(line for line in run.stdout.splitlines() if line.startswith("trace ")))
    assert len(traces) == 1


def test_what_ran_before_in_this_process_does_not_matter():
    first = simulate(2, 0.75, story=True)
    simulate(3, 0.75)
    again = simulate(2, 0.75, story=True)
    assert first.trace == again.trace
    assert first.trace != simulate(4, 0.75, story=True).trace


def test_a_red_seed_tells_its_number_what_was_wrong_and_how_to_repeat_it():
    outcome = simulate_mutant("inbox-not-committed", 1)
    words = told(outcome, mutant="inbox-not-committed")
    assert "seed 1: " in words
    assert "inbox at 0" in words
    assert "python -m telex.testing.simulation --seeds 1 --mutant inbox-not-committed --story" in words
    assert any("fence" in line for line in outcome.story)
    assert command(7, 0.5) == "python -m telex.testing.simulation --seeds 7 --days 0.5 --story"


@pytest.mark.soak
def test_ten_thousand_seeds_are_green():
    red: list[Outcome] = []
    with ProcessPoolExecutor() as pool:
        for done, outcome in enumerate(pool.map(simulate, SOAK, chunksize=10), 1):
            if outcome.wrong:
                red.append(outcome)
                print(told(outcome), flush=True)
            if done % 500 == 0:
                print(f"{done} seeds, {len(red)} red", flush=True)
    assert not red, explain(red)
