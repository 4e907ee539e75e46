"""What tagging with operators' own concepts costs by their number: invented words, some of them in the texts."""

from collections.abc import Callable
from functools import cache
from random import Random

from telex.tagging.concepts import EVERY, OwnConcept, Taxonomy
from telex.tagging.taxonomies import Taxonomies
from telex.tagging.terms import parse_term
from telex.tagging.text import text_of

_SYLLABLES = [
    "ba",
    "ce",
    "di",
    "fo",
    "gu",
    "la",
    "me",
    "ni",
    "po",
    "ru",
    "sa",
    "te",
    "vi",
    "xo",
    "zu",
    "tri",
    "bra",
    "clo",
    "des",
    "mon",
]
_TEXTS = 50


@cache
def _words() -> list[str]:
    """What concepts are about; texts are of shorter words, but for one in twenty."""
    random = Random(1)
    return ["".join(random.choices(_SYLLABLES, k=random.randint(3, 5))) for _ in range(60_000)]


@cache
def _taxonomies(concepts: int) -> Taxonomies:
    """Concepts of five terms: two words, one that goes on, and phrases of two and three words."""
    random = Random(2)

    def written() -> list[str]:
        one, other, stem, *row = random.choices(_words(), k=8)
        return [one, other, f"{stem}nu*", " ".join(row[:2]), " ".join(row[2:])]

    made = (
        OwnConcept(f"c{number}", {"fr": "x"}, {EVERY: tuple(map(parse_term, written()))}) for number in range(concepts)
    )
    return Taxonomies([Taxonomy("own", "1", tuple(made))])


def parts() -> dict[str, tuple[Callable[[], object], int]]:
    """Each part with how many texts one run counts for."""
    return {
        f"tag {words} words, {concepts:,} concepts of one's own": (_tagging(words, concepts), _TEXTS)
        for words in (100, 300)
        for concepts in (10, 1_000, 10_000)
    }


def _tagging(words: int, concepts: int) -> Callable[[], object]:
    random, taxonomies = Random(3), _taxonomies(concepts)

    def word() -> str:
        rare = random.random() < 0.05
        return random.choice(_words()) if rare else "".join(random.choices(_SYLLABLES, k=random.randint(1, 2)))

    bodies = [" ".join(word() for _ in range(words)) for _ in range(_TEXTS)]
    return lambda: [taxonomies.tag(text_of(title="Titre", body=body)) for body in bodies]
