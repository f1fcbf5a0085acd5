"""Random augmentation of a batch, drawn for each image."""

import torch
from torch.nn import functional

from ..images._augment import AUGMENTATION_LIMITS
from ..networks._layers import find_present
from ._images import send

__all__ = ["augment_batch", "augment_channels", "augment_present"]

_DRAWN = ("angle", "scale", "mirror", "shift", "shift", "contrast", "brightness")


def augment_batch(images, strength=1.0):
    """Flip, rotate, scale, shift and re-expose each image of a batch at random.

    The limits are those of :func:`skfusion.images.augment_image`, times the strength.
    Pixels from outside the image are 0. Random numbers come from torch's generator.

    Parameters
    ----------
    images : Tensor of shape (n, n_channels, height, width)

    strength : float, default=1.0
        Factor of all limits.

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
    *moves, contrast, brightness = _draw(len(images), strength, images.device)
    grid = functional.affine_grid(_affine(*moves), images.shape, align_corners=False)
    moved = functional.grid_sample(images, grid, align_corners=False)
    exposed = _expose(moved, contrast, brightness)
    return exposed.contiguous(memory_format=torch.channels_last)


def augment_channels(images, strength=1.0):
    """Augment each channel of a batch as an image by itself.

    Parameters
    ----------
    images, strength
        The same as in :func:`augment_batch`. A channel that is 0, or NaN, everywhere
        stays so.

    Returns
    -------
    images : Tensor of the same shape, channels last
    """
    single = images.reshape(-1, 1, *images.shape[2:])
    changed = augment_batch(single, strength).reshape(images.shape)
    return changed.contiguous(memory_format=torch.channels_last)


def augment_present(images, augment, missing=0.0):
    """Augment a batch by a callable; images that are missing stay so.

    Parameters
    ----------
    images : Tensor of shape (n, n_channels, height, width)

    augment : callable
        Takes and returns such a batch.

    missing : float, default=0.0
        The number in every pixel of a missing image.

    Returns
    -------
    images : Tensor of the same shape
    """
    present = find_present(images, missing)[..., None, None]
    return torch.where(present, augment(images), missing)


def _draw(n, strength, device):
    """Draw each change of n images: a row for each name in _DRAWN."""
    limits = {name: strength * limit for name, limit in AUGMENTATION_LIMITS.items()}
    limits = torch.tensor([limits.get(name, 1.0) for name in _DRAWN]).unsqueeze(1)
    # Drawn on the CPU, so that every device gets the same numbers.
    return send((2 * torch.rand(len(_DRAWN), n) - 1) * limits, device)


def _affine(angle, scale, mirror, right, down):
    """Return the maps from output to input coordinates, both in [-1, 1]."""
    angle, zoom = torch.deg2rad(angle), 1 / (1 + scale)
    mirror = torch.where(mirror < 0, -1.0, 1.0)
    cosine, sine = zoom * angle.cos(), zoom * angle.sin()
    # A shift is a fraction of the side, and the side is 2 long here.
    rows = [mirror * cosine, -mirror * sine, 2 * right, sine, cosine, 2 * down]
    return torch.stack(rows, dim=1).reshape(-1, 2, 3)


def _expose(images, contrast, brightness):
    deviation, mean = torch.std_mean(images, (1, 2, 3), keepdim=True)
    contrast, brightness = (c.reshape(-1, 1, 1, 1) for c in (contrast, brightness))
    return torch.addcmul(mean + brightness * deviation, images - mean, 1 + contrast)
