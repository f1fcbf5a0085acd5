import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skfusion.fusion import PerModalityClassifier


def density(X):
    return X[["density"]].to_numpy()


def make_model():
    image = make_pipeline(FunctionTransformer(density), LogisticRegression())
    return PerModalityClassifier([("mammography", image), ("ultrasound", clone(image))])


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    y = np.tile([0, 1], 20)
    modality = np.repeat(["mammography", "ultrasound"], 20)
    sign = np.where(modality == "mammography", 1, -1)  # opposite meanings
    density = sign * (2 * y - 1) + rng.normal(0, 0.3, 40)
    X = pd.DataFrame({"density": density, "modality": modality})
    return X.sample(frac=1, random_state=0), y[X.sample(frac=1, random_state=0).index]


def test_each_modality_has_a_model_of_its_own(data):
    X, y = data
    assert make_model().fit(X, y).score(X, y) > 0.95


def test_predictions_are_those_of_the_models_alone(data):
    X, y = data
    model = make_model().fit(X, y)
    rows = (X["modality"] == "ultrasound").to_numpy()
    alone = clone(make_model().estimators[1][1]).fit(X[rows], y[rows])
    np.testing.assert_array_equal(
        model.predict_proba(X)[rows], alone.predict_proba(X[rows])
    )


def test_a_class_that_one_modality_lacks_has_probability_zero_there(data):
    X, y = data
    labels = np.where(y == 1, "malignant", "benign").astype(object)
    labels[(X["modality"] == "ultrasound") & (y == 0)] = "normal"
    model = make_model().fit(X, labels)
    assert model.classes_.tolist() == ["benign", "malignant", "normal"]
    probabilities = model.predict_proba(X[X["modality"] == "ultrasound"])
    assert (probabilities[:, 0] == 0).all()


def test_an_unknown_modality_names_its_row(data):
    X, y = data
    X = X.reset_index(drop=True)
    X.loc[3, "modality"] = "MRI"
    with pytest.raises(ValueError, match="Got another one in row 3"):
        make_model().fit(X, y)


def test_a_modality_without_rows_is_named(data):
    X, y = data
    rows = (X["modality"] == "ultrasound").to_numpy()
    with pytest.raises(ValueError, match="Got none of 'mammography'"):
        make_model().fit(X[rows], y[rows])


def test_an_array_is_refused(data):
    with pytest.raises(ValueError, match="DataFrame with the column 'modality'"):
        make_model().fit(np.zeros((4, 2)), [0, 1, 0, 1])


def test_parameters_of_each_model_can_be_searched(data):
    X, y = data
    grid = {"ultrasound__logisticregression__C": [0.1, 1.0]}
    search = GridSearchCV(make_model(), grid, cv=2).fit(X, y)
    weights = [abs(m[-1].coef_[0, 0]) for m in search.best_estimator_.estimators_]
    assert search.best_estimator_.estimators[1][1][-1].C in (0.1, 1.0)
    assert weights[0] != weights[1]


def test_it_can_be_cloned_and_pickled(data):
    X, y = data
    model = pickle.loads(pickle.dumps(clone(make_model()).fit(X, y)))
    assert list(model.named_estimators_) == ["mammography", "ultrasound"]
