"""Composes stories from the corpus: the same draft always gives the same story.

A draft is what an editor decided; a story is the text that follows from it. An edit makes another draft, so that a
corrected figure is corrected in title, summary and body alike.

Slots: n (the figure), m (12-95), k (a small number in words), ke (its ordinal), p (a percentage), day, later, city,
country, in_country, adj, adj_f, adj_p, adj_fp, who (role and name), name, name2, and the scenario's own.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from newsroom.corpus import Corpus, Figure, Section, corpus
from newsroom.places import Place, places

_ALTERNATIVES = re.compile(r"\[([^\[\]]*)\]")
_ORDINALS = {
    "fr": ("deuxième", "troisième", "quatrième", "cinquième", "sixième", "septième", "huitième", "neuvième"),
    "en": ("second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"),
}
_ARTICLE = re.compile(r"^(le|la|the) |^l'")
_TOPIC = re.compile(r"^(?:Le |La |Les |L’)(\w)(?=[^:]*\u00a0:)")
"""A French headline that opens with its topic and a colon drops the topic's article."""
HOME_SHARE = 0.6
"""How many of a publisher's stories are set in its own country."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What an editor decided. `seed` draws all else; `figure` and `headline` count the corrections of each."""

    language: str
    desk: str
    scenario: str
    country: str
    seed: str
    figure: int = 0
    headline: int = 0
    developments: tuple[int, ...] = ()
    mark: int | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """A story as a reader sees it: plain text, whatever a format makes of it."""

    title: str
    summary: str
    paragraphs: tuple[str, ...]
    authors: tuple[str, ...]
    desk: str
    categories: tuple[str, ...]


def begin(rng: Random, language: str, home: str, desks: tuple[str, ...], seed: str) -> Draft:
    """A new draft for a publisher at home in a country; `desks` empty is any desk."""
    texts = corpus(language)
    desk = rng.choice(desks or tuple(texts.desks()))
    scenario = rng.choice(texts.scenarios(desk))
    country = home if rng.random() < HOME_SHARE else rng.choice(list(places(language)))
    return Draft(language, desk, scenario, country, seed)


def revise(draft: Draft, rng: Random) -> Draft:
    """The draft after one edit; the story that follows differs in title or summary, whatever a feed shows of it."""
    edits: list[Callable[[], Draft]] = [
        lambda: replace(draft, figure=draft.figure + 1),
        lambda: replace(draft, headline=draft.headline + 1),
        lambda: replace(draft, developments=(*draft.developments, rng.randrange(6))),
    ]
    if draft.mark is None:
        edits.append(
            lambda: replace(draft, mark=rng.randrange(3), developments=(*draft.developments, rng.randrange(6)))
        )
    before = compose(draft)
    for _ in range(20):
        after = rng.choice(edits)()
        story = compose(after)
        if (story.title, story.summary) != (before.title, before.summary):
            return after
    return replace(draft, figure=draft.figure + 1)


def compose(draft: Draft) -> Story:
    """The story that follows from a draft."""
    texts = corpus(draft.language)
    scenario = texts.sections[draft.desk, draft.scenario]
    slots = _slots(draft, texts, scenario)

    def write(line: str, part: str) -> str:
        rng = Random(f"{draft.seed}:{part}")
        # The headline's facts hold for all parts; a further paragraph brings small numbers of its own.
        own = {} if part.startswith(("title", "summary", "lead")) else _numbers(rng, draft.language, texts)
        return _typeset(_expand(line, rng).format_map(slots | own), draft.language)

    later = [write(texts.shared.texts("D")[i], f"development{n}") for n, i in enumerate(draft.developments)]
    summary = " ".join([write(_pick(scenario.texts("S"), draft, "summary"), "summary"), *later[-1:]])
    paragraphs = [write(_pick(scenario.texts("L"), draft, "lead"), "lead"), *later]
    paragraphs += [write(line, f"p{n}") for n, line in enumerate(_further(draft, texts, scenario))]
    return Story(
        title=_title(draft, texts, scenario, write),
        summary=summary,
        paragraphs=tuple(paragraphs),
        authors=_authors(draft, texts),
        desk=draft.desk,
        categories=(texts.label(draft.desk), _ARTICLE.sub("", places(draft.language)[draft.country].name)),
    )


def _title(draft: Draft, texts: Corpus, scenario: Section, write: Callable[[str, str], str]) -> str:
    titles = scenario.texts("T")
    first = Random(f"{draft.seed}:title").randrange(len(titles))
    title = write(titles[(first + draft.headline) % len(titles)], f"title{draft.headline}")
    if draft.language == "fr" and (match := _TOPIC.match(title)):
        title = match[1].upper() + title[match.end() :]
    if draft.mark is None:
        return title
    return f"{texts.shared.words('MARK', '|')[draft.mark]} {title}"


def _further(draft: Draft, texts: Corpus, scenario: Section) -> list[str]:
    """The paragraphs after the lead: the scenario's, some of the desk's, at times one of the language's."""
    rng = Random(f"{draft.seed}:further")
    of_desk = texts.desk(draft.desk).texts("P")
    chosen = sorted(rng.sample(range(len(of_desk)), rng.randint(1, min(3, len(of_desk)))))
    lines = [line for line in scenario.texts("P") if rng.random() < 0.8] + [of_desk[i] for i in chosen]
    lines += [rng.choice(texts.shared.texts("P"))] if rng.random() < 0.3 else []
    return lines[:5]


