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
_LAST_NAME = "block7.norm2.weight"  # without the fully connected layer


def check(name):
    """Accept the only name."""


def preset(name, weights):
    """Return the preset, with the mean and deviation that a file holds."""
    state = {} if weights is None else read_weights(_find_file(weights))
    mean = _per_channel(state.get("input.mean"), _MEAN)
    std = _per_channel(state.get("input.std"), _STD)
    return Preset(_IMAGE_SIZE, mean, std)


def build(name, weights):
    """Build the network of three channels, without its last layer."""
    network = _network(None if weights is None else _find_file(weights))
    n_features = network.fully_connected.in_features
    network.fully_connected = nn.Identity()
    # The backbone standardises images.
    network.input = nn.Identity()
    return BuiltModel(network, n_features, preset(name, weights))


def named_digest(name, weights):
    """Return the digest of the weights of the package."""
    return weights_file_digest(_find_file(weights))


def version(name):
    """Return an empty text: the code is that of this package."""
    return ""


def _network(file):
    if file is None or not file.is_file():  # a missing file has an error of its own
        return CNN17(n_channels=3, weights=file)
    try:
        network = CNN17(n_channels=3, weights=file)
    except WeightsError as error:
        raise WeightsError(
            f"The weights {file.name!r} are not those of the backbone {NAME!r}, which "
            "is CNN17() of the default width. Pass a file of this network, or "
            "weights=None."
        ) from error
    _check_complete(file)
    return network


def _check_complete(file):
    """Raise if the last layers would be random, since features are computed by all."""
    if _LAST_NAME not in read_weights(file):
        raise WeightsError(
            f"Expected all layers but the last one in the weights {file.name!r} of the "
            f"backbone {NAME!r}. Got a file without {_LAST_NAME!r} instead. Pass a "
            "file of the whole network, or weights=None."
        )


def _find_file(weights):
    """Return the file of weights; those of the package are the default."""
    return find_cnn17_weights(PHANTOMS if weights == "DEFAULT" else weights)


def _per_channel(found, number):
    """Return a number for each of three channels, those of a file if it has them."""
    if found is None or found.numel() not in (1, 3):
        return [number] * 3
    return found.float().flatten().expand(3).tolist()
