"""Regions that the columns of samples read: several columns may hold one file."""

import numpy as np
import pandas as pd

from ._cells import is_path
from ._columns import IMAGE, REGION, is_present

__all__ = ["check_no_region_twice", "column_regions", "paths_below"]


def check_no_region_twice(X, columns):
    """Raise an error where two columns hold one file, and the same region of it.

    The whole image and its lesion are two regions of a file: one of its columns has
    boxes, such as ``lesion_region``. In at least one row, both columns must hold the
    file. Otherwise the columns of two samples have been confused.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns)

    columns : list of str
        Columns of paths.

    Raises
    ------
    ValueError
        Names the first such row.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfusion._validation._column_regions import check_no_region_twice
    >>> X = pd.DataFrame({"whole": ["a.png"], "lesion": ["a.png"]})
    >>> check_no_region_twice(X.assign(lesion_region="2,2,8,8"), ["whole", "lesion"])
    >>> check_no_region_twice(X, ["whole", "lesion"])
    Traceback (most recent call last):
    ValueError: Expected each file in one of the columns ['whole', 'lesion'] only...
    """
    if len(columns) < 2:
        return
    cells = _image_cells(X, columns)
    n_columns = cells.groupby("file")["column"].transform("nunique")
    n_of_region = cells.groupby(["file", "box"])["column"].transform("nunique")
    n_of_row = cells.groupby(["file", "row"])["column"].transform("nunique")
    n_side_by_side = n_of_row.groupby(cells["file"]).transform("max")
    is_wrong = (n_of_region > 1) | (n_columns > n_side_by_side)
    if is_wrong.any():
        raise ValueError(
            f"Expected each file in one of the columns {columns!r} only, or in several "
            "columns of one row that read different regions of it, with boxes in a "
            f"column such as '{columns[-1]}_{REGION}'. Several columns hold the file "
            f"of row {cells['row'][is_wrong].iloc[0]} of X."
        )


def _image_cells(X, columns):
    """Return a table of the images of all columns: their column, row, file and box."""
    names, rows = np.repeat(columns, len(X)), np.tile(np.arange(len(X)), len(columns))
    cells = {"column": names, "row": rows, "file": paths_below(X, columns)}
    return pd.DataFrame({**cells, "box": _boxes(X, columns)}).dropna(subset=["file"])


def column_regions(X, columns, region):
    """Return what is read of the images of each column: those without boxes are whole.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns)

    columns : list of str
        Columns of paths.

    region : {"image", "breast", "lesion"}
        What an estimator reads of the images of all columns.

    Returns
    -------
    regions : list of {"image", "breast", "lesion"}

    Raises
    ------
    ValueError
        If `region` is "lesion" and no column has boxes.
    """
    if region != "lesion":
        return [region] * len(columns)
    boxes = [_boxes_of(X, column) for column in columns]
    if not any(name in X.columns for name in boxes):
        raise ValueError(
            f"region='lesion' needs one of the columns {boxes!r}, with the boxes of "
            f"the lesions, in X. Got the columns {list(X.columns)!r} instead. Add the "
            "boxes, or use region='image'."
        )
    return [region if name in X.columns else "image" for name in boxes]


def _boxes_of(X, column):
    """Return the name of the column of boxes that belongs to a column of paths."""
    own = f"{column}_{REGION}"
    return REGION if column == IMAGE and own not in X.columns else own


def paths_below(X, columns):
    """Return the paths of all columns, one below the other; NaN without an image."""
    values = [X[column].astype(object) for column in columns]
    paths = [
        column.where(is_present(column) & column.map(is_path).to_numpy(dtype=bool))
        for column in values
    ]
    return pd.concat(paths, ignore_index=True)


def _boxes(X, columns):
    """Boxes of all columns, one below the other; empty text where there is none."""
    names = [_boxes_of(X, column) for column in columns]
    empty = pd.Series("", index=X.index)
    boxes = [X[name] if name in X.columns else empty for name in names]
    texts = [box.astype(object).fillna("") for box in boxes]
    return pd.concat(texts, ignore_index=True).astype(str)
