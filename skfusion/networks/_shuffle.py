"""Networks that have lost what they learnt."""

import torch

from ._layers import Standardize

__all__ = ["shuffle_weights"]


def shuffle_weights(module, seed):
    """Shuffle the values of each tensor of weights of a network.

    Each tensor keeps its distribution, so that the numbers in the network keep their
    range, and loses what it learnt. Buffers, such as the statistics of batch
    normalisation, are shuffled, too. The mean and deviation of the input stay.

    Parameters
    ----------
    module : torch.nn.Module
        It is changed.

    seed : int

    Examples
    --------
    >>> import torch
    >>> from skfusion.networks._shuffle import shuffle_weights
    >>> layer = torch.nn.Linear(3, 2)
    >>> before = layer.weight.detach().clone()
    >>> shuffle_weights(layer, seed=0)
    >>> bool((layer.weight == before).all())
    False
    >>> torch.equal(layer.weight.ravel().sort()[0], before.ravel().sort()[0])
    True
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for part in module.modules():
            for values in [] if isinstance(part, Standardize) else _tensors(part):
                order = torch.randperm(values.numel(), generator=generator)
                values.copy_(values.flatten()[order].reshape(values.shape))


def _tensors(part):
    return [*part.parameters(recurse=False), *part.buffers(recurse=False)]
