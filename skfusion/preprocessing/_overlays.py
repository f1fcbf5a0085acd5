"""Remove text, calipers and coloured marks."""

import numpy as np
from scipy import ndimage

from ..images._eight_bits import to_uint8
from ..images._overlays import find_overlays
from ._base import ImageCleaner

__all__ = ["OverlayRemover"]

_SMOOTH = 2.0  # pixels


class OverlayRemover(ImageCleaner):
    _modality = "ultrasound"
    _reads_colour = True

    def _clean(self, image, colour=None):
        if colour is None:
            n_channels = image.shape[2]
            colour = to_uint8(image[..., :3] if n_channels > 2 else image[..., 0])
        mask = find_overlays(colour)
        if not mask.any() or mask.all():
            return image, [0]
        return _fill(image, mask), [int(mask.sum())]


def _fill(image, mask):
    """Fill pixels from the nearest others, smoothed."""
    nearest = ndimage.distance_transform_edt(
        mask, return_distances=False, return_indices=True
    )
    filled = image[tuple(nearest)]
    smooth = ndimage.gaussian_filter(filled, (_SMOOTH, _SMOOTH, 0))
    return np.where(mask[..., np.newaxis], smooth, image)
