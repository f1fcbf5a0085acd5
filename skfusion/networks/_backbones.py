"""torchvision classification models without their last layer."""

import difflib
import re
from bisect import bisect_left
from copy import deepcopy
from functools import partial
from pathlib import Path

import torch
from torch import nn
from torchvision import models

from ..exceptions import WeightsError
from ._layers import Standardize
from ._weights import load_weights

__all__ = [
    "Backbone",
    "backbone_image_size",
    "backbone_normalization",
    "backbone_stages",
    "build_model",
    "check_backbone",
    "list_backbones",
]

# torchvision's files of DenseNets keep names ("norm.1") that its modules gave up.
_OLD_DENSENET = re.compile(r"(denselayer\d+\.(?:norm|relu|conv))\.([12]\.)")
_FEWEST_STAGES = 4
_IMAGENET = (224, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])


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


def check_backbone(name):
    """Raise a ValueError that suggests the nearest names for an unknown backbone."""
    if name not in list_backbones():
        near = difflib.get_close_matches(str(name), list_backbones()) or ["resnet18"]
        raise ValueError(
            "The 'backbone' parameter must be the name of a torchvision classification "
            f"model. Got {name!r} instead. Did you mean {' or '.join(map(repr, near))}?"
        )


def _preset(name, weights):
    entries = models.get_model_weights(name)
    if not len(entries):
        return _IMAGENET
    known = isinstance(weights, str) and weights in entries.__members__
    transforms = entries[weights if known else "DEFAULT"].transforms()
    return transforms.crop_size[0], transforms.mean, transforms.std


def backbone_image_size(name, weights="DEFAULT"):
    """Return the side of the images, in pixels, with which weights were trained.

    The weights of a file, and random weights, count as torchvision's default.
    """
    return _preset(name, weights)[0]


def backbone_normalization(name, weights="DEFAULT"):
    """Return the mean and deviation of each channel with which weights were trained."""
    return _preset(name, weights)[1:]


class Backbone(nn.Module):
    """A torchvision classification model up to its penultimate layer.

    Parameters
    ----------
    name : str
        Name of the torchvision model.

    weights : str, Path or None, default=None
        Name of torchvision weights, path of a file, or None for random weights, which
        are drawn from torch's generator.

    Attributes
    ----------
    n_features : int
        Number of features of an image: the inputs of the layer that is left out.

    Examples
    --------
    >>> import torch
    >>> from skfusion.networks import Backbone
    >>> backbone = Backbone("squeezenet1_1").eval()
    >>> backbone(torch.zeros(2, 1, 64, 64)).shape
    torch.Size([2, 512])
    """

    def __init__(self, name, weights=None):
        super().__init__()
        check_backbone(name)
        self._name = name
        self.standardize = Standardize(3, *backbone_normalization(name, weights))
        self.model = build_model(name, weights)
        self.n_features = _remove_last_layer(self.model)
        _stop_dropout(self.model)

    def forward(self, x):
        """Return the features of a batch of shape (n, 1 or 3, height, width).

        Where images are too small, a ValueError names the least size.
        """
        fixed = getattr(self.model, "image_size", x.shape[2])
        if fixed != x.shape[2]:
            raise ValueError(
                f"This backbone takes images of {fixed} pixels only. Got "
                f"image_size={x.shape[2]} instead. Leave image_size at None."
            )
        try:
            return self.model(self.standardize(x))
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:
            self._raise_too_small(x.shape[2], error)

    def _raise_too_small(self, size, error):
        """Raise `error` again; where images are too small, name the least size."""
        # A model on the device "meta" computes shapes only.
        model = deepcopy(self.model).to("meta").eval()
        sizes = range(size, backbone_image_size(self._name) + 1)
        place = bisect_left(sizes, True, key=partial(_takes_size, model))
        if place in (0, len(sizes)):
            raise error
        raise ValueError(
            f"The backbone {self._name!r} takes images of at least {sizes[place]} "
            f"pixels. Got image_size={size} instead. Raise image_size, or leave it at "
            "None."
        ) from error


