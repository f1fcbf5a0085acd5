"""Convert colours and stored values to grey in [0, 1]."""

import numpy as np

__all__ = [
    "apply_lookup_table",
    "apply_window",
    "bands",
    "in_bands",
    "luma",
    "to_unit_range",
]

# ITU-R BT.601, in thousandths. With integers, a grey pixel that is stored as RGB has
# exactly the same value as if it were stored as grey.
_LUMA = np.array([299, 587, 114])

# Number of pixels that are converted to grey at once.
_BAND = 2**18


def bands(shape):
    """Yield slices of rows that together cover an image.

    Parameters
    ----------
    shape : tuple of (height, width)
        Shape of the image.

    Yields
    ------
    rows : slice
        Rows of about 262,000 pixels.

    Examples
    --------
    >>> from skfusion.images._formats._grey import bands
    >>> list(bands((4096, 128)))
    [slice(0, 2048, None), slice(2048, 4096, None)]
    """
    height, width = shape
    step = max(1, _BAND // width)
    for top in range(0, height, step):
        yield slice(top, min(top + step, height))


def in_bands(convert, shape):
    """Convert an image to grey in bands of rows, so that the whole image is not copied.

    Parameters
    ----------
    convert : callable
        Function that takes a slice of rows and returns their grey values in [0, 1].

    shape : tuple of (height, width)
        Shape of the image.

    Returns
    -------
    image : float32 ndarray of shape (height, width), in [0, 1]

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.images._formats._grey import in_bands
    >>> stored = np.array([[0, 1], [2, 4]])
    >>> in_bands(lambda rows: stored[rows] / 4, stored.shape).tolist()
    [[0.0, 0.25], [0.5, 1.0]]
    """
    image = np.empty(shape, np.float32)
    for rows in bands(shape):
        image[rows] = convert(rows)
    return image


def luma(colour):
    """Return the grey values of an RGB array of integers, at its full depth.

    Parameters
    ----------
    colour : ndarray of shape (H, W, 3) or (H, W, 4), unsigned integers
        Red, green, blue. A fourth channel (alpha) is ignored.

    Returns
    -------
    grey : float64 ndarray of shape (H, W)
        ITU-R BT.601 luma, on the scale of `colour`.

    References
    ----------
    Recommendation ITU-R BT.601-7, 2.5.1.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.images._formats._grey import luma
    >>> luma(np.array([[[255, 255, 255], [255, 0, 0]]], dtype=np.uint8)).tolist()
    [[255.0, 76.245]]
    """
    grey = np.zeros(colour.shape[:2], dtype=np.uint64)
    for channel, weight in enumerate(_LUMA):
        grey += colour[:, :, channel].astype(np.uint64) * np.uint64(weight)
    return grey / 1000


def to_unit_range(values, low, high):
    """Map ``low`` to 0 and ``high`` to 1, and clip values outside this range.

    Parameters
    ----------
    values : ndarray of shape (H, W)
        Any numbers.

    low, high : float
        The range that the values can have. If it has no extent, the result is 0.

    Returns
    -------
    image : float32 ndarray of shape (H, W), in [0, 1]

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.images._formats._grey import to_unit_range
    >>> to_unit_range(np.array([[0, 2048, 5000]]), 0, 4096).tolist()
    [[0.0, 0.5, 1.0]]
    """
    if high <= low:
        return np.zeros(values.shape, dtype=np.float32)
    # Use float64 only if float32 would lose bits of the stored values.
    precise = np.float32 if values.dtype.itemsize <= 2 else np.float64
    image = (values.astype(precise) - low) / (high - low)
    return np.clip(image, 0, 1).astype(np.float32)


def apply_lookup_table(values, table, first):
    """Look up each value in a table whose first entry belongs to ``first``.

    Smaller values get the first entry, and values beyond the table get the last one.

    Parameters
    ----------
    values : ndarray
        Input values, which are rounded to integers.

    table : ndarray of shape (n_entries,)
        The lookup table.

    first : int
        Input value of the first entry.

    Returns
    -------
    mapped : ndarray of the shape of `values` and the dtype of `table`

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.images._formats._grey import apply_lookup_table
    >>> table = np.array([5, 7, 9], dtype=np.uint8)
    >>> apply_lookup_table(np.array([[0, 10, 11, 300]]), table, 10).tolist()
    [[5, 5, 7, 9]]
    """
    indices = np.rint(values).astype(np.int64) - first
    return table[np.clip(indices, 0, len(table) - 1)]


def apply_window(values, center, width, function="LINEAR"):
    """Apply a DICOM window and scale its output range to [0, 1].

    Parameters
    ----------
    values : ndarray of shape (H, W)
        Values after the modality LUT.

    center, width : float
        WindowCenter and WindowWidth.

    function : {"LINEAR", "LINEAR_EXACT", "SIGMOID"}, default="LINEAR"
        VOILUTFunction.

    Returns
    -------
    image : float32 ndarray of shape (H, W), in [0, 1]

    References
    ----------
    DICOM PS3.3, C.11.2.1.2 and C.11.2.1.3.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.images._formats._grey import apply_window
    >>> apply_window(np.array([[-1, 0, 2047.5, 4095]]), 2048, 4096).tolist()
    [[0.0, 0.0, 0.5, 1.0]]
    """
    if function == "SIGMOID":
        steepness = np.clip(-4 * (values - center) / width, -80, 80)
        return (1 / (1 + np.exp(steepness))).astype(np.float32)
    if function == "LINEAR":
        center, width = center - 0.5, width - 1
    if width == 0:
        return (values > center).astype(np.float32)
    return to_unit_range(values, center - width / 2, center + width / 2)
