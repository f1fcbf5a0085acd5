"""Measures of calibration agree with other software, and have honest intervals."""

import warnings

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import t as student_t
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss

from skfusion.exceptions import DataQualityWarning
from skfusion.metrics import calibration_summary

LINE = ["calibration slope", "calibration intercept"]


def draw(n_groups=80, n_of_group=3, *, spread=1.5, shift=0.5, seed=0):
    """Images of patients, with log-odds that are spread and shifted."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(n_groups), n_of_group)
    x = rng.normal(size=n_groups)[groups] + rng.normal(size=len(groups))
    y = (rng.random(len(groups)) < expit(x)).astype(int)
    return y, expit(spread * x + shift), groups


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("grouped", [True, False])
def test_the_line_is_that_of_statsmodels(seed, grouped):
    sm = pytest.importorskip("statsmodels.api")
    y, p, groups = draw(seed=seed)
    groups = groups if grouped else np.arange(len(y))
    found = calibration_summary(y, p, groups=groups, n_resamples=0)
    x = logit(p)
    slope = sm.GLM(y, sm.add_constant(x), sm.families.Binomial())
    intercept = sm.GLM(y, np.ones((len(y), 1)), sm.families.Binomial(), offset=x)
    for name, model in zip(LINE, (slope, intercept), strict=True):
        clustered = {"cov_type": "cluster", "cov_kwds": {"groups": groups}}
        fitted = model.fit(tol=1e-12, **clustered)
        half = student_t.ppf(0.975, groups.max()) * fitted.bse[-1]
        middle = fitted.params[-1]
        expected = [middle, middle - half, middle + half]
        np.testing.assert_allclose(found.loc[name], expected, atol=1e-6)


@pytest.mark.parametrize("n_bins", [1, 5, 10])
def test_the_errors_are_those_of_scikit_learn(n_bins):
    y, p, groups = draw()
    found = calibration_summary(y, p, groups=groups, n_bins=n_bins)["estimate"]
    assert found["Brier score"] == pytest.approx(brier_score_loss(y, p), abs=1e-12)
    true, mean = calibration_curve(y, p, n_bins=n_bins, strategy="quantile")
    edges = np.quantile(p, np.linspace(0, 1, n_bins + 1))
    share = np.histogram(p, edges)[0] / len(p)
    expected = (share * np.abs(true - mean)).sum()
    assert found["calibration error"] == pytest.approx(expected, abs=1e-12)


def test_the_slope_is_that_of_scikit_learn():
    y, p, _ = draw()
    line = LogisticRegression(C=np.inf, tol=1e-10, solver="newton-cholesky")
    line.fit(logit(p)[:, np.newaxis], y)
    found = calibration_summary(y, p, n_resamples=0).loc["calibration slope"]
    assert found["estimate"] == pytest.approx(line.coef_.item(), abs=1e-6)


def test_spread_and_shift_are_found():
    y, p, groups = draw(4000, 1, spread=2, shift=1)
    found = calibration_summary(y, p, groups=groups)
    slope = found.loc["calibration slope"]
    assert slope["lower"] < 0.5 < slope["upper"] < 1
    assert found.loc["calibration intercept", "upper"] < 0  # probabilities too high
    assert found.loc["calibration error", "lower"] > 0.05


def test_copies_of_an_image_do_not_narrow_the_intervals():
    y, p, groups = draw(60, 1)
    once = calibration_summary(y, p)
    twice = calibration_summary(*(np.repeat(each, 4) for each in (y, p)))
    grouped = calibration_summary(
        *(np.repeat(each, 4) for each in (y, p)), groups=np.repeat(groups, 4)
    )
    np.testing.assert_allclose(grouped, once, atol=0.01)
    width, clustered = (each["upper"] - each["lower"] for each in (twice, grouped))
    assert (width < 0.75 * clustered).all()


def test_the_interval_of_the_error_holds_that_of_a_calibrated_model():
    """Without the correction, hardly any interval would hold 0."""
    holds = []
    for seed in range(60):
        found = calibration_summary(*draw(seed=seed, spread=1, shift=0)[:2])
        row = found.loc["calibration error"]
        holds.append(row["lower"] == 0)
        assert 0 < row["estimate"] <= row["upper"]
    assert np.mean(holds) >= 0.9


def test_a_model_that_is_right_by_chance_has_an_interval():
    y = np.tile([0, 1], 20)
    with pytest.warns(DataQualityWarning, match="the calibration slope: all"):
        found = calibration_summary(y, np.full(40, 0.5)).loc["calibration error"]
    assert found["estimate"] == 0
    assert found["upper"] > 0


def test_the_positive_class_can_be_named():
    y, p, _ = draw()
    names = np.array(["benign", "malignant"])[y]
    expected = calibration_summary(y, p)
    np.testing.assert_array_equal(calibration_summary(names, p), expected)
    other = calibration_summary(names, 1 - p, pos_label="benign")
    np.testing.assert_allclose(other.loc["Brier score"], expected.loc["Brier score"])
    slope = other.loc["calibration slope"], expected.loc["calibration slope"]
    np.testing.assert_allclose(*slope, atol=1e-6)
    with pytest.warns(DataQualityWarning, match="calibration_summary treats 'b' as"):
        calibration_summary(np.where(y, "b", "a"), p)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_infinite_log_odds_leave_the_line_undefined(value):
    y, p, _ = draw()
    p[:2] = value
    with pytest.warns(
        DataQualityWarning, match=r"2 of 240 .* exactly 0 or 1.*np\.clip"
    ):
        found = calibration_summary(y, p)
    assert found.loc[LINE].isna().all(axis=None)
    assert found.drop(LINE).notna().all(axis=None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clipped = calibration_summary(y, np.clip(p, 1e-4, 1 - 1e-4))
    assert clipped.notna().all(axis=None)


def test_one_class_has_no_line():
    for label in (0, 1):
        with pytest.warns(
            DataQualityWarning, match="slope and .*intercept: .* one class"
        ):
            found = calibration_summary([label] * 4, [0.1, 0.2, 0.3, 0.4])
        assert found.loc[LINE, "estimate"].isna().all()
        assert found.loc["Brier score", "estimate"] > 0


def test_equal_probabilities_have_an_intercept_only():
    y = np.repeat([0, 1], [30, 10])
    with pytest.warns(DataQualityWarning, match="all probabilities are equal"):
        found = calibration_summary(y, np.full(40, 0.5) + 1e-16 * np.arange(40))
    found = found["estimate"]
    assert np.isnan(found["calibration slope"])
    assert found["calibration intercept"] == pytest.approx(logit(0.25), abs=1e-9)


@pytest.mark.parametrize("direction", [1, -1])
def test_classes_that_a_threshold_separates_have_no_slope(direction):
    y, p = np.array([0, 0, 1, 1]), np.array([0.2, 0.4, 0.6, 0.7])
    with pytest.warns(DataQualityWarning, match="separates the classes"):
        found = calibration_summary(y[::direction], p)["estimate"]
    assert np.isnan(found["calibration slope"])
    assert np.isfinite(found["calibration intercept"])


def test_log_odds_of_any_scale_have_a_slope():
    y, p, _ = draw()
    expected = calibration_summary(y, p).loc["calibration slope"]
    narrow = calibration_summary(y, expit(1e-6 * logit(p))).loc["calibration slope"]
    np.testing.assert_allclose(narrow * 1e-6, expected, rtol=1e-6)


def test_extreme_probabilities_are_fitted():
    y, p, _ = draw()
    p = np.where(y == 1, np.maximum(p, 1e-12), np.minimum(p, 1 - 1e-12))
    p[:2], y[:2] = [1e-12, 1 - 1e-12], [1, 0]
    found = calibration_summary(y, p)
    assert np.isfinite(found.to_numpy()).all()


def test_one_group_has_no_interval():
    y, p, _ = draw(20)
    found = calibration_summary(y, p, groups=np.zeros(60))
    assert found[["lower", "upper"]].isna().all(axis=None)
    assert found["estimate"].notna().all()


def test_without_resamples_only_the_line_has_an_interval():
    for n_resamples in (0, 1):
        found = calibration_summary(*draw()[:2], n_resamples=n_resamples)
        assert found.drop(LINE)[["lower", "upper"]].isna().all(axis=None)
        assert found.loc[LINE].notna().all(axis=None)


def test_the_level_widens_the_intervals():
    wide, narrow = (
        calibration_summary(*draw()[:2], confidence_level=level)
        for level in (0.99, 0.5)
    )
    assert (wide["lower"] < narrow["lower"]).all()
    assert (wide["upper"] > narrow["upper"]).all()


def test_bad_input_is_named():
    y, p, groups = draw()
    with pytest.raises(ValueError, match=r"y_prob\[0\] is -2.*predict_proba"):
        calibration_summary(y, np.r_[-2, p[1:]])
    with pytest.raises(ValueError, match=r"y_prob\[1\] is NaN"):
        calibration_summary(y, np.r_[0.5, np.nan, p[2:]])
    with pytest.raises(ValueError, match="Expected a group in every row"):
        calibration_summary(y, p, groups=np.where(groups == 1, np.nan, groups))
    with pytest.raises(ValueError, match="Expected two classes"):
        calibration_summary(groups % 3, p)
    with pytest.raises(ValueError, match="'n_bins' parameter"):
        calibration_summary(y, p, n_bins=0)
