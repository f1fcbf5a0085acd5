import pytest
import torch
from torchvision import models

from skfusion.exceptions import WeightsError
from skfusion.networks import Backbone, TransferNetwork, backbone_stages
from skfusion.networks._backbones import backbone_image_size, backbone_normalization

N_FEATURES = {
    "alexnet": 4096,
    "densenet121": 1024,
    "efficientnet_b0": 1280,
    "googlenet": 1024,
    "mobilenet_v2": 1280,
    "mobilenet_v3_small": 1024,
    "regnet_y_400mf": 440,
    "resnet18": 512,
    "shufflenet_v2_x0_5": 1024,
    "squeezenet1_1": 512,
}


@pytest.mark.parametrize(("name", "n_features"), N_FEATURES.items())
def test_a_backbone_ends_before_its_last_layer(name, n_features):
    features = Backbone(name).eval()(torch.zeros(1, 1, 64, 64))
    assert features.shape == (1, n_features)


@pytest.mark.parametrize("name", N_FEATURES)
def test_a_backbone_has_at_least_four_stages(name):
    if name == "alexnet":  # its one large part is a single layer
        pytest.skip("AlexNet is taken apart in another test")
    assert len(backbone_stages(Backbone(name).model)) >= 4


def test_stages_cover_all_weights():
    model = Backbone("mobilenet_v2").model
    counted = sum(
        p.numel() for stage in backbone_stages(model) for p in stage.parameters()
    )
    assert counted == sum(p.numel() for p in model.parameters())


@pytest.fixture
def squeezenet_file(tmp_path):
    torch.manual_seed(0)
    model = models.squeezenet1_1()
    path = tmp_path / "squeezenet.pth"
    torch.save(model.state_dict(), path)
    return path, model


def test_weights_of_a_file_are_used(squeezenet_file):
    path, model = squeezenet_file
    loaded = Backbone("squeezenet1_1", path).model.features[0].weight
    assert torch.equal(loaded, model.features[0].weight)


def test_safetensors_are_read(tmp_path, squeezenet_file):
    from safetensors.torch import save_file

    path = tmp_path / "squeezenet.safetensors"
    save_file(squeezenet_file[1].state_dict(), path)
    loaded = Backbone("squeezenet1_1", str(path)).model.features[0].weight
    assert torch.equal(loaded, squeezenet_file[1].features[0].weight)


def test_a_head_of_another_number_of_classes_is_left_out(tmp_path):
    path = tmp_path / "two_classes.pth"
    torch.save(models.squeezenet1_1(num_classes=2).state_dict(), path)
    assert Backbone("squeezenet1_1", path).n_features == 512


def test_weights_of_another_backbone_name_both(squeezenet_file):
    with pytest.raises(WeightsError, match=r"'squeezenet.pth'.*'mobilenet_v2'"):
        Backbone("mobilenet_v2", squeezenet_file[0])


def test_a_missing_file_is_named_without_its_folder(tmp_path):
    with pytest.raises(WeightsError, match=r"no file 'none.pth'") as info:
        Backbone("squeezenet1_1", tmp_path / "none.pth")
    assert str(tmp_path) not in str(info.value)


def test_a_damaged_file_is_named(tmp_path):
    path = tmp_path / "damaged.pth"
    path.write_bytes(b"not weights")
    with pytest.raises(WeightsError, match=r"'damaged.pth' cannot be read"):
        Backbone("squeezenet1_1", path)


def test_a_pickle_that_is_no_state_dict_is_refused(tmp_path):
    path = tmp_path / "list.pth"
    torch.save([1, 2], path)
    with pytest.raises(WeightsError, match="Expected a state dict"):
        Backbone("squeezenet1_1", path)


@pytest.mark.parametrize(
    ("content", "got"),
    [
        ({1: torch.zeros(2)}, "a dict of int to Tensor"),
        ({"model": {"weight": torch.zeros(2)}}, "a dict of str to dict"),
        ({"epoch": 3, "weight": torch.zeros(2)}, "a dict of str to Tensor, str to int"),
    ],
)
def test_a_dict_that_is_no_state_dict_is_described(content, got, tmp_path):
    path = tmp_path / "weights.pth"
    torch.save(content, path)
    with pytest.raises(WeightsError, match=f"'weights.pth'. Got {got}"):
        Backbone("squeezenet1_1", path)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
