"""Terms of operators: what they mean, and where they stand in a text."""

import re
import sys
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telex.tagging.terms import LEAST_PREFIX, MOST_WORDS, Terms, WrongTermError, parse_term
from telex.tagging.text import fold, text_of

WORDS = st.text("abcdeéèçœABÉ", min_size=1, max_size=6)
TITLES = st.lists(WORDS, min_size=1, max_size=12).map(" ".join)


def standing(written, title):
    """What a term is in a title, as it stands there."""
    terms = Terms()
    number = terms.add(parse_term(written))
    return [title[place.start : place.end] for place in terms.find(text_of(title=title)).get(number, [])]


@pytest.mark.parametrize(
    ("written", "title", "found"),
    [
        ("pétrole", "Le PETROLE et le pétrole", ["PETROLE", "pétrole"]),
        ("Côte d’Ivoire", "En Cote d'Ivoire", ["Cote d'Ivoire"]),
        ("énergie", "L’énergie", ["énergie"]),
        ("œuvre", "Main-d'oeuvre, chef-d’ŒUVRE", ["oeuvre", "ŒUVRE"]),
        ("coeur", "Un cœur", ["cœur"]),
        ("mali", "Malien, somali, Mali_bis", ["Mali"]),
        ("porte conteneurs", "Un porte-conteneurs, un porte conteneurs", ["porte-conteneurs", "porte conteneurs"]),
        ("porte-conteneurs", "Un porte  conteneurs", ["porte  conteneurs"]),
        ("guerre d'usure", "La «guerre» d’usure", ["guerre» d’usure"]),
        ("pétrole brut", "Le pétrole, brut ou non. Du pétrole. Brut", []),
        ("sénégal france", "Sénégal - France", []),
        ("sénégal - france", "Sénégal - France", ["Sénégal - France"]),
        ("r&d", "La R&D, r & d, r d", ["R&D", "r d"]),
        ("u.s.", "U.S. troops", ["U.S"]),
        ("جامعة", "في جامعة دكار", ["جامعة"]),
    ],
)
def test_a_term_is_found_where_its_words_stand_in_a_row(written, title, found):
    assert standing(written, title) == found


@pytest.mark.parametrize(
    ("written", "title", "found"),
    [
        ("hydrocarbur*", "Hydrocarbures : l’hydrocarbure", ["Hydrocarbures", "hydrocarbure"]),
        ("délest*", "Des DELESTAGES", ["DELESTAGES"]),
        ("coupure de cour*", "Une coupure de courant, une coupure d'eau", ["coupure de courant"]),
        ("arrêt*", "Un barrêt", []),
        ("hausse pri*", "La hausse, prix et primes. Hausse-primes", ["Hausse-primes"]),
        ("=Bourse", "La Bourse, une bourse, la BOURSE", ["Bourse"]),
        ("=Côte d'Ivoire", "Cote d'Ivoire, Côte-d’Ivoire", ["Côte-d’Ivoire"]),
        ("=OPE*", "OPEP, opep, Opera", ["OPEP"]),
        ("= OMS", "OMS et oms", ["OMS"]),
    ],
)
def test_a_star_takes_what_goes_on_and_an_equals_sign_what_is_written_so(written, title, found):
    assert standing(written, title) == found


def test_a_phrase_ends_with_its_field():
    terms = Terms()
    terms.add(parse_term("ligne verte"))
    assert not terms.find(text_of(title="La ligne", summary="Verte ou bleue"))


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", "holds no word"),
        ("=", "holds no word"),
        ("*", "holds no word"),
        ("« … »", "holds no word"),
        ("a*b", "has a * before its end"),
        ("oil**", "has a * before its end"),
        ("un*", f"fewer than {LEAST_PREFIX}"),
        ("le pétrole à*", f"fewer than {LEAST_PREFIX}"),
        ("pétrole *", f"fewer than {LEAST_PREFIX}"),
        (" ".join("a" * (MOST_WORDS + 1)), f"more than {MOST_WORDS} words"),
    ],
)
def test_what_is_no_term_is_refused_with_a_remedy(written, said):
    with pytest.raises(WrongTermError, match="; ") as caught:
        parse_term(written)
    assert said in caught.value.what


