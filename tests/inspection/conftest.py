"""Models of synthetic ultrasound images, trained once."""

import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skfusion.datasets import make_breast_images
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.neural_network import CNN17Classifier


@pytest.fixture(scope="session")
def train():
    return make_breast_images(120, random_state=0)


@pytest.fixture(scope="session")
def test():
    return make_breast_images(8, random_state=1)


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    """Small images in files, with the boxes of their lesions."""
    folder = tmp_path_factory.mktemp("files")
    return make_breast_images(12, image_size=48, folder=folder, random_state=2)


@pytest.fixture(scope="session")
def cnn17(train):
    model = CNN17Classifier(max_epochs=4, random_state=0)
    return model.fit(train.data, train.target)


@pytest.fixture(scope="session")
def svm(train):
    extractor = CNNFeatureExtractor("cnn17", device="cpu")
    model = make_pipeline(extractor, StandardScaler(), SVC(kernel="linear", C=0.01))
    return model.fit(train.data, train.target)
