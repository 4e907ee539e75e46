"""From what speaks for each topic to how certain each is."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import exp, log, log1p
from operator import mul
from pathlib import Path

import orjson

from telex.tagging.weighing import Weighed

Weights = tuple[float, ...]


@dataclass(frozen=True)
class Opinion:
    """A model over what was weighed. The certainty of a top level grows with a power of its total; learnt weights shift it.

    `classes` are the top levels (places in the list of all) that there was something to learn about; what is learnt
    decides among them; the strongest stays as strong beside the others as the lexicon has the strongest. `knots` are pairs (raw, calibrated).
    """

    power: float
    nothing: float
    floor: float
    knots: tuple[tuple[float, float], ...]
    classes: tuple[int, ...]
    concepts: Mapping[int, Weights]
    tops: tuple[Weights, ...]
    most: float

    @cached_property
    def _all_tops(self) -> Weights:
        return tuple(map(sum, zip(*self.tops, strict=True)))

    def confidences(self, weighed: Weighed, tops: Sequence[int], learnt: Mapping[str, Weights]) -> list[float]:
        """How certain each top level is; `learnt` are the weights of the stems of the text's language."""
        logs = [log(weighed.totals.get(top, 0.0) + self.nothing) for top in tops]
        scores = [self.power * amount for amount in logs]
        highest = max(scores)
        parts = [exp(score - highest) for score in scores]
        shifts = [max(-self.most, min(self.most, shift)) for shift in self._shifts(weighed, logs, learnt)]
        shifted = [parts[at] * exp(shift) for at, shift in zip(self.classes, shifts, strict=True)]
        share = max(parts[at] for at in self.classes) / max(shifted)
        for at, part in zip(self.classes, shifted, strict=True):
            parts[at] = part * share
        whole = sum(parts)
        return [self.calibrated(part / whole) for part in parts]

    def _shifts(self, weighed: Weighed, logs: Sequence[float], learnt: Mapping[str, Weights]) -> list[float]:
        """What is learnt says of each class."""
        terms = [(log1p(amount), self.concepts.get(number)) for number, amount in weighed.own.items()]
        # Each is taken from the middle of them all; most are at `nothing`, and cost nothing so.
        low = log(self.nothing)
        terms += [(amount - low, weights) for amount, weights in zip(logs, self.tops, strict=True) if amount != low]
        terms.append((low - sum(logs) / len(logs), self._all_tops))
        if weighed.stems:
            scale = (weighed.size + 1.0) ** -0.5
            terms += [(scale * mass**0.5, learnt[stem]) for stem, mass in weighed.stems.items()]
        known = [(amount, weights) for amount, weights in terms if weights is not None]
        amounts = [amount for amount, _ in known]
        # Column by column, in C: it is half of what a loop over terms and classes takes.
        return [sum(map(mul, amounts, column)) for column in zip(*[weights for _, weights in known], strict=True)]

    def calibrated(self, raw: float) -> float:
        """The confidence of a raw certainty: a line between the knots."""
        at = bisect_right(self.knots, (raw, 2.0))
        if at == 0 or at == len(self.knots):
            return self.knots[min(at, len(self.knots) - 1)][1]
        (x0, y0), (x1, y1) = self.knots[at - 1], self.knots[at]
        return y0 + (y1 - y0) * (raw - x0) / (x1 - x0)

    def of_share(self, share: float) -> float:
        """What a narrower concept has of its top level's confidence, by its share of what speaks for that."""
        return min(1.0, 0.5 + 0.5 * share)


def load_opinion(path: Path, numbers: Mapping[str, int], tops: Sequence[int]) -> Opinion:
    """The opinion that comes with telex; `numbers` are those of the concepts by code, `tops` those of the top levels.

    Raises:
        OSError, ValueError, KeyError: the file is not there, or not what it was shipped as.
    """
    document = orjson.loads(path.read_bytes())
    return Opinion(
        document["power"],
        document["nothing"],
        document["floor"],
        tuple((raw, calibrated) for raw, calibrated in document["knots"]),
        tuple(tops.index(numbers[code]) for code in document["classes"]),
        {numbers[code]: tuple(weights) for code, weights in document["concepts"].items() if code in numbers},
        tuple(tuple(document["tops"][code]) for code, number in numbers.items() if number in tops),
        document["most"],
    )
