"""Tries inputs one after the other: no exception but a broken law's, no second of CPU for one, bounded memory.

python tests/documents/fuzz_run.py --seed 7 --first 0 --inputs 1000
"""

import argparse
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fuzz
import fuzz_laws

LONGEST = 1.0
"""Seconds of CPU for one input."""
LARGEST = 64 * 1024 * 1024
"""Bytes by which the process may grow, once it has warmed up."""
_WARM = 500
_KINDS = (*("document",) * 60, *("markup",) * 25, *("date",) * 14, "page")


class Broken(Exception):
    """An input that breaks a law. Its text says how to try it again."""


class TooLong(BaseException):
    """No reader may catch it."""


def try_one(seed: int, number: int) -> str:
    """Try one input; the answer is what came out of it.

    Raises:
        Broken: a law does not hold of it.
    """
    chance = fuzz.chance_of(seed, number)
    kind = chance.choice(_KINDS)
    started = time.process_time()
    try:
        with _guarded():
            outcome = _tried(kind, chance)
    except (Exception, TooLong) as error:
        raise Broken(f"{kind}: {_again(seed, number)}: {type(error).__name__}: {error}") from error
    took = time.process_time() - started
    if took > LONGEST:
        raise Broken(f"{kind}: {_again(seed, number)}: it took {took:.2f} s of CPU")
    return outcome


def _tried(kind: str, chance: fuzz.random.Random) -> str:
    if kind == "document":
        return "feed" if fuzz_laws.check_document(*fuzz.document(chance), chance) else "no feed"
    if kind == "markup":
        fuzz_laws.check_markup(fuzz.html(chance), html=chance.random() < 0.8)
    elif kind == "date":
        fuzz_laws.check_date(fuzz.date(chance))
    else:
        fuzz_laws.check_page(*fuzz.document(chance))
    return kind


@contextmanager
def _guarded() -> Iterator[None]:
    """End what takes far too long, where Python gets to run at all."""

    def end(_signal: int, _frame: object) -> None:
        raise TooLong

    before = signal.signal(signal.SIGPROF, end)
    signal.setitimer(signal.ITIMER_PROF, 10 * LONGEST)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _again(seed: int, number: int) -> str:
    return f"python {Path(__file__).name} --seed {seed} --first {number} --inputs 1"


def try_all(seed: int, first: int, inputs: int) -> Counter[str]:
    """Try inputs in turn; the answer counts what came out of them.

    Raises:
        Broken: a law does not hold of one of them.
    """
    outcomes: Counter[str] = Counter()
    before = 0
    for number in range(first, first + inputs):
        outcomes[try_one(seed, number)] += 1
        if number - first == _WARM:
            before = _resident()
    if before and _resident() - before > LARGEST:
        raise Broken(f"seed {seed}: {inputs} inputs took {_resident() - before:,} bytes that stayed")
    return outcomes


def _resident() -> int:
    """Bytes of memory in use; the most that ever were, where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> int:
    """Try what the command line asks for; each broken law is one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--inputs", type=int, default=1000)
    parser.add_argument("--go-on", action="store_true", help="name every broken law, not the first alone")
    asked = parser.parse_args()
    if not asked.go_on:
        try:
            print(dict(try_all(asked.seed, asked.first, asked.inputs)))
        except Broken as broken:
            print(broken)
            return 1
        return 0
    failed = 0
    for number in range(asked.first, asked.first + asked.inputs):
        try:
            try_one(asked.seed, number)
        except Broken as broken:
            failed += 1
            print(broken, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
