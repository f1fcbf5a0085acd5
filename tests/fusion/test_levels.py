import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, roc_auc_score
from sklearn.model_selection import (
    StratifiedGroupKFold,
    cross_val_predict,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skfusion.exceptions import DataQualityWarning
from skfusion.fusion import LevelAggregator, aggregate_scores
from skfusion.metrics import make_level_scorer


def density(X):
    return X[["density"]].to_numpy()


@pytest.fixture
def model():
    return make_pipeline(FunctionTransformer(density), LogisticRegression())


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 20)
    X = pd.DataFrame(
        {
            "density": y + rng.normal(0, 0.8, 40),
            "group": np.repeat(np.arange(10), 4),
            "laterality": np.tile(["L", "L", "R", "R"], 10),
        }
    )
    return X, y


@pytest.mark.parametrize(
    ("method", "expected"),
    [("mean", [0.3, 0.5]), ("max", [0.4, 0.5]), ("noisy_or", [0.52, 0.5])],
)
def test_scores_of_one_breast_become_one(method, expected):
    scores = aggregate_scores([0.4, 0.5, 0.2], ["b", "a", "b"], method)
    assert scores.index.tolist() == ["b", "a"]
    np.testing.assert_allclose(scores, expected)


def test_a_score_that_is_no_probability_names_its_row():
    with pytest.raises(ValueError, match=r"Got .*1.5.* in row 1"):
        aggregate_scores([0.5, 1.5], ["a", "b"])


def test_an_image_of_nobody_names_its_row():
    with pytest.raises(ValueError, match="none in row 1 of by"):
        aggregate_scores([0.5, 0.5], ["a", None])


@pytest.mark.parametrize("by", ["breast", "group", "laterality"])
def test_images_that_belong_together_are_predicted_alike(model, data, by):
    X, y = data
    columns = ["group", "laterality"] if by == "breast" else [by]
    scores = LevelAggregator(model, by=by).fit(X, y).predict_proba(X)
    frame = X.assign(score=scores[:, 1])
    assert (frame.groupby(columns)["score"].nunique() == 1).all()


def test_a_patient_has_the_mean_of_the_images(model, data):
    X, y = data
    aggregated = LevelAggregator(model, by="group").fit(X, y)
    images = clone(model).fit(X, y).predict_proba(X)[:, 1]
    expected = images.reshape(10, 4).mean(axis=1).repeat(4)
    np.testing.assert_allclose(aggregated.predict_proba(X)[:, 1], expected)


def test_out_of_fold_predictions_have_a_row_an_image(model, data):
    X, y = data
    predicted = cross_val_predict(
        LevelAggregator(model), X, y, groups=X["group"], cv=StratifiedGroupKFold(3)
    )
    assert predicted.shape == (40,)


def test_parameters_of_the_model_can_be_searched(model):
    aggregator = LevelAggregator(model)
    aggregator.set_params(estimator__logisticregression__C=3)
    assert clone(aggregator).estimator[-1].C == 3


def test_a_column_that_is_not_there_is_named(model, data):
    X, y = data
    with pytest.raises(ValueError, match="needs the column 'laterality' in X"):
        LevelAggregator(model).fit(X.drop(columns="laterality"), y)


def test_three_classes_are_refused(model, data):
    X, _ = data
    with pytest.raises(ValueError, match=r"2 classes\. Got 3"):
        LevelAggregator(model).fit(X, np.arange(40) % 3)


def test_a_scorer_counts_each_patient_once(model, data):
    X, y = data
    fitted = LevelAggregator(model, by="group").fit(X, y)
    score = make_level_scorer("group", accuracy_score)(fitted, X, y)
    first = X.groupby("group").head(1).index
    assert score == np.mean(fitted.predict(X)[first] == y[first])


def test_a_level_scorer_says_which_text_label_is_malignant(model, data):
    X, y = data
    y = np.where(y == 1, "cancer", "no cancer")
    fitted = clone(model).fit(X, y)
    with pytest.warns(DataQualityWarning, match="'no cancer' as the positive class"):
        make_level_scorer("group")(fitted, X, y)


@pytest.mark.parametrize(
    "labels", [[0, 1], [False, True], ["benign", "malignant"]], ids=str
)
def test_a_level_scorer_says_nothing_where_it_is_clear(model, data, labels):
    X, y = data
    y = np.array(labels)[y]
    fitted = clone(model).fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataQualityWarning)
        make_level_scorer("group")(fitted, X, y)


@pytest.mark.parametrize("method", ["max", "noisy_or"])
def test_an_aggregator_says_which_text_label_is_positive(model, data, method):
    X, y = data
    y = np.where(y == 1, "cancer", "normal")
    with pytest.warns(DataQualityWarning, match="treats 'normal' as the positive"):
        LevelAggregator(model, method=method).fit(X, y)


