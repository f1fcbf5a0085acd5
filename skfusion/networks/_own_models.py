"""The 17-layer CNN as a backbone, by ``"cnn17"``."""

from torch import nn

from ..exceptions import WeightsError
from ._cnn17 import CNN17
from ._presets import BuiltModel, Preset
from ._weights import FILE_ENDINGS, is_weights_file, load_strictly, read_weights

__all__ = ["NAME", "build", "check", "named_digest", "preset", "version"]

NAME = "cnn17"
_IMAGE_SIZE = 64
_MEAN, _STD = 0.5, 0.25  # of random weights
_FIRST = "stem1.0.weight"


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
    network = CNN17(n_channels=3)
    n_features = network.fully_connected.in_features
    network.fully_connected = nn.Identity()
    # The backbone standardises images.
    network.input = nn.Identity()
    if weights is not None:
        state = read_weights(_find_file(weights))
        load_strictly(network, _in_colour(state), name, weights)
    return BuiltModel(network, n_features, preset(name, weights))


def named_digest(name, weights):
    """Raise a WeightsError: no weights have a name."""
    _find_file(weights)


def version(name):
    """Return an empty text: the code is that of this package."""
    return ""


def _find_file(weights):
    """Return the file of weights. Names of weights have their place here."""
    if not is_weights_file(weights):
        raise WeightsError(
            f"Expected the weights of {NAME!r} to be None or a file ending in one of "
            f"{FILE_ENDINGS!r}. Got {weights!r} instead. Pass weights=None for random "
            "weights, or save net_.module_.state_dict() of a CNN17Classifier."
        )
    return weights


def _per_channel(found, number):
    """Return a number for each of three channels, those of a file if it has them."""
    if found is None or found.numel() not in (1, 3):
        return [number] * 3
    return found.float().flatten().expand(3).tolist()


def _in_colour(state):
    """Return a state dict for three equal channels where that of a file has one."""
    first = state.get(_FIRST)
    if first is None or first.ndim != 4 or first.shape[1] != 1:
        return state
    return {**state, _FIRST: first.repeat(1, 3, 1, 1) / 3}
