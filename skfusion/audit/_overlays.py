"""Colour, calipers and text that were drawn into an image.

An ultrasound machine draws with colours, or with hard thin strokes of pure white. Both
are counted in the cells of a grid, so that what most images of a data set have at the
same place (a logo, a drawing of the breast) can be told from what few of them have.
"""

import numpy as np
from scipy.ndimage import binary_dilation, binary_opening, grey_opening

__all__ = ["OVERLAY_COLUMNS", "count_overlays", "measure_overlays"]

#: Pixels with the colours of Doppler, and pixels of calipers, text and frames.
OVERLAY_COLUMNS = ["colour_pixels", "mark_pixels"]

_GRID = 32  # cells of a side
_LONGEST = 640  # side in pixels; of a larger image, a smaller copy is searched
_COLOURED = 40  # how far Doppler is from the tint of the image, in grey values
_YELLOW = 24  # how far a mark is from it, towards yellow or green
_MOST_TINT = 50  # a stronger colour is none of the image itself
_LEAST_PIXELS = 4  # in a cell; fewer are the fringe of an edge
_WHITE = 170  # least value of a white stroke
_STEP = 90  # how far a stroke is above what is wider than it
_WIDTH, _HEIGHT = 5, 4  # a stroke is narrower, and at least as high
_LEAST_STROKES = 15  # pixels of them; speckle may have a few
_SHARED = 0.2  # share of the images that have something at a place that all share
_LEAST_IMAGES = 20  # with fewer, nothing is shared


def measure_overlays(picture, is_inverted=False):
    """Count the pixels that were drawn into one image, in the cells of a grid.

    Parameters
    ----------
    picture : PIL.Image.Image
        Of the mode RGB or L.

    is_inverted : bool, default=False
        Whether white strokes are black in this image.

    Returns
    -------
    cells : ndarray of shape (3, 1024), dtype uint16, or None
        Number of pixels of Doppler, of coloured marks and of white strokes in each
        cell; None if there are none.
    """
    factor = -(-max(picture.size) // _LONGEST)
    picture = picture.reduce(factor) if factor > 1 else picture
    grey = np.asarray(picture.convert("L"))
    masks = [
        *_find_colours(picture, grey),
        _white_strokes(255 - grey if is_inverted else grey),
    ]
    cells = np.stack([_count_cells(mask) for mask in masks]).astype(np.uint16)
    return cells if cells.any() else None


def _find_colours(picture, grey):
    """Return the pixels of Doppler, and those of coloured marks.

    A colour is the difference to the tint of the image, the mean colour of all pixels
    that are about as bright: the grey of many machines is a little blue.
    """
    if picture.mode != "RGB":
        return np.zeros((2, *grey.shape), dtype=bool)
    red, green, blue = np.moveaxis(np.asarray(picture, dtype=np.int16), 2, 0)
    red, blue = red - green, blue - green
    if not (red.any() or blue.any()):
        return np.zeros((2, *grey.shape), dtype=bool)
    level = grey >> 4
    red, blue = _without_tint(red, level), _without_tint(blue, level)
    doppler = (red > _COLOURED) | (blue > _COLOURED)
    return doppler, ~doppler & ((blue < -_YELLOW) | (red < -_YELLOW))


def _without_tint(difference, level):
    """Subtract the mean difference of all pixels of the same level of grey."""
    is_plain = np.abs(difference) < _MOST_TINT
    plain = level[is_plain]
    n = np.maximum(np.bincount(plain, minlength=16), 1)
    tint = np.bincount(plain, difference[is_plain], minlength=16) / n
    return difference - tint.astype(np.int16)[level]


def _white_strokes(grey):
    """Return the pixels of thin white strokes that are upright.

    Those of letters and crosses are. Bright layers of tissue are thin, too, but they
    lie across the beam of an ultrasound probe.
    """
    if grey.max(initial=0) < _WHITE:
        return np.zeros(grey.shape, dtype=bool)
    wide = grey_opening(grey, size=(1, _WIDTH))
    thin = (grey >= _WHITE) & (grey - wide > _STEP)
    return binary_opening(thin, np.ones((_HEIGHT, 1), dtype=bool))


def _count_cells(mask):
    """Return the number of pixels of a mask in each cell."""
    if not mask.any():  # nearly always
        return np.zeros(_GRID**2, dtype=np.int64)
    y, x = np.nonzero(mask)
    height, width = mask.shape
    cell = (y * _GRID // height) * _GRID + x * _GRID // width
    return np.minimum(np.bincount(cell, minlength=_GRID**2), 2**15 - 1)


def count_overlays(cells, strata):
    """Count the pixels of each image that most other images do not have, too.

    Parameters
    ----------
    cells : sequence of (ndarray or None) of length n_images
        Results of :func:`measure_overlays`.

    strata : array-like of shape (n_images,)
        Images that may share a drawing: those of one data set and one size.

    Returns
    -------
    counts : ndarray of shape (n_images, 2)
        The values of ``OVERLAY_COLUMNS``.

    n_shared : ndarray of shape (n_images,)
        Number of pixels that were left out, at places where more than a fifth of the
        images of the stratum have some.
    """
    counts, n_shared = np.zeros((len(cells), 2)), np.zeros(len(cells), dtype=np.int64)
    strata = np.asarray(strata)
    for stratum in np.unique(strata):
        rows = np.flatnonzero(strata == stratum)
        shared = _find_shared(cells, rows)
        for row in rows:
            if cells[row] is not None:
                own = cells[row][:, ~shared].astype(np.int64)
                own[:2][own[:2] < _LEAST_PIXELS] = 0
                doppler, marks, strokes = own.sum(axis=1)
                strokes = strokes if strokes >= _LEAST_STROKES else 0
                counts[row] = doppler, marks + strokes
                n_shared[row] = cells[row][:, shared].sum()
    return counts, n_shared


def _find_shared(cells, rows):
    if len(rows) < _LEAST_IMAGES:
        return np.zeros(_GRID**2, dtype=bool)
    n_with = np.zeros(_GRID**2)
    for row in rows:
        if cells[row] is not None:
            n_with += (cells[row] > 0).any(axis=0)
    shared = (n_with > _SHARED * len(rows)).reshape(_GRID, _GRID)
    return binary_dilation(shared, np.ones((3, 3), dtype=bool)).ravel()