@pytest.mark.parametrize(
    ("labels", "method"),
    [
        (["cancer", "normal"], "mean"),
        (["benign", "malignant"], "max"),
        ([0, 1], "noisy_or"),
    ],
)
def test_an_aggregator_says_nothing_where_it_is_clear(model, data, labels, method):
    X, y = data
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataQualityWarning)
        LevelAggregator(model, method=method).fit(X, np.array(labels)[y])


@pytest.mark.parametrize("labels", [[0, 1], ["benign", "malignant"]], ids=str)
@pytest.mark.parametrize("method", ["mean", "max"])
def test_a_level_scorer_takes_probabilities(model, data, labels, method):
    X, y = data
    fitted = LevelAggregator(model, by="group", method=method)
    fitted.fit(X, np.array(labels)[y])
    scorer = make_level_scorer("group", roc_auc_score, response_method="predict_proba")
    images = fitted.estimator_.predict_proba(X)[:, 1]
    patients = aggregate_scores(images, X["group"], method)
    expected = roc_auc_score(y[::4], patients)
    assert scorer(fitted, X, np.array(labels)[y]) == pytest.approx(expected)


def test_a_level_scorer_of_probabilities_refuses_three_classes(model, data):
    X, _ = data
    y = np.arange(40) % 3
    scorer = make_level_scorer("group", response_method="predict_proba")
    with pytest.raises(ValueError, match=r"Expected 2 classes .* Got 3"):
        scorer(clone(model).fit(X, y), X, y)


class Constant(ClassifierMixin, BaseEstimator):
    """Predicts what a column says."""

    def __init__(self, classes):
        self.classes = classes

    def fit(self, X, y):
        self.classes_ = np.sort(self.classes)
        return self

    def predict(self, X):
        return X["says"].to_numpy()

    def predict_proba(self, X):
        return (self.predict(X)[:, np.newaxis] == self.classes_).astype(float)


def make_levels(names):
    """One cancer, among a woman's normal images, that the model calls normal."""
    normal, benign, malignant = names
    X = pd.DataFrame({"group": np.repeat([0, 1, 2], 2), "says": normal})
    X.loc[3, "says"] = benign
    y = np.array([normal, malignant, normal, benign, normal, normal])
    return X, y, Constant(names).fit(X, y)


NAMES = [["normal", "benign", "malignant"], [2, 0, 1]]


@pytest.mark.parametrize("names", NAMES, ids=str)
def test_the_order_of_labels_decides_for_a_breast(names):
    X, y, model = make_levels(names)
    score = make_level_scorer("group", accuracy_score, labels=names)
    assert score(model, X, y) == pytest.approx(2 / 3)
    X["says"] = y
    assert score(model, X, y) == 1


@pytest.mark.parametrize("names", NAMES, ids=str)
def test_more_than_two_classes_without_an_order_are_refused(names):
    """Taken by the alphabet, the only cancer was missed and kappa was 1."""
    X, y, model = make_levels(names)
    with pytest.raises(ValueError, match="Expected labels, in order and the worst"):
        make_level_scorer("group")(model, X, y)
    # Nor may a fold without a cancer decide by itself.
    with pytest.raises(ValueError, match="Expected labels, in order and the worst"):
        make_level_scorer("group")(model, X[2:], y[2:])


@pytest.mark.parametrize("labels", [["benign", "malignant"], ["a", "b", "b"]], ids=str)
def test_labels_hold_every_class_once(labels):
    X, y, model = make_levels(NAMES[0])
    with pytest.raises(ValueError, match="hold each of the classes"):
        make_level_scorer("group", labels=labels)(model, X, y)


@pytest.mark.filterwarnings("error")
def test_labels_say_which_probability_is_meant(model, data):
    X, y = data
    names = np.array(["no cancer", "cancer"])
    fitted = clone(model).fit(X, names[y])
    expected = make_level_scorer(
        "group", roc_auc_score, response_method="predict_proba"
    )
    expected = expected(clone(model).fit(X, y), X, y)
    score = make_level_scorer(
        "group", roc_auc_score, response_method="predict_proba", labels=names
    )
    assert score(fitted, X, names[y]) == pytest.approx(expected)
    assert expected > 0.6


def test_a_level_scorer_with_labels_pickles_and_names_them():
    scorer = make_level_scorer("group", labels=["normal", "malignant"])
    assert "labels=['normal', 'malignant']" in repr(pickle.loads(pickle.dumps(scorer)))


def test_a_level_scorer_scores_folds(model, data):
    X, y = data
    scores = cross_val_score(
        model,
        X,
        y,
        groups=X["group"],
        cv=StratifiedGroupKFold(3),
        scoring=make_level_scorer("breast"),
    )
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("change", [{"by": "laterality"}, {"method": "max"}])
def test_parameters_set_after_fit_wait_for_the_next_fit(model, data, change):
    X, y = data
    aggregated = LevelAggregator(model).fit(X, y)
    expected = aggregated.predict_proba(X)
    aggregated.set_params(**change)
    np.testing.assert_array_equal(aggregated.predict_proba(X), expected)
    assert not np.array_equal(aggregated.fit(X, y).predict_proba(X), expected)
