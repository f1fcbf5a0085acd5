"""Whether the polarity of a mammogram is inverted."""

import numpy as np

__all__ = ["BRIGHT", "border_median", "is_inverted"]

_BORDER = 0.05  # of the shorter side; scans of film have a frame in the outer 2 %
#: Median of the border above which the polarity of a mammogram is inverted.
BRIGHT = 0.5


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
        Whether the median of the border is above 0.5. It is as wide as a twentieth of
        the shorter side.

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


def border_median(image):
    """Return the median of the border, a twentieth of the shorter side wide.

    Parameters
    ----------
    image : ndarray of shape (H, W)

    Returns
    -------
    median : float
    """
    width = max(1, round(_BORDER * min(image.shape)))
    border = [
        image[:width].ravel(),
        image[-width:].ravel(),
        image[width:-width, :width].ravel(),
        image[width:-width, -width:].ravel(),
    ]
    return float(np.median(np.concatenate(border)))
