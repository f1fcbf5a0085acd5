"""What belongs to a backbone besides its layers."""

from typing import NamedTuple

from torch import nn

__all__ = ["IMAGENET", "BuiltModel", "Preset"]


class Preset(NamedTuple):
    """Images with which the weights of a backbone were trained.

    Attributes
    ----------
    image_size : int
        Side in pixels.

    mean, std : sequence of 3 floats
        Mean and standard deviation of each channel, of pixels in [0, 1].

    is_fixed : bool
        Whether the backbone takes no other size.
    """

    image_size: int
    mean: list
    std: list
    is_fixed: bool = False


IMAGENET = Preset(224, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])


class BuiltModel(NamedTuple):
    """A model without its last layer, with its weights.

    Attributes
    ----------
    model : torch.nn.Module
        From images (n, 3, height, width) to features (n, n_features).

    n_features : int

    preset : Preset
    """

    model: nn.Module
    n_features: int
    preset: Preset
