"""Transfer learning from backbones of timm, of own code, and of the 17-layer CNN."""

import pickle
import sys

import numpy as np
import pytest
from sklearn.base import clone

from skfusion.datasets import make_breast_images
from skfusion.neural_network import TransferCNNClassifier

OWN = """
from torch import nn

def tiny():
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, stride=2), nn.ReLU(), nn.Dropout(), nn.Conv2d(4, 4, 3),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    )
"""


@pytest.fixture
def _own(tmp_path, monkeypatch):
    (tmp_path / "own_tiny.py").write_text(OWN)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("own_tiny", None)


@pytest.mark.usefixtures("_own")
@pytest.mark.parametrize("backbone", ["timm/test_resnet", "own_tiny:tiny", "cnn17"])
def test_any_backbone_is_trained(backbone):
    if backbone.startswith("timm"):
        pytest.importorskip("timm")
    X, y = make_breast_images(12, image_size=32, random_state=0, return_X_y=True)
    model = TransferCNNClassifier(
        backbone,
        weights=None,
        trainable=1,
        image_size=32,
        max_epochs=1,
        device="cpu",
        random_state=0,
    )
    probabilities = clone(model).fit(X, y).predict_proba(X)
    fitted = pickle.loads(pickle.dumps(model.fit(X, y)))
    np.testing.assert_array_equal(fitted.predict_proba(X), probabilities)
    assert fitted.get_params()["backbone"] == backbone


@pytest.mark.usefixtures("_own")
def test_the_default_size_is_that_of_the_backbone():
    X, y = make_breast_images(4, image_size=16, random_state=0, return_X_y=True)
    model = TransferCNNClassifier("cnn17", weights=None, trainable="head", max_epochs=1)
    assert model.fit(X, y)._size == 64
