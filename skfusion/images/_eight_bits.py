"""Images as whole numbers, in 8 or 16 bits."""

import numpy as np

__all__ = ["from_integers", "to_integers", "to_uint8"]


def to_uint8(images):
    """Return images in [0, 1] as uint8; numbers outside are cut off.

    Parameters
    ----------
    images : ndarray of any shape
        uint8 is not changed.

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
    return to_integers(images, np.uint8)


def to_integers(images, dtype):
    """Return images in [0, 1] as whole numbers; numbers outside are cut off.

    Parameters
    ----------
    images : ndarray of any shape
        Those that have the dtype are not changed.

    dtype : {"uint8", "uint16"} or such a dtype
        1 becomes its greatest number.

    Returns
    -------
    images : ndarray of the same shape, of this dtype
    """
    if images.dtype == dtype:
        return images
    return np.rint(np.clip(images, 0, 1) * np.iinfo(dtype).max).astype(dtype)


def from_integers(images):
    """Return images as float32, where the greatest whole number becomes 1.

    Parameters
    ----------
    images : ndarray of any shape
        Floats are not changed.

    Returns
    -------
    images : ndarray of the same shape

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.images._eight_bits import from_integers
    >>> from_integers(np.array([0, 51, 255], dtype=np.uint8))
    array([0. , 0.2, 1. ], dtype=float32)
    """
    if images.dtype.kind != "u":
        return images
    return images.astype(np.float32) / np.float32(np.iinfo(images.dtype).max)
