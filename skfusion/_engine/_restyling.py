"""Random changes of the look of the images of a batch."""

import torch
from torch.nn import functional

from ._images import send

__all__ = ["restyle_batch"]

# The limits between which the change of each image is drawn evenly.
_LOG_GAMMA = (-0.5, 0.5)
_LOG_DEPTH_GAIN = (-0.6, 0.6)  # from the upper to the lower edge
_BLUR = (-0.3, 1.0)  # below 0 the image is sharpened
_GRAIN = (0.0, 0.15)


def restyle_batch(images):
    """Change gamma, depth gain, sharpness and grain of each image at random.

    A network that has seen many styles depends less on that of one scanner. Random
    numbers come from torch's generator.

    Parameters
    ----------
    images : Tensor of shape (n, n_channels, height, width)
        Pixels in [0, 1].

    Returns
    -------
    images : Tensor of the same shape, channels last

    Examples
    --------
    >>> import torch
    >>> from skfusion._engine import restyle_batch
    >>> restyle_batch(torch.rand(4, 1, 16, 16)).shape
    torch.Size([4, 1, 16, 16])
    """
    images = images.clamp(1e-3, 1) ** _draw(_LOG_GAMMA, images).exp()
    depth = torch.linspace(-0.5, 0.5, images.shape[2], device=images.device)
    images = images * (_draw(_LOG_DEPTH_GAIN, images) * depth[:, None]).exp()
    blurred = functional.avg_pool2d(images, 3, 1, padding=1)
    images = torch.lerp(images, blurred, _draw(_BLUR, images))
    images = images * (_draw(_GRAIN, images) * _draw_grain(images)).exp()
    return images.clamp(0, 1).contiguous(memory_format=torch.channels_last)


def _draw(limits, images):
    """Draw a number for each image, of shape (n, 1, 1, 1)."""
    low, high = limits
    # Drawn on the CPU, so that every device gets the same numbers.
    return send(low + (high - low) * torch.rand(len(images), 1, 1, 1), images.device)


def _draw_grain(images):
    """Draw noise whose grains are two pixels wide, the same in all channels."""
    height, width = images.shape[2:]
    noise = torch.randn(len(images), 1, -(-height // 2), -(-width // 2))
    noise = send(noise, images.device)
    return functional.interpolate(noise, (height, width), mode="bilinear")
