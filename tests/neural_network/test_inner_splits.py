"""No group stands on both sides of any split, the inner ones included."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.pipeline import make_pipeline
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedGroupKFold,
    cross_val_score,
    cross_validate,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skfusion._validation._groups import check_groups
from skfusion.datasets import make_breast_images
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.metrics import kappa_scorer
from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier
from skfusion.neural_network._base import BaseCNNClassifier
from skfusion.neural_network._inner_split import inner_split
from skfusion.over_sampling import ImageOverSampler

SMALL = {"image_size": 16, "max_epochs": 1, "random_state": 0}
BACKBONE = {"backbone": "squeezenet1_1", "weights": None}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_breast_images(
        48,
        modality="both",
        image_size=16,
        n_views=2,
        prevalence=0.4,
        folder=tmp_path_factory.mktemp("images"),
        random_state=0,
    )


@pytest.fixture
def inner_splits(monkeypatch, data):
    """Record the patients on both sides of every inner split."""
    seen = []
    original = BaseCNNClassifier._split
    patients = dict(zip(data.data["image"], data.groups, strict=True))

    def patients_of(X, rows):
        if isinstance(X, pd.DataFrame):  # by the file, whatever became of its columns
            return {patients[image] for image in X["image"].iloc[rows]}
        keys = [image.tobytes() for image in X.reshape(len(X), *data.images.shape[1:])]
        return {pixels[keys[row]] for row in rows}

    pixels = {
        image.tobytes(): patient
        for image, patient in zip(data.images, data.groups, strict=True)
    }

    def recorded(self, X, *arguments):
        train, valid = original(self, X, *arguments)
        seen.append((patients_of(X, train), patients_of(X, valid)))
        return train, valid

    monkeypatch.setattr(BaseCNNClassifier, "_split", recorded)
    return seen


def candidates():
    features = CNNFeatureExtractor(**BACKBONE, image_size=32, random_state=0)
    custom = CNN17Classifier(width=4, weights=None, early_stopping=True, **SMALL)
    transfer = TransferCNNClassifier(
        **BACKBONE, early_stopping=True, **{**SMALL, "image_size": 32}
    )
    balance = ImageOverSampler(by="modality", random_state=0)
    return {
        "svm": make_pipeline(
            features, StandardScaler(), SMOTE(k_neighbors=2, random_state=0), SVC()
        ),
        "forest": make_pipeline(
            balance, features, RandomForestClassifier(10, random_state=0)
        ),
        "transfer": make_pipeline(balance, transfer),
        "custom": make_pipeline(RandomOverSampler(random_state=0), custom),
    }


def mixed_grid():
    models = candidates()
    return GridSearchCV(
        Pipeline([("model", models["custom"])]),
        {"model": list(models.values())},
        scoring=kappa_scorer,
        cv=StratifiedGroupKFold(2),
        error_score="raise",
    )


def assert_no_group_crosses(splits, n_expected):
    assert len(splits) == n_expected
    assert all(train and valid and not train & valid for train, valid in splits)


def test_the_mixed_grid_runs_without_metadata_routing(data, inner_splits):
    search = mixed_grid().fit(data.data, data.target, groups=data.groups)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    # Two networks with early stopping, two folds each, and the refit if one wins.
    assert len(inner_splits) in (4, 5)
    assert_no_group_crosses(inner_splits, len(inner_splits))


def test_the_mixed_grid_runs_with_metadata_routing(data, inner_splits):
    with sklearn.config_context(enable_metadata_routing=True):
        search = mixed_grid().fit(data.data, data.target, groups=data.groups)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert_no_group_crosses(inner_splits, len(inner_splits))
    assert len(inner_splits) >= 4


@pytest.mark.parametrize("name", ["transfer", "custom"])
def test_copies_of_a_patient_stay_together_behind_a_sampler(data, inner_splits, name):
    cross_val_score(
        candidates()[name],
        data.data,
        data.target,
        groups=data.groups,
        scoring=kappa_scorer,
        cv=StratifiedGroupKFold(3),
        error_score="raise",
    )
    assert_no_group_crosses(inner_splits, 3)


def test_groups_routed_as_metadata_are_used(data, inner_splits):
    images = data.images
    model = CNN17Classifier(width=4, weights=None, early_stopping=True, **SMALL)
    with sklearn.config_context(enable_metadata_routing=True):
        cross_validate(
            model.set_fit_request(groups=True),
            images,
            data.target,
            params={"groups": data.groups},
            cv=StratifiedGroupKFold(3),
            error_score="raise",
        )
    assert_no_group_crosses(inner_splits, 3)


def test_groups_given_to_fit_are_used(data, inner_splits):
    model = CNN17Classifier(width=4, weights=None, early_stopping=True, **SMALL)
    model.fit(data.images, data.target, groups=data.groups)
    (train, valid), n_groups = inner_splits[0], len(set(data.groups))
    assert len(train) + len(valid) == n_groups


def test_copies_of_an_array_stay_together_without_groups():
    images = np.random.default_rng(0).integers(0, 256, (30, 64), dtype=np.uint8)
    labels = np.arange(30) % 3 == 0
    X, y = RandomOverSampler(random_state=0).fit_resample(images, labels)
    train, valid = inner_split(y.astype(int), check_groups(X), 0.2, seed=0)
    sides = [{image.tobytes() for image in X[rows]} for rows in (train, valid)]
    assert not sides[0] & sides[1]
    assert len(sides[0] | sides[1]) == 30 < len(X)


def test_an_inner_split_is_stratified():
    codes = np.repeat([0, 1], [80, 20])
    _, valid = inner_split(codes, np.arange(100), 0.1, seed=0)
    assert codes[valid].mean() == pytest.approx(0.2)


def split_or_refuse(codes, groups, seed):
    """Whether there was a split; it holds every class on both sides."""
    try:
        sides = inner_split(codes, groups, 0.1, seed)
    except ValueError as error:
        assert "every class on both sides" in str(error)  # noqa: PT017
        return False
    assert all(set(codes[side]) == set(codes) for side in sides)
    return True


def test_early_stopping_leaves_every_class_to_learn_from():
    codes = np.array([1] * 9 + [0, 0, 1, 0, 0, 0])
    groups = np.array([0] * 5 + [1] + [2] * 6 + [3] * 3)
    # All of the benign rows but one patient's are in one fold: none can be set aside.
    assert not any(split_or_refuse(codes, groups, seed) for seed in range(50))


@pytest.mark.parametrize("shares", [(0.9, 0.1), (0.8, 0.1, 0.1)])
def test_early_stopping_splits_mixed_patients_or_refuses(shares):
    rng, n_splits, n_classes = np.random.default_rng(0), 0, len(shares)
    for seed in range(60):
        groups = np.repeat(np.arange(12), rng.integers(1, 6, 12))
        codes = rng.choice(n_classes, len(groups), p=shares)
        if min(len(set(groups[codes == c])) for c in range(n_classes)) >= 2:
            n_splits += split_or_refuse(codes, groups, seed)
    assert n_splits > 20
