"""Where the breast is in a mammogram."""

import numpy as np
from scipy import ndimage

__all__ = ["find_breast"]

_SIDE = 256  # pixels of the longer side at which the breast is sought
_BRIGHT = 0.1  # of the range between the darkest and the brightest percentile
_SMALLEST = 0.01  # of the image, a breast is larger
_MIN_RANGE = 0.02  # of an image that is not constant


def find_breast(image):
    """Find the breast as the largest bright part of a mammogram.

    Parameters
    ----------
    image : ndarray of shape (H, W, n_channels), floats
        Mammogram, 1 = bright.

    Returns
    -------
    breast : ndarray of shape (about H / step, about W / step), dtype bool
        Whether each `step`-th pixel belongs to the breast. Nothing is True if there is
        no bright part.

    step : int

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.preprocessing._breast import find_breast
    >>> image = np.zeros((64, 64, 1))
    >>> image[20:50, :30], image[5:9, 50:60] = 0.6, 1  # a breast and a label
    >>> breast, step = find_breast(image)
    >>> step, breast[30, 10], breast[6, 55]
    (1, np.True_, np.False_)
    """
    step = max(1, -(-max(image.shape[:2]) // _SIDE))
    grey = image[::step, ::step].mean(axis=2)
    low, high = np.percentile(grey, (1, 99))
    if high - low < _MIN_RANGE:
        return np.zeros(grey.shape, dtype=bool), step
    bright = grey > low + _BRIGHT * (high - low)
    # Without the thin lines that may join the breast to a label or an edge.
    bright = ndimage.binary_opening(np.pad(bright, 2, "edge"), iterations=2)
    labels, n_parts = ndimage.label(bright[2:-2, 2:-2])
    sizes = np.bincount(labels.ravel(), minlength=2)[1:]
    if n_parts == 0 or sizes.max() < _SMALLEST * grey.size:
        return np.zeros(grey.shape, dtype=bool), step
    return labels == 1 + np.argmax(sizes), step
