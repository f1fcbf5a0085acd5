"""Find what a machine has drawn into an image: text, calipers, coloured marks."""

import numpy as np
from scipy import ndimage

__all__ = ["find_overlays"]

_COLOUR = 30  # grey levels between a colour and the tint of the image
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
    grey = image if image.ndim == 2 else image.max(axis=2)
    marks = _find_strokes(grey.astype(np.float32))
    if image.ndim == 3:
        marks |= _drop_specks(_find_colours(image.astype(np.float32)))
    return ndimage.binary_dilation(marks, iterations=_HALO)


def _find_colours(image):
    """Find pixels whose colour is not the tint of the image."""
    grey = image.mean(axis=2)
    chroma = image - grey[..., np.newaxis]
    if np.abs(chroma).max() <= _COLOUR:
        return np.zeros(grey.shape, dtype=bool)
    tint = _tint_by_level(chroma, grey)
    return np.abs(chroma - tint).max(axis=2) > _COLOUR


def _tint_by_level(chroma, grey):
    """Return the median chroma of the pixels with each of 16 ranges of grey levels."""
    levels = np.clip(grey // 16, 0, 15).astype(int)
    tint = np.zeros((16, 3), dtype=np.float32)
    for level in np.unique(levels):
        tint[level] = np.median(chroma[levels == level], axis=0)
    # A mark may hold most pixels of a rare level: no tint is that strong.
    tint = np.where(np.abs(tint) > _COLOUR, 0, tint)
    return tint[levels]


def _find_strokes(grey):
    """Find thin upright strokes, and thin strokes of any direction near them."""
    thin = grey - ndimage.grey_opening(grey, size=(1, _THIN)) >= _STEP
    upright = ndimage.binary_opening(thin, np.ones((_UPRIGHT, 1)))
    if not upright.any():
        return upright
    near = ndimage.maximum_filter(upright, size=2 * _NEAR + 1)
    opened = ndimage.grey_opening(grey, size=(_THIN, _THIN))
    return near & (grey - opened >= _WEAK_STEP)


def _drop_specks(marks):
    """Leave out marks of a few pixels."""
    labels, _ = ndimage.label(marks, structure=np.ones((3, 3)))
    keep = np.bincount(labels.ravel()) >= _FEWEST
    keep[0] = False
    return keep[labels]
