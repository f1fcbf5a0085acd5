"""Random changes of the look of images."""

import pickle

import pytest
import torch

from skfusion._engine import restyle_batch
from skfusion.datasets import make_breast_images
from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier
from skfusion.neural_network import _base as base

NETWORK = {"image_size": 32, "max_epochs": 1, "random_state": 0, "device": "cpu"}


@pytest.fixture(scope="module")
def data():
    return make_breast_images(16, image_size=32, random_state=0, return_X_y=True)


@pytest.fixture
def restyled(monkeypatch):
    """Record the batches that are restyled."""
    seen = []

    def record(images):
        seen.append(images)
        return restyle_batch(images)

    monkeypatch.setattr(base, "restyle_batch", record)
    return seen


def transfer(**params):
    return TransferCNNClassifier(weights=None, **{**NETWORK, **params})


@pytest.mark.parametrize("shape", [(5, 1, 16, 16), (5, 3, 17, 24)])
def test_each_image_gets_another_look_in_the_same_range(shape):
    torch.manual_seed(0)
    image = torch.rand(1, *shape[1:])
    changed = restyle_batch(image.expand(shape))
    assert changed.shape == shape
    assert changed.min() >= 0
    assert changed.max() <= 1
    assert all(not torch.equal(changed[0], other) for other in changed[1:])


def test_the_content_of_an_image_stays():
    torch.manual_seed(0)
    edge = torch.zeros(8, 1, 32, 32)
    edge[..., 16:] = 0.8
    changed = restyle_batch(edge)
    assert (changed[..., 18:].mean((1, 2, 3)) > 0.4).all()
    assert (changed[..., :14].mean((1, 2, 3)) < 0.1).all()


def test_it_draws_from_torch_generator():
    images = torch.rand(3, 1, 16, 16)
    first, second = (restyle_batch(images) for _ in map(torch.manual_seed, (1, 1)))
    assert torch.equal(first, second)


def test_transfer_learning_draws_styles(data, restyled):
    model = transfer().fit(*data)
    assert restyled
    assert pickle.loads(pickle.dumps(model)).predict(data[0]).shape == (16,)


@pytest.mark.parametrize(
    "model",
    [
        transfer(augmentation=False),
        transfer(augmentation=torch.clone),
        CNN17Classifier(width=4, weights=None, **NETWORK),
    ],
    ids=["no augmentation", "own augmentation", "CNN17"],
)
def test_no_styles_are_drawn_otherwise(model, data, restyled):
    model.fit(*data)
    assert not restyled


@pytest.mark.filterwarnings("ignore::skfusion.exceptions.DataQualityWarning")
def test_pixels_of_another_scale_keep_it(data, restyled):
    X, y = data
    transfer().fit(X.astype(float), y)
    assert not restyled
