"""Images of a batch that are mixed in pairs."""

import numpy as np
import pytest
import torch

from skfusion._engine._batches import TrainingBatches
from skfusion.datasets import make_breast_images
from skfusion.neural_network import CNN17Classifier

SMALL = {"width": 4, "weights": None, "image_size": 16, "random_state": 0}


@pytest.fixture(scope="module")
def data():
    return make_breast_images(24, image_size=16, random_state=0, return_X_y=True)


def trained_on(X, y, monkeypatch, **params):
    """Return the codes of all training batches of a fit."""
    seen, begin = [], TrainingBatches.__iter__

    def recorded(batches):
        for images, codes in begin(batches):
            seen.append(codes)
            yield images, codes

    monkeypatch.setattr(TrainingBatches, "__iter__", recorded)
    model = CNN17Classifier(**SMALL, max_epochs=2, batch_size=8, **params)
    model.fit(X, y)
    return seen


def test_pairs_of_images_share_their_classes(data, monkeypatch):
    seen = trained_on(*data, monkeypatch)
    shares = torch.cat(seen)
    assert shares.shape == (48, 2)
    torch.testing.assert_close(shares.sum(dim=1), torch.ones(48))
    assert ((shares > 0.01) & (shares < 0.99)).any()


@pytest.mark.parametrize("augmentation", [False, torch.Tensor.clone])
def test_images_are_not_mixed_without_our_augmentation(data, augmentation, monkeypatch):
    seen = trained_on(*data, monkeypatch, augmentation=augmentation)
    assert not any(codes.is_floating_point() for codes in seen)


def test_parts_of_a_mixed_batch_have_the_gradient_of_the_whole(data):
    X, y = data
    params = {"class_weight": "balanced", "batch_size": 12, "max_epochs": 3}
    losses = [
        CNN17Classifier(**SMALL, **params, micro_batch_size=size)
        .fit(X, np.where(np.arange(24) < 6, 1, y))
        .history_[0, "train_loss"]
        for size in (None, 6)
    ]
    # Batch normalisation of parts has other statistics; a wrong share would double it.
    assert losses[0] == pytest.approx(losses[1], rel=0.2)
