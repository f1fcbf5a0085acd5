"""Find what a machine has drawn into an image: text, calipers, coloured marks."""

from functools import reduce

import numpy as np
from scipy import ndimage

__all__ = ["find_colours", "find_overlays", "find_strokes"]

_COLOUR = 30  # grey levels between a colour and the tint of the image
_DOPPLER = 40  # grey levels that red or blue of Doppler is above green
_FEWEST = 4  # pixels of a coloured mark
_THIN = 7  # pixels, a stroke is thinner
_UPRIGHT = 4  # pixels, an upright stroke is at least as tall
_STEP = 80  # grey levels between an upright stroke and its surroundings
_WEAK_STEP = 40  # the same of other strokes, near an upright one
_NEAR = 12  # pixels, about the width of a letter
_HALO = 2  # pixels around a mark that compression and antialiasing have changed


def find_overlays(image):
    """Find the pixels of burned-in text, calipers and coloured marks.

    Two kinds of pixels are found: those whose colour differs from the tint of the
    image, and thin bright strokes near an upright one. Ultrasound and mammograms are
    grey, or grey with one tint. Bright tissue of ultrasound is wider than it is tall,
    so that thin upright strokes belong to letters, digits and calipers.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), dtype uint8
        Grey, or red, green, blue.

    Returns
    -------
    mask : ndarray of shape (H, W), dtype bool
        The marks and the 2 pixels around them.

    See Also
    --------
    find_colours : The pixels with a colour alone.
    find_strokes : The upright strokes alone.

    Notes
    -----
    Vessels and calcifications of a mammogram may be upright strokes, too. Where most
    pixels of an image have a colour, as in a photograph, that colour is its tint.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.images._overlays import find_overlays
    >>> image = np.full((40, 40, 3), 90, dtype=np.uint8)
    >>> image[20, 10:19] = image[16:25, 14] = 255, 255, 0  # a yellow cross
    >>> mask = find_overlays(image)
    >>> mask[20, 12], mask[5:15, 25:].any()
    (np.True_, np.False_)
    """
    marks = find_strokes(image)
    if marks.any():
        marks = _add_strokes_near(marks, image)
    if image.ndim == 3:
        marks = marks | find_colours(image).any(axis=0)
    return ndimage.binary_dilation(marks, iterations=_HALO) if marks.any() else marks


def find_colours(image, *, step=_COLOUR):
    """Find pixels whose colour is not the tint of the image.

    Parameters
    ----------
    image : ndarray of shape (H, W, 3), dtype uint8
        Red, green, blue.

    step : int, default=30
        Difference to the tint of the image, in grey levels, that a colour is above.

    Returns
    -------
    masks : ndarray of shape (2, H, W), dtype bool
        The pixels of Doppler, which are red or blue, and those of other colours, which
        are those of marks.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.images._overlays import find_colours
    >>> image = np.full((9, 9, 3), 90, dtype=np.uint8)
    >>> image[:2, :2] = 200, 30, 20  # blood that flows
    >>> image[5, 2:8] = 230, 220, 40  # a yellow line
    >>> find_colours(image).sum(axis=(1, 2))
    array([4, 6])
    """
    masks = np.zeros((2, *image.shape[:2]), dtype=bool)
    planes = _planes_of(image)
    if (planes.max(axis=0) - planes.min(axis=0)).max(initial=0) <= step:
        return masks
    planes = planes.astype(np.float32)
    grey = planes.sum(axis=0) / 3
    chroma = planes - grey
    if np.abs(chroma).max() <= step:
        return masks
    chroma -= _tint_by_level(chroma, grey)
    marks = _drop_specks(np.abs(chroma).max(axis=0) > step)
    red, green, blue = chroma
    masks[0] = marks & (np.maximum(red, blue) - green > _DOPPLER)
    masks[1] = marks & ~masks[0]
    return masks


def _tint_by_level(chroma, grey):
    """Return the median chroma of the pixels with each of 16 ranges of grey levels."""
    levels = (grey // 16).astype(np.uint8)
    order = np.argsort(levels, axis=None, kind="stable")
    ends = np.cumsum(np.bincount(levels.ravel(), minlength=16))
    by_level = np.split(chroma.reshape(3, -1)[:, order], ends[:-1], axis=1)
    tint = np.zeros((3, 16), dtype=np.float32)
    for level, part in enumerate(by_level):
        if part.size:
            tint[:, level] = np.median(part, axis=1)
    # A mark may hold most pixels of a rare level: no tint is that strong.
    tint[np.abs(tint) > _COLOUR] = 0
    return tint[:, levels]


def find_strokes(image, *, width=_THIN, step=_STEP, least=0):
    """Find thin bright strokes that are upright.

    Those of letters, digits and crosses are.

    Parameters
    ----------
    image : ndarray of shape (H, W) or (H, W, 3), dtype uint8
        Grey, or colours, of which the brightest channel is used.

    width : int, default=7
        Odd number of pixels; a stroke is thinner.

    step : int, default=80
        Least difference to what is beside a stroke, in grey levels.

    least : int, default=0
        Least grey level of a stroke.

    Returns
    -------
    mask : ndarray of shape (H, W), dtype bool

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.images._overlays import find_strokes
    >>> image = np.full((40, 40), 90, dtype=np.uint8)
    >>> image[20, 10:19] = image[16:25, 14] = 255  # a white cross
    >>> find_strokes(image).sum()  # its horizontal stroke is not upright
    np.int64(8)
    """
    grey = _brightest(image)
    thin = (grey >= least) & (grey - _open(grey, width, axes=(1,)) >= step)
    return _keep_upright(thin)


def _add_strokes_near(upright, image):
    """Add thin strokes of any direction near upright ones."""
    near = upright
    for axis in (0, 1):
        near = _slide(near, np.maximum, 2 * _NEAR + 1, axis)
    grey = _brightest(image)
    return near & (grey - _open(grey, _THIN, axes=(0, 1)) >= _WEAK_STEP)


def _brightest(image):
    return image if image.ndim == 2 else _planes_of(image).max(axis=0)


def _planes_of(image):
    """Return the channels one after another, which NumPy reduces much faster."""
    return np.ascontiguousarray(np.moveaxis(image, 2, 0))


def _open(grey, width, axes):
    """Remove what is bright and thin (a morphological opening)."""
    for function in (np.minimum, np.maximum):
        for axis in axes:
            grey = _slide(grey, function, width, axis)
    return grey


def _slide(image, function, width, axis):
    """Return the least or greatest of the pixels around each one, in a row."""
    half = width // 2
    margin = [(half, half) if i == axis else (0, 0) for i in range(2)]
    padded = np.moveaxis(np.pad(image, margin, mode="edge"), axis, 0)
    n = image.shape[axis]
    slid = reduce(function, (padded[i : i + n] for i in range(width)))
    return np.moveaxis(slid, 0, axis)


def _keep_upright(thin):
    """Keep pixels of vertical runs (a binary opening)."""
    upright = np.zeros_like(thin)
    n = len(thin) - _UPRIGHT + 1
    if n < 1 or not thin.any():
        return upright
    rows = [slice(i, i + n) for i in range(_UPRIGHT)]
    is_run = np.logical_and.reduce([thin[row] for row in rows])
    for row in rows:
        upright[row] |= is_run
    return upright


def _drop_specks(marks):
    """Leave out marks of a few pixels."""
    labels, _ = ndimage.label(marks, structure=np.ones((3, 3)))
    keep = np.bincount(labels.ravel()) >= _FEWEST
    keep[0] = False
    return keep[labels]