def test_accents_that_stand_apart_are_the_same_term():
    assert parse_term("e\N{COMBINING ACUTE ACCENT}nergie") == parse_term("énergie")


def test_equal_terms_have_one_number():
    terms = Terms()
    assert terms.add(parse_term("un mot")) == terms.add(parse_term("un mot")) != terms.add(parse_term("=un mot"))
    assert len(terms) == 2


@given(TITLES, st.data())
def test_words_of_a_text_are_found_where_they_stand(title, data):
    words = title.split()
    first = data.draw(st.integers(0, len(words) - 1))
    after = data.draw(st.integers(first + 1, min(len(words), first + MOST_WORDS)))
    phrase = " ".join(words[first:after])
    assert phrase in standing(f"={phrase}", title)
    assert set(standing(f"={phrase}", title)) <= {phrase}
    assert phrase in standing(fold(phrase), title)


@given(TITLES, st.lists(TITLES, max_size=8), st.data())
def test_a_term_is_found_or_not_whatever_other_terms_there_are(title, others, data):
    term = parse_term(data.draw(st.sampled_from([title.split()[0], *others])))
    alone, together = Terms(), Terms()
    number = alone.add(term)
    for other in others:
        together.add(parse_term(other))
    same = together.add(term)
    text = text_of(title=title)
    assert alone.find(text).get(number) == together.find(text).get(same)


SPACED = st.lists(
    st.tuples(
        st.sampled_from(["été", "Ete", "etes", "œuf", "oeufs", "OMS", "a7"]),
        st.sampled_from([" ", "-", "’", ", ", " - ", "&"]),
    ),
    min_size=1,
    max_size=10,
).map(lambda pairs: "".join(word + gap for word, gap in pairs))
"""Few words, so that they meet."""


def compared(term, title):
    """Where a term stands, by comparing it with every row of words."""
    words = list(re.finditer(r"[^\W_]+", title))
    plain = [fold(word.group()).replace("œ", "oe") for word in words]
    for first in range(len(words) - len(term.words) + 1):
        row = slice(first, first + len(term.words))
        gaps = [fold(title[one.end() : other.start()]) for one, other in pairwise(words[row])]
        if not all(gap in {" ", "-", "'", own} for gap, own in zip(gaps, term.gaps, strict=True)):
            continue
        wanted, stand = [(list(term.words), plain[row])], [word.group() for word in words[row]]
        if term.exactly is not None:
            wanted.append((list(term.exactly), stand))
        if all(
            own[:-1] == there[:-1] and (there[-1].startswith(own[-1]) if term.open else own[-1] == there[-1])
            for own, there in wanted
        ):
            yield title[words[first].start() : words[row][-1].end()]


@given(
    SPACED, st.lists(st.tuples(st.sampled_from(["", "="]), SPACED, st.sampled_from(["", "*"])), min_size=1, max_size=6)
)
def test_the_pass_finds_what_comparing_every_row_of_words_finds(title, drawn):
    terms, numbers = Terms(), {}
    for mark, words, star in drawn:
        written = f"{mark}{words.rstrip(' -’,&')}{star}"
        with suppress(WrongTermError):
            term = parse_term(written)
            numbers[term] = terms.add(term)
    found = terms.find(text_of(title=title))
    for term, number in numbers.items():
        assert [title[each.start : each.end] for each in found.get(number, [])] == list(compared(term, title))


@given(st.text(max_size=60), st.text(max_size=200))
def test_any_text_is_a_term_or_refused_and_is_searched_without_harm(written, title):
    try:
        found = standing(written, title)
    except WrongTermError:
        return
    assert all(found)


def calls_of(terms, text):
    """How many calls a pass makes, of Python's functions and C's."""
    made = 0

    def count(frame, event, argument):
        nonlocal made
        made += event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        terms.find(text)
    finally:
        sys.setprofile(None)
    return made


def test_a_pass_costs_the_same_with_ten_terms_and_with_fifty_thousand():
    costs = []
    for size in (10, 50_000):
        terms = Terms()
        for number in range(size):
            terms.add(parse_term(f"mot{number} suite{number % 7}" if number % 2 else f"seul{number}*"))
        text = text_of(title="Rien de tout cela", body="ici personne ne parle de cela " * 50)
        terms.find(text)
        costs.append(calls_of(terms, text))
    assert costs[0] == costs[1]