def _pick(lines: list[str], draft: Draft, part: str) -> str:
    return Random(f"{draft.seed}:{part}:which").choice(lines)


def _expand(line: str, rng: Random) -> str:
    while match := _ALTERNATIVES.search(line):
        line = line[: match.start()] + rng.choice(match[1].split("|")) + line[match.end() :]
    return line


def _slots(draft: Draft, texts: Corpus, scenario: Section) -> dict[str, str]:
    rng = Random(f"{draft.seed}:slots")
    place = places(draft.language)[draft.country]
    days = rng.sample(texts.shared.words("DAYS"), 2)
    slots = (
        _place_slots(place, rng.choice(place.cities))
        | _numbers(rng, draft.language, texts)
        | {
            "n": _number(_value(scenario.figure, draft.figure, rng), draft.language),
            "day": days[0],
            "later": f"{days[1]} prochain" if draft.language == "fr" else days[1],
            "name": _person(rng, texts)[0],
            "name2": _person(rng, texts)[0],
        }
    )
    slots |= {name: rng.choice(options) for name, options in scenario.slots.items()}
    slots["who"] = _role(rng, texts, scenario.texts("R") or texts.desk(draft.desk).texts("R"), slots)
    return slots


def _numbers(rng: Random, language: str, texts: Corpus) -> dict[str, str]:
    words = texts.shared.words("NUMBERS")
    small = rng.randrange(len(words))
    return {
        "m": str(rng.randint(12, 95)),
        "k": words[small],
        "ke": _ORDINALS[language][small],
        "p": f"{rng.randint(1, 9)}{',' if language == 'fr' else '.'}{rng.randint(1, 9)}",
    }


def _place_slots(place: Place, city: str) -> dict[str, str]:
    return {
        "city": city,
        "country": place.name,
        "in_country": place.inside,
        "adj": place.adjective,
        "adj_f": place.feminine,
        "adj_p": place.plural,
        "adj_fp": place.feminine_plural,
    }


def _value(figure: Figure, corrections: int, rng: Random) -> int:
    """The figure after so many corrections; it does not come back to an earlier value within its range."""
    count = (figure.high - figure.low) // figure.step + 1
    return figure.low + (rng.randrange(count) + corrections) % count * figure.step


def _number(value: int, language: str) -> str:
    return f"{value:,}".replace(",", "\u202f" if language == "fr" else ",")


def _person(rng: Random, texts: Corpus) -> tuple[str, bool]:
    """An invented name, and whether it is a woman's."""
    woman = rng.random() < 0.5
    first = rng.choice(texts.shared.words("FIRST-F" if woman else "FIRST-M"))
    return f"{first} {rng.choice(texts.shared.words('LAST'))}", woman


def _role(rng: Random, texts: Corpus, roles: list[str], slots: dict[str, str]) -> str:
    name, woman = _person(rng, texts)
    masculine, _, feminine = rng.choice(roles).partition(" / ")
    role = (feminine or masculine) if woman else masculine
    return f"{role.format_map(slots)}, {name}"


def _authors(draft: Draft, texts: Corpus) -> tuple[str, ...]:
    rng = Random(f"{draft.seed}:authors")
    return tuple(_person(rng, texts)[0] for _ in range(2 if rng.random() < 0.12 else 1))


_FRENCH = (
    (re.compile(r"\b([dD])e le (?=\w)", re.IGNORECASE), r"\1u "),
    (re.compile(r"\b([dD])e les (?=\w)", re.IGNORECASE), r"\1es "),
    (re.compile(r"(?<!\w)([àÀ]) le (?=\w)", re.IGNORECASE), "au "),
    (re.compile(r"(?<!\w)([àÀ]) les (?=\w)", re.IGNORECASE), "aux "),
    (re.compile(r"\b(d|qu)e (?=[aeiouéèêâîôïAEIOUÉÈÊÂÎÔÏ])", re.IGNORECASE), r"\1'"),
    (re.compile(r"'"), "’"),
    (re.compile(r"« ?"), "«\u00a0"),
    (re.compile(r" (?=[:;?!»%])"), "\u00a0"),
    (re.compile(r"(?<=\d) (?=\d{3}\b)"), "\u202f"),
)
_ENGLISH = (
    (re.compile(r"\b([aA]) (?=(?!uni|eu|one|use)[aeiouAEIOU]|8|1[18]\b)"), r"\1n "),
    (re.compile(r"'"), "’"),
)
_SENTENCE_START = re.compile(r"(^|(?<=[a-zà-ÿ\d%»”)][.!?] )|(?<=%\.\s))([a-zà-ÿœ])")


def _typeset(text: str, language: str) -> str:
    """Elisions, contractions, spaces before French punctuation, capitals where sentences begin."""
    for pattern, replacement in _FRENCH if language == "fr" else _ENGLISH:
        text = pattern.sub(replacement, text)
    return _SENTENCE_START.sub(lambda match: match[0].upper(), text)
