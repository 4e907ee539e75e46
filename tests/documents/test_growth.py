"""Twice the document takes at most 2.5 times the CPU, whatever it has more of, and 10 MiB take two seconds at most.

`make test` goes as far as shows the growth; the soak goes to 10 MiB (`TELEX_GROWTH_MIB` is another size).
"""

import gc
import os
import resource

import pytest
from fuzz_families import FAMILIES
from fuzz_growth import growth, is_bounded, told

_KIB = 1024
_QUICK = [16 * _KIB << step for step in range(6)]
_LARGEST = int(float(os.environ.get("TELEX_GROWTH_MIB", "10")) * _KIB * _KIB)
_LONG = [_LARGEST >> step for step in (3, 2, 1, 0)]
_MEMORY = 768 * _KIB * _KIB
"""What 10 MiB may need, a part of it for the document that is made."""


@pytest.fixture(scope="module", autouse=True)
def _a_small_heap():
    """The collector looks at what a test makes alone, not at all that was imported."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def check(family, costs, longest):
    assert is_bounded(costs, longest), f"{family}: {told(costs)}"


@pytest.fixture
def _no_collector():
    """Times of milliseconds are compared: whether the collector's turn comes is chance."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_no_collector")
@pytest.mark.parametrize("family", FAMILIES)
def test_twice_the_document_takes_twice_the_time(family):
    costs = growth(FAMILIES[family], _QUICK, floor=0.015, longest=2.0, enough=0.05)
    check(family, costs, 2.0)


@pytest.mark.soak
@pytest.mark.parametrize("family", FAMILIES)
def test_ten_mebibytes_take_two_seconds(family):
    costs = growth(FAMILIES[family], _LONG, floor=0.05, longest=2.0)
    print(f"\n{family}: {told(costs)}", end="")
    check(family, costs, 2.0)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KIB < _MEMORY
