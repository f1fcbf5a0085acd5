"""What is cut out of each image: the breast, or the square around a lesion."""

from functools import partial
from numbers import Real

import numpy as np
import pandas as pd
from sklearn.utils import check_scalar

from .._validation._boxes import is_within, parse_boxes
from .._validation._columns import IMAGE, REGION
from ..exceptions import ImageReadError
from ._breast_crops import BreastCrops, cut_square

__all__ = ["REGIONS", "LesionCrops", "find_crops"]

REGIONS = {"image", "breast", "lesion"}  # what can be read of an image


def find_crops(X, region, margin):
    """Return the crops of the rows of X, or None where whole images are read.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns) or ndarray
        Image table, or pixels.

    region : {"image", "breast", "lesion"}
        What is read of each image.

    margin : float
        The same as in :class:`LesionCrops`.

    Returns
    -------
    crops : BreastCrops, LesionCrops or None

    Raises
    ------
    ValueError
        If lesions are read, and X has no boxes, or a row has none.
    """
    if region not in REGIONS:
        raise ValueError(
            f"The 'region' parameter must be one of {sorted(REGIONS)!r}. Got "
            f"{region!r} instead."
        )
    finite = {"min_val": 0, "max_val": np.inf, "include_boundaries": "left"}
    check_scalar(margin, "margin", Real, **finite)
    if region == "image":
        return None
    if region == "breast":
        return BreastCrops(X)
    if REGION not in getattr(X, "columns", ()):
        raise _no_column(X)
    return LesionCrops(X[REGION], _boxes(X), margin)


class LesionCrops:
    """Squares around the boxes of lesions.

    Parameters
    ----------
    values : Series of shape (n_samples,)
        The boxes as they are in X.

    boxes : ndarray of shape (n_samples, 4)
        Left, upper, right and lower edge in pixels of the file; the last two are
        exclusive.

    margin : float
        Width of the margin on each side, as a fraction of the longer side of the box.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from skfusion.images._crop import LesionCrops
    >>> box = pd.Series(["1,2,3,3"])
    >>> crops = LesionCrops(box, np.array([[1, 2, 3, 3]]), margin=0.5)
    >>> crops.square(0)
    (0, 0, 4)
    >>> crops.cut(0, np.ones((3, 5, 1), dtype=np.float32))[..., 0].tolist()
    [[1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0],
     [0.0, 0.0, 0.0, 0.0]]
    """

    def __init__(self, values, boxes, margin):
        self.values = values.to_numpy(dtype=object)
        self.boxes = boxes
        self.margin = margin

    def square(self, row):
        """Return the left edge, the upper edge and the side of the crop of a row.

        They are whole pixels of the file. The square may go beyond the image.
        """
        x0, y0, x1, y1 = self.boxes[row]
        side = max(1, round(max(x1 - x0, y1 - y0) * (1 + 2 * self.margin)))
        return round((x0 + x1 - side) / 2), round((y0 + y1 - side) / 2), side

    def key(self, row):
        """Return what the crop of a row depends on, beside the image."""
        return "crop", *self.square(row)

    def cutter(self, image):
        """Return the function that cuts a row out of an image, see :meth:`cut`."""
        return partial(self.cut, image=image)

    def placer(self, image):
        """Return the function that finds the box of a row: that of its square."""
        return self._box

    def _box(self, row):
        left, top, side = self.square(row)
        return left, top, left + side, top + side

    def cut(self, row, image):
        """Cut the square of a row out of its image; pad with 0 beyond the edge.

        Parameters
        ----------
        row : int

        image : ndarray of shape (height, width, n_channels)
            Of full resolution.

        Returns
        -------
        crop : ndarray of shape (side, side, n_channels)

        Raises
        ------
        ImageReadError
            If the box of the row goes beyond the image by more than one pixel.
        """
        self._check_within(row, image)
        return cut_square(image, *self.square(row))

    def _check_within(self, row, image):
        height, width = image.shape[:2]
        if not is_within(self.boxes[row], width, height):
            error = ImageReadError(
                f"Expected a box within the image, of {width} x {height} pixels. Got "
                f"{self.values[row]!r} in the column {REGION!r}. Boxes are in pixels "
                "of the file: scale it if it was drawn on a copy of another size."
            )
            error.region = self.values[row]
            raise error


def _no_column(X):
    has_names = hasattr(X, "columns")
    found = f"the columns {list(X.columns)!r}" if has_names else "an array of pixels"
    return ValueError(
        f"region='lesion' needs the boxes of the lesions in the column {REGION!r} of X "
        "(in 'ultrasound_region' for images in a column 'ultrasound'), beside the "
        f"paths of the images. Got {found} instead. Add the boxes, or use "
        "region='image'."
    )


def _boxes(X):
    """Return the boxes of all rows; raise an error that names the first without one."""
    values = X[REGION]
    try:
        boxes = parse_boxes(values)
    except ValueError:
        row = next(row for row in range(len(X)) if not _is_box(values.iloc[[row]]))
        raise _no_box(X, row) from None
    without = np.flatnonzero(np.isnan(boxes[:, 0]))
    if len(without):
        raise _no_box(X, int(without[0]))
    return boxes


def _is_box(values):
    try:
        parse_boxes(values)
    except ValueError:
        return False
    return True


def _no_box(X, row):
    """Return the error of a row without a box; composite models find the row in X."""
    value = X[REGION].iloc[row]
    is_missing = value == "" or pd.isna(value)
    reason = (
        "Expected the box of a lesion, 'x0,y0,x1,y1' in pixels with x0 < x1 and y0 < "
        f"y1, in the column {REGION!r}. Got {'none' if is_missing else repr(value)}. "
        "Drop the rows without a box, or use region='image'."
    )
    error = ImageReadError(f"Row {row} of X: {reason}")
    error.row, error.reason, error.path = row, reason, X[IMAGE].iloc[row]
    error.region = "" if is_missing else value
    return error
