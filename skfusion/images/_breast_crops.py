"""The breast, or a patch of it, cut out of its image."""

import re
from functools import cache, partial

import numpy as np
import pandas as pd

from .._validation._columns import MODALITY, PATCH
from ._breast import breast_box, find_breast

__all__ = ["BreastCrops", "cut_square", "patch_square", "patch_texts"]

# The code that finds the breast and places patches. Raise it when a crop changes.
_FINDING = 1
_SIZE = 1.25  # side of a patch, in the distances at which patches would just meet
_PATCH = re.compile(r"(\d+),(\d+) of (\d+),(\d+)")


class BreastCrops:
    """The box of the breast of each row, or one patch of a grid over it.

    The breast is found in the image itself, once for all rows of a file. Rows that have
    another modality than "mammography" in the column ``modality`` are read whole, and
    so are images without a breast.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns) or ndarray
        Image table, or pixels. A column ``patch`` holds the patch of each row, as
        :func:`patch_texts` writes it. Rows without a patch are the whole breast.

    Raises
    ------
    ValueError
        If a row of the column ``patch`` holds something else.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.images._breast_crops import BreastCrops
    >>> image = np.zeros((64, 64, 1), dtype=np.float32)
    >>> image[20:50, :30] = 0.6
    >>> BreastCrops(np.array([image])).cutter(image)(0).shape
    (32, 31, 1)
    """

    def __init__(self, X):
        self.patches = [None] * len(X)
        self.is_other = np.zeros(len(X), dtype=bool)
        columns = getattr(X, "columns", ())
        if PATCH in columns:
            self.patches = [_parse(text, row) for row, text in enumerate(X[PATCH])]
        if MODALITY in columns:
            other = X[MODALITY].notna() & (X[MODALITY] != "mammography")
            self.is_other = other.to_numpy(dtype=bool)

    def key(self, row):
        """Return what the crop of a row depends on, beside the image."""
        patch = self.patches[row] or ()
        # Also where the image is read whole: it is decoded in full resolution, and not
        # as far as its size needs, as with region="image".
        return "breast", _FINDING, bool(self.is_other[row]), *patch

    def cutter(self, image):
        """Return the function that cuts a row out of an image of full resolution.

        Parameters
        ----------
        image : ndarray of shape (height, width, n_channels)

        Returns
        -------
        cut : callable
            From a row to its crop, of shape (height, width, n_channels).
        """
        place = self.placer(image)

        def cut(row):
            x0, y0, x1, y1 = place(row)
            if self.patches[row] is not None:
                return cut_square(image, x0, y0, x1 - x0)
            return image[y0:y1, x0:x1]

        return cut

    def placer(self, image):
        """Return the function that finds the box of a row, x0, y0, x1, y1 in pixels.

        Parameters
        ----------
        image : ndarray of shape (height, width, n_channels)

        Returns
        -------
        place : callable
            From a row to its box, which may go beyond the image for a patch alone.
        """
        find = cache(partial(find_breast, image))

        def place(row):
            breast, step = (np.zeros((1, 1), bool), 1) if self.is_other[row] else find()
            if self.patches[row] is None:
                return breast_box(breast, step, image.shape[:2])
            patch = self.patches[row]
            left, top, side = patch_square(breast, step, image.shape[:2], patch)
            return left, top, left + side, top + side

        return place


def cut_square(image, left, top, side):
    """Cut a square out of an image; pad with 0 beyond the edge.

    Parameters
    ----------
    image : ndarray of shape (height, width, n_channels)

    left, top, side : int
        Edges and side of the square in pixels. It may go beyond the image.

    Returns
    -------
    crop : ndarray of shape (side, side, n_channels)
    """
    crop = np.zeros((side, side, image.shape[2]), dtype=image.dtype)
    inside = image[max(top, 0) : top + side, max(left, 0) : left + side]
    height, width = inside.shape[:2]
    y, x = max(-top, 0), max(-left, 0)
    crop[y : y + height, x : x + width] = inside
    return crop


def patch_texts(patches):
    """Return the patches of a grid as they stand in the column ``patch``.

    Parameters
    ----------
    patches : tuple of (n_rows, n_columns)

    Returns
    -------
    texts : list of str
        Row by row.

    Examples
    --------
    >>> from skfusion.images._breast_crops import patch_texts
    >>> patch_texts((1, 2))
    ['0,0 of 1,2', '0,1 of 1,2']
    """
    n_rows, n_columns = patches
    return [
        f"{row},{column} of {n_rows},{n_columns}"
        for row in range(n_rows)
        for column in range(n_columns)
    ]


def patch_square(breast, step, size, patch):
    """Return the left edge, the upper edge and the side of a patch.

    All patches of a breast have one side, and neighbours overlap by at least a fifth of
    it. The rows of the grid share the height of the breast. The columns share its width
    in their part of the height, so that patches lie on the breast and not on the air
    beside it. A patch goes beyond its image only where the image is smaller.

    Parameters
    ----------
    breast, step, size
        The same as in :func:`~skfusion.images._breast.breast_box`.

    patch : tuple of (row, column, n_rows, n_columns)

    Returns
    -------
    left, top, side : int
        In pixels of the image.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.images._breast_crops import patch_square
    >>> breast = np.zeros((400, 400), dtype=bool)
    >>> breast[:200, :380], breast[200:, :300] = True, True
    >>> patch_square(breast, 1, (400, 400), (0, 1, 2, 2))
    (130, 0, 250)
    >>> patch_square(breast, 1, (400, 400), (1, 1, 2, 2))
    (50, 150, 250)
    """
    row, column, n_rows, n_columns = patch
    x0, y0, x1, y1 = breast_box(breast, step, size)
    side = _SIZE * max((y1 - y0) / n_rows, (x1 - x0) / n_columns)
    side = max(1, round(min(side, max(y1 - y0, x1 - x0))))
    top = _place(y0, y1, side, row, n_rows, size[0])
    share = (y1 - y0) / n_rows / step
    band = breast[int(y0 / step + row * share) :][: int(np.ceil(share))]
    columns = np.flatnonzero(band.any(axis=0))
    if len(columns):
        x0, x1 = int(columns[0]) * step, int(columns[-1] + 1) * step
    return _place(x0, x1, side, column, n_columns, size[1]), top, side


def _place(start, stop, side, place, n_places, length):
    """Return the first pixel of one of several sides between two edges."""
    share = place / (n_places - 1) if n_places > 1 else 0.5
    first = round(start + share * (stop - side - start))
    return min(max(first, 0), max(length - side, 0))


def _parse(text, row):
    if pd.isna(text) or text == "":
        return None
    match = _PATCH.fullmatch(str(text))
    patch = tuple(map(int, match.groups())) if match else None
    if patch is None or patch[0] >= patch[2] or patch[1] >= patch[3]:
        raise ValueError(
            "Expected a patch 'row,column of n_rows,n_columns', such as '0,2 of 4,3', "
            f"or a missing value, in the column {PATCH!r}. Got {text!r} in row {row} "
            "of X."
        )
    return patch
