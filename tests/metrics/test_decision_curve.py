"""The net benefit, on published numbers."""

import numpy as np
import pytest
from scipy.special import expit

from skfusion.exceptions import DataQualityWarning
from skfusion.metrics import decision_curve

# The example data of the R package dcurves (Sjoberg and Vickers), 750 men of whom 105
# have cancer: its results for "cancerpredmarker", and the counts that belong to them.
THRESHOLDS = [0.05, 0.10, 0.15, 0.20, 0.25, 0.30]
TRUE = [96, 87, 82, 75, 72, 62]
FALSE = [320, 193, 128, 98, 72, 49]
PUBLISHED = [
    0.1055438596491228,
    0.08740740740740742,
    0.07921568627450981,
    0.06733333333333334,
    0.06400000000000002,
    0.05466666666666668,
]
TREAT_ALL = [
    0.09473684210526317,
    0.04444444444444445,
    -0.011764705882352927,
    -0.07499999999999998,
    -0.1466666666666666,
    -0.2285714285714286,
]
FAMILY = [  # "famhistory", a relative with cancer: 24 true and 91 false positives
    0.025614035087719297,
    0.018518518518518517,
    0.010588235294117645,
    0.0016666666666666635,
    -0.008444444444444449,
    -0.02000000000000001,
]


def from_counts(counts, n):
    """Probabilities of which some numbers reach each threshold."""
    n_in_bin = -np.diff([n, *counts, 0])
    return np.repeat([0.01, *THRESHOLDS], n_in_bin)


def draw(n_groups=100, seed=0):
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(n_groups), 2)
    x = rng.normal(size=n_groups)[groups] + rng.normal(size=len(groups)) - 1
    return (rng.random(len(x)) < expit(x)).astype(int), expit(x), groups


def test_published_net_benefits_of_a_model():
    y = np.repeat([1, 0], [105, 645])
    p = np.r_[from_counts(TRUE, 105), from_counts(FALSE, 645)]
    curve = decision_curve(y, p, thresholds=THRESHOLDS, n_resamples=0)
    np.testing.assert_allclose(curve["net_benefit"], PUBLISHED, atol=1e-12)
    np.testing.assert_allclose(curve["treat_all"], TREAT_ALL, atol=1e-12)
    assert (curve["treat_none"] == 0).all()


def test_published_net_benefits_of_a_single_question():
    y = np.repeat([1, 1, 0, 0], [24, 81, 91, 554])
    has_relative = np.repeat([1, 0, 1, 0], [24, 81, 91, 554])
    curve = decision_curve(y, has_relative, thresholds=THRESHOLDS)
    np.testing.assert_allclose(curve["net_benefit"], FAMILY, atol=1e-12)


def test_the_formula_at_every_threshold():
    y, p, _ = draw()
    curve = decision_curve(y, p, n_resamples=0)
    assert len(curve) == 99
    for row in curve.itertuples():
        true, false = (((p >= row.threshold) & (y == c)).mean() for c in (1, 0))
        expected = true - false * row.threshold / (1 - row.threshold)
        assert row.net_benefit == pytest.approx(expected, abs=1e-12)


def test_a_probability_at_the_threshold_counts_as_positive():
    curve = decision_curve([0, 1], [0.2, 0.5], thresholds=[0, 0.2, 0.5], n_resamples=0)
    assert curve["net_benefit"].tolist() == [0.5, 0.5 - 0.125, 0.5]


def test_the_prevalence_is_the_net_benefit_without_any_harm():
    y, p, _ = draw()
    row = decision_curve(y, p, thresholds=[0]).iloc[0]
    assert row["net_benefit"] == row["treat_all"] == pytest.approx(y.mean())
    assert row["lower"] < y.mean() < row["upper"]


def test_the_interval_is_clustered():
    y, p, groups = draw()
    copies = [np.repeat(each, 5) for each in (y, p, groups)]
    narrow = decision_curve(*copies[:2])
    clustered = decision_curve(*copies[:2], groups=copies[2])
    once = decision_curve(y, p, groups=groups)
    np.testing.assert_array_equal(clustered["net_benefit"], once["net_benefit"])
    np.testing.assert_allclose(clustered["lower"], once["lower"], atol=1e-9)
    width, expected = (each["upper"] - each["lower"] for each in (narrow, clustered))
    assert (width < 0.7 * expected).mean() > 0.9


def test_intervals_hold_the_net_benefit_of_many_patients():
    thresholds = [0.02, 0.2, 0.5, 0.8]
    y, p, _ = draw(100_000, seed=99)
    truth = decision_curve(y, p, thresholds=thresholds, n_resamples=0)["net_benefit"]
    holds = []
    for seed in range(100):
        y, p, groups = draw(50, seed=seed)
        curve = decision_curve(
            y, p, groups=groups, thresholds=thresholds, n_resamples=200
        )
        holds.append((curve["lower"] <= truth) & (truth <= curve["upper"]))
    assert (np.mean(holds, axis=0) >= 0.88).all()


def test_the_strategy_treat_none_has_a_width():
    """Another patient could be above the threshold."""
    y = np.tile([0, 0, 0, 1], 25)
    row = decision_curve(y, np.full(100, 0.3), thresholds=[0.5]).iloc[0]
    assert row["net_benefit"] == 0
    assert -0.1 < row["lower"] < 0 < row["upper"] < 0.1


def test_thresholds_of_another_shape_are_named():
    with pytest.raises(ValueError, match=r"thresholds of shape .* Got .* \(1, 2\)"):
        decision_curve([0, 1], [0.2, 0.5], thresholds=[[0.1, 0.2]])


def test_thresholds_are_sorted_and_bounded():
    y, p, _ = draw()
    curve = decision_curve(y, p, thresholds=[0.5, 0.1, 0.5], n_resamples=0)
    assert curve["threshold"].tolist() == [0.1, 0.5]
    for strange in ([1.0], [-0.1], [np.nan], []):
        with pytest.raises(ValueError, match="Expected thresholds to be at least one"):
            decision_curve(y, p, thresholds=strange)


def test_a_class_is_positive_and_probabilities_are_probabilities():
    y, p, _ = draw()
    names = np.where(y, "cancer", "no cancer")
    expected = decision_curve(y, p)
    found = decision_curve(names, p, pos_label="cancer")
    np.testing.assert_array_equal(found, expected)
    with pytest.warns(DataQualityWarning, match="treats 'no cancer' as the positive"):
        decision_curve(names, p, n_resamples=0)
    with pytest.raises(ValueError, match=r"y_prob\[0\] is 3: use predict_proba"):
        decision_curve(y, np.r_[3, p[1:]])


def test_one_group_has_no_interval():
    y, p, _ = draw(5)
    curve = decision_curve(y, p, groups=np.zeros(10), thresholds=[0.5])
    assert curve[["lower", "upper"]].isna().all(axis=None)


def test_no_positive_sample_has_no_benefit():
    curve = decision_curve([0, 0], [0.2, 0.8], thresholds=[0.5])
    assert curve["net_benefit"].item() == -0.5
    assert curve["treat_all"].item() == -1
