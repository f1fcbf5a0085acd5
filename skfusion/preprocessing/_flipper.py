"""Flip mammograms so that all breasts look one way."""

from ._base import ImageCleaner
from ._breast import find_breast

__all__ = ["LateralityFlipper"]


class LateralityFlipper(ImageCleaner):
    _modality = "mammography"
    _sought = "breast"

    def _clean(self, image, colour=None):
        breast, _ = find_breast(image)
        if not breast.any():
            return image, None
        half = breast.shape[1] // 2
        n_left, n_right = breast[:, :half].sum(), breast[:, -half:].sum()
        if half == 0 or n_left >= n_right:
            return image, [0]
        return image[:, ::-1], [image.shape[1]]

    def _move(self, box, change):
        (width,) = change
        if not width:
            return box
        return width - box[2], box[1], width - box[0], box[3]
