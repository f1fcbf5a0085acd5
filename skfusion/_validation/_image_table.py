"""Image tables: DataFrames with the column ``image``, which holds the paths."""

from pathlib import Path

import numpy as np
import pandas as pd

from ._columns import IMAGE

__all__ = ["holds_paths", "image_table"]

_PATH_TYPES = (str, Path)


def holds_paths(X):
    """Return whether X holds paths of images rather than their pixels.

    Parameters
    ----------
    X : object
        Any form of X.

    Returns
    -------
    holds_paths : bool

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion._validation._image_table import holds_paths
    >>> holds_paths(["left.png", "right.png"]), holds_paths(np.zeros((2, 8, 8)))
    (True, False)
    """
    if isinstance(X, pd.DataFrame):
        return IMAGE in X.columns or (
            X.shape[1] == 1 and _first_is_path(X.iloc[:, 0].to_numpy())
        )
    if isinstance(X, list | tuple | pd.Series | np.ndarray):
        return _first_is_path(X)
    return False


def _first_is_path(values):
    if isinstance(values, np.ndarray) and values.dtype.kind not in "OUT":
        return False
    for value in values:
        while isinstance(value, list | tuple | np.ndarray) and len(value) == 1:
            value = value[0]
        if isinstance(value, _PATH_TYPES):
            return True
        if not _is_missing(value):
            return False
    return False


def _is_missing(value):
    return pd.api.types.is_scalar(value) and pd.isna(value)


def image_table(X):
    """Convert any form of X that holds paths to an image table.

    Parameters
    ----------
    X : DataFrame, Series, list, or ndarray of shape (n_samples,) or (n_samples, 1)
        Paths of images.

    Returns
    -------
    table : DataFrame of shape (n_samples, n_columns)
        With the column ``image``; the columns of a DataFrame are kept.

    Raises
    ------
    ValueError
        If a row has no path, an empty one, or several.
    """
    if isinstance(X, pd.DataFrame):
        table = X if IMAGE in X.columns else X.set_axis([IMAGE], axis=1)
    elif isinstance(X, pd.Series):
        table = X.rename(IMAGE).to_frame()
    else:
        # As objects: pandas refuses text that is not UTF-8.
        table = pd.DataFrame({IMAGE: _one_column(X)}, dtype=object)
    _check_paths(table[IMAGE].to_numpy())
    return table


def _one_column(X):
    values = np.empty(len(X), dtype=object)
    for row, value in enumerate(X):
        while isinstance(value, list | tuple | np.ndarray) and len(value) == 1:
            value = value[0]
        values[row] = value
    return values


def _check_paths(values):
    for row, value in enumerate(values):
        if not isinstance(value, _PATH_TYPES) or value == "":
            raise ValueError(
                f"Expected the path of an image (str or Path) in row {row} of X. "
                f"Got {_describe(value)} instead. Drop the row or give it a path."
            )


def _describe(value):
    # Never the value itself: it may contain a path, and the path may name a patient.
    if value == "":
        return "''"
    return repr(value) if _is_missing(value) else type(value).__name__
