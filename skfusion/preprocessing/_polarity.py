"""Invert mammograms whose air is bright."""

from ..images._polarity import is_inverted
from ._base import ImageCleaner

__all__ = ["PolarityFixer"]


class PolarityFixer(ImageCleaner):
    _modality = "mammography"

    def _clean(self, image, colour=None):
        if is_inverted(image.mean(axis=2)):
            return 1 - image, [1]
        return image, [0]
