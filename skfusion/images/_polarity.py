"""Whether the polarity of a mammogram is inverted."""

import numpy as np

__all__ = ["BRIGHT", "border_median", "is_inverted"]

#: Median of the border above which a mammogram is inverted.
BRIGHT = 0.5
_BORDER = 0.05  # of the shorter side; scans of film have a frame in the outer 2 %


def border_median(image):
    """Return the median of the border of an image.

    Parameters
    ----------
    image : ndarray of shape (H, W)

    Returns
    -------
    median : float
        Of the pixels that are at most a twentieth of the shorter side from the edge.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.images._polarity import border_median
    >>> image = np.full((8, 8), 0.9)
    >>> image[1:-1, 1:-1] = 0.2
    >>> border_median(image)
    0.9
    """
    width = max(1, round(_BORDER * min(image.shape)))
    border = [
        image[:width].ravel(),
        image[-width:].ravel(),
        image[width:-width, :width].ravel(),
        image[width:-width, -width:].ravel(),
    ]
    return float(np.median(np.concatenate(border)))


def is_inverted(image):
    """Return whether an image has a bright border, and so inverted polarity.

    The border of a mammogram is mostly air, which is black where 1 is bright. The
    median of the border is bright in an image whose polarity is inverted, as in files
    that were converted from MONOCHROME1 without regard to that tag.

    Parameters
    ----------
    image : ndarray of shape (H, W), in [0, 1]
        A mammogram. The border of an ultrasound image is no air.

    Returns
    -------
    is_inverted : bool
        Whether the median of the border is above 0.5.

    See Also
    --------
    border_median : The median and how wide the border is.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.images._polarity import is_inverted
    >>> image = np.zeros((8, 8))
    >>> image[2:6, :4] = 0.9  # a breast at the left edge
    >>> is_inverted(image), is_inverted(1 - image)
    (False, True)
    """
    return border_median(image) > BRIGHT
