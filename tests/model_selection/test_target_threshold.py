"""Thresholds that reach a target in inner folds that no group crosses."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedGroupKFold,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from skfusion.exceptions import DataQualityWarning
from skfusion.model_selection import TargetThresholdClassifier, recalibrate
from skfusion.model_selection._target import parse_target

LINEAR = LogisticRegression()


def draw(n_patients=400, *, distance=1.0, seed=0):
    """Two rows a patient, a quarter of the patients positive."""
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(n_patients), 2)
    y = (patient % 4 == 0).astype(int)
    noise = np.repeat(rng.normal(size=(n_patients, 3)), 2, axis=0)
    X = distance * y[:, None] + noise + 0.1 * rng.normal(size=noise.shape)
    return X, y, patient


class Recorder(ClassifierMixin, BaseEstimator):
    """Keeps the groups that each fit and each prediction saw."""

    seen = []

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self._train = set(X["group"])
        return self

    def predict_proba(self, X):
        self.seen.append((self._train, set(X["group"])))
        positive = X["x"].to_numpy()
        return np.column_stack([1 - positive, positive])


def rates(y, predicted):
    return np.mean(predicted[y == 1] == 1), np.mean(predicted[y == 0] == 0)


@pytest.mark.parametrize("estimator", [LINEAR, SVC(class_weight="balanced")])
@pytest.mark.parametrize("target", ["sensitivity>=0.95", "specificity>=0.9"])
def test_new_patients_are_predicted_near_the_target(estimator, target):
    X, y, patient = draw()
    model = TargetThresholdClassifier(estimator, target=target, random_state=0)
    model.fit(X, y, groups=patient)
    X_new, y_new, _ = draw(4000, seed=1)
    measure, least = target.split(">=")
    reached = getattr(model, f"{measure}_")
    assert reached >= float(least)
    found = rates(y_new, model.predict(X_new))[measure == "specificity"]
    assert found == pytest.approx(float(least), abs=0.03)


def test_no_other_threshold_reaches_the_target_with_more_of_the_other_measure():
    rng = np.random.default_rng(0)
    y = rng.random(300) < 0.3
    scores = np.round(y + rng.normal(size=300), 1)
    thresholds = np.r_[np.unique(scores) - 0.05, np.inf]
    every = np.array([rates(y, scores >= value) for value in thresholds])
    for text, wanted in (("sensitivity>=0.9", 0), ("specificity>=0.8", 1)):
        point = parse_target(text).find(scores, y)
        both = (point.sensitivity, point.specificity)
        assert both == rates(y, scores >= point.threshold)
        reached = every[every[:, wanted] >= float(text[-3:])]
        assert both[1 - wanted] == reached[:, 1 - wanted].max()


def test_a_share_that_equals_the_target_reaches_it():
    scores, y = np.arange(10.0), np.ones(20, dtype=bool)
    scores, y[10:] = np.r_[scores, scores - 20], False
    for n in range(1, 11):
        point = parse_target(f"sensitivity>={n / 10}").find(scores, y)
        assert point.sensitivity == 1  # the best of those with all negatives right
    mixed = np.r_[np.arange(10.0), np.arange(10.0) + 0.5]  # negatives above positives
    for n in range(1, 11):
        point = parse_target(f"sensitivity>={n / 10}").find(mixed, y)
        assert point.sensitivity == n / 10


def test_a_threshold_separates_neighbouring_and_huge_numbers():
    y = np.repeat([False, True], 10)
    for low, high in ((1.0, np.nextafter(1.0, 2)), (1e308, 1.5e308)):
        scores = np.where(y, high, low)
        point = parse_target("specificity>=0.9").find(scores, y)
        assert (point.sensitivity, point.specificity) == (1, 1)
        np.testing.assert_array_equal(scores >= point.threshold, y)


def test_the_column_group_is_never_split():
    X = pd.DataFrame({"x": np.linspace(0, 1, 60), "group": np.arange(60) % 12})
    y = (np.arange(60) % 12) % 2
    Recorder.seen.clear()
    TargetThresholdClassifier(
        Recorder(), target="sensitivity>=0.5", cv=3, random_state=0
    ).fit(X, y)
    assert len(Recorder.seen) == 3
    assert all(not train & test for train, test in Recorder.seen)


def test_a_search_around_it_splits_no_group_of_the_column():
    X = pd.DataFrame({"x": np.linspace(0, 1, 120), "group": np.arange(120) % 24})
    y = (np.arange(120) % 24) % 2
    Recorder.seen.clear()
    model = TargetThresholdClassifier(Recorder(), target="sensitivity>=0.5", cv=2)
    GridSearchCV(
        model,
        {"target": ["sensitivity>=0.5", "specificity>=0.4"]},
        cv=StratifiedGroupKFold(3),
        error_score="raise",
    ).fit(X, y, groups=X["group"])
    assert len(Recorder.seen) > 12
    assert not any(train & test for train, test in Recorder.seen)


def test_groups_reach_a_search_in_the_pipeline():
    X, y, patient = draw(40)
    grid = GridSearchCV(LINEAR, {"C": [0.1, 1]}, cv=StratifiedGroupKFold(2))
    model = TargetThresholdClassifier(grid, target="sensitivity>=0.5", cv=2)
    assert model.fit(X, y, groups=patient).estimator_.best_params_


def test_groups_can_be_routed():
    X, y, patient = draw()
    model = TargetThresholdClassifier(
        LINEAR, target="sensitivity>=0.5", cv=2, random_state=0
    )
    with config_context(enable_metadata_routing=True):
        model.set_fit_request(groups=True)
        found = cross_validate(
            model,
            X,
            y,
            cv=StratifiedGroupKFold(2),
            params={"groups": patient},
            error_score="raise",
        )
        assert found["test_score"].min() > 0.5
        pipeline = make_pipeline(model)
        with pytest.raises(ValueError, match="at least cv=2 groups"):
            pipeline.fit(X, y, groups=np.zeros(len(y)))


def test_the_classifier_is_fitted_to_all_rows_and_keeps_its_probabilities():
    X, y, patient = draw()
    model = TargetThresholdClassifier(LINEAR, target="sensitivity=0.9", random_state=0)
    model.fit(X, y, groups=patient)
    alone = clone(LINEAR).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), alone.predict_proba(X))
    np.testing.assert_array_equal(
        model.decision_function(X), alone.decision_function(X)
    )
    expected = alone.predict_proba(X)[:, 1] >= model.threshold_
    np.testing.assert_array_equal(model.predict(X), expected)
    assert model.n_features_in_ == 3


def test_labels_come_back_and_a_pickle_predicts_the_same():
    X, y, patient = draw()
    names = np.array(["benign", "malignant"])
    model = TargetThresholdClassifier(LINEAR, target="sensitivity>=0.9", random_state=0)
    expected = names[clone(model).fit(X, y, groups=patient).predict(X)]
    model.fit(X, names[y], groups=patient)
    np.testing.assert_array_equal(model.predict(X), expected)
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copy.predict(X), expected)


def test_a_svm_has_no_probabilities():
    model = TargetThresholdClassifier(SVC(), target="sensitivity>=0.9")
    assert not hasattr(model, "predict_proba")
    assert hasattr(model, "decision_function")


def test_a_pipeline_that_needs_the_column_of_groups_gets_it():
    X, y, patient = draw()
    table = pd.DataFrame(X, columns=["a", "b", "c"]).assign(group=patient)
    columns = make_column_transformer(("passthrough", ["a", "b", "c"]))
    model = TargetThresholdClassifier(
        make_pipeline(columns, LINEAR), target="sensitivity>=0.9", random_state=0
    )
    alone = TargetThresholdClassifier(LINEAR, target="sensitivity>=0.9", random_state=0)
    alone.fit(X, y, groups=patient)
    assert model.fit(table, y).threshold_ == alone.threshold_


@pytest.mark.parametrize(
    "target",
    ["", "sensitivity", "accuracy>=0.9", "sensitivity>=1.5", "specificity>=0", "a>=1"]
    + ["sensitivity<=0.9", "specificity>=0.9.1", "specificity>=nan"],
)
def test_a_target_of_another_form_is_named(target):
    X, y, _ = draw(20)
    with pytest.raises(ValueError, match=r"Expected target to be .*Got '"):
        TargetThresholdClassifier(LINEAR, target=target).fit(X, y)


def test_a_target_that_only_one_class_reaches_is_refused():
    X, y, patient = draw()
    model = TargetThresholdClassifier(LINEAR, target="sensitivity>=0.9", cv=2)
    with pytest.raises(ValueError, match="only a threshold that predicts 1 for every"):
        model.fit(np.zeros_like(X), y, groups=patient)


def test_one_class_in_an_inner_fold_is_named():
    X, y, patient = draw(20)
    y = (patient == 3).astype(int)  # one positive patient
    model = TargetThresholdClassifier(LINEAR, target="sensitivity>=0.9", cv=2)
    with pytest.raises(ValueError, match=r"both classes .* in each inner fold"):
        model.fit(X, y, groups=patient)


def test_too_few_groups_are_named():
    X, y, patient = draw(20)
    model = TargetThresholdClassifier(LINEAR, target="sensitivity>=0.9")
    with pytest.raises(ValueError, match="at least cv=5 groups"):
        model.fit(X, y, groups=patient % 4)


def test_fewer_rows_than_inner_folds_are_named():
    X, y, _ = draw(8)
    rows = np.r_[:2, 2:4, 8:10]
    with pytest.raises(ValueError, match="at least cv=5 samples of a class"):
        TargetThresholdClassifier(LINEAR, target="sensitivity>=0.9").fit(
            X[rows], y[rows]
        )


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_scores_that_are_not_finite_are_refused(value):
    class Diverged(LogisticRegression):
        def decision_function(self, X):
            return np.where(X[:, 0] > 1, value, X[:, 0])

        predict_proba = property()

    X, y, patient = draw()
    for model in (
        TargetThresholdClassifier(Diverged(), target="sensitivity>=0.9"),
        recalibrate(Diverged()),
    ):
        with pytest.raises(ValueError, match=rf"finite scores .* gave {value} to"):
            model.fit(X, y, groups=patient)


def test_groups_of_several_types_are_as_good_as_others():
    X, y, patient = draw()
    mixed = np.array([f"p{k}" if k % 2 else k for k in patient], dtype=object)
    model = TargetThresholdClassifier(LINEAR, target="sensitivity>=0.9", random_state=0)
    assert model.fit(X, y, groups=mixed).sensitivity_ >= 0.9


def test_groups_that_differ_in_blanks_are_warned_of():
    X, y, _ = draw()
    names = np.array([f"p{k // 2}{' ' * (k % 2)}" for k in range(len(y))])
    model = TargetThresholdClassifier(LINEAR, target="sensitivity>=0.9")
    with pytest.warns(DataQualityWarning, match="differ in blanks"):
        model.fit(X, y, groups=names)


def test_the_alphabet_that_makes_a_class_positive_is_warned_of():
    X, y, patient = draw()
    names = np.array(["no cancer", "cancer"])[y]
    model = TargetThresholdClassifier(LINEAR, target="sensitivity>=0.5")
    with pytest.warns(DataQualityWarning, match="treats 'no cancer' as the positive"):
        model.fit(X, names, groups=patient)


def test_a_fit_that_fails_keeps_the_last_one():
    X, y, patient = draw()
    model = TargetThresholdClassifier(LINEAR, target="sensitivity>=0.9", random_state=0)
    before = model.fit(X, y, groups=patient).threshold_
    with pytest.raises(ValueError, match="at least cv=5"):
        model.fit(X, y, groups=patient % 2)
    assert model.threshold_ == before
