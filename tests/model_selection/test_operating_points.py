"""Summaries of a comparison at an operating point."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.svm import LinearSVC

from skfusion.exceptions import DataQualityWarning
from skfusion.model_selection import compare_models

MODELS = [("linear", LogisticRegression()), ("svm", LinearSVC(random_state=0))]


class Recorder(ClassifierMixin, BaseEstimator):
    """A score that is the first column; keeps the rows of each fit."""

    fits = []

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.fits.append(set(X[:, 1]))
        return self

    def decision_function(self, X):
        return X[:, 0]

    def predict(self, X):
        return self.classes_[(X[:, 0] > 0).astype(int)]


class Silent(Recorder):
    decision_function = None

    def __getattribute__(self, name):
        if name == "decision_function":
            raise AttributeError(name)
        return super().__getattribute__(name)


def draw(n_patients=150, seed=0):
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(n_patients), 2)
    y = (patient % 3 == 0).astype(int)
    return y[:, None] + rng.normal(size=(len(y), 3)), y, patient


@pytest.fixture(scope="module")
def study():
    X, y, patient = draw()
    return compare_models(MODELS, X, y, groups=patient, cv=3)


def measures(summary, model="linear", data="cross-validation"):
    rows = summary[(summary["model"] == model) & (summary["data"] == data)]
    return rows[rows["modality"] == "all"].set_index("measure")["estimate"]


@pytest.mark.parametrize("model", ["linear", "svm"])
@pytest.mark.parametrize("at", ["specificity=0.9", "sensitivity>=0.9"])
def test_the_target_is_reached_within_its_interval(study, model, at):
    summary = study.summary(at=at)
    rows = summary[summary["model"] == model].set_index("measure")
    row = rows.loc[at.partition("=")[0].rstrip(">")]
    assert row["lower"] <= 0.9 <= row["upper"]


def test_measures_without_a_threshold_stay_as_they_were(study):
    before, after = measures(study.summary), measures(study.summary(at="specificity=1"))
    assert before["AUC"] == after["AUC"]
    assert before["prevalence"] == after["prevalence"]
    assert before["specificity"] < after["specificity"]


def test_thresholds_come_from_the_training_part_of_each_fold_alone():
    """A test side of other scores is predicted by the thresholds of the others."""
    rng = np.random.default_rng(0)
    y = np.tile([0, 1], 60)
    fold = np.repeat([0, 1, 2], 40)
    shifted = np.where(fold == 2, 100.0, 0.0) + y + rng.normal(size=120)
    X, groups = np.column_stack([shifted, np.arange(120)]), np.arange(120)
    splits = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(3)]
    Recorder.fits.clear()
    study = compare_models([("score", Recorder())], X, y, groups=groups, cv=splits)
    study.summary(at="specificity=0.9")
    inner = Recorder.fits[3:]
    assert len(inner) == 15
    for number, seen in enumerate(inner):
        assert seen < set(splits[number // 5][0])
    by_fold = study.summary(at="specificity=0.9", by=fold)
    found = by_fold[by_fold["measure"] == "specificity"].set_index("by")["estimate"]
    assert found[2] == 0  # all of them lie above every threshold of the others
    assert found[0] == found[1] == 1  # half of what they learnt from is far above


def test_inner_folds_keep_patients_together():
    X, y, patient = draw(60)
    X = np.column_stack([X[:, 0], patient])
    Recorder.fits.clear()
    study = compare_models([("score", Recorder())], X, y, groups=patient, cv=3)
    study.summary(at="sensitivity=0.9")
    for number, seen in enumerate(Recorder.fits[3:]):
        train = set(patient[study.splits[number // 5][0]])
        rest = train - seen
        assert rest
        assert len(rest) + len(seen) == len(train)


def test_a_second_target_fits_nothing_and_a_store_resumes(tmp_path):
    X, y, patient = draw(60)
    X = np.column_stack([X[:, 0], patient])

    def run():
        return compare_models(
            [("score", Recorder())], X, y, groups=patient, cv=3, store=tmp_path
        )

    study = run()
    expected = study.summary(at="sensitivity=0.9")
    Recorder.fits.clear()
    study.summary(at="specificity=0.8")
    pd.testing.assert_frame_equal(
        pd.DataFrame(run().summary(at="sensitivity=0.9")), pd.DataFrame(expected)
    )
    assert Recorder.fits == []


def test_a_patient_is_decided_by_the_mean_score_of_her_images(study):
    found = measures(study.summary("patient", at="specificity=0.9"))
    assert found["specificity"] == pytest.approx(0.9, abs=0.06)
    images = measures(study.summary(at="specificity=0.9"))
    assert found["sensitivity"] > images["sensitivity"]


def test_an_external_data_set_has_the_threshold_of_the_cross_validation():
    X, y, patient = draw()
    study = compare_models(MODELS[:1], X, y, groups=patient, cv=3)
    other, y_other, group = draw(1000, seed=1)
    study.external("other", other, y_other, groups=group + 1000)
    found = measures(study.summary(at="specificity=0.9"), data="other")
    assert found["specificity"] == pytest.approx(0.9, abs=0.03)


def test_repeated_folds_have_a_threshold_each():
    X, y, patient = draw(60)
    cv = [StratifiedGroupKFold(2, shuffle=True, random_state=k) for k in range(2)]
    study = compare_models(MODELS[:1], X, y, groups=patient, cv=cv)
    summary = study.summary(at="sensitivity=0.9")
    assert summary["n"].unique().tolist() == [240]


def test_a_positive_class_that_sorts_first_is_the_one_of_the_target():
    X, y, patient = draw()
    names = np.array(["no cancer", "cancer"])[y]
    study = compare_models(
        MODELS, X, names, groups=patient, cv=3, labels=["no cancer", "cancer"]
    )
    numbers = compare_models(MODELS, X, y, groups=patient, cv=3)
    at = "sensitivity=0.9"
    for model, _ in MODELS:
        found = measures(study.summary(at=at), model)
        np.testing.assert_allclose(found, measures(numbers.summary(at=at), model))


def test_a_pickle_has_the_thresholds_that_were_learnt(study):
    expected = study.summary(at="specificity=0.8")
    copy = pickle.loads(pickle.dumps(study))
    found = copy.summary(at="specificity=0.8")
    pd.testing.assert_frame_equal(pd.DataFrame(found), pd.DataFrame(expected))


def test_a_pickle_without_them_is_named(tmp_path):
    X, y, patient = draw(30)
    study = compare_models(MODELS[:1], X, y, groups=patient, cv=2, store=tmp_path)
    content = pickle.dumps(study)
    assert str(tmp_path).encode() not in content
    with pytest.raises(ValueError, match=r"summary\(at=...\) needs the data"):
        pickle.loads(content).summary(at="specificity=0.9")


def test_a_constant_model_is_warned_of_and_stays():
    X, y, patient = draw(30)
    models = [("prior", DummyClassifier()), *MODELS]
    study = compare_models(models, X, y, groups=patient, cv=2)
    with pytest.warns(DataQualityWarning, match="'prior' reaches specificity>=0.9"):
        summary = study.summary(at="specificity=0.9")
    found = measures(summary, "prior")
    assert (found["sensitivity"], found["specificity"]) == (0, 1)


@pytest.mark.parametrize("at", ["specificity", "kappa=0.5", "specificity=90", 0.9])
def test_another_form_is_named(study, at):
    with pytest.raises(ValueError, match="Expected at to be 'sensitivity>="):
        study.summary(at=at)


def test_a_model_without_scores_is_named():
    X, y, patient = draw(30)
    study = compare_models([("silent", Silent())], X, y, groups=patient, cv=2)
    with pytest.raises(ValueError, match="Got 'silent' without a finite score"):
        study.summary(at="specificity=0.9")


def test_an_external_score_that_is_missing_is_named():
    class Diverges(Recorder):
        def decision_function(self, X):
            return np.where(X[:, 0] > 50, np.nan, X[:, 0])

    X, y, patient = draw(30)
    study = compare_models([("net", Diverges())], X, y, groups=patient, cv=2)
    other = X + 0.5
    other[3, 0] = 99
    with pytest.warns(DataQualityWarning, match="no score"):
        study.external("other", other, y, groups=patient + 100)
    with pytest.raises(ValueError, match="finite score for 1 rows of 'other'"):
        study.summary(at="specificity=0.9")


def test_few_rows_have_fewer_inner_folds_and_two_have_none():
    def compare(n):
        y, rows = np.arange(n) % 2, np.arange(n)
        X = np.column_stack([y, rows])
        return compare_models([("score", Recorder())], X, y, groups=rows, cv=2)

    found = measures(compare(12).summary(at="specificity=0.5"), "score")
    assert (found["sensitivity"], found["specificity"]) == (1, 1)
    study = compare(4)
    with pytest.raises(ValueError, match="2 groups of 2 samples in the training part"):
        study.summary(at="specificity=0.5")


def test_three_classes_have_no_operating_point():
    X, _, patient = draw(30)
    study = compare_models(MODELS[:1], X, patient % 3, groups=patient, cv=2)
    with pytest.raises(ValueError, match="Expected two classes"):
        study.summary(at="specificity=0.9")


def test_one_class_in_an_inner_fold_is_named():
    X, _, patient = draw(30)
    y = np.isin(patient, [0, 29]).astype(int)
    first = patient < 15  # a positive patient on each side
    splits = [(np.flatnonzero(first), np.flatnonzero(~first))]
    splits += [(test, train) for train, test in splits]
    study = compare_models(MODELS[:1], X, y, groups=patient, cv=splits)
    with pytest.raises(ValueError, match=r"both classes .* in each inner fold"):
        study.summary(at="specificity=0.9")
