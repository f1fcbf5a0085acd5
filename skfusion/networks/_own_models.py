"""The 17-layer CNN as a backbone, by ``"cnn17"``."""

from torch import nn

from ..exceptions import WeightsError
from ._cnn17 import CNN17
from ._cnn17_weights import PHANTOMS, find_cnn17_weights
from ._presets import BuiltModel, Preset
from ._weights import read_weights, weights_file_digest

__all__ = ["NAME", "build", "check", "named_digest", "preset", "version"]

NAME = "cnn17"
_IMAGE_SIZE = 64
_MEAN, _STD = 0.5, 0.25  # of random weights


def check(name):
    """Accept the only name."""


def preset(name, weights):
    """Return the preset, with the mean and deviation that a file holds."""
    return _preset_of({} if weights is None else read_weights(_find_file(weights)))


def build(name, weights):
    """Build the network of three channels, without its last layer."""
    file = None if weights is None else _find_file(weights)
    network = _network(file)
    # The backbone standardises images.
    network.input = network.fully_connected = nn.Identity()
    state = {} if file is None else read_weights(file)
    if state:
        _drop_random_layers(network, state)
    return BuiltModel(network, _n_features(network), _preset_of(state))


def named_digest(name, weights):
    """Return the digest of the weights of the package."""
    return weights_file_digest(_find_file(weights))


def version(name):
    """Return an empty text: the code is that of this package."""
    return ""


def _preset_of(state):
    """Return the preset, with the mean and deviation that a state dict holds."""
    mean = _per_channel(state.get("input.mean"), _MEAN)
    std = _per_channel(state.get("input.std"), _STD)
    return Preset(_IMAGE_SIZE, mean, std)


def _network(file):
    if file is None or not file.is_file():  # a missing file has an error of its own
        return CNN17(n_channels=3, weights=file)
    try:
        return CNN17(n_channels=3, weights=file)
    except WeightsError as error:
        raise WeightsError(
            f"The weights {file.name!r} are not those of the backbone {NAME!r}, which "
            "is CNN17() of the default width. Pass a file of this network, or "
            "weights=None."
        ) from error


def _drop_random_layers(network, state):
    """Leave out the last layers, of which the file holds not all weights."""
    for name, layer in list(network.named_children()):
        if any(f"{name}.{key}" not in state for key in layer.state_dict()):
            network.set_submodule(name, nn.Identity())


def _n_features(network):
    return [m for m in network.modules() if isinstance(m, nn.Conv2d)][-1].out_channels


def _find_file(weights):
    """Return the file of weights; those of the package are the default."""
    return find_cnn17_weights(PHANTOMS if weights == "DEFAULT" else weights)


def _per_channel(found, number):
    """Return a number for each of three channels, those of a file if it has them."""
    if found is None or found.numel() not in (1, 3):
        return [number] * 3
    return found.float().flatten().expand(3).tolist()
