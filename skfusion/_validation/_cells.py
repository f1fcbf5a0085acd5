"""Cells of a column of samples: paths, or values."""

from pathlib import Path

import numpy as np
import pandas as pd

from ._columns import is_present

__all__ = [
    "check_paths",
    "check_values",
    "find_values_by_cell",
    "holds_values",
    "is_path",
    "none_of_values",
]


def none_of_values(table, columns):
    """Return False for each column: all of them hold paths."""
    return [False] * len(columns)


def find_values_by_cell(table, columns):
    """Return whether each column holds values, from its dtype or its cells."""
    return [
        pd.api.types.is_numeric_dtype(table[column]) or holds_values(table[column])
        for column in columns
    ]


def check_values(column, rows):
    """Raise a ValueError if a cell is not a number; `rows` is a mask."""
    if isinstance(column.dtype, pd.CategoricalDtype):  # an encoder may take text
        return
    for row in np.flatnonzero(rows):
        if not _is_value(column.iat[row]):
            raise ValueError(
                f"Expected numbers in the column {column.name!r} of X, as in fit. Got "
                f"{type(column.iat[row]).__name__} in row {row}."
            )


def check_paths(column, rows):
    """Raise a ValueError if a cell is not a path; `rows` is a mask."""
    for row in np.flatnonzero(rows):
        if not is_path(column.iat[row]):
            raise ValueError(
                f"Expected the path of an image (str or Path) in row {row} of X. Got "
                f"{type(column.iat[row]).__name__} instead, in the column "
                f"{column.name!r}. Drop the row or give it a path."
            )


def is_path(cell):
    """Return whether a cell is a path."""
    return isinstance(cell, str | Path)


def holds_values(column):
    """Return whether a column holds values, such as an age, and no paths.

    Parameters
    ----------
    column : Series of shape (n_samples,)

    Returns
    -------
    holds_values : bool
        False where every value is missing.

    Raises
    ------
    ValueError
        If the column holds both. The message shows types and rows, never a cell.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfusion._validation._cells import holds_values
    >>> holds_values(pd.Series([None, 63])), holds_values(pd.Series([None, "a.png"]))
    (True, False)
    """
    rows = np.flatnonzero(is_present(column))
    if pd.api.types.is_numeric_dtype(column):
        return len(rows) > 0
    are_values = np.array([_is_value(column.iat[row]) for row in rows], dtype=bool)
    if are_values.any() and not are_values.all():
        text, number = rows[~are_values][0], rows[are_values][0]
        types = [type(column.iat[row]).__name__ for row in (text, number)]
        raise ValueError(
            "Expected numbers alone, or the paths of images alone, in the column "
            f"{column.name!r} of X. Got {types[0]} in row {text} and {types[1]} in row "
            f"{number}."
        )
    return bool(are_values.any())


def _is_value(cell):
    """Return whether a cell is a number, a truth value or a date."""
    return pd.api.types.is_scalar(cell) and not isinstance(cell, str | bytes)
