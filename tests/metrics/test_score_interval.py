"""The intervals of ``classification_summary``."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq
from scipy.stats import t as student_t
from sklearn.metrics import cohen_kappa_score, recall_score, roc_auc_score

from skfusion.metrics import classification_summary


def draw(n_groups=30, n_of_group=4, seed=0):
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(n_groups), n_of_group)
    y_true = rng.integers(2, size=n_groups)[groups]
    y_score = y_true + rng.normal(size=n_groups)[groups] + rng.normal(size=len(groups))
    return y_true, (y_score > 0.5).astype(int), y_score.round(1), groups


def auc_within(y_true, y_score, folds):
    """Mean AUC of the folds that hold both classes, weighted by their pairs."""
    parts = [folds == fold for fold in np.unique(folds)]
    parts = [part for part in parts if len(np.unique(y_true[part])) == 2]
    areas = [roc_auc_score(y_true[part], y_score[part]) for part in parts]
    n_pairs = [y_true[part].sum() * (1 - y_true[part]).sum() for part in parts]
    return np.average(areas, weights=n_pairs)


MEASURES = {
    "kappa": lambda y, pred, score, folds: cohen_kappa_score(y, pred),
    "sensitivity": lambda y, pred, score, folds: recall_score(y, pred),
    "AUC": lambda y, pred, score, folds: auc_within(y, score, folds),
}


def bounds_by_hand(measure, arrays, groups, n_counted, least, level, seed):
    """Solve the score equation with the variance of a bootstrap in a loop."""
    rng = np.random.RandomState(seed)
    rows = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    values = []
    for _ in range(60):
        index = np.concatenate(
            [rows[i] for i in rng.randint(len(rows), size=len(rows))]
        )
        values.append(measure(*(each[index] for each in arrays)))
    estimate = measure(*arrays)
    variance = np.var(values, ddof=1) * n_counted / (n_counted - 1)
    n = (estimate - least) * (1 - estimate) / variance
    t = student_t.ppf((1 + level) / 2, len(rows) - 1)

    def equation(value):
        return (estimate - value) ** 2 - t**2 * (value - least) * (1 - value) / n

    return brentq(equation, least, estimate), brentq(equation, estimate, 1)


@pytest.mark.parametrize("name", MEASURES)
@pytest.mark.parametrize("n_folds", [1, 3])
def test_bounds_solve_the_score_equation_with_the_variance_of_a_bootstrap(
    name, n_folds
):
    y_true, y_pred, y_score, groups = draw()
    folds = groups % n_folds
    summary = classification_summary(
        *(y_true, y_pred),
        **{"y_score": y_score, "groups": groups, "folds": folds},
        **{"n_resamples": 60, "confidence_level": 0.9, "random_state": 7},
    )
    of_class = [len(np.unique(groups[y_true == c])) for c in (0, 1)]
    n_counted = {"kappa": 30, "sensitivity": of_class[1], "AUC": min(of_class)}[name]
    expected = bounds_by_hand(
        MEASURES[name],
        (y_true, y_pred, y_score, folds),
        *(groups, n_counted, -1 if name == "kappa" else 0, 0.9, 7),
    )
    bounds = summary.loc[name, ["lower", "upper"]].to_numpy()
    assert bounds == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("n_groups", "lower"), [(10, 0.66), (100, 0.96)])
def test_a_rate_of_one_has_an_interval_with_width(n_groups, lower):
    y = np.tile([0, 1], n_groups)
    groups = np.repeat(np.arange(n_groups), 2)
    summary = classification_summary(y, y, y_score=y, groups=groups)
    assert summary.drop("prevalence")["upper"].to_numpy() == pytest.approx(1)
    rates = summary.loc[["sensitivity", "PPV", "accuracy", "AUC"], "lower"]
    assert rates.to_numpy() == pytest.approx(lower, abs=0.01)
    # Kappa is from -1 to 1.
    assert summary.loc["kappa", "lower"] == pytest.approx(2 * lower - 1, abs=0.02)


def test_a_model_that_predicts_one_class_has_a_kappa_of_zero_without_doubt():
    y_true, _, _, groups = draw()
    constant = np.zeros(len(y_true))
    summary = classification_summary(
        y_true, constant.astype(int), y_score=constant, groups=groups
    )
    chance = summary.loc[["kappa", "AUC", "balanced accuracy"]]
    assert (chance["upper"] - chance["lower"]).to_numpy() == pytest.approx(0)
    assert summary.loc["accuracy", "upper"] - summary.loc["accuracy", "lower"] > 0.1


@pytest.mark.parametrize("seed", range(20))
def test_bounds_enclose_the_estimate_within_the_range(seed):
    y_true, y_pred, y_score, groups = draw(5, 2, seed)
    summary = classification_summary(y_true, y_pred, y_score=y_score, groups=groups)
    summary = summary.dropna()
    assert (summary["lower"] <= summary["estimate"] + 1e-12).all()
    assert (summary["estimate"] <= summary["upper"] + 1e-12).all()
    assert (
        summary["lower"] >= [-1 if m == "kappa" else 0 for m in summary.index]
    ).all()
    assert (summary["upper"] <= 1).all()


def test_views_of_a_patient_do_not_narrow_the_bounds_of_three_classes():
    rng = np.random.default_rng(0)
    y_true = rng.integers(3, size=60)
    y_pred = np.where(rng.random(60) < 0.3, rng.integers(3, size=60), y_true)
    once = classification_summary(y_true, y_pred)
    views = np.repeat(y_true, 4), np.repeat(y_pred, 4)
    clustered = classification_summary(*views, groups=np.repeat(np.arange(60), 4))
    assert once.index.tolist() == ["kappa", "accuracy", "balanced accuracy"]
    pd.testing.assert_frame_equal(once, clustered)
    naive = classification_summary(*views)
    width, too_small = (each["upper"] - each["lower"] for each in (once, naive))
    assert (too_small < 0.7 * width).all()


def test_repeated_folds_count_a_patient_once():
    y_true, y_pred, y_score, groups = draw()
    folds = groups % 5
    once = classification_summary(
        y_true, y_pred, y_score=y_score, groups=groups, folds=folds
    )
    thrice = classification_summary(
        *(np.tile(each, 3) for each in (y_true, y_pred)),
        y_score=np.tile(y_score, 3),
        groups=np.tile(groups, 3),
        folds=np.concatenate([folds, folds + 5, folds + 10]),
    )
    pd.testing.assert_frame_equal(once, thrice)


@pytest.mark.parametrize("n_resamples", [0, 1])
def test_without_resamples_there_are_no_bounds(n_resamples):
    y_true, y_pred, y_score, groups = draw()
    summary = classification_summary(
        y_true, y_pred, y_score=y_score, groups=groups, n_resamples=n_resamples
    )
    assert summary["estimate"].notna().all()
    assert summary[["lower", "upper"]].isna().all(axis=None)


def test_a_class_in_one_patient_still_has_a_wide_interval():
    y_true = np.array([1, 1] + [0] * 38)
    summary = classification_summary(y_true, y_true, groups=np.arange(40) // 2)
    assert summary.loc["sensitivity", "lower"] < 0.25
    assert summary.loc["specificity", "lower"] > 0.75


def test_twenty_patients_are_covered():
    """A short form of docs/studies/coverage.py."""
    y_true, y_pred, y_score, groups = draw(100_000, 2, 1)
    true = classification_summary(y_true, y_pred, y_score=y_score, n_resamples=0)
    true, covered = true["estimate"], []
    for seed in range(100):
        y_true, y_pred, y_score, groups = draw(20, 2, seed)
        summary = classification_summary(
            y_true, y_pred, y_score=y_score, groups=groups, n_resamples=100
        )
        covered.append(true.between(summary["lower"], summary["upper"]))
    shares = pd.DataFrame(covered)[["kappa", "sensitivity", "AUC"]].mean()
    assert shares.between(0.9, 0.99).all()


def test_groups_that_all_agree_are_not_certain():
    y = np.repeat([1, 0], 20)
    pred = np.tile([0, 1], 20)
    patient = np.repeat(np.arange(20), 2)
    table = classification_summary(y, pred, groups=patient)
    assert table.loc["accuracy", "lower"] < 0.35
    assert table.loc["accuracy", "upper"] > 0.65


def test_one_patient_of_a_class_shows_little_of_others():
    y = np.repeat([1, 0], [4, 156])
    score = np.linspace(1, 0, 160)
    pred = np.r_[1, 1, np.zeros(158, dtype=int)]
    groups = np.repeat(np.arange(40), 4)
    table = classification_summary(y, pred, y_score=score, groups=groups)
    width = table["upper"] - table["lower"]
    assert (width[["sensitivity", "AUC"]] > 0.6).all()