@pytest.mark.parametrize("ending", ["pth", "safetensors"])
def test_weights_that_are_no_numbers_are_refused(
    ending, number, tmp_path, squeezenet_file
):
    from safetensors.torch import save_file

    state = squeezenet_file[1].state_dict()
    state["features.3.squeeze.bias"][2] = number
    path = tmp_path / f"weights.{ending}"
    save_file(state, path) if ending == "safetensors" else torch.save(state, path)
    said = r"'weights\.\w+'\. Got NaN or infinite numbers in 'features.3.squeeze.bias'"
    with pytest.raises(WeightsError, match=said):
        Backbone("squeezenet1_1", path)


def test_unknown_weights_list_the_known_ones():
    with pytest.raises(WeightsError, match="IMAGENET1K_V1"):
        Backbone("squeezenet1_1", "IMAGENET")


def test_without_a_network_the_error_says_how_to_pass_a_file(monkeypatch):
    def refuse(*args, **kwargs):
        from urllib.error import URLError

        raise URLError("no network")

    monkeypatch.setattr("torch.hub.load_state_dict_from_url", refuse)
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", refuse)
    with pytest.raises(WeightsError, match=r"weights='path/to/file.pth'"):
        Backbone("squeezenet1_1", "DEFAULT")


def test_an_unknown_backbone_gets_a_suggestion():
    with pytest.raises(ValueError, match=r"Did you mean .*'mobilenet_v2'"):
        Backbone("mobilenet_2")


@pytest.mark.parametrize(("trainable", "n_learning"), [("head", 0), (2, 2), ("all", 9)])
def test_trainable_decides_which_stages_learn(trainable, n_learning):
    network = TransferNetwork("squeezenet1_1", trainable=trainable)
    stages = backbone_stages(network.backbone.model)
    learns = [next(stage.parameters()).requires_grad for stage in stages]
    assert sum(learns) == n_learning
    assert learns == sorted(learns)


def test_batch_normalisation_of_frozen_stages_does_not_move():
    network = TransferNetwork("resnet18", trainable=1).train()
    norm = network.backbone.model.bn1
    network(torch.rand(4, 1, 32, 32))
    assert torch.equal(norm.running_mean, torch.zeros(64))


def test_batch_normalisation_of_a_stage_that_learns_moves():
    network = TransferNetwork("resnet18", trainable=1).train()
    norm = network.backbone.model.layer4[0].bn1
    network(torch.rand(4, 1, 64, 64))
    assert not torch.equal(norm.running_mean, torch.zeros(512))


def test_what_stands_in_no_stage_does_not_learn_with_the_head_alone():
    network = TransferNetwork("vit_b_32", trainable="head")
    learning = [name for name, p in network.named_parameters() if p.requires_grad]
    assert learning == ["head.weight", "head.bias"]


def test_dropout_of_the_old_head_is_stopped():
    network = TransferNetwork("squeezenet1_1", trainable="head", dropout=0).train()
    images = torch.rand(2, 1, 64, 64)
    assert torch.equal(network(images), network(images))


def test_images_are_standardised_as_the_weights_that_are_named_ask_for():
    plain = backbone_normalization("vgg16", "IMAGENET1K_V1")
    assert backbone_normalization("vgg16", "IMAGENET1K_FEATURES") != plain
    assert backbone_image_size("vit_b_16", "IMAGENET1K_SWAG_E2E_V1") == 384


def test_a_transformer_of_one_size_says_which():
    with pytest.raises(ValueError, match="224 pixels only"):
        Backbone("vit_b_32")(torch.zeros(1, 1, 64, 64))


def test_more_stages_than_there_are_is_an_error():
    with pytest.raises(ValueError, match="at most the 9 stages"):
        TransferNetwork("squeezenet1_1", trainable=10)
