"""Images in 8 bits."""

import numpy as np

__all__ = ["from_uint8", "to_uint8"]


def to_uint8(images):
    """Return images in [0, 1] as uint8; numbers outside are cut off.

    Parameters
    ----------
    images : ndarray of any shape
        Those that are uint8 already are not changed.

    Returns
    -------
    images : ndarray of the same shape, dtype uint8

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.images._eight_bits import to_uint8
    >>> to_uint8(np.array([-1.0, 0.2, 2.0]))
    array([  0,  51, 255], dtype=uint8)
    """
    if images.dtype == np.uint8:
        return images
    return np.rint(np.clip(images, 0, 1) * 255).astype(np.uint8)


def from_uint8(images):
    """Return images as float32, where uint8 becomes [0, 1].

    Parameters
    ----------
    images : ndarray of any shape
        Those that are not uint8 are not changed.

    Returns
    -------
    images : ndarray of the same shape

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.images._eight_bits import from_uint8
    >>> from_uint8(np.array([0, 51, 255], dtype=np.uint8))
    array([0. , 0.2, 1. ], dtype=float32)
    """
    if images.dtype != np.uint8:
        return images
    return images.astype(np.float32) / np.float32(255)
