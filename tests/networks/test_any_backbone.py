"""Backbones of timm, of own code, and the 17-layer CNN."""

import importlib
import sys

import pytest
import torch
from torch import nn

from skfusion.exceptions import WeightsError
from skfusion.networks import (
    CNN17,
    Backbone,
    MultiBranchNetwork,
    TransferNetwork,
    _cnn17_weights,
    backbone_stages,
)
from skfusion.networks._backbones import (
    backbone_image_size,
    backbone_normalization,
    weights_digest,
)

OWN = """
from torch import nn

def tiny():
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, stride=2), nn.BatchNorm2d(4), nn.ReLU(),
        nn.Conv2d(4, 6, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    )

def stated():
    model = tiny()
    model.pretrained_cfg = {"mean": [0.3], "std": [0.2], "input_size": (3, 48, 48)}
    return model

def fixed():
    model = stated()
    model.pretrained_cfg["fixed_input_size"] = True
    return model

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = tiny()
        self.head = nn.Linear(6, 2)

    def forward(self, x):
        return self.head(self.features(x))

def headless():
    model = Net()
    model.head = nn.Identity()
    return model

def a_list():
    return [1, 2]

def maps():
    return nn.Conv2d(3, 4, 3)

number = 3
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    (tmp_path / "own_networks.py").write_text(OWN)
    monkeypatch.syspath_prepend(str(tmp_path))
    module = importlib.import_module("own_networks")
    yield module
    sys.modules.pop("own_networks", None)


@pytest.fixture
def timm():
    return pytest.importorskip("timm")


def saved(state, path):
    torch.save(state, path)
    return path


@pytest.mark.parametrize(
    ("name", "n_features"),
    [("test_resnet", 96), ("test_convnext", 64), ("mobilenetv3_small_050", 1024)],
)
def test_a_model_of_timm_ends_before_its_classifier(timm, name, n_features):
    backbone = Backbone(f"timm/{name}").eval()
    assert backbone.n_features == n_features
    assert backbone(torch.zeros(2, 1, 64, 64)).shape == (2, n_features)
    assert len(backbone_stages(backbone.model)) >= 4


def test_size_and_statistics_are_those_of_timm(timm):
    assert backbone_image_size("timm/vit_small_patch14_dinov2.lvd142m") == 518
    half = (0.5, 0.5, 0.5)
    assert backbone_normalization("timm/tf_efficientnet_lite0") == (half, half)


def test_a_model_of_timm_may_take_one_size_only(timm):
    backbone = Backbone("timm/test_vit").eval()
    assert backbone(torch.zeros(1, 1, 160, 160)).shape == (1, 64)
    with pytest.raises(ValueError, match="160 pixels only"):
        backbone(torch.zeros(1, 1, 64, 64))


def test_images_too_small_for_a_model_of_timm_name_the_least_size(timm):
    with pytest.raises(ValueError, match="_convnext' takes images of at least 32"):
        Backbone("timm/test_convnext").eval()(torch.zeros(1, 1, 16, 16))


def test_a_file_is_loaded_into_a_model_of_timm_without_its_head(timm, tmp_path):
    model = timm.create_model("test_resnet", num_classes=2)
    path = saved(model.state_dict(), tmp_path / "weights.pth")
    loaded = Backbone("timm/test_resnet", path).model
    assert torch.equal(loaded.conv1[0].weight, model.conv1[0].weight)
    with pytest.raises(WeightsError, match="not those of the backbone 'timm/test_vit'"):
        Backbone("timm/test_vit", path)


def test_the_same_network_with_other_names_is_loaded_in_order(tmp_path):
    from torchvision import models

    torch.manual_seed(0)
    model = models.resnet18()
    layers = nn.Sequential(*list(model.children())[:-1])
    path = saved(layers.state_dict(), tmp_path / "weights.pth")
    loaded = Backbone("resnet18", path).model.eval()
    images = torch.rand(1, 3, 64, 64)
    assert torch.equal(loaded(images), layers.eval()(images).flatten(1))
    # Neither another network, nor a file that sorts its tensors, is the same.
    with pytest.raises(WeightsError, match="not those of the backbone 'resnet34'"):
        Backbone("resnet34", path)
    from safetensors.torch import save_file

    save_file(layers.state_dict(), tmp_path / "weights.safetensors")
    with pytest.raises(WeightsError, match="not those of the backbone 'resnet18'"):
        Backbone("resnet18", tmp_path / "weights.safetensors")


def test_an_unknown_model_of_timm_gets_a_suggestion(timm):
    with pytest.raises(ValueError, match=r"Did you mean .*'timm/convnext_atto'"):
        Backbone("timm/convnext_attoo")
    with pytest.raises(ValueError, match=r"'timm/test_resnet\.r160_in1k'"):
        Backbone("timm/test_resnet.r160_in2k")


def test_named_weights_of_timm_belong_to_the_name(timm):
    with pytest.raises(WeightsError, match=r"'timm/NAME\.WEIGHTS'"):
        Backbone("timm/test_resnet", "IMAGENET1K_V1")


def test_without_a_network_timm_names_the_place_of_the_file(timm, monkeypatch):
    def refuse(*args, pretrained, **kwargs):
        raise FileNotFoundError("no network.")

    monkeypatch.setattr("timm.create_model", refuse)
    place = r"huggingface\.co/timm/test_resnet\.r160_in1k .*weights=None"
    with pytest.raises(WeightsError, match=place):
        Backbone("timm/test_resnet", "DEFAULT")


def test_without_timm_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(ImportError, match=r"skfusion\[timm\]"):
        Backbone("timm/test_resnet")


def test_a_function_of_own_code_builds_a_backbone(own):
    backbone = Backbone("own_networks:tiny").eval()
    assert backbone(torch.zeros(2, 1, 16, 16)).shape == (2, 6)
    assert backbone_image_size("own_networks:tiny") == 224
    assert backbone_normalization("own_networks:tiny")[0] == [0.485, 0.456, 0.406]
    assert backbone.training is False
    assert Backbone("own_networks:tiny").model.training


def test_what_an_own_network_states_is_used(own):
    assert backbone_image_size("own_networks:stated") == 48
    assert backbone_normalization("own_networks:stated") == ([0.3] * 3, [0.2] * 3)
    with pytest.raises(ValueError, match="48 pixels only"):
        Backbone("own_networks:fixed").eval()(torch.zeros(1, 1, 16, 16))


def test_a_file_is_loaded_into_an_own_network(own, tmp_path):
    model = own.Net()
    path = saved(model.state_dict(), tmp_path / "weights.pth")
    loaded = Backbone("own_networks:headless", path).model
    assert torch.equal(loaded.features[0].weight, model.features[0].weight)


def test_the_digest_of_an_own_network_is_that_of_its_weights(own, tmp_path):
    digests = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        digests.append(weights_digest("own_networks:tiny", "DEFAULT"))
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no_such_module:net", "No module named 'no_such_module'"),
        ("own_networks.sub:net", "No module named 'own_networks.sub'"),
        (":net", "must name a function that can be imported"),
        ("own_networks:nothing", "holds no function 'nothing'"),
        ("own_networks:number", "holds no function 'number'"),
        ("own_networks:a_list", "return a torch.nn.Module. Got list"),
        ("own_networks:maps", r"\(n, n_features\). Got the shape \(1, 4, 222, 222\)"),
    ],
)
def test_a_name_that_gives_no_network_is_explained(own, name, message):
    with pytest.raises(ValueError, match=message):
        Backbone(name)


def test_named_weights_of_an_own_network_are_refused(own):
    with pytest.raises(WeightsError, match="with which the function decides"):
        Backbone("own_networks:tiny", "IMAGENET1K_V1")


def test_cnn17_is_a_backbone():
    backbone = Backbone("cnn17").eval()
    grey = torch.rand(2, 1, 32, 32)
    assert backbone(grey).shape == (2, backbone.n_features) == (2, 192)
    torch.testing.assert_close(backbone(grey.repeat(1, 3, 1, 1)), backbone(grey))
    assert backbone_image_size("cnn17", None) == 64
    assert len(backbone_stages(backbone.model)) == 9


def test_a_trained_cnn17_computes_the_same_features_as_a_backbone(tmp_path):
    torch.manual_seed(0)
    network = CNN17(n_classes=3)
    network.input.mean.fill_(0.2)
    network.input.std.fill_(0.1)
    network(torch.rand(8, 1, 32, 32))  # moves the running statistics
    path = saved(network.state_dict(), tmp_path / "weights.pth")
    network.eval().fully_connected = nn.Identity()
    images = torch.rand(2, 1, 32, 32)
    found = Backbone("cnn17", path).eval()(images)
    torch.testing.assert_close(found, network(images), rtol=1e-4, atol=1e-5)


def test_weights_of_another_cnn17_are_refused(tmp_path, monkeypatch):
    path = saved(CNN17(width=8).state_dict(), tmp_path / "weights.pth")
    with pytest.raises(WeightsError, match="not those of the backbone 'cnn17'"):
        Backbone("cnn17", path)
    monkeypatch.setattr(_cnn17_weights, "_FILE", tmp_path / "missing.safetensors")
    with pytest.raises(WeightsError, match="weights=None"):
        Backbone("cnn17", "DEFAULT")


@pytest.mark.parametrize(
    ("left_out", "n_features"), [("block7.conv2", 192), ("block6", 96)]
)
def test_layers_that_a_file_leaves_out_are_no_part_of_the_backbone(
    left_out, n_features, tmp_path
):
    state = CNN17().state_dict()
    names = list(state)
    place = next(i for i, name in enumerate(names) if name.startswith(left_out))
    path = saved({name: state[name] for name in names[:place]}, tmp_path / "w.pth")
    images = torch.rand(2, 1, 64, 64)
    features = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        features.append(Backbone("cnn17", path).eval()(images))
    assert features[0].shape == (2, n_features)
    assert torch.equal(*features)


def test_the_weights_of_the_package_are_those_of_the_backbone():
    assert Backbone("cnn17", "DEFAULT").n_features == 192


@pytest.mark.parametrize("name", ["timm/test_vit", "own_networks:stated", "cnn17"])
@pytest.mark.parametrize("checkpointing", [False, True])
def test_stages_of_any_backbone_are_frozen_and_trained(own, timm, name, checkpointing):
    network = TransferNetwork(name, trainable=2, checkpointing=checkpointing).train()
    size = network.backbone.preset.image_size
    network(torch.rand(2, 1, size, size)).sum().backward()
    stages = backbone_stages(network.backbone.model)
    learns = [next(stage.parameters()).grad is not None for stage in stages]
    assert learns == [False] * (len(stages) - 2) + [True] * 2


def test_checkpointing_of_a_model_of_timm_gives_the_same_gradients(timm):
    gradients = []
    for checkpointing in (False, True):
        torch.manual_seed(0)
        network = TransferNetwork("timm/test_vit", checkpointing=checkpointing)
        images = torch.rand(2, 1, 160, 160)
        network.train()(images).sum().backward()
        gradients.append(next(network.backbone.model.parameters()).grad)
    assert torch.equal(*gradients)


def test_branches_of_several_modalities_take_any_backbone(own):
    network = MultiBranchNetwork(branch="own_networks:tiny").eval()
    assert network(torch.rand(3, 2, 16, 16)).shape == (3, 2)


def test_a_cnn17_of_colour_images_is_a_backbone(tmp_path):
    network = CNN17(n_channels=3)
    network.input.mean.copy_(torch.tensor([0.1, 0.2, 0.3]).reshape(1, 3, 1, 1))
    path = saved(network.state_dict(), tmp_path / "weights.pth")
    network.eval().fully_connected = nn.Identity()
    images = torch.rand(2, 3, 32, 32)
    torch.testing.assert_close(Backbone("cnn17", path).eval()(images), network(images))
