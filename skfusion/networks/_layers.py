"""Layers that several networks share."""

import torch
from torch import nn

__all__ = ["GlobalMeanPool", "Standardize"]


class Standardize(nn.Module):
    """Subtract a mean and divide by a standard deviation, channel by channel.

    Parameters
    ----------
    n_channels : int
        Number of channels that come out. One channel that comes in is repeated.

    mean, std : sequence of float, default=None
        0 and 1 if None. They are buffers: a state dict holds them.
    """

    def __init__(self, n_channels, mean=None, std=None):
        super().__init__()
        mean = torch.zeros(n_channels) if mean is None else torch.tensor(mean)
        std = torch.ones(n_channels) if std is None else torch.tensor(std)
        self.register_buffer("mean", mean.reshape(1, -1, 1, 1).float())
        self.register_buffer("std", std.reshape(1, -1, 1, 1).float())

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
