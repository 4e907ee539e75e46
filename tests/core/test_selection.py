"""Criteria that the readers of events and the rules of topics share."""

from dataclasses import dataclass, replace

import pytest

from telex.core.selection import EVERYTHING, Selection, country_code, language_range


@dataclass(frozen=True)
class Event:
    publisher: str = "a.example"
    is_withdrawal: bool = False
    country: str | None = "SN"
    feeds: tuple[str, ...] = ("f1", "f2")
    language: str | None = "fr-SN"
    categories: tuple[str, ...] = ("Économie",)


EVENT = Event()


def test_without_criteria_everything_matches():
    assert EVERYTHING.asks_nothing
    assert Selection.of() == EVERYTHING
    assert EVERYTHING.matches(EVENT)
    assert EVERYTHING.matches(Event(country=None, feeds=(), language=None, categories=()))


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        ({"publishers": ["a.example", "b.example"]}, True),
        ({"publishers": ["b.example"]}, False),
        ({"countries": ["sn"]}, True),
        ({"countries": ["FR"]}, False),
        ({"feeds": ["f2"]}, True),
        ({"feeds": ["f3"]}, False),
        ({"languages": ["FR"]}, True),
        ({"languages": ["fr-sn", "wo"]}, True),
        ({"languages": ["fr-CA"]}, False),
        ({"languages": ["f"]}, None),
        ({"categories": ["ÉCONOMIE"]}, True),
        ({"categories": ["éco"]}, False),
        ({"languages": ["fr"], "countries": ["SN"], "categories": ["économie"], "feeds": ["f1"]}, True),
        ({"languages": ["fr"], "countries": ["FR"]}, False),
        ({"languages": ["wo"], "countries": ["SN"]}, False),
    ],
)
def test_criteria_are_anded_and_the_values_of_one_are_alternatives(criteria, expected):
    if expected is None:
        with pytest.raises(ValueError, match="no language tag"):
            Selection.of(**criteria)
    else:
        assert Selection.of(**criteria).matches(EVENT) is expected


def test_what_is_unknown_matches_no_criterion():
    unknown = replace(EVENT, language=None, country=None, categories=(), feeds=())
    for criteria in ({"languages": ["fr"]}, {"countries": ["SN"]}, {"categories": ["x"]}, {"feeds": ["f1"]}):
        assert not Selection.of(**criteria).matches(unknown)


def test_a_withdrawal_is_excluded_only_by_what_it_tells():
    withdrawal = Event(is_withdrawal=True, feeds=(), language=None, categories=())
    assert Selection.of(languages=["wo"], feeds=["f9"], categories=["x"], countries=["SN"]).matches(withdrawal)
    assert not Selection.of(languages=["fr"], countries=["FR"]).matches(withdrawal)
    assert not Selection.of(publishers=["b.example"]).matches(withdrawal)


@pytest.mark.parametrize("value", ["", "f", "fr_FR", "français", "fr-", "*"])
def test_what_is_no_language_range_is_refused(value):
    with pytest.raises(ValueError, match="no language tag"):
        language_range(value)


@pytest.mark.parametrize("value", ["", "S", "SEN", "S1", "ßn"])
def test_what_is_no_country_code_is_refused(value):
    with pytest.raises(ValueError, match="no ISO 3166 code"):
        country_code(value)
