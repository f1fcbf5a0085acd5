"""How benchmarks time two things in one run."""

from statistics import median
from time import perf_counter

import pytest

N_REPEATS = 5


def _seconds(function):
    start = perf_counter()
    function()
    return perf_counter() - start


@pytest.fixture
def seconds():
    """How long a call takes."""
    return _seconds


@pytest.fixture
def check_ratios(request, record_property):
    """Write down the median of some ratios and its bound, then hold it to that.

    ``docs/studies/benchmarks.py`` reads what is written down. The first line of the
    test's docstring says what is divided by what.
    """
    case = getattr(request.node, "callspec", None)
    what = request.function.__doc__.partition("\n")[0].rstrip(".")
    record_property("what", what + (f" ({case.id})" if case else ""))

    def check(ratios, *, at_least=None, at_most=None):
        bound = f"≥ {at_least:g}" if at_least is not None else f"≤ {at_most:g}"
        record_property("median", f"{median(ratios):.3f}")
        record_property("spread", f"{min(ratios):.3f} to {max(ratios):.3f}")
        record_property("n", len(ratios))
        record_property("bound", bound)
        print(f"{median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f}) {bound}")
        assert at_least is None or median(ratios) >= at_least
        assert at_most is None or median(ratios) <= at_most

    return check


@pytest.fixture
def compare(check_ratios):
    """Hold the ratio of two times, taken in turn, to a bound."""

    def compare(numerator, denominator, **bound):
        numerator(), denominator()
        ratios = [_seconds(numerator) / _seconds(denominator) for _ in range(N_REPEATS)]
        check_ratios(ratios, **bound)

    return compare
