"""Every estimator that reads files decodes them in workers where it is told to."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from skfusion.datasets import make_breast_images
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.fusion import MultiBranchCNNClassifier
from skfusion.images import _read
from skfusion.images._formats import _decode
from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier

TRAINED = {"image_size": 32, "max_epochs": 1, "device": "cpu", "random_state": 0}
ESTIMATORS = {
    "features": CNNFeatureExtractor(
        "squeezenet1_1", weights=None, image_size=32, random_state=0
    ),
    "cnn17": CNN17Classifier(width=4, weights=None, **TRAINED),
    "transfer": TransferCNNClassifier("squeezenet1_1", weights=None, **TRAINED),
    "branches": MultiBranchCNNClassifier(
        ["mammogram", "ultrasound"], branch="cnn17", width=4, **TRAINED
    ),
}


@pytest.fixture
def isolated(monkeypatch):
    """The files that a worker would have decoded."""
    paths = []

    def decode_isolated(path, *options):
        paths.append(path)
        return _decode.decode(path, *options)

    monkeypatch.setattr(_read, "decode_isolated", decode_isolated)
    return paths


@pytest.mark.parametrize("name", ESTIMATORS)
def test_isolated_reads_every_file_in_a_worker_and_changes_nothing(
    name, isolated, tmp_path
):
    data = make_breast_images(8, image_size=32, folder=tmp_path / "a", random_state=0)
    X, estimator = data.data, clone(ESTIMATORS[name])
    if name == "branches":
        other = make_breast_images(8, image_size=32, folder=tmp_path / "b")
        X = pd.DataFrame({"mammogram": X["image"], "ultrasound": other.data["image"]})
    plain = predict(estimator.set_params(isolated=False), X, data.target)
    assert isolated == []
    apart = predict(estimator.set_params(isolated=True), X, data.target)
    n_columns = 2 if name == "branches" else 1
    n_reads = 1 if name == "features" else 2
    assert len(isolated) == 8 * n_columns * n_reads
    np.testing.assert_array_equal(apart, plain)


def predict(estimator, X, y):
    estimator.fit(X, y)
    use = "predict_proba" if hasattr(estimator, "predict_proba") else "transform"
    return getattr(estimator, use)(X)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_isolated_is_a_boolean(name):
    estimator = clone(ESTIMATORS[name]).set_params(isolated="yes")
    with pytest.raises(ValueError, match="'isolated' parameter"):
        estimator.fit(["a.png", "b.png"], [0, 1])
