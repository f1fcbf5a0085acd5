"""Columns of X that hold paths of images."""

import os

from .._validation._cells import is_path
from .._validation._columns import IMAGE, is_present

__all__ = ["find_image_columns", "first_is_file"]


def find_image_columns(X):
    """Return the columns of a table that hold paths of images.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns)

    Returns
    -------
    columns : list
        The column ``image``, or else those whose first path is that of a file.
    """
    if IMAGE in X.columns:
        return [IMAGE]
    return [name for name in X.columns if first_is_file(X[name])]


def first_is_file(column):
    """Return whether the first value of a Series is the path of a file."""
    values = column[is_present(column)]
    first = values.iloc[0] if len(values) else None
    return is_path(first) and os.path.isfile(first)  # noqa: PTH113 - or a long text
