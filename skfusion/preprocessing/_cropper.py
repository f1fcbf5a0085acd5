"""Crop a mammogram to the breast."""

from numbers import Real

import numpy as np

from .._validation._private import Interval
from ._base import ImageCleaner
from ._breast import find_breast

__all__ = ["BreastCropper"]


class BreastCropper(ImageCleaner):
    """Transformer that crops mammograms to the breast.

    The breast is the largest bright part of the image. Air, labels and black borders
    take up much of a mammogram, and a network that sees it at 224 pixels has more of
    them for the breast if the rest is cut off.

    Read more in the :ref:`User Guide <preprocessing>`.

    Parameters
    ----------
    margin : float, default=0.02
        What is kept around the breast on each side, as a share of the longer side of
        the breast.

    folder : True, str or Path, default=True
        Folder of the files that are written where X holds paths. True is the folder
        ``cleaned`` in the folder that the environment variable ``SKFUSION_HOME``
        names, or in ``~/.cache/skfusion`` without it.

    Attributes
    ----------
    image_shape_ : tuple or None
        Shape of each image in ``fit``; None for paths.

    n_features_in_ : int
        Number of features in ``fit``: the length of the second axis of X.

    feature_names_in_ : ndarray of str
        Names of the columns of X, where they are strings; ``["image"]`` for paths.

    Warns
    -----
    DataQualityWarning
        If no breast is found in some images: they are left as they are, and counted
        in one warning.

    See Also
    --------
    PolarityFixer : Use it first: bright air is the largest bright part.

    Notes
    -----
    A pixel is bright if it is above the darkest percentile by a tenth of the range to
    the brightest one. Rows whose column ``modality`` is not "mammography" are not
    changed. Of paths, the files written have the size of the crop. An array must keep
    its shape: the crop is enlarged with its aspect ratio, and the rest is 0.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.preprocessing import BreastCropper
    >>> X = np.zeros((1, 64, 64), dtype=np.uint8)
    >>> X[0, 24:40, :16] = 200  # a breast, which fills a sixteenth of the image
    >>> float((BreastCropper().fit_transform(X) > 0).mean())
    1.0
    """

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
