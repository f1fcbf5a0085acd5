"""Boxes in an image: the text of the column ``region`` of X.

One column of text survives what four columns of numbers do not: samplers and splits
carry it as they carry the path, a CSV file returns it unchanged, and a row without a
box is a missing value instead of four.
"""

import math
import re

import numpy as np
import pandas as pd

__all__ = ["box_around", "box_text", "cut_box", "is_within", "parse_boxes"]

_NUMBER = r"\s*(-?\d+(?:\.\d+)?)\s*"
_BOX = re.compile(",".join([_NUMBER] * 4))
_ROUNDING = 1  # pixels by which a box may go beyond its image


def box_text(x0, y0, x1, y1):
    """Return a box as the text of the column ``region``.

    Parameters
    ----------
    x0, y0, x1, y1 : float
        Left, upper, right and lower edge in pixels of the file, where (0, 0) is the
        upper left corner of the image. The right and the lower edge are exclusive.
        They are rounded outwards to whole pixels.

    Returns
    -------
    text : str

    Examples
    --------
    >>> from skfusion._validation._boxes import box_text
    >>> box_text(10, 20.5, 30, 41.2)
    '10,20,30,42'
    """
    edges = math.floor(x0), math.floor(y0), math.ceil(x1), math.ceil(y1)
    return ",".join(str(edge) for edge in edges)


def box_around(boxes):
    """Return the smallest box that holds all boxes.

    Parameters
    ----------
    boxes : list of tuple of (x0, y0, x1, y1)
        At least one.

    Returns
    -------
    box : tuple of (x0, y0, x1, y1)
    """
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return min(x0), min(y0), max(x1), max(y1)


def cut_box(box, width, height):
    """Return the part of a box that lies in its image, as the text of ``region``.

    Parameters
    ----------
    box : tuple of (x0, y0, x1, y1)

    width, height : int
        Size of the image in pixels.

    Returns
    -------
    text : str or None
        None if no part lies in the image, or an edge is NaN.

    Examples
    --------
    >>> from skfusion._validation._boxes import cut_box
    >>> cut_box((30, -2, 45, 9), 40, 20)
    '30,0,40,9'
    """
    x0, y0, x1, y1 = box
    x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
    return box_text(x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None


def is_within(box, width, height):
    """Return whether a box lies within its image.

    An edge may be one pixel outside, as after rounding. The box must have a pixel of
    the image.

    Parameters
    ----------
    box : tuple of (x0, y0, x1, y1)

    width, height : int
        Size of the image in pixels.

    Returns
    -------
    is_within : bool

    Examples
    --------
    >>> from skfusion._validation._boxes import is_within
    >>> is_within((30, 5, 41, 9), 40, 20), is_within((30, 5, 42, 9), 40, 20)
    (True, False)
    """
    x0, y0, x1, y1 = box
    beyond = max(-x0, -y0, x1 - width, y1 - height)
    meets = x0 < width and y0 < height and x1 > 0 and y1 > 0
    return bool(meets and beyond <= _ROUNDING)


def parse_boxes(values):
    """Return the boxes of the column ``region`` as numbers.

    Parameters
    ----------
    values : Series or list of shape (n_samples,)
        Text "x0,y0,x1,y1"; None, NaN or empty text where there is no box.

    Returns
    -------
    boxes : ndarray of shape (n_samples, 4), dtype float64
        NaN in the rows without a box.

    Raises
    ------
    ValueError
        If a value is not a box of at least one pixel. The message names its row.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfusion._validation._boxes import parse_boxes
    >>> parse_boxes(pd.Series(["10,20,30,42", None])).tolist()
    [[10.0, 20.0, 30.0, 42.0], [nan, nan, nan, nan]]
    """
    boxes = np.full((len(values), 4), np.nan)
    for row, value in enumerate(values):
        if isinstance(value, str) and value:
            boxes[row] = _parse_box(value, row)
        elif value != "" and not pd.isna(value):
            raise _no_box(value, row)
    return boxes


def _parse_box(text, row):
    match = _BOX.fullmatch(text)
    box = tuple(map(float, match.groups())) if match else None
    if box is None or not (box[0] < box[2] < math.inf and box[1] < box[3] < math.inf):
        raise _no_box(text, row)
    return box


def _no_box(value, row):
    return ValueError(
        "Expected a box 'x0,y0,x1,y1' in pixels, with x0 < x1 and y0 < y1, or a "
        f"missing value, in the column 'region'. Got {value!r} in row {row} of X."
    )
