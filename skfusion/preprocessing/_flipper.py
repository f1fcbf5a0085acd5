"""Flip mammograms so that all breasts look one way."""

from ..images._breast import find_breast
from ._base import ImageCleaner

__all__ = ["LateralityFlipper"]


class LateralityFlipper(ImageCleaner):
    """Transformer that flips mammograms so that all breasts look to the right.

    The chest wall is then on the left. A mammogram is flipped if more of the breast is
    in its right half. The picture decides, not the column ``laterality``, because
    some machines flip the images themselves. The column is not changed: it names the
    breast.

    Read more in the :ref:`User Guide <preprocessing>`.

    Parameters
    ----------
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

    Notes
    -----
    The breast is the largest bright part of the image. In an image with inverted
    polarity that is not marked in the column ``inverted``, it would be the air.
    Letters in the image are mirrored, too. Rows that have another modality than
    "mammography" in the column ``modality`` are not changed; rows without a modality
    are treated as mammograms.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.preprocessing import LateralityFlipper
    >>> X = np.zeros((2, 8, 8))
    >>> X[0, 2:7, :4] = X[1, 2:7, 4:] = 0.6  # a left and a right breast
    >>> X = LateralityFlipper().fit_transform(X)
    >>> bool((X[0] == X[1]).all())
    True
    """

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
