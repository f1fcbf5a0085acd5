"""Networks that have lost what they learnt."""

import torch
from torch import nn

from ._layers import Standardize

__all__ = ["draw_weights"]


def draw_weights(module, seed):
    """Draw all weights of a network anew.

    Weights of several axes are drawn from the normal distribution of [1]_, with which
    the numbers keep their range through the layers, and biases are 0. Normalisation is
    as before training. The mean and deviation of the input stay.

    Parameters
    ----------
    module : torch.nn.Module
        It is changed.

    seed : int

    References
    ----------
    .. [1] He et al., "Delving deep into rectifiers: surpassing human-level performance
       on ImageNet classification", ICCV 2015, https://arxiv.org/abs/1502.01852

    Examples
    --------
    >>> import torch
    >>> from skfusion.networks._random_weights import draw_weights
    >>> layer = torch.nn.Linear(3, 2)
    >>> before = layer.weight.detach().clone()
    >>> draw_weights(layer, seed=0)
    >>> bool((layer.weight == before).any()), layer.bias.tolist()
    (False, [0.0, 0.0])
    """
    generator = torch.Generator().manual_seed(seed)
    for part in module.modules():
        if not isinstance(part, Standardize):
            _draw_part(part, generator)


def _draw_part(part, generator):
    """Draw the weights of a layer, without those of the layers in it."""
    weights = list(part.parameters(recurse=False))
    if all(values.ndim < 2 for values in weights) and hasattr(part, "reset_parameters"):
        part.reset_parameters()  # of normalisation: 1 and 0
        return
    with torch.no_grad():
        for values in weights:
            if values.ndim < 2:
                values.zero_()
            else:
                nn.init.kaiming_normal_(values, generator=generator)
