"""`python -m telex.testing.simulation`: simulate seeds, judge each by the ledger, tell what was wrong."""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator

from telex.testing.simulation.mutants import MUTANTS, simulate_mutant
from telex.testing.simulation.report import told
from telex.testing.simulation.scenario import DAYS, simulate
from telex.testing.simulation.world import FEEDS_OF


def main(arguments: list[str] | None = None) -> int:
    """Simulate; 0 where no seed is red, 1 where one is."""
    options = _options().parse_args(arguments)
    red, total, faults = 0, Counter[str](), list[int]()
    for seed in _seeds(options.seeds):
        if options.mutant:
            outcome = simulate_mutant(options.mutant, seed, options.days, story=options.story)
        else:
            outcome = simulate(seed, options.days, story=options.story)
        total += outcome.count
        faults.append(outcome.process_faults)
        if options.story:
            _say(*outcome.story, f"trace {outcome.trace}")
        if outcome.wrong:
            red += 1
            _say(told(outcome, options.days, options.mutant))
            if options.first:
                break
    feed_days = len(faults) * options.days * sum(FEEDS_OF.values())
    _say(f"{red} of {len(faults)} seeds red, {feed_days:.0f} feed-days, at least {min(faults)} process faults a seed")
    sys.stderr.write(", ".join(f"{name} {count}" for name, count in sorted(total.items())) + "\n")
    return 1 if red else 0


def _say(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


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
