"""A red seed in words: what was wrong, and the command that repeats it with its story."""

from telex.testing.simulation.scenario import DAYS, Outcome

LINES = 20
"""How much of what was wrong is told."""


def command(seed: int, days: float = DAYS, mutant: str | None = None) -> str:
    """The command that repeats a seed and prints its story."""
    parts = ["python -m telex.testing.simulation --seeds", str(seed)]
    parts += [f"--days {days:g}"] if days != DAYS else []
    parts += [f"--mutant {mutant}"] if mutant else []
    return " ".join([*parts, "--story"])


def told(outcome: Outcome, days: float = DAYS, mutant: str | None = None) -> str:
    """What was wrong with a seed."""
    wrong = "\n".join(f"  {line}" for line in outcome.wrong[:LINES])
    return f"seed {outcome.seed}: {len(outcome.wrong)} wrong\n{wrong}\n  repeat: {command(outcome.seed, days, mutant)}"
