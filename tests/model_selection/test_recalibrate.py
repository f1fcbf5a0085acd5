"""Probabilities that are corrected after the classes were balanced."""

import numpy as np
import pytest
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline
from scipy.special import expit, logit
from sklearn.calibration import CalibratedClassifierCV
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import SVC

from skfusion.exceptions import DataQualityWarning
from skfusion.model_selection import (
    RecalibratedClassifier,
    TargetThresholdClassifier,
    recalibrate,
)

BALANCED = [
    LogisticRegression(class_weight="balanced"),
    make_pipeline(RandomOverSampler(random_state=0), LogisticRegression()),
    SVC(kernel="linear", class_weight="balanced"),
]


def draw(n=2000, prevalence=0.1, seed=0):
    """Two classes at a distance of 1 in each of two columns."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < prevalence).astype(int)
    return y[:, None] + rng.normal(size=(n, 2)), y


def true_probability(X, prevalence):
    return expit(logit(prevalence) + X.sum(axis=1) - 1)


@pytest.mark.parametrize("balanced", BALANCED)
def test_the_probabilities_are_those_of_the_data_before_they_were_balanced(balanced):
    X, y = draw()
    model = recalibrate(balanced, random_state=0).fit(X, y)
    X_new, y_new = draw(5000, seed=1)
    found = model.predict_proba(X_new)[:, 1]
    assert found.mean() == pytest.approx(y_new.mean(), abs=0.015)
    error = np.abs(found - true_probability(X_new, 0.1)).mean()
    assert error < 0.015
    if hasattr(balanced, "predict_proba"):
        before = balanced.fit(X, y).predict_proba(X_new)[:, 1]
        assert before.mean() > 2 * y_new.mean()


def test_temperature_alone_cannot_undo_a_balancing():
    X, y = draw()
    scaled = CalibratedClassifierCV(BALANCED[0], method="temperature", ensemble=False)
    assert scaled.fit(X, y).predict_proba(X)[:, 1].mean() > 2 * y.mean()


def test_another_prevalence_shifts_all_log_odds_alike():
    X, y = draw()
    here = recalibrate(BALANCED[0], random_state=0).fit(X, y)
    there = recalibrate(BALANCED[0], prevalence=0.01, random_state=0).fit(X, y)
    shift = there.decision_function(X) - here.decision_function(X)
    np.testing.assert_allclose(shift, logit(0.01) - logit(y.mean()), rtol=1e-9)
    assert (here.prevalence_, there.prevalence_) == (y.mean(), 0.01)
    error = np.abs(there.predict_proba(X)[:, 1] - true_probability(X, 0.01)).mean()
    assert error < 0.003


def test_too_extreme_probabilities_are_flattened():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 60))
    y = (rng.random(200) < expit(X[:, 0])).astype(int)
    model = recalibrate(LogisticRegression(C=100), random_state=0).fit(X, y)
    assert 0 < model.calibrator_.coef_.item() < 0.7


def test_the_ranking_stays_as_it_was():
    X, y = draw()
    model = recalibrate(BALANCED[0], random_state=0).fit(X, y)
    before = BALANCED[0].fit(X, y).predict_proba(X)[:, 1]
    order = np.argsort(before)
    assert (np.diff(model.predict_proba(X)[order, 1]) >= 0).all()


def test_probabilities_close_to_0_and_1_are_bounded_by_the_number_of_rows():
    X, y = draw(100, prevalence=0.5)
    model = recalibrate(GaussianNB(), random_state=0).fit(np.repeat(X, 9, axis=1), y)
    X_new, _ = draw(1000, prevalence=0.5, seed=1)
    X_new = np.repeat(X_new, 9, axis=1)
    before = model.estimator_.predict_proba(X_new)[:, 1]
    after = model.predict_proba(X_new)[:, 1]
    is_inside = (before > 1 / 102) & (before < 101 / 102)
    order = np.argsort(before[is_inside])
    assert (np.diff(after[is_inside][order]) >= 0).all()
    assert len(np.unique(after[before < 1 / 102])) == 1
    assert len(np.unique(after[before > 101 / 102])) == 1


def test_scores_of_no_use_give_the_prevalence_with_a_warning():
    X, y = draw(300, prevalence=0.3)
    flip = DummyClassifier(strategy="prior")
    model = recalibrate(flip, random_state=0)
    with pytest.warns(DataQualityWarning, match="do not have higher scores"):
        found = model.fit(X, y).predict_proba(X)[:, 1]
    np.testing.assert_allclose(found, y.mean(), atol=0.01)


def test_a_ranking_that_is_upside_down_is_warned_of():
    X, y = draw(300, prevalence=0.3)
    # The groups make each inner fold the opposite of the rest.
    patient = np.arange(300) % 2
    X = np.where(patient == 0, 1, -1)[:, None] * y[:, None] * 3.0 + 0 * X
    with pytest.warns(DataQualityWarning, match="do not have higher scores"):
        recalibrate(BALANCED[0], cv=2, random_state=0).fit(X, y, groups=patient)


@pytest.mark.parametrize(("factor", "shift"), [(1e-6, 0), (1e6, 0), (1, 1e4)])
def test_decision_values_of_any_units_give_the_same_probabilities(factor, shift):
    class Scaled(LogisticRegression):
        def decision_function(self, X):
            return factor * super().decision_function(X) + shift

        predict_proba = property()

    class Plain(LogisticRegression):
        predict_proba = property()

    X, y = draw(400, prevalence=0.3)
    found = recalibrate(Scaled(), random_state=0).fit(X, y)
    expected = recalibrate(Plain(), random_state=0).fit(X, y)
    np.testing.assert_allclose(
        found.predict_proba(X), expected.predict_proba(X), rtol=1e-5
    )


def test_equal_scores_give_the_prevalence_with_a_warning():
    class Equal(LogisticRegression):
        def decision_function(self, X):
            return np.full(len(X), 0.3)

        predict_proba = property()

    X, y = draw(300, prevalence=0.3)
    with pytest.warns(DataQualityWarning, match="do not have higher scores"):
        model = recalibrate(Equal(), random_state=0).fit(X, y)
    np.testing.assert_allclose(model.predict_proba(X)[:, 1], y.mean(), atol=0.01)


def test_groups_decide_the_inner_folds():
    rng = np.random.default_rng(0)
    patient = np.repeat(np.arange(60), 4)
    y = rng.integers(2, size=60)[patient]
    X = np.eye(60)[patient]  # a patient is recognised, and nothing else
    images = recalibrate(LogisticRegression(C=10), random_state=0).fit(X, y)
    assert images.calibrator_.coef_.item() > 1
    with pytest.warns(DataQualityWarning, match="do not have higher scores"):
        recalibrate(LogisticRegression(C=10), random_state=0).fit(X, y, groups=patient)


def test_a_threshold_may_be_learnt_of_the_corrected_probabilities():
    X, y = draw(400, prevalence=0.3)
    right = recalibrate(BALANCED[0], cv=2, random_state=0)
    model = TargetThresholdClassifier(
        right, target="sensitivity>=0.9", cv=2, random_state=0
    )
    assert 0 < model.fit(X, y).threshold_ < 0.5


@pytest.mark.parametrize("prevalence", [0, 1, 1.5, "half"])
def test_a_prevalence_that_is_none_is_refused(prevalence):
    X, y = draw(100, prevalence=0.5)
    with pytest.raises(ValueError, match="'prevalence' parameter"):
        recalibrate(BALANCED[0], prevalence=prevalence).fit(X, y)


def test_the_function_makes_the_classifier():
    model = recalibrate(BALANCED[0], prevalence=0.2, cv=3, random_state=1)
    assert isinstance(model, RecalibratedClassifier)
    assert model.get_params(deep=False) == {
        "estimator": BALANCED[0],
        "prevalence": 0.2,
        "cv": 3,
        "random_state": 1,
    }
