"""Differences of two models on the same samples."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t as student_t
from sklearn.metrics import cohen_kappa_score, recall_score, roc_auc_score

from skfusion.metrics._intervals import summarise
from skfusion.metrics._paired import holm, paired_differences, paired_kappa_gain
from skfusion.metrics._predictions import check_predictions


def draw(n_groups=40, seed=0, gain=0.0):
    """Two models whose errors have a share in common."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(n_groups), 3)
    y = rng.integers(2, size=n_groups)[groups]
    shared = y + 0.7 * rng.normal(size=n_groups)[groups] + rng.normal(size=len(y)) / 2
    own = 0.5 * rng.normal(size=(2, n_groups))[:, groups]
    scores = (shared + own + np.array([[gain], [0]]) * (y - 0.5)).round(1)
    return y, scores, (scores > 0.5).astype(int), groups


def check(y, scores, predicted, groups):
    return [
        check_predictions(y, predicted[i], y_score=scores[i], groups=groups)
        for i in (0, 1)
    ]


@pytest.mark.parametrize(
    ("name", "reach"), [("kappa", 2), ("sensitivity", 1), ("AUC", 1)]
)
def test_it_is_the_score_test_with_the_variance_of_a_bootstrap(name, reach):
    y, scores, predicted, groups = draw(gain=1)

    def difference(rows):
        if name == "AUC":
            return np.subtract(*(roc_auc_score(y[rows], s[rows]) for s in scores))
        metric = cohen_kappa_score if name == "kappa" else recall_score
        return np.subtract(*(metric(y[rows], p[rows]) for p in predicted))

    rng = np.random.RandomState(3)
    drawn = (rng.randint(40, size=40) for _ in range(80))
    values = [difference((3 * each[:, None] + np.arange(3)).ravel()) for each in drawn]
    estimate = difference(slice(None))
    m = len(np.unique(groups[y == 1])) if name == "sensitivity" else 40
    variance = np.var(values, ddof=1) * m / (m - 1)
    n = (reach**2 - estimate**2) / variance
    statistic = abs(estimate) / reach * np.sqrt(n)
    found = paired_differences(
        *check(y, scores, predicted, groups), n_resamples=80, random_state=3
    ).loc[name]
    assert found["difference"] == pytest.approx(estimate, abs=1e-12)
    assert found["p"] == pytest.approx(2 * student_t.sf(statistic, 39), abs=1e-9)
    for bound in found[["lower", "upper"]]:
        distance = abs(estimate - bound) / np.sqrt((reach**2 - bound**2) / n)
        assert distance == pytest.approx(student_t.ppf(0.975, 39), abs=1e-6)


@pytest.mark.parametrize("seed", range(10))
def test_p_is_small_exactly_where_the_interval_leaves_out_zero(seed):
    table = paired_differences(*check(*draw(seed=seed, gain=0.4))).dropna()
    excludes = (table["lower"] > 0) | (table["upper"] < 0)
    assert ((table["p"] < 0.05) == excludes).all()
    assert (table["lower"] <= table["difference"]).all()
    assert (table["difference"] <= table["upper"]).all()


def test_equal_models_do_not_differ():
    y, scores, predicted, groups = draw()
    table = paired_differences(*check(y, scores[[0, 0]], predicted[[0, 0]], groups))
    assert (table[["difference", "lower", "upper"]] == 0).all(axis=None)
    assert (table["p"] == 1).all()


def test_equally_good_models_seldom_differ_significantly():
    p_values = [
        paired_differences(*check(*draw(20, seed)), n_resamples=100)["p"]
        for seed in range(150)
    ]
    shares = (np.array(p_values) < 0.05).mean(axis=0)
    assert (shares < 0.12).all()


def test_a_better_model_is_found():
    table = paired_differences(*check(*draw(100, gain=1.5)))
    assert (table.loc[["kappa", "AUC", "accuracy"], "lower"] > 0).all()
    assert (table.loc[["kappa", "AUC", "accuracy"], "p"] < 0.01).all()


@pytest.mark.filterwarnings("ignore:Expected 20 groups")
@pytest.mark.parametrize("n_groups", [3, 30])
def test_a_difference_without_variance_is_tested_by_the_number_of_patients(n_groups):
    y = np.tile([0, 1], n_groups)
    gain = paired_kappa_gain(y, y, 1 - y, np.repeat(np.arange(n_groups), 2))
    assert gain["gain"] == gain["upper"] == 2
    assert (gain["p"] < 0.05) == (gain["lower"] > 0) == (n_groups == 30)
    assert gain["lower"] < 1.6


def test_one_group_has_a_difference_and_no_p_value():
    y, scores, predicted, _ = draw()
    groups = np.zeros(len(y))
    table = paired_differences(*check(y, scores, predicted, groups))
    assert table["difference"].notna().all()
    assert table[["lower", "upper", "p"]].isna().all(axis=None)


def test_views_of_a_patient_do_not_add_evidence():
    y, scores, predicted, _ = draw(gain=0.5)
    alone = np.arange(len(y))
    once = paired_differences(*check(y, scores, predicted, alone))
    twice = np.repeat([y, *predicted], 2, axis=1)
    table = paired_differences(
        *check(twice[0], np.repeat(scores, 2, 1), twice[1:], np.repeat(alone, 2))
    )
    np.testing.assert_allclose(table, once)


@pytest.mark.parametrize("seed", range(5))
def test_holm_is_that_of_statsmodels(seed):
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    p_values = np.random.default_rng(seed).random(7) ** 4
    expected = multitest.multipletests(p_values, method="holm")[1]
    np.testing.assert_allclose(holm(p_values), expected, atol=1e-12)


@pytest.mark.parametrize("missing", [slice(0, 20), slice(60, 80)])
def test_a_group_may_have_samples_of_one_model_only(missing):
    rng = np.random.default_rng(0)
    y, group = np.tile([0, 1], 40), np.repeat(np.arange(20), 4)
    score = y + rng.normal(size=80)
    whole = check_predictions(y, score > 0.5, y_score=score, groups=group)
    rows = np.delete(np.arange(80), missing)
    part = check_predictions(y[rows], 1 - y[rows], y_score=-score[rows])
    part = replace(part, group=group[rows])
    one, other = paired_differences(whole, part), paired_differences(part, whole)
    estimates = [summarise(each, n_resamples=0)["estimate"] for each in (whole, part)]
    np.testing.assert_allclose(one["difference"], estimates[0] - estimates[1])
    found = one.loc[["kappa", "AUC"]]
    assert (found["lower"] < found["difference"]).all()
    assert (found["difference"] < found["upper"]).all()
    np.testing.assert_allclose(one["lower"], -other["upper"], atol=1e-9)
    np.testing.assert_allclose(one["p"], other["p"], atol=1e-9)
