"""Naming the row and column of X that hold an unreadable image."""

from functools import wraps
from inspect import signature
from pathlib import Path

import numpy as np
import pandas as pd

from ..exceptions import ImageReadError
from ._columns import REGION

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
    the file does not exist...
    """

    @wraps(method)
    def named(*args, **kwargs):
        try:
            return method(*args, **kwargs)
        except ImageReadError as error:
            if error.path is not None:
                arguments = signature(method).bind(*args, **kwargs).arguments
                _name_place(error, arguments["X"], _columns_read(arguments))
            raise

    return named


def _columns_read(arguments):
    """Names and positions of the columns that a method or function reads, if known."""
    if "single_models" in arguments:
        return [column for column, _ in arguments["single_models"]]
    user = arguments.get("self")
    columns, names = (getattr(user, n, []) for n in ("_columns", "_table_columns"))
    return [*names, *columns] if names else []


def _name_place(error, X, columns):
    """Set the row and the column of an error to those of its file in X.

    Columns that are known to hold images are searched before all others.
    """
    table = pd.DataFrame(X)
    known = columns or [error.column, "image"]
    is_known = np.array([name in known for name in table.columns], dtype=bool)
    if columns and not is_known.any():
        return
    cells = _find(table, error, np.flatnonzero(is_known))
    if not len(cells) and not columns:
        cells = _find(table, error, np.flatnonzero(~is_known))
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


def _find(table, error, places):
    """Return the first cell that holds the path of an error, in columns at some places.

    An error of another process has the last component of the path alone, which files
    of several folders may have. Then return the cells of all these files.
    """
    path = error.path
    cells = np.argwhere(
        table.iloc[:, places].map(lambda cell: isinstance(cell, str | Path))
    )
    cells[:, 1] = places[cells[:, 1]]
    if error.region is not None:  # several rows, or columns, may hold one file
        cells = cells[[_box(table, *cell) == error.region for cell in cells]]
    values = [table.iat[row, column] for row, column in cells]
    exact = np.array([str(value) == str(path) for value in values], dtype=bool)
    if exact.any():
        return cells[exact][:1]
    named = np.array([Path(value).name == path for value in values], dtype=bool)
    n_files = len(set(np.array(values, dtype=str)[named]))
    return cells[named] if n_files > 1 else cells[named][:1]


def _box(table, row, place):
    """Return the box that belongs to a cell with a path; empty text without one."""
    own = f"{table.columns[place]}_{REGION}"
    name = own if own in table.columns else REGION
    box = table[name].iloc[row] if name in table.columns else ""
    return "" if pd.isna(box) else box
