"""Layers that several networks share."""

import math

import numpy as np
import torch
from torch import nn

__all__ = ["GlobalMeanPool", "Standardize", "channel_statistics", "find_present"]


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

    memory_format = torch.channels_last

    def __init__(self, n_channels, mean=None, std=None):
        super().__init__()
        mean = torch.zeros(n_channels) if mean is None else torch.tensor(mean)
        std = torch.ones(n_channels) if std is None else torch.tensor(std)
        self.register_buffer("mean", mean.reshape(1, -1, 1, 1).float())
        self.register_buffer("std", std.reshape(1, -1, 1, 1).float())

    def learn(self, chunks):
        """Take the mean and the standard deviation of training images.

        Parameters
        ----------
        chunks : iterable of ndarray
            Parts of the images, as in :func:`channel_statistics`.

        Returns
        -------
        has_learned : bool
            False if there is no image.
        """
        found = channel_statistics(chunks)
        if found is not None:
            self.mean.copy_(found[0].reshape(1, -1, 1, 1))
            self.std.copy_(found[1].reshape(1, -1, 1, 1))
        return found is not None

    def forward(self, x):
        """Standardise a batch of shape (n, 1 or n_channels, height, width)."""
        # contiguous: broadcasting one channel to three loses channels-last.
        y = (x - self.mean) / self.std
        return y.contiguous(memory_format=self.memory_format)


class GlobalMeanPool(nn.Module):
    """Mean over height and width; its CUDA backward pass is deterministic."""

    def forward(self, x):
        """Pool a batch of shape (n, n_channels, height, width)."""
        return x.mean((2, 3))


def channel_statistics(chunks):
    """Return the mean and standard deviation of each channel, as a network sees them.

    Parameters
    ----------
    chunks : iterable of ndarray of shape (n, height, width, n_channels)
        Parts of the images: uint8 and uint16, which are scaled to [0, 1], or other
        numbers. With uint8, the parts do not matter for the result.

    Returns
    -------
    mean, std : Tensor of shape (n_channels,), or None
        The deviation of a constant channel is 1. None if there is no image.
    """
    n_pixels, sums = 0, 0.0
    for chunk in chunks:
        if len(chunk):
            n_pixels += chunk[..., 0].size
            sums = sums + _sums(chunk)
            scale = np.iinfo(chunk.dtype).max if _is_scaled(chunk) else 1
    if not n_pixels:
        return None
    # Sums of uint8 are whole numbers, and exact in whatever order.
    mean, square = sums / np.float64(n_pixels) / [[scale], [scale**2]]
    std = np.sqrt(np.maximum(square - mean**2, 0))
    std = np.where(std > 1e-6, std, 1)
    return torch.from_numpy(mean).float(), torch.from_numpy(std).float()


def _sums(images):
    """Return the sum of each channel, and that of the squares."""
    pixels = images.reshape(-1, images.shape[-1])
    if not _is_scaled(images):
        pixels = pixels.astype(np.float64)
        return np.stack([pixels.sum(axis=0), np.square(pixels).sum(axis=0)])
    squares = np.square(pixels, dtype=f"u{2 * pixels.itemsize}")
    return np.stack(
        [pixels.sum(axis=0, dtype=np.int64), squares.sum(axis=0, dtype=np.int64)]
    )


def _is_scaled(images):
    return images.dtype in (np.uint8, np.uint16)


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
