"""The countries and cities that the stories are set in."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Place:
    """A country in one language. `inside` is the country with its preposition ("au Sénégal", "in Senegal").

    Adjectives are in the lower case that the language wants; in English the feminine and plural forms are the same.
    """

    code: str
    name: str
    inside: str
    adjective: str
    feminine: str
    plural: str
    feminine_plural: str
    cities: tuple[str, ...]


def data_lines(name: str) -> list[str]:
    """The lines of a data file, stripped, without comments and blank ones."""
    text = files("newsroom").joinpath("data", name).read_text(encoding="utf-8")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


@cache
def places(language: str) -> dict[str, Place]:
    """All places by ISO 3166 alpha-2 code, in "fr" or "en"."""
    return {place.code: place for place in (_place(line, language) for line in data_lines("places.txt"))}


def _place(line: str, language: str) -> Place:
    code, name_fr, inside_fr, masculine, feminine, name_en, adjective_en, cities = (
        part.strip() for part in line.split(";")
    )
    both = [city.strip().partition("=") for city in cities.split(",")]
    if language == "fr":
        plural = masculine if masculine.endswith("s") else f"{masculine}s"
        names = tuple(french for french, _, _ in both)
        return Place(code, name_fr, inside_fr, masculine, feminine, plural, f"{feminine}s", names)
    names = tuple(english or french for french, _, english in both)
    inside = f"in {name_en}"
    return Place(code, name_en, inside, adjective_en, adjective_en, adjective_en, adjective_en, names)