def _takes_size(model, size):
    """Return whether a model that computes shapes only accepts images of a size."""
    try:
        model(torch.zeros(1, 3, size, size, device="meta"))
    except RuntimeError:
        return False
    return True


def build_model(name, weights):
    """Build a whole torchvision model, pretrained where `weights` is given.

    The last layer may be missing from the weights or have another number of
    classes, because it is not used.
    """
    model = models.get_model(name, weights=None, **_quiet(name))
    if weights is not None:
        _load_strictly(model, load_weights(name, weights), name, weights)
        if hasattr(model, "transform_input"):
            # GoogLeNet and Inception were trained on images scaled otherwise.
            model.transform_input = True
    _drop_auxiliary(model)
    return model


def _quiet(name):
    # Both build auxiliary heads, and warn unless init_weights is given.
    return {"init_weights": True} if name in ("googlenet", "inception_v3") else {}


def _load_strictly(model, state, name, weights):
    head = _last_layer_name(model)
    expected = model.state_dict()
    state = {_OLD_DENSENET.sub(r"\1\2", key): value for key, value in state.items()}
    loaded = {
        key: value
        for key, value in state.items()
        if _belongs(key, value, expected, head)
    }
    try:
        result = model.load_state_dict(loaded, strict=False)
    except RuntimeError as error:
        raise WeightsError(_mismatch(name, weights, str(error))) from error
    missing = [key for key in result.missing_keys if not key.startswith(head + ".")]
    if missing or result.unexpected_keys:
        detail = f"missing {missing[:3]!r}, unexpected {result.unexpected_keys[:3]!r}"
        raise WeightsError(_mismatch(name, weights, detail))


def _belongs(key, value, expected, head):
    """Return whether a tensor is loaded: all except a head of another size."""
    is_head = key.startswith(head + ".")
    return not is_head or (key in expected and expected[key].shape == value.shape)


def _mismatch(name, weights, detail):
    return (
        f"The weights {Path(weights).name!r} are not those of the backbone {name!r}: "
        f"{detail}. Pass the backbone of these weights."
    )


def _drop_auxiliary(model):
    """Leave out the auxiliary heads of GoogLeNet and Inception."""
    if getattr(model, "aux_logits", False):
        model.aux_logits = False
        for name in ("aux1", "aux2", "AuxLogits"):
            if hasattr(model, name):
                setattr(model, name, None)


def _last_layer_name(model):
    layers = [
        name
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear | nn.Conv2d)
        and not name.startswith(("aux", "Aux"))
    ]
    return layers[-1]


def _remove_last_layer(model):
    name = _last_layer_name(model)
    last = model.get_submodule(name)
    model.set_submodule(name, nn.Identity())
    return getattr(last, "in_features", None) or last.in_channels


def _stop_dropout(model):
    """Stop the dropout of the old head; a new head has its own dropout."""
    inside = {m for stage in backbone_stages(model) for m in stage.modules()}
    for module in model.modules():
        if isinstance(module, nn.Dropout) and module not in inside:
            module.p = 0.0


def backbone_stages(model):
    """Split a model into its stages, from the input to the output.

    While there are fewer than four, the largest is split, so that the features of a
    MobileNet, the layers of a ResNet and the blocks of a vision transformer become
    stages.

    Parameters
    ----------
    model : torch.nn.Module
        A torchvision model.

    Returns
    -------
    stages : list of torch.nn.Module
        Stages that have weights.

    Examples
    --------
    >>> from skfusion.networks import Backbone, backbone_stages
    >>> len(backbone_stages(Backbone("resnet18").model))
    6
    """
    stages = _weighted_children(model)
    while len(stages) < _FEWEST_STAGES:
        composed = [stage for stage in stages if _weighted_children(stage)]
        if not composed:
            break
        index = stages.index(max(composed, key=_n_weights))
        stages[index : index + 1] = _weighted_children(stages[index])
    return stages


def _weighted_children(module):
    return [child for child in module.children() if _n_weights(child)]


def _n_weights(module):
    return sum(parameter.numel() for parameter in module.parameters())
