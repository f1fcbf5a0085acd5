"""Pretrained weights from a file, or from torchvision."""

import hashlib
from pathlib import Path
from urllib.error import URLError

import torch
from safetensors.torch import load_file
from torchvision.models import get_model_weights

from ..exceptions import WeightsError

__all__ = ["is_weights_file", "load_weights", "weights_digest"]

FILE_ENDINGS = (".pth", ".pt", ".bin", ".safetensors")


def load_weights(backbone, weights):
    """Load the pretrained weights of a backbone.

    Parameters
    ----------
    backbone : str
        Name of a torchvision classification model.

    weights : str or Path
        Name of torchvision weights ("DEFAULT", "IMAGENET1K_V1", ...), or the path
        of a state dict saved by torch, or of a safetensors file.

    Returns
    -------
    state : dict of str to Tensor

    Raises
    ------
    WeightsError
        If the weights do not exist or cannot be downloaded, or the file is missing,
        damaged, not a state dict, or holds NaN or infinite numbers.
    """
    if is_weights_file(weights):
        return _load_file(_existing(weights))
    return _download(_find_entry(backbone, weights), backbone)


def weights_digest(backbone, weights):
    """Return the digest of pretrained weights, without loading them.

    Parameters
    ----------
    backbone, weights : str, str or Path
        The same as in :func:`load_weights`.

    Returns
    -------
    digest : bytes
        Digest of the content of a file, or the address of a download, which holds the
        beginning of its hash.

    Raises
    ------
    WeightsError
        If the weights do not exist.
    """
    if is_weights_file(weights):
        with _existing(weights).open("rb") as file:
            return hashlib.file_digest(file, "blake2b").digest()
    return _find_entry(backbone, weights).url.encode()


def is_weights_file(weights):
    """Return whether weights are the path of a file, by its type or ending."""
    return isinstance(weights, Path) or str(weights).endswith(FILE_ENDINGS)


def _existing(path):
    path = Path(path)
    if not path.is_file():
        raise WeightsError(
            f"Expected a weights file. The folder holds no file {path.name!r}. Check "
            "the path; where the file of a fitted model has moved, call set_params("
            "weights=...)."
        )
    return path


def _load_file(path):
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


def _find_entry(backbone, weights):
    choices = get_model_weights(backbone)
    if weights not in choices.__members__ and weights != "DEFAULT":
        raise WeightsError(
            f"Expected the weights of {backbone!r} to be one of "
            f"{list(choices.__members__)!r}, None, or a file ending in one of "
            f"{FILE_ENDINGS!r}. Got {weights!r} instead."
        )
    return choices[weights]


def _download(entry, backbone):
    try:
        return entry.get_state_dict(progress=False, check_hash=True)
    except (URLError, OSError, RuntimeError) as error:
        raise WeightsError(
            f"The weights {entry!s} of {backbone!r} could not be downloaded: "
            f"{error}. Without a network, download {entry.url} elsewhere and pass "
            "the file: weights='path/to/file.pth'; or pass weights=None for random "
            "weights."
        ) from error
