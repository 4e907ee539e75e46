"""What goes wrong with answers, by a level and by chance from the seed: each publisher is ill in its own measure."""

from dataclasses import dataclass
from enum import StrEnum
from random import Random


class Level(StrEnum):
    """How much goes wrong. `some`: three publishers in ten, one to two answers in ten; `many`: all, two to five in ten."""

    OFF = "off"
    SOME = "some"
    MANY = "many"


class Fault(StrEnum):
    """What is wrong with an answer."""

    SERVER_ERROR = "server_error"  # 500, 502 or 503
    RATE_LIMIT = "rate_limit"  # 429 with Retry-After
    SLOW = "slow"  # whole, but in small pieces
    CUT = "cut"  # the connection ends before Content-Length is reached
    TRUNCATED = "truncated"  # a document that stops in its middle, in a whole answer
    HTML_PAGE = "html_page"  # an error page with status 200
    FALSE_304 = "false_304"  # 304 although there is news
    MOVED_TEMPORARILY = "moved_temporarily"
    MOVED_PERMANENTLY = "moved_permanently"
    STALE = "stale"  # an older copy, with its own validators
    EMPTY = "empty"  # 200 without a body
    WRONG_CHARSET = "wrong_charset"  # Content-Type says us-ascii, which the bytes disprove


PAGE_FAULTS = (Fault.SERVER_ERROR, Fault.SLOW, Fault.CUT)
"""What can be wrong with an article's page."""


@dataclass(slots=True)
class _Patient:
    chance: float
    rng: Random


class Faults:
    """Draws faults. For one publisher the sequence follows from the seed, whatever is asked of others."""

    def __init__(self, level: Level, seed: int) -> None:
        self._seed = seed
        self._patients: dict[str, _Patient] = {}
        self._level = level

    @property
    def level(self) -> Level:
        """How much goes wrong now."""
        return self._level

    @level.setter
    def level(self, level: Level) -> None:
        self._level = level
        self._patients.clear()

    def draw(self, publisher: str, among: tuple[Fault, ...] = tuple(Fault)) -> Fault | None:
        """The fault of the publisher's next answer; None: it is well."""
        if self._level is Level.OFF:
            return None
        patient = self._patients.get(publisher) or self._admit(publisher)
        return patient.rng.choice(among) if patient.rng.random() < patient.chance else None

    def _admit(self, publisher: str) -> _Patient:
        rng = Random(f"{self._seed}:faults:{publisher}")
        ill = self._level is Level.MANY or rng.random() < 0.3
        low, high = (0.2, 0.5) if self._level is Level.MANY else (0.1, 0.2)
        patient = _Patient(rng.uniform(low, high) if ill else 0.0, rng)
        self._patients[publisher] = patient
        return patient
