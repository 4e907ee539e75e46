"""From what speaks for each topic to how certain each is."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson


@dataclass(frozen=True, slots=True)
class Opinion:
    """A topic's part of `(total + nothing) ** power`, over all top levels, calibrated: `knots` are pairs (part, confidence)."""

    power: float
    nothing: float
    knots: tuple[tuple[float, float], ...]
    floor: float
    """Least confidence of a topic beside the first."""

    def confidences(self, totals: Sequence[float]) -> list[float]:
        """How certain each is, of all top levels."""
        powers = [(total + self.nothing) ** self.power for total in totals]
        whole = sum(powers)
        return [self.calibrated(power / whole) for power in powers]

    def calibrated(self, part: float) -> float:
        """The confidence of a part: a line between the knots."""
        at = bisect_right(self.knots, (part, 2.0))
        if at == 0 or at == len(self.knots):
            return self.knots[min(at, len(self.knots) - 1)][1]
        (x0, y0), (x1, y1) = self.knots[at - 1], self.knots[at]
        return y0 + (y1 - y0) * (part - x0) / (x1 - x0)

    def of_share(self, share: float) -> float:
        """What a narrower concept has of its top level's confidence, by its share of what speaks for that."""
        return min(1.0, 0.5 + 0.5 * share)


def load_opinion(folder: Path) -> Opinion:
    """The opinion that comes with telex.

    Raises:
        OSError, ValueError, KeyError: the file is not there, or not what it was shipped as.
    """
    document = orjson.loads((folder / "opinion.json").read_bytes())
    return Opinion(
        document["power"], document["nothing"], tuple((x, y) for x, y in document["knots"]), document["floor"]
    )
