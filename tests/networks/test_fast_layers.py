"""Layers that train faster on a CPU: the same numbers, names and weights."""

import copy
import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone
from torch import nn
from torch.autograd.graph import saved_tensors_hooks
from torchvision.models.feature_extraction import create_feature_extractor

from skfusion.datasets import make_breast_images
from skfusion.networks import Backbone, TransferNetwork
from skfusion.networks._fast_layers import use_fast_layers
from skfusion.neural_network import TransferCNNClassifier


def layer_modules(model):
    return {type(layer).__module__ for layer in model.modules()}


def gradients(model, images):
    output = model(images).float()
    weights = torch.linspace(-1, 1, output.numel()).reshape(output.shape)
    (weights * output).sin().sum().backward()
    return [parameter.grad for parameter in model.parameters()]


def block():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 8, 1),
        nn.BatchNorm2d(8),
        nn.ReLU6(inplace=True),
        nn.Conv2d(8, 8, 3, stride=2, groups=8),
        nn.BatchNorm2d(8),
        nn.ReLU6(inplace=True),
    )


@pytest.mark.parametrize("scale", [1, 20], ids=["inside", "beyond six"])
def test_a_fast_network_learns_the_same_to_the_bit(scale):
    images = scale * torch.rand(4, 1, 16, 16)
    plain, fast = block(), block()
    use_fast_layers(fast)
    expected = gradients(plain, images)
    assert all(map(torch.equal, gradients(fast, images), expected))


def test_a_fast_network_keeps_no_copy_of_what_it_clips():
    def n_kept(model):
        kept = []
        with saved_tensors_hooks(lambda x: kept.append(x) or x, lambda x: x):
            model(torch.rand(4, 1, 16, 16))
        return len({tensor.data_ptr() for tensor in kept})

    fast = block()
    use_fast_layers(fast)
    # The next convolution keeps the output of the first ReLU6 anyway.
    assert n_kept(fast) == n_kept(block()) - 1


@pytest.mark.parametrize(("stride", "kernel"), [(2, 3), (1, 5)])
def test_a_convolution_that_is_slow_in_bfloat16_learns_in_float32(stride, kernel):
    torch.manual_seed(0)
    images = torch.rand(4, 8, 16, 16)
    network = nn.Sequential(nn.Conv2d(8, 8, kernel, stride, groups=8))
    expected = gradients(network, images)
    use_fast_layers(network)
    with torch.autocast("cpu", torch.bfloat16):
        found = gradients(network, images)
    assert all(map(torch.equal, found, expected))


def test_the_other_depthwise_convolutions_learn_in_bfloat16():
    network = nn.Sequential(nn.Conv2d(8, 8, 3, groups=8))
    use_fast_layers(network)
    with torch.autocast("cpu", torch.bfloat16):
        assert network(torch.rand(4, 8, 16, 16)).dtype == torch.bfloat16


def test_only_what_learns_is_replaced():
    network = TransferNetwork("mobilenet_v2", trainable=4).train()
    frozen = network.frozen_stages()
    assert "skfusion.networks._fast_layers" in layer_modules(network)
    for stage in frozen:
        assert "skfusion.networks._fast_layers" not in layer_modules(stage)


def test_evaluation_brings_the_layers_of_torch_back():
    network = TransferNetwork("mobilenet_v2").train().eval()
    plain = Backbone("mobilenet_v2")
    assert layer_modules(network.backbone) == layer_modules(plain)
    assert list(network.backbone.state_dict()) == list(plain.state_dict())


def test_a_network_is_copied_and_pickled_while_it_learns():
    network = TransferNetwork("mobilenet_v2", dropout=0).train()
    images = torch.rand(2, 1, 32, 32)
    expected = network(images)
    for copied in (copy.deepcopy(network), pickle.loads(pickle.dumps(network))):
        assert torch.equal(copied(images), expected)


def test_a_fitted_network_can_be_traced():
    X, y = make_breast_images(8, image_size=32, random_state=0, return_X_y=True)
    model = TransferCNNClassifier(
        "mobilenet_v2", weights=None, image_size=32, max_epochs=1, random_state=0
    ).fit(X, y)
    network = model.net_.module_.backbone.model
    assert layer_modules(network) == layer_modules(Backbone("mobilenet_v2").model)
    cut = create_feature_extractor(network, {"features.3": "features"})
    assert cut(torch.zeros(1, 3, 32, 32))["features"].shape == (1, 24, 8, 8)


def test_a_fit_in_bfloat16_is_the_same_twice():
    # Gradients of torch's own layers differ from run to run on images so small.
    X, y = make_breast_images(8, image_size=16, random_state=0, return_X_y=True)
    model = TransferCNNClassifier(
        "mobilenet_v2",
        weights=None,
        image_size=16,
        max_epochs=3,
        precision="bfloat16",
        device="cpu",
        random_state=0,
    )
    first, second = (clone(model).fit(X, y).history_[:, "train_loss"] for _ in "ab")
    assert first == second


def test_a_fit_that_is_all_frozen_leaves_the_backbone_alone():
    X, y = make_breast_images(8, image_size=32, random_state=0, return_X_y=True)
    model = TransferCNNClassifier(
        "mobilenet_v2",
        weights=None,
        trainable="head",
        image_size=32,
        max_epochs=1,
        random_state=0,
    ).fit(X, y)
    state = model.net_.module_.backbone.model.state_dict()
    moved = [name for name in state if name.endswith("num_batches_tracked")]
    assert not any(np.any(state[name].numpy()) for name in moved)
