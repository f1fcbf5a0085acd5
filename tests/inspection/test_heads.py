"""Scikit-learn's classifiers of features, as networks."""

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MinMaxScaler,
    PowerTransformer,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import SVC, LinearSVC

from skfusion.inspection._heads import make_head

SCALINGS = [
    [],
    [StandardScaler()],
    [MinMaxScaler()],
    [RobustScaler(), PCA(3)],
    [SelectKBest(k=4), StandardScaler()],
]
CLASSIFIERS = [
    LogisticRegression(),
    SGDClassifier(random_state=0),
    LinearSVC(random_state=0),
    *(SVC(kernel=kernel) for kernel in ("linear", "rbf", "poly", "sigmoid")),
    SVC(gamma="auto", class_weight="balanced"),
]


def make_data(n_classes):
    rng = np.random.default_rng(0)
    y = np.arange(60) % n_classes
    return rng.normal(size=(60, 6)) * [1, 2, 3, 4, 5, 6] + y[:, np.newaxis] + 2, y


@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_the_decision_is_that_of_scikit_learn(scaling, classifier):
    X, y = make_data(2)
    model = make_pipeline(*scaling, classifier).fit(X, y)
    head = make_head([step for _, step in model.steps], 6)
    scores = head(torch.from_numpy(X).float()).numpy()
    expected = model.decision_function(X)
    np.testing.assert_allclose(scores[:, 1] - scores[:, 0], expected, atol=1e-4)


def test_several_classes_are_those_of_scikit_learn():
    X, y = make_data(3)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    head = make_head([step for _, step in model.steps], 6)
    scores = head(torch.from_numpy(X)).softmax(dim=1).numpy()
    np.testing.assert_allclose(scores, model.predict_proba(X), atol=1e-10)


@pytest.mark.parametrize(
    "steps",
    [
        [RandomForestClassifier(5)],
        [PowerTransformer(), LogisticRegression()],
        [MinMaxScaler(clip=True), LogisticRegression()],
    ],
)
def test_steps_without_gradients_have_no_network(steps):
    X, y = make_data(2)
    model = make_pipeline(*steps).fit(X, y)
    assert make_head([step for _, step in model.steps], 6) is None


def test_a_kernel_machine_of_three_classes_has_no_network():
    X, y = make_data(3)
    assert make_head([SVC().fit(X, y)], 6) is None
