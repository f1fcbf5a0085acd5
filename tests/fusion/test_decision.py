import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold, cross_val_score

from skfusion.exceptions import DataQualityWarning
from skfusion.feature_extraction import make_feature_classifier
from skfusion.fusion import DecisionFusionClassifier

COLUMNS = ["mammogram", "ultrasound"]


class Reader(ClassifierMixin, BaseEstimator):
    """Knows the label of an image by a table, as surely as it is told."""

    seen = None  # of each fit, the groups it learnt from

    def __init__(self, labels, sure=0.9):
        self.labels = labels
        self.sure = sure

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        if self.seen is not None:
            self.seen.append(set(X["group"]))
        return self

    def predict_proba(self, X):
        malignant = np.array([self.labels[path] for path in X["image"]])
        p = np.where(malignant == 1, self.sure, 1 - self.sure)
        return np.column_stack([1 - p, p])


@pytest.fixture
def y():
    return np.tile([0, 1], 200)


@pytest.fixture
def X():
    """Paths of files that no model here opens."""
    rows = np.arange(400)
    columns = {column: [f"{column}{row}.png" for row in rows] for column in COLUMNS}
    return pd.DataFrame({**columns, "group": rows // 8})


@pytest.fixture
def gappy(X):
    X = X.copy()
    X.loc[::5, "mammogram"] = None
    X.loc[1::5, "ultrasound"] = None
    return X


@pytest.fixture
def labels(X, y):
    """What each image says: right in 8 of 10 mammograms and 6 of 10 others."""
    rng = np.random.default_rng(0)
    known = {}
    for column, accuracy in zip(COLUMNS, (0.8, 0.6), strict=True):
        right = rng.random(len(y)) < accuracy
        known |= dict(zip(X[column], np.where(right, y, 1 - y), strict=True))
    return known


@pytest.fixture
def fusion(labels):
    readers = [(column, Reader(labels)) for column in COLUMNS]
    return DecisionFusionClassifier(readers, cv=3, random_state=0)


def test_one_modality_alone_is_its_calibrated_model(fusion, labels, X, y):
    fusion.fit(X, y)
    scores = fusion.predict_proba(X.assign(ultrasound=None))[:, 1]
    # It says 0.9, and is right less often.
    accuracy = np.mean(X["mammogram"].map(labels) == y)
    assert scores.max() == pytest.approx(accuracy, abs=0.03)


def test_the_mean_is_taken_over_what_is_there(fusion, X, gappy, y):
    fusion.fit(X, y)
    whole = fusion.predict_proba(X)
    each = [
        fusion.predict_proba(X.assign(**{other: None})) for other in reversed(COLUMNS)
    ]
    np.testing.assert_allclose(whole, np.mean(each, axis=0))
    lacks = gappy["mammogram"].isna().to_numpy()
    np.testing.assert_allclose(fusion.predict_proba(gappy)[lacks], each[1][lacks])


def test_weights_by_cross_validation_prefer_the_better_modality(fusion, X, y):
    fusion.set_params(weights="cv").fit(X, y)
    assert fusion.weights_[0] > 0.6


def test_weights_can_be_given(fusion, X, y):
    fusion.set_params(weights=[3, 1]).fit(X, y)
    np.testing.assert_allclose(fusion.weights_, [0.75, 0.25])


def test_all_weight_on_what_is_missing(fusion, X, y):
    fusion.set_params(weights=[1, 0]).fit(X, y)
    scores = fusion.predict_proba(X.assign(mammogram=None))
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("weights", [[1], [1, -1], [0, 0]])
def test_weights_that_cannot_be_are_refused(fusion, X, y, weights):
    with pytest.raises(ValueError, match="Expected 2 weights"):
        fusion.set_params(weights=weights).fit(X, y)


def test_a_final_estimator_stacks_the_modalities(fusion, labels, gappy, y):
    fusion.set_params(final_estimator=LogisticRegression()).fit(gappy, y)
    assert fusion.final_estimator_.n_features_in_ == 4
    readers = [gappy[column].map(labels) for column in COLUMNS]
    alone = max(np.mean(told.fillna(0) == y) for told in readers)
    assert fusion.score(gappy, y) >= alone


def test_no_group_crosses_an_inner_fold(fusion, gappy, y, monkeypatch):
    learnt, asked = [], []
    monkeypatch.setattr(Reader, "seen", learnt)
    predict = Reader.predict_proba

    def write_down(self, X):
        asked.append((learnt[-1], set(X["group"])))
        return predict(self, X)

    monkeypatch.setattr(Reader, "predict_proba", write_down)
    fusion.fit(gappy, y)
    assert len(asked) == 6  # two modalities, three folds
    assert all(not (train & test) for train, test in asked)


def test_groups_can_be_given(fusion, X, y):
    groups = X.pop("group")
    fusion.fit(X, y, groups=groups)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        fusion.fit(X, y, groups=groups[:-1])


def test_real_models_are_searched_and_pickled(gaps, pairs):
    image = make_feature_classifier(
        "svm", backbone="squeezenet1_1", weights=None, image_size=32, random_state=0
    )
    fusion = DecisionFusionClassifier(
        [(column, image) for column in COLUMNS], cv=2, random_state=0
    )
    search = GridSearchCV(fusion, {"weights": [None, "cv"]}, cv=StratifiedGroupKFold(2))
    search.fit(gaps, pairs.target, groups=pairs.groups)
    again = pickle.loads(pickle.dumps(search.best_estimator_))
    np.testing.assert_array_equal(again.predict(gaps), search.predict(gaps))


def test_string_labels_round_trip(fusion, X, y):
    y = np.where(y == 1, "malignant", "benign")
    assert set(fusion.fit(X, y).predict(X)) == {"benign", "malignant"}


def test_three_classes_are_refused(fusion, X, y):
    with pytest.raises(ValueError, match=r"2 classes\. Got 3"):
        fusion.fit(X, np.arange(len(y)) % 3)


def test_it_works_under_grouped_cross_validation(fusion, gappy, y):
    scores = cross_val_score(
        clone(fusion),
        gappy,
        y,
        groups=gappy["group"],
        cv=StratifiedGroupKFold(2),
        error_score="raise",
    )
    assert scores.mean() > 0.6


class Liar(Reader):
    """Says the opposite."""

    def predict_proba(self, X):
        return super().predict_proba(X)[:, ::-1]


def test_a_model_worse_than_chance_is_not_believed(labels, X, y):
    estimators = [("mammogram", Reader(labels)), ("ultrasound", Liar(labels))]
    fusion = DecisionFusionClassifier(estimators, weights="cv", cv=3, random_state=0)
    fusion.fit(X, y)
    np.testing.assert_array_equal(fusion.weights_, [1, 0])
    scores = fusion.predict_proba(X.assign(mammogram=None))[:, 1]
    np.testing.assert_allclose(scores, 0.5, atol=0.01)


def test_a_model_that_is_too_sure_keeps_its_say(labels, X, y):
    sure = Reader(labels, sure=1.0)
    fusion = DecisionFusionClassifier([("mammogram", sure)], cv=3, random_state=0)
    scores = fusion.fit(X, y).predict_proba(X)[:, 1]
    accuracy = np.mean(X["mammogram"].map(labels) == y)
    assert scores.max() == pytest.approx(accuracy, abs=0.03)


def test_a_modality_of_one_class_is_named(fusion, X, y):
    X.loc[y == 1, "ultrasound"] = None
    with pytest.raises(ValueError, match=r"classes of each modality.*'ultrasound'"):
        fusion.fit(X, y)


def test_without_groups_samples_that_share_a_file_stay_together(fusion, X, y):
    X = X.drop(columns="group")
    X.loc[1, "mammogram"] = X.loc[0, "mammogram"]
    seen = []

    class Writing(Reader):
        def fit(self, X, y):
            seen.append(set(X.index))
            return super().fit(X, y)

    fusion.set_params(mammogram=Writing(fusion.estimators[0][1].labels))
    with pytest.warns(DataQualityWarning, match="No groups were passed"):
        fusion.fit(X, y)
    assert all(len({0, 1} & rows) != 1 for rows in seen)


def test_refitting_without_a_final_estimator_forgets_it(fusion, X, y):
    fusion.set_params(final_estimator=LogisticRegression()).fit(X, y)
    fusion.set_params(final_estimator=None).fit(X, y)
    assert fusion.final_estimator_ is None
    assert np.isfinite(fusion.predict_proba(X)).all()


def test_a_column_without_any_image_is_named(fusion, X, y):
    with pytest.raises(ValueError, match="Got none in the column 'ultrasound' of X"):
        fusion.fit(X.assign(ultrasound=None), y)


def test_a_model_without_scores_is_refused_before_any_is_fitted(
    fusion, X, y, monkeypatch
):
    learnt = []
    monkeypatch.setattr(Reader, "seen", learnt)
    fusion.set_params(ultrasound=LinearRegression())
    with pytest.raises(ValueError, match="LinearRegression without them for 'ultra"):
        fusion.fit(X, y)
    assert not learnt


def test_a_modality_of_weight_0_decides_where_it_is_the_only_one(fusion, X, y):
    fusion.set_params(weights=[1, 0]).fit(X, y)
    alone = fusion.predict_proba(X.assign(mammogram=None))
    fusion.set_params(weights=[0, 1]).fit(X, y)
    np.testing.assert_array_equal(alone, fusion.predict_proba(X.assign(mammogram=None)))


def test_weights_are_not_used_by_a_final_estimator(fusion, X, y):
    fusion.set_params(final_estimator=LogisticRegression())
    one, other = (
        clone(fusion).set_params(weights=weights).fit(X, y).predict_proba(X)
        for weights in (None, [1, 0])
    )
    np.testing.assert_array_equal(one, other)
