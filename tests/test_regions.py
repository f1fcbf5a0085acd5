"""Every estimator with a parameter `region` reads what it names."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skfusion.datasets import make_breast_images
from skfusion.feature_extraction import CNNFeatureExtractor, make_feature_classifier
from skfusion.fusion import MultiBranchCNNClassifier
from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier

NETWORK = {"image_size": 16, "max_epochs": 1, "random_state": 0}
FEATURES = {"weights": None, "image_size": 32, "random_state": 0}
ESTIMATORS = {
    "cnn17": CNN17Classifier(width=2, weights=None, **NETWORK),
    "transfer": TransferCNNClassifier("shufflenet_v2_x0_5", weights=None, **NETWORK),
    "branches": MultiBranchCNNClassifier(["image", "second"], width=2, **NETWORK),
    "extractor": make_pipeline(
        CNNFeatureExtractor("squeezenet1_1", **FEATURES), LogisticRegression()
    ),
    "pipeline": make_feature_classifier("rf", backbone="squeezenet1_1", **FEATURES),
}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Two views of each breast, in two columns of one row."""
    folder = tmp_path_factory.mktemp("breasts")
    views = make_breast_images(
        48,
        modality="mammography",
        n_views=2,
        image_size=48,
        folder=folder,
        random_state=0,
    )
    X = views.data[::2].reset_index(drop=True)
    second = views.data[1::2].reset_index(drop=True)
    X["second"], X["second_region"] = second["image"], second["region"]
    return X, views.target[::2]


@pytest.mark.parametrize("name", ESTIMATORS)
def test_each_region_is_read(name, data, tmp_path):
    X, y = data
    model = ESTIMATORS[name]
    (parameter,) = [n for n in model.get_params() if n.split("__")[-1] == "region"]
    found = {}
    for region in ("image", "breast", "lesion"):
        fitted = clone(model).set_params(**{parameter: region}).fit(X, y)
        found[region] = fitted.predict_proba(X)
    assert not np.array_equal(found["breast"], found["image"])
    assert not np.array_equal(found["breast"], found["lesion"])


@pytest.mark.parametrize("name", ["cnn17", "transfer", "extractor", "pipeline"])
def test_the_breast_of_an_array_is_read(name, data):
    images = make_breast_images(
        24, modality="mammography", image_size=48, random_state=0
    )
    model = ESTIMATORS[name]
    (parameter,) = [n for n in model.get_params() if n.split("__")[-1] == "region"]
    whole = clone(model).fit(images.data, images.target)
    breast = clone(model).set_params(**{parameter: "breast"})
    breast.fit(images.data, images.target)
    scores = [fitted.predict_proba(images.data) for fitted in (whole, breast)]
    assert not np.array_equal(*scores)


@pytest.mark.parametrize("name", ["cnn17", "extractor"])
def test_another_region_is_refused(name, data):
    model = clone(ESTIMATORS[name])
    (parameter,) = [n for n in model.get_params() if n.split("__")[-1] == "region"]
    with pytest.raises(ValueError, match="'region' parameter"):
        model.set_params(**{parameter: "breasts"}).fit(*data)
