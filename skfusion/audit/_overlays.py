"""Colour, calipers and text that were drawn into an image.

An ultrasound machine draws with colours, or with hard thin strokes of pure white. Both
are counted in the cells of a grid, so that what most images of a data set have at the
same place (a logo, a drawing of the breast) can be told from what few of them have.
"""

import numpy as np
from scipy.ndimage import binary_dilation

from ..images._overlays import find_colours, find_strokes

__all__ = ["OVERLAY_COLUMNS", "count_overlays", "measure_overlays"]

#: Pixels with the colours of Doppler, and pixels of calipers, text and frames.
OVERLAY_COLUMNS = ["colour_pixels", "mark_pixels"]

_GRID = 32  # cells of a side
_LONGEST = 640  # side in pixels; of a larger image, a smaller copy is searched
_LEAST_PIXELS = 4  # in a cell; fewer are the fringe of an edge
_STEP = 17  # grey levels between a colour and the tint of the image
#: Strokes that tissue does not have; a finding should be no false alarm.
_CERTAIN = {"width": 5, "step": 91, "least": 170}
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
    pixels = np.asarray(picture)
    strokes = find_strokes(255 - pixels if is_inverted else pixels, **_CERTAIN)
    colours = np.zeros((2, *strokes.shape), dtype=bool)
    if pixels.ndim == 3:
        colours = find_colours(pixels, step=_STEP)
    masks = [*colours, strokes & ~colours.any(axis=0)]
    cells = np.stack([_count_cells(mask) for mask in masks]).astype(np.uint16)
    return cells if cells.any() else None


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
        Number of pixels that were left out, near places where more than a fifth of the
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
    """Find the cells near which many images have something, if not in the same cell."""
    around = np.ones((3, 3), dtype=bool)
    n_with = np.zeros((_GRID, _GRID), dtype=np.int64)
    if len(rows) >= _LEAST_IMAGES:
        for row in rows:
            if cells[row] is not None:
                is_drawn = cells[row].any(axis=0).reshape(_GRID, _GRID)
                n_with += binary_dilation(is_drawn, around)
    return binary_dilation(n_with > _SHARED * len(rows), around).ravel()
