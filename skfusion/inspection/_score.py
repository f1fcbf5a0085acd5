"""The score of a class as a function of one image, which is explained."""

from dataclasses import dataclass, field

import torch
from torch import nn

__all__ = ["ImageScore", "LogOdds", "score_of_networks"]


class LogOdds(nn.Module):
    """Log-odds of one class against all others, of an image or of its mirror image.

    Parameters
    ----------
    network : torch.nn.Module
        From images to the scores of the classes, before the softmax.

    code : int
        Column of the class.

    is_mirrored : bool, default=False
        Whether the network gets the mirror image.
    """

    def __init__(self, network, code, is_mirrored=False):
        super().__init__()
        self.network = network
        self.code = code
        self.is_mirrored = is_mirrored

    def forward(self, images):
        """Return the log-odds of a batch, a tensor of shape (n,)."""
        scores = self.network(images.flip(3) if self.is_mirrored else images)
        others = [code for code in range(scores.shape[1]) if code != self.code]
        return scores[:, self.code] - scores[:, others].logsumexp(dim=1)


@dataclass(frozen=True)
class ImageScore:
    """The score of a class as a function of one image.

    Attributes
    ----------
    function : callable
        From a batch of shape (n, n_channels, size, size) to a tensor of shape (n,).

    views : list of LogOdds
        Functions whose mean is `function`, if it has gradients; else empty.

    layers : list of torch.nn.Module or None
        Layer of each view whose output is a map of the image; None if there is none.
    """

    function: callable
    views: list = field(default_factory=list)
    layers: list = field(default_factory=list)

    def methods(self):
        """Return the names of the methods that explain it."""
        names = ["occlusion"]
        if self.views:
            names.append("integrated_gradients")
        if self.views and None not in self.layers:
            names.insert(0, "gradcam")
        return names


def score_of_networks(networks, layers, code, mirrors):
    """Return the mean of the log-odds of several networks.

    Parameters
    ----------
    networks : list of torch.nn.Module

    layers : list of torch.nn.Module or None
        Layer of each network whose output is a map of the image.

    code : int
        Column of the class.

    mirrors : bool
        Whether the mirror image counts as much as the image.

    Returns
    -------
    score : ImageScore
    """
    sides = [False, True] if mirrors else [False]
    views = [LogOdds(network, code, side) for network in networks for side in sides]
    of_views = [layer for layer in layers for _ in sides]

    def mean(images):
        return torch.stack([view(images) for view in views]).mean(dim=0)

    return ImageScore(mean, views, of_views)
