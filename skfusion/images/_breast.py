"""Where the breast is in a mammogram."""

import numpy as np
from scipy import ndimage

__all__ = ["breast_box", "find_breast"]

_SIDE = 256  # pixels of the longer side at which the breast is sought
_BRIGHT = 0.1  # of the range between the darkest and the brightest percentile
_SMALLEST = 0.01  # of the image, a breast is larger
_MIN_RANGE = 0.02  # of an image that is not constant
_NARROW = (
    0.15  # of the widest row: scanned film has a bright strip along the chest wall
)
_AIR = 0.02  # of the longer side of the breast, for skin that is as dark as the air


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
    >>> from skfusion.images._breast import find_breast
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


def breast_box(breast, step, size):
    """Return the box of the breast, with a little air around it.

    Parameters
    ----------
    breast, step
        As :func:`find_breast` returns them.

    size : tuple of (height, width)
        Of the image, in pixels.

    Returns
    -------
    box : tuple of (x0, y0, x1, y1), int
        Pixels of the image; the last two are exclusive. The whole image if no pixel
        belongs to a breast.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.images._breast import breast_box
    >>> breast = np.zeros((100, 80), dtype=bool)
    >>> breast[:, :2] = True  # the edge of a film
    >>> breast[20:70, :30] = True
    >>> breast_box(breast, 10, (1000, 800))
    (0, 190, 310, 710)
    """
    height, width = size
    if not breast.any():
        return 0, 0, width, height
    widths = breast.sum(axis=1)
    rows = np.flatnonzero(widths >= _NARROW * widths.max())
    columns = np.flatnonzero(breast[rows[0] : rows[-1] + 1].any(axis=0))
    x0, y0, x1, y1 = (
        int(step * edge)
        for edge in (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    )
    air = round(_AIR * max(x1 - x0, y1 - y0))
    return (
        max(x0 - air, 0),
        max(y0 - air, 0),
        min(x1 + air, width),
        min(y1 + air, height),
    )
