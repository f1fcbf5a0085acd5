"""Metadata goes to the inner models that ask for it."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.model_selection import StratifiedGroupKFold, cross_validate

from skfusion.datasets import make_breast_pairs
from skfusion.fusion import (
    DecisionFusionClassifier,
    ImageLevelClassifier,
    LevelAggregator,
    PerModalityClassifier,
)
from skfusion.neural_network import CNN17Classifier
from skfusion.neural_network._base import BaseCNNClassifier

COLUMNS = ["mammogram", "ultrasound"]


class Model(ClassifierMixin, BaseEstimator):
    """Keeps the metadata that it was given."""

    def fit(self, X, y, sample_weight=None):
        self.classes_ = np.unique(y)
        self.images_, self.weight_ = list(X["image"]), sample_weight
        return self

    def predict_proba(self, X):
        return np.tile([0.5, 0.5], (len(X), 1))

    def predict(self, X):
        return np.zeros(len(X), dtype=int)


class Asking(Model):
    __metadata_request__fit = {"sample_weight": True}


class Indifferent(Model):
    __metadata_request__fit = {"sample_weight": False}


@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


@pytest.fixture
def X():
    return pd.DataFrame(
        {"mammogram": ["m0", None, "m2", "m3"], "ultrasound": ["u0", "u1", None, "u3"]}
    )


@pytest.fixture
def images():
    return pd.DataFrame(
        {"image": list("abcd"), "modality": COLUMNS * 2, "group": list("abcd")}
    )


y = np.array([0, 1, 1, 0])
WEIGHT = np.array([10.0, 11.0, 12.0, 13.0])


@pytest.mark.usefixtures("routing")
def test_each_image_gets_the_metadata_of_its_sample(X):
    model = ImageLevelClassifier(Asking(), COLUMNS).fit(X, y, sample_weight=WEIGHT)
    assert model.estimator_.images_ == ["m0", "m2", "m3", "u0", "u1", "u3"]
    assert model.estimator_.weight_.tolist() == [10, 12, 13, 10, 11, 13]


@pytest.mark.usefixtures("routing")
def test_each_modality_gets_the_metadata_of_its_rows(images):
    model = PerModalityClassifier([(column, Asking()) for column in COLUMNS])
    model.fit(images, y, sample_weight=WEIGHT)
    given = [fitted.weight_.tolist() for fitted in model.estimators_]
    assert given == [[10, 12], [11, 13]]


@pytest.mark.usefixtures("routing")
def test_a_modality_that_does_not_ask_gets_none(images):
    model = PerModalityClassifier(
        [("mammogram", Asking()), ("ultrasound", Indifferent())]
    )
    model.fit(images, y, sample_weight=WEIGHT)
    assert model.named_estimators_["ultrasound"].weight_ is None


@pytest.mark.usefixtures("routing")
def test_a_model_that_never_said_whether_it_asks_is_named(images):
    with pytest.raises(UnsetMetadataPassedError, match="sample_weight"):
        LevelAggregator(Model(), by="group").fit(images, y, sample_weight=WEIGHT)


@pytest.mark.usefixtures("routing")
def test_the_model_of_a_level_gets_what_it_asks_for(images):
    model = LevelAggregator(Asking(), by="group")
    assert model.fit(images, y, sample_weight=WEIGHT).estimator_.weight_ is WEIGHT


def test_without_routing_a_level_passes_all_on(images):
    model = LevelAggregator(Model(), by="group")
    assert model.fit(images, y, sample_weight=WEIGHT).estimator_.weight_ is WEIGHT


@pytest.mark.parametrize(
    ("model", "data"),
    [
        (ImageLevelClassifier(Asking(), COLUMNS), "X"),
        (PerModalityClassifier([(column, Asking()) for column in COLUMNS]), "images"),
    ],
)
def test_without_routing_metadata_is_refused(model, data, request):
    with pytest.raises(ValueError, match="enable_metadata_routing=True"):
        model.fit(request.getfixturevalue(data), y, sample_weight=WEIGHT)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    return make_breast_pairs(24, image_size=16, folder=tmp_path_factory.mktemp("pairs"))


@pytest.fixture
def given(monkeypatch):
    """Groups that the inner splits of networks were given."""
    seen = []
    split = BaseCNNClassifier._split

    def write_down(self, X, codes, groups, seed):
        seen.append(groups)
        return split(self, X, codes, groups, seed)

    monkeypatch.setattr(BaseCNNClassifier, "_split", write_down)
    return seen


NETWORK = CNN17Classifier(
    width=2,
    weights=None,
    image_size=16,
    max_epochs=1,
    early_stopping=True,
    random_state=0,
)


def validate(model, pairs, groups=None):
    return cross_validate(
        model,
        pairs.data,
        pairs.target,
        params={"groups": pairs.groups if groups is None else groups},
        cv=StratifiedGroupKFold(2),
        error_score="raise",
    )


@pytest.mark.usefixtures("routing")
def test_early_stopping_behind_an_image_level_gets_groups(pairs, given):
    network = sklearn.clone(NETWORK).set_fit_request(groups=True)
    validate(ImageLevelClassifier(network, COLUMNS), pairs)
    assert len(given) == 2
    for groups in given:  # both images of a sample are of one group
        np.testing.assert_array_equal(*np.split(groups, 2))


@pytest.mark.usefixtures("routing")
def test_early_stopping_finds_the_column_group_unasked(pairs, given):
    validate(ImageLevelClassifier(NETWORK, COLUMNS), pairs)
    assert given == [None, None]


@pytest.mark.usefixtures("routing")
@pytest.mark.parametrize("asks", [True, False])
def test_a_fusion_of_decisions_may_ask_for_groups(pairs, asks, monkeypatch):
    seen = []
    split = DecisionFusionClassifier._split

    def write_down(self, codes, there, groups):
        seen.append(set(groups))
        return split(self, codes, there, groups)

    monkeypatch.setattr(DecisionFusionClassifier, "_split", write_down)
    # Other ones than those of the column.
    groups = np.array([f"site {row % 8}" for row in range(len(pairs.data))])
    network = sklearn.clone(NETWORK).set_params(early_stopping=False)
    image = ImageLevelClassifier(network, ["image"])
    fusion = DecisionFusionClassifier(
        [(column, image) for column in COLUMNS], cv=2, random_state=0
    )
    validate(fusion.set_fit_request(groups=asks), pairs, groups)
    expected = set(groups if asks else pairs.data["group"])
    assert len(seen) == 2
    assert all(each < expected for each in seen)
