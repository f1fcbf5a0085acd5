"""Colour, calipers and text that were drawn into an image."""

import numpy as np
from PIL import Image, ImageChops

__all__ = ["OVERLAY_COLUMNS", "measure_overlays"]

#: Share of the pixels that have a colour, and number of marks.
OVERLAY_COLUMNS = ["coloured"]

_COLOURED = 32  # difference of two channels; JPEG changes less


def measure_overlays(pixels, grey):
    """Measure what is drawn into one image.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, 3), uint8, or of shape (H, W)
        Colour or grey.

    grey : ndarray of shape (H, W)

    Returns
    -------
    numbers : list of float
        The values of ``OVERLAY_COLUMNS``.
    """
    if pixels.ndim == 2:
        return [0.0]
    spread = pixels.max(axis=2) - pixels.min(axis=2)
    return [float((spread > _COLOURED).mean())]
