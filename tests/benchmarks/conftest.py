"""How benchmarks time two things in one run."""

from statistics import median
from time import perf_counter

import pytest

N_REPEATS = 5


def _seconds(function):
    start = perf_counter()
    function()
    return perf_counter() - start


def _median_ratio(numerator, denominator):
    numerator(), denominator()
    pairs = [(_seconds(numerator), _seconds(denominator)) for _ in range(N_REPEATS)]
    return report([first / second for first, second in pairs])


def report(ratios):
    """Print ratios, and return their median."""
    print(f"ratio {median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})")
    return median(ratios)


@pytest.fixture
def median_ratio():
    """Median over five repeats of the ratio of two times, taken in turn."""
    return _median_ratio


@pytest.fixture
def seconds():
    """How long a call takes."""
    return _seconds
