"""Pretrained weights of the 17-layer CNN."""

import re

import pytest
import torch
from safetensors.torch import save_file

from skfusion.exceptions import WeightsError
from skfusion.networks import CNN17, _cnn17_weights

PACKAGED = _cnn17_weights._FILE
NOT_LOADED = ("input.", "fully_connected.")
FIRST = "stem1.0.weight"


def pretrained(n_channels=1, **params):
    """Build a network in which every tensor differs from that of a new one."""
    torch.manual_seed(7)
    network = CNN17(n_channels=n_channels, **{"width": 4, "n_classes": 3, **params})
    for value in network.state_dict().values():
        value.add_(torch.rand(value.shape) if value.is_floating_point() else 5)
    return network


def save(state, path, half=False):
    if half:
        state = {k: v.half() if v.is_floating_point() else v for k, v in state.items()}
    if path.suffix == ".safetensors":
        save_file(state, path)
    else:
        torch.save(state, path)
    return path


def build(weights, seed=0, **params):
    torch.manual_seed(seed)
    return CNN17(**{"width": 4, **params}, weights=weights)


@pytest.mark.parametrize("half", [True, False])
@pytest.mark.parametrize("ending", ["pth", "safetensors"])
def test_all_layers_but_the_last_are_those_of_the_file(ending, half, tmp_path):
    state = pretrained().state_dict()
    loaded = build(save(state, tmp_path / f"a.{ending}", half)).state_dict()
    random = build(None).state_dict()
    for name, value in loaded.items():
        expected = state[name]
        if half and expected.is_floating_point():
            expected = expected.half().float()
        if name.startswith(NOT_LOADED):
            expected = random[name]
        assert value.dtype == expected.dtype, name
        assert torch.equal(value, expected), name


def test_features_are_those_of_the_file(tmp_path):
    network, x = pretrained().eval(), torch.rand(2, 1, 32, 32)
    path = save(network.state_dict(), tmp_path / "a.pth")
    loaded = build(str(path)).eval()
    for each in (network, loaded):
        each.input, each.fully_connected = torch.nn.Identity(), torch.nn.Identity()
    assert torch.equal(loaded(x), network(x))


def test_the_generator_of_torch_is_used_as_without_weights(tmp_path):
    path = save(pretrained().state_dict(), tmp_path / "a.pth")
    head, after = build(path).fully_connected.weight, torch.rand(1)
    assert torch.equal(head, build(None).fully_connected.weight)
    assert torch.equal(after, torch.rand(1))


def test_a_file_without_the_layers_that_are_not_loaded_suffices(tmp_path):
    state = pretrained().state_dict()
    trunk = {k: v for k, v in state.items() if not k.startswith(NOT_LOADED)}
    loaded = build(save(trunk, tmp_path / "a.safetensors"))
    assert torch.equal(loaded.stem1[0].weight, state[FIRST])


LEFT_OUT = {
    "a norm": ("block7.norm2",),
    "a convolution": ("block7.conv2", "block7.norm2"),
    "a block": ("block7",),
    "two blocks": ("block6", "block7"),
    "all but the stem": ("block",),
}


@pytest.mark.parametrize("left_out", LEFT_OUT.values(), ids=LEFT_OUT.keys())
@pytest.mark.parametrize("ending", ["pth", "safetensors"])
def test_layers_that_a_file_leaves_out_at_the_end_are_random(
    left_out, ending, tmp_path
):
    not_loaded = NOT_LOADED + left_out
    state = pretrained().state_dict()
    state = {k: v for k, v in state.items() if not k.startswith(not_loaded)}
    # The order in a file does not matter.
    shuffled = dict(sorted(state.items(), reverse=True))
    loaded = build(save(shuffled, tmp_path / f"a.{ending}")).state_dict()
    for name, value in build(None).state_dict().items():
        expected = value if name.startswith(not_loaded) else state[name]
        assert torch.equal(loaded[name], expected), name


def test_one_channel_is_divided_over_several(tmp_path):
    path = save(pretrained().state_dict(), tmp_path / "a.pth")
    image = torch.rand(2, 1, 16, 16)
    one, three = build(path), build(path, n_channels=3)
    assert three.stem1[0].weight.shape == (4, 3, 3, 3)
    torch.testing.assert_close(
        three.stem1[0](image.repeat(1, 3, 1, 1)), one.stem1[0](image)
    )


