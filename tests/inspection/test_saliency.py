"""Maps of what a classifier looked at."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.calibration import CalibratedClassifierCV
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.inspection import mass_inside, randomize_weights, saliency
from skfusion.inspection._attribution import attribute
from skfusion.inspection._layers import find_layer
from skfusion.inspection._score import score_of_networks
from skfusion.model_selection import TargetThresholdClassifier, recalibrate
from skfusion.networks import Backbone
from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier

METHODS = ["gradcam", "occlusion", "integrated_gradients"]


def mean_mass(model, data, **options):
    maps = saliency(model, data.data, **options)
    pairs = zip(maps, data.frame["region"], strict=True)
    shares = [mass_inside(one, box, enlarge=0.25) for one, box in pairs]
    return np.nan_to_num(shares).mean()  # a map of zeros has nothing on the lesion


@pytest.mark.parametrize(
    ("name", "method"), [("cnn17", "integrated_gradients"), ("svm", "occlusion")]
)
def test_maps_lie_on_the_lesion_until_the_weights_are_random(
    name, method, test, request
):
    model = request.getfixturevalue(name)
    lost = randomize_weights(model, random_state=0)
    assert mean_mass(model, test, method=method) >= 0.8
    assert mean_mass(lost, test, method=method, target=model.predict(test.data)) < 0.6


class Corner(nn.Module):
    """Scores that the upper left quarter of an image alone decides."""

    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv2d(1, 1, 1, bias=False)
        nn.init.ones_(self.convolution.weight)

    def forward(self, images):
        kept = torch.zeros_like(images)
        kept[:, :, :8, :8] = images[:, :, :8, :8]
        score = self.convolution(kept).mean((1, 2, 3))
        return torch.stack([-score, score], dim=1)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("mirrors", [False, True])
def test_methods_find_the_pixels_that_decide(method, mirrors):
    image = torch.zeros(1, 1, 16, 16)
    image[:, :, 2:6, 2:6] = 1
    network = Corner()
    score = score_of_networks([network], [network.convolution], 1, mirrors)
    found = attribute(method, score, image, (slice(0, 16), slice(0, 16)))
    positive = np.maximum(found, 0)
    assert positive[:8, :8].sum() > 0.9 * positive.sum() > 0


@pytest.mark.parametrize("method", METHODS)
def test_a_map_has_the_size_of_its_image_and_sums_to_one(cnn17, files, method):
    maps = saliency(cnn17, files.data[:1], method=method)
    for saliency_map in maps:
        assert saliency_map.shape == (48, 48)
        assert saliency_map.dtype == np.float32
        assert saliency_map.min() >= 0
        assert saliency_map.sum() == pytest.approx(1, abs=1e-4)


def test_paths_and_their_pixels_have_equal_maps(files):
    of_paths, of_pixels = (
        make_pipeline(CNNFeatureExtractor("cnn17"), LogisticRegression()).fit(
            X, files.target
        )
        for X in (files.data, files.images)
    )
    np.testing.assert_array_equal(
        saliency(of_paths, files.data[:2]), saliency(of_pixels, files.images[:2])
    )


def test_a_map_is_zero_outside_of_the_lesion_that_is_read(files):
    X, y = files.data, files.target
    extractor = CNNFeatureExtractor("cnn17", region="lesion", margin=0.1)
    model = make_pipeline(extractor, LogisticRegression()).fit(X, y)
    maps = saliency(model, X[:3])
    boxes = X["region"][:3]
    for saliency_map, box in zip(maps, boxes, strict=True):
        x0, y0, x1, y1 = map(int, box.split(","))
        side = round(1.2 * max(x1 - x0, y1 - y0)) / 2 + 1
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        square = (x - side, y - side, x + side, y + side)
        assert mass_inside(saliency_map, square) == pytest.approx(1)
        assert (saliency_map == 0).any()


def test_the_classes_have_different_maps(cnn17, test):
    of_benign, of_malignant = (
        saliency(cnn17, test.data[:2], target=code) for code in (0, 1)
    )
    of_each = saliency(cnn17, test.data[:2], target=[0, 1])
    assert np.abs(of_benign[0] - of_malignant[0]).max() > 0
    np.testing.assert_array_equal(of_each, [of_benign[0], of_malignant[1]])


def test_the_predicted_class_is_explained(cnn17, test):
    X = test.data[:2]
    expected = saliency(cnn17, X, target=cnn17.predict(X))
    np.testing.assert_array_equal(saliency(cnn17, X), expected)


def test_all_members_are_explained(files):
    model = CNN17Classifier(image_size=32, max_epochs=1, n_members=2, random_state=0)
    model.fit(files.images, files.target)
    both = saliency(model, files.images[:1], target=1)[0]
    model.nets_ = model.nets_[:1]
    assert np.abs(both - saliency(model, files.images[:1], target=1)[0]).max() > 0


def test_predictions_and_the_model_stay_as_they_are(cnn17, test):
    before = cnn17.predict_proba(test.data)
    saliency(cnn17, test.data[:1])
    np.testing.assert_array_equal(cnn17.predict_proba(test.data), before)


@pytest.mark.parametrize(
    "backbone", ["squeezenet1_1", "mobilenet_v2", "resnet18", "densenet121"]
)
def test_backbones_have_a_layer_for_gradcam(backbone):
    network = Backbone(backbone).eval()
    image = torch.rand(1, 1, 64, 64)
    assert find_layer(network, network.model, image) is not None


class Tokens(nn.Module):
    """A small transformer, as far as the shapes of its layers go."""

    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(1, 4, 4, stride=4)
        self.first, self.second = nn.Linear(4, 4), nn.Linear(4, 4)
        self.head = nn.Linear(4, 2)

    def forward(self, images):
        tokens = self.patches(images).flatten(2).transpose(1, 2)
        return self.head(self.second(self.first(tokens)).mean(1))


def test_a_transformer_has_no_gradcam():
    network = Tokens()
    layer = find_layer(network, network, torch.rand(1, 1, 32, 32))
    score = score_of_networks([network], [layer], 1, mirrors=False)
    assert score.methods() == ["occlusion", "integrated_gradients"]


def test_a_transferred_network_is_explained(files):
    model = TransferCNNClassifier(
        "squeezenet1_1", weights=None, image_size=48, max_epochs=1, random_state=0
    )
    model.fit(files.images, files.target)
    (found,) = saliency(model, files.images[:1], layer="features.4")
    assert found.sum() == pytest.approx(1, abs=1e-4)


def test_a_forest_is_explained_by_occlusion_alone(files):
    extractor = CNNFeatureExtractor("cnn17", image_size=32)
    forest = RandomForestClassifier(10, random_state=0)
    model = make_pipeline(extractor, forest).fit(files.images, files.target)
    (found,) = saliency(model, files.images[:1], method="occlusion")
    assert found.sum() == pytest.approx(1, abs=1e-4)
    with pytest.raises(ValueError, match=r"Choose one of \['occlusion'\]"):
        saliency(model, files.images[:1], method="gradcam")


def test_a_layer_of_the_extractor_is_explained(files):
    extractor = CNNFeatureExtractor(
        "squeezenet1_1", weights=None, layer="features.5", image_size=48, random_state=0
    )
    model = make_pipeline(extractor, StandardScaler(), LogisticRegression())
    model.fit(files.images, files.target)
    (found,) = saliency(model, files.images[:1], target=1)
    assert found.max() > 0


@pytest.mark.parametrize(
    "wrap",
    [
        lambda model: GridSearchCV(model, {"svc__C": [1]}, cv=2),
        lambda model: CalibratedClassifierCV(model, ensemble=False, cv=2),
        lambda model: FixedThresholdClassifier(model, threshold=0.1),
        lambda model: TargetThresholdClassifier(model, target="specificity>=0.5", cv=2),
        lambda model: recalibrate(model, cv=2),
    ],
)
def test_the_classifier_inside_is_explained(svm, train, test, wrap):
    wrapped = wrap(svm).fit(train.data[:40], train.target[:40])
    (found,) = saliency(wrapped, test.data[:1], target=1)
    assert found.sum() == pytest.approx(1, abs=1e-4)


def test_what_cannot_be_explained_raises_a_clear_error(cnn17, test):
    dummy = DummyClassifier().fit(test.data.reshape(8, -1), test.target)
    with pytest.raises(TypeError, match=r"Expected CNN17Classifier.*Got Dummy"):
        saliency(dummy, test.data.reshape(8, -1))
    with pytest.raises(ValueError, match=r"one of the classes \[0, 1\].*Got 2"):
        saliency(cnn17, test.data, target=2)
    with pytest.raises(ValueError, match="Did you mean one of"):
        saliency(cnn17, test.data[:1], layer="block55")
    with pytest.raises(ValueError, match=r"whose output has the shape \(1, 2\)"):
        saliency(cnn17, test.data[:1], layer="fully_connected")
    with pytest.raises(ValueError, match="'method' parameter"):
        saliency(cnn17, test.data[:1], method="lime")


def test_images_are_explained_as_they_are_in_their_files(files):
    X = files.data
    model = CNN17Classifier(image_size=32, max_epochs=1, random_state=0)
    model.fit(X, files.target)
    augmented = X[:2].assign(augmentation=[5, 6])
    found, plain = (saliency(model, x, target=1) for x in (augmented, X[:2]))
    np.testing.assert_array_equal(found, plain)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (pd.Series(["q", "q"]), "Got 'q' instead"),
        (["q", None], "Got 'q' instead"),
        ([0, 1, 0], "one for each row"),
    ],
)
def test_an_unknown_class_of_any_kind_is_named(cnn17, test, target, message):
    with pytest.raises(ValueError, match=message):
        saliency(cnn17, test.data[:2], target=target)
