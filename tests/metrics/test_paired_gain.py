import warnings

import numpy as np
import pytest

from skfusion.exceptions import DataQualityWarning
from skfusion.metrics._paired import holm, paired_kappa_gain


def draw_predictions(n_groups, n_of_group=4, seed=0):
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(n_groups), n_of_group)
    y = rng.integers(2, size=len(groups))
    better, worse = (np.where(rng.random(len(y)) < p, 1 - y, y) for p in (0.1, 0.4))
    return y, better, worse, groups


def test_one_group_has_a_gain_and_no_p_value():
    with pytest.warns(DataQualityWarning, match="Got 1 groups.*: p-values are not def"):
        gain = paired_kappa_gain(*draw_predictions(1, n_of_group=40))
    assert gain["gain"] > 0
    assert np.isnan([gain["lower"], gain["upper"], gain["p"]]).all()


@pytest.mark.parametrize("n_groups", [3, 5, 19])
def test_few_groups_are_warned_of_at_the_callers_line(n_groups):
    with pytest.warns(
        DataQualityWarning, match=f"Got {n_groups} groups.* not reliable"
    ) as told:
        paired_kappa_gain(*draw_predictions(n_groups))
    assert told[0].filename == __file__


def test_twenty_groups_are_not_warned_of():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        paired_kappa_gain(*draw_predictions(20))


def test_few_groups_of_a_class_are_warned_of():
    y = np.repeat([1, 0], [4, 36])
    with pytest.warns(DataQualityWarning, match="and 4 of the rarest class"):
        paired_kappa_gain(y, y, 1 - y, np.arange(40))


def test_a_gain_that_no_resample_defines_is_nan():
    y = np.zeros(40, dtype=int)
    gain = paired_kappa_gain(y, y, y, np.arange(40))
    assert np.isnan(list(gain.values())).all()


def test_holm_does_not_count_undefined_p_values():
    """As p.adjust of R."""
    np.testing.assert_allclose(holm([0.02, 0.03, np.nan]), [0.04, 0.04, np.nan])
    np.testing.assert_allclose(holm([np.nan, 0.03, 0.01]), [np.nan, 0.03, 0.02])
    assert np.isnan(holm([np.nan, np.nan])).all()
