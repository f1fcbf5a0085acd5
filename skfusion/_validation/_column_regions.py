"""Regions that the columns of samples read: several columns may hold one file."""

import numpy as np
import pandas as pd

from ._cells import is_path
from ._columns import IMAGE, REGION, is_present

__all__ = ["check_no_region_twice", "column_regions", "paths_below"]


def check_no_region_twice(X, columns):
    """Raise an error where two columns hold one file, and the same region of it.

    The whole image and its lesion are two regions: a column of boxes, such as
    ``lesion_region``, belongs to one of the two columns.

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
    names = np.repeat(columns, len(X))
    read = [paths_below(X, columns).to_numpy(), _boxes(X, columns).to_numpy()]
    columns_of_a_file = pd.Series(names).groupby(read)
    n_columns = columns_of_a_file.transform("nunique").to_numpy()
    if (n_columns > 1).any():
        row = int(np.argmax(n_columns > 1)) % len(X)
        raise ValueError(
            f"Expected each file in one of the columns {columns!r} only, or with boxes "
            f"of other regions (the column '{columns[-1]}_{REGION}'). Several of them "
            f"hold the file of row {row} of X."
        )


def column_regions(X, columns, region):
    """Return what is read of the images of each column: those without boxes are whole.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns)

    columns : list of str
        Columns of paths.

    region : {"image", "lesion"}
        What an estimator reads of the images of all columns.

    Returns
    -------
    regions : list of {"image", "lesion"}

    Raises
    ------
    ValueError
        If `region` is "lesion" and no column has boxes.
    """
    if region == "image":
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
    names = [f"{column}_{REGION}" for column in columns]
    empty = pd.Series("", index=X.index)
    boxes = [X[name].fillna("") if name in X.columns else empty for name in names]
    return pd.concat(boxes, ignore_index=True).astype(str)
