"""Equalize the contrast of images."""

from numbers import Real

import numpy as np

from .._optional import import_optional
from .._validation._private import Interval
from ._base import ImageCleaner

__all__ = ["ContrastEqualizer"]


class ContrastEqualizer(ImageCleaner):
    _parameter_constraints: dict = {
        **ImageCleaner._parameter_constraints,
        "clip_limit": [Interval(Real, 0, 1, closed="right")],
    }

    def __init__(self, *, clip_limit=0.01, folder=True):
        super().__init__(folder=folder)
        self.clip_limit = clip_limit

    def _clean(self, image, colour=None):
        exposure = import_optional(
            "skimage.exposure", extra="contrast", purpose="ContrastEqualizer"
        )
        image = np.clip(image, 0, 1)
        channels = [
            exposure.equalize_adapthist(channel, clip_limit=self.clip_limit)
            for channel in np.moveaxis(image, -1, 0)
        ]
        return np.stack(channels, axis=-1).astype(image.dtype), [1]
