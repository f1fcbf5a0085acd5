"""Measures at an operating point, and their scorers."""

import pickle
from functools import partial
from itertools import product

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import auc, roc_auc_score
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold, cross_val_score
from sklearn.svm import SVC

from skfusion.exceptions import DataQualityWarning
from skfusion.metrics import (
    make_level_scorer,
    make_operating_point_scorer,
    partial_auc,
    sensitivity_at_specificity,
    specificity_at_sensitivity,
)

AT = {
    sensitivity_at_specificity: {"specificity": 0.8},
    specificity_at_sensitivity: {"sensitivity": 0.8},
    partial_auc: {"min_specificity": 0.8},
}


def draw(n=120, seed=0):
    """Classes and scores with many ties."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    return y, (y + rng.normal(size=n)).round(1)


def by_hand(y, score):
    """Specificity and sensitivity of every threshold, one by one."""
    thresholds = [-np.inf, *np.unique(score), np.inf]
    return [
        ((score[y == 0] < each).mean(), (score[y == 1] >= each).mean())
        for each in thresholds
    ]


@pytest.mark.parametrize(("seed", "least"), [*product(range(3), [0.0, 0.5, 0.9, 1.0])])
def test_the_best_threshold_is_found_among_all(seed, least):
    y, score = draw(seed=seed)
    points = by_hand(y, score)
    expected = max(sens for spec, sens in points if spec >= least)
    found = sensitivity_at_specificity(y, score, specificity=least)
    assert found == pytest.approx(expected)
    expected = max(spec for spec, sens in points if sens >= least)
    found = specificity_at_sensitivity(y, score, sensitivity=least)
    assert found == pytest.approx(expected)


def test_a_rate_that_is_just_reached_counts():
    """1 - 9 / 10 is less than 0.1 in binary numbers."""
    y = np.repeat([0, 1], 10)
    score = np.r_[np.arange(10), np.full(10, 0.5)]
    for specificity in np.arange(1, 11) / 10:
        found = sensitivity_at_specificity(y, score, specificity=specificity)
        assert found == float(specificity <= 0.1)


def test_images_of_one_score_are_not_separated():
    y, same = np.tile([0, 1], 10), np.ones(20)
    assert sensitivity_at_specificity(y, same, specificity=0.5) == 0
    assert specificity_at_sensitivity(y, same, sensitivity=0.5) == 0
    assert sensitivity_at_specificity(y, same, specificity=0) == 1
    for part in ("min_specificity", "min_sensitivity"):
        assert partial_auc(y, same, **{part: 0.8}) == pytest.approx(0.5)


def test_what_only_the_highest_threshold_reaches_is_zero():
    y, score = np.array([0, 0, 1, 1]), np.array([0.1, 0.9, 0.2, 0.3])
    assert sensitivity_at_specificity(y, score, specificity=0.9) == 0


@pytest.mark.parametrize("least", [0.0, 0.5, 0.9])
def test_the_area_of_high_specificity_is_that_of_scikit_learn(least):
    y, score = draw()
    expected = roc_auc_score(y, score, max_fpr=1 - least)
    assert partial_auc(y, score, min_specificity=least) == pytest.approx(expected)


@pytest.mark.parametrize("least", [0.0, 0.5, 0.9])
def test_the_area_of_high_sensitivity_is_that_of_the_integral(least):
    y, score = draw()
    points = np.array(sorted(by_hand(y, score), key=lambda point: point[::-1]))
    order = np.lexsort((-points[:, 0], points[:, 1]))
    specificity, sensitivity = points[order].T
    grid = np.linspace(least, 1, 200_001)
    area = auc(grid, np.interp(grid, sensitivity, specificity))
    width = 1 - least
    worst, best = width**2 / 2, width
    expected = (1 + (area - worst) / (best - worst)) / 2
    found = partial_auc(y, score, min_sensitivity=least)
    assert found == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("metric", AT)
def test_either_class_can_be_positive(metric):
    y, score = draw()
    names = np.array(["malignant", "normal"])[y]
    expected = metric(1 - y, -score, **AT[metric])
    assert metric(names, -score, pos_label="malignant", **AT[metric]) == expected
    with pytest.warns(DataQualityWarning, match=r"'normal' as the positive class"):
        assert metric(names, score, **AT[metric]) == metric(y, score, **AT[metric])
    with pytest.raises(ValueError, match=r"pos_label to be one of .*Got 'benign'"):
        metric(names, score, pos_label="benign", **AT[metric])


@pytest.mark.parametrize("metric", AT)
def test_one_class_gives_nan_and_a_warning(metric):
    for y in ([0, 0], [1, 1]):
        with pytest.warns(UndefinedMetricWarning, match=f"{metric.__name__} is NaN"):
            assert np.isnan(metric(y, [0.2, 0.8], **AT[metric]))
    with pytest.raises(ValueError, match="Expected pos_label where"):
        metric(["benign", "benign"], [0.2, 0.8], **AT[metric])


@pytest.mark.parametrize("metric", AT)
def test_bad_input_is_named(metric):
    y, score = draw()
    with pytest.raises(ValueError, match=r"y_score\[3\] is NaN"):
        metric(y, np.where(np.arange(120) == 3, np.nan, score), **AT[metric])
    with pytest.raises(ValueError, match="pass the column"):
        metric(y, np.column_stack([score, score]), **AT[metric])
    with pytest.raises(ValueError, match="infinity"):
        metric(y, np.where(np.arange(120) == 3, np.inf, score), **AT[metric])
    with pytest.raises(ValueError, match="Expected two classes"):
        metric(np.arange(120) % 3, score, **AT[metric])
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        metric(y[1:], score, **AT[metric])
    with pytest.raises(ValueError, match="at least one sample"):
        metric([], [], **AT[metric])
    (name,) = AT[metric]
    with pytest.raises(ValueError, match=f"'{name}' parameter"):
        metric(y, score, **{name: 1.5})


def test_the_part_of_the_curve_is_one_of_two():
    y, score = draw()
    with pytest.raises(ValueError, match="exactly one of"):
        partial_auc(y, score)
    with pytest.raises(ValueError, match="exactly one of"):
        partial_auc(y, score, min_specificity=0.9, min_sensitivity=0.9)


@pytest.mark.parametrize("metric", AT)
def test_the_scorer_takes_decisions_or_probabilities(metric):
    y, x = draw()
    X = x[:, np.newaxis]
    scorer = pickle.loads(
        pickle.dumps(make_operating_point_scorer(metric, **AT[metric]))
    )
    expected = metric(y, x, **AT[metric])
    for model in (LogisticRegression(), SVC(kernel="linear")):
        assert scorer(model.fit(X, y), X, y) == pytest.approx(expected)
    names = np.array(["benign", "malignant"])[y]
    assert scorer(LogisticRegression().fit(X, names), X, names) == pytest.approx(
        expected
    )
    reverse = make_operating_point_scorer(metric, pos_label="benign", **AT[metric])
    model = LogisticRegression().fit(X, names)
    assert reverse(model, X, names) == pytest.approx(metric(1 - y, -x, **AT[metric]))


def test_a_search_uses_the_scorer_in_grouped_folds():
    y, x = draw(seed=1)
    noise = np.random.default_rng(0).normal(size=(120, 1))
    X, groups = np.column_stack([x, noise]), np.arange(120) // 2
    scorer = make_operating_point_scorer(specificity_at_sensitivity, sensitivity=0.9)
    folds = {"cv": StratifiedGroupKFold(3), "scoring": scorer}
    search = GridSearchCV(LogisticRegression(), {"C": [1e-9, 1]}, **folds)
    best = search.fit(X, y, groups=groups)
    scores = cross_val_score(best.best_estimator_, X, y, groups=groups, **folds)
    assert best.best_score_ == pytest.approx(scores.mean())
    prior = cross_val_score(DummyClassifier(), X, y, groups=groups, **folds)
    assert prior.tolist() == [0, 0, 0]


def test_options_are_checked_before_the_first_fold():
    with pytest.raises(ValueError, match="'specificity' parameter"):
        make_operating_point_scorer(sensitivity_at_specificity, specificity=90)
    with pytest.raises(TypeError, match="specificity"):
        make_operating_point_scorer(sensitivity_at_specificity)
    with pytest.raises(TypeError, match="sensitivity"):
        make_operating_point_scorer(
            sensitivity_at_specificity, specificity=0.9, sensitivity=0.9
        )
    with pytest.raises(ValueError, match="'metric' parameter"):
        make_operating_point_scorer("sensitivity")


def test_a_scorer_of_patients_takes_the_metric():
    y, x = draw()
    X = pd.DataFrame({"group": np.arange(120) // 2, "score": x})
    y = np.repeat(y[:60], 2)
    model = LogisticRegression().fit(X[["score"]].to_numpy(), y)

    class OfTable:
        classes_ = model.classes_

        def predict_proba(self, X):
            return model.predict_proba(X[["score"]].to_numpy())

    metric = partial(sensitivity_at_specificity, specificity=0.8)
    scorer = make_level_scorer("group", metric, response_method="predict_proba")
    mean = OfTable().predict_proba(X)[:, 1].reshape(-1, 2).mean(axis=1)
    assert scorer(OfTable(), X, y) == metric(y[::2], mean)
