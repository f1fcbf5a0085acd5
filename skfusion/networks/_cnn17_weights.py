"""Pretrained weights of the 17-layer CNN."""

from importlib.resources import files
from pathlib import Path

from ..exceptions import WeightsError
from ._weights import FILE_ENDINGS, HeldWeights, is_weights_file, read_weights

__all__ = ["find_cnn17_weights", "load_cnn17_weights", "read_cnn17_weights"]

PHANTOMS = "phantoms"
_FILE = Path(str(files(__package__) / "weights" / "cnn17_phantoms.safetensors"))
# The training images give the scale of the input, and their classes the last layer.
_SCALE, _LAST = "input.", "fully_connected."
_FIRST = "stem1.0.weight"


def load_cnn17_weights(network, weights):
    """Load pretrained weights into the layers of a network, but not into the last one.

    Parameters
    ----------
    network : CNN17
        It is changed. Its mean and deviation of the input stay, too.

    weights : str or Path
        The same as in :class:`CNN17`.

    Raises
    ------
    WeightsError
        The same as in :func:`read_cnn17_weights`.
    """
    state = read_cnn17_weights(weights, network.state_dict())
    network.load_state_dict(state, strict=False)


def read_cnn17_weights(weights, expected):
    """Read the pretrained weights that a network loads, and check them.

    Parameters
    ----------
    weights : str or Path
        The same as in :class:`CNN17`.

    expected : dict of str to Tensor
        State dict of the network. Only its names and shapes are used.

    Returns
    -------
    state : dict of str to Tensor
        In float32, without the mean and deviation of the input, the last layer, and
        further layers that the file leaves out at the end. The filters of the first
        convolution fit the channels of the network.

    Raises
    ------
    WeightsError
        If the weights are unknown, missing or damaged, or are not those of this
        network.
    """
    name = repr(Path(weights).name)
    expected = _drop(_SCALE, expected)
    state = _drop(_SCALE, read_weights(find_cnn17_weights(weights)))
    _check_names(state, expected, name)
    state = _drop(_LAST, state)
    _check_width(state[_FIRST], expected[_FIRST], name)
    state[_FIRST] = _share(state[_FIRST], expected[_FIRST].shape[1], name)
    _check_shapes(state, expected, name)
    return {
        key: value.float() if value.is_floating_point() else value
        for key, value in state.items()
    }


def find_cnn17_weights(weights):
    """Return the file of pretrained weights.

    Parameters
    ----------
    weights : str or Path
        The same as in :class:`CNN17`.

    Returns
    -------
    path : Path or HeldWeights
        It need not exist, unless the weights are "phantoms".

    Raises
    ------
    WeightsError
        If the weights are unknown, or those of the package are missing.
    """
    if isinstance(weights, HeldWeights):
        return weights
    if is_weights_file(weights):
        return Path(weights)
    if weights != PHANTOMS:
        raise WeightsError(
            f"The 'weights' parameter of the 17-layer CNN must be None, {PHANTOMS!r} "
            f"or the path of a file ending in one of {FILE_ENDINGS!r}. Got {weights!r} "
            "instead."
        )
    if not _FILE.is_file():
        raise WeightsError(
            f"Expected the file {_FILE.name!r} of the weights {PHANTOMS!r} in the "
            "installed package. It is missing. Install skfusion again, or pass "
            "weights=None or the path of a file."
        )
    return _FILE


def _drop(layer, state):
    """Return a state dict without a layer."""
    return {k: v for k, v in state.items() if not k.startswith(layer)}


def _check_names(state, expected, name):
    """Check that the file holds whole layers, and all layers before its last one."""
    if _FIRST not in expected:
        raise WeightsError(
            f"Expected variant='weighted' for the weights {name}. Got variant='listed' "
            "instead. Pass variant='weighted' or weights=None."
        )
    names = list(expected)  # from the input to the output
    layers = {_layer(key) for key in state}
    last = max((n for n, key in enumerate(names) if _layer(key) in layers), default=0)
    missing = [key for key in names[: last + 1] if key not in state]
    unexpected = [key for key in state if key not in expected]
    if missing or unexpected:
        raise WeightsError(
            "Expected the weights of a CNN17 of variant='weighted'. Got the weights "
            f"{name} of another network instead: missing {missing[:3]!r}, unexpected "
            f"{unexpected[:3]!r}. Pass the state dict of a CNN17, or weights=None."
        )


def _layer(key):
    return key.rpartition(".")[0]


def _check_width(filters, expected, name):
    if filters.ndim == 4 and len(filters) != len(expected):
        raise WeightsError(
            f"Expected weights of width={len(expected)}. Got the weights {name} of "
            f"width={len(filters)} instead. Pass width={len(filters)} or weights=None."
        )


def _share(filters, n_channels, name):
    """Return filters for another number of channels, with the same sum of channels."""
    if filters.ndim != 4 or filters.shape[1] == n_channels:
        return filters
    if 1 not in (filters.shape[1], n_channels):
        raise WeightsError(
            f"Expected weights for 1 or {n_channels} channels. Got the weights {name} "
            f"for {filters.shape[1]} channels instead. Convert the images to grey, or "
            "pass weights=None."
        )
    total = filters.float().sum(dim=1, keepdim=True)
    return total.repeat(1, n_channels, 1, 1) / n_channels


def _check_shapes(state, expected, name):
    for key, value in state.items():
        if value.shape != expected[key].shape:
            raise WeightsError(
                f"Expected {key!r} of shape {tuple(expected[key].shape)} in the "
                f"weights {name}. Got the shape {tuple(value.shape)} instead. Pass the "
                "state dict of a CNN17, or weights=None."
            )
