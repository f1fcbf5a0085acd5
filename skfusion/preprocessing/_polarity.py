"""Invert mammograms whose air is bright."""

from ..images._polarity import is_inverted
from ._base import ImageCleaner

__all__ = ["PolarityFixer"]


class PolarityFixer(ImageCleaner):
    """Transformer that inverts mammograms whose air is bright.

    A mammogram is inverted if the median of its outermost pixels is above 0.5. Use it
    where no table names the inverted images: a column ``inverted`` of X is used
    without it by every model.

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

    See Also
    --------
    skfusion.datasets.load_rsna : Marks the inverted images of RSNA in ``inverted``.

    Notes
    -----
    Of an array, numbers that are not uint8 or uint16 are taken to be in [0, 1]. Rows
    whose column ``modality`` is not "mammography" are not changed.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.preprocessing import PolarityFixer
    >>> X = np.zeros((2, 8, 8), dtype=np.uint8)
    >>> X[:, 2:6, :4] = 200
    >>> X[1] = 255 - X[1]
    >>> PolarityFixer().fit_transform(X)[:, 0, 0]
    array([0, 0], dtype=uint8)
    """

    _modality = "mammography"

    def _clean(self, image, colour=None):
        if is_inverted(image.mean(axis=2)):
            return 1 - image, [1]
        return image, [0]
