"""Backbones of one's own code, by ``"package.module:function"``."""

import hashlib
import importlib
import inspect
from pathlib import Path

import torch
from torch import nn

from .._store._keys import digest
from ..exceptions import WeightsError
from ._presets import IMAGENET, BuiltModel, Preset
from ._weights import FILE_ENDINGS, is_weights_file, load_strictly, read_weights

__all__ = ["build", "check", "find_function", "named_digest", "preset", "version"]


def check(name):
    """Raise a ValueError if the function cannot be imported."""
    find_function(name)


def find_function(name):
    """Import the function that builds a backbone.

    Parameters
    ----------
    name : str
        ``"package.module:function"``.

    Returns
    -------
    function : callable
        It is called without arguments.

    Raises
    ------
    ValueError
        If the module or the function does not exist.
    """
    module_name, _, attribute = name.partition(":")
    try:
        module = importlib.import_module(module_name)
    except (ModuleNotFoundError, ValueError, TypeError) as error:
        raise ValueError(
            "The 'backbone' parameter must name a function that can be imported. Got "
            f"{name!r} instead, but: {error}. Install the module, or add its folder to "
            "sys.path."
        ) from error
    function = getattr(module, attribute, None)
    if not callable(function):
        raise ValueError(
            f"The 'backbone' parameter must name a function of the module "
            f"{module_name!r}. Got {name!r} instead, but the module holds no function "
            f"{attribute!r}."
        )
    return function


def preset(name, weights):
    """Return the preset that the model holds, which is built for that."""
    return _preset_of(_call(name))


def build(name, weights):
    """Build the model, and run it on one image to count its features."""
    _check_weights(name, weights)
    model = _call(name)
    if weights is not None and is_weights_file(weights):
        load_strictly(model, read_weights(weights), name, weights)
    found = _preset_of(model)
    return BuiltModel(model, _count_features(model, found.image_size, name), found)


def named_digest(name, weights):
    """Return the digest of the weights that the function gives its model."""
    _check_weights(name, weights)
    state = _call(name).state_dict()
    content = hashlib.blake2b(digest_size=16)
    for key, tensor in state.items():
        content.update(f"{key} {tensor.dtype} {tuple(tensor.shape)} ".encode())
        content.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy())
    return content.digest()


def version(name):
    """Return the digest of the file of the function, which counts in keys."""
    try:
        file = inspect.getsourcefile(inspect.unwrap(find_function(name)))
        return f" {digest(Path(file).read_bytes()).hex()}"
    except (TypeError, OSError):  # it is not written in a file
        return ""


def _call(name):
    model = find_function(name)()
    if not isinstance(model, nn.Module):
        raise ValueError(
            f"Expected {name!r} to return a torch.nn.Module. Got "
            f"{type(model).__name__} instead. Return the network itself."
        )
    return model


def _preset_of(model):
    """Return what a model states as timm's do, or the preset of ImageNet."""
    config = getattr(model, "pretrained_cfg", None)
    config = config or getattr(model, "default_cfg", None) or {}
    return Preset(
        config.get("input_size", (3, IMAGENET.image_size))[1],
        _per_channel(config.get("mean", IMAGENET.mean)),
        _per_channel(config.get("std", IMAGENET.std)),
        config.get("fixed_input_size", False),
    )


def _per_channel(numbers):
    numbers = list(numbers)
    return numbers * 3 if len(numbers) == 1 else numbers


def _check_weights(name, weights):
    if weights not in (None, "DEFAULT") and not is_weights_file(weights):
        raise WeightsError(
            f"Expected the weights of {name!r} to be 'DEFAULT' or None, with which the "
            f"function decides, or a file ending in one of {FILE_ENDINGS!r}. Got "
            f"{weights!r} instead."
        )


def _count_features(model, image_size, name):
    was_training = model.training
    images = torch.zeros(1, 3, image_size, image_size)
    with torch.no_grad():
        features = model.eval()(images)
    model.train(was_training)
    shape = tuple(getattr(features, "shape", ()))
    if len(shape) != 2 or len(features) != 1:
        got = f"the shape {shape}" if shape else type(features).__name__
        raise ValueError(
            f"Expected the network of {name!r} to return features of shape (n, "
            f"n_features). Got {got} for images of shape {tuple(images.shape)} "
            "instead. Return the network without its head, with a pooling and "
            "nn.Flatten at its end."
        )
    return shape[1]
