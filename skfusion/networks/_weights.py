"""Weights in files: read, digested and loaded into a model."""

import hashlib
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

from ..exceptions import WeightsError

__all__ = [
    "FILE_ENDINGS",
    "HeldWeights",
    "is_weights_file",
    "load_strictly",
    "read_weights",
    "weights_file_digest",
]

FILE_ENDINGS = (".pth", ".pt", ".bin", ".safetensors")


class HeldWeights:
    """A state dict in memory, which takes the place of a file of weights.

    Parameters
    ----------
    state : dict of str to Tensor
    """

    name = "weights.safetensors"

    def __init__(self, state):
        self.state = state

    def __fspath__(self):
        return self.name

    def __str__(self):
        return self.name

    def is_file(self):
        """Return True, because the weights exist."""
        return True


def is_weights_file(weights):
    """Return whether weights are those of a file, by their type or ending."""
    return isinstance(weights, Path) or str(weights).endswith(FILE_ENDINGS)


def weights_file_digest(path):
    """Return the digest of the content of a file of weights, without loading it.

    Raises
    ------
    WeightsError
        If the file is missing.
    """
    with _existing(path).open("rb") as file:
        return hashlib.file_digest(file, "blake2b").digest()


def read_weights(path):
    """Read a state dict.

    Parameters
    ----------
    path : str, Path or HeldWeights
        A state dict saved by torch, or a safetensors file.

    Returns
    -------
    state : dict of str to Tensor

    Raises
    ------
    WeightsError
        If the file is missing, damaged, not a state dict, or holds NaN or infinite
        numbers.
    """
    if isinstance(path, HeldWeights):
        return dict(path.state)
    path = _existing(path)
    try:
        state = _read_file(path)
        broken = _find_broken(state) if _is_state_dict(state) else None
    except Exception as error:  # a damaged file may raise any error
        raise WeightsError(
            f"The weights file {path.name!r} cannot be read as a plain state dict: "
            f"{type(error).__name__}. Save it with torch.save(model.state_dict(), ...)."
        ) from error
    if not _is_state_dict(state):
        raise WeightsError(
            f"Expected a state dict (names to tensors) in {path.name!r}. Got "
            f"{_describe(state)} instead. Save model.state_dict() alone."
        )
    if broken is not None:
        raise WeightsError(
            f"Expected finite numbers in {path.name!r}. Got NaN or infinite numbers in "
            f"{broken!r}: the training that wrote them failed. Use an earlier "
            "checkpoint."
        )
    return state


def load_strictly(model, state, backbone, weights):
    """Load a state dict into a model whose last layer was replaced by nn.Identity.

    All names and shapes must agree. Tensors of a layer that is nn.Identity now are left
    out. If no name agrees, tensors are loaded in their order, provided that all kinds
    (such as "weight") and shapes agree: this is the same network with other names. At
    the end, the weight and the bias of a last layer may follow.

    Parameters
    ----------
    model : torch.nn.Module
        It is changed.

    state : dict of str to Tensor

    backbone : str
        Name of the backbone, for the error.

    weights : str or Path
        Name or path of the weights, for the error.

    Raises
    ------
    WeightsError
        If the weights are those of another model.
    """
    expected = model.state_dict()
    if not expected.keys() & state.keys() and _is_ordered(weights):
        state = _rename_in_order(state, expected)
    left_out = tuple(
        f"{name}."
        for name, module in model.named_modules()
        if name and isinstance(module, nn.Identity)
    )
    state = {k: v for k, v in state.items() if not k.startswith(left_out)}
    try:
        result = model.load_state_dict(state, strict=False)
    except RuntimeError as error:
        raise _mismatch(backbone, weights, str(error)) from error
    if result.missing_keys or result.unexpected_keys:
        missing, unexpected = result.missing_keys[:3], result.unexpected_keys[:3]
        detail = f"missing {missing!r}, unexpected {unexpected!r}"
        raise _mismatch(backbone, weights, detail)


def _is_ordered(weights):
    """Return whether a file keeps the order of tensors; safetensors sorts them."""
    return not str(weights).endswith(".safetensors")


def _rename_in_order(state, expected):
    """Return a state dict with the names of a model, or as it is if it differs."""
    names, tensors = list(_drop_counters(expected)), list(_drop_counters(state).items())
    head = [_kind(key) for key, _ in tensors[len(names) :]]
    pairs = list(zip(names, tensors, strict=False))
    agree = len(pairs) == len(names) and head in ([], ["weight"], ["weight", "bias"])
    agree = agree and all(
        _kind(name) == _kind(key) and expected[name].shape == value.shape
        for name, (key, value) in pairs
    )
    return {name: value for name, (_, value) in pairs} if agree else state


def _drop_counters(state):
    """Return a state dict without the counters of batches, which old files lack."""
    return {k: v for k, v in state.items() if _kind(k) != "num_batches_tracked"}


def _kind(name):
    return name.rpartition(".")[2]


def _mismatch(backbone, weights, detail):
    return WeightsError(
        f"The weights {Path(weights).name!r} are not those of the backbone "
        f"{backbone!r}: {detail}. Pass the backbone of these weights."
    )


def _existing(path):
    path = Path(path)
    if not path.is_file():
        raise WeightsError(
            f"Expected a weights file. The folder holds no file {path.name!r}. Check "
            "the path; where the file of a fitted model has moved, call set_params("
            "weights=...)."
        )
    return path


def _read_file(path):
    if path.suffix == ".safetensors":
        return load_file(path)
    return torch.load(path, map_location="cpu", weights_only=True)


def _is_state_dict(state):
    return isinstance(state, dict) and all(
        isinstance(name, str) and torch.is_tensor(value)
        for name, value in state.items()
    )


def _find_broken(state):
    """Find the first tensor that holds NaN or infinite numbers, or None."""
    names = (name for name, value in state.items() if not value.isfinite().all())
    return next(names, None)


def _describe(state):
    """Describe an object that is not a state dict."""
    if not isinstance(state, dict):
        return type(state).__name__
    pairs = {f"{type(k).__name__} to {type(v).__name__}" for k, v in state.items()}
    return f"a dict of {', '.join(sorted(pairs)[:3])}"
