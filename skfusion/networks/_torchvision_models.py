"""Backbones of torchvision, by the name of a classification model."""

import difflib
import re
from urllib.error import URLError

from torch import nn
from torchvision import models

from ..exceptions import WeightsError
from ._presets import IMAGENET, BuiltModel, Preset
from ._weights import FILE_ENDINGS, is_weights_file, load_strictly, read_weights

__all__ = ["build", "check", "list_backbones", "named_digest", "preset", "version"]

# torchvision's files of DenseNets keep names ("norm.1") that its modules gave up.
_OLD_DENSENET = re.compile(r"(denselayer\d+\.(?:norm|relu|conv))\.([12]\.)")
_AUXILIARY = ("aux1", "aux2", "AuxLogits")


def list_backbones():
    """Return the names of the torchvision classification models.

    Returns
    -------
    names : list of str

    Examples
    --------
    >>> from skfusion.networks import list_backbones
    >>> "mobilenet_v2" in list_backbones()
    True
    """
    return models.list_models(module=models)


def check(name):
    """Raise a ValueError that suggests the nearest names for an unknown name."""
    if name not in list_backbones():
        near = difflib.get_close_matches(str(name), list_backbones()) or ["resnet18"]
        raise ValueError(
            "The 'backbone' parameter must be the name of a torchvision classification "
            "model, 'timm/NAME', 'cnn17' or 'package.module:function'. Got "
            f"{name!r} instead. Did you mean {' or '.join(map(repr, near))}?"
        )


def preset(name, weights):
    """Return the preset of weights; files and random weights count as the default."""
    entries = models.get_model_weights(name)
    if not len(entries):
        return IMAGENET
    known = isinstance(weights, str) and weights in entries.__members__
    transforms = entries[weights if known else "DEFAULT"].transforms()
    return Preset(transforms.crop_size[0], transforms.mean, transforms.std)


def build(name, weights):
    """Build a model without its last layer."""
    model = models.get_model(name, weights=None, **_quiet(name))
    n_features = _remove_last_layer(model)
    _drop_auxiliary(model)
    if weights is not None:
        load_strictly(model, _clean(_read(name, weights)), name, weights)
        if hasattr(model, "transform_input"):
            # GoogLeNet and Inception were trained on images scaled otherwise.
            model.transform_input = True
    found = preset(name, weights)
    if hasattr(model, "image_size"):  # a transformer
        found = found._replace(image_size=model.image_size, is_fixed=True)
    return BuiltModel(model, n_features, found)


def named_digest(name, weights):
    """Return the address of a download, which holds the beginning of its hash."""
    return _find_entry(name, weights).url.encode()


def version(name):
    """Return an empty text: keys hold the version of torchvision already."""
    return ""


def _quiet(name):
    # Both build auxiliary heads, and warn unless init_weights is given.
    return {"init_weights": True} if name in ("googlenet", "inception_v3") else {}


def _remove_last_layer(model):
    names = [
        name
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear | nn.Conv2d) and not name.startswith(_AUXILIARY)
    ]
    last = model.get_submodule(names[-1])
    model.set_submodule(names[-1], nn.Identity())
    return getattr(last, "in_features", None) or last.in_channels


def _drop_auxiliary(model):
    """Leave out the auxiliary heads of GoogLeNet and Inception."""
    if getattr(model, "aux_logits", False):
        model.aux_logits = False
        for name in _AUXILIARY:
            if hasattr(model, name):
                setattr(model, name, None)


def _clean(state):
    """Return a state dict with today's names, without auxiliary heads."""
    return {
        _OLD_DENSENET.sub(r"\1\2", key): value
        for key, value in state.items()
        if not key.startswith(_AUXILIARY)
    }


def _read(name, weights):
    if is_weights_file(weights):
        return read_weights(weights)
    return _download(_find_entry(name, weights), name)


def _find_entry(name, weights):
    choices = models.get_model_weights(name)
    if weights not in choices.__members__ and weights != "DEFAULT":
        raise WeightsError(
            f"Expected the weights of {name!r} to be one of "
            f"{list(choices.__members__)!r}, None, or a file ending in one of "
            f"{FILE_ENDINGS!r}. Got {weights!r} instead."
        )
    return choices[weights]


def _download(entry, name):
    try:
        return entry.get_state_dict(progress=False, check_hash=True)
    except (URLError, OSError, RuntimeError) as error:
        raise WeightsError(
            f"The weights {entry!s} of {name!r} could not be downloaded: "
            f"{error}. Without a network, download {entry.url} elsewhere and pass "
            "the file: weights='path/to/file.pth'; or pass weights=None for random "
            "weights."
        ) from error