def test_several_channels_are_summed_to_one(tmp_path):
    network = pretrained(n_channels=3)
    path = save(network.state_dict(), tmp_path / "a.pth")
    image = torch.rand(2, 1, 16, 16)
    torch.testing.assert_close(
        build(path).stem1[0](image), network.stem1[0](image.repeat(1, 3, 1, 1))
    )


def test_several_channels_do_not_become_others(tmp_path):
    path = save(pretrained(n_channels=3).state_dict(), tmp_path / "a.pth")
    match = r"for 1 or 2 channels. Got the weights 'a.pth' for 3 channels"
    with pytest.raises(WeightsError, match=match):
        build(path, n_channels=2)


def test_another_width_is_refused(tmp_path):
    path = save(pretrained(width=6).state_dict(), tmp_path / "a.pth")
    match = r"weights of width=4. Got .* 'a.pth' of width=6 instead. Pass width=6 or"
    with pytest.raises(WeightsError, match=match):
        build(path)


def test_the_listed_variant_has_no_weights(tmp_path):
    path = save(pretrained().state_dict(), tmp_path / "a.pth")
    with pytest.raises(WeightsError, match=r"Got variant='listed' instead. Pass"):
        build(path, variant="listed")


def without(state, name):
    """Leave out one entry, or all entries of a layer."""
    return {k: v for k, v in state.items() if not f"{k}.".startswith(f"{name}.")}


OTHER_STATES = {
    "listed": (lambda state: pretrained(variant="listed").state_dict(), "conv1.weight"),
    "another network": (lambda state: {"0.weight": torch.zeros(2)}, "0.weight"),
    "missing": (lambda state: without(state, "block3.norm2.bias"), "block3.norm2.bias"),
    "gap": (lambda state: without(state, "block3.conv1"), "block3.conv1.weight"),
    "gap before the last layer": (
        lambda state: without(state, "block7"),
        "block7.conv1.weight",
    ),
    "part of the last layer": (
        lambda state: without(without(state, "block7.norm2.weight"), "fully_connected"),
        "block7.norm2.weight",
    ),
    "no first layer": (lambda state: without(state, "stem1.0"), FIRST),
    "nothing": (lambda state: {}, FIRST),
    "unexpected": (lambda state: {**state, "extra": torch.zeros(1)}, "extra"),
    "shape": (
        lambda state: {**state, "block2.conv1.weight": torch.zeros(8, 4, 1, 1)},
        r"'block2.conv1.weight' of shape (8, 4, 3, 3)",
    ),
    "first shape": (lambda state: {**state, FIRST: torch.zeros(4)}, FIRST),
    "kernel": (lambda state: {**state, FIRST: torch.zeros(4, 1, 5, 5)}, FIRST),
}


@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("case", OTHER_STATES.values(), ids=OTHER_STATES.keys())
def test_weights_of_another_network_are_refused(case, n_channels, tmp_path):
    change, named = case
    path = save(change(pretrained().state_dict()), tmp_path / "a.pth")
    with pytest.raises(WeightsError, match=re.escape(named)) as error:
        build(path, n_channels=n_channels)
    assert "'a.pth'" in str(error.value)


@pytest.mark.parametrize("word", ["phantom", "DEFAULT", "", "a/b"])
def test_an_unknown_word_names_what_is_known(word):
    match = r"must be None, 'phantoms' or the path of a file ending in one of .*'.pth'"
    with pytest.raises(WeightsError, match=match):
        build(word)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(WeightsError, match=r"holds no file 'a.pth'"):
        build(tmp_path / "a.pth")


def test_missing_weights_of_the_package_are_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(_cnn17_weights, "_FILE", tmp_path / PACKAGED.name)
    with pytest.raises(WeightsError, match=r"'cnn17_phantoms.safetensors' .*missing"):
        build("phantoms")


def test_phantoms_are_the_file_of_the_package(tmp_path, monkeypatch):
    state = pretrained().state_dict()
    path = save(state, tmp_path / PACKAGED.name, half=True)
    monkeypatch.setattr(_cnn17_weights, "_FILE", path)
    loaded = build("phantoms").stem1[0].weight
    assert torch.equal(loaded, state[FIRST].half().float())


@pytest.mark.skipif(not PACKAGED.is_file(), reason="the package holds no weights")
def test_weights_of_the_package_fit_the_default_network():
    CNN17(weights="phantoms")
    assert PACKAGED.stat().st_size <= 3_000_000
