"""The steps of cleaning whose kappa did not gain, which are not part of skfusion.

``docs/studies/preprocessing.py`` measures them.
"""

from numbers import Real

import numpy as np

from skfusion._validation._private import Interval
from skfusion.images._breast import find_breast
from skfusion.images._polarity import is_inverted
from skfusion.preprocessing._base import ImageCleaner


class BreastCropper(ImageCleaner):
    """Crop files of mammograms to the largest bright part, with a margin."""

    _modality = "mammography"
    _sought = "breast"

    _parameter_constraints: dict = {
        **ImageCleaner._parameter_constraints,
        "margin": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(self, *, margin=0.02, folder=True):
        super().__init__(folder=folder)
        self.margin = margin

    def _clean(self, image, colour=None):
        breast, step = find_breast(image)
        if not breast.any():
            return image, None
        rows, columns = (np.flatnonzero(breast.any(axis=axis)) for axis in (1, 0))
        y0, y1 = rows[0] * step, (rows[-1] + 1) * step
        x0, x1 = columns[0] * step, (columns[-1] + 1) * step
        extra = round(self.margin * max(y1 - y0, x1 - x0))
        height, width = image.shape[:2]
        y0, x0 = max(0, int(y0) - extra), max(0, int(x0) - extra)
        y1, x1 = min(height, int(y1) + extra), min(width, int(x1) + extra)
        return image[y0:y1, x0:x1], [x0, y0]

    def _move(self, box, change):
        left, top = change
        return box[0] - left, box[1] - top, box[2] - left, box[3] - top


class PolarityFixer(ImageCleaner):
    """Invert files of mammograms whose border is bright."""

    _modality = "mammography"

    def _clean(self, image, colour=None):
        if is_inverted(image.mean(axis=2)):
            return 1 - image, [1]
        return image, [0]
