"""Layers that several networks share."""

import math

import numpy as np
import torch
from torch import nn

__all__ = ["GlobalMeanPool", "Standardize", "channel_statistics", "find_present"]

_CHUNK = 256  # images whose sums are computed at once


class Standardize(nn.Module):
    """Subtract a mean and divide by a standard deviation, channel by channel.

    Parameters
    ----------
    n_channels : int
        Number of channels of the output. An input of one channel is repeated.

    mean, std : sequence of float, default=None
        0 and 1 if None, until :meth:`learn` is called. They are buffers: a state dict
        holds them.
    """

    def __init__(self, n_channels, mean=None, std=None):
        super().__init__()
        mean = torch.zeros(n_channels) if mean is None else torch.tensor(mean)
        std = torch.ones(n_channels) if std is None else torch.tensor(std)
        self.register_buffer("mean", mean.reshape(1, -1, 1, 1).float())
        self.register_buffer("std", std.reshape(1, -1, 1, 1).float())

    def learn(self, images):
        """Take the mean and the standard deviation of training images.

        Parameters
        ----------
        images : ndarray of shape (n, height, width, n_channels), uint8 or float32
        """
        mean, std = channel_statistics(images)
        self.mean.copy_(mean.reshape(1, -1, 1, 1))
        self.std.copy_(std.reshape(1, -1, 1, 1))

    def forward(self, x):
        """Standardise a batch of shape (n, 1 or n_channels, height, width)."""
        # contiguous: broadcasting one channel to three loses channels-last.
        y = (x - self.mean) / self.std
        return y.contiguous(memory_format=torch.channels_last)


class GlobalMeanPool(nn.Module):
    """Mean over height and width; its CUDA backward pass is deterministic."""

    def forward(self, x):
        """Pool a batch of shape (n, n_channels, height, width)."""
        return x.mean((2, 3))


def channel_statistics(images):
    """Return the mean and standard deviation of each channel, as a network sees them.

    Parameters
    ----------
    images : ndarray of shape (n, height, width, n_channels)
        uint8, which is scaled to [0, 1], or other numbers.

    Returns
    -------
    mean, std : Tensor of shape (n_channels,)
        The deviation of a constant channel is 1.
    """
    scale = 255 if images.dtype == np.uint8 else 1
    # In chunks: images of 8 bits would take eight times their memory as float64.
    sums = np.zeros((2, images.shape[-1]))
    for chunk in np.array_split(images, -(-len(images) // _CHUNK)):
        pixels = chunk.reshape(-1, images.shape[-1]) / np.float64(scale)
        sums += pixels.sum(axis=0), np.square(pixels).sum(axis=0)
    mean, square = sums / np.prod(images.shape[:-1])
    std = np.sqrt(np.maximum(square - mean**2, 0))
    std = np.where(std > 1e-6, std, 1)
    return torch.from_numpy(mean).float(), torch.from_numpy(std).float()


def find_present(images, missing):
    """Find the channels that hold an image.

    Parameters
    ----------
    images : Tensor of shape (n, n_channels, height, width)

    missing : float
        0 or NaN, the number in every pixel of a missing image. With 0, a channel
        without a pixel above 0 is missing.

    Returns
    -------
    present : Tensor of shape (n, n_channels), dtype bool
    """
    if math.isnan(missing):
        return ~images.isnan().flatten(2).all(2)
    return images.flatten(2).amax(2) > 0
