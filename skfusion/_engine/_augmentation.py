"""Random augmentation of a batch, drawn for each image."""

import torch
from torch.nn import functional

from ..images._augment import AUGMENTATION_LIMITS

__all__ = ["augment_batch"]


def augment_batch(images):
    """Flip, rotate, scale, shift and re-expose each image of a batch at random.

    The limits are those of :func:`skfusion.images.augment_image`, and so is what
    comes in from outside, 0. Random numbers come from torch's generator.

    Parameters
    ----------
    images : Tensor of shape (n, n_channels, height, width)

    Returns
    -------
    images : Tensor of the same shape, channels last

    Examples
    --------
    >>> import torch
    >>> from skfusion._engine import augment_batch
    >>> augment_batch(torch.zeros(4, 1, 16, 16)).shape
    torch.Size([4, 1, 16, 16])
    """
    grid = functional.affine_grid(
        _draw_affine(len(images), images.device), images.shape, align_corners=False
    )
    moved = functional.grid_sample(images, grid, align_corners=False)
    return _expose(moved).contiguous(memory_format=torch.channels_last)


def _draw(name, n, device):
    # Drawn on the CPU: one stream of random numbers whatever the device.
    return ((2 * torch.rand(n) - 1) * AUGMENTATION_LIMITS[name]).to(device)


def _draw_affine(n, device):
    """Maps from output to input coordinates, both in [-1, 1]."""
    angle = torch.deg2rad(_draw("angle", n, device))
    zoom = 1 / (1 + _draw("scale", n, device))
    mirror = torch.where(torch.rand(n) < 0.5, -1.0, 1.0).to(device)
    cosine, sine = zoom * angle.cos(), zoom * angle.sin()
    # A shift is a fraction of the side, and the side is 2 long here.
    right, down = 2 * _draw("shift", n, device), 2 * _draw("shift", n, device)
    rows = [mirror * cosine, -mirror * sine, right, sine, cosine, down]
    return torch.stack(rows, dim=1).reshape(n, 2, 3)


def _expose(images):
    n = len(images)
    deviation, mean = torch.std_mean(images, (1, 2, 3), keepdim=True)
    contrast = 1 + _draw("contrast", n, images.device).reshape(n, 1, 1, 1)
    brightness = _draw("brightness", n, images.device).reshape(n, 1, 1, 1)
    return torch.addcmul(mean + brightness * deviation, images - mean, contrast)
