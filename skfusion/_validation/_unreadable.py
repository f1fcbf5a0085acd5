"""Naming the row and column of X that hold an unreadable image."""

from functools import wraps
from inspect import signature
from pathlib import Path

import numpy as np
import pandas as pd

from ..exceptions import ImageReadError

__all__ = ["names_unreadable_images"]


def names_unreadable_images(method):
    """Make a method name the row and column of its X that hold an unreadable image.

    It decorates public methods and functions that pass on a part of X. Where they are
    nested, the outermost one names the place in the X that the user passed.

    Parameters
    ----------
    method : callable
        It has the parameter X.

    Returns
    -------
    method : callable

    Examples
    --------
    >>> import pandas as pd
    >>> from skfusion._validation._unreadable import names_unreadable_images
    >>> from skfusion.images import ImageSource
    >>> class LastImage:
    ...     @names_unreadable_images
    ...     def transform(self, X):
    ...         return ImageSource(X[["ultrasound"]].iloc[-1:])[[0]]
    >>> X = pd.DataFrame({"ultrasound": ["a.png", "no.png"]})
    >>> LastImage().transform(X)
    Traceback (most recent call last):
    skfusion.exceptions.ImageReadError: Row 1 of X, column 'ultrasound': ...'no.png':
    there is no such file...
    """

    @wraps(method)
    def named(*args, **kwargs):
        try:
            return method(*args, **kwargs)
        except ImageReadError as error:
            if error.path is not None:
                X = signature(method).bind(*args, **kwargs).arguments["X"]
                _name_place(error, X)
            raise

    return named


def _name_place(error, X):
    """Set the row and the column of an error to those of its file in X."""
    table = pd.DataFrame(X)
    cells = _find(table, error.path)
    if not len(cells):
        return
    rows = np.unique(cells[:, 0]).tolist()
    error.row = error.column = None
    place = f"One of the rows {rows[:5]!r} of X"
    if len(rows) == 1:
        error.row, place = rows[0], f"Row {rows[0]} of X"
        column = table.columns[cells[0, 1]]
        if np.ndim(X) == 2 and column != "image":  # which is the only one of images
            error.column, place = column, f"{place}, column {column!r}"
    error.args = (f"{place}: {error.reason}",)


def _find(table, path):
    """Return the first cell that holds a path.

    An error of another process has the last component of the path alone, which files
    of several folders may have. Then return the cells of all these files.
    """
    cells = np.argwhere(table.map(lambda cell: isinstance(cell, str | Path)))
    values = [table.iat[row, column] for row, column in cells]
    exact = np.array([value == path for value in values], dtype=bool)
    if exact.any():
        return cells[exact][:1]
    named = np.array([Path(value).name == path for value in values], dtype=bool)
    n_files = len(set(np.array(values, dtype=str)[named]))
    return cells[named] if n_files > 1 else cells[named][:1]
