"""Classification models without their last layer, from several sources."""

from bisect import bisect_left
from copy import deepcopy
from functools import partial

import torch
from torch import nn

from . import _imported_models, _own_models, _timm_models, _torchvision_models
from ._layers import Standardize
from ._torchvision_models import list_backbones
from ._weights import HeldWeights, is_weights_file, weights_file_digest

__all__ = [
    "Backbone",
    "backbone_image_size",
    "backbone_normalization",
    "backbone_stages",
    "backbone_version",
    "check_backbone",
    "held_weights",
    "is_of_function",
    "is_of_torchvision",
    "list_backbones",
    "rebuild_backbone",
    "weights_digest",
]

_FEWEST_STAGES = 4


def _source(name):
    """Return the module that builds a backbone."""
    if name == _own_models.NAME:
        return _own_models
    if name.startswith(_timm_models.PREFIX):
        return _timm_models
    return _imported_models if ":" in name else _torchvision_models


def is_of_torchvision(name):
    """Return whether a backbone is a model of torchvision."""
    return _source(name) is _torchvision_models


def is_of_function(name):
    """Return whether a function of one's own code builds a backbone."""
    return _source(name) is _imported_models


def check_backbone(name):
    """Raise a ValueError for an unknown backbone, which suggests the nearest names."""
    _source(name).check(name)


def backbone_image_size(name, weights="DEFAULT"):
    """Return the side of the images, in pixels, with which weights were trained.

    The weights of a file, and random weights, count as the default. A function of
    one's own code is called.
    """
    return _source(name).preset(name, weights).image_size


def backbone_normalization(name, weights="DEFAULT"):
    """Return the mean and deviation of each channel with which weights were trained."""
    preset = _source(name).preset(name, weights)
    return preset.mean, preset.std


def backbone_version(name):
    """Return what decides the features of a backbone besides its weights.

    Returns
    -------
    version : str
        A part of the keys of stored features: the version of timm, the digest of the
        file of a function of one's own code, or nothing.
    """
    return _source(name).version(name)


def weights_digest(name, weights):
    """Return the digest of pretrained weights.

    Parameters
    ----------
    name, weights : str, str or Path
        The same as in :class:`Backbone`.

    Returns
    -------
    digest : bytes
        Digest of the content of a file; of the name of a download; or of the weights
        that a function of one's own code gives its model.

    Raises
    ------
    WeightsError
        If the weights do not exist.
    """
    if is_weights_file(weights):
        return weights_file_digest(weights)
    return _source(name).named_digest(name, weights)


class Backbone(nn.Module):
    """A classification model up to its penultimate layer.

    Parameters
    ----------
    name : str
        Name of a torchvision classification model; ``"timm/NAME"``, a model of timm;
        ``"cnn17"``, the 17-layer CNN; or ``"package.module:function"``, a function that
        returns a network of one's own (:ref:`User Guide <any_backbone>`).

    weights : str, Path or None, default=None
        "DEFAULT" or another name of torchvision weights, path of a file, or None for
        random weights, which are drawn from torch's generator.

    Attributes
    ----------
    n_features : int
        Number of features of an image: the inputs of the layer that is left out.

    preset : namedtuple
        ``image_size``, ``mean`` and ``std`` of the images with which the weights were
        trained, and ``is_fixed``, which is True if no other size is taken.

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
        built = _source(name).build(name, weights)
        self.preset = built.preset
        self.standardize = Standardize(3, self.preset.mean, self.preset.std)
        self.model = built.model
        self.n_features = built.n_features
        _stop_dropout(self.model)

    def forward(self, x):
        """Return the features of a batch of shape (n, 1 or 3, height, width).

        Where images are too small, a ValueError names the least size.
        """
        size = x.shape[2]
        if self.preset.is_fixed and size != self.preset.image_size:
            raise ValueError(
                f"This backbone takes images of {self.preset.image_size} pixels only. "
                f"Got image_size={size} instead. Leave image_size at None."
            )
        try:
            return self.model(self.standardize(x))
        except torch.OutOfMemoryError:
            raise
        except (RuntimeError, AssertionError) as error:
            self._raise_too_small(size, error)

    def _raise_too_small(self, size, error):
        """Raise `error` again; where images are too small, name the least size."""
        # A model on the device "meta" computes shapes only.
        takes = partial(_takes_size, deepcopy(self.model).to("meta").eval())
        sizes = range(size, self.preset.image_size + 1)
        place = bisect_left(sizes, True, key=takes)
        if place in (0, len(sizes)):
            raise error
        # Some networks take multiples of 32 pixels alone.
        multiples = range(-(-size // 32) * 32, sizes[place], 32)
        least = next(filter(takes, multiples), sizes[place])
        raise ValueError(
            f"The backbone {self._name!r} takes images of at least {least} pixels. Got "
            f"image_size={size} instead. Raise image_size, or leave it at None."
        ) from error


def rebuild_backbone(name, state, *, is_pretrained):
    """Build a backbone again from its state dict; nothing is read or downloaded.

    Parameters
    ----------
    name : str
        Name of the backbone.

    state : dict of str to Tensor
        State dict of a :class:`Backbone`.

    is_pretrained : bool
        Whether it was built with weights. Some networks prepare images differently
        then.

    Returns
    -------
    backbone : Backbone

    Raises
    ------
    WeightsError, RuntimeError
        If the state is that of another network.
    """
    backbone = Backbone(name, held_weights(state) if is_pretrained else None)
    backbone.load_state_dict(state)
    return backbone


def held_weights(state, prefix=""):
    """Return the weights of the model in a state dict of a :class:`Backbone`.

    Parameters
    ----------
    state : dict of str to Tensor
        State dict of a network that holds the backbone.

    prefix : str, default=""
        Name of the backbone in this network, with a dot at its end.

    Returns
    -------
    weights : HeldWeights
    """
    prefix = f"{prefix}model."
    model = {
        k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)
    }
    return HeldWeights(model)


def _takes_size(model, size):
    """Return whether a model that computes shapes only accepts images of a size."""
    try:
        model(torch.zeros(1, 3, size, size, device="meta"))
    except (RuntimeError, AssertionError):
        return False
    return True


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
        The model of a :class:`Backbone`.

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
