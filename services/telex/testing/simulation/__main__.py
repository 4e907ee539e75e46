"""`python -m telex.testing.simulation`: simulate seeds, judge each by the ledger, tell what was wrong."""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator

from telex.testing.simulation.mutants import MUTANTS, Mutant
from telex.testing.simulation.scenario import DAYS, Outcome, simulate
from telex.testing.simulation.world import FEEDS_OF


def simulate_mutant(mutant: Mutant, seed: int, days: float = DAYS, *, story: bool = False) -> Outcome:
    """Simulate a seed with a fault planted."""
    with mutant.patched():
        return simulate(seed, days, mutant.log_type, story=story)


def command(seed: int, days: float = DAYS, mutant: str | None = None) -> str:
    """The command that repeats a seed."""
    parts = ["python -m telex.testing.simulation --seeds", str(seed)]
    parts += [f"--days {days:g}"] if days != DAYS else []
    parts += [f"--mutant {mutant}"] if mutant else []
    return " ".join([*parts, "--story"])


def told(outcome: Outcome, days: float = DAYS, mutant: str | None = None) -> str:
    """A red seed in words: what was wrong, and how to see all of it."""
    wrong = "\n".join(f"  {line}" for line in outcome.wrong[:20])
    return f"seed {outcome.seed}: {len(outcome.wrong)} wrong\n{wrong}\n  repeat: {command(outcome.seed, days, mutant)}"


def main(arguments: list[str] | None = None) -> int:
    """Simulate; 0 where no seed is red, 1 where one is."""
    options = _options().parse_args(arguments)
    mutant = MUTANTS[options.mutant] if options.mutant else Mutant("none", "the real thing")
    red, total, faults, number = 0, Counter[str](), [], 0
    for number, seed in enumerate(_seeds(options.seeds), 1):
        outcome = simulate_mutant(mutant, seed, options.days, story=options.story)
        total += outcome.count
        faults.append(outcome.process_faults)
        if options.story:
            print(*outcome.story, f"trace {outcome.trace}", sep="\n")
        if outcome.wrong:
            red += 1
            print(told(outcome, options.days, options.mutant), flush=True)
            if options.first:
                break
    feed_days = number * options.days * sum(FEEDS_OF)
    print(f"{red} of {number} seeds red, {feed_days:.0f} feed-days, at least {min(faults)} process faults a seed")
    print(", ".join(f"{name} {count}" for name, count in sorted(total.items())), file=sys.stderr)
    return 1 if red else 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m telex.testing.simulation", description=__doc__)
    parser.add_argument("--seeds", default="1..20", help="one seed, or FIRST..LAST (default %(default)s)")
    parser.add_argument("--days", type=float, default=DAYS, help="simulated days (default %(default)s)")
    parser.add_argument("--mutant", choices=sorted(MUTANTS), help="plant this fault")
    parser.add_argument("--first", action="store_true", help="stop at the first red seed")
    parser.add_argument("--story", action="store_true", help="print everything that happened")
    return parser


def _seeds(text: str) -> Iterator[int]:
    first, _, last = text.partition("..")
    yield from range(int(first), int(last or first) + 1)


if __name__ == "__main__":
    sys.exit(main())
